//! Measures on areas, places and goods: zones with their levels, closures of classes of places, holds of places and of
//! goods, passes through the gates of a zone, and the daily duties of a locked area.
//!
//! Nothing is proposed here and nothing decided: what stands in these tables was approved and is in force, or was seen
//! to be imposed by someone else and enforces nothing. Every row names its [`ground`], its start, and its end or the
//! rule of its lifting. Start with [`zones`], then [`closures`], [`passes`] and [`fn@tick`].

pub mod closures;
pub mod errors;
pub mod ground;
mod http;
pub mod passes;
#[cfg(test)]
mod tests;
mod tick;
pub mod zones;

pub use closures::{
    Closure, EndReason, ExtendHold, NewClosure, Target, TargetKind, close_class, extend_hold, hold_goods,
    hold_of_place, hold_place, release_goods, release_place, reopen,
};
pub use ground::{Ground, ImposedBy};
pub use http::{population_by_level, population_of_zone, routes};
pub use passes::{NewPass, Pass, PassId};
pub use tick::{Due, DueWhat, Ticked, due_between, tick};
pub use zones::{
    Duty, DutyKind, Lift, NewZone, Zone, ZoneChange, ZonePopulation, change, declare, duties_due, in_force,
    in_force_at, level_at, level_at_time, level_of_place, lift, strictness, zone, zones_at,
};

use outpace_store::Capability;

const MIGRATIONS: &[&str] = &[zones::store::SCHEMA, closures::store::SCHEMA, passes::store::SCHEMA];

/// What the store must know: tables and folds.
#[must_use]
pub fn capability() -> Capability {
    Capability::new("zoning")
        .schema(MIGRATIONS)
        .table("zone", "j, id")
        .table("zone_area", "j, area, zone")
        .table("zone_place", "j, place, zone")
        .table("zone_step", "j, zone, seq")
        .table("closure", "j, id")
        .table("zoning_tally", "j, name")
        .table("pass", "j, id")
        .fold(zones::store::fold_declared)
        .fold(zones::store::fold_observed)
        .fold(zones::store::fold_changed)
        .fold(zones::store::fold_lift_due)
        .fold(zones::store::fold_lifted)
        .fold(zones::store::fold_noticed)
        .fold(closures::store::fold_began)
        .fold(closures::store::fold_observed)
        .fold(closures::store::fold_warned)
        .fold(closures::store::fold_extended)
        .fold(closures::store::fold_ended)
        .fold(passes::store::fold_issued)
        .fold(passes::store::fold_revoked)
}
