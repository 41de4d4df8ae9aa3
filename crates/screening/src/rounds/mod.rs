//! Rounds: planned with their forecast, opened with their due list, closed with visits to the doors of the missing.

pub mod exempt;
mod facts;
pub mod follow;
pub mod forecast;
mod model;
mod promise;
pub(crate) mod roster;
pub(crate) mod store;
pub(crate) mod verbs;

pub use exempt::{Exempt, ExemptReason, Exempted, exempt};
pub use facts::{
    ClassChange, ExemptionsEnded, ForecastRevised, PeopleExempted, PoolsRevised, RosterRevised, RoundClosed,
    RoundOpened, RoundPlanned,
};
pub use follow::{FollowRound, Follows, follow_round};
pub use forecast::{Bottleneck, Forecast, ForecastInput, LaboratoryLoad, round_forecast};
pub use model::{Class, Method, Pool, RosterGrid, Round, RoundSpec, RoundState, Scope, SitePool};
pub use promise::{ForecastAnswer, forecast_now};
pub use store::{round, round_by_key, rounds};
pub use verbs::{
    CloseRound, FORECAST_TOLERANCE_MS, OpenRound, PlanRound, RoundEnd, RoundQuery, RoundView, RoundsAnswer,
    RoundsQuery, close_round, list_rounds, open_round, plan_round, show_round,
};

use outpace_access::Routes;
use outpace_core::Permission;

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let (manage, read) = (Permission::ScreeningManage, Permission::ScreeningRead);
    Routes::new()
        .command("/api/screening/rounds/plan", manage.by_area(), "Plan a round and see its hour", plan_round)
        .command("/api/screening/rounds/follow", manage.by_area(), "Plan a round that follows another", follow_round)
        .command("/api/screening/rounds/open", manage.by_area(), "Open a round, acknowledging its hour", open_round)
        .command("/api/screening/rounds/close", manage.by_area(), "Close a round", close_round)
        .query("/api/screening/rounds", read.by_area(), "List rounds, newest first", list_rounds)
        .query("/api/screening/round", read.by_area(), "One round", show_round)
        .query("/api/screening/forecast", read.whole(), "When a round's last result will be there", forecast_now)
        .command("/api/screening/exempt", manage.by_area(), "Exempt people from rounds, or end it", exempt)
}
