//! Routine screening: how often whom, by area and by where people work; what it costs a day, and what another interval
//! would change.

mod facts;
pub mod http;
pub mod rules;
pub(crate) mod store;

pub use facts::{IntervalEnded, IntervalSet};
pub use http::{
    DueAnswer, DueQuery, IntervalChange, OtherInterval, Routine, RoutineAnswer, RoutineQuery, SetInterval, due,
    end_of_today, pack_hours, routine, set_interval, what_if,
};
pub use rules::{DailyLoad, Group, Interval, Work, daily_load, interval_for};
pub use store::{intervals, never_due, worker_groups};

use outpace_access::Routes;
use outpace_core::Permission;

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let (manage, read) = (Permission::ScreeningManage, Permission::ScreeningRead);
    Routes::new()
        .query(
            "/api/screening/routine",
            read.by_area(),
            "Intervals of routine screening and what they cost a day",
            routine,
        )
        .query("/api/screening/routine/what-if", read.by_area(), "What another interval would change a day", what_if)
        .query(
            "/api/screening/routine/due",
            read.by_area(),
            "Who of a village is due today, and by which interval",
            due,
        )
        .command(
            "/api/screening/routine/set",
            manage.by_area(),
            "Adopt an interval for an area, or end it",
            set_interval,
        )
}
