//! Bringing in households and people, in batches.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, AreaLevel, HouseholdId, PersonId, PlaceId, Refusal, VehicleId};
use outpace_store::{Tx, Unit, vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{HouseholdContactKept, HouseholdsImported, ImportedHousehold, ImportedPerson, PeopleImported};
use super::identity::{self, Identity, grid};
use super::model::{CareTag, HouseholdContact, HouseholdKind, Sex};
use super::store;
use crate::references::{self, Imported, Resolver};
use crate::{BATCH_MAX, RegistryError, areas};

/// A household to bring in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportHousehold {
    /// The source's own number, by which the same row is known again.
    pub reference: Option<i64>,
    /// A grid, or a village where the grid is not known.
    pub area: AreaId,
    /// Family or dormitory room.
    pub kind: HouseholdKind,
    /// The household that lets the home: a reference of the same source that came before.
    pub landlord: Option<i64>,
    /// Whom to ask; goes to the vault.
    pub contact: Option<HouseholdContact>,
}

/// Households to bring in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportHouseholds {
    /// Where they come from.
    pub source: String,
    /// At most 20,000 households.
    pub households: Vec<ImportHousehold>,
}

/// A person to bring in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportPerson {
    /// The source's own number, by which the same row is known again.
    #[serde(default)]
    pub reference: Option<i64>,
    /// The household.
    pub household: i64,
    /// Date of birth, `1953-02-11`; the registry keeps the year, the vault all of it.
    pub born: String,
    /// Sex as registered.
    pub sex: Sex,
    /// Care needs.
    #[serde(default)]
    pub tags: BTreeSet<CareTag>,
    /// Where the person works.
    #[serde(default)]
    pub workplace: Option<i64>,
    /// Where the person goes to school.
    #[serde(default)]
    pub school: Option<i64>,
    /// The room there: a class, a team.
    #[serde(default)]
    pub room: Option<String>,
    /// The bus usually taken.
    #[serde(default)]
    pub vehicle: Option<i64>,
    /// Whether the person is elsewhere.
    #[serde(default)]
    pub absent: bool,
    /// Name; with `id_number` it goes to the vault. Without both the person has no identity there.
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

/// Checks areas once per batch: known, and in the actor's area.
#[derive(Default)]
pub(crate) struct Grounds {
    checked: BTreeSet<AreaId>,
}

impl Grounds {
    /// The grid of an area where something is to stand.
    pub(crate) fn grid(&mut self, tx: &mut Tx<'_>, call: &Call, area: AreaId) -> Result<AreaId, RegistryError> {
        let grid = grid(area)?;
        if self.checked.contains(&grid) {
            return Ok(grid);
        }
        call.covers(grid)?;
        let village = grid.at(AreaLevel::Village).unwrap_or(grid);
        areas::area(tx, village)?.ok_or(RegistryError::UnknownArea(village))?;
        self.checked.insert(grid);
        Ok(grid)
    }
}

fn number(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Brings in households. A known reference keeps its id and is not changed.
///
/// # Errors
/// Too many rows, an area that is unknown or not the actor's, an unknown landlord.
pub fn import_households(unit: &mut Unit<'_>, call: &Call, request: ImportHouseholds) -> Result<Imported, Refusal> {
    if request.households.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.households.len()).into());
    }
    let names: Vec<Option<i64>> = request.households.iter().map(|row| row.reference).collect();
    let known = references::known(unit.tx(), HouseholdId::COUNTER, &names)?;
    let fresh = number(known.iter().filter(|known| known.is_none()).count());
    if fresh == 0 {
        return Ok(references::answer(&known, 1));
    }
    let first = unit.next_many(HouseholdId::COUNTER, fresh)?;
    let answer = references::answer(&known, first);
    let own: BTreeMap<i64, i64> =
        names.iter().zip(&answer.ids).filter_map(|(name, id)| name.map(|name| (name, *id))).collect();
    let mut grounds = Grounds::default();
    let mut resolver = Resolver::new(HouseholdId::COUNTER, "landlord", true);
    let (mut households, mut contacts) = (Vec::new(), Vec::new());
    for ((row, id), known) in request.households.into_iter().zip(&answer.ids).zip(&known) {
        if known.is_some() {
            continue;
        }
        let landlord = match row.landlord {
            None => None,
            Some(reference) => Some(HouseholdId(match own.get(&reference) {
                Some(id) => *id,
                None => resolver.id(unit.tx(), reference)?,
            })),
        };
        let area = grounds.grid(unit.tx(), call, row.area)?;
        households.push(ImportedHousehold { reference: row.reference, area, kind: row.kind, landlord });
        contacts.extend(row.contact.map(|contact| (HouseholdId(*id), contact)));
    }
    unit.record(HouseholdsImported { source: request.source, first: HouseholdId(first), households })?;
    keep_contacts(unit, &contacts)?;
    Ok(answer)
}

