//! Status colours, quarantine sites, transfer, care at home, appeals, retention.

use crate::Sourced;

closed! {
    /// Colour of a person's status.
    pub enum StatusColour: "status colour" {
        /// No reason for another one.
        Green = "green" / "绿码",
        /// Must be tested or watched.
        Yellow = "yellow" / "黄码",
        /// Must be confined.
        Red = "red" / "红码",
    }
}

closed! {
    /// Why a person has a colour. Nothing else can give one.
    pub enum StatusReason: "status reason" {
        /// Confirmed case.
        Confirmed = "confirmed" / "确诊病例",
        /// Suspected case.
        Suspected = "suspected" / "疑似病例",
        /// Asymptomatic infection.
        Asymptomatic = "asymptomatic" / "无症状感染者",
        /// Positive again.
        PositiveAgain = "positive_again" / "复阳人员",
        /// Close contact.
        CloseContact = "close_contact" / "密切接触者",
        /// Contact of contact.
        ContactOfContact = "contact_of_contact" / "密接的密接",
        /// In facility quarantine.
        FacilityQuarantine = "facility_quarantine" / "集中隔离",
        /// In home quarantine.
        HomeQuarantine = "home_quarantine" / "居家隔离",
        /// Stayed in a medium- or high-risk area or its county within the days of the rule.
        RiskAreaStay = "risk_area_stay" / "中高风险地区旅居史",
        /// Lives or stayed in a lockdown zone.
        LockdownZone = "lockdown_zone" / "封控区",
        /// Lives or stayed in a control zone.
        ControlZone = "control_zone" / "管控区",
        /// Lives or stayed in a precaution zone.
        PrecautionZone = "precaution_zone" / "防范区",
        /// Same time and place as a case.
        SameTimeAndPlace = "same_time_and_place" / "时空伴随",
        /// Stayed at a key outbreak venue.
        OutbreakVenue = "outbreak_venue" / "重点涉疫场所",
        /// Missed a round.
        MissedRound = "missed_round" / "应检未检",
    }
}

section! {
    /// Colours of a person's status: derived from reasons, never set.
    pub struct StatusRules {
        /// Reasons for red.
        red: Sourced<Vec<StatusReason>>,
        /// Reasons for yellow.
        yellow: Sourced<Vec<StatusReason>>,
        /// Days after which red ends by itself if nothing new is known.
        red_days: Sourced<u32>,
        /// Days after which yellow ends by itself.
        yellow_days: Sourced<u32>,
        /// Days that a stay in a risk area is looked back.
        risk_area_days: Sourced<u32>,
    }
}

section! {
    /// Quarantine sites.
    pub struct FacilityRules {
        /// True where everyone has a room alone, with its own toilet.
        single_room: Sourced<bool>,
        /// Who may share one all the same.
        shared_for: Sourced<Vec<RoomException>>,
        /// Size of the group that the staffing below is given for.
        staffing_people: Sourced<u32>,
        /// Doctors per group and shift.
        doctors: Sourced<u32>,
        /// Nurses per group and shift.
        nurses: Sourced<u32>,
        /// Temperature checks a day.
        temperature_checks_per_day: Sourced<u32>,
        /// True where things are handed over without contact.
        contactless_delivery: Sourced<bool>,
        /// Groups that a site has.
        groups: Sourced<Vec<FacilityGroup>>,
        /// Hours until a freed room is turned over.
        turnover_hours: Sourced<u32>,
    }
}

closed! {
    /// Who may share a room.
    pub enum RoomException: "room exception" {
        /// Minor with a guardian.
        Minor = "minor" / "未成年人",
        /// Person who depends on care.
        Dependant = "dependant" / "生活不能自理者",
    }
}

closed! {
    /// Working group of a quarantine site.
    pub enum FacilityGroup: "facility group" {
        /// Disinfection.
        Disinfection = "disinfection" / "消毒组",
        /// Health observation.
        HealthObservation = "health_observation" / "健康观察组",
        /// Information.
        Information = "information" / "信息联络组",
        /// Security.
        Security = "security" / "安全保障组",
        /// Logistics.
        Logistics = "logistics" / "后勤保障组",
        /// Case transfer.
        CaseTransfer = "case_transfer" / "病例转运组",
        /// Care.
        Care = "care" / "人文关怀组",
    }
}

