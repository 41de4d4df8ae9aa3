//! Bringing in people, in batches: each row new, known and the same, known and different, or told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use outpace_access::Call;
use outpace_core::{PersonId, Refusal};
use outpace_policy::{Date, days_after};
use outpace_store::{Unit, vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::facts::{ImportedPerson, PeopleImported};
use super::identity::{self, BY_ID_NUMBER, Identity};
use super::known::{Content, Known, People};
use super::model::{CareTag, Sex};
use super::pointers::Pointers;
use super::spelling;
use crate::references;
use crate::rows::{self, About, Fate, Imported, Origin, fresh, told, twice};
use crate::{BATCH_MAX, RegistryError};

/// A person to bring in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportPerson {
    /// The source's own number, by which the same row is known again.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::Reference>)]
    pub reference: Option<i64>,
    /// The household.
    #[schema(value_type = outpace_core::bounds::Reference)]
    pub household: i64,
    /// Date of birth, `1953-02-11` (`19530211`, `1953/2/11` and `1953年2月11日` are read too); the registry keeps the year,
    /// the vault all of it.
    pub born: String,
    /// Sex as registered.
    pub sex: Sex,
    /// Care needs.
    #[serde(default)]
    pub tags: BTreeSet<CareTag>,
    /// Where the person works.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::Reference>)]
    pub workplace: Option<i64>,
    /// Where the person goes to school.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::Reference>)]
    pub school: Option<i64>,
    /// The room there: a class, a team.
    #[serde(default)]
    pub room: Option<String>,
    /// The bus usually taken.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::Reference>)]
    pub vehicle: Option<i64>,
    /// Whether the person is elsewhere.
    #[serde(default)]
    pub absent: bool,
    /// Name. Any of name, number, telephone and address goes to the vault; without all of them the person has no identity
    /// there.
    #[serde(default)]
    pub name: Option<String>,
    /// Number of the identity card or another document.
    #[serde(default)]
    pub id_number: Option<String>,
    /// Telephone number.
    #[serde(default)]
    pub phone: Option<String>,
    /// Exact address.
    #[serde(default)]
    pub address: Option<String>,
}

/// People to bring in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportPeople {
    /// Where they come from.
    pub source: String,
    /// Whether household, workplace, school and vehicle are references of the source (true) or ids (false).
    #[serde(default)]
    pub by_reference: bool,
    /// At most 20,000 people.
    pub people: Vec<ImportPerson>,
}

/// The day of the calendar on which a command is given.
fn today(call: &Call) -> Date {
    let days = u32::try_from(call.now.local_day(call.offset_minutes())).unwrap_or(0);
    days_after(Date::constant(1970, 1, 1), days)
}

/// Brings in people: attributes into the fact, identities into the vault, in one unit. A row is known by its reference,
/// else by the ID number, else (without a reference) by name and date of birth in the same household, else (without any
/// identity) by saying the same as somebody who came in without one. Known people keep what is known; columns that differ
/// are named.
///
/// # Errors
/// Too many rows. A bad row is told and the others go in.
pub fn import_people(unit: &mut Unit<'_>, call: &Call, request: ImportPeople) -> Result<Imported, Refusal> {
    import_people_of(unit, call, request, &Origin::default())
}

/// Brings in people whose rows stand in a file, as [`import_people`] does.
///
/// # Errors
/// As [`import_people`].
pub fn import_people_of(
    unit: &mut Unit<'_>,
    call: &Call,
    request: ImportPeople,
    origin: &Origin,
) -> Result<Imported, Refusal> {
    if request.people.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.people.len()).into());
    }
    let ImportPeople { source, by_reference, people } = request;
    let mut batch = Batch::prepare(unit, call, by_reference, &people, origin)?;
    let mut fates = Vec::with_capacity(people.len());
    for (index, row) in people.iter().enumerate() {
        fates.push(told(batch.judge(unit, call, index, row))?);
    }
    rows::allowed(&fates)?;
    if origin.correct {
        super::correct::correct(unit, call, &people, &batch.new, &mut fates)?;
    }
    let count = fresh(&fates);
    if count == 0 {
        return Ok(rows::answer(fates, 1, origin));
    }
    let first = unit.next_many(PersonId::COUNTER, count)?;
    let ids = rows::ids(&fates, first);
    let (mut recorded, mut sealed) = (Vec::new(), Vec::new());
    for (index, new) in std::mem::take(&mut batch.new) {
        if let (Fate::Fresh, Some(id)) = (&fates[index], ids[index]) {
            if let Some(identity) = &new.identity {
                sealed.push(identity::to_keep(PersonId(id), identity)?);
            }
            recorded.push(new.person);
        }
    }
    vault::keep_many(unit, identity::CLASS, &sealed)?;
    unit.record(PeopleImported { source, first: PersonId(first), people: recorded })?;
    Ok(rows::answer(fates, first, origin))
}

