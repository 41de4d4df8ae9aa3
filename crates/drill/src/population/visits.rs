//! Where people were in the days before the drill: at work, at school, on the bus, in the shops. Visits are not stored:
//! they are made when asked for, for one person or one place, and are the same each time.
//!
//! Contacts follow from them and from what the population already says: the household, the room, the workplace, the
//! vehicle, and who was at a place at the same time.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use outpace_core::{AreaId, Timestamp};
use serde::{Deserialize, Serialize};

use super::Population;
use super::classes::PlaceClass as Class;
use super::model::{Activity, Person, PersonRef, PlaceRef, RoomRef, Shift, VehicleRef};
use super::streams::Small;

/// Minutes by which Taiyuan's clocks are ahead of UTC.
pub const UTC_OFFSET_MINUTES: i64 = 480;
/// Days of the week on which a shop or factory worker is at work: all but one, which differs by person.
const WORKER_WEEK_DAYS: i64 = 7;
const RIDE_MINUTES: i64 = 30;
/// Of a hundred people of 12 and older, how many go on an errand on a day, and of these how many in their village and
/// in their township (the rest in the county seat). Assumptions.
const ERRAND_PERCENT: u32 = 35;
const ERRAND_IN_VILLAGE_PERCENT: u32 = 80;
const ERRAND_IN_TOWNSHIP_PERCENT: u32 = 75;
const ERRAND_YEARS_MIN: u8 = 12;
/// An errand takes from 5 to 35 minutes.
const ERRAND_MINUTES_MIN: i64 = 5;
const ERRAND_MINUTES_SPREAD: u32 = 31;

/// Why someone was where they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitKind {
    /// At the workplace, on shift.
    Work,
    /// At school.
    School,
    /// Shopping, eating out, a haircut.
    Errand,
    /// In a vehicle with usual riders.
    Ride,
}

/// Someone was somewhere from one moment to another: in a place (and a room of it) or in a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Who.
    pub person_ref: PersonRef,
    /// Why.
    pub kind: VisitKind,
    /// The place; `None` in a vehicle.
    pub place_ref: Option<PlaceRef>,
    /// The room, class or team.
    pub room_ref: Option<RoomRef>,
    /// The vehicle; `None` in a place.
    pub vehicle_ref: Option<VehicleRef>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

/// The places that people go on errands to, by how far they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Errands {
    of_village: Vec<Vec<PlaceRef>>,
    of_township: BTreeMap<AreaId, Vec<PlaceRef>>,
    seat: Option<AreaId>,
}

impl Errands {
    /// Lists the errand places of a county.
    pub(super) fn of(county: &Population) -> Self {
        let mut errands =
            Self { of_village: vec![Vec::new(); county.villages.len()], of_township: BTreeMap::new(), seat: None };
        errands.seat = county.county_seat();
        for place in &county.places {
            let village = AreaId(place.area.0 / 1000);
            match place.class {
                Class::Shop | Class::Restaurant | Class::Barber | Class::VillageClinic => {
                    if let Ok(index) = county.villages.binary_search_by_key(&village, |village| village.area) {
                        errands.of_village[index].push(place.place_ref);
                    }
                }
                Class::Supermarket
                | Class::Market
                | Class::Pharmacy
                | Class::Bank
                | Class::Bathhouse
                | Class::CourierOutlet => {
                    errands.of_township.entry(AreaId(village.0 / 1000)).or_default().push(place.place_ref);
                }
                _ => {}
            }
        }
        errands
    }
}

