//! Duplicate guards: an intention is warned before the swab, what has happened is kept, flagged and settled by an order.

use std::collections::BTreeSet;

use outpace_core::{LaneId, PersonId, RoundId, TubeCode};
use proptest::prelude::*;

use super::{House, VILLAGES, request};
use crate::desk::Desk;
use crate::rounds::Method;
use crate::tubes::check::WarningKind;
use crate::tubes::twice::{Recent, recent};
use crate::tubes::{Check, Flag, IdentifySwab, Purpose, RegisterTube, Registered, Swab, check, identify_swab};

fn conflicts(house: &House) -> Vec<String> {
    let open = house.read(|tx| outpace_orders::conflicts::list(tx, true, None, 100));
    let mut kinds: Vec<String> = open.into_iter().map(|conflict| conflict.kind).collect();
    kinds.sort();
    kinds
}

fn flags(registered: &Registered) -> Vec<Flag> {
    registered.placed.iter().flat_map(|placed| placed.flags.clone()).collect()
}

fn warned(house: &House, person: i64, lane: LaneId, round: Option<RoundId>, tube: Option<&str>) -> Vec<WarningKind> {
    let request = Check { person: PersonId(person), lane, round, tube: tube.map(TubeCode::from), fever: false };
    let checked = house.act(move |unit, call| check(unit, call, request)).unwrap();
    assert_eq!((checked.birth_year, checked.sex), (1985, outpace_registry::Sex::Female), "echoed for the sampler");
    checked.warnings.into_iter().map(|warning| warning.kind).collect()
}

fn outside(lane: LaneId, code: &str, person: i64, purpose: Option<Purpose>) -> RegisterTube {
    let mut tube = request(RoundId(0), lane, code, &[person]);
    (tube.round, tube.purpose) = (None, purpose);
    tube
}

#[test]
fn the_same_person_at_two_sites_within_minutes_is_warned_of_and_flagged() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let (here, there) = (house.lanes[0], house.lanes[2]);
    house.tube(round, "A", &[1, 2]);
    house.wait_minutes(10);
    use WarningKind as W;
    assert_eq!(warned(&house, 1, there, Some(round), None), [W::TwoSites, W::AlreadySampled, W::OrdinaryHere]);
    assert_eq!(warned(&house, 1, here, Some(round), None), [W::AlreadySampled], "at the same site it is no riddle");
    let second = house.register(request(round, there, "B", &[1])).unwrap();
    assert_eq!(flags(&second), [Flag::TwiceInRound, Flag::TwoSites]);
    assert_eq!(conflicts(&house), ["twice_in_round"], "one order for one swab");
    house.wait_minutes(10);
    assert_eq!(warned(&house, 2, there, Some(round), None), [W::AlreadySampled, W::OrdinaryHere]);
    let later = house.register(request(round, there, "C", &[2])).unwrap();
    assert_eq!(flags(&later), [Flag::TwiceInRound], "twenty minutes are enough for the way");
    house.assert_balanced();
    house.assert_rebuilds();
}

#[test]
fn outside_rounds_two_tubes_at_once_are_seen_and_a_retest_is_not_one() {
    let house = House::small();
    let (here, there) = (house.lanes[0], house.lanes[2]);
    let routine = house.register(outside(here, "A", 1, None)).unwrap();
    assert_eq!(flags(&routine), []);
    house.wait_minutes(5);
    assert_eq!(warned(&house, 1, here, None, None), [WarningKind::InTwoTubes]);
    assert!(warned(&house, 1, there, None, None).contains(&WarningKind::TwoSites));
    assert_eq!(flags(&house.register(outside(here, "R", 1, Some(Purpose::Retest))).unwrap()), []);
    assert_eq!(flags(&house.register(outside(here, "B", 1, None)).unwrap()), [Flag::InTwoTubes]);
    assert_eq!(flags(&house.register(outside(there, "C", 1, None)).unwrap()), [Flag::TwoSites]);
    let again = house.register(outside(there, "C", 1, None)).unwrap();
    assert!(again.repeated, "told again it is the same swab");
    house.wait_minutes(60);
    assert_eq!(flags(&house.register(outside(here, "D", 1, None)).unwrap()), []);
    assert_eq!(conflicts(&house), ["in_two_tubes", "two_sites"]);
    house.assert_rebuilds();
}

#[test]
fn a_tube_that_is_in_use_or_full_is_warned_of() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let (here, beside) = (house.lanes[0], house.lanes[1]);
    house.tube(round, "SEALED", &[1]);
    let mut open = request(round, here, "OPEN", &(2..=11).collect::<Vec<_>>());
    open.seal = false;
    house.register(open).unwrap();
    use WarningKind as W;
    assert_eq!(warned(&house, 12, here, Some(round), Some("SEALED")), [W::TubeSeenBefore]);
    assert_eq!(warned(&house, 12, here, Some(round), Some("OPEN")), [W::TubeFull]);
    assert_eq!(warned(&house, 12, beside, Some(round), Some("OPEN")), [W::TubeSeenBefore]);
    assert_eq!(warned(&house, 12, here, Some(round), Some("NEW")), []);
    let request =
        Check { person: PersonId(12), lane: here, round: Some(round), tube: Some("管".into()), fever: false };
    assert_eq!(house.act(move |unit, call| check(unit, call, request)).unwrap_err().code, "malformed_code");
}

