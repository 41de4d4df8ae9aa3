//! Making an export, fetching it again, ending it.

use outpace_access::Call;
use outpace_contacts::letters;
use outpace_core::{ActorId, AreaId, AreaLevel, PersonId, Refusal, Timestamp};
use outpace_registry as registry;
use outpace_screening::coverage::{MissingQuery, missing};
use outpace_screening::rounds::Class;
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::file::{self, Label, Prepared};
use super::{COUNTER, Content, ExportEnded, ExportFetched, ExportMade, HOURS_MAX, PEOPLE_MAX, csv, key_name, store};
use crate::CustodyError;

/// Characters of a purpose.
const PURPOSE_CHARACTERS: std::ops::RangeInclusive<usize> = 4..=200;
/// Exports shown to a person who is in them.
const OF_PERSON_MAX: i64 = 200;
/// Exports that end in one tick at the most.
const TICK_EXPORTS_MAX: i64 = 100;

/// The exports that a person is in, newest first, at most 200: who let their name leave, and why.
///
/// # Errors
/// What the store refused.
pub fn of_person(tx: &mut Tx<'_>, person: PersonId) -> outpace_store::Result<Vec<Export>> {
    store::exports(tx, i64::MAX, Some(person), OF_PERSON_MAX)
}

/// An export as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Export {
    /// Its number.
    pub export: i64,
    /// What left.
    pub content: Content,
    /// What for.
    pub purpose: String,
    /// How many people are in it.
    pub people: i64,
    /// Who made it.
    pub made_by: ActorId,
    /// When.
    pub made_at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// How often it was fetched again.
    pub fetched: i64,
    /// When its key was destroyed.
    pub ended_at: Option<Timestamp>,
}

/// What shall leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MakeExport {
    /// What.
    pub content: Content,
    /// What for, 4 to 200 characters: recorded, written on the file, shown to those who are in it.
    pub purpose: String,
    /// Hours until it ends, 1 to 168.
    pub hours: i64,
}

/// An export that was made. The passphrase is shown this once: send it another way than the file.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeExport {
    /// The export.
    pub export: Export,
    /// What opens the file.
    pub passphrase: String,
    /// The file, a text: `outpace admin open-export` opens it.
    pub file: String,
}

impl std::fmt::Debug for MadeExport {
    /// Without the passphrase: it must not reach a log.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "MadeExport {{ {:?} }}", self.export)
    }
}

/// What was found beside the writer: who is in it, and the passphrase with its key.
pub struct Ready {
    request: MakeExport,
    people: Vec<PersonId>,
    prepared: Prepared,
}

fn check(request: &MakeExport) -> Result<(), CustodyError> {
    if !PURPOSE_CHARACTERS.contains(&request.purpose.trim().chars().count()) {
        return Err(CustodyError::Value {
            field: "purpose",
            value: String::new(),
            zh: "导出须写明用途(4 至 200 个字),并会被记录。",
            en: "Say what the export is for (4 to 200 characters); it is recorded.",
        });
    }
    if !(1..=HOURS_MAX).contains(&request.hours) {
        return Err(CustodyError::Value {
            field: "hours",
            value: request.hours.to_string(),
            zh: "有效期为 1 至 168 小时。",
            en: "An export holds 1 to 168 hours.",
        });
    }
    Ok(())
}

fn too_many() -> CustodyError {
    CustodyError::Value {
        field: "content",
        value: String::new(),
        zh: "人数超过 20000,请按更小的区域分别导出。",
        en: "More than 20,000 people; export smaller areas one by one.",
    }
}

fn people_of(tx: &mut Tx<'_>, call: &Call, content: &Content) -> Result<Vec<PersonId>, Refusal> {
    let mut people = match content {
        Content::Letter(id) => {
            let unknown = CustodyError::Unknown { field: "letter", id: *id };
            let whole = AreaId(tx.jurisdiction());
            letters::letter(tx, *id)?.filter(|letter| letter.seen(call, whole)).ok_or(unknown)?.people
        }
        Content::Roster(area) => {
            call.covers(*area)?;
            village_or_less(*area)?;
            registry::people_in(tx, *area)?
        }
        Content::Doors { round, area } => {
            let (mut people, mut after) = (Vec::new(), None);
            loop {
                let query =
                    MissingQuery { round: *round, area: Some(*area), class: Some(Class::Due), after, limit: None };
                let page = missing(tx, call, query)?;
                people.extend(page.people.into_iter().map(|missing| missing.person));
                after = page.after;
                if after.is_none() || people.len() > PEOPLE_MAX {
                    break people;
                }
            }
        }
    };
    people.sort_unstable();
    people.dedup();
    if people.len() > PEOPLE_MAX {
        return Err(too_many().into());
    }
    Ok(people)
}

