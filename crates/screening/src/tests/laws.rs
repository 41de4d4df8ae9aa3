//! Laws that hold after any sequence of operations, with repeats and in any order.

use std::collections::BTreeMap;

use outpace_core::{BoxCode, PersonId, Role, RoundId, TubeCode};
use proptest::prelude::*;

use super::{House, actor, request};
use crate::carry::{Give, PackBox, Receiver, Take, give, pack_box, take};
use crate::laboratory::{
    DeclareLost, ExcludeResults, ExclusionReason, Intake, LossReason, Outcome, ReportResults, ReportedResult,
    declare_lost, exclude_results, intake, report_results,
};
use crate::rounds::{Exempt, ExemptReason, Method, exempt};
use crate::tubes::{IdentifySwab, RegisterSwab, SealTube, Swab, identify_swab, register_swab, seal_tube};

/// One thing that happens, over six tubes, three boxes, forty people.
#[derive(Debug, Clone)]
enum Step {
    Tube { tube: u8, people: Vec<i64>, seal: bool, lane: u8, in_round: bool },
    Swab { tube: u8, position: Option<i64>, person: Option<i64> },
    Seal { tube: u8 },
    Identify { tube: u8, position: i64, person: i64 },
    Pack { code: u8, tubes: Vec<u8> },
    Carry { code: u8 },
    Receive { code: Option<u8>, tubes: Vec<u8>, declare: bool },
    Lose { tube: u8 },
    Result { tube: u8, outcome: usize },
    Exclude { tube: u8 },
    Exempt { person: i64, on: bool },
    Wait { minutes: i64 },
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let tube = 0_u8..6;
    let person = 1_i64..44;
    prop_oneof![
        6 => (tube.clone(), proptest::collection::vec(person.clone(), 1..12), any::<bool>(), 0_u8..4, any::<bool>())
            .prop_map(|(tube, people, seal, lane, in_round)| Step::Tube { tube, people, seal, lane, in_round }),
        4 => (tube.clone(), proptest::option::of(1_i64..12), proptest::option::of(person.clone()))
            .prop_map(|(tube, position, person)| Step::Swab { tube, position, person }),
        2 => tube.clone().prop_map(|tube| Step::Seal { tube }),
        1 => (tube.clone(), 1_i64..8, person.clone())
            .prop_map(|(tube, position, person)| Step::Identify { tube, position, person }),
        3 => (0_u8..3, proptest::collection::vec(tube.clone(), 1..4)).prop_map(|(code, tubes)| Step::Pack { code, tubes }),
        2 => (0_u8..3).prop_map(|code| Step::Carry { code }),
        3 => (proptest::option::of(0_u8..3), proptest::collection::vec(tube.clone(), 1..4), any::<bool>())
            .prop_map(|(code, tubes, declare)| Step::Receive { code, tubes, declare }),
        1 => tube.clone().prop_map(|tube| Step::Lose { tube }),
        4 => (tube.clone(), 0_usize..4).prop_map(|(tube, outcome)| Step::Result { tube, outcome }),
        1 => tube.prop_map(|tube| Step::Exclude { tube }),
        1 => (person, any::<bool>()).prop_map(|(person, on)| Step::Exempt { person, on }),
        1 => (1_i64..200).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Tick),
    ]
}

fn code(tube: u8) -> TubeCode {
    TubeCode(format!("T-{tube}"))
}

fn text(tube: u8) -> String {
    code(tube).0
}

fn box_code(code: u8) -> BoxCode {
    BoxCode(format!("B-{code}"))
}

