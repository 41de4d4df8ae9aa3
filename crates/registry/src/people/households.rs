//! Bringing in households, in batches.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, AreaLevel, HouseholdId, Refusal};
use outpace_store::{Tx, Unit, vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{HouseholdContactKept, HouseholdsImported, ImportedHousehold};
use super::identity::{self, grid};
use super::model::{HouseholdContact, HouseholdKind};
use super::{spelling, store};
use crate::references::{self, Resolver};
use crate::rows::{self, Fate, Imported, Origin, fresh, told, twice};
use crate::{BATCH_MAX, RegistryError, areas};

/// A household to bring in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportHousehold {
    /// The source's own number, by which the same row is known again.
    #[schema(value_type = Option<outpace_core::bounds::Reference>)]
    pub reference: Option<i64>,
    /// A grid, or a village where the grid is not known.
    pub area: AreaId,
    /// Family or dormitory room.
    pub kind: HouseholdKind,
    /// The household that lets the home: a reference of the same source that came before.
    #[schema(value_type = Option<outpace_core::bounds::Reference>)]
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

/// Checks areas once per batch: known, and in the actor's area.
#[derive(Default)]
pub(crate) struct Grounds {
    checked: BTreeSet<AreaId>,
}

impl Grounds {
    /// The grid of an area where something is to stand.
    pub(crate) fn grid(&mut self, tx: &mut Tx<'_>, call: &Call, area: AreaId) -> Result<AreaId, RegistryError> {
        let grid = grid(area.without_filling())?;
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

/// Brings in households. A known reference keeps its id and what is known; columns that differ are named.
///
/// # Errors
/// Too many rows, or none inside the actor's area. Any other bad row is told and the others go in.
pub fn import_households(unit: &mut Unit<'_>, call: &Call, request: ImportHouseholds) -> Result<Imported, Refusal> {
    import_households_of(unit, call, request, &Origin::default())
}

/// Brings in households whose rows stand in a file, as [`import_households`] does.
///
/// # Errors
/// As [`import_households`].
pub fn import_households_of(
    unit: &mut Unit<'_>,
    call: &Call,
    request: ImportHouseholds,
    origin: &Origin,
) -> Result<Imported, Refusal> {
    if request.households.len() > BATCH_MAX {
        return Err(RegistryError::BatchTooLarge(request.households.len()).into());
    }
    let rows = &request.households;
    let names: Vec<Option<i64>> = rows.iter().map(|row| row.reference).collect();
    let known = references::known(unit.tx(), HouseholdId::COUNTER, &names)?;
    let twice = twice(rows, |row| row.reference, origin);
    let mut grounds = Grounds::default();
    let (mut fates, mut areas) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (index, row) in rows.iter().enumerate() {
        let judged = match twice.get(&index) {
            Some(lines) => Err(key_twice(row.reference, lines)),
            None => grounds.grid(unit.tx(), call, row.area),
        };
        areas.push(*judged.as_ref().unwrap_or(&row.area));
        fates.push(told(judged.map(|_| Fate::Fresh))?);
    }
    let landlords = landlords(unit, rows, &known, &mut fates)?;
    rows::allowed(&fates)?;
    for (index, (row, id)) in rows.iter().zip(&known).enumerate() {
        if let (Some(id), Fate::Fresh) = (id, &fates[index]) {
            fates[index] = Fate::known(*id, differing(unit, *id, row, areas[index])?);
        }
    }
    let count = fresh(&fates);
    if count == 0 {
        return Ok(rows::answer(fates, 1, origin));
    }
    let first = unit.next_many(HouseholdId::COUNTER, count)?;
    let ids = rows::ids(&fates, first);
    let (mut households, mut contacts) = (Vec::new(), Vec::new());
    for (index, row) in
        request.households.into_iter().enumerate().filter(|(index, _)| matches!(fates[*index], Fate::Fresh))
    {
        let landlord = match landlords[index] {
            Landlord::None => None,
            Landlord::Id(id) => Some(HouseholdId(id)),
            Landlord::Row(other) => ids[other].map(HouseholdId),
        };
        households.push(ImportedHousehold { reference: row.reference, area: areas[index], kind: row.kind, landlord });
        contacts.extend(row.contact.zip(ids[index]).map(|(contact, id)| (HouseholdId(id), contact)));
    }
    unit.record(HouseholdsImported { source: request.source, first: HouseholdId(first), households })?;
    keep_contacts(unit, &contacts)?;
    Ok(rows::answer(fates, first, origin))
}

fn key_twice(reference: Option<i64>, lines: &[u64]) -> RegistryError {
    let value = reference.map(|reference| reference.to_string()).unwrap_or_default();
    RegistryError::KeyTwice { field: "reference", value, lines: lines.to_vec() }
}

/// Who lets a home of the request.
enum Landlord {
    None,
    Id(i64),
    Row(usize),
}

/// Resolves the landlords; a row whose landlord is told is told too.
fn landlords(
    unit: &mut Unit<'_>,
    rows: &[ImportHousehold],
    known: &[Option<i64>],
    fates: &mut [Fate],
) -> Result<Vec<Landlord>, Refusal> {
    let own: BTreeMap<i64, usize> =
        rows.iter().enumerate().filter_map(|(index, row)| row.reference.map(|name| (name, index))).collect();
    let mut resolver = Resolver::new(HouseholdId::COUNTER, "landlord", true);
    let mut found = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        found.push(match row.landlord {
            None => Landlord::None,
            Some(reference) => match own.get(&reference) {
                Some(other) => known[*other].map_or(Landlord::Row(*other), Landlord::Id),
                None => match resolver.id(unit.tx(), reference) {
                    Ok(id) => Landlord::Id(id),
                    Err(error) => {
                        fates[index] = told(Err(error))?;
                        Landlord::None
                    }
                },
            },
        });
    }
    // A landlord that is told takes those who rent from it along, one step a pass.
    loop {
        let lost: Vec<(usize, i64)> = (0..rows.len())
            .filter(|index| matches!(fates[*index], Fate::Fresh))
            .filter_map(|index| match found[index] {
                Landlord::Row(other) if matches!(fates[other], Fate::Told(_)) => Some((index, rows[index].landlord?)),
                _ => None,
            })
            .collect();
        if lost.is_empty() {
            return Ok(found);
        }
        for (index, reference) in lost {
            fates[index] = told(Err(RegistryError::UnknownReference { field: "landlord", reference }))?;
        }
    }
}

/// The columns in which a row differs from the household that it is about. A family is also what an empty column means:
/// it contradicts nothing.
fn differing(unit: &mut Unit<'_>, id: i64, row: &ImportHousehold, area: AreaId) -> Result<Vec<&'static str>, Refusal> {
    let Some(known) = store::household(unit.tx(), HouseholdId(id))? else { return Ok(Vec::new()) };
    let mut fields = Vec::new();
    if known.area != area {
        fields.push("area");
    }
    if known.kind != row.kind && row.kind != HouseholdKind::Family {
        fields.push("kind");
    }
    if let Some(reference) = row.landlord {
        let landlord = references::id_of(unit.tx(), HouseholdId::COUNTER, reference)?;
        if landlord.map(HouseholdId) != known.landlord {
            fields.push("landlord");
        }
    }
    if let Some(contact) = &row.contact {
        let kept = identity::read_contact(unit, HouseholdId(id))?;
        let differ =
            |given: &Option<String>, kept: &Option<String>, spelled: fn(&str) -> zeroize::Zeroizing<String>| {
                given.as_deref().is_some_and(|given| kept.as_deref().map(spelled) != Some(spelled(given)))
            };
        let columns = [
            ("landlord_name", differ(&contact.landlord_name, &kept.landlord_name, spelling::name)),
            ("landlord_phone", differ(&contact.landlord_phone, &kept.landlord_phone, spelling::phone)),
            ("tenant_name", differ(&contact.tenant_name, &kept.tenant_name, spelling::name)),
            ("tenant_phone", differ(&contact.tenant_phone, &kept.tenant_phone, spelling::phone)),
            ("address", differ(&contact.address, &kept.address, spelling::name)),
        ];
        fields.extend(columns.into_iter().filter(|(_, differs)| *differs).map(|(column, _)| column));
    }
    Ok(fields)
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