/// Registers one person whose numbers are ids; answers who it is, and whether they are new. Somebody whose reference is
/// known, or of whom the registry knows all that is said, is not registered again.
///
/// # Errors
/// What is wrong with the row; an ID number that stands at somebody.
pub(super) fn import_one(
    unit: &mut Unit<'_>,
    call: &Call,
    source: &str,
    row: ImportPerson,
) -> Result<(PersonId, bool), Refusal> {
    let people = [row];
    // No count of the same people is high enough: whoever stands at a door is somebody.
    let origin = Origin { repeats: vec![u64::MAX], ..Origin::default() };
    let mut batch = Batch::prepare(unit, call, false, &people, &origin)?;
    let [row] = &people;
    match batch.judge(unit, call, 0, row).map_err(Refusal::from)? {
        Fate::Known { about: About::Id(id), fields, known_by, .. } => {
            let identity = batch.new.get(&0).and_then(|new| new.identity.as_ref());
            if known_by == "id_number" {
                let masked = identity.map(|identity| identity::masked_number(&identity.id_number)).unwrap_or_default();
                return Err(RegistryError::NumberTaken { person: Some(PersonId(id)), masked }.into());
            }
            if !known_by.is_empty() && !fields.is_empty() {
                return Err(RegistryError::KnownAlready { person: PersonId(id), fields: fields.join(", ") }.into());
            }
            return Ok((PersonId(id), false));
        }
        Fate::Told(refusal) => return Err(refusal),
        Fate::Known { .. } | Fate::Fresh => {}
    }
    let Some(new) = batch.new.remove(&0) else { return Err(Refusal::internal()) };
    let id = PersonId(unit.next(PersonId::COUNTER)?);
    if let Some(identity) = &new.identity {
        vault::keep_many(unit, identity::CLASS, &[identity::to_keep(id, identity)?])?;
    }
    unit.record(PeopleImported { source: source.to_owned(), first: id, people: vec![new.person] })?;
    Ok((id, true))
}

/// How often the same was said of nobody in particular before each row: rows without reference and identity are told
/// apart by nothing else. Counted over a whole file, however it is sent in parts.
#[must_use]
pub fn repeats(people: &[ImportPerson]) -> Vec<u64> {
    let mut counted: BTreeMap<_, u64> = BTreeMap::new();
    people
        .iter()
        .map(|row| {
            if row.reference.is_some() || has_identity(row) {
                return 0;
            }
            let year = identity::birth_year(&row.born).unwrap_or_default();
            let said = (row.household, year, row.sex, row.workplace, row.school, row.room.clone(), row.vehicle);
            let seen = counted.entry(said).or_default();
            *seen += 1;
            *seen - 1
        })
        .collect()
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

fn has_identity(row: &ImportPerson) -> bool {
    [&row.name, &row.id_number, &row.phone, &row.address].into_iter().any(|text| given(text).is_some())
}

/// What a row says of who somebody is; `None` where it says nothing.
fn identity_of(row: &ImportPerson, born: Date) -> Result<Option<Identity>, RegistryError> {
    if !has_identity(row) {
        return Ok(None);
    }
    let own = |text| given(text).map(str::to_owned);
    let identity = Identity {
        name: own(&row.name).unwrap_or_default(),
        born: born.to_string(),
        id_number: given(&row.id_number).map(|number| spelling::number(number).to_string()).unwrap_or_default(),
        phone: own(&row.phone),
        address: own(&row.address),
    };
    identity::check(&identity)?;
    Ok(Some(identity))
}

/// A row as it would be registered.
pub(super) struct New {
    pub(super) person: ImportedPerson,
    pub(super) identity: Option<Identity>,
}

/// A number as it is compared, wiped when it is not needed any more.
#[derive(PartialEq, Eq)]
struct Number(Zeroizing<String>);

impl Number {
    fn of(identity: &Identity) -> Self {
        Self(spelling::number(&identity.id_number))
    }
}

impl std::hash::Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.as_str().hash(state);
    }
}

/// Rows by their place in the request, as they would be registered.
pub(super) type News = BTreeMap<usize, New>;

/// What is looked up once for all rows of a request, and what its rows said so far.
struct Batch {
    today: Date,
    pointers: Pointers,
    references: Vec<Option<i64>>,
    numbers: Vec<Vec<i64>>,
    twice: BTreeMap<usize, Vec<u64>>,
    repeats: Vec<u64>,
    people: People,
    /// Rows of this request by the number that they bear.
    by_number: HashMap<Number, usize>,
    new: News,
}

