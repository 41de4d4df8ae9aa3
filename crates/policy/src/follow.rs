//! What follows from the rules by reckoning alone: dates of a quarantine, whether a zone may be lifted, how large a
//! tube may be, by when a result is promised. Pure; the response and the example cases use the same functions.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::model::*;

/// The days of a quarantine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct QuarantineDates {
    /// Days on which the person is tested in the first phase.
    pub tests: Vec<Date>,
    /// Last day of the first phase.
    pub first_phase_ends: Date,
    /// Days on which the person is tested in the home phase.
    pub home_tests: Vec<Date>,
    /// Last day of everything.
    pub ends: Date,
}

/// A date so many days later; the last date of the calendar where there is none.
#[must_use]
pub fn days_after(date: Date, days: u32) -> Date {
    date.checked_add(i64::from(days).days()).unwrap_or(Date::MAX)
}

impl QuarantineRules {
    /// The days that follow from day 0.
    #[must_use]
    pub fn dates(&self, day_zero: Date) -> QuarantineDates {
        let first_phase_ends = days_after(day_zero, self.days.value);
        QuarantineDates {
            tests: self.test_days.value.iter().map(|day| days_after(day_zero, *day)).collect(),
            first_phase_ends,
            home_tests: self.home_test_days.value.iter().map(|day| days_after(first_phase_ends, *day)).collect(),
            ends: days_after(first_phase_ends, self.home_days.value),
        }
    }
}

/// What is known of a zone when its end is asked for. Days count to today; `None` where it never happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiftFacts {
    /// Days since the last new case inside (or since the start).
    pub days_without_case: u32,
    /// Days since the last exposure of the last close contact; `None` where there is no contact.
    pub last_contact_days: Option<u32>,
    /// True where that contact's tests are all negative.
    pub last_contact_negative: bool,
    /// Days since a round in which everyone was negative.
    pub negative_round_days: Option<u32>,
    /// True where everyone was tested negative on the last day.
    pub negative_on_last_day: bool,
    /// Days since the zone came down from a stricter level; `None` where it did not.
    pub days_since_step_down: Option<u32>,
    /// Levels of which zones still stand.
    pub standing: Vec<ZoneLevel>,
}

closed! {
    /// A condition that keeps a zone from being lifted.
    pub enum LiftCondition: "condition of lifting" {
        /// Too few days without a case.
        NoCaseDays = "no_case_days" / "无新增天数不足",
        /// The last contact is not far enough from exposure.
        LastContact = "last_contact" / "末位密接未超期或未阴性",
        /// No all-negative round lies close enough.
        NegativeRound = "negative_round" / "解除前未完成全员阴性一轮",
        /// Not everyone was negative on the last day.
        LastDay = "last_day" / "末日检测未全阴",
        /// Other zones still stand.
        OthersStand = "others_stand" / "其他区尚未解除",
    }
}

impl LiftRules {
    /// The conditions that are not met yet; empty: the zone may be lifted.
    #[must_use]
    pub fn missing(&self, facts: &LiftFacts) -> Vec<LiftCondition> {
        if self.by.value == LiftBy::WhenOthersLifted {
            let waits = self.wait_for.value.iter().any(|level| facts.standing.contains(level));
            return if waits { vec![LiftCondition::OthersStand] } else { Vec::new() };
        }
        let step = self.days_after_step_down.value;
        if let (Some(days), 1..) = (facts.days_since_step_down, step) {
            // A case since the step restarts the clock, however long ago the step was.
            let enough = days >= step && facts.days_without_case >= step;
            return if enough { Vec::new() } else { vec![LiftCondition::NoCaseDays] };
        }
        let mut missing = Vec::new();
        if facts.days_without_case < self.no_case_days.value {
            missing.push(LiftCondition::NoCaseDays);
        }
        let asked = self.last_contact_days.value;
        // "More than n days from exposure": day n itself is not enough.
        let contact_near = facts.last_contact_days.is_some_and(|days| days <= asked || !facts.last_contact_negative);
        if asked > 0 && contact_near {
            missing.push(LiftCondition::LastContact);
        }
        let within = self.negative_round_days.value;
        if within > 0 && facts.negative_round_days.is_none_or(|days| days > within) {
            missing.push(LiftCondition::NegativeRound);
        }
        if self.negative_on_last_day.value && !facts.negative_on_last_day {
            missing.push(LiftCondition::LastDay);
        }
        missing
    }
}

