//! Households, places and vehicles that a person's row points to.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, HouseholdId, PlaceId, VehicleId};
use outpace_policy::Date;
use outpace_store::Tx;

use super::facts::ImportedPerson;
use super::import::ImportPerson;
use super::store;
use crate::references::Resolver;
use crate::{RegistryError, places};

/// The same error under the column that it is about: workplace and school are both places.
fn named(error: RegistryError, field: &'static str) -> RegistryError {
    match error {
        RegistryError::UnknownReference { reference, .. } => RegistryError::UnknownReference { field, reference },
        other => other,
    }
}

/// The numbers of a person's row that point elsewhere, turned into ids that exist.
pub(super) struct Pointers {
    households: Resolver,
    places: Resolver,
    vehicles: Resolver,
    grids: BTreeMap<HouseholdId, AreaId>,
    seen: BTreeSet<(&'static str, i64)>,
}

impl Pointers {
    pub(super) fn new(by_reference: bool) -> Self {
        Self {
            households: Resolver::new(HouseholdId::COUNTER, "household", by_reference),
            places: Resolver::new(PlaceId::COUNTER, "workplace", by_reference),
            vehicles: Resolver::new(VehicleId::COUNTER, "vehicle", by_reference),
            grids: BTreeMap::new(),
            seen: BTreeSet::new(),
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

    fn place(
        &mut self,
        tx: &mut Tx<'_>,
        field: &'static str,
        number: Option<i64>,
    ) -> Result<Option<PlaceId>, RegistryError> {
        let Some(number) = number else { return Ok(None) };
        let id = PlaceId(self.places.id(tx, number).map_err(|error| named(error, field))?);
        if !self.seen.contains(&("place", id.0)) {
            places::place(tx, id)?.ok_or(RegistryError::Unknown { field, id: number })?;
            self.seen.insert(("place", id.0));
        }
        Ok(Some(id))
    }

    fn vehicle(&mut self, tx: &mut Tx<'_>, number: Option<i64>) -> Result<Option<VehicleId>, RegistryError> {
        let Some(number) = number else { return Ok(None) };
        let id = VehicleId(self.vehicles.id(tx, number)?);
        if !self.seen.contains(&("vehicle", id.0)) {
            places::vehicle(tx, id)?.ok_or(RegistryError::Unknown { field: "vehicle", id: number })?;
            self.seen.insert(("vehicle", id.0));
        }
        Ok(Some(id))
    }

    pub(super) fn person(
        &mut self,
        tx: &mut Tx<'_>,
        call: &Call,
        row: &ImportPerson,
        born: Date,
    ) -> Result<ImportedPerson, RegistryError> {
        let (household, area) = self.household(tx, call, row.household)?;
        Ok(ImportedPerson {
            reference: row.reference,
            household,
            area,
            birth_year: i64::from(born.year()),
            sex: row.sex,
            tags: row.tags.clone(),
            workplace: self.place(tx, "workplace", row.workplace)?,
            school: self.place(tx, "school", row.school)?,
            room: row.room.clone(),
            vehicle: self.vehicle(tx, row.vehicle)?,
            absent: row.absent,
        })
    }
}
