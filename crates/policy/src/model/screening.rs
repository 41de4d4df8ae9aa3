//! Screening: rounds, pools, staffing, hours; and what a positive starts.

use crate::{Every, Sourced};

closed! {
    /// Group of people with a pool size of its own.
    pub enum PoolGroup: "pool group" {
        /// People in quarantine.
        Quarantine = "quarantine" / "隔离人员",
        /// Key groups (重点人群).
        KeyGroup = "key_group" / "重点人群",
        /// Lockdown zone.
        Lockdown = "lockdown" / "封控区",
        /// Control zone.
        Control = "control" / "管控区",
        /// Precaution zone.
        Precaution = "precaution" / "防范区",
        /// High-risk area (9th edition).
        High = "high" / "高风险区",
        /// Medium-risk area (9th edition).
        Medium = "medium" / "中风险区",
        /// Low-risk area (9th edition).
        Low = "low" / "低风险区",
        /// Everywhere else.
        Other = "other" / "其他区域",
    }
}

section! {
    /// Who may share a tube.
    pub struct PoolRules {
        /// People in a tube at most.
        people_max: Sourced<u32>,
        /// True where one household may share a tube, whatever its size.
        household_tube: Sourced<bool>,
    }
}

section! {
    /// Nucleic-acid screening of areas.
    pub struct ScreeningRules {
        /// Pool sizes.
        pools: Every<PoolGroup, PoolRules>,
        /// Population up to which `round_hours` applies, beyond it `round_hours_large`.
        large_population_people: Sourced<u32>,
        /// Hours to complete a round of an area up to that population.
        round_hours: Sourced<u32>,
        /// Hours to complete a round of a larger one.
        round_hours_large: Sourced<u32>,
        /// People per site, at least.
        people_per_site_min: Sourced<u32>,
        /// People per site, at most.
        people_per_site_max: Sourced<u32>,
        /// People per sampler.
        people_per_sampler: Sourced<u32>,
        /// People an hour that a lane is planned with.
        lane_people_per_hour: Sourced<u32>,
        /// Staff of a full site: medical.
        site_medical_staff: Sourced<u32>,
        /// Staff of a full site: support.
        site_support_staff: Sourced<u32>,
        /// Hours until a site is ready, at most.
        site_ready_hours_max: Sourced<u32>,
        /// Hours that a sample may stand at ambient temperature.
        ambient_hours_max: Sourced<u32>,
        /// Hours from sampling to the laboratory, at most.
        to_laboratory_hours_max: Sourced<u32>,
        /// Hours within which a sample kept at 4 °C is tested; colder after that.
        tested_hours_max: Sourced<u32>,
        /// Minutes within which nobody is at two sites: a second swab so soon elsewhere is somebody else's, or told twice.
        two_sites_minutes: Sourced<u32>,
        /// Signatures at each hand-over.
        handover_signatures: Sourced<u32>,
        /// The public promise of results.
        promise: PromiseRules,
        /// How often an area is screened.
        frequency: FrequencyRules,
        /// Order in which tubes go into the machine, first first.
        priority: Sourced<Vec<SamplePriority>>,
    }
}

section! {
    /// The promise: sampled before the hour, reported the same day; sampled after, by the morning.
    pub struct PromiseRules {
        /// Local hour that divides the day.
        dividing_hour: Sourced<u32>,
        /// Local hour of the same day by which the first are reported.
        same_day_hour: Sourced<u32>,
        /// Local hour of the next day by which the others are reported.
        next_day_hour: Sourced<u32>,
        /// Hours from sampling to result that are never exceeded.
        hours_max: Sourced<u32>,
    }
}

section! {
    /// How often an area is screened.
    pub struct FrequencyRules {
        /// Daily where a case was found in the last so many rounds.
        daily_within_rounds: Sourced<u32>,
        /// Every second day if a case was found within so many days.
        alternate_within_days: Sourced<u32>,
        /// Otherwise every so many days.
        otherwise_every_days: Sourced<u32>,
        /// Everyone at least every so many days while no outbreak is on.
        routine_every_days: Sourced<u32>,
    }
}

