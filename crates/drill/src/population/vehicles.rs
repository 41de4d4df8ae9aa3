//! Buses that the same people take every working day: shuttles of the park, school buses, county lines. Who takes one is
//! an assumption; the rest walk, ride or drive alone.

use std::collections::BTreeMap;

use outpace_core::AreaId;
use rand::RngExt;

use super::model::{Activity, PersonRef, Shift, Vehicle, VehicleKind, VehicleRef};
use super::{DAY, Population, streams};

const SHUTTLE_SEATS: usize = 19;
const SCHOOL_BUS_SEATS: usize = 36;
const COUNTY_BUS_SEATS: usize = 45;
/// Riders that fill a shuttle, and of a county bus on one run.
const SHUTTLE_RIDERS: usize = 17;
const COUNTY_BUS_RIDERS: usize = 38;
/// Pupils to 11 whose school is further than this (about 1.5 km) and who take the bus.
const SCHOOL_BUS_DEGREES: f64 = 0.015;
const SCHOOL_BUS_YEARS_MAX: u8 = 11;
const SCHOOL_BUS_SHARE: f64 = 0.4;
/// Workers whose workplace is in another township and who take the bus.
const COUNTY_BUS_SHARE: f64 = 0.35;

/// People who take the same line: kind, from, to, and the shift that they work.
type Lines = BTreeMap<(VehicleKindOrder, AreaId, AreaId, bool), Vec<PersonRef>>;
type VehicleKindOrder = u8;

impl Population {
    /// Puts usual riders into vehicles.
    pub(super) fn run_vehicles(&mut self) {
        let mut random = streams::named(self.seed, "vehicles");
        let mut lines = Lines::new();
        for reference in self.references() {
            let chance: f64 = random.random();
            if let Some((kind, from, to)) = self.line_of(reference, chance) {
                let by_night = self.person(reference).shift == Some(Shift::Night);
                lines.entry((kind as VehicleKindOrder, from, to, by_night)).or_default().push(reference);
            }
        }
        for ((kind, from, to, _), riders) in lines {
            let (kind, seats, aboard) = match kind {
                0 => (VehicleKind::Shuttle, SHUTTLE_SEATS, SHUTTLE_RIDERS),
                1 => (VehicleKind::SchoolBus, SCHOOL_BUS_SEATS, SCHOOL_BUS_SEATS),
                _ => (VehicleKind::CountyBus, COUNTY_BUS_SEATS, COUNTY_BUS_RIDERS),
            };
            for load in riders.chunks(aboard) {
                self.add_vehicle(kind, seats, (from, to), load);
            }
        }
    }

    fn line_of(&self, reference: PersonRef, chance: f64) -> Option<(VehicleKind, AreaId, AreaId)> {
        let person = self.person(reference);
        let place = self.place(person.place.filter(|_| person.is_present())?);
        let home = self.village_of(reference);
        let there = AreaId(place.area.0 / 1000);
        let lodger = self.park.as_ref().is_some_and(|park| self.grid_of(reference) == park.grid);
        match person.activity {
            Activity::Worker if self.park.as_ref().is_some_and(|park| park.grid == place.area) => {
                // Shuttles run within the park's township; who lives further away comes on their own.
                let near = home.township().0 == there.0 / 1000;
                (near && !lodger).then(|| (VehicleKind::Shuttle, home.township(), there))
            }
            Activity::Pupil if person.age_on(DAY) <= SCHOOL_BUS_YEARS_MAX && chance < SCHOOL_BUS_SHARE => {
                let away = (place.lon - home.lon).hypot(place.lat - home.lat);
                if away < SCHOOL_BUS_DEGREES {
                    return None;
                }
                Some((VehicleKind::SchoolBus, home.township(), place.area))
            }
            Activity::Worker if home.township().0 != there.0 / 1000 && chance < COUNTY_BUS_SHARE => {
                Some((VehicleKind::CountyBus, home.township(), AreaId(there.0 / 1000)))
            }
            _ => None,
        }
    }

    fn add_vehicle(&mut self, kind: VehicleKind, seats: usize, line: (AreaId, AreaId), riders: &[PersonRef]) {
        let vehicle_ref = VehicleRef::at(self.vehicles.len());
        let name = |code: AreaId| {
            let village =
                self.villages.iter().find(|village| code.contains(village.area) || village.area.contains(code));
            village.map(|village| (village.township_name.clone(), village.township_english.clone())).unwrap_or_default()
        };
        let (from, to) = (name(line.0), name(line.1));
        let (zh, en) = match kind {
            VehicleKind::Shuttle => ("园区通勤车", "Park shuttle"),
            VehicleKind::SchoolBus => ("校车", "School bus"),
            VehicleKind::CountyBus => ("城乡公交", "County bus"),
        };
        self.vehicles.push(Vehicle {
            vehicle_ref,
            kind,
            plate: format!("演A{:05}", vehicle_ref.0),
            name_zh: format!("{zh} {}—{}", from.0, to.0),
            name_en: format!("{en}, {} to {}", from.1, to.1),
            seats: u32::try_from(seats).unwrap_or(u32::MAX),
            riders: u32::try_from(riders.len()).unwrap_or(u32::MAX),
        });
        for rider in riders {
            self.people[rider.index()].vehicle = Some(vehicle_ref);
        }
    }
}