fn village_or_less(area: AreaId) -> Result<(), CustodyError> {
    if area.level().is_some_and(|level| level >= AreaLevel::Village) {
        return Ok(());
    }
    Err(CustodyError::Value {
        field: "area",
        value: area.to_string(),
        zh: "花名册按村、社区或网格导出。",
        en: "A roster is of a village, a community or a grid.",
    })
}

/// Finds who is in an export and makes its passphrase, beside the writer.
///
/// # Errors
/// No purpose, hours out of range, an unknown letter or round, an area outside the actor's, too many people, nobody.
pub fn prepare(tx: &mut Tx<'_>, call: &Call, request: MakeExport) -> Result<Ready, Refusal> {
    check(&request)?;
    let people = people_of(tx, call, &request.content)?;
    let mut seen = Vec::with_capacity(people.len());
    for person in people {
        // A letter may name people who live outside the actor's area: they stay out, as they would in a reveal.
        if registry::seen(tx, call, person)?.is_some() {
            seen.push(person);
        }
    }
    if seen.is_empty() {
        return Err(CustodyError::State {
            code: "nobody",
            field: "content",
            value: String::new(),
            zh: "名单为空,没有可导出的人员。".to_owned(),
            en: "The list is empty; there is nobody to export.".to_owned(),
        }
        .into());
    }
    Ok(Ready { request, people: seen, prepared: Prepared::fresh()? })
}

/// Seals the list into its file, records that it left, and keeps the file for fetching it again.
///
/// # Errors
/// What the store refused.
pub fn make(unit: &mut Unit<'_>, call: &Call, ready: Ready) -> Result<MadeExport, Refusal> {
    let Ready { request, people, prepared } = ready;
    let (purpose, until) = (request.purpose.trim().to_owned(), call.now.plus_hours(request.hours));
    let export = unit.next(COUNTER)?;
    let mut rows = Vec::with_capacity(people.len());
    for person in &people {
        rows.push((*person, registry::people::identity::of(unit, *person)?));
    }
    let label = Label {
        area: AreaId(unit.tx().jurisdiction()),
        export,
        content: request.content.clone(),
        purpose: purpose.clone(),
        people: rows.len(),
        made_at: call.now,
        until,
        salt: prepared.salt(),
    };
    let file = file::seal(&prepared, &label, &csv::list(&rows)?)?;
    drop(rows);
    unit.record(ExportMade { export, content: request.content, purpose, people, until })?;
    let keys = unit.keys();
    keys.ensure(&key_name(export))?;
    let sealed = keys.seal(&key_name(export), export, file.as_bytes())?;
    store::keep_file(unit.tx(), export, &sealed)?;
    Ok(MadeExport { export: known(unit, export)?, passphrase: prepared.passphrase.to_string(), file })
}

fn known(unit: &mut Unit<'_>, id: i64) -> Result<Export, CustodyError> {
    store::export(unit.tx(), id)?.ok_or(CustodyError::Unknown { field: "export", id })
}

/// Which export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FetchExport {
    /// Its number.
    pub export: i64,
}

/// The file once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fetched {
    /// The file, sealed as it was.
    pub file: String,
}

/// Fetches an export again: only who made it, and only before its end.
///
/// # Errors
/// An unknown export, or one that somebody else made; one past its end.
pub fn fetch(unit: &mut Unit<'_>, call: &Call, request: FetchExport) -> Result<Fetched, Refusal> {
    let id = request.export;
    let export = known(unit, id)?;
    if !store::is_makers(&export, call.actor.id) {
        return Err(CustodyError::Unknown { field: "export", id }.into());
    }
    let ended = || CustodyError::State {
        code: "export_ended",
        field: "export",
        value: id.to_string(),
        zh: format!("该导出已于 {} 到期。", export.until),
        en: format!("The export ended at {}.", export.until),
    };
    if call.now >= export.until || export.ended_at.is_some() {
        return Err(ended().into());
    }
    let sealed = store::file(unit.tx(), id)?.ok_or_else(ended)?;
    let plain = unit.keys().unseal(&key_name(id), id, &sealed)?;
    let file = String::from_utf8(plain.to_vec()).map_err(|_| Refusal::internal())?;
    unit.record(ExportFetched { export: id })?;
    Ok(Fetched { file })
}

/// Ends exports whose time has passed: their key is destroyed, the sealed file taken out. Answers how many.
pub(crate) fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<usize, Refusal> {
    let ended = store::past_end(unit.tx(), call.now, TICK_EXPORTS_MAX)?;
    if ended.is_empty() {
        return Ok(0);
    }
    for export in &ended {
        unit.record(ExportEnded { export: *export })?;
        store::drop_file(unit.tx(), *export)?;
    }
    // Past its end nobody may open it, so it does not matter that keys do not come back when a commit fails.
    let names: Vec<String> = ended.iter().map(|export| key_name(*export)).collect();
    unit.keys().destroy(&names)?;
    Ok(ended.len())
}
