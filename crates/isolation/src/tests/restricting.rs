use outpace_core::{CaseId, PersonId, Seq, Text, Timestamp, TubeCode};
use outpace_orders::notices::{self, Audience};
use outpace_policy::QuarantineClass;
use outpace_zoning::ImposedBy;
use proptest::prelude::*;

use super::{COUNTY, HOUR_MS, House, commander, ground, new_restriction};
use crate::restrictions::commands::ObserveRestriction;
use crate::restrictions::rules::{first_phase, home_phase};
use crate::restrictions::{self, certificates_of, observe, record_tests, retested, retests_due};
use crate::{
    Because, ChangeEnd, EndedWhy, ExtendHold, Filter, LiftReason, RestrictionKind, change_end, extend_hold, in_force,
    in_force_of, lift_because, resting_on, restrict, restrict_many, tests_due, tick,
};

const HOLD: RestrictionKind = RestrictionKind::Hold;
const SITE: RestrictionKind = RestrictionKind::FacilityQuarantine;

#[test]
fn nobody_is_restricted_without_a_reason_an_end_or_a_known_person() {
    let house = House::open();
    let (at, head) = (house.now(), house.store.head());
    let good = new_restriction(1, SITE, at, 24);
    let mut cases = Vec::new();
    for (code, break_it) in [
        ("no_reason", (|new| new.ground.reason.zh.clear()) as fn(&mut crate::NewRestriction)),
        ("no_reason", |new| new.ground.clause.clear()),
        ("no_reason", |new| new.ground.facts.clear()),
        ("end_not_ahead", |new| new.ends_at = new.starts_at),
        ("end_not_ahead", |new| {
            new.starts_at = Timestamp(0);
            new.ends_at = Timestamp(1);
        }),
        ("hold_too_long", |new| new.kind = HOLD),
        ("unknown_person", |new| new.person = PersonId(999)),
    ] {
        let mut new = good.clone();
        break_it(&mut new);
        let refused = house.system(move |unit, call| restrict(unit, call, new)).unwrap_err();
        cases.push((code, refused.code));
    }
    for (expected, found) in cases {
        assert_eq!(expected, found);
    }
    assert_eq!(house.store.head().seq, head.seq, "a refusal leaves no fact");
}

#[test]
fn a_restriction_begins_with_a_written_notice_and_only_once() {
    let house = House::open();
    let at = house.now();
    let news = vec![new_restriction(1, SITE, at, 24), new_restriction(1, SITE, at, 24)];
    let ids = house.system(move |unit, call| restrict_many(unit, call, news)).unwrap();
    assert_eq!(ids[0], ids[1]);
    let again = house.system(move |unit, call| restrict(unit, call, new_restriction(1, SITE, at, 48))).unwrap();
    assert_eq!(again, ids[0]);
    let standing = house.store.read(|tx| in_force_of(tx, PersonId(1))).unwrap();
    assert_eq!(standing.len(), 1);
    let notice = standing[0].notice.unwrap();
    let notice = house.store.read(|tx| notices::by_id(tx, notice)).unwrap().unwrap();
    assert_eq!(notice.audience, Audience::Person(PersonId(1)));
    assert!(notice.body.zh.contains("同管阳性") && notice.body.zh.contains("2022-04-14 16:00"), "{}", notice.body.zh);
    assert!(notice.body.en.contains("member of a positive pool"));
}

#[test]
fn a_lapsed_hold_was_warned_about_and_is_counted_as_our_failure() {
    let house = House::open();
    let at = house.now();
    let id = house.system(move |unit, call| restrict(unit, call, new_restriction(1, HOLD, at, 6))).unwrap();
    house.pass_ms(5 * HOUR_MS);
    assert_eq!(house.system(tick).unwrap().warned, [id]);
    assert_eq!(house.system(tick).unwrap(), restrictions::Ticked::default(), "a warning goes out once");
    house.pass_ms(HOUR_MS);
    assert_eq!(house.system(tick).unwrap().lapsed, [id]);
    let ended = house.store.read(|tx| restrictions::restriction(tx, id)).unwrap().unwrap();
    assert_eq!(ended.ended_why, Some(EndedWhy::Lapsed));
    assert_eq!(house.store.read(|tx| crate::tally::get(tx, "hold_lapsed")).unwrap(), 1);
    assert_eq!(house.store.read(retests_due).unwrap(), [(PersonId(1), id, house.now())]);
    assert!(house.store.read(|tx| certificates_of(tx, PersonId(1))).unwrap().is_empty());
    let noted = house.system(|unit, call| retested(unit, call, &[PersonId(1), PersonId(2)])).unwrap();
    assert_eq!((noted, house.store.read(retests_due).unwrap().len()), (1, 0));
    house.check_rebuild();
}

