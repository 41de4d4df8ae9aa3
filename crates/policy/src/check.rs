//! What is refused beyond types: days that contradict each other, rows that overlap, leave a gap or can never apply.
//!
//! Each function answers with (key, message) pairs; the loader adds file and line.

use std::collections::BTreeSet;

use crate::Closed;
use crate::Sourced;
use crate::model::*;

/// Key and message of what is wrong.
type Wrong = (String, String);

/// Everything that is contradictory in a set of rules.
pub(crate) fn contradictions(rules: &Rules) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    clock_and_lookback(rules, &mut wrong);
    contacts(rules, &mut wrong);
    for (kind, vehicle) in rules.vehicles.iter() {
        vehicle_rules(&format!("vehicles.{}", kind.key()), vehicle, &mut wrong);
    }
    for (class, row) in rules.quarantine.iter() {
        quarantine(&format!("quarantine.{}", class.key()), row, &mut wrong);
    }
    for (level, zone) in &rules.zones {
        zone_rules(&format!("zones.{}", level.key()), *level, zone, rules, &mut wrong);
    }
    zone_tables(rules, &mut wrong);
    screening(rules, &mut wrong);
    holds(rules, &mut wrong);
    status(rules, &mut wrong);
    people(rules, &mut wrong);
    for (measure, row) in rules.measures.iter() {
        if row.grave.value && row.may_start_at_once.value {
            let key = format!("measures.{}.may_start_at_once", measure.key());
            push(&mut wrong, key, "a grave measure cannot start before two persons approved it");
        }
    }
    for (class, row) in rules.retention.iter() {
        above_zero(&mut wrong, &format!("retention.{}.days", class.key()), &row.days);
    }
    wrong
}

fn push(wrong: &mut Vec<Wrong>, key: impl Into<String>, message: impl Into<String>) {
    wrong.push((key.into(), message.into()));
}

fn above_zero(wrong: &mut Vec<Wrong>, key: &str, value: &Sourced<u32>) {
    if value.value == 0 {
        push(wrong, key, "must be above 0");
    }
}

fn not_above(wrong: &mut Vec<Wrong>, key: &str, small: u32, great: u32, than: &str) {
    if small > great {
        push(wrong, key, format!("{small} is above {great}, the value of {than}"));
    }
}

/// Days must rise, lie after day 0 and end with the phase. `days_max` 0 leaves the end open.
fn days(wrong: &mut Vec<Wrong>, key: &str, list: &[u32], days_max: Option<u32>) {
    if list.first() == Some(&0) {
        push(wrong, key, "day 0 is the start, no day of it; the first may be 1");
    }
    if list.windows(2).any(|pair| pair[0] >= pair[1]) {
        push(wrong, key, format!("days must increase: {list:?}"));
    }
    if let (Some(last), Some(max)) = (list.iter().max(), days_max)
        && *last > max
    {
        push(wrong, key, format!("day {last} lies after the end, day {max}"));
    }
}

/// No word may stand twice.
fn once<T: Closed>(wrong: &mut Vec<Wrong>, key: &str, list: &[T]) {
    if list.iter().collect::<BTreeSet<_>>().len() < list.len() {
        push(wrong, key, format!("one {} stands twice", T::WHAT));
    }
}

fn clock_and_lookback(rules: &Rules, wrong: &mut Vec<Wrong>) {
    if !(1..=24).contains(&rules.clock.day_ends_hour.value) {
        push(wrong, "clock.day_ends_hour", "must be 1 to 24");
    }
    let lookback = &rules.lookback;
    let (contact, movement) = (lookback.contact_days.value, lookback.movement_days.value);
    not_above(wrong, "lookback.contact_days", contact, movement, "lookback.movement_days");
    above_zero(wrong, "lookback.frequent_days_min", &lookback.frequent_days_min);
}

