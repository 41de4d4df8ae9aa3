//! The read models can be thrown away and folded again from the journal.

#![allow(clippy::unwrap_used)]

mod office;

use std::collections::BTreeMap;

use office::{Desk, WANGDA, actor, new_order, text};
use outpace_core::{ActorId, AreaId, HouseholdId, PersonId, Role};
use outpace_orders::command::{self, Horizon, Mode, NewTarget, ResponseLevel, Switch};
use outpace_orders::notices::{self, Audience, NewNotice, Revision};
use outpace_orders::orders;
use outpace_orders::teams::{self, Duty, Holder, Mobilise, Post, WorkUnit};
use outpace_orders::{NewConflict, Subject, cancel, complete, conflict, issue, settle, tick};

fn a_day(desk: &Desk) {
    let commander = actor(3, Role::Commander);
    desk.act(&commander, |unit, call| {
        command::take_duty(unit, call)?;
        let level = Some(ResponseLevel::Two);
        command::switch(unit, call, Switch { mode: Mode::Emergency, level, reason: text("go"), task_forces: None })?;
        let (said_at, said_by) = (call.now, ActorId(3));
        command::record_verbal(unit, call, said_at, said_by, text("lock the park"), Subject::None)?;
        let (what, horizon) = (text("all reached"), Horizon::SameDay);
        let target = NewTarget { what, task_force: None, area: None, horizon, due_at: None };
        let target = command::set_target(unit, call, target, None)?;
        command::clear_target(unit, call, target)
    })
    .unwrap();
    desk.system(|unit, call| {
        let village = AreaId(140_121_203_206);
        let one = WorkUnit { key: "bureau".to_owned(), name: text("a bureau"), people: 9, village: Some(village) };
        teams::register_units(unit, call, vec![one])?;
        let sent = teams::mobilise(
            unit,
            call,
            Mobilise {
                key: "m".to_owned(),
                units: vec!["bureau".to_owned()],
                villages: vec![village, AreaId(140_121_203_207)],
                people: 9,
                task_force: None,
                kind: None,
                deadline_at: None,
                because: text("zones"),
            },
        )?;
        complete(unit, call, sent[0].order, outpace_orders::Form::new())?;
        teams::set_shift(unit, call, sent[1].team, call.now, call.now.plus_hours(4))?;
        teams::relieve(unit, call, sent[0].team, 8)?;
        let five = BTreeMap::from([(Post::Doctor, Holder::Person(PersonId(1)))]);
        teams::give_responsibility(unit, call, Duty::FiveToOne, &Subject::Household(HouseholdId(1)), five)?;
        let order = issue(unit, call, new_order("a", "hold-place"))?;
        orders::accept(unit, call, order, None)?;
        let order = issue(unit, call, new_order("b", "hold-place"))?;
        cancel(unit, call, order, "no")?;
        let (subject, what) = (Subject::Person(PersonId(2)), text("twice"));
        let found = conflict(unit, call, NewConflict { kind: "twice", subject, area: WANGDA, what, seq: None })?;
        settle(unit, call, found, "once")?;
        let notice = NewNotice {
            key: Some("n".to_owned()),
            kind: "positive".to_owned(),
            audience: Audience::Receivers(vec!["cdc".to_owned(), "city".to_owned()]),
            area: WANGDA,
            title: text("t"),
            body: text("b"),
            reference: Subject::None,
            clause: None,
            deadline_at: Some(call.now.plus_minutes(30)),
        };
        let notice = notices::publish(unit, call, notice)?;
        notices::acknowledge(unit, call, notice, "cdc")?;
        notices::revise(unit, call, notice, Revision { body: text("b2"), reason: text("r") })
    })
    .unwrap();
    desk.pass_minutes(3_000);
    let ticked = desk.system(tick).unwrap();
    assert!(ticked.overdue > 0 && ticked.escalated > 0 && ticked.unanswered > 0 && ticked.shifts_ended > 0);
}

#[test]
fn every_table_folds_to_the_same_digest() {
    let desk = Desk::new();
    a_day(&desk);
    let before = desk.store().digests().unwrap();
    desk.store().rebuild().unwrap();
    assert_eq!(desk.store().digests().unwrap(), before);
    assert_eq!(desk.system(tick).unwrap(), orders::Ticked::default(), "and the clock has nothing to catch up with");
}
