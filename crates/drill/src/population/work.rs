//! Who works, and where. Shares and sizes are assumptions for a county beside a city: most work near home, some in the
//! county seat, some in the city; on the villages' fields a good part. Workplaces that the county needs anyway are
//! staffed first, what is left works in factories and on building sites.

use std::collections::BTreeMap;

use outpace_core::AreaId;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::classes::PlaceClass as Class;
use super::model::{Activity, PersonRef, PlaceRef, RoomKind, Shift};
use super::{DAY, Population, streams};

/// Present residents of 18 to 59 who work, and of 60 to 69 (on the fields).
const WORKING_SHARE: f64 = 0.72;
const WORKING_SHARE_FROM_60: f64 = 0.2;
/// Of the workers of a village: farmers. Of all: in the city by day, and with no fixed place.
const FARMER_SHARE: f64 = 0.3;
const COMMUTER_SHARE: f64 = 0.12;
const SELF_EMPLOYED_SHARE: f64 = 0.15;
/// Of those with a workplace in the county: in the county seat, and in any other township, beside their own.
const TO_SEAT_SHARE: f64 = 0.12;
const ELSEWHERE_SHARE: f64 = 0.08;
/// Workers of a factory: from few to many, each step twice as many.
const FACTORY_SIZES: [usize; 6] = [10, 20, 40, 80, 160, 320];
const SITE_WORKERS: usize = 20;
/// Of every ten workplaces that take what is left, building sites.
const SITES_IN_TEN: u32 = 2;
/// People of one team or room at most.
pub const TEAM_MAX: usize = 10;

type Candidates = BTreeMap<AreaId, Vec<PersonRef>>;

impl Population {
    /// Gives every working adult an activity and, where it has one, a workplace.
    pub(super) fn employ(&mut self) {
        let mut random = streams::named(self.seed, "work");
        let mut candidates = self.choose_work(&mut random);
        for list in candidates.values_mut() {
            list.shuffle(&mut random);
        }
        let park_township = self.park.as_ref().map(|park| AreaId(park.grid.0 / 1_000_000));
        let from_afar = if self.park.is_some() { self.park_workers_from_afar(&mut candidates) } else { Vec::new() };
        if let Some(list) = park_township.and_then(|township| candidates.get_mut(&township)) {
            list.splice(..0, from_afar);
            self.staff_park(list);
        }
        for place in 0..self.places.len() {
            self.staff_place(PlaceRef::at(place), &mut candidates);
        }
        for (township, mut left) in candidates {
            self.open_factories(township, &mut left, &mut random);
        }
    }

    // What each adult does; those with a workplace in the county, by the township that it is in.
    fn choose_work(&mut self, random: &mut ChaCha8Rng) -> Candidates {
        let townships: Vec<AreaId> = self.townships().into_keys().collect();
        let seat = self.county_seat();
        let mut candidates = Candidates::new();
        for reference in self.references() {
            let chances: [f64; 3] = [random.random(), random.random(), random.random()];
            let elsewhere = townships[random.random_range(0..townships.len())];
            let person = self.person(reference);
            if !person.is_present() || person.activity != Activity::Home {
                continue;
            }
            let village = self.village_of(reference);
            let activity = activity(person.age_on(DAY), village.community, &chances);
            if activity == Activity::Worker {
                let township = match chances[2] {
                    chance if chance < TO_SEAT_SHARE => seat.unwrap_or(elsewhere),
                    chance if chance < TO_SEAT_SHARE + ELSEWHERE_SHARE => elsewhere,
                    _ => village.township(),
                };
                candidates.entry(township).or_default().push(reference);
            }
            self.people[reference.index()].activity = activity;
        }
        candidates
    }

    fn staff_place(&mut self, place: PlaceRef, candidates: &mut Candidates) {
        let township = AreaId(self.place(place).area.0 / 1_000_000);
        let is_park =
            self.park.as_ref().is_some_and(|park| park.place_ref == place || park.distribution_centre == place);
        let Some(list) = candidates.get_mut(&township).filter(|_| !is_park) else { return };
        let wanted = self.place(place).staff as usize;
        let staff = list.split_off(list.len().saturating_sub(wanted));
        self.places[place.index()].staff = u32::try_from(staff.len()).unwrap_or(u32::MAX);
        self.form_shifts(place, &staff);
    }

    fn open_factories(&mut self, township: AreaId, left: &mut Vec<PersonRef>, random: &mut ChaCha8Rng) {
        let villages = self.townships().remove(&township).unwrap_or_default();
        while !left.is_empty() {
            let (class, wanted) = if random.random_ratio(SITES_IN_TEN, 10) {
                (Class::ConstructionSite, SITE_WORKERS)
            } else {
                (Class::Factory, FACTORY_SIZES[random.random_range(0..FACTORY_SIZES.len())])
            };
            let staff = left.split_off(left.len().saturating_sub(wanted));
            let count = u32::try_from(staff.len()).unwrap_or(u32::MAX);
            let Some(place) = self.open_one(random, &villages, class, count) else { return };
            self.form_shifts(place, &staff);
        }
    }

    // Factories run by night with a third of their people, hospitals with a quarter.
    fn form_shifts(&mut self, place: PlaceRef, staff: &[PersonRef]) {
        let (night, by_day) = match self.place(place).class {
            Class::Factory => (staff.len() / 3, Shift::Day),
            Class::Hospital | Class::HealthCentre => (staff.len() / 4, Shift::Day),
            Class::GovernmentUnit | Class::TownshipOffice | Class::Bank => (0, Shift::Office),
            Class::Kindergarten | Class::PrimarySchool | Class::MiddleSchool | Class::HighSchool => (0, Shift::Office),
            _ => (0, Shift::Day),
        };
        let (night, day) = staff.split_at(night);
        let teams = self.form_teams(place, day, by_day, 0);
        self.form_teams(place, night, Shift::Night, teams);
    }

    /// Puts people to work at a place in teams of at most [`TEAM_MAX`], numbered after `before`; the last number.
    pub(super) fn form_teams(&mut self, place: PlaceRef, staff: &[PersonRef], shift: Shift, before: u32) -> u32 {
        let teams = staff.len().div_ceil(TEAM_MAX).max(1);
        let mut number = before;
        for team in staff.chunks(staff.len().div_ceil(teams).max(1)) {
            number += 1;
            let room = self.add_room(place, RoomKind::Workroom, number);
            for worker in team {
                let person = &mut self.people[worker.index()];
                (person.activity, person.shift) = (Activity::Worker, Some(shift));
                (person.place, person.room) = (Some(place), Some(room));
            }
        }
        number
    }
}

fn activity(age: u8, community: bool, chances: &[f64; 3]) -> Activity {
    let working = match age {
        18..=59 => WORKING_SHARE,
        60..=69 if !community => WORKING_SHARE_FROM_60,
        _ => 0.0,
    };
    if chances[0] >= working {
        return Activity::Home;
    }
    let farmers = if community { 0.0 } else { FARMER_SHARE };
    match chances[1] {
        _ if age >= 60 => Activity::Farmer,
        chance if chance < farmers => Activity::Farmer,
        chance if chance < farmers + COMMUTER_SHARE => Activity::Commuter,
        chance if chance < farmers + COMMUTER_SHARE + SELF_EMPLOYED_SHARE => Activity::SelfEmployed,
        _ => Activity::Worker,
    }
}