/// Does one step; a refusal is as good as any other answer, a failure of ours is not.
fn play(house: &House, round: RoundId, step: Step) {
    let refusal = match step {
        Step::Tube { tube, people, seal, lane, in_round } => {
            let mut request = request(round, house.lanes[usize::from(lane)], &text(tube), &people);
            request.seal = seal;
            request.round = in_round.then_some(round);
            house.register(request).err()
        }
        Step::Swab { tube, position, person } => {
            let request = RegisterSwab {
                tube: code(tube),
                lane: house.lanes[0],
                round: Some(round),
                purpose: None,
                position,
                swab: Swab { person: person.map(PersonId), ..Swab::default() },
                seal: false,
                occurred_at: None,
            };
            house.act(move |unit, call| register_swab(unit, call, request)).err()
        }
        Step::Seal { tube } => {
            let request = SealTube { tube: code(tube), occurred_at: None };
            house.act(move |unit, call| seal_tube(unit, call, request)).err()
        }
        Step::Identify { tube, position, person } => {
            let request = IdentifySwab { tube: code(tube), position, person: PersonId(person) };
            house.act(move |unit, call| identify_swab(unit, call, request)).err()
        }
        Step::Pack { code, tubes } => {
            let tubes = tubes.into_iter().map(text).collect();
            let request = PackBox { code: box_code(code), tubes, site: None, occurred_at: None };
            house.act(move |unit, call| pack_box(unit, call, request)).err()
        }
        Step::Carry { code } => {
            let request = Give {
                boxes: vec![box_code(code)],
                to: Receiver::Courier,
                laboratory: None,
                vehicle: None,
                occurred_at: None,
            };
            let given = house.act(move |unit, call| give(unit, call, request)).unwrap();
            let request = Take { leg: Some(given.leg), boxes: None, laboratory: None, occurred_at: None };
            house.act_as(&actor(20, Role::Courier), move |unit, call| take(unit, call, request)).err()
        }
        Step::Receive { code, tubes, declare } => {
            let request = Intake {
                laboratory: house.laboratory,
                from_box: code.map(box_code),
                tubes: tubes.into_iter().map(text).collect(),
                declare_missing: declare,
                occurred_at: None,
            };
            house.act(move |unit, call| intake(unit, call, request)).err()
        }
        Step::Lose { tube } => {
            let request = DeclareLost { tubes: vec![code(tube)], reason: LossReason::NotFound, occurred_at: None };
            house.act(move |unit, call| declare_lost(unit, call, request)).err()
        }
        Step::Result { tube, outcome } => {
            let result = ReportedResult {
                tube: text(tube),
                outcome: Outcome::ALL[outcome].word().to_owned(),
                ct: BTreeMap::new(),
                tested_at: None,
            };
            let request = ReportResults { laboratory: house.laboratory, results: vec![result] };
            house.act(move |unit, call| report_results(unit, call, request)).err()
        }
        Step::Exclude { tube } => {
            let request = ExcludeResults {
                laboratory: house.laboratory,
                tubes: vec![code(tube)],
                reason: ExclusionReason::Contamination,
                finding: "污染".to_owned(),
                occurred_at: None,
            };
            house.act(move |unit, call| exclude_results(unit, call, request)).err()
        }
        Step::Exempt { person, on } => {
            let reason = on.then_some(ExemptReason::Medical);
            let request = Exempt { people: vec![PersonId(person)], reason, until: None };
            house.act(move |unit, call| exempt(unit, call, request)).err()
        }
        Step::Wait { minutes } => {
            house.wait_minutes(minutes);
            None
        }
        Step::Tick => house.act(crate::tick).err(),
    };
    assert!(refusal.as_ref().is_none_or(|refusal| !refusal.is_internal()), "{refusal:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 8, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_coverage_adds_up_whatever_happens(steps in proptest::collection::vec(step(), 1..40)) {
        let house = House::small();
        let round = house.open_round(Method::Pcr);
        for step in steps {
            play(&house, round, step);
        }
        let balance = house.assert_balanced();
        prop_assert_eq!(balance.sampled, house.read(crate::sampled_total));
        let seats = house.read(|tx| crate::desk::load_seats(tx, round));
        let live = house.store.remembered(|desk: &crate::desk::Desk| {
            let kept = desk.rounds[&round].seats.as_ref().unwrap();
            (1..=44).all(|id| kept.seat(PersonId(id)) == seats.seat(PersonId(id)))
        });
        prop_assert_eq!(live, Some(true));
        house.assert_rebuilds();
    }

    #[test]
    fn a_registration_told_again_changes_nothing(
        people in proptest::collection::vec(1_i64..44, 1..14), seal in any::<bool>(), times in 1_usize..4,
    ) {
        let house = House::small();
        let round = house.open_round(Method::Pcr);
        let mut tube = request(round, house.lanes[0], "T", &people);
        tube.seal = seal;
        let first = house.register(tube.clone()).unwrap();
        let head = house.store.head();
        for _ in 0..times {
            let again = house.register(tube.clone()).unwrap();
            prop_assert!(again.repeated);
            prop_assert_eq!((again.number, again.people, again.stage), (first.number, first.people, first.stage));
        }
        prop_assert_eq!(house.store.head(), head);
    }
}
