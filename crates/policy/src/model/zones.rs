//! Zones: their levels, what applies in them, and when they are lifted.

use crate::Sourced;

closed! {
    /// Level of a zone. Two families exist side by side until June 2022: the three zones and the risk levels.
    pub enum ZoneLevel: "zone level" {
        /// Lockdown zone.
        Lockdown = "lockdown" / "封控区",
        /// Control zone.
        Control = "control" / "管控区",
        /// Precaution zone.
        Precaution = "precaution" / "防范区",
        /// High-risk area.
        High = "high" / "高风险区",
        /// Medium-risk area.
        Medium = "medium" / "中风险区",
        /// Low-risk area.
        Low = "low" / "低风险区",
    }
}

impl ZoneLevel {
    /// True for high, medium and low, which under the 8th edition stand beside the three zones.
    #[must_use]
    pub fn is_risk(self) -> bool {
        matches!(self, Self::High | Self::Medium | Self::Low)
    }
}

section! {
    /// The rules of one level.
    pub struct ZoneRules {
        /// What the level is drawn around.
        delineation: Sourced<Delineation>,
        /// Days before onset or sample whose frequent places are drawn in; 0 where the past is not looked at.
        lookback_days: Sourced<u32>,
        /// Smallest units that a zone of this level may be, preferred first.
        units: Sourced<Vec<ZoneUnit>>,
        /// True where nobody leaves home but for the reasons of the measures (drives care lists and ways out).
        locked: Sourced<bool>,
        /// Measures in force.
        measures: Sourced<Vec<ZoneMeasure>>,
        /// Days on which everyone inside is tested, counted from the start, increasing; empty where only rounds apply.
        test_days: Sourced<Vec<u32>>,
        /// Days on which everyone inside does an antigen test.
        antigen_days: Sourced<Vec<u32>>,
        /// The level that a positive inside turns the zone into.
        on_positive: Sourced<Step>,
        /// When it ends.
        lift: LiftRules,
    }
}

closed! {
    /// What a zone is drawn around.
    pub enum Delineation: "delineation" {
        /// Residence of a case and the places it went to often, with high risk of spread.
        ResidenceAndFrequent = "residence_and_frequent" / "居住地及活动频繁的周边区域",
        /// Residence of a case and frequent places that are found risky.
        ResidenceAndRisky = "residence_and_risky" / "居住地及传播风险较高的活动地",
        /// Some risk of spread, contacts hard to trace.
        ContactsHardToTrace = "contacts_hard_to_trace" / "有一定传播风险且接触者难以追踪",
        /// A case stayed or was active there for some time.
        StayedForSomeTime = "stayed_for_some_time" / "停留和活动一定时间",
        /// The rest of the county.
        RestOfCounty = "rest_of_county" / "所在县区的其他地区",
        /// By assessment of an officer alone.
        Assessment = "assessment" / "由研判划定",
    }
}

closed! {
    /// Unit that a zone consists of.
    pub enum ZoneUnit: "zone unit" {
        /// Floor of a building.
        Floor = "floor" / "楼层",
        /// Unit (staircase) of a building.
        Unit = "unit" / "单元",
        /// Building.
        Building = "building" / "楼栋",
        /// Residence compound.
        Compound = "compound" / "小区",
        /// Village.
        Village = "village" / "自然村",
        /// Place of work or trade, such as a market, a park or a site.
        Place = "place" / "场所",
        /// Township or subdistrict.
        Township = "township" / "乡镇街道",
        /// County or district.
        County = "county" / "县区",
    }
}