section! {
    /// Transfer of people.
    pub struct TransferRules {
        /// Share of a bus's seats that is used, percent.
        bus_load_percent: Sourced<u32>,
        /// Drivers per vehicle, at least.
        drivers_per_vehicle_min: Sourced<u32>,
        /// Drivers per vehicle, at most.
        drivers_per_vehicle_max: Sourced<u32>,
        /// Buses that a county holds ready, at least.
        buses_per_county_min: Sourced<u32>,
        /// What contacts are moved with.
        contacts_by: Sourced<TransferVehicle>,
        /// What cases are moved with.
        cases_by: Sourced<TransferVehicle>,
        /// Cases in a vehicle, unless they are of one strain.
        cases_per_vehicle: Sourced<u32>,
        /// True where cases of the same strain may share a vehicle.
        same_strain_may_share: Sourced<bool>,
        /// True where a vehicle is disinfected after each run.
        disinfect_after_run: Sourced<bool>,
        /// True where a consenting guardian may go with a child or dependant, recorded as exposed.
        guardian_may_go_along: Sourced<bool>,
    }
}

closed! {
    /// Vehicle for transfer.
    pub enum TransferVehicle: "transfer vehicle" {
        /// Bus with a sealed cab.
        Bus = "bus" / "转运大巴",
        /// Negative-pressure ambulance.
        Ambulance = "ambulance" / "负压救护车",
    }
}

section! {
    /// Care of people confined at home.
    pub struct HomeCareRules {
        /// The roles that look after each household.
        roles: Sourced<Vec<CareRole>>,
        /// Hours until an emergency visit is answered; emergencies never wait for a bed or a result.
        urgent_minutes: Sourced<u32>,
        /// Packs of food and daily needs for each household that may not leave home, a day.
        packs_per_household_day: Sourced<u32>,
    }
}

closed! {
    /// Role of the five-to-one (五包一).
    pub enum CareRole: "care role" {
        /// Community cadre.
        CommunityCadre = "community_cadre" / "社区干部",
        /// Grid worker.
        GridWorker = "grid_worker" / "网格员",
        /// Medic.
        Medic = "medic" / "医务人员",
        /// Police officer.
        PoliceOfficer = "police_officer" / "民警",
        /// Volunteer.
        Volunteer = "volunteer" / "志愿者",
    }
}

section! {
    /// Appeals against a measure.
    pub struct AppealRules {
        /// Hours to the answer.
        answer_hours: Sourced<u32>,
    }
}

section! {
    /// Codes: what a place shows, what a gate without a network reads, what a resident signs in with.
    pub struct CodeRules {
        /// Seconds that a place's screen shows one code; it still counts while the one before and after it would.
        place_seconds: Sourced<u32>,
        /// Minutes before a check-in by a printed code within which the person must have been seen nearby.
        printed_within_minutes: Sourced<u32>,
        /// The fastest that people get from one place to another, km/h: a printed code read sooner was a picture.
        travel_kmh_max: Sourced<u32>,
        /// Minutes that a signed status holds at a gate without a network.
        status_minutes: Sourced<u32>,
        /// Days for which statuses are signed with one key.
        status_key_days: Sourced<u32>,
        /// Minutes in which a resident must use the code that they were handed.
        sign_in_minutes: Sourced<u32>,
        /// Minutes that a resident stays signed in.
        session_minutes: Sourced<u32>,
        /// Hours to the answer to a request that something held about a person be corrected.
        correction_hours: Sourced<u32>,
    }
}

closed! {
    /// Class of data with a time to live of its own.
    pub enum DataClass: "data class" {
        /// Name, number, phone, exact address.
        Identity = "identity" / "身份信息",
        /// Samples and results.
        Sample = "sample" / "采样与结果",
        /// Movements, check-ins, exposures.
        Movement = "movement" / "行程与轨迹",
        /// Contacts and chains.
        Contact = "contact" / "接触关系",
        /// Restrictions, stays, approvals.
        Measure = "measure" / "管控与审批",
        /// Health: symptoms, course, care.
        Health = "health" / "健康信息",
        /// Requests of residents.
        Request = "request" / "居民诉求",
        /// Who looked at what.
        Audit = "audit" / "访问审计",
    }
}

section! {
    /// How long a class of data is kept after the end of the outbreak.
    pub struct RetentionRules {
        /// Days, then the keys are destroyed.
        days: Sourced<u32>,
    }
}