fn contacts(rules: &Rules, wrong: &mut Vec<Wrong>) {
    for (setting, row) in rules.contacts.settings.iter() {
        let key = format!("contacts.settings.{}", setting.key());
        let (minutes, class, below) = (row.minutes_min.value, row.class.value, row.class_below.value);
        if minutes == 0 && below != class {
            push(wrong, format!("{key}.class_below"), "can never apply: every exposure lasts at least 0 minutes");
        }
        if minutes > 0 && below <= class {
            push(wrong, format!("{key}.class_below"), "a shorter exposure must give a weaker class than a longer one");
        }
    }
    let ring = &rules.contacts.second_ring;
    once(wrong, "contacts.second_ring.settings", &ring.settings.value);
    let followed = rules.quarantine.get(QuarantineClass::ContactOfContact).applies();
    if ring.determined.value && ring.settings.value.is_empty() {
        push(wrong, "contacts.second_ring.settings", "determined, but no setting makes one");
    }
    if !ring.determined.value && followed {
        push(wrong, "quarantine.contact_of_contact.days", "can never apply: contacts of contacts are not determined");
    }
    if ring.determined.value && !followed {
        push(
            wrong,
            "contacts.second_ring.determined",
            "contacts of contacts are determined, but nothing is done with them",
        );
    }
}

fn vehicle_rules(key: &str, row: &VehicleRules, wrong: &mut Vec<Wrong>) {
    let by_rows = row.scope.value == VehicleScope::Rows;
    if by_rows == (row.rows.value == 0) {
        push(wrong, format!("{key}.rows"), "rows belong to the scope `rows` and to no other");
    }
    if row.scope.value == VehicleScope::All && row.class_elsewhere.value != ContactClass::None {
        push(wrong, format!("{key}.class_elsewhere"), "can never apply: everyone aboard is a close contact");
    }
}

fn quarantine(key: &str, row: &QuarantineRules, wrong: &mut Vec<Wrong>) {
    days(wrong, &format!("{key}.test_days"), &row.test_days.value, Some(row.days.value));
    days(wrong, &format!("{key}.home_test_days"), &row.home_test_days.value, Some(row.home_days.value));
    if (row.place.value == QuarantinePlace::None) != (row.days.value == 0) {
        push(wrong, format!("{key}.days"), "days above 0 and a place go together");
    }
    if (row.home_phase.value == HomePhase::None) != (row.home_days.value == 0) {
        push(wrong, format!("{key}.home_days"), "days above 0 and a home phase go together");
    }
    let early = row.early_release.value == EarlyRelease::LinkedNegative;
    if early && row.test_days.value.is_empty() {
        push(wrong, format!("{key}.early_release"), "can never apply: the person is not tested");
    }
    if row.double_test_at_exit.value && row.days.value == 0 {
        push(wrong, format!("{key}.double_test_at_exit"), "can never apply: there is no first phase to leave");
    }
}

fn zone_rules(key: &str, level: ZoneLevel, zone: &ZoneRules, rules: &Rules, wrong: &mut Vec<Wrong>) {
    days(wrong, &format!("{key}.test_days"), &zone.test_days.value, None);
    days(wrong, &format!("{key}.antigen_days"), &zone.antigen_days.value, None);
    once(wrong, &format!("{key}.measures"), &zone.measures.value);
    once(wrong, &format!("{key}.units"), &zone.units.value);
    if zone.units.value.is_empty() {
        push(wrong, format!("{key}.units"), "needs at least one");
    }
    let stays_home = zone.measures.value.contains(&ZoneMeasure::StayHome);
    if zone.locked.value != stays_home {
        push(wrong, format!("{key}.locked"), "an area is locked exactly where people stay home");
    }
    if zone.measures.value.contains(&ZoneMeasure::NoGathering)
        && zone.measures.value.contains(&ZoneMeasure::LimitGathering)
    {
        push(wrong, format!("{key}.measures"), "no_gathering and limit_gathering contradict each other");
    }
    lifting(&format!("{key}.lift"), level, zone, rules, wrong);
    for (name, step) in [("on_positive", zone.on_positive.value), ("lift.step_down", zone.lift.step_down.value)] {
        if let Some(next) = step.level() {
            if !rules.zones.contains_key(&next) {
                push(wrong, format!("{key}.{name}"), format!("this pack has no level `{}`", next.key()));
            }
            let rightly = if name == "on_positive" { next < level } else { next > level };
            if !rightly || next.is_risk() != level.is_risk() {
                push(wrong, format!("{key}.{name}"), "a positive raises, lifting lowers, within one family of levels");
            }
        }
    }
}

