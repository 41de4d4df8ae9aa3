//! Opens a data folder with the rules in force.

use std::path::PathBuf;
use std::sync::Arc;

use outpace_access::{Office, Rulebook, adoption};
use outpace_core::time::MINUTE_MS;
use outpace_core::{AreaId, Clock, Refusal, Timestamp};
use outpace_policy::{Date, Library};
use outpace_store::{Place, Settings, Store, StoreError, writer};

use crate::clock::{DrillClock, SteadyClock};
use crate::every_route::{every_capability, every_kind};

/// What to open, and under which rules.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The data folder.
    pub folder: PathBuf,
    /// Where the journal stands; in the data folder where nothing is said.
    pub place: Place,
    /// The jurisdiction's profile, such as `qingxu`; what the folder used last where nothing is said.
    pub profile: Option<String>,
    /// The pack, such as `cn-2021-ed8`; what the folder used last where nothing is said.
    pub pack: Option<String>,
    /// The day whose layers apply; the day of the clock where nothing is said.
    pub date: Option<Date>,
    /// The moment at which a drill's clock starts. `Some` opens (or makes) a drill's folder.
    pub drill_from: Option<Timestamp>,
}

/// An open office, with the clock that moves it when it is a drill's.
#[derive(Clone)]
pub struct Opened {
    /// Store and rules.
    pub office: Office,
    /// The drill's clock, in a drill.
    pub drill_clock: Option<Arc<DrillClock>>,
}

/// The rules of a pack and a profile on a day.
///
/// # Errors
/// Every finding of the files, one a line; kinds of orders that code issues and the playbook lacks.
pub fn rulebook(library: &Library, pack: &str, profile: &str, date: Date) -> Result<Rulebook, StoreError> {
    let told = |findings: Vec<outpace_policy::Finding>| {
        StoreError::Folder(findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    let playbook = library.playbook().map_err(told)?;
    let lacking = outpace_orders::kinds::missing(&playbook, &every_kind());
    if !lacking.is_empty() {
        let lines: Vec<String> = lacking.iter().map(|line| format!("{} / {}", line.zh, line.en)).collect();
        return Err(StoreError::Folder(lines.join("\n")));
    }
    Ok(Rulebook {
        pack: library.pack(pack, date).map_err(told)?,
        playbook,
        profile: library.profile(profile).map_err(told)?,
    })
}

/// The local date of a moment.
#[must_use]
pub fn local_date(at: Timestamp, offset_minutes: i64) -> Option<Date> {
    at.local(offset_minutes).get(..10)?.parse().ok()
}

/// A machine's clock that stands further behind the journal's newest entry is told of; times stand still until then.
const CLOCK_BEHIND_MS_MAX: i64 = 2 * MINUTE_MS;

/// The pack that a new folder starts with where nothing is said.
const PACK_AT_FIRST: &str = "cn-2021-ed8";
/// The profile that a new folder starts with where nothing is said.
const PROFILE_AT_FIRST: &str = "qingxu";

/// Opens a folder: rules first, so that nothing is touched when they do not hold.
///
/// # Errors
/// Rules with findings; a folder that cannot be used or is of another kind.
pub fn open(opening: Opening) -> Result<Opened, StoreError> {
    let library = Library::embedded();
    let profile = match (&opening.profile, writer::folder_kind(&opening.place, &opening.folder)?) {
        (Some(profile), _) => profile.clone(),
        (None, Some((area, _))) => profile_of(&library, area)?,
        (None, None) => PROFILE_AT_FIRST.to_owned(),
    };
    let first = rulebook_now(&library, opening.pack.as_deref().unwrap_or(PACK_AT_FIRST), &profile, &opening)?;
    let drill_clock = opening.drill_from.map(|from| Arc::new(DrillClock::at(from)));
    let clock: Arc<dyn Clock> = match &drill_clock {
        Some(clock) => clock.clone(),
        None => Arc::new(SteadyClock::of_this_machine()),
    };
    let settings = Settings {
        folder: opening.folder.clone(),
        place: opening.place.clone(),
        area: first.profile.area,
        drill: drill_clock.is_some(),
        clock,
    };
    let store = Store::open(settings, every_capability())?;
    if let Some(clock) = &drill_clock {
        // A drill's folder that is opened again goes on where its journal ended.
        clock.move_to(store.head().recorded_at);
    }
    let behind_ms = store.head().recorded_at.since(store.now());
    if behind_ms > CLOCK_BEHIND_MS_MAX {
        tracing::error!(behind_ms, "the machine's clock stands before the journal's newest entry; set it right");
    }
    let used = store.read(adoption::current)?;
    let rules = match (&opening.pack, used) {
        (None, Some(used)) => rulebook(&library, &used.rules.pack, &profile, parsed(&used.rules.date)?)?,
        _ => first,
    };
    let adopted = rules.clone();
    let recorded = store.write(&store.system(), move |unit| adoption::adopt(unit, &adopted));
    recorded.map_err(|refusal: Refusal| StoreError::Folder(refusal.to_string()))?;
    Ok(Opened { office: Office::new(store, rules), drill_clock })
}

fn parsed(date: &str) -> Result<Date, StoreError> {
    date.parse().map_err(|_| StoreError::Broken(format!("{date} is no date")))
}

fn rulebook_now(library: &Library, pack: &str, profile: &str, opening: &Opening) -> Result<Rulebook, StoreError> {
    let now = opening.drill_from.unwrap_or_else(|| SteadyClock::of_this_machine().now());
    let offset = library.profile(profile).map(|profile| i64::from(profile.utc_offset_minutes)).unwrap_or_default();
    match opening.date.or_else(|| local_date(now, offset)) {
        Some(date) => rulebook(library, pack, profile, date),
        None => Err(StoreError::Folder("the clock shows no date".to_owned())),
    }
}

/// The profile that governs an area.
fn profile_of(library: &Library, area: AreaId) -> Result<String, StoreError> {
    let found =
        library.profile_ids().into_iter().find(|id| library.profile(id).is_ok_and(|profile| profile.area == area));
    found.ok_or_else(|| StoreError::Folder(format!("no jurisdiction profile governs area {area}")))
}
