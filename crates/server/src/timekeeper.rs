//! What passes by itself: holds that end, deadlines, time-outs, releases. One function, called by the clock only.

use std::time::Duration;

use outpace_access::Office;
use outpace_core::Refusal;

/// How often a real office looks at the clock. A release takes effect within a minute of its time.
pub const EVERY: Duration = Duration::from_secs(20);

/// Records what has passed by now, and does the follow-up work.
///
/// # Errors
/// What a capability or the store refused; our own failure, never a user's.
pub fn tick(office: &Office) -> Result<(), Refusal> {
    let mut call = office.system_call();
    office.store.write(&office.store.system(), move |unit| {
        call.now = unit.now();
        outpace_supplies::stock::tick(unit, &call)?;
        outpace_status::tick(unit, &call)?;
        outpace_custody::tick(unit, &call)?;
        outpace_residents::tick(unit, &call)?;
        outpace_response::tick(unit, &call)
    })?;
    office.store.work_off()?;
    Ok(())
}

/// Keeps time for a real office until the process ends.
///
/// # Errors
/// When no thread can be started.
pub fn keep(office: Office) -> std::io::Result<()> {
    let keeper = move || {
        loop {
            if let Err(refusal) = tick(&office) {
                tracing::error!(%refusal, "the clock could not be kept");
            }
            std::thread::sleep(EVERY);
        }
    };
    std::thread::Builder::new().name("timekeeper".to_owned()).spawn(keeper).map(|_| ())
}
