//! Laboratories: taking tubes in, the queue by priority, plates, results in batches and from files, exclusions, tubes
//! declared lost.

mod exclude;
pub(crate) mod exclusions;
mod facts;
pub mod file;
mod intake;
mod model;
pub mod outlook;
pub mod plate;
mod results;
mod setup;
pub mod sheet;
pub(crate) mod store;

pub use exclude::{ExcludeResults, Excluded, SignExclusion, VoidPlate, exclude_results, sign_exclusion, void_plate};
pub use exclusions::{Exclusion, ExclusionSigned, ExclusionsAnswer, list_exclusions};
pub use facts::{
    ExcludedResults, ExclusionReason, LaboratorySet, LossReason, ResultRow, ResultsExcluded, ResultsReported, TubeIn,
    TubesLost, TubesReceived,
};
pub use file::{BadCell, FileAnswer, ReportFile, SheetQuery, read_file, report_file, results_sheet};
pub use intake::{BadCode, DeclareLost, Intake, IntakeAnswer, LostAnswer, declare_lost, intake};
pub use model::{Laboratory, LaboratorySpec, Outcome, Standing, TubeResult, standing, standing_of};
pub use outlook::{LaboratoryOutlook, OutlookAnswer, laboratory_load, outlooks};
pub use plate::{
    Control, LoadPlate, LoadWell, Plate, PlateCode, PlateLoaded, PlateQuery, Well, WellContent, WellsFilled,
    load_plate, show_plate,
};
pub use results::{BadResult, ReportResults, ReportedResult, ResultsAnswer, report_results};
pub use setup::{
    LaboratoriesAnswer, QueueAnswer, QueueQuery, QueuedTube, SetLaboratory, list_laboratories, list_queue,
    set_laboratory,
};
pub(crate) use store::loads;
pub use store::{Suspect, laboratories, laboratory, laboratory_by_key, positive_tubes, results_of, suspects};

use outpace_access::Routes;
use outpace_core::Permission;
use outpace_store::Capability;

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    exclusions::join(plate::join(store::join(capability)))
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let (work, read) = (Permission::LaboratoryWork, Permission::ScreeningRead);
    Routes::new()
        .command(
            "/api/screening/laboratories/set",
            Permission::ScreeningManage.by_area(),
            "Set up or change a laboratory",
            set_laboratory,
        )
        .query(
            "/api/screening/laboratories",
            read.by_area(),
            "List laboratories with what waits there",
            list_laboratories,
        )
        .query(
            "/api/screening/laboratories/load",
            read.by_area(),
            "Load of laboratories and hour of the last result",
            laboratory_load,
        )
        .query("/api/screening/queue", read.by_area(), "What waits at a laboratory, first first", list_queue)
        .command("/api/screening/intake", work.by_area(), "Take tubes in at a laboratory", intake)
        .command("/api/screening/losses", Permission::ScreeningCarry.by_area(), "Declare tubes lost", declare_lost)
        .command(
            "/api/screening/results",
            work.by_area(),
            "Report results; bad rows are told, good rows go in",
            report_results,
        )
        .prepared(
            "/api/screening/results/file",
            work.by_area(),
            "Report results from a CSV or XLSX file; bad cells are told, good rows go in",
            read_file,
            report_file,
        )
        .document("/api/screening/results/sheet", read.by_area(), "A sheet of tubes to fill in, as CSV", results_sheet)
        .command(
            "/api/screening/results/exclude",
            work.by_area(),
            "Take results back by a signed exclusion",
            exclude_results,
        )
        .command(
            "/api/screening/results/exclude/sign",
            work.by_area(),
            "Give an exclusion its second signature",
            sign_exclusion,
        )
        .query(
            "/api/screening/results/exclusions",
            read.by_area(),
            "Exclusions that wait for a second signature",
            list_exclusions,
        )
        .command("/api/screening/plates/load", work.by_area(), "Say which tube lies in which well", load_plate)
        .command(
            "/api/screening/plates/void",
            work.by_area(),
            "Declare a plate void: all that was read off it falls",
            void_plate,
        )
        .query("/api/screening/plate", read.by_area(), "A plate with its wells", show_plate)
}