/// By when a result is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PromisedBy {
    /// Days after the day of sampling.
    pub days_later: u32,
    /// Local hour.
    pub hour: u32,
}

impl ScreeningRules {
    /// By when a sample taken at this local hour (0 to 23) is promised.
    #[must_use]
    pub fn promised_by(&self, sampled_hour: u32) -> PromisedBy {
        if sampled_hour < self.promise.dividing_hour.value {
            PromisedBy { days_later: 0, hour: self.promise.same_day_hour.value }
        } else {
            PromisedBy { days_later: 1, hour: self.promise.next_day_hour.value }
        }
    }

    /// Hours in which a round of so many people is to be completed.
    #[must_use]
    pub fn hours_for(&self, people: u64) -> u32 {
        let large = people > u64::from(self.large_population_people.value);
        if large { self.round_hours_large.value } else { self.round_hours.value }
    }

    /// Samplers needed for so many people, rounded up.
    #[must_use]
    pub fn samplers_for(&self, people: u64) -> u64 {
        people.div_ceil(u64::from(self.people_per_sampler.value.max(1)))
    }

    /// Sites needed for so many people, at least, rounded up.
    #[must_use]
    pub fn sites_for(&self, people: u64) -> u64 {
        people.div_ceil(u64::from(self.people_per_site_max.value.max(1)))
    }

    /// The rules of tubes in a zone of this level, or outside of any.
    #[must_use]
    pub fn pool_in(&self, level: Option<ZoneLevel>) -> &PoolRules {
        let group = match level {
            Some(ZoneLevel::Lockdown) => PoolGroup::Lockdown,
            Some(ZoneLevel::Control) => PoolGroup::Control,
            Some(ZoneLevel::Precaution) => PoolGroup::Precaution,
            Some(ZoneLevel::High) => PoolGroup::High,
            Some(ZoneLevel::Medium) => PoolGroup::Medium,
            Some(ZoneLevel::Low) => PoolGroup::Low,
            None => PoolGroup::Other,
        };
        self.pools.get(group)
    }
}

/// Where someone was aboard, seen from the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aboard {
    /// Rows between them; `None` where seats are not known (counted as near).
    pub rows_apart: Option<u32>,
    /// Same carriage.
    pub same_carriage: bool,
    /// Same compartment.
    pub same_compartment: bool,
    /// Crew who served the case.
    pub serving_crew: bool,
}

impl VehicleRules {
    /// The class of someone aboard.
    #[must_use]
    pub fn class_for(&self, aboard: Aboard) -> ContactClass {
        let near = match self.scope.value {
            VehicleScope::All => true,
            VehicleScope::Rows => aboard.rows_apart.is_none_or(|rows| rows <= self.rows.value),
            VehicleScope::Carriage => aboard.same_carriage,
            VehicleScope::Compartment => aboard.same_compartment,
        };
        let crew = self.crew.value && aboard.serving_crew;
        if near || crew { ContactClass::Close } else { self.class_elsewhere.value }
    }
}

impl DischargeRules {
    /// Whether one test before discharge counts. `ct_tenths` is the Ct value times ten, `None` where nothing was found.
    #[must_use]
    pub fn test_passes(&self, ct_tenths: Option<u32>) -> bool {
        let limit = self.ct.value.saturating_mul(10);
        match (self.test.value, ct_tenths) {
            (_, None) => true,
            (DischargeTest::Negative, Some(_)) => false,
            (DischargeTest::CtAtLeast, Some(ct)) => ct >= limit,
            (DischargeTest::CtAbove, Some(ct)) => ct > limit,
        }
    }
}

impl TransferRules {
    /// Seats of a bus that may be used: at least one.
    #[must_use]
    pub fn seats_used(&self, seats: u32) -> u32 {
        let used = u64::from(seats) * u64::from(self.bus_load_percent.value) / 100;
        u32::try_from(used).unwrap_or(seats).max(1).min(seats)
    }
}
