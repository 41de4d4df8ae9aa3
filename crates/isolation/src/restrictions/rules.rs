//! What follows for a restricted person by reckoning alone: days of tests, the moment of the end, the words of the
//! notice and the certificate.

use outpace_core::{AreaId, PersonId, RestrictionId, Text, Timestamp};
use outpace_policy::{ClockRules, QuarantineRules};

use super::model::{Certificate, NewRestriction, RestrictionKind};

/// Days and end of one phase of a quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Until when.
    pub ends_at: Timestamp,
    /// Local days of tests; one that stands twice asks for two samples.
    pub test_days: Vec<i64>,
}

/// The moment at which a measure's local day ends.
#[must_use]
pub fn day_ends_at(day: i64, clock: &ClockRules, offset_minutes: i64) -> Timestamp {
    Timestamp::start_of_local_day(day, offset_minutes).plus_hours(i64::from(clock.day_ends_hour.value))
}

/// The clock of the first phase, from its day 0.
#[must_use]
pub fn first_phase(rules: &QuarantineRules, clock: &ClockRules, day_zero: i64, offset_minutes: i64) -> Clock {
    let mut first = phase(day_zero, rules.days.value, &rules.test_days.value, clock, offset_minutes);
    add_exit_test(rules, day_zero, &mut first.test_days);
    first
}

/// Where the pack asks for a double test at the exit of the first phase, two samples are due on its last day.
pub fn add_exit_test(rules: &QuarantineRules, day_zero: i64, test_days: &mut Vec<i64>) {
    if !rules.double_test_at_exit.value || rules.days.value == 0 {
        return;
    }
    let last = day_zero + i64::from(rules.days.value);
    let planned = test_days.iter().filter(|day| **day == last).count();
    test_days.extend(std::iter::repeat_n(last, 2_usize.saturating_sub(planned)));
}

/// The clock of the home phase, whose days count from the last day of the first.
#[must_use]
pub fn home_phase(rules: &QuarantineRules, clock: &ClockRules, day_zero: i64, offset_minutes: i64) -> Clock {
    let start = day_zero + i64::from(rules.days.value);
    phase(start, rules.home_days.value, &rules.home_test_days.value, clock, offset_minutes)
}

fn phase(day_zero: i64, days: u32, tests: &[u32], clock: &ClockRules, offset_minutes: i64) -> Clock {
    Clock {
        ends_at: day_ends_at(day_zero + i64::from(days), clock, offset_minutes),
        test_days: tests.iter().map(|day| day_zero + i64::from(*day)).collect(),
    }
}

/// The written notice that a person is given when a measure starts.
#[must_use]
pub fn notice_text(restriction: &NewRestriction, offset_minutes: i64) -> (Text, Text) {
    let name = restriction.kind.name();
    let (from, to) = (restriction.starts_at.local(offset_minutes), restriction.ends_at.local(offset_minutes));
    let (reason, clause) = (&restriction.ground.reason, &restriction.ground.clause);
    let title = Text::new(format!("{}告知书", name.zh), format!("Notice of {}", name.en));
    let body = Text::new(
        format!(
            "措施:{}。\n原因:{}\n依据:{clause}\n起止时间:{from} 至 {to},到期自动解除。\n如有异议,可提出申诉;就医等紧急情况随时联系社区,不受影响。",
            name.zh, reason.zh
        ),
        format!(
            "Measure: {}.\nReason: {}\nRule: {clause}\nFrom {from} to {to}; it ends by itself.\nYou may appeal. In an \
             emergency call the community at any time: care never waits.",
            name.en, reason.en
        ),
    );
    (title, body)
}

/// Whether the end of this kind of measure is certified. A hold never confined anyone long enough to need a paper.
#[must_use]
pub fn is_certified(kind: RestrictionKind) -> bool {
    kind != RestrictionKind::Hold
}

/// A certificate of release.
#[must_use]
pub fn certificate(
    jurisdiction: AreaId,
    number: i64,
    person: PersonId,
    restriction: RestrictionId,
    kind: RestrictionKind,
    released_at: Timestamp,
    offset_minutes: i64,
) -> Certificate {
    let (name, at) = (kind.name(), released_at.local(offset_minutes));
    let year = at.get(..4).unwrap_or("0000");
    let number = format!("{jurisdiction}-{year}-{number:06}");
    let text = Text::new(
        format!("解除隔离证明 {number}:持证人的{}已于 {at} 解除,任何单位和社区不得据此前措施限制其通行。", name.zh),
        format!(
            "Certificate of release {number}: the holder's {} ended at {at}; nobody may refuse entry because of it.",
            name.en
        ),
    );
    Certificate { number, person, restriction, text }
}
