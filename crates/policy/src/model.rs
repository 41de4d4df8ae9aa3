//! The tree of rules that a pack consists of: one struct per subject, one field per value.
//!
//! Every field is a [`Sourced`] value (or a section of them), so that whatever is decided can cite its clause. Units
//! stand last in the names. Day numbers count from day 0 as [`ClockRules`] defines it; "0" in a number of days means
//! "not asked for" where the field says so.

mod cases;
mod community;
mod contacts;
mod measures;
mod quarantine;
mod screening;
mod zones;

pub use cases::*;
pub use community::*;
pub use contacts::*;
pub use measures::*;
pub use quarantine::*;
pub use screening::*;
pub use zones::*;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::{Every, Sourced};

/// Which layers a pack was assembled from.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LayerUsed {
    /// Id of the layer, such as `control-plan-ed8`.
    pub id: String,
    /// Its kind.
    pub kind: LayerKind,
    /// Chinese title.
    pub title_zh: String,
    /// English title.
    pub title_en: String,
    /// The day from which the document applied.
    pub effective: Date,
    /// File it stands in.
    pub file: String,
}

closed! {
    /// What a layer is.
    pub enum LayerKind: "layer kind" {
        /// Our own defaults for what no document says; every other layer overrides them.
        Operations = "operations" / "运行参数",
        /// Rules that the sources report without naming an edition.
        Practice = "practice" / "通行做法",
        /// The control plan (防控方案).
        ControlPlan = "control_plan" / "防控方案",
        /// The diagnosis and treatment plan (诊疗方案).
        TreatmentPlan = "treatment_plan" / "诊疗方案",
        /// The guide to regional nucleic-acid screening (核酸检测组织实施指南).
        ScreeningGuide = "screening_guide" / "核酸检测指南",
        /// What a province or city added or changed.
        Overlay = "overlay" / "地方规定",
    }
}

/// A complete, checked set of rules for a date.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Pack {
    /// Id, such as `cn-2021-ed8`.
    pub id: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Pathogen, as a key such as `sars-cov-2`.
    pub pathogen: String,
    /// The day for which the layers were picked.
    pub date: Date,
    /// The layers, lowest first.
    pub layers: Vec<LayerUsed>,
    /// The rules.
    pub rules: Rules,
}

/// `pack.quarantine` reads better than `pack.rules.quarantine`.
impl std::ops::Deref for Pack {
    type Target = Rules;
    fn deref(&self) -> &Rules {
        &self.rules
    }
}

section! {
    /// All rules of a pack.
    pub struct Rules {
        /// How days are counted.
        clock: ClockRules,
        /// How far back the past is looked at.
        lookback: LookbackRules,
        /// Who is a contact of which class.
        contacts: ContactRules,
        /// Who aboard a vehicle is a contact.
        vehicles: Every<VehicleKind, VehicleRules>,
        /// What happens to each class of people.
        quarantine: Every<QuarantineClass, QuarantineRules>,
        /// The levels of zones that this edition knows; a level without a row does not exist in it.
        zones: BTreeMap<ZoneLevel, ZoneRules>,
        /// When zones are drawn at all, and what follows the end of a chain.
        zoning: ZoningRules,
        /// Duties of every day in a locked area.
        daily_duties: DailyDuties,
        /// Case classes and the deadlines to report them.
        cases: CaseRules,
        /// When a case may leave care, and what follows.
        discharge: DischargeRules,
        /// Nucleic-acid screening of areas.
        screening: ScreeningRules,
        /// Short automatic holds.
        holds: HoldRules,
        /// What a positive pool starts.
        pool_positive: PoolPositiveRules,
        /// What a positive single sample starts.
        single_positive: SinglePositiveRules,
        /// Antigen self-tests.
        antigen: AntigenRules,
        /// What follows a missed round.
        missed_round: MissedRoundRules,
        /// Colours of a person's status.
        status: StatusRules,
        /// Deadlines of tracing and co-investigation.
        tracing: TracingRules,
        /// Quarantine sites.
        facility: FacilityRules,
        /// Transfer of people.
        transfer: TransferRules,
        /// Which measures are grave and which may start at once.
        measures: Every<Measure, MeasureRules>,
        /// Care of people confined at home.
        home_care: HomeCareRules,
        /// Appeals against a measure.
        appeal: AppealRules,
        /// Codes: at places, of a status without a network, for a resident who signs in.
        codes: CodeRules,
        /// How long each class of data is kept.
        retention: Every<DataClass, RetentionRules>,
    }
}

impl Rules {
    /// The rules of a zone level, or `None` where this edition does not know the level.
    #[must_use]
    pub fn zone(&self, level: ZoneLevel) -> Option<&ZoneRules> {
        self.zones.get(&level)
    }

    /// What happens to people of a class.
    #[must_use]
    pub fn quarantine_of(&self, class: QuarantineClass) -> &QuarantineRules {
        self.quarantine.get(class)
    }
}

section! {
    /// How days are counted.
    pub struct ClockRules {
        /// Which day is day 0 of a quarantine.
        day_zero: Sourced<DayZero>,
        /// Local hour at which a day of a measure ends and a release takes effect, 1 to 24 (24 = midnight).
        day_ends_hour: Sourced<u32>,
    }
}

closed! {
    /// Which day is day 0.
    pub enum DayZero: "day-0 convention" {
        /// The day of the last exposure; day 1 is the day after.
        LastExposure = "last_exposure" / "末次暴露当日为第0天",
        /// The day on which quarantine began; day 1 is the day after.
        Admission = "admission" / "开始隔离当日为第0天",
    }
}

section! {
    /// How far back the past is looked at.
    pub struct LookbackRules {
        /// Days before onset (case) or before the positive sample (asymptomatic) from which contacts count.
        contact_days: Sourced<u32>,
        /// Where the window starts for a case that repeated screening found.
        repeated_screening: Sourced<RepeatedScreening>,
        /// Days before onset or first positive sample from which the movements of a case are established.
        movement_days: Sourced<u32>,
        /// On how many local days of the window somebody must have been at a place for it to be one they went to often.
        frequent_days_min: Sourced<u32>,
        /// Days before a zone is drawn from which people who left the area are listed.
        leaver_days: Sourced<u32>,
        /// Minutes that a check-in at a place counts as a stay, where nobody checks out.
        check_in_stay_minutes: Sourced<u32>,
    }
}

closed! {
    /// Start of the contact window for a case found by repeated screening.
    pub enum RepeatedScreening: "start of the window" {
        /// At the last negative test (9th edition, annex 4).
        LastNegative = "last_negative" / "末次阴性采样时间",
        /// As for everyone: the fixed number of days.
        FixedDays = "fixed_days" / "按固定天数",
    }
}
