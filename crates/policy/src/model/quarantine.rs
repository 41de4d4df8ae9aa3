//! What happens to people of each class: where, how long, tested when.

use crate::Sourced;

closed! {
    /// Class of people who may be confined or observed.
    pub enum QuarantineClass: "quarantine class" {
        /// Close contact.
        CloseContact = "close_contact" / "密切接触者",
        /// Contact of a close contact.
        ContactOfContact = "contact_of_contact" / "密接的密接",
        /// Casual contact.
        CasualContact = "casual_contact" / "一般接触者",
        /// Exposed at an outbreak venue.
        OutbreakVenue = "outbreak_venue" / "涉疫场所暴露人员",
        /// Left a high-risk area (or a lockdown zone) within the look-back.
        LeftHighRisk = "left_high_risk" / "高风险区外溢人员",
        /// Left a medium-risk area within the look-back.
        LeftMediumRisk = "left_medium_risk" / "中风险区外溢人员",
        /// Leaves closed-loop duty.
        ClosedLoopStaff = "closed_loop_staff" / "闭环作业离岗人员",
        /// Discharged case.
        DischargedCase = "discharged_case" / "出院人员",
    }
}

section! {
    /// What happens to people of one class. A first phase (quarantine) may be followed by a second one at home.
    pub struct QuarantineRules {
        /// Where the first phase is spent; `none` where the class is not confined.
        place: Sourced<QuarantinePlace>,
        /// Days of the first phase, from day 0; 0 where there is none.
        days: Sourced<u32>,
        /// Test days of the first phase, counted from day 0, increasing.
        test_days: Sourced<Vec<u32>>,
        /// What follows at home.
        home_phase: Sourced<HomePhase>,
        /// Days of the home phase, counted from the end of the first; 0 where there is none.
        home_days: Sourced<u32>,
        /// Test days of the home phase, counted from its start, increasing.
        home_test_days: Sourced<Vec<u32>>,
        /// True where two samples are taken and tested by two laboratories before the end.
        double_test_at_exit: Sourced<bool>,
        /// How samples are taken.
        swab: Sourced<Swab>,
        /// Whether and when people may go earlier.
        early_release: Sourced<EarlyRelease>,
    }
}

impl QuarantineRules {
    /// True where the class is confined or observed at all.
    #[must_use]
    pub fn applies(&self) -> bool {
        self.days.value > 0 || self.home_days.value > 0
    }
}

closed! {
    /// Where quarantine is spent.
    pub enum QuarantinePlace: "quarantine place" {
        /// At a quarantine site.
        Facility = "facility" / "集中隔离",
        /// At home.
        Home = "home" / "居家隔离",
        /// At a site or at home, as an officer decides.
        FacilityOrHome = "facility_or_home" / "集中或居家隔离",
        /// Nowhere.
        None = "none" / "不隔离",
    }
}

closed! {
    /// What follows the first phase at home.
    pub enum HomePhase: "home phase" {
        /// Health monitoring: may be restricted in movement, is not locked in.
        Monitoring = "monitoring" / "居家健康监测",
        /// Quarantine at home.
        Quarantine = "quarantine" / "居家隔离",
        /// Nothing.
        None = "none" / "无",
    }
}

closed! {
    /// How a sample is taken.
    pub enum Swab: "swab" {
        /// Through the nose.
        Nasopharyngeal = "nasopharyngeal" / "鼻咽拭子",
        /// Through the mouth.
        Oropharyngeal = "oropharyngeal" / "口咽拭子",
    }
}

closed! {
    /// Rule of an earlier end.
    pub enum EarlyRelease: "early release" {
        /// No earlier end.
        None = "none" / "无",
        /// At the last test day of the first phase, if the linked close contact's first two tests and the person's own
        /// tests are negative (8th edition, contact of contact).
        LinkedNegative = "linked_negative" / "密接前两次及本人检测均阴性",
    }
}
