//! Filing samples by person: the order in which a person's history is read. Done in sorted batches, by a job after
//! every [`crate::tubes::register::FILE_TUBES`] tubes, before the response looks at a positive, and by the clock.

use outpace_core::{Refusal, Timestamp};
use outpace_store::{Capability, StoreError, Tx, Unit, values};

use crate::tubes::{SamplesFiled, store};

/// The kind of the job.
pub(crate) const FILE: &str = "screening.file";

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

/// Files all samples that are not filed yet.
///
/// # Errors
/// What the store refused.
pub(crate) fn file(unit: &mut Unit<'_>) -> Result<(), StoreError> {
    let (after, to) = (store::filed_to(unit.tx())?, store::newest(unit.tx())?);
    if to > after {
        unit.record(SamplesFiled { after, to })?;
    }
    Ok(())
}

/// Files what has waited since before a moment: on quiet days, when no batch fills.
///
/// # Errors
/// What the store refused.
pub(crate) fn file_older_than(unit: &mut Unit<'_>, moment: Timestamp) -> Result<(), Refusal> {
    let (after, to) = (store::filed_to(unit.tx())?, store::newest(unit.tx())?);
    if to > after && oldest_unfiled(unit.tx(), after)?.is_some_and(|taken| taken < moment) {
        unit.record(SamplesFiled { after, to })?;
    }
    Ok(())
}

fn oldest_unfiled(tx: &mut Tx<'_>, after: i64) -> Result<Option<Timestamp>, StoreError> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT first_taken_at FROM tube WHERE j = $1 AND number > $2 ORDER BY number LIMIT 1",
        values![j, after],
        |row| row.get(0),
    )
}