pub(super) fn keep_contacts(
    unit: &mut Unit<'_>,
    contacts: &[(HouseholdId, HouseholdContact)],
) -> Result<(), RegistryError> {
    if contacts.is_empty() {
        return Ok(());
    }
    let sealed = contacts
        .iter()
        .map(|(household, contact)| identity::contact_to_keep(*household, contact))
        .collect::<Result<Vec<_>, _>>()?;
    vault::keep_many(unit, identity::CLASS, &sealed)?;
    for (household, _) in contacts {
        unit.record(HouseholdContactKept { household: *household })?;
    }
    Ok(())
}

/// The numbers of a person's row that point elsewhere, turned into ids.
struct Pointers {
    households: Resolver,
    places: Resolver,
    vehicles: Resolver,
    grids: BTreeMap<HouseholdId, AreaId>,
}

impl Pointers {
    fn new(by_reference: bool) -> Self {
        Self {
            households: Resolver::new(HouseholdId::COUNTER, "household", by_reference),
            places: Resolver::new(PlaceId::COUNTER, "workplace", by_reference),
            vehicles: Resolver::new(VehicleId::COUNTER, "vehicle", by_reference),
            grids: BTreeMap::new(),
        }
    }

    fn household(&mut self, tx: &mut Tx<'_>, call: &Call, number: i64) -> Result<(HouseholdId, AreaId), RegistryError> {
        let id = HouseholdId(self.households.id(tx, number)?);
        if let Some(area) = self.grids.get(&id) {
            return Ok((id, *area));
        }
        let unknown = RegistryError::Unknown { field: "household", id: id.0 };
        let area = store::household(tx, id)?.filter(|found| call.sees(found.area)).ok_or(unknown)?.area;
        self.grids.insert(id, area);
        Ok((id, area))
    }

    fn place(&mut self, tx: &mut Tx<'_>, number: Option<i64>) -> Result<Option<PlaceId>, RegistryError> {
        number.map(|number| self.places.id(tx, number).map(PlaceId)).transpose()
    }

    fn person(&mut self, tx: &mut Tx<'_>, call: &Call, row: &ImportPerson) -> Result<ImportedPerson, RegistryError> {
        let (household, area) = self.household(tx, call, row.household)?;
        Ok(ImportedPerson {
            reference: row.reference,
            household,
            area,
            birth_year: identity::birth_year(&row.born)?,
            sex: row.sex,
            tags: row.tags.clone(),
            workplace: self.place(tx, row.workplace)?,
            school: self.place(tx, row.school)?,
            room: row.room.clone(),
            vehicle: row.vehicle.map(|number| self.vehicles.id(tx, number).map(VehicleId)).transpose()?,
            absent: row.absent,
        })
    }
}

/// Brings in people: attributes into the fact, identities into the vault, in one unit. A known reference keeps its
/// id and is not changed.
///
/// # Errors
/// Too many rows, an unknown household, place or vehicle, a date of birth or an ID number that cannot be.
pub fn import_people(unit: &mut Unit<'_>, call: &Call, request: ImportPeople) -> Result<Imported, Refusal> {
    if request.people.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.people.len()).into());
    }
    let names: Vec<Option<i64>> = request.people.iter().map(|row| row.reference).collect();
    let known = references::known(unit.tx(), PersonId::COUNTER, &names)?;
    let fresh = number(known.iter().filter(|known| known.is_none()).count());
    if fresh == 0 {
        return Ok(references::answer(&known, 1));
    }
    let first = unit.next_many(PersonId::COUNTER, fresh)?;
    let answer = references::answer(&known, first);
    let mut pointers = Pointers::new(request.by_reference);
    let (mut people, mut sealed) = (Vec::new(), Vec::new());
    for ((row, id), known) in request.people.into_iter().zip(&answer.ids).zip(&known) {
        if known.is_some() {
            continue;
        }
        people.push(pointers.person(unit.tx(), call, &row)?);
        if let Some(identity) = identity_of(row)? {
            sealed.push(identity::to_keep(PersonId(*id), &identity)?);
        }
    }
    vault::keep_many(unit, identity::CLASS, &sealed)?;
    unit.record(PeopleImported { source: request.source, first: PersonId(first), people })?;
    Ok(answer)
}

fn identity_of(row: ImportPerson) -> Result<Option<Identity>, RegistryError> {
    let (Some(name), Some(id_number)) = (row.name, row.id_number) else { return Ok(None) };
    let identity = Identity { name, born: row.born, id_number, phone: row.phone, address: row.address };
    identity::check(&identity)?;
    Ok(Some(identity))
}