closed! {
    /// Priority of a tube at the laboratory.
    pub enum SamplePriority: "sample priority" {
        /// Retests of positive pools.
        Retest = "retest" / "复核",
        /// Contacts.
        Contact = "contact" / "密接次密接",
        /// Locked areas.
        LockedArea = "locked_area" / "封控区",
        /// People in quarantine.
        Quarantine = "quarantine" / "隔离人员",
        /// Key groups.
        KeyGroup = "key_group" / "重点人群",
        /// Control zones.
        Control = "control" / "管控区",
        /// Everything else.
        Routine = "routine" / "常规",
    }
}

section! {
    /// Short automatic holds: they warn before they end, may be extended once, then lapse and count as our failure.
    pub struct HoldRules {
        /// Hours of a person's hold (the retest window).
        person_hours: Sourced<u32>,
        /// Hours of a place's hold.
        place_hours: Sourced<u32>,
        /// Minutes before the end at which the warning goes out.
        warning_minutes: Sourced<u32>,
        /// Hours of the reasoned extension of a person's hold by a named officer.
        extension_hours: Sourced<u32>,
        /// Hours of the reasoned extension of a place's hold.
        place_extension_hours: Sourced<u32>,
        /// Number of extensions.
        extensions_max: Sourced<u32>,
    }
}

section! {
    /// What a positive pool starts.
    pub struct PoolPositiveRules {
        /// Hours within which every member is sampled alone and retested.
        retest_hours: Sourced<u32>,
        /// True where the building is sealed before confirmation.
        seals_building: Sourced<bool>,
        /// Where the retest is done.
        retest_at: Sourced<Vec<RetestPlace>>,
        /// Who is told at the same time.
        receivers: Sourced<Vec<Receiver>>,
    }
}

closed! {
    /// Where a retest is done.
    pub enum RetestPlace: "retest place" {
        /// The laboratory of the first result.
        OriginalLaboratory = "original_laboratory" / "原检测机构",
        /// The laboratory of the county CDC.
        CountyCdc = "county_cdc" / "县级疾控机构",
    }
}

section! {
    /// What a positive single sample starts.
    pub struct SinglePositiveRules {
        /// The messages that go out, all at the same time.
        messages: Sourced<Vec<PositiveMessage>>,
        /// To whom each goes.
        receivers: Sourced<Vec<Receiver>>,
    }
}

closed! {
    /// Message about a positive.
    pub enum PositiveMessage: "message" {
        /// About the person.
        Person = "person" / "人员信息",
        /// About the test report.
        Report = "report" / "检测报告",
    }
}

closed! {
    /// Who is told of a positive.
    pub enum Receiver: "receiver" {
        /// Ambulance service.
        Ambulance = "ambulance" / "急救中心",
        /// Designated hospital.
        Hospital = "hospital" / "定点医院",
        /// Village or community.
        Community = "community" / "社区",
        /// Police.
        Police = "police" / "公安",
        /// Tracing team.
        TracingTeam = "tracing_team" / "流调队",
        /// Command office.
        CommandOffice = "command_office" / "指挥部",
        /// Emergency sampling team.
        EmergencySampling = "emergency_sampling" / "应急采样队",
    }
}

section! {
    /// Antigen self-tests.
    pub struct AntigenRules {
        /// True where a positive must be confirmed by nucleic acid before it counts.
        positive_needs_pcr: Sourced<bool>,
        /// Hours within which that test is taken.
        confirm_hours: Sourced<u32>,
        /// Hours within which a kit that was handed out is reported.
        report_hours: Sourced<u32>,
        /// Kits for a person and round.
        kits_per_person: Sourced<u32>,
    }
}

section! {
    /// What follows a missed round. Suspended wherever the failure was ours.
    pub struct MissedRoundRules {
        /// Colour until the person is tested.
        colour: Sourced<crate::StatusColour>,
        /// True where a test ends it.
        ends_with_test: Sourced<bool>,
    }
}