#[test]
fn a_hold_is_extended_once_by_a_named_officer_with_a_reason() {
    let house = House::open();
    let at = house.now();
    let id = house.system(move |unit, call| restrict(unit, call, new_restriction(1, HOLD, at, 6))).unwrap();
    let request = move |reason: &str| ExtendHold { restriction: id, reason: Text::new(reason, reason) };
    let refused = |done: Result<crate::Restriction, outpace_core::Refusal>| done.unwrap_err().code;
    assert_eq!(refused(house.system(move |unit, call| extend_hold(unit, call, request("复检中")))), "no_officer");
    assert_eq!(refused(house.act(commander(), move |unit, call| extend_hold(unit, call, request(" ")))), "no_reason");
    let longer = ChangeEnd { ends_at: at.plus_hours(48), ground: ground(), test_days: Vec::new(), plan: None };
    let moved = house.system(move |unit, call| change_end(unit, call, id, longer));
    assert_eq!(moved.unwrap_err().code, "is_a_hold", "no plan makes a hold last");
    let extended = house.act(commander(), move |unit, call| extend_hold(unit, call, request("复检中"))).unwrap();
    assert_eq!((extended.ends_at, extended.extensions), (at.plus_hours(12), 1));
    let twice = house.act(commander(), move |unit, call| extend_hold(unit, call, request("复检中")));
    assert_eq!(refused(twice), "hold_extended");
}

#[test]
fn an_exclusion_lifts_everything_that_hung_on_the_excluded_fact() {
    let house = House::open();
    let at = house.now();
    let tube = Because::Tube(TubeCode::from("QX-1"));
    let mut news: Vec<_> = (1..=3).map(|person| new_restriction(person, HOLD, at, 6)).collect();
    for new in &mut news {
        new.because_of = tube.clone();
        new.ground.facts = vec![Seq(41)];
    }
    news.push(new_restriction(4, SITE, at, 24));
    house.system(move |unit, call| restrict_many(unit, call, news)).unwrap();
    assert_eq!(house.store.read(|tx| resting_on(tx, Seq(41))).unwrap().len(), 3);
    let lifted =
        house.system(move |unit, call| lift_because(unit, call, &tube, LiftReason::Excluded(Seq(41)))).unwrap();
    assert_eq!(lifted, 3);
    assert!(house.store.read(|tx| resting_on(tx, Seq(41))).unwrap().is_empty());
    let left = house.store.read(|tx| in_force(tx, &Filter::default())).unwrap();
    assert_eq!(left.iter().map(|one| one.person).collect::<Vec<_>>(), [PersonId(4)]);
}

#[test]
fn a_quarantine_ends_within_the_minute_with_a_certificate() {
    let house = House::open();
    let at = house.now();
    house.system(move |unit, call| restrict(unit, call, new_restriction(1, SITE, at, 24))).unwrap();
    house.pass_ms(24 * HOUR_MS - 1);
    assert!(house.system(tick).unwrap().expired.is_empty());
    house.pass_ms(1);
    assert_eq!(house.system(tick).unwrap().expired.len(), 1);
    let papers = house.store.read(|tx| certificates_of(tx, PersonId(1))).unwrap();
    assert_eq!(papers.len(), 1);
    assert_eq!(papers[0].number, "140121-2022-000001");
}

#[test]
fn who_is_still_kept_for_another_reason_gets_no_certificate_yet() {
    let house = House::open();
    let at = house.now();
    let mut other = new_restriction(1, SITE, at, 48);
    other.because_of = Because::Case(CaseId(2));
    let news = vec![new_restriction(1, SITE, at, 24), other];
    house.system(move |unit, call| restrict_many(unit, call, news)).unwrap();
    house.pass_ms(24 * HOUR_MS);
    assert_eq!(house.system(tick).unwrap().expired.len(), 1);
    assert!(house.store.read(|tx| certificates_of(tx, PersonId(1))).unwrap().is_empty());
    house.pass_ms(24 * HOUR_MS);
    house.system(tick).unwrap();
    assert_eq!(house.store.read(|tx| certificates_of(tx, PersonId(1))).unwrap().len(), 1);
}

#[test]
fn what_others_imposed_is_listed_and_enforces_nothing() {
    let house = House::open();
    let seen = ObserveRestriction {
        person: PersonId(1),
        kind: RestrictionKind::HomeQuarantine,
        reason: Text::new("村里要求", "the village said so"),
        starts_at: house.now(),
        ends_at: None,
        imposed_by: ImposedBy { whom: "village".into(), order_number: None, known_by: "complaint".into() },
    };
    for _ in 0..2 {
        let seen = seen.clone();
        house.system(move |unit, call| observe(unit, call, seen)).unwrap();
    }
    assert!(house.store.read(|tx| in_force_of(tx, PersonId(1))).unwrap().is_empty());
    let observed = house
        .store
        .read(|tx| crate::restrictions::store::observed(tx, COUNTY, outpace_core::RestrictionId(0), 10))
        .unwrap();
    assert_eq!(observed.len(), 1);
}

