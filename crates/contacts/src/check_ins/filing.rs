//! Filing check-ins by place and by person, in sorted batches: by a job whenever enough wait, and by the clock.

use outpace_core::{Refusal, Timestamp};
use outpace_store::{Capability, StoreError, Unit};

use super::facts::CheckInsFiled;
use super::store;

/// The kind of the job.
pub(crate) const FILE: &str = "contacts.file_check_ins";
/// Check-ins that wait before a job files them: few enough that the writer is not held up.
pub const FILE_ROWS: i64 = 20_000;

/// Adds the job.
pub(crate) fn join(capability: Capability) -> Capability {
    capability.work(FILE, |office, job| {
        let id = job.id;
        office.write(&office.system(), move |unit| {
            file(unit)?;
            unit.finish_job(id)?;
            Ok::<(), StoreError>(())
        })?;
        Ok(())
    })
}

/// Files all check-ins that are not filed yet.
///
/// # Errors
/// What the store refused.
pub(crate) fn file(unit: &mut Unit<'_>) -> Result<(), StoreError> {
    if let Some((to, _)) = store::log_ends(unit.tx())? {
        unit.record(CheckInsFiled { to })?;
    }
    Ok(())
}

/// Files what has waited since before a moment: on quiet days, when no batch fills.
///
/// # Errors
/// What the store refused.
pub fn file_older_than(unit: &mut Unit<'_>, moment: Timestamp) -> Result<(), Refusal> {
    if let Some((to, oldest)) = store::log_ends(unit.tx())?
        && oldest < moment
    {
        unit.record(CheckInsFiled { to })?;
    }
    Ok(())
}
