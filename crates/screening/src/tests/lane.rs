//! At the lane.

use outpace_core::{PersonId, Role, TubeCode};

use super::{House, actor, request};
use crate::rounds::{self, CloseRound, Method};
use crate::sites::{OpenState, SetLane, SetSite, SiteKind, set_lane, set_site};
use crate::tubes::check::WarningKind;
use crate::tubes::{
    Check, Flag, IdentifySwab, NoFile, Purpose, RegisterSwab, RegisterTube, SealTube, Stage, Swab, check,
    identify_swab, register_swab, seal_tube,
};

fn flags(house: &House, code: &str) -> Vec<Flag> {
    let code = TubeCode::from(code);
    house.read(|tx| crate::tube(tx, &code)).unwrap().flags
}

#[test]
fn a_whole_tube_is_one_entry_and_the_same_again_is_none() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let before = house.store.head().seq.0;
    let first = house.tube(round, "QX-1", &[1, 2, 3, 4]);
    assert_eq!((first.people, first.people_max, first.stage, first.repeated), (4, 10, Stage::Sealed, false));
    assert_eq!(house.store.head().seq.0, before + 1);
    let again = house.tube(round, "QX-1", &[1, 2, 3, 4]);
    assert!(again.repeated && again.number == first.number && again.placed == first.placed);
    assert_eq!(house.store.head().seq.0, before + 1);
    assert_eq!(house.open_conflicts(), 0);
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn swabs_may_come_one_by_one_in_any_order_and_twice() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let lane = house.lanes[0];
    for (position, person) in [(3, 3), (1, 1), (3, 3), (2, 2), (1, 1)] {
        let swab = Swab { person: Some(PersonId(person)), ..Swab::default() };
        let request = RegisterSwab {
            tube: "QX-1".into(),
            lane,
            round: Some(round),
            purpose: None,
            position: Some(position),
            swab,
            seal: false,
            occurred_at: None,
        };
        house.act(move |unit, call| register_swab(unit, call, request)).unwrap();
    }
    let people = house.read(|tx| crate::tube_people(tx, &"QX-1".into()));
    assert_eq!(
        people.iter().map(|member| (member.position, member.person)).collect::<Vec<_>>(),
        [(1, Some(PersonId(1))), (2, Some(PersonId(2))), (3, Some(PersonId(3)))]
    );
    let sealed = house.act(|unit, call| seal_tube(unit, call, SealTube { tube: "QX-1".into(), occurred_at: None }));
    assert_eq!(sealed.unwrap().stage, Stage::Sealed);
    assert_eq!(house.open_conflicts(), 0);
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn what_happened_is_kept_flagged_and_settled() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "OVER", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(flags(&house, "OVER"), [Flag::OverPool]);
    house.tube(round, "TWICE", &[1, 12]);
    assert_eq!(flags(&house, "TWICE"), [Flag::TwiceInRound]);
    house.tube(round, "TWICE", &[13]);
    assert_eq!(flags(&house, "TWICE"), [Flag::TwiceInRound, Flag::AfterSeal]);
    let other_lane = request(round, house.lanes[1], "OVER", &[14]);
    house.register(other_lane).unwrap();
    assert!(flags(&house, "OVER").contains(&Flag::TubeSeenBefore));
    let mut ahead = request(round, house.lanes[0], "AHEAD", &[15]);
    ahead.people[0].taken_at = Some(house.now().plus_minutes(90));
    house.register(ahead).unwrap();
    assert_eq!(flags(&house, "AHEAD"), [Flag::ClockAhead]);
    house.tube(round, "NOBODY", &[999_999]);
    assert_eq!(flags(&house, "NOBODY"), [Flag::UnknownPerson]);
    assert_eq!(house.open_conflicts(), 6);
    let balance = house.assert_balanced();
    assert_eq!(balance.sampled, 11 + 2 + 1 + 1 + 1 + 1);
    house.assert_rebuilds();
}

#[test]
fn an_unreadable_code_gets_its_person_later() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut tube = request(round, house.lanes[0], "QX-1", &[1]);
    tube.people.push(Swab { no_file: Some(NoFile::CodeUnreadable), slip: Some("S-7".to_owned()), ..Swab::default() });
    house.register(tube.clone()).unwrap();
    assert!(house.register(tube).unwrap().repeated);
    assert_eq!(house.ask(|tx, call| coverage(tx, call, round)).unwrap().unknown, 1);
    let named = IdentifySwab { tube: "QX-1".into(), position: 2, person: PersonId(2) };
    house.act(move |unit, call| identify_swab(unit, call, named)).unwrap();
    let after = house.ask(|tx, call| coverage(tx, call, round)).unwrap();
    assert_eq!((after.unknown, after.sampled), (0, 2));
    let wrong = IdentifySwab { tube: "QX-1".into(), position: 2, person: PersonId(3) };
    let refused = house.act(move |unit, call| identify_swab(unit, call, wrong)).unwrap_err();
    assert_eq!(refused.code, "already_identified");
    house.assert_balanced();
    house.assert_rebuilds();
}

fn coverage(
    tx: &mut outpace_store::Tx<'_>,
    call: &outpace_access::Call,
    round: outpace_core::RoundId,
) -> Result<crate::coverage::Coverage, outpace_core::Refusal> {
    let query = crate::coverage::CoverageQuery { round, area: None, by: None };
    Ok(crate::coverage::coverage(tx, call, query)?.total)
}