#[test]
fn tests_are_due_on_their_days_until_they_are_taken() {
    let house = House::open();
    let at = house.now();
    let today = at.local_day(480);
    let mut new = new_restriction(1, SITE, at, 14 * 24);
    new.test_days = vec![today + 1, today + 4];
    house.system(move |unit, call| restrict(unit, call, new)).unwrap();
    let due = |day| house.store.read(move |tx| tests_due(tx, day, COUNTY)).unwrap().len();
    assert_eq!((due(today), due(today + 1), due(today + 4)), (0, 1, 2));
    house.pass_ms(24 * HOUR_MS);
    let now = house.now();
    let taken = house.system(move |unit, call| record_tests(unit, call, &[PersonId(1)], now)).unwrap();
    assert_eq!((taken, due(today + 1), due(today + 4)), (1, 0, 1));
}

#[test]
fn a_double_test_is_taken_with_its_second_sample() {
    let house = House::open();
    let at = house.now();
    let today = at.local_day(480);
    let mut new = new_restriction(1, SITE, at, 14 * 24);
    new.test_days = vec![today, today];
    house.system(move |unit, call| restrict(unit, call, new)).unwrap();
    let left = || -> Vec<i64> {
        let due = house.store.read(move |tx| tests_due(tx, today, COUNTY)).unwrap();
        due.into_iter().map(|test| test.samples).collect()
    };
    assert_eq!(left(), [2]);
    let sample = || house.system(move |unit, call| record_tests(unit, call, &[PersonId(1)], at)).unwrap();
    assert_eq!((sample(), left()), (1, vec![1]));
    assert_eq!((sample(), left()), (1, vec![]));
    assert_eq!(sample(), 0);
    let rebuilt = house.store.rebuild().unwrap();
    assert_eq!(rebuilt.before, rebuilt.after, "changed: {:?}", rebuilt.changed);
}

#[test]
fn the_clock_of_a_close_contact_is_the_packs() {
    let house = House::open();
    let pack = &house.rules.pack;
    let rules = pack.quarantine_of(QuarantineClass::CloseContact);
    let day_zero = Timestamp::parse_local("2022-04-12T08:00", 480).unwrap().local_day(480);
    let first = first_phase(rules, &pack.clock, day_zero, 480);
    assert_eq!(first.test_days, [1, 4, 7, 14, 14].map(|day| day_zero + day), "two samples at the exit");
    assert_eq!(first.ends_at.local(480), "2022-04-27 00:00", "day 14 is the 26th and ends at midnight");
    let home = home_phase(rules, &pack.clock, day_zero, 480);
    assert_eq!(home.ends_at.local(480), "2022-05-04 00:00");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn nothing_is_in_force_after_its_end_once_the_clock_ran(
        drawn in prop::collection::vec((1_i64..=12, 0_usize..5, 1_i64..=6), 1..20),
        steps in prop::collection::vec(1_i64..120, 1..8),
    ) {
        let house = House::open();
        let at = house.now();
        let mut holds = 0_usize;
        for (person, kind, hours) in drawn {
            let new = new_restriction(person, RestrictionKind::ALL[kind], at, hours);
            let id = house.system(move |unit, call| restrict(unit, call, new)).unwrap();
            let standing = house.store.read(move |tx| restrictions::restriction(tx, id)).unwrap().unwrap();
            prop_assert!(standing.ended_at.is_none());
        }
        let all = house.store.read(|tx| in_force(tx, &Filter::default())).unwrap();
        let expected = all.iter().filter(|one| one.kind == RestrictionKind::Hold).count();
        for minutes in steps.into_iter().chain([6 * 60]) {
            house.pass_ms(minutes * 60_000);
            holds += house.system(tick).unwrap().lapsed.len();
            let now = house.now();
            let left = house.store.read(|tx| in_force(tx, &Filter::default())).unwrap();
            prop_assert!(left.iter().all(|one| one.ends_at > now), "{left:?}");
        }
        prop_assert!(house.store.read(|tx| in_force(tx, &Filter::default())).unwrap().is_empty());
        prop_assert_eq!(holds, expected, "every hold lapsed and was counted");
        let counted = house.store.read(|tx| crate::tally::get(tx, "hold_lapsed")).unwrap();
        prop_assert_eq!(usize::try_from(counted).unwrap(), expected);
    }
}
