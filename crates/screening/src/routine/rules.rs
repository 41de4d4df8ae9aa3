//! Which interval holds for whom, and what it costs. Pure.

use outpace_core::{AreaId, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An interval that was adopted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    /// Where it holds.
    pub area: AreaId,
    /// For people who work at places of this class in the area; absent: for everyone who lives there.
    pub workers_of: Option<String>,
    /// Hours between two samples at most.
    pub hours: i64,
    /// Why.
    pub reason: Text,
    /// The clause or order it rests on.
    pub clause: String,
}

/// Where somebody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work<'a> {
    /// The class of the place.
    pub class: &'a str,
    /// Where it stands.
    pub area: AreaId,
}

/// The interval of somebody: the one of the nearest area around their home, that of the pack where none was adopted;
/// the one for those who work where they work, if that is shorter. Answers the hours and the adopted interval.
#[must_use]
pub fn interval_for<'a>(
    adopted: &'a [Interval],
    pack_hours: i64,
    home: AreaId,
    work: Option<Work<'_>>,
) -> (i64, Option<&'a Interval>) {
    let nearest = |class: Option<&str>, at: AreaId| {
        let fits = adopted.iter().filter(|one| one.workers_of.as_deref() == class && one.area.contains(at));
        fits.max_by_key(|one| one.area)
    };
    let at_home = nearest(None, home);
    let at_work = work.and_then(|work| nearest(Some(work.class), work.area));
    let base = at_home.map_or(pack_hours, |one| one.hours);
    match at_work {
        Some(work) if work.hours < base => (work.hours, Some(work)),
        _ => (base, at_home),
    }
}

/// People with the same interval and pool size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub people: i64,
    /// Hours between two samples.
    pub hours: i64,
    /// People in a tube.
    pub pool: i64,
}

/// What screening costs a day, on average.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DailyLoad {
    /// People that it covers.
    pub people: i64,
    /// Of these sampled in a day.
    pub people_per_day: i64,
    /// Tubes in a day.
    pub tubes_per_day: i64,
    /// Hours of work of one lane in a day.
    pub sampler_hours_per_day: i64,
    /// Tubes an hour that laboratories must do, round the clock.
    pub laboratory_tubes_per_hour: i64,
}

/// Rounds a quotient up.
fn up(number: i64, by: i64) -> i64 {
    let by = by.max(1);
    number.div_euclid(by) + i64::from(number.rem_euclid(by) > 0)
}

/// What groups cost a day, where a lane passes so many people an hour. Each figure is rounded up once.
#[must_use]
pub fn daily_load(groups: &[Group], lane_people_per_hour: i64) -> DailyLoad {
    let mut load = DailyLoad::default();
    for group in groups.iter().filter(|group| group.people > 0) {
        let sampled = up(group.people.saturating_mul(24), group.hours.max(1));
        load.people += group.people;
        load.people_per_day += sampled;
        load.tubes_per_day += up(sampled, group.pool);
    }
    load.sampler_hours_per_day = up(load.people_per_day, lane_people_per_hour);
    load.laboratory_tubes_per_hour = up(load.tubes_per_day, 24);
    load
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COUNTY: AreaId = AreaId(140_121);
    const VILLAGE: AreaId = AreaId(140_121_203_206);
    const GRID: AreaId = AreaId(140_121_203_206_001);

    fn interval(area: AreaId, workers_of: Option<&str>, hours: i64) -> Interval {
        Interval {
            area,
            workers_of: workers_of.map(str::to_owned),
            hours,
            reason: Text::new("试", "a trial"),
            clause: "order 1".to_owned(),
        }
    }

    #[test]
    fn the_nearest_area_decides_and_the_shorter_of_home_and_work() {
        let adopted = [interval(COUNTY, None, 72), interval(VILLAGE, None, 48), interval(COUNTY, Some("market"), 24)];
        let hours = |home, work| interval_for(&adopted, 168, home, work).0;
        assert_eq!(hours(AreaId(140_105_001_001_001), None), 168, "the pack's, where none was adopted");
        assert_eq!(hours(AreaId(140_121_100_201_001), None), 72);
        assert_eq!(hours(GRID, None), 48);
        assert_eq!(hours(GRID, Some(Work { class: "market", area: GRID })), 24);
        assert_eq!(hours(GRID, Some(Work { class: "school", area: GRID })), 48);
        let elsewhere = Work { class: "market", area: AreaId(140_105_001_001_001) };
        assert_eq!(hours(GRID, Some(elsewhere)), 48);
    }

    #[test]
    fn a_city_of_five_million_every_three_days_and_every_two() {
        let load = |hours| daily_load(&[Group { people: 5_300_000, hours, pool: 20 }], 120);
        let (three, two) = (load(72), load(48));
        assert_eq!((three.people_per_day, three.tubes_per_day), (1_766_667, 88_334));
        assert_eq!((two.people_per_day, two.sampler_hours_per_day), (2_650_000, 22_084));
        assert_eq!((three.laboratory_tubes_per_hour, two.laboratory_tubes_per_hour), (3_681, 5_521));
    }

    proptest! {
        /// A shorter interval, more people or a smaller pool never cost less; two groups cost what each does.
        #[test]
        fn load_is_monotone_and_adds_up(
            people in 0_i64..6_000_000, hours in 1_i64..400, pool in 1_i64..30, less in 0_i64..300, more in 0_i64..1_000,
        ) {
            let load = |people, hours, pool| daily_load(&[Group { people, hours, pool }], 120);
            let base = load(people, hours, pool);
            let denser = load(people, (hours - less).max(1), pool);
            prop_assert!(denser.people_per_day >= base.people_per_day && denser.tubes_per_day >= base.tubes_per_day);
            prop_assert!(load(people + more, hours, pool).tubes_per_day >= base.tubes_per_day);
            prop_assert!(load(people, hours, (pool - 1).max(1)).tubes_per_day >= base.tubes_per_day);
            prop_assert!(base.tubes_per_day * pool >= base.people_per_day);
            prop_assert!(base.people_per_day * hours >= people * 24);
            let two = daily_load(&[Group { people, hours, pool }, Group { people: more, hours, pool }], 120);
            prop_assert_eq!(two.tubes_per_day, base.tubes_per_day + load(more, hours, pool).tubes_per_day);
        }

        /// An interval that is adopted never makes anybody's longer than the shortest that fits them.
        #[test]
        fn an_interval_is_one_that_was_adopted_or_the_packs(hours in proptest::collection::vec(1_i64..400, 0..5), pack in 1_i64..400) {
            let areas = [COUNTY, VILLAGE, GRID];
            let adopted: Vec<Interval> =
                hours.iter().enumerate().map(|(at, hours)| interval(areas[at % 3], (at > 2).then_some("market"), *hours)).collect();
            let (found, by) = interval_for(&adopted, pack, GRID, Some(Work { class: "market", area: GRID }));
            prop_assert_eq!(found, by.map_or(pack, |one| one.hours));
            let at_home = interval_for(&adopted, pack, GRID, None).0;
            prop_assert!(found <= at_home);
        }
    }
}
