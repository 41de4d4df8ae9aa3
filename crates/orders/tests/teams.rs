//! Teams, shifts, responsibility: given facts, when a command, then facts.

#![allow(clippy::unwrap_used)]

mod office;

use std::collections::BTreeMap;

use office::{Desk, WANGDA, XUGOU, text};
use outpace_core::{ActorId, AreaId, HouseholdId, PersonId, Refusal, TeamId};
use outpace_orders::orders::{self, Report};
use outpace_orders::teams::{self, Duty, Holder, Mobilise, NewTeam, Post, TeamState, WorkUnit, shares};
use outpace_orders::{Form, Subject, conflicts, tick};
use proptest::prelude::*;
use serde_json::json;

fn code(answer: Result<impl Sized, Refusal>) -> String {
    answer.err().map(|refusal| refusal.code).unwrap_or_default()
}

fn village(number: i64) -> AreaId {
    AreaId(140_121_203_200 + number)
}

fn units(desk: &Desk, count: i64) -> Vec<String> {
    let units: Vec<WorkUnit> = (0..count)
        .map(|at| WorkUnit {
            key: format!("unit-{at}"),
            name: text("a bureau"),
            people: 40,
            village: Some(village(at)),
        })
        .collect();
    let keys = units.iter().map(|unit| unit.key.clone()).collect();
    desk.system(move |unit, call| teams::register_units(unit, call, units)).unwrap();
    keys
}

fn team(desk: &Desk, key: &str) -> TeamId {
    let new = NewTeam {
        key: key.to_owned(),
        name: text("medics"),
        task_force: Some("testing".to_owned()),
        units: Vec::new(),
        people: 11,
        members: vec![PersonId(1), PersonId(2)],
    };
    desk.system(move |unit, call| teams::form(unit, call, new)).unwrap()
}

#[test]
fn seven_units_send_113_members_to_ten_villages_and_each_arrival_closes_its_order() {
    let desk = Desk::new();
    let request = Mobilise {
        key: "members".to_owned(),
        units: units(&desk, 7),
        villages: (0..10).map(village).collect(),
        people: 113,
        task_force: Some("community".to_owned()),
        kind: None,
        deadline_at: None,
        because: text("zones approved"),
    };
    let again = request.clone();
    let sent = desk.system(move |unit, call| teams::mobilise(unit, call, request)).unwrap();
    assert_eq!(sent.len(), 10);
    assert_eq!(sent.iter().map(|one| one.people).sum::<u32>(), 113);
    let all = desk.look(|tx| teams::list(tx, None, 100));
    let serving: std::collections::BTreeSet<_> = all.iter().flat_map(|team| team.units.clone()).collect();
    assert_eq!(serving.len(), 7, "every unit serves");
    assert_eq!(desk.system(move |unit, call| teams::mobilise(unit, call, again)).unwrap(), sent, "twice is once");
    for one in &sent {
        let (order, people) = (one.order, one.people);
        desk.system(move |unit, call| {
            orders::accept(unit, call, order, None)?;
            let result: Form = serde_json::from_value(json!({ "people": people })).unwrap();
            orders::finish(unit, call, order, Report { ticked: vec![0, 1], result, occurred_at: None })
        })
        .unwrap();
    }
    let all = desk.look(|tx| teams::list(tx, None, 100));
    assert!(all.iter().all(|team| team.state == TeamState::InPlace));
    assert_eq!(all.iter().filter_map(|team| team.people_arrived).sum::<u32>(), 113);
}

#[test]
fn forming_a_team_twice_gives_the_first_and_an_unknown_unit_is_refused() {
    let desk = Desk::new();
    let first = team(&desk, "medics-1");
    assert_eq!(team(&desk, "medics-1"), first);
    let stranger = NewTeam {
        key: "x".to_owned(),
        name: text("x"),
        task_force: None,
        units: vec!["nobody".to_owned()],
        people: 1,
        members: Vec::new(),
    };
    assert_eq!(code(desk.system(move |unit, call| teams::form(unit, call, stranger))), "unknown_unit");
}

#[test]
fn a_team_that_turns_up_elsewhere_is_kept_as_a_conflict() {
    let desk = Desk::new();
    let team = team(&desk, "medics-1");
    desk.system(move |unit, call| {
        teams::deploy(unit, call, team, WANGDA)?;
        teams::arrived(unit, call, team, XUGOU, Some(9), None)
    })
    .unwrap();
    let known = desk.look(|tx| teams::by_id(tx, team)).unwrap();
    assert_eq!((known.state, known.area, known.people_arrived), (TeamState::InPlace, Some(XUGOU), Some(9)));
    let found = desk.look(|tx| conflicts::list(tx, true, None, 10));
    assert_eq!(found[0].kind, "team_elsewhere");
    desk.system(move |unit, call| teams::arrived(unit, call, team, XUGOU, None, None)).unwrap();
    assert_eq!(desk.look(conflicts::open_count), 1, "seen twice at one place is seen once");
}

