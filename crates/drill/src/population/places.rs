//! Where people of a county meet: shops, clinics, offices, markets. How many there are of each class and how many work
//! there are assumptions for a county of this size; the 60 county units are the number that the day's report gives.

use std::collections::BTreeMap;

use outpace_core::AreaId;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::classes::PlaceClass as Class;
use super::grids::degrees;
use super::model::{Place, PlaceRef};
use super::{Population, streams};

/// County units, each paired with a village in the day's report.
pub const COUNTY_UNITS: u32 = 60;
/// How far a place stands from its grid's middle at most, in degrees (about 100 metres).
const JITTER_DEGREES: f64 = 0.001;

/// One class of a village or township: one place for so many residents (at least one where `always`), with so many
/// at work.
struct Spec {
    class: Class,
    residents: u32,
    staff: u32,
    always: bool,
}

const fn spec(class: Class, residents: u32, staff: u32, always: bool) -> Spec {
    Spec { class, residents, staff, always }
}

const OF_VILLAGE: [Spec; 5] = [
    spec(Class::Shop, 700, 2, true),
    spec(Class::Restaurant, 1_500, 5, false),
    spec(Class::Barber, 2_500, 2, false),
    spec(Class::VillageClinic, u32::MAX, 2, true),
    spec(Class::VillageOffice, u32::MAX, 6, true),
];
const OF_TOWNSHIP: [Spec; 11] = [
    spec(Class::TownshipOffice, u32::MAX, 60, true),
    spec(Class::HealthCentre, 60_000, 50, true),
    spec(Class::CourierOutlet, 6_000, 6, true),
    spec(Class::Market, 30_000, 30, true),
    spec(Class::Supermarket, 8_000, 18, true),
    spec(Class::Pharmacy, 5_000, 3, true),
    spec(Class::Bank, 10_000, 10, true),
    spec(Class::Bathhouse, 15_000, 4, false),
    spec(Class::PetrolStation, 12_000, 6, true),
    spec(Class::Hotel, 20_000, 12, false),
    spec(Class::CareHome, 40_000, 12, true),
];
const OF_COUNTY: [(Class, u32, u32); 3] =
    [(Class::Hospital, 2, 350), (Class::BusStation, 1, 60), (Class::GovernmentUnit, COUNTY_UNITS, 50)];

impl Population {
    /// Opens the places of villages, townships and the county seat.
    pub(super) fn open_places(&mut self) {
        let mut random = streams::named(self.seed, "places");
        for village in 0..self.villages.len() {
            let residents = self.villages[village].residents;
            for spec in &OF_VILLAGE {
                self.open_some(&mut random, &[village], spec, residents);
            }
        }
        for (_, villages) in self.townships() {
            let residents = villages.iter().map(|&village| self.villages[village].residents).sum();
            for spec in &OF_TOWNSHIP {
                self.open_some(&mut random, &villages, spec, residents);
            }
        }
        let Some(seat) = self.county_seat() else { return };
        let villages = self.townships().remove(&seat).unwrap_or_default();
        for (class, count, staff) in OF_COUNTY {
            for _ in 0..count {
                let varied = staff / 2 + random.random_range(0..=staff);
                self.open_one(&mut random, &villages, class, varied);
            }
        }
    }

    /// The villages of each township, as indices, by the township's code.
    pub(super) fn townships(&self) -> BTreeMap<AreaId, Vec<usize>> {
        let mut townships = BTreeMap::<AreaId, Vec<usize>>::new();
        for (index, village) in self.villages.iter().enumerate() {
            townships.entry(village.township()).or_default().push(index);
        }
        townships
    }

    /// The township with the most residents.
    pub(super) fn county_seat(&self) -> Option<AreaId> {
        let residents = |villages: &[usize]| villages.iter().map(|&index| self.villages[index].residents).sum::<u32>();
        self.townships().into_iter().max_by_key(|(_, villages)| residents(villages)).map(|(township, _)| township)
    }

    fn open_some(&mut self, random: &mut ChaCha8Rng, villages: &[usize], spec: &Spec, residents: u32) {
        let count = (residents / spec.residents).max(u32::from(spec.always));
        for _ in 0..count {
            self.open_one(random, villages, spec.class, spec.staff);
        }
    }

    /// Opens a place in one of the villages, by chance but more often in a larger one.
    pub(super) fn open_one(
        &mut self,
        random: &mut ChaCha8Rng,
        villages: &[usize],
        class: Class,
        staff: u32,
    ) -> Option<PlaceRef> {
        let residents: u32 = villages.iter().map(|&village| self.villages[village].residents).sum();
        let mut chosen = random.random_range(0..residents.max(1));
        let village = villages.iter().copied().find(|&village| {
            let here = self.villages[village].residents;
            let found = chosen < here;
            chosen = chosen.saturating_sub(here);
            found
        })?;
        self.open_in(random, village, class, staff)
    }

    /// Opens a place in a grid of this village.
    pub(super) fn open_in(
        &mut self,
        random: &mut ChaCha8Rng,
        village: usize,
        class: Class,
        staff: u32,
    ) -> Option<PlaceRef> {
        let area = self.villages[village].area;
        let first = self.grids.partition_point(|grid| grid.parent < area);
        let count = self.grids[first..].iter().take_while(|grid| grid.parent == area).count();
        // The park's grid, the last of its village, holds nothing but the park.
        let numbered = self.grids[first..first + count].iter().filter(|grid| grid.area.0 % 1000 < 900).count();
        if numbered == 0 {
            return None;
        }
        let grid = &self.grids[first + random.random_range(0..numbered)];
        let (area, lon, lat) = (grid.area, grid.lon, grid.lat);
        let jitter = |random: &mut ChaCha8Rng| (random.random::<f64>() - 0.5) * 2.0 * JITTER_DEGREES;
        let (lon, lat) = (lon + jitter(random), lat + jitter(random));
        Some(self.add_place(village, class, (area, lon, lat), staff))
    }

    /// Adds a place with a made-up name: township, class and a number.
    pub(super) fn add_place(&mut self, village: usize, class: Class, at: (AreaId, f64, f64), staff: u32) -> PlaceRef {
        let place_ref = PlaceRef::at(self.places.len());
        let township = self.villages[village].township();
        let same = |place: &&Place| place.class == class && AreaId(place.area.0 / 1_000_000) == township;
        let number = self.places.iter().filter(same).count() + 1;
        let village = &self.villages[village];
        self.places.push(Place {
            place_ref,
            part_of: None,
            class,
            name_zh: format!("{}试{number}号{}", village.township_name, class.zh()),
            name_en: format!("{} {number}, {}", class.en(), village.township_english),
            area: at.0,
            lon: degrees(at.1),
            lat: degrees(at.2),
            staff,
        });
        place_ref
    }
}
