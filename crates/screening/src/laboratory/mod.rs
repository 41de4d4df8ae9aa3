//! Laboratories: taking tubes in, the queue by priority, results in batches, exclusions, tubes declared lost.

mod exclude;
mod facts;
mod intake;
mod model;
mod results;
mod setup;
pub(crate) mod store;

pub use exclude::{ExcludeResults, Excluded, exclude_results};
pub use facts::{
    ExcludedResults, ExclusionReason, LaboratorySet, LossReason, ResultRow, ResultsExcluded, ResultsReported, TubeIn,
    TubesLost, TubesReceived,
};
pub use intake::{BadCode, DeclareLost, Intake, IntakeAnswer, LostAnswer, declare_lost, intake};
pub use model::{Laboratory, LaboratorySpec, Outcome, Standing, TubeResult, standing, standing_of};
pub use results::{BadResult, ReportResults, ReportedResult, ResultsAnswer, report_results};
pub use setup::{
    LaboratoriesAnswer, QueueAnswer, QueueQuery, QueuedTube, SetLaboratory, list_laboratories, list_queue,
    set_laboratory,
};
pub(crate) use store::loads;
pub use store::{Suspect, laboratories, laboratory, laboratory_by_key, positive_tubes, results_of, suspects};

use outpace_access::Routes;
use outpace_core::Permission;

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let (work, read) = (Permission::LaboratoryWork, Permission::ScreeningRead);
    Routes::new()
        .command(
            "/api/screening/laboratories/set",
            Permission::ScreeningManage,
            "Set up or change a laboratory",
            set_laboratory,
        )
        .query("/api/screening/laboratories", read, "List laboratories with what waits there", list_laboratories)
        .query("/api/screening/queue", read, "What waits at a laboratory, first first", list_queue)
        .command("/api/screening/intake", work, "Take tubes in at a laboratory", intake)
        .command("/api/screening/losses", Permission::ScreeningCarry, "Declare tubes lost", declare_lost)
        .command("/api/screening/results", work, "Report results; bad rows are told, good rows go in", report_results)
        .command("/api/screening/results/exclude", work, "Take results back by a signed exclusion", exclude_results)
}
