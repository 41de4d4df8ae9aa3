//! A synthetic county: everybody of the real total, in households, grids, schools, workplaces and buses, and where they
//! were in the days before. Nobody in it is real, and no name, number or address could be.
//!
//! [`generate`] is a pure function of a seed and the areas: the same input gives the same county, in seconds, with no
//! file, clock or network. Each process (sizes, ages, schools, …) has a file and a random stream of its own. Start with
//! `model.rs` for what there is, then read [`generate`] from top to bottom: it runs the processes in order.
//!
//! Census figures stand in `tables.rs` with their sources; every other rate is an assumption and stands, marked as one,
//! at the head of the process that uses it.

mod areas;
mod care;
mod classes;
mod compose;
mod grids;
mod identity;
mod model;
mod park;
mod places;
mod pool;
mod presence;
mod rows;
mod schools;
mod shapes;
mod streams;
pub mod tables;
#[cfg(test)]
mod tests;
mod vehicles;
mod visits;
mod work;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use outpace_core::{AreaId, AreaLevel};
use rand::RngExt;

pub use areas::{AreaFileError, AreaRow, RiverSide, SeatSource, read_areas};
pub use care::{CareTag, CareTags};
pub use classes::PlaceClass;
pub use identity::{ID_REGION, Identity, NAME_MARK, PHONE_PREFIX};
pub use model::*;
pub use park::{DISTRIBUTION_CENTRE_WORKERS, WORKERS as PARK_WORKERS};
pub use rows::{HouseholdRow, PersonRow, batches, write_ndjson};
pub(crate) use streams::mix;
pub use visits::{UTC_OFFSET_MINUTES, Visit, VisitKind};

use compose::Member;
use pool::Pool;
use shapes::Draft;

/// The day on which ages are counted: the day of the drill.
pub const DAY: Date = date(2022, 4, 13);
const DAYS_PER_YEAR: i64 = 365;
/// Share of family households that rent their home from another of the same grid. An assumption.
const TENANT_SHARE: f64 = 0.08;

/// A synthetic county.
#[derive(Debug, Clone)]
pub struct Population {
    /// The seed it was made from.
    pub seed: u64,
    /// The day on which ages are counted.
    pub day: Date,
    /// Villages and communities with residents, by code.
    pub villages: Vec<Village>,
    /// Grids, by code.
    pub grids: Vec<Grid>,
    /// Households, by grid and number.
    pub households: Vec<Household>,
    /// People, by household.
    pub people: Vec<Person>,
    /// Places.
    pub places: Vec<Place>,
    /// Rooms of places.
    pub rooms: Vec<Room>,
    /// Vehicles with usual riders.
    pub vehicles: Vec<Vehicle>,
    /// The parcel logistics park; `None` where the areas lack its township.
    pub park: Option<Park>,
    errands: visits::Errands,
}

/// Makes the county of all villages in `areas` that have residents. Rows without residents are left out, so no input
/// is an error; an empty list makes an empty county.
#[must_use]
pub fn generate(seed: u64, areas: &[AreaRow]) -> Population {
    let villages = villages(areas);
    let home_of_park = park::village(&villages);
    let drafts = draft_households(seed, &villages, home_of_park);
    let total: u32 = villages.iter().map(|village| village.residents).sum();
    let mut pool = Pool::by_tables(total);
    let members = compose::fill(&drafts, &mut pool, &mut streams::named(seed, "compose"));
    let mut county = Population {
        seed,
        day: DAY,
        villages,
        grids: Vec::new(),
        households: Vec::with_capacity(drafts.len()),
        people: Vec::with_capacity(total as usize),
        places: Vec::new(),
        rooms: Vec::new(),
        vehicles: Vec::new(),
        park: None,
        errands: visits::Errands::default(),
    };
    county.move_in(&drafts, &members);
    county.number_births();
    county.grids = grids::divide(&county.villages, &mut county.households);
    county.let_homes();
    presence::draw(&mut streams::named(seed, "presence"), &county.households, &mut county.people, DAY);
    county.tag_care_needs();
    county.open_places();
    county.open_schools();
    county.open_park(home_of_park, &drafts);
    county.employ();
    county.run_vehicles();
    county.errands = visits::Errands::of(&county);
    county
}

fn villages(areas: &[AreaRow]) -> Vec<Village> {
    let above = |code: Option<AreaId>| areas.iter().find(|row| Some(row.code) == code);
    let lived_in = areas.iter().filter(|row| row.level == AreaLevel::Village && row.population.unwrap_or(0) > 0);
    let mut villages: Vec<Village> = lived_in
        .map(|row| Village {
            area: row.code,
            name: row.name.clone(),
            english: row.english().to_owned(),
            township_name: above(row.parent).map(|row| row.name.clone()).unwrap_or_default(),
            township_english: above(row.parent).map(|row| row.english().to_owned()).unwrap_or_default(),
            residents: row.population.unwrap_or(0),
            lon: row.lon.unwrap_or(0.0),
            lat: row.lat.unwrap_or(0.0),
            river_side: row.river_side,
            community: row.name.contains("社区"),
        })
        .collect();
    villages.sort_by_key(|village| village.area);
    villages
}