#[test]
fn an_intention_that_cannot_be_is_refused_and_changes_nothing() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let planned = house.plan(Method::Pcr, &[super::VILLAGES[0]]).round;
    let before = house.store.head();
    let code = |request: RegisterTube| house.register(request).unwrap_err().code;
    assert_eq!(code(request(round, outpace_core::LaneId(99), "QX-1", &[1])), "unknown_lane");
    assert_eq!(code(request(outpace_core::RoundId(99), house.lanes[0], "QX-1", &[1])), "unknown_round");
    assert_eq!(code(request(planned, house.lanes[0], "QX-1", &[1])), "round_not_open");
    assert_eq!(code(request(round, house.lanes[0], "QX 1;", &[1])), "malformed_code");
    assert_eq!(code(request(round, house.lanes[0], "QX-1", &[])), "unknown_tube");
    let outside = outpace_core::Actor { area: outpace_core::AreaId(140_105), ..actor(9, Role::Sampler) };
    let tube = request(round, house.lanes[0], "QX-1", &[1]);
    let refused = house.act_as(&outside, move |unit, call| crate::tubes::register_tube(unit, call, tube)).unwrap_err();
    assert_eq!(refused.code, "unknown_lane", "a lane elsewhere looks as if there were none");
    assert_eq!(house.store.head(), before);
}

#[test]
fn a_lane_cannot_open_at_a_closed_site_but_its_swabs_are_kept() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let closed = SetSite { site: outpace_core::SiteId(1), state: OpenState::Closed, reason: "夜间".to_owned() };
    house.act(move |unit, call| set_site(unit, call, closed)).unwrap();
    let open = SetLane { lane: house.lanes[0], state: OpenState::Open, reason: "开放".to_owned() };
    assert_eq!(house.act(move |unit, call| set_lane(unit, call, open)).unwrap_err().code, "site_closed");
    house.tube(round, "QX-1", &[1]);
    assert_eq!(flags(&house, "QX-1"), [Flag::LaneClosed]);
}

#[test]
fn before_the_swab_the_lane_is_warned() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "QX-1", &[1]);
    let ask = |person: i64, lane: usize, fever: bool| {
        let request =
            Check { person: PersonId(person), lane: house.lanes[lane], round: Some(round), tube: None, fever };
        let checked = house.act(move |unit, call| check(unit, call, request)).unwrap();
        assert_eq!(checked.birth_year, 1985);
        checked.warnings.into_iter().map(|warning| warning.kind).collect::<Vec<_>>()
    };
    let before = house.store.head();
    assert_eq!(ask(1, 0, false), [WarningKind::AlreadySampled]);
    assert_eq!(ask(2, 0, false), []);
    assert_eq!(ask(10, 0, false), [WarningKind::ThoughtAbsent]);
    assert_eq!(ask(2, 0, true), [WarningKind::AbnormalHere]);
    assert_eq!(ask(2, 2, false), [WarningKind::OrdinaryHere]);
    assert_eq!(house.store.head(), before);
    let site = house.read(|tx| crate::sites::site_by_key(tx, "fever")).unwrap();
    assert_eq!(site.spec.kind, SiteKind::Abnormal);
}

#[test]
fn one_household_may_share_a_tube_where_the_pack_says_so() {
    let house = House::small();
    let request_of = |code: &str, people: &[i64]| {
        let mut tube = request(outpace_core::RoundId(0), house.lanes[0], code, people);
        tube.round = None;
        tube
    };
    let planned = house
        .act(|unit, call| {
            let request = rounds::PlanRound {
                key: "locked".to_owned(),
                name: outpace_core::Text::new("封控区", "Locked area"),
                method: Method::Pcr,
                areas: vec![super::COUNTY],
                places: Vec::new(),
                people: Vec::new(),
                starts_at: None,
                ends_at: None,
                pool_group: Some("lockdown".to_owned()),
            };
            rounds::plan_round(unit, call, request)
        })
        .unwrap();
    let request = rounds::OpenRound {
        round: planned.round,
        acknowledged_last_result_at: planned.forecast.map(|forecast| forecast.last_result_at),
    };
    house.act(move |unit, call| rounds::open_round(unit, call, request)).unwrap();
    house.tube(planned.round, "HOME", &[1, 2, 3, 4]);
    assert_eq!(flags(&house, "HOME"), []);
    house.tube(planned.round, "MIXED", &[5, 6, 13]);
    assert_eq!(flags(&house, "MIXED"), [Flag::MixedHouseholds]);
    // Outside any round a retest is always taken alone.
    let mut retest = request_of("RETEST", &[1, 2]);
    retest.purpose = Some(Purpose::Retest);
    house.register(retest).unwrap();
    assert_eq!(flags(&house, "RETEST"), [Flag::OverPool]);
    house.assert_balanced();
}

#[test]
fn a_tube_told_after_its_round_was_closed_still_counts() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    house.tube(round, "QX-1", &[1, 2]);
    let close = CloseRound { round, reason: "完成".to_owned() };
    house.act(move |unit, call| rounds::close_round(unit, call, close)).unwrap();
    house.tube(round, "QX-2", &[3]);
    assert_eq!(flags(&house, "QX-2"), [Flag::AfterClose]);
    assert_eq!(house.ask(|tx, call| coverage(tx, call, round)).unwrap().sampled, 3);
    house.assert_balanced();
    house.assert_rebuilds();
}
