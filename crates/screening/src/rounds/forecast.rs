//! When will the last result be there? Reckoned before a round is opened, shown to the officer who opens it, and
//! reckoned again with the same function while the round runs, so that a promise that cannot be kept is revised in
//! public before it is broken.
//!
//! The model is a fluid one: people pass the staffed lanes at an even rate; tubes leave as they fill; a leg takes its
//! minutes; laboratories work their queue without pause, in proportion to what they can do. A queue that never idles
//! while work waits ends at the latest of three moments: when the last tube arrives; when everything that arrives
//! could have been done from the first arrival on; when the backlog and everything could have been done from now on.

use outpace_core::Timestamp;
use outpace_core::time::{HOUR_MS, MINUTE_MS};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::words;

/// Minutes between a tube's last swab and its box leaving the site: sealing, packing, waiting for the courier.
pub const HANDLING_MINUTES: i64 = 30;

/// One laboratory that works for the round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaboratoryLoad {
    /// Tubes an hour.
    pub tubes_per_hour: i64,
    /// Minutes from the machine's start to the report.
    pub turnaround_minutes: i64,
    /// Minutes of the way from the sites.
    pub leg_minutes: i64,
    /// Tubes that already wait there or are on their way.
    pub backlog_tubes: i64,
}

/// What is known when the hour is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastInput {
    /// The present moment.
    pub now: Timestamp,
    /// When sampling begins (or began).
    pub starts_at: Timestamp,
    /// When sampling is to end.
    pub ends_at: Timestamp,
    /// People who are still to be sampled.
    pub due_people: i64,
    /// People an hour over all staffed lanes.
    pub people_per_hour: i64,
    /// People in a tube on average.
    pub people_per_tube: i64,
    /// The laboratories.
    pub laboratories: Vec<LaboratoryLoad>,
}

words! {
    /// What decides the hour: the one thing worth adding to.
    pub enum Bottleneck {
        /// Lanes and samplers.
        Lanes = "lanes" / "采样通道",
        /// The laboratories.
        Laboratories = "laboratories" / "检测能力",
    }
}

/// When the last result will be there, and what decides it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Forecast {
    /// People still to be sampled.
    pub due_people: i64,
    /// Tubes they fill.
    pub tubes: i64,
    /// People an hour.
    pub people_per_hour: i64,
    /// Tubes an hour that the laboratories can do.
    pub tubes_per_hour: i64,
    /// When the last swab is taken.
    pub sampling_until: Timestamp,
    /// When the last tube is at the laboratory.
    pub last_received_at: Timestamp,
    /// When the last result is there.
    pub last_result_at: Timestamp,
    /// Whether sampling ends inside the round's window.
    pub within_window: bool,
    /// What decides the hour.
    pub bottleneck: Bottleneck,
}

/// Milliseconds that `count` things take at `per_hour`, rounded up.
fn lasting(count: i64, per_hour: i64) -> i64 {
    let exact = i128::from(count.max(0)) * i128::from(HOUR_MS);
    let per_hour = i128::from(per_hour.max(1));
    i64::try_from((exact + per_hour - 1) / per_hour).unwrap_or(i64::MAX / 4)
}