#[test]
fn somebody_elses_code_is_nobodys_swab_until_it_is_known_whose() {
    let house = House::small();
    let round = house.open_round(Method::Pcr);
    let mut tube = request(round, house.lanes[0], "A", &[1, 2]);
    tube.people[0].own = Some(true);
    tube.people[1].own = Some(false);
    let registered = house.register(tube.clone()).unwrap();
    assert_eq!(registered.placed.iter().map(|placed| placed.person).collect::<Vec<_>>(), [Some(PersonId(1)), None]);
    assert_eq!(flags(&registered), [Flag::NotOwnCode]);
    let open = house.read(|tx| outpace_orders::conflicts::list(tx, true, None, 100));
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].kind.as_str(), &open[0].subject),
        ("not_own_code", &outpace_orders::Subject::Person(PersonId(2)))
    );
    assert!(house.register(tube).unwrap().repeated, "told again it is nothing new");
    // The owner of the code was not sampled and may be; whose swab it was is found out later.
    assert_eq!(flags(&house.tube(round, "B", &[2])), []);
    let named = IdentifySwab { tube: "A".into(), position: 2, person: PersonId(3) };
    house.act(move |unit, call| identify_swab(unit, call, named)).unwrap();
    let balance = house.assert_balanced();
    assert_eq!(balance.sampled, 3);
    house.assert_rebuilds();
}

#[test]
fn two_rounds_at_once_do_not_hide_that_somebody_was_at_another_site_minutes_ago() {
    let house = House::small();
    let first = house.open_round(Method::Pcr);
    let second = house.open_round_of(Method::Pcr, &VILLAGES);
    let there = house.lanes[2];
    house.tube(first, "A", &[1, 2]);
    house.wait_minutes(5);
    assert!(warned(&house, 1, there, Some(second), None).contains(&WarningKind::TwoSites));
    assert_eq!(flags(&house.register(request(second, there, "B", &[1])).unwrap()), [Flag::TwoSites]);
    assert_eq!(flags(&house.register(outside(there, "C", 2, None)).unwrap()), [Flag::TwoSites], "nor outside rounds");
    house.wait_minutes(20);
    assert_eq!(flags(&house.register(request(second, there, "D", &[2])).unwrap()), []);
    house
        .act(move |unit, call| {
            let close = crate::rounds::CloseRound { round: first, reason: "时间到".to_owned() };
            crate::rounds::close_round(unit, call, close)
        })
        .unwrap();
    house.assert_balanced();
    house.assert_rebuilds();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// A swab is flagged for two sites exactly if the last one outside rounds was elsewhere within the pack's minutes; and
    /// what is remembered of it is what the tables hold.
    #[test]
    fn two_sites_are_flagged_exactly_within_the_packs_minutes(
        swabs in proptest::collection::vec((1_i64..4, 0_usize..4, 0_i64..30), 1..14),
    ) {
        let house = House::small();
        let mut last: std::collections::BTreeMap<i64, (usize, i64)> = std::collections::BTreeMap::new();
        let (mut minute, mut people) = (0, BTreeSet::new());
        for (index, (person, lane, wait)) in swabs.into_iter().enumerate() {
            house.wait_minutes(wait);
            minute += wait;
            let (site, code) = (lane / 2, format!("T-{index}"));
            let tube = outside(house.lanes[lane], &code, person, Some(Purpose::Retest));
            let seen = flags(&house.register(tube).unwrap());
            let expected = last.get(&person).is_some_and(|(before, at)| *before != site && minute - at <= 15);
            prop_assert_eq!(seen.contains(&Flag::TwoSites), expected);
            last.insert(person, (site, minute));
            people.insert(PersonId(person));
        }
        let of = |recent: &Recent| people.iter().map(|person| recent.of(*person)).collect::<Vec<_>>();
        let kept = of(&house.read(recent));
        let live = house.store.remembered(|desk: &Desk| of(&desk.recent));
        prop_assert_eq!(live, Some(kept));
        house.assert_rebuilds();
    }
}

#[test]
fn a_swab_says_whose_it_is_only_where_the_code_was_the_persons_own() {
    let swab = |own| Swab { person: Some(PersonId(4)), own, ..Swab::default() };
    for own in [None, Some(true)] {
        assert_eq!((swab(own).whose(), swab(own).shown()), (Some(PersonId(4)), None));
    }
    assert_eq!((swab(Some(false)).whose(), swab(Some(false)).shown()), (None, Some(PersonId(4))));
}