impl Population {
    /// Where a person was on each day from `first` to `last`, both included, in order of time. Someone away was nowhere
    /// in the county. A night shift counts to the day on which it begins and ends on the next.
    #[must_use]
    pub fn visits(&self, reference: PersonRef, first: Date, last: Date) -> Vec<Visit> {
        let mut visits = Vec::new();
        if self.person(reference).is_present() {
            for day in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
                self.day_of(reference, day, &mut visits);
            }
        }
        visits.sort_by_key(|visit| (visit.from, visit.to));
        visits
    }

    /// All visits of everybody in these days, person by person.
    pub fn visits_of_all(&self, first: Date, last: Date) -> impl Iterator<Item = Visit> + '_ {
        self.references().flat_map(move |reference| self.visits(reference, first, last))
    }

    /// Everybody's visits to one place in these days, in order of time. Runs through the whole county.
    #[must_use]
    pub fn visits_at(&self, place: PlaceRef, first: Date, last: Date) -> Vec<Visit> {
        let mut visits: Vec<Visit> =
            self.visits_of_all(first, last).filter(|visit| visit.place_ref == Some(place)).collect();
        visits.sort_by_key(|visit| (visit.from, visit.to, visit.person_ref));
        visits
    }

    /// The people who share a room, class or team.
    pub fn people_in_room(&self, room: RoomRef) -> impl Iterator<Item = PersonRef> + '_ {
        self.people_where(move |person| person.room == Some(room))
    }

    /// The people who work or learn at a place.
    pub fn people_at_place(&self, place: PlaceRef) -> impl Iterator<Item = PersonRef> + '_ {
        self.people_where(move |person| person.place == Some(place))
    }

    /// The usual riders of a vehicle.
    pub fn riders_of(&self, vehicle: VehicleRef) -> impl Iterator<Item = PersonRef> + '_ {
        self.people_where(move |person| person.vehicle == Some(vehicle))
    }

    fn people_where(&self, wanted: impl Fn(&Person) -> bool + 'static) -> impl Iterator<Item = PersonRef> + '_ {
        self.references().zip(&self.people).filter(move |(_, person)| wanted(person)).map(|(reference, _)| reference)
    }

    fn day_of(&self, reference: PersonRef, day: Date, visits: &mut Vec<Visit>) {
        let person = self.person(reference);
        let hours = self.hours_on(reference, day);
        if let (Some((from, to)), Some(place)) = (hours, person.place) {
            let kind = if person.activity == Activity::Pupil { VisitKind::School } else { VisitKind::Work };
            let at = Visit {
                person_ref: reference,
                kind,
                place_ref: Some(place),
                room_ref: person.room,
                vehicle_ref: None,
                from: moment(day, from),
                to: moment(day, to),
            };
            visits.push(at);
            if person.vehicle.is_some() {
                for start in [from - RIDE_MINUTES, to] {
                    let ride = Visit { kind: VisitKind::Ride, place_ref: None, room_ref: None, ..at };
                    let (from, to) = (moment(day, start), moment(day, start + RIDE_MINUTES));
                    visits.push(Visit { vehicle_ref: person.vehicle, from, to, ..ride });
                }
            }
        }
        visits.extend(self.errand(reference, day, hours));
    }

    // Minutes after midnight at which work or school begins and ends; `None` on a day off.
    fn hours_on(&self, reference: PersonRef, day: Date) -> Option<(i64, i64)> {
        let person = self.person(reference);
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        // The park sorts parcels every day, and in these days with everybody.
        let of_park = self
            .park
            .as_ref()
            .zip(person.place)
            .is_some_and(|(park, place)| place == park.place_ref || place == park.distribution_centre);
        let off = (epoch_day(day) + i64::from(reference.0)) % WORKER_WEEK_DAYS == 0 && !of_park;
        match (person.activity, person.shift) {
            (Activity::Pupil, _) if !weekend => Some((8 * 60, 17 * 60)),
            (Activity::Worker, Some(Shift::Office)) if !weekend => Some((8 * 60 + 30, 17 * 60 + 30)),
            (Activity::Worker, Some(Shift::Day)) if !off => Some((8 * 60, 20 * 60)),
            (Activity::Worker, Some(Shift::Night)) if !off => Some((20 * 60, 32 * 60)),
            _ => None,
        }
    }

    fn errand(&self, reference: PersonRef, day: Date, hours: Option<(i64, i64)>) -> Option<Visit> {
        let person = self.person(reference);
        let mut random = Small::keyed(self.seed, "errands", u64::from(reference.0), epoch_day(day).unsigned_abs());
        if person.age_on(self.day) < ERRAND_YEARS_MIN || !random.percent(ERRAND_PERCENT) {
            return None;
        }
        let home = self.household(person.household).village;
        let near = random.percent(ERRAND_IN_VILLAGE_PERCENT);
        let township = if random.percent(ERRAND_IN_TOWNSHIP_PERCENT) {
            Some(self.villages[usize::from(home)].township())
        } else {
            self.errands.seat
        };
        let choice = if near {
            self.errands.of_village.get(usize::from(home))?
        } else {
            self.errands.of_township.get(&township?)?
        };
        let place = choice.get(random.below(u32::try_from(choice.len()).unwrap_or(0)) as usize)?;
        // Before the night shift, after any other, else by day; shops close at 21:30.
        let (opens, spread) = match hours {
            Some((start, _)) if start >= 20 * 60 => (10 * 60, 8 * 60),
            Some((_, end)) => (end + RIDE_MINUTES, 25),
            None if person.activity == Activity::Commuter => (19 * 60, 90),
            None => (8 * 60 + 30, 10 * 60),
        };
        let from = opens + i64::from(random.below(spread));
        let to = from + ERRAND_MINUTES_MIN + i64::from(random.below(ERRAND_MINUTES_SPREAD));
        Some(Visit {
            person_ref: reference,
            kind: VisitKind::Errand,
            place_ref: Some(*place),
            room_ref: None,
            vehicle_ref: None,
            from: moment(day, from),
            to: moment(day, to),
        })
    }
}

fn epoch_day(day: Date) -> i64 {
    let since_epoch = day.duration_since(jiff::civil::date(1970, 1, 1));
    since_epoch.as_hours() / 24
}

fn moment(day: Date, minutes: i64) -> Timestamp {
    Timestamp::start_of_local_day(epoch_day(day), UTC_OFFSET_MINUTES).plus_minutes(minutes)
}
