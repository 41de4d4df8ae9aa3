//! What passes by itself: holds that end, deadlines, time-outs, releases. Each capability's clock runs in a unit of its own,
//! those that release first: one that fails or panics is told (log, metric, `/readyz`) and keeps none of the others back.

use std::time::Duration;

use outpace_access::{Call, ClockFailed, Office};
use outpace_core::{Refusal, Text};
use outpace_response::ClockOf;
use outpace_store::{StoreError, Unit};

/// How often a real office looks at the clock. A release takes effect within a minute of its time.
pub const EVERY: Duration = Duration::from_secs(20);

/// The clocks that the response does not rest on.
const OTHERS: [ClockOf; 4] = [
    ClockOf {
        name: "residents",
        says: || Text::new("申诉时限", "deadlines of appeals"),
        tick: |unit, call| outpace_residents::tick(unit, call).map(drop),
    },
    ClockOf {
        name: "status",
        says: || Text::new("健康状态归档", "filing of check-ins"),
        tick: |unit, call| outpace_status::tick(unit, call).map(drop),
    },
    ClockOf {
        name: "supplies",
        says: || Text::new("物资短缺", "shortages of supplies"),
        tick: |unit, call| outpace_supplies::stock::tick(unit, call).map(drop),
    },
    ClockOf {
        name: "custody",
        says: || Text::new("导出到期", "ends of exports"),
        tick: |unit, call| outpace_custody::tick(unit, call).map(drop),
    },
];

/// Why a clock could not be run.
enum Failure {
    Store(StoreError),
    Refused(Refusal),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Records what has passed by now, and does the follow-up work. A clock that fails is told and skipped.
///
/// # Errors
/// What kept the follow-up work from being looked for.
pub fn tick(office: &Office) -> Result<(), Refusal> {
    run_clocks(office);
    office.store.work_off()?;
    Ok(())
}

/// Runs every clock once and tells which failed.
fn run_clocks(office: &Office) {
    let mut failed = Vec::new();
    for clock in outpace_response::CLOCKS.iter().chain(&OTHERS) {
        match run(office, *clock) {
            Ok(()) => {}
            // No clock is to blame: the store takes no writes. The age of the last full tick tells.
            Err(Failure::Store(error)) if error.passes() => {
                tracing::warn!(clock = clock.name, %error, "the clocks wait until the store takes writes");
                return;
            }
            Err(failure) => {
                let why = match failure {
                    Failure::Store(error) => error.to_string(),
                    Failure::Refused(refusal) => refusal.to_string(),
                };
                tracing::error!(clock = clock.name, why, "a clock failed; the others go on");
                failed.push(ClockFailed { clock: clock.name, says: (clock.says)(), why });
            }
        }
    }
    office.health().ticked(failed);
}

/// Runs one clock. A panic in it is one in a command: the writer takes it back.
fn run(office: &Office, clock: ClockOf) -> Result<(), Failure> {
    let mut call: Call = office.system_call();
    let done = office.store.write(&office.store.system(), move |unit: &mut Unit<'_>| {
        call.now = unit.now();
        (clock.tick)(unit, &call).map_err(Failure::from)
    });
    done.map(drop)
}

/// Keeps time for a real office until the process ends. Follow-up work is done by the store's own thread, so that a long look
/// delays no release.
///
/// # Errors
/// When no thread can be started.
pub fn keep(office: Office) -> std::io::Result<()> {
    office.health().keeps_time();
    let life = office.store.threads().of("clock");
    let keeper = move || {
        loop {
            let pause = life.turn(|| run_clocks(&office)).map_or_else(|pause| pause, |_| EVERY);
            std::thread::sleep(pause);
        }
    };
    std::thread::Builder::new().name("timekeeper".to_owned()).spawn(keeper).map(|_| ())
}