#[test]
fn a_shift_that_ends_asks_once_for_relief_and_a_resting_team_gets_no_work() {
    let desk = Desk::new();
    let team = team(&desk, "medics-1");
    let (start, end) = (desk.now(), desk.now().plus_hours(8));
    let endless = desk.system(move |unit, call| teams::set_shift(unit, call, team, start, start.plus_hours(13)));
    assert_eq!(code(endless), "shift_length");
    desk.system(move |unit, call| {
        teams::deploy(unit, call, team, WANGDA)?;
        teams::set_shift(unit, call, team, start, end)
    })
    .unwrap();
    desk.pass_minutes(8 * 60 + 1);
    assert_eq!(desk.system(tick).unwrap().shifts_ended, 1);
    assert_eq!(desk.system(tick).unwrap().shifts_ended, 0);
    let order = desk.look(|tx| orders::about(tx, &Subject::Team(team), 10)).remove(0);
    assert_eq!(order.kind, "relieve-shift");
    let id = order.id;
    desk.system(move |unit, call| {
        orders::accept(unit, call, id, None)?;
        let result: Form = serde_json::from_value(json!({ "relieved": 11, "rest_hours": 10 })).unwrap();
        orders::finish(unit, call, id, Report { ticked: vec![0, 1, 2], result, occurred_at: None })
    })
    .unwrap();
    let known = desk.look(|tx| teams::by_id(tx, team)).unwrap();
    assert_eq!((known.state, known.rests_until), (TeamState::Resting, Some(desk.now().plus_hours(10))));
    assert_eq!(code(desk.system(move |unit, call| teams::deploy(unit, call, team, WANGDA))), "team_rests");
    desk.pass_minutes(10 * 60);
    desk.system(move |unit, call| teams::deploy(unit, call, team, WANGDA)).unwrap();
}

#[test]
fn a_dissolved_team_can_do_nothing_more() {
    let desk = Desk::new();
    let team = team(&desk, "medics-1");
    desk.system(move |unit, call| teams::stand_down(unit, call, team, "the round is over")).unwrap();
    assert_eq!(code(desk.system(move |unit, call| teams::deploy(unit, call, team, WANGDA))), "team_stood_down");
    assert_eq!(code(desk.system(move |unit, call| teams::relieve(unit, call, team, 8))), "team_state");
}

#[test]
fn a_household_is_looked_after_by_five_and_the_list_says_who_is_missing() {
    let desk = Desk::new();
    let household = Subject::Household(HouseholdId(5));
    let (subject, other) = (household.clone(), household.clone());
    let wrong = BTreeMap::from([(Post::CountyLeader, Holder::Actor(ActorId(3)))]);
    let refused = desk.system(move |unit, call| teams::give_responsibility(unit, call, Duty::FiveToOne, &other, wrong));
    assert_eq!(code(refused), "post");
    let four = BTreeMap::from([
        (Post::GridWorker, Holder::Actor(ActorId(3))),
        (Post::Doctor, Holder::Person(PersonId(4))),
        (Post::PoliceOfficer, Holder::Title("police-station/officer-2".to_owned())),
        (Post::Volunteer, Holder::Team(TeamId(1))),
    ]);
    let list =
        desk.system(move |unit, call| teams::give_responsibility(unit, call, Duty::FiveToOne, &subject, four)).unwrap();
    assert_eq!(list.missing, [Post::CommunityWorker]);
    let gaps = desk.look(|tx| teams::five_to_one_gaps(tx, &[HouseholdId(5), HouseholdId(6)]));
    assert_eq!((gaps[0].1.len(), gaps[1].1.len()), (1, 5));
    desk.system(move |unit, call| teams::end_responsibility(unit, call, Duty::FiveToOne, &household, "released"))
        .unwrap();
    assert!(desk.look(teams::responsibility_counts).is_empty());
}

proptest! {
    #[test]
    fn everyone_is_sent_somewhere_and_no_village_gets_two_more_than_another(people in 1_u32..5_000, villages in 1_usize..200) {
        let shares = shares(people, villages);
        prop_assert_eq!(shares.len(), villages);
        prop_assert_eq!(shares.iter().sum::<u32>(), people);
        let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
        prop_assert!(most - least <= 1);
    }
}
