//! Cases: classes, reporting, severity, discharge; and the deadlines of tracing.

use crate::{Every, Sourced};

closed! {
    /// Class of a case.
    pub enum CaseClass: "case class" {
        /// Suspected.
        Suspected = "suspected" / "疑似病例",
        /// Preliminary positive: one positive single sample, not yet reviewed.
        Preliminary = "preliminary" / "初筛阳性",
        /// Confirmed.
        Confirmed = "confirmed" / "确诊病例",
        /// Asymptomatic infection.
        Asymptomatic = "asymptomatic" / "无症状感染者",
        /// Positive again after discharge.
        PositiveAgain = "positive_again" / "复阳人员",
    }
}

section! {
    /// Case classes and their deadlines.
    pub struct CaseRules {
        /// Hours from finding to the network report, by class.
        report_hours: Every<CaseClass, ReportRules>,
        /// Hours of the three-level review of a confirmed or suspected case.
        review_hours: Sourced<u32>,
        /// Hours within which the county has investigated.
        investigation_hours: Sourced<u32>,
        /// Hours to correct the type of a case, and to report discharge or death.
        correction_hours: Sourced<u32>,
        /// Breaths a minute from which an adult is a severe case.
        severe_respiratory_rate_min: Sourced<u32>,
        /// Oxygen saturation at rest, percent, at or below which an adult is a severe case.
        severe_spo2_max_percent: Sourced<u32>,
        /// PaO2/FiO2 in mmHg at or below which an adult is a severe case.
        severe_oxygenation_max_mmhg: Sourced<u32>,
        /// Growth of lesions in 24–48 h, percent, above which an adult is a severe case.
        severe_lesion_growth_percent: Sourced<u32>,
        /// True where an infected person may be isolated at home.
        may_stay_home: Sourced<bool>,
    }
}

section! {
    /// Deadline of a report.
    pub struct ReportRules {
        /// Hours from finding.
        network: Sourced<u32>,
    }
}

section! {
    /// When a case may leave care.
    pub struct DischargeRules {
        /// Days of normal temperature that must be exceeded; 0 = not asked for.
        temperature_normal_days: Sourced<u32>,
        /// True where symptoms must be gone or clearly better.
        symptoms_improved: Sourced<bool>,
        /// True where imaging of the lungs must be clearly better.
        lungs_improved: Sourced<bool>,
        /// What the tests must show.
        test: Sourced<DischargeTest>,
        /// Ct value that the test rule speaks of; 0 where it asks for plain negatives.
        ct: Sourced<u32>,
        /// Number of tests.
        tests: Sourced<u32>,
        /// Hours that must lie between two of them.
        hours_apart: Sourced<u32>,
        /// True where the expert group must agree.
        expert_group: Sourced<bool>,
        /// Where mild cases are cared for.
        mild_at: Sourced<CarePlace>,
    }
}

closed! {
    /// What tests before discharge must show.
    pub enum DischargeTest: "discharge test" {
        /// Negative by the laboratory's own limit.
        Negative = "negative" / "核酸阴性",
        /// Ct at or above the value.
        CtAtLeast = "ct_at_least" / "Ct值不低于",
        /// Ct above the value.
        CtAbove = "ct_above" / "Ct值大于",
    }
}

closed! {
    /// Where a case is cared for.
    pub enum CarePlace: "care place" {
        /// Designated hospital.
        Hospital = "hospital" / "定点医院",
        /// Isolation facility or shelter hospital.
        Facility = "facility" / "集中隔离治疗点或方舱",
    }
}

section! {
    /// Deadlines of tracing, from the positive result.
    pub struct TracingRules {
        /// Hours to report.
        report_hours: Sourced<u32>,
        /// Hours to the core movements.
        movements_hours: Sourced<u32>,
        /// Hours to the first report of the investigation.
        first_report_hours: Sourced<u32>,
        /// Hours until close contacts are moved.
        close_contacts_moved_hours: Sourced<u32>,
        /// Hours until contacts of contacts are moved.
        contacts_of_contacts_moved_hours: Sourced<u32>,
        /// Minutes of the county template until the task list stands.
        task_list_minutes: Sourced<u32>,
        /// Minutes of the county template until teams are sent.
        dispatch_minutes: Sourced<u32>,
        /// Minutes of the county template until the movements of the last two days are known.
        last_days_movements_minutes: Sourced<u32>,
        /// Hours of the county template until the place is contained.
        contain_hours: Sourced<u32>,
        /// Hours of the county template until the full trace stands.
        full_trace_hours: Sourced<u32>,
        /// Hours to answer the origin of a co-investigation letter.
        coinvestigation_answer_hours: Sourced<u32>,
    }
}