closed! {
    /// Measure in a zone.
    pub enum ZoneMeasure: "zone measure" {
        /// The area is closed: no one in or out without a pass.
        AreaClosed = "area_closed" / "区域封闭",
        /// People stay at home.
        StayHome = "stay_home" / "足不出户",
        /// Supplies and services come to the door.
        ServiceAtDoor = "service_at_door" / "上门服务",
        /// People stay inside the area.
        StayInside = "stay_inside" / "人不出区",
        /// Supplies are fetched at staggered hours.
        StaggeredPickup = "staggered_pickup" / "错峰取物",
        /// No gatherings.
        NoGathering = "no_gathering" / "严禁聚集",
        /// Gatherings are limited.
        LimitGathering = "limit_gathering" / "限制聚集",
        /// A negative test of the last 48 hours to leave the city.
        TestToLeaveCity48h = "test_to_leave_city_48h" / "离市持48小时核酸阴性证明",
    }
}

section! {
    /// When a zone ends. All conditions that are asked for must hold; 0 days means that one is not asked for.
    pub struct LiftRules {
        /// By its own conditions, or when others have ended.
        by: Sourced<LiftBy>,
        /// Days without a new case.
        no_case_days: Sourced<u32>,
        /// The last close contact must be more than so many days from exposure, and negative.
        last_contact_days: Sourced<u32>,
        /// An all-negative round must lie within the last so many days.
        negative_round_days: Sourced<u32>,
        /// True where everyone must be negative on the last day itself.
        negative_on_last_day: Sourced<bool>,
        /// Where the zone came down from a stricter level: days after that step, in place of the other conditions;
        /// 0 = never comes down to this level.
        days_after_step_down: Sourced<u32>,
        /// What the zone becomes.
        step_down: Sourced<Step>,
        /// The levels that must have ended, where `by` says so.
        wait_for: Sourced<Vec<ZoneLevel>>,
    }
}

closed! {
    /// Who ends a zone.
    pub enum LiftBy: "way of lifting" {
        /// Its own clock and tests.
        OwnClock = "own_clock" / "自身条件",
        /// When every zone of the levels named has ended.
        WhenOthersLifted = "when_others_lifted" / "其他区全部解除后",
    }
}

closed! {
    /// What a zone becomes next.
    pub enum Step: "next level" {
        /// Nothing: stays as it is, or ends.
        None = "none" / "无",
        /// Lockdown zone.
        Lockdown = "lockdown" / "封控区",
        /// Control zone.
        Control = "control" / "管控区",
        /// Precaution zone.
        Precaution = "precaution" / "防范区",
        /// High-risk area.
        High = "high" / "高风险区",
        /// Medium-risk area.
        Medium = "medium" / "中风险区",
        /// Low-risk area.
        Low = "low" / "低风险区",
    }
}

impl Step {
    /// The level, or `None` where there is no next one.
    #[must_use]
    pub fn level(self) -> Option<ZoneLevel> {
        match self {
            Self::None => None,
            Self::Lockdown => Some(ZoneLevel::Lockdown),
            Self::Control => Some(ZoneLevel::Control),
            Self::Precaution => Some(ZoneLevel::Precaution),
            Self::High => Some(ZoneLevel::High),
            Self::Medium => Some(ZoneLevel::Medium),
            Self::Low => Some(ZoneLevel::Low),
        }
    }
}

section! {
    /// When zones are drawn at all, and the rounds that follow.
    pub struct ZoningRules {
        /// True where no zone need be drawn if the assessment finds no risk of spread in the community.
        none_without_spread_risk: Sourced<bool>,
        /// Rounds in a row without a case outside quarantine after which daily rounds stop; 0 = not given.
        clean_rounds_to_stop: Sourced<u32>,
        /// Days after those rounds at which one more is held; 0 = not given.
        closing_round_days: Sourced<u32>,
    }
}

section! {
    /// Duties of every day in a locked area, as the reports of the time count them (三巡查、两检测、一监测、一消毒、
    /// 一报告); what each consists of was not found and is left to the place.
    pub struct DailyDuties {
        /// Patrols.
        patrols: Sourced<u32>,
        /// Tests.
        tests: Sourced<u32>,
        /// Checks (monitoring).
        checks: Sourced<u32>,
        /// Disinfections.
        disinfections: Sourced<u32>,
        /// Reports.
        reports: Sourced<u32>,
    }
}