impl Batch {
    fn prepare(
        unit: &mut Unit<'_>,
        call: &Call,
        by_reference: bool,
        people: &[ImportPerson],
        origin: &Origin,
    ) -> Result<Self, Refusal> {
        let names: Vec<Option<i64>> = people.iter().map(|row| row.reference).collect();
        let numbers: Vec<Zeroizing<String>> =
            people.iter().map(|row| spelling::number(given(&row.id_number).unwrap_or_default())).collect();
        let keys = unit.keys();
        Ok(Self {
            today: today(call),
            pointers: Pointers::new(by_reference),
            references: references::known(unit.tx(), PersonId::COUNTER, &names)?,
            numbers: vault::find_many(unit.tx(), keys, BY_ID_NUMBER, &numbers)?,
            twice: twice(people, |row| row.reference, origin),
            repeats: if origin.repeats.is_empty() { repeats(people) } else { origin.repeats.clone() },
            people: People::default(),
            by_number: HashMap::new(),
            new: BTreeMap::new(),
        })
    }

    fn judge(
        &mut self,
        unit: &mut Unit<'_>,
        call: &Call,
        index: usize,
        row: &ImportPerson,
    ) -> Result<Fate, RegistryError> {
        if let Some(lines) = self.twice.get(&index) {
            let value = row.reference.map(|reference| reference.to_string()).unwrap_or_default();
            return Err(RegistryError::KeyTwice { field: "reference", value, lines: lines.clone() });
        }
        let born = identity::alive_on(&row.born, self.today)?;
        let identity = identity_of(row, born)?;
        let person = self.pointers.person(unit.tx(), call, row, born)?;
        let new = New { person, identity };
        let fate = self.fate(unit, call, index, row, &new)?;
        if let (Fate::Fresh, Some(identity)) = (&fate, &new.identity)
            && !identity.id_number.is_empty()
        {
            self.by_number.insert(Number::of(identity), index);
        }
        if let (Fate::Fresh, None, None) = (&fate, row.reference, &new.identity) {
            self.people.nameless(unit, &new.person)?.push(About::Row(index));
        }
        self.new.insert(index, new);
        Ok(fate)
    }

    fn fate(
        &mut self,
        unit: &mut Unit<'_>,
        call: &Call,
        index: usize,
        row: &ImportPerson,
        new: &New,
    ) -> Result<Fate, RegistryError> {
        if let Some(id) = self.references.get(index).copied().flatten() {
            let known = Known::read(unit, PersonId(id))?;
            return Ok(Fate::known(id, known.map(|known| known.differs(row, new)).unwrap_or_default()));
        }
        if let Some(fate) = self.by_number(unit, call, index, row, new)? {
            return Ok(fate);
        }
        if row.reference.is_some() {
            return Ok(Fate::Fresh);
        }
        if let Some(identity) = &new.identity {
            let Some(id) = self.people.namesake(unit, &new.person, identity)? else { return Ok(Fate::Fresh) };
            let fields = Known::read(unit, id)?.map(|known| known.differs(row, new)).unwrap_or_default();
            return Ok(Fate::Known { about: About::Id(id.0), fields, known_by: "name", changed: false });
        }
        let before = usize::try_from(self.repeats.get(index).copied().unwrap_or_default()).unwrap_or(usize::MAX);
        let about = self.people.nameless(unit, &new.person)?.get(before).copied();
        let known = |about| Fate::Known { about, fields: Vec::new(), known_by: "content", changed: false };
        Ok(about.map_or(Fate::Fresh, known))
    }

    /// Whose the number of a row is already, in the registry or in an earlier row. Another name or day of birth under the
    /// same number is another person or a wrong number: told.
    fn by_number(
        &mut self,
        unit: &mut Unit<'_>,
        call: &Call,
        index: usize,
        row: &ImportPerson,
        new: &New,
    ) -> Result<Option<Fate>, RegistryError> {
        let Some(identity) = new.identity.as_ref().filter(|identity| !identity.id_number.is_empty()) else {
            return Ok(None);
        };
        let registered = self.numbers.get(index).into_iter().flatten().copied().find(|id| *id > 0);
        let (about, known) = match (registered, self.by_number.get(&Number::of(identity))) {
            (Some(id), _) => (About::Id(id), Known::read(unit, PersonId(id))?),
            (None, Some(earlier)) => {
                (About::Row(*earlier), self.new.get(earlier).map(|new| Known::of(&new.person, new.identity.as_ref())))
            }
            (None, None) => return Ok(None),
        };
        let Some(known) = known else { return Ok(None) };
        let visible = call.sees(known.area);
        let person = match about {
            About::Id(id) if visible => Some(PersonId(id)),
            _ => None,
        };
        if !visible || !known.may_be(identity) {
            let masked = identity::masked_number(&identity.id_number);
            return Err(RegistryError::NumberTaken { person, masked });
        }
        let mut fields = known.differs(row, new);
        if row.reference.is_some() {
            fields.push(Content::REFERENCE);
        }
        Ok(Some(Fate::Known { about, fields, known_by: "id_number", changed: false }))
    }
}