fn lifting(key: &str, level: ZoneLevel, zone: &ZoneRules, rules: &Rules, wrong: &mut Vec<Wrong>) {
    let lift = &zone.lift;
    match lift.by.value {
        LiftBy::OwnClock => {
            above_zero(wrong, &format!("{key}.no_case_days"), &lift.no_case_days);
            if !lift.wait_for.value.is_empty() {
                push(wrong, format!("{key}.wait_for"), "can never apply: the zone ends by its own clock");
            }
            let last = zone.test_days.value.iter().chain(&zone.antigen_days.value).max().copied().unwrap_or(0);
            if last > lift.no_case_days.value {
                let days = lift.no_case_days.value;
                push(
                    wrong,
                    format!("{key}.no_case_days"),
                    format!("could end on day {days}, before its test of day {last}"),
                );
            }
        }
        LiftBy::WhenOthersLifted => {
            let asked = lift.no_case_days.value + lift.last_contact_days.value + lift.negative_round_days.value;
            if asked > 0 || lift.negative_on_last_day.value {
                push(wrong, format!("{key}.by"), "days and rounds can never apply: the zone ends with others");
            }
            if lift.wait_for.value.is_empty() {
                push(wrong, format!("{key}.wait_for"), "needs the levels that must have ended");
            }
        }
    }
    let reached = rules.zones.values().any(|zone| zone.lift.step_down.value.level() == Some(level));
    if !reached && lift.days_after_step_down.value > 0 {
        push(wrong, format!("{key}.days_after_step_down"), "can never apply: no level steps down to this one");
    }
    once(wrong, &format!("{key}.wait_for"), &lift.wait_for.value);
    for other in &lift.wait_for.value {
        if *other == level || !rules.zones.contains_key(other) {
            push(wrong, format!("{key}.wait_for"), format!("`{}` is not another level of this pack", other.key()));
        }
    }
}

/// The table of levels as a whole: one rest of the county per family, no family without its rest.
fn zone_tables(rules: &Rules, wrong: &mut Vec<Wrong>) {
    if rules.zones.is_empty() {
        push(wrong, "zones", "a pack needs at least one level");
    }
    for risk in [false, true] {
        let family: Vec<_> = rules.zones.iter().filter(|(level, _)| level.is_risk() == risk).collect();
        let rest = family.iter().filter(|(_, zone)| zone.delineation.value == Delineation::RestOfCounty).count();
        if rest > 1 {
            push(wrong, "zones", "two levels of one family are the rest of the county: they overlap");
        }
        if !family.is_empty() && rest == 0 {
            push(wrong, "zones", "no level of this family is the rest of the county: a gap");
        }
    }
}

fn screening(rules: &Rules, wrong: &mut Vec<Wrong>) {
    let rows = &rules.screening;
    for (group, pool) in rows.pools.iter() {
        above_zero(wrong, &format!("screening.pools.{}.people_max", group.key()), &pool.people_max);
    }
    for (name, value) in [
        ("round_hours", &rows.round_hours),
        ("round_hours_large", &rows.round_hours_large),
        ("people_per_site_min", &rows.people_per_site_min),
        ("people_per_sampler", &rows.people_per_sampler),
        ("lane_people_per_hour", &rows.lane_people_per_hour),
        ("promise.hours_max", &rows.promise.hours_max),
        ("handover_signatures", &rows.handover_signatures),
        ("ambient_hours_max", &rows.ambient_hours_max),
        ("two_sites_minutes", &rows.two_sites_minutes),
    ] {
        above_zero(wrong, &format!("screening.{name}"), value);
    }
    let (least, most) = (rows.people_per_site_min.value, rows.people_per_site_max.value);
    not_above(wrong, "screening.people_per_site_min", least, most, "people_per_site_max");
    let (carried, tested) = (rows.to_laboratory_hours_max.value, rows.tested_hours_max.value);
    not_above(wrong, "screening.to_laboratory_hours_max", carried, tested, "tested_hours_max");
    let promise = &rows.promise;
    if promise.dividing_hour.value >= promise.same_day_hour.value || promise.same_day_hour.value > 24 {
        push(wrong, "screening.promise.same_day_hour", "must lie after the dividing hour, at 24 at the latest");
    }
    not_above(wrong, "screening.promise.next_day_hour", promise.next_day_hour.value, 24, "a day's hours");
    once(wrong, "screening.priority", &rows.priority.value);
    if rows.priority.value.len() < SamplePriority::ALL.len() {
        push(wrong, "screening.priority", format!("a gap: every priority needs its place; {}", SamplePriority::keys()));
    }
}