fn draft_households(seed: u64, villages: &[Village], home_of_park: Option<usize>) -> Vec<Draft> {
    let mut random = streams::named(seed, "household sizes");
    let mut drafts = Vec::new();
    for ((index, village), number) in villages.iter().enumerate().zip(0_u16..) {
        let lodgers = if home_of_park == Some(index) { park::LODGERS.min(village.residents) } else { 0 };
        shapes::families(&mut random, number, village.residents - lodgers, &mut drafts);
        if lodgers > 0 {
            park::dormitories(number, lodgers, &mut drafts);
        }
    }
    let minors = Pool::by_tables(villages.iter().map(|village| village.residents).sum()).count(0, 17);
    shapes::make_room_for_minors(&mut drafts, minors);
    drafts
}

impl Population {
    /// The person with this reference.
    ///
    /// # Panics
    /// If the reference is not of this population.
    #[must_use]
    pub fn person(&self, reference: PersonRef) -> &Person {
        &self.people[reference.index()]
    }

    /// The household with this reference.
    ///
    /// # Panics
    /// If the reference is not of this population.
    #[must_use]
    pub fn household(&self, reference: HouseholdRef) -> &Household {
        &self.households[reference.index()]
    }

    /// The place with this reference.
    ///
    /// # Panics
    /// If the reference is not of this population.
    #[must_use]
    pub fn place(&self, reference: PlaceRef) -> &Place {
        &self.places[reference.index()]
    }

    /// The people of a household.
    pub fn members(&self, household: &Household) -> impl Iterator<Item = PersonRef> + use<> {
        let first = household.first.0;
        (first..first + u32::from(household.size)).map(PersonRef)
    }

    /// The grid in which a person lives.
    #[must_use]
    pub fn grid_of(&self, reference: PersonRef) -> AreaId {
        self.household(self.person(reference).household).grid
    }

    /// The village in which a person lives.
    #[must_use]
    pub fn village_of(&self, reference: PersonRef) -> &Village {
        &self.villages[usize::from(self.household(self.person(reference).household).village)]
    }

    /// The people who live in an area of any level, present or not, in order.
    pub fn people_in(&self, area: AreaId) -> impl Iterator<Item = PersonRef> + use<> {
        let (first, last) = area.grids();
        let start = self.households.partition_point(|household| household.grid < first);
        let end = self.households.partition_point(|household| household.grid <= last).max(start);
        let at = |index: usize| self.households.get(index).map_or(PersonRef::at(self.people.len()), |one| one.first);
        (at(start).0..at(end).0).map(PersonRef)
    }

    /// All references, in order.
    pub fn references(&self) -> impl Iterator<Item = PersonRef> + use<> {
        (0..self.people.len()).map(PersonRef::at)
    }

    fn move_in(&mut self, drafts: &[Draft], members: &[Vec<Member>]) {
        let mut random = streams::named(self.seed, "birthdays");
        for (draft, members) in drafts.iter().zip(members) {
            let first = PersonRef::at(self.people.len());
            let household = HouseholdRef::at(self.households.len());
            self.people.extend(
                members.iter().map(|member| resident(*member, household, random.random_range(0..DAYS_PER_YEAR))),
            );
            self.households.push(Household {
                village: draft.village,
                grid: AreaId(0),
                number: 0,
                kind: draft.kind,
                first,
                size: u8::try_from(members.len()).unwrap_or(u8::MAX),
                landlord: None,
            });
        }
    }

    fn number_births(&mut self) {
        let mut seen = std::collections::BTreeMap::<(Date, Sex), u16>::new();
        for person in &mut self.people {
            let number = seen.entry((person.born, person.sex)).or_default();
            person.birth_number = *number;
            *number += 1;
        }
    }

    fn let_homes(&mut self) {
        let mut random = streams::named(self.seed, "landlords");
        let first_of_grid: Vec<usize> = self.grid_starts();
        for (start, grid) in first_of_grid.iter().zip(&self.grids) {
            for index in *start..*start + grid.households as usize {
                let tenant = random.random_bool(TENANT_SHARE);
                let landlord = *start + random.random_range(0..grid.households) as usize;
                let household = &mut self.households[index];
                if tenant && landlord != index && household.kind == HouseholdKind::Family {
                    household.landlord = Some(HouseholdRef::at(landlord));
                }
            }
        }
    }

    // Where each grid's households begin: they stand in the order of the grids.
    fn grid_starts(&self) -> Vec<usize> {
        let before =
            self.grids.iter().scan(0, |sum, grid| Some(std::mem::replace(sum, *sum + grid.households as usize)));
        before.collect()
    }

    fn tag_care_needs(&mut self) {
        let mut random = streams::named(self.seed, "care needs");
        let households = &self.households;
        for person in &mut self.people {
            let household = &households[person.household.index()];
            let circumstances = care::Circumstances {
                age: person.age_on(DAY),
                sex: person.sex,
                alone: household.size == 1,
                lodger: household.kind == HouseholdKind::Dormitory,
            };
            person.tags = care::draw(&mut random, &circumstances);
        }
    }
}

// Someone who is `age` today was born between `age` years ago and a day less than a year before that.
fn resident(member: Member, household: HouseholdRef, days_since_birthday: i64) -> Person {
    let years = i64::from(member.someone.age);
    Person {
        household,
        born: DAY.saturating_sub(years.years()).saturating_sub(days_since_birthday.days()),
        sex: member.someone.sex,
        role: member.role,
        presence: Presence::Present,
        tags: CareTags::default(),
        activity: Activity::Home,
        shift: None,
        place: None,
        room: None,
        vehicle: None,
        birth_number: 0,
    }
}
