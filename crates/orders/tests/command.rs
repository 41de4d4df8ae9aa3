//! The switch, duty, spoken approvals, meetings and targets.

#![allow(clippy::unwrap_used)]

mod office;

use office::{Desk, actor, text};
use outpace_core::{Refusal, Role, Text, Timestamp};
use outpace_orders::command::{self, HoldMeeting, Horizon, Mode, NewTarget, ResponseLevel, Switch};
use outpace_orders::orders::{self, Filter, Report};
use outpace_orders::{Form, Subject, notices, tick};
use outpace_policy::Measure;
use serde_json::json;

fn code(answer: Result<impl Sized, Refusal>) -> String {
    answer.err().map(|refusal| refusal.code).unwrap_or_default()
}

fn emergency(task_forces: Option<Vec<String>>) -> Switch {
    Switch { mode: Mode::Emergency, level: Some(ResponseLevel::Three), reason: text("a first positive"), task_forces }
}

#[test]
fn the_switch_starts_fourteen_task_forces_tells_everyone_and_sends_eleven_teams() {
    let desk = Desk::new();
    let commander = actor(3, Role::Commander);
    let state = desk.act(&commander, |unit, call| command::switch(unit, call, emergency(None))).unwrap();
    assert_eq!((state.mode, state.task_forces.len(), state.switched_by), (Mode::Emergency, 14, Some(commander.id)));
    let kind = Some("team-to-township".to_owned());
    let teams = desk.look(|tx| orders::list(tx, &Filter { kind, ..Filter::default() }, None, 500));
    assert_eq!(teams.len(), 11, "eleven tackle teams for nine townships");
    let townships: std::collections::BTreeSet<_> = teams.iter().map(|order| order.area).collect();
    assert_eq!(townships.len(), 9, "every township gets one");
    assert_eq!(desk.look(|tx| notices::list(tx, true, office::WANGDA, None, 10)).len(), 1);
    let head = desk.store().head();
    desk.act(&commander, |unit, call| command::switch(unit, call, emergency(None))).unwrap();
    assert_eq!(desk.store().head(), head, "turning it to where it stands changes nothing");
    let back = Switch { mode: Mode::Peacetime, level: None, reason: text("over"), task_forces: None };
    let state = desk.act(&commander, |unit, call| command::switch(unit, call, back)).unwrap();
    assert_eq!((state.mode, state.level, state.task_forces.len()), (Mode::Peacetime, None, 0));
}

#[test]
fn an_emergency_needs_a_level_and_the_meeting_can_start_the_task_forces() {
    let desk = Desk::new();
    let no_level = Switch { level: None, ..emergency(None) };
    assert_eq!(code(desk.system(|unit, call| command::switch(unit, call, no_level))), "level_needed");
    desk.system(|unit, call| command::switch(unit, call, emergency(Some(Vec::new())))).unwrap();
    assert!(desk.look(command::state).task_forces.is_empty());
    let kind = Some("meet-and-activate".to_owned());
    let meet = desk.look(|tx| orders::list(tx, &Filter { kind, ..Filter::default() }, None, 500)).remove(0).id;
    desk.system(move |unit, call| {
        orders::accept(unit, call, meet, None)?;
        let result: Form = serde_json::from_value(json!({ "task_forces": 14, "decisions": "go" })).unwrap();
        orders::finish(unit, call, meet, Report { ticked: vec![0, 1, 2], result, occurred_at: None })
    })
    .unwrap();
    assert_eq!(desk.look(command::state).task_forces.len(), 14);
}

#[test]
fn two_commanders_may_be_on_duty_and_a_third_waits() {
    let desk = Desk::new();
    for number in [3, 4, 3] {
        desk.act(&actor(number, Role::Commander), command::take_duty).unwrap();
    }
    let third = desk.act(&actor(5, Role::Commander), command::take_duty);
    assert_eq!(code(third), "commanders_on_duty");
    desk.act(&actor(6, Role::Deputy), command::take_duty).unwrap();
    desk.act(&actor(3, Role::Commander), command::leave_duty).unwrap();
    desk.act(&actor(5, Role::Commander), command::take_duty).unwrap();
    assert_eq!(desk.look(command::state).duty.len(), 3);
    assert_eq!(code(desk.act(&actor(9, Role::Courier), command::take_duty)), "forbidden");
}

#[test]
fn no_answer_in_time_goes_to_the_deputy_while_the_commander_may_still_decide() {
    let rules = office::rulebook().profile.approval(Measure::Lockdown).clone();
    let asked = Timestamp(0);
    let first = command::deciders(&rules, asked, asked.plus_minutes(29));
    assert_eq!((first.roles, first.next), (vec![Role::Commander], Some(Role::Deputy)));
    assert_eq!(first.next_at, Some(asked.plus_minutes(30)));
    let late = command::deciders(&rules, asked, asked.plus_minutes(30));
    assert_eq!((late.roles, late.next, late.next_at), (vec![Role::Commander, Role::Deputy], None, None));
}

#[test]
fn a_yes_of_ten_past_two_can_be_written_down_at_two_forty_and_a_late_one_says_so() {
    let desk = Desk::new();
    let said_at = desk.now();
    let commander = actor(3, Role::Commander).id;
    let about = Subject::Plan(outpace_core::PlanId(1));
    desk.pass_minutes(30);
    let subject = about.clone();
    let record = move |unit: &mut outpace_store::Unit<'_>, call: &outpace_access::Call| {
        command::record_verbal(unit, call, said_at, commander, text("lock the park"), subject.clone())
    };
    let second = record.clone();
    assert!(desk.system(record).unwrap().in_time);
    desk.pass_minutes(31);
    assert!(!desk.system(second).unwrap().in_time);
    assert_eq!(desk.look(|tx| command::said_about(tx, &about)).len(), 2);
    let ahead = desk.now().plus_minutes(5);
    let refused = desk
        .system(move |unit, call| command::record_verbal(unit, call, ahead, commander, text("later"), Subject::None));
    assert_eq!(code(refused), "in_the_future");
}

#[test]
fn a_target_for_the_day_ends_with_the_local_day_and_is_missed_once() {
    let desk = Desk::new();
    let target =
        |horizon| NewTarget { what: text("all contacts reached"), task_force: None, area: None, horizon, due_at: None };
    let meeting = HoldMeeting {
        held_at: None,
        found: text("one chain"),
        done: text("one round"),
        late: text("nothing"),
        decisions: vec![Text::new("东部管控", "control the east")],
        targets: vec![target(Horizon::SameDay), target(Horizon::ThreeDays)],
    };
    desk.system(move |unit, call| command::hold_meeting(unit, call, meeting)).unwrap();
    let open = desk.look(|tx| command::targets_open(tx, 10));
    let due: Vec<_> = open.iter().map(|target| target.due_at.local(480)).collect();
    assert_eq!(due, ["2022-04-14 00:00", "2022-04-16 00:00"]);
    assert_eq!(
        code(desk.system(move |unit, call| command::set_target(unit, call, target(Horizon::Entire), None))),
        "target_due"
    );
    desk.pass_minutes(24 * 60);
    assert_eq!(desk.system(tick).unwrap().targets_missed, 1);
    assert_eq!(desk.system(tick).unwrap().targets_missed, 0);
    let id = open[0].id;
    desk.system(move |unit, call| command::clear_target(unit, call, id)).unwrap();
    assert_eq!(desk.look(|tx| command::targets_open(tx, 10)).len(), 1);
}
