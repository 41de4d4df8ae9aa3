//! Kindergartens and schools with their classes. Every child of school age goes to the nearest school of its township;
//! high schools stand in the two largest townships. Sizes and enrolment are assumptions for a county.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::classes::PlaceClass as Class;
use super::model::{Activity, PersonRef, PlaceRef, Room, RoomKind, RoomRef};
use super::{DAY, Population, streams};

/// One kind of school: class of place, ages taught, pupils that a school is built for, share enrolled.
struct Stage {
    class: Class,
    ages: std::ops::RangeInclusive<u8>,
    pupils: usize,
    enrolled: f64,
    /// In how many townships, the largest first; `usize::MAX` for all.
    townships: usize,
}

const STAGES: [Stage; 4] = [
    Stage { class: Class::Kindergarten, ages: 3..=5, pupils: 150, enrolled: 0.88, townships: usize::MAX },
    Stage { class: Class::PrimarySchool, ages: 6..=11, pupils: 450, enrolled: 1.0, townships: usize::MAX },
    Stage { class: Class::MiddleSchool, ages: 12..=14, pupils: 800, enrolled: 1.0, townships: usize::MAX },
    Stage { class: Class::HighSchool, ages: 15..=17, pupils: 2_000, enrolled: 0.92, townships: 2 },
];
/// Pupils of a class at most.
pub const CLASS_PUPILS_MAX: usize = 42;
/// Pupils for each member of the staff.
const PUPILS_PER_STAFF: usize = 13;

impl Population {
    /// Opens the schools and puts every pupil into a class.
    pub(super) fn open_schools(&mut self) {
        let mut random = streams::named(self.seed, "schools");
        for stage in &STAGES {
            let pupils = self.pupils_by_village(stage, &mut random);
            let schools = self.build_schools(stage, &pupils, &mut random);
            let mut of_school = vec![Vec::new(); schools.len()];
            for (village, pupils) in pupils.into_iter().enumerate() {
                if let Some(nearest) = self.nearest(village, &schools, stage.townships == usize::MAX) {
                    of_school[nearest].extend(pupils);
                }
            }
            for (&(_, school), pupils) in schools.iter().zip(of_school) {
                self.enrol(school, stage, pupils, &mut random);
            }
        }
    }

    fn pupils_by_village(&self, stage: &Stage, random: &mut ChaCha8Rng) -> Vec<Vec<PersonRef>> {
        let mut pupils = vec![Vec::new(); self.villages.len()];
        for (person, reference) in self.people.iter().zip(self.references()) {
            if stage.ages.contains(&person.age_on(DAY)) && random.random_bool(stage.enrolled) {
                pupils[usize::from(self.household(person.household).village)].push(reference);
            }
        }
        pupils
    }

    // As many schools as the pupils need, in the largest villages; each with the village that it stands in.
    fn build_schools(
        &mut self,
        stage: &Stage,
        pupils: &[Vec<PersonRef>],
        random: &mut ChaCha8Rng,
    ) -> Vec<(usize, PlaceRef)> {
        let mut townships: Vec<Vec<usize>> = self.townships().into_values().collect();
        let residents = |village: usize| self.villages[village].residents;
        townships.sort_by_key(|villages| std::cmp::Reverse(villages.iter().map(|&one| residents(one)).sum::<u32>()));
        townships.truncate(stage.townships);
        let everyone: usize = pupils.iter().map(Vec::len).sum();
        let mut sites = Vec::new();
        for villages in &mut townships {
            villages.sort_by_key(|&village| std::cmp::Reverse(residents(village)));
            let own: usize = villages.iter().map(|&village| pupils[village].len()).sum();
            let own = if stage.townships == usize::MAX { own } else { everyone / stage.townships };
            sites.extend(villages.iter().copied().take(own.div_ceil(stage.pupils).max(1)));
        }
        let open = |village| Some((village, self.open_in(random, village, stage.class, 0)?));
        sites.into_iter().filter_map(open).collect()
    }

    fn nearest(&self, village: usize, schools: &[(usize, PlaceRef)], own_township: bool) -> Option<usize> {
        let home = &self.villages[village];
        let away = |site: usize| {
            let there = &self.villages[site];
            (there.lon - home.lon).hypot(there.lat - home.lat)
        };
        let open = schools.iter().enumerate();
        open.filter(|(_, (site, _))| !own_township || self.villages[*site].township() == home.township())
            .min_by(|(_, (a, _)), (_, (b, _))| away(*a).total_cmp(&away(*b)))
            .map(|(index, _)| index)
    }

    // Classes of one age each, as equal as can be.
    fn enrol(&mut self, school: PlaceRef, stage: &Stage, mut pupils: Vec<PersonRef>, random: &mut ChaCha8Rng) {
        pupils.shuffle(random);
        let staff = pupils.len().div_ceil(PUPILS_PER_STAFF);
        self.places[school.index()].staff = u32::try_from(staff).unwrap_or(u32::MAX);
        let mut number = 0;
        for age in stage.ages.clone() {
            let year: Vec<PersonRef> =
                pupils.iter().copied().filter(|&pupil| self.person(pupil).age_on(DAY) == age).collect();
            let classes = year.len().div_ceil(CLASS_PUPILS_MAX).max(1);
            for class in year.chunks(year.len().div_ceil(classes).max(1)) {
                number += 1;
                let room = self.add_room(school, RoomKind::Classroom, number);
                for pupil in class {
                    let person = &mut self.people[pupil.index()];
                    (person.activity, person.place, person.room) = (Activity::Pupil, Some(school), Some(room));
                }
            }
        }
    }

    /// Adds a room to a place.
    pub(super) fn add_room(&mut self, place_ref: PlaceRef, kind: RoomKind, number: u32) -> RoomRef {
        let room_ref = RoomRef::at(self.rooms.len());
        self.rooms.push(Room { room_ref, place_ref, kind, number, household_ref: None });
        room_ref
    }
}
