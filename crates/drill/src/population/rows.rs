//! Writes a population out, row by row and in batches, as the registry takes it in. Nothing is held twice: a row is
//! made when the iterator reaches it.

use std::io::{self, Write};

use outpace_core::AreaId;
use serde::{Deserialize, Serialize};

use super::Population;
use super::care::CareTag;
use super::identity::Identity;
use super::model::{
    Activity, HouseholdKind, HouseholdRef, PersonRef, PlaceRef, Presence, Role, RoomRef, Sex, Shift, VehicleRef,
};

/// A person with identity, as the registry is to learn of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonRow {
    /// The person.
    pub person_ref: PersonRef,
    /// The household.
    pub household_ref: HouseholdRef,
    /// The grid.
    pub area: AreaId,
    /// Date of birth, `YYYY-MM-DD`.
    pub birth_date: String,
    /// Year of birth, for what must not hold the date.
    pub birth_year: i16,
    /// Sex.
    pub sex: Sex,
    /// Role in the household.
    pub role: Role,
    /// Care needs.
    pub tags: Vec<CareTag>,
    /// Whether the person is in the county.
    pub present: bool,
    /// Why not, or that they are.
    pub presence: Presence,
    /// What fills the days.
    pub activity: Activity,
    /// When a worker works.
    pub shift: Option<Shift>,
    /// The workplace of a worker.
    pub workplace_ref: Option<PlaceRef>,
    /// The school of a pupil.
    pub school_ref: Option<PlaceRef>,
    /// Team room or class.
    pub room_ref: Option<RoomRef>,
    /// Bus or shuttle.
    pub vehicle_ref: Option<VehicleRef>,
    /// For the vault.
    pub identity: Identity,
}

/// A household, as the registry is to learn of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HouseholdRow {
    /// The household.
    pub household_ref: HouseholdRef,
    /// The grid.
    pub area: AreaId,
    /// Family or dormitory room.
    pub kind: HouseholdKind,
    /// How many people.
    pub size: u8,
    /// The first of its people; the others follow.
    pub first_person_ref: PersonRef,
    /// The household that lets the home.
    pub landlord_ref: Option<HouseholdRef>,
    /// Made-up address.
    pub address: String,
}

impl Population {
    /// One person's row.
    #[must_use]
    pub fn person_row(&self, person_ref: PersonRef) -> PersonRow {
        let person = self.person(person_ref);
        let pupil = person.activity == Activity::Pupil;
        PersonRow {
            person_ref,
            household_ref: person.household,
            area: self.grid_of(person_ref),
            birth_date: person.born.to_string(),
            birth_year: person.born.year(),
            sex: person.sex,
            role: person.role,
            tags: person.tags.iter().collect(),
            present: person.is_present(),
            presence: person.presence,
            activity: person.activity,
            shift: person.shift,
            workplace_ref: person.place.filter(|_| !pupil),
            school_ref: person.place.filter(|_| pupil),
            room_ref: person.room,
            vehicle_ref: person.vehicle,
            identity: self.identity(person_ref),
        }
    }

    /// Everybody's row, by person.
    pub fn person_rows(&self) -> impl Iterator<Item = PersonRow> + '_ {
        self.references().map(|reference| self.person_row(reference))
    }

    /// Every household's row, by household.
    pub fn household_rows(&self) -> impl Iterator<Item = HouseholdRow> + '_ {
        self.households.iter().enumerate().map(|(index, household)| HouseholdRow {
            household_ref: HouseholdRef::at(index),
            area: household.grid,
            kind: household.kind,
            size: household.size,
            first_person_ref: household.first,
            landlord_ref: household.landlord,
            address: self.address(household),
        })
    }
}

/// Cuts rows into batches of at most `size` (at least 1), the last one shorter.
pub fn batches<Row>(rows: impl Iterator<Item = Row>, size: usize) -> impl Iterator<Item = Vec<Row>> {
    let mut rows = rows;
    std::iter::from_fn(move || {
        let batch: Vec<Row> = rows.by_ref().take(size.max(1)).collect();
        (!batch.is_empty()).then_some(batch)
    })
}

/// Writes rows as NDJSON: one JSON value a line. Gives the number of rows.
///
/// # Errors
/// What writing to `out` gives, or a row that is no JSON.
pub fn write_ndjson<Row: Serialize>(rows: impl Iterator<Item = Row>, out: &mut impl Write) -> io::Result<u64> {
    let mut count = 0;
    for row in rows {
        serde_json::to_writer(&mut *out, &row)?;
        out.write_all(b"\n")?;
        count += 1;
    }
    Ok(count)
}
