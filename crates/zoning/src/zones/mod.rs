//! Zones: areas and places under measures, with a level, a reason and a clock.
//!
//! A zone is here once it was approved; the response draws, changes and lifts it by [`declare`], [`change`] and
//! [`lift`]. Two families of levels exist side by side until June 2022: a zone may be a lockdown zone and at the same
//! time a medium-risk area.

pub mod commands;
pub mod facts;
pub mod model;
pub mod rules;
pub mod store;

pub use commands::{attach_notice, change, declare, lift, observe};
pub use model::{Lift, NewZone, PARTS_MAX, Zone, ZoneChange, ZonePopulation, ZoneStep};
pub use rules::{Duty, DutyKind, duties_due, strictness};
pub use store::{
    in_force, in_force_at, level_at, level_at_time, level_of_place, lifted_around, observed, zone, zones_at,
};
