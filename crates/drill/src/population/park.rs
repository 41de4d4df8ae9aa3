//! The parcel logistics park in Wangda township, where the drill's first positive is found. The day's report counts 277
//! workers of its distribution centre who were sampled in the night and 327 of the park who were moved in the evening.
//! The person found had left before the 277 were sampled, and those found positive in the night before the 327 were
//! moved; so the rosters are larger by them (docs/adr/0006). How workers split over shifts and dormitories is an
//! assumption: parcels are sorted by night, and whoever works by day in the distribution centre sleeps on the site, so
//! that at three in the morning all of it are there to be sampled.

use std::collections::BTreeMap;

use super::Population;
use super::classes::PlaceClass;
use super::grids::PARK_GRID_NUMBER;
use super::model::{Activity, HouseholdKind, HouseholdRef, Park, PersonRef, RoomKind, Shift, Village};
use super::shapes::{self, Draft};
use outpace_core::AreaId;

/// Workers of the park: the 327 who were moved, the person found at 01:30, and the five of the night. The five are the
/// scenario's assumption; a test holds the two against each other.
pub const WORKERS: u32 = 327 + 1 + 5;
/// Of these in the distribution centre: the 277 who were sampled and the person found.
pub const DISTRIBUTION_CENTRE_WORKERS: u32 = 277 + 1;
/// Villages of other townships, some of whose people work in the park by night: the day's report locks both, so somebody
/// must have gone to and fro. How many is an assumption.
const FROM_AFAR: [AreaId; 2] = [AreaId(140_121_202_202), AreaId(140_121_204_201)];
const FROM_AFAR_EACH: usize = 3;
/// Workers of the distribution centre who sleep in the park's dormitories: all of the day shift and some of the night.
pub const LODGERS: u32 = LODGERS_BY_DAY + LODGERS_BY_NIGHT;
const LODGERS_BY_DAY: u32 = 100;
const LODGERS_BY_NIGHT: u32 = 24;
/// Beds of a dormitory room.
pub const DORMITORY_BEDS: u8 = 6;
/// The oldest that the park employs.
pub const WORKER_YEARS_MAX: u8 = 50;

const TOWNSHIP: AreaId = AreaId(140_121_203);
const VILLAGE_NAME: &str = "王答";

/// The village that the park stands in: the one that bears the name of Wangda township, else the township's first.
pub(super) fn village(villages: &[Village]) -> Option<usize> {
    let of_township = || villages.iter().enumerate().filter(|(_, village)| village.township() == TOWNSHIP);
    let named = of_township().find(|(_, village)| village.name.starts_with(VILLAGE_NAME));
    named.or_else(|| of_township().next()).map(|(index, _)| index)
}

/// Drafts the dormitory rooms, those of the day shift first.
pub(super) fn dormitories(village: u16, lodgers: u32, drafts: &mut Vec<Draft>) {
    let by_day = lodgers.min(LODGERS_BY_DAY);
    shapes::dormitory(village, by_day, DORMITORY_BEDS, Shift::Day, drafts);
    shapes::dormitory(village, lodgers - by_day, DORMITORY_BEDS, Shift::Night, drafts);
}

impl Population {
    /// Opens the park with its dormitories and puts the lodgers to work; the others are hired by `employ`.
    pub(super) fn open_park(&mut self, village: Option<usize>, drafts: &[Draft]) {
        let Some(village) = village else { return };
        let area = AreaId(self.villages[village].area.0 * 1000 + PARK_GRID_NUMBER);
        let Some(grid) = self.grids.iter().find(|grid| grid.area == area) else { return };
        let at = (grid.area, grid.lon, grid.lat);
        let place_ref = self.add_place(village, PlaceClass::LogisticsPark, at, WORKERS - DISTRIBUTION_CENTRE_WORKERS);
        let centre = self.add_place(village, PlaceClass::DistributionCentre, at, DISTRIBUTION_CENTRE_WORKERS);
        self.places[centre.index()].part_of = Some(place_ref);
        let mut workers = Vec::new();
        let mut number = 0;
        for (index, draft) in drafts.iter().enumerate().filter(|(_, one)| one.kind == HouseholdKind::Dormitory) {
            number += 1;
            let room = self.add_room(place_ref, RoomKind::Dormitory, number);
            let household = HouseholdRef::at(index);
            self.rooms[room.index()].household_ref = Some(household);
            for lodger in self.members(&self.households[index]) {
                let person = &mut self.people[lodger.index()];
                (person.activity, person.shift) = (Activity::Worker, draft.shift);
                workers.push(lodger);
            }
        }
        self.park = Some(Park {
            place_ref,
            distribution_centre: centre,
            grid: area,
            workers,
            distribution_centre_workers: DISTRIBUTION_CENTRE_WORKERS,
        });
    }

    /// Takes those who come from afar out of the candidates of all townships.
    pub(super) fn park_workers_from_afar(&self, candidates: &mut BTreeMap<AreaId, Vec<PersonRef>>) -> Vec<PersonRef> {
        let mut chosen = Vec::new();
        for village in FROM_AFAR {
            let fits = |one: &PersonRef| {
                self.village_of(*one).area == village && self.person(*one).age_on(super::DAY) <= WORKER_YEARS_MAX
            };
            let all = candidates.values().flatten().copied();
            chosen.extend(all.filter(fits).take(FROM_AFAR_EACH));
        }
        for list in candidates.values_mut() {
            list.retain(|one| !chosen.contains(one));
        }
        chosen
    }

    /// Hires the rest of the park's workers from `candidates`, whom it takes out, and gives all of them their lines.
    pub(super) fn staff_park(&mut self, candidates: &mut Vec<PersonRef>) {
        let Some(mut park) = self.park.take() else { return };
        let lodgers = park.workers.clone();
        let young = |county: &Self, person: PersonRef| county.person(person).age_on(super::DAY) <= WORKER_YEARS_MAX;
        let wanted = (WORKERS as usize).saturating_sub(lodgers.len());
        let hired: Vec<PersonRef> = candidates.iter().copied().filter(|&one| young(self, one)).take(wanted).collect();
        candidates.retain(|one| !hired.contains(one));
        let to_centre = (DISTRIBUTION_CENTRE_WORKERS as usize).saturating_sub(lodgers.len()).min(hired.len());
        let (by_night, others) = hired.split_at(to_centre);
        let shift_of = |county: &Self, shift| {
            let on_shift = move |&&one: &&PersonRef| county.person(one).shift == Some(shift);
            lodgers.iter().filter(on_shift).copied().collect::<Vec<PersonRef>>()
        };
        let day: Vec<PersonRef> = shift_of(self, Shift::Day);
        let mut night: Vec<PersonRef> = shift_of(self, Shift::Night);
        night.extend(by_night);
        let lines = self.form_teams(park.distribution_centre, &day, Shift::Day, 0);
        self.form_teams(park.distribution_centre, &night, Shift::Night, lines);
        self.form_teams(park.place_ref, others, Shift::Day, 0);
        park.distribution_centre_workers = u32::try_from(day.len() + night.len()).unwrap_or(u32::MAX);
        self.places[park.distribution_centre.index()].staff = park.distribution_centre_workers;
        self.places[park.place_ref.index()].staff = u32::try_from(others.len()).unwrap_or(u32::MAX);
        park.workers.extend(hired);
        self.park = Some(park);
    }
}