fn holds(rules: &Rules, wrong: &mut Vec<Wrong>) {
    let holds = &rules.holds;
    let retest = rules.pool_positive.retest_hours.value;
    if holds.person_hours.value < retest {
        let message = format!("{} ends before the retest is due at {retest} hours", holds.person_hours.value);
        push(wrong, "holds.person_hours", message);
    }
    let shortest = holds.person_hours.value.min(holds.place_hours.value).saturating_mul(60);
    if holds.warning_minutes.value >= shortest {
        push(wrong, "holds.warning_minutes", "the warning would come before the hold begins");
    }
    above_zero(wrong, "holds.extension_hours", &holds.extension_hours);
    above_zero(wrong, "holds.place_extension_hours", &holds.place_extension_hours);
    once(wrong, "pool_positive.receivers", &rules.pool_positive.receivers.value);
    once(wrong, "pool_positive.retest_at", &rules.pool_positive.retest_at.value);
    once(wrong, "single_positive.receivers", &rules.single_positive.receivers.value);
    once(wrong, "single_positive.messages", &rules.single_positive.messages.value);
    let tracing = &rules.tracing;
    let (report, moves, first) =
        (tracing.report_hours.value, tracing.movements_hours.value, tracing.first_report_hours.value);
    not_above(wrong, "tracing.report_hours", report, moves, "tracing.movements_hours");
    not_above(wrong, "tracing.movements_hours", moves, first, "tracing.first_report_hours");
}

fn status(rules: &Rules, wrong: &mut Vec<Wrong>) {
    let status = &rules.status;
    once(wrong, "status.red", &status.red.value);
    once(wrong, "status.yellow", &status.yellow.value);
    for reason in status.red.value.iter().filter(|reason| status.yellow.value.contains(reason)) {
        push(wrong, "status.yellow", format!("`{}` can never apply: it is red already", reason.key()));
    }
    above_zero(wrong, "status.red_days", &status.red_days);
    above_zero(wrong, "status.yellow_days", &status.yellow_days);
}

/// Discharge, facilities, transfer, appeals.
fn people(rules: &Rules, wrong: &mut Vec<Wrong>) {
    let discharge = &rules.discharge;
    above_zero(wrong, "discharge.tests", &discharge.tests);
    if (discharge.test.value == DischargeTest::Negative) != (discharge.ct.value == 0) {
        push(wrong, "discharge.ct", "a Ct value belongs to a Ct rule, 0 to plain negatives");
    }
    let facility = &rules.facility;
    once(wrong, "facility.groups", &facility.groups.value);
    once(wrong, "facility.shared_for", &facility.shared_for.value);
    above_zero(wrong, "facility.staffing_people", &facility.staffing_people);
    if !facility.single_room.value && !facility.shared_for.value.is_empty() {
        push(wrong, "facility.shared_for", "can never apply: rooms are shared by everyone");
    }
    let transfer = &rules.transfer;
    if !(1..=100).contains(&transfer.bus_load_percent.value) {
        push(wrong, "transfer.bus_load_percent", "must be 1 to 100");
    }
    above_zero(wrong, "transfer.drivers_per_vehicle_min", &transfer.drivers_per_vehicle_min);
    above_zero(wrong, "transfer.cases_per_vehicle", &transfer.cases_per_vehicle);
    let (least, most) = (transfer.drivers_per_vehicle_min.value, transfer.drivers_per_vehicle_max.value);
    not_above(wrong, "transfer.drivers_per_vehicle_min", least, most, "transfer.drivers_per_vehicle_max");
    once(wrong, "home_care.roles", &rules.home_care.roles.value);
    above_zero(wrong, "home_care.packs_per_household_day", &rules.home_care.packs_per_household_day);
    above_zero(wrong, "appeal.answer_hours", &rules.appeal.answer_hours);
    let codes = &rules.codes;
    above_zero(wrong, "codes.place_seconds", &codes.place_seconds);
    above_zero(wrong, "codes.printed_within_minutes", &codes.printed_within_minutes);
    above_zero(wrong, "codes.travel_kmh_max", &codes.travel_kmh_max);
    above_zero(wrong, "codes.status_minutes", &codes.status_minutes);
    above_zero(wrong, "codes.status_key_days", &codes.status_key_days);
    above_zero(wrong, "codes.sign_in_minutes", &codes.sign_in_minutes);
    above_zero(wrong, "codes.session_minutes", &codes.session_minutes);
    above_zero(wrong, "codes.correction_hours", &codes.correction_hours);
    above_zero(wrong, "antigen.kits_per_person", &rules.antigen.kits_per_person);
}
