//! The closed list of measures that limit a person, a place, an area or goods.

use crate::Sourced;

closed! {
    /// A measure. Packs grade it, profiles say who approves it.
    pub enum Measure: "measure" {
        /// Short hold of a person.
        PersonHold = "person_hold" / "人员临时管控",
        /// Short hold of a place and those in it.
        PlaceHold = "place_hold" / "场所临时管控",
        /// Isolation of a case in hospital or facility.
        CaseIsolation = "case_isolation" / "感染者隔离治疗",
        /// Quarantine at a facility.
        FacilityQuarantine = "facility_quarantine" / "集中隔离",
        /// Quarantine at home.
        HomeQuarantine = "home_quarantine" / "居家隔离",
        /// Health monitoring at home.
        HomeMonitoring = "home_monitoring" / "居家健康监测",
        /// Test that a person must take.
        RequiredTest = "required_test" / "应检",
        /// Lockdown zone.
        Lockdown = "lockdown" / "划定封控区",
        /// Control zone.
        Control = "control" / "划定管控区",
        /// Precaution zone.
        Precaution = "precaution" / "划定防范区",
        /// High-risk area.
        HighRisk = "high_risk" / "划定高风险区",
        /// Medium-risk area.
        MediumRisk = "medium_risk" / "划定中风险区",
        /// Low-risk area.
        LowRisk = "low_risk" / "划定低风险区",
        /// Closure of one place.
        PlaceClosure = "place_closure" / "场所停业",
        /// Closure of a class of places.
        ClassClosure = "class_closure" / "行业停业",
        /// Goods are held.
        GoodsHold = "goods_hold" / "货物封存",
    }
}

section! {
    /// How a measure is graded.
    pub struct MeasureRules {
        /// True where two persons must approve.
        grave: Sourced<bool>,
        /// True where the pack allows it to start before an approval, if the profile agrees.
        may_start_at_once: Sourced<bool>,
    }
}

impl crate::ZoneLevel {
    /// The measure that drawing a zone of this level is.
    #[must_use]
    pub fn measure(self) -> Measure {
        match self {
            Self::Lockdown => Measure::Lockdown,
            Self::Control => Measure::Control,
            Self::Precaution => Measure::Precaution,
            Self::High => Measure::HighRisk,
            Self::Medium => Measure::MediumRisk,
            Self::Low => Measure::LowRisk,
        }
    }
}