/// The forecast; `None` where nothing can be sampled or tested at all (no staffed lane, no laboratory), unless there
/// is nothing left to do.
#[must_use]
pub fn round_forecast(input: &ForecastInput) -> Option<Forecast> {
    let tubes_per_hour: i64 = input.laboratories.iter().map(|laboratory| laboratory.tubes_per_hour.max(0)).sum();
    let backlog: i64 = input.laboratories.iter().map(|laboratory| laboratory.backlog_tubes.max(0)).sum();
    let due = input.due_people.max(0);
    let tubes = due.div_euclid(input.people_per_tube.max(1)) + i64::from(due % input.people_per_tube.max(1) > 0);
    if (due > 0 && input.people_per_hour <= 0) || (tubes + backlog > 0 && tubes_per_hour <= 0) {
        return None;
    }
    let longest = |minutes: fn(&LaboratoryLoad) -> i64| input.laboratories.iter().map(minutes).max().unwrap_or(0);
    let way_ms = (HANDLING_MINUTES + longest(|laboratory| laboratory.leg_minutes)) * MINUTE_MS;
    let turnaround_ms = longest(|laboratory| laboratory.turnaround_minutes) * MINUTE_MS;

    let sampling_from = input.now.max(input.starts_at);
    let sampling_until = Timestamp(sampling_from.0.saturating_add(lasting(due, input.people_per_hour)));
    let first_received = sampling_from.0.saturating_add(way_ms);
    let last_received = if due > 0 { sampling_until.0.saturating_add(way_ms) } else { input.now.0 };
    let from_first = first_received.saturating_add(lasting(tubes, tubes_per_hour));
    let from_now = input.now.0.saturating_add(lasting(backlog + tubes, tubes_per_hour));
    let worked_off = if due > 0 { from_first.max(from_now) } else { from_now };
    Some(Forecast {
        due_people: due,
        tubes,
        people_per_hour: input.people_per_hour,
        tubes_per_hour,
        sampling_until,
        last_received_at: Timestamp(last_received),
        last_result_at: Timestamp(last_received.max(worked_off).saturating_add(turnaround_ms)),
        within_window: sampling_until <= input.ends_at,
        bottleneck: if worked_off > last_received { Bottleneck::Laboratories } else { Bottleneck::Lanes },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn east_of_the_river() -> ForecastInput {
        let starts_at = Timestamp::parse_local("2022-04-13T19:00", 480).unwrap();
        ForecastInput {
            now: starts_at.plus_hours(-2),
            starts_at,
            ends_at: starts_at.plus_hours(6),
            due_people: 119_246,
            people_per_hour: 152 * 131,
            people_per_tube: 10,
            laboratories: vec![LaboratoryLoad {
                tubes_per_hour: 3_000,
                turnaround_minutes: 120,
                leg_minutes: 60,
                backlog_tubes: 0,
            }],
        }
    }

    #[test]
    fn six_hours_of_sampling_and_the_way_and_the_machine_give_the_hour() {
        let forecast = round_forecast(&east_of_the_river()).unwrap();
        assert_eq!(forecast.tubes, 11_925);
        assert!(forecast.within_window);
        assert_eq!(forecast.sampling_until.local(480), "2022-04-14 00:59");
        assert_eq!(forecast.last_result_at.local(480), "2022-04-14 04:29");
        assert_eq!(forecast.bottleneck, Bottleneck::Lanes);
    }

    #[test]
    fn a_small_laboratory_decides_the_hour_by_itself() {
        let mut input = east_of_the_river();
        input.laboratories[0].tubes_per_hour = 500;
        let forecast = round_forecast(&input).unwrap();
        assert_eq!(forecast.bottleneck, Bottleneck::Laboratories);
        // 11,925 tubes at 500 an hour are 23 h 51 min, from the first arrival at 20:30, and two hours in the machine.
        assert_eq!(forecast.last_result_at.local(480), "2022-04-14 22:21");
    }

    #[test]
    fn without_a_staffed_lane_there_is_no_hour_to_promise() {
        let mut input = east_of_the_river();
        input.people_per_hour = 0;
        assert_eq!(round_forecast(&input), None);
        input.due_people = 0;
        assert!(round_forecast(&input).is_some());
    }

    proptest! {
        #[test]
        fn more_lanes_or_a_faster_laboratory_never_make_it_later(
            due in 1_i64..500_000, lanes in 1_i64..500, rate in 1_i64..5_000, backlog in 0_i64..20_000, more in 1_i64..100,
        ) {
            let mut input = east_of_the_river();
            input.due_people = due;
            input.people_per_hour = lanes * 131;
            input.laboratories[0].tubes_per_hour = rate;
            input.laboratories[0].backlog_tubes = backlog;
            let before = round_forecast(&input).unwrap();
            let mut lanes_added = input.clone();
            lanes_added.people_per_hour += more * 131;
            let mut laboratory_added = input.clone();
            laboratory_added.laboratories[0].tubes_per_hour += more;
            prop_assert!(round_forecast(&lanes_added).unwrap().last_result_at <= before.last_result_at);
            prop_assert!(round_forecast(&laboratory_added).unwrap().last_result_at <= before.last_result_at);
            prop_assert!(before.last_result_at >= before.last_received_at && before.last_received_at >= before.sampling_until);
        }
    }
}
