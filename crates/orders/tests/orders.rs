//! Orders as their callers see them: given facts, when a command, then facts.

#![allow(clippy::unwrap_used)]

mod office;

use std::collections::BTreeSet;

use office::{Desk, WANGDA, actor, new_order, text};
use outpace_core::{OrderId, PersonId, Refusal, Role, Seq, TeamId};
use outpace_orders::orders::{self, Report};
use outpace_orders::{
    Form, NewConflict, OrderState, Owner, Subject, by_key, cancel, conflict, conflicts, issue, kinds, settle, tick,
};
use outpace_policy::{Library, SubjectKind};
use proptest::prelude::*;
use serde_json::json;

fn form(value: serde_json::Value) -> Form {
    serde_json::from_value(value).unwrap()
}

fn issued(desk: &Desk, key: &str, kind: &str) -> OrderId {
    let new = new_order(key, kind);
    desk.system(move |unit, call| issue(unit, call, new)).unwrap()
}

fn door() -> Report {
    Report { ticked: vec![0, 1], result: form(json!({ "people": 12 })), occurred_at: None }
}

fn code(answer: Result<impl Sized, Refusal>) -> String {
    answer.err().map(|refusal| refusal.code).unwrap_or_default()
}

#[test]
fn an_order_takes_its_deadline_task_force_and_clause_from_the_playbook() {
    let desk = Desk::new();
    let order = desk.order(issued(&desk, "members", "members_to_village"));
    assert_eq!(order.kind, "members-to-village");
    assert_eq!(order.owner(), Owner::TaskForce("community".to_owned()));
    assert_eq!(order.deadline_at, desk.now().plus_minutes(60));
    let order = desk.order(issued(&desk, "report", "report-up"));
    assert_eq!(order.deadline_at, desk.now().plus_hours(2));
    assert!(order.clause.unwrap().contains("within 2 h"), "the clause comes from the pack");
}

#[test]
fn a_kind_that_no_playbook_knows_is_refused_and_so_is_one_about_something_else() {
    let desk = Desk::new();
    let head = desk.store().head();
    let unknown = desk.system(|unit, call| issue(unit, call, new_order("odd", "never-heard-of"))).unwrap_err();
    assert_eq!((unknown.code.as_str(), unknown.field.as_str()), ("unknown_kind", "kind"));
    let mut new = new_order("odd", "visit-door");
    new.subject = Subject::Household(outpace_core::HouseholdId(1));
    let other = desk.system(move |unit, call| issue(unit, call, new)).unwrap_err();
    assert_eq!((other.code.as_str(), other.field.as_str()), ("wrong_subject", "subject"));
    assert_eq!(desk.store().head(), head, "nothing was recorded");
}

#[test]
fn a_playbook_that_lacks_what_code_issues_is_told_row_by_row() {
    let mut playbook = Library::embedded().playbook().unwrap();
    assert!(kinds::missing(&playbook, kinds::KINDS).is_empty());
    playbook.kinds.remove("settle-conflict");
    playbook.kinds.get_mut("relieve-shift").unwrap().subject = SubjectKind::Person;
    let lacking: Vec<String> = kinds::missing(&playbook, kinds::KINDS).into_iter().map(|line| line.en).collect();
    assert_eq!(lacking.len(), 2, "{lacking:?}");
    assert!(lacking[0].contains("settle-conflict") && lacking[1].contains("needs `team`"), "{lacking:?}");
}

#[test]
fn issuing_twice_with_one_key_gives_the_first_order_until_it_is_over() {
    let desk = Desk::new();
    let first = issued(&desk, "door:7", "visit-door");
    let head = desk.store().head();
    assert_eq!(issued(&desk, "door:7", "visit-door"), first);
    assert_eq!(desk.store().head(), head, "nothing was recorded");
    desk.system(move |unit, call| cancel(unit, call, first, "moved away")).unwrap();
    let second = issued(&desk, "door:7", "visit-door");
    assert_ne!(second, first);
    assert_eq!(desk.look(|tx| by_key(tx, "door:7")).unwrap().id, second);
}

#[test]
fn work_goes_from_open_to_done_and_a_line_left_open_is_named() {
    let desk = Desk::new();
    let order = issued(&desk, "m", "members-to-village");
    let worker = actor(7, Role::GridWorker);
    let early = desk.act(&worker, move |unit, call| orders::finish(unit, call, order, door()));
    assert_eq!(code(early), "order_state");
    desk.act(&worker, move |unit, call| orders::accept(unit, call, order, None)).unwrap();
    let short = Report { ticked: vec![0], ..door() };
    let refusal = desk.act(&worker, move |unit, call| orders::finish(unit, call, order, short)).unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.value.as_str()), ("checklist_open", "1"));
    let wrong = Report { result: form(json!({ "people": "many" })), ..door() };
    assert_eq!(code(desk.act(&worker, move |unit, call| orders::finish(unit, call, order, wrong))), "field_type");
    let empty = Report { result: Form::new(), ..door() };
    assert_eq!(code(desk.act(&worker, move |unit, call| orders::finish(unit, call, order, empty))), "field_required");
    let strange = Report { result: form(json!({ "peple": 12 })), ..door() };
    assert_eq!(code(desk.act(&worker, move |unit, call| orders::finish(unit, call, order, strange))), "unknown_field");
    desk.act(&worker, move |unit, call| orders::finish(unit, call, order, door())).unwrap();
    let done = desk.order(order);
    assert_eq!(done.state, OrderState::Done);
    assert_eq!((done.done_by, done.ticked.len()), (Some(worker.id), 2));
    assert!(done.is_closed(), "this kind needs no verification");
}

#[test]
fn what_was_ticked_on_the_way_counts_at_the_end() {
    let desk = Desk::new();
    let order = issued(&desk, "m", "members-to-village");
    desk.system(move |unit, call| {
        orders::accept(unit, call, order, None)?;
        let first = Report { ticked: vec![0], result: form(json!({ "people": 12 })), occurred_at: None };
        orders::progress(unit, call, order, first)?;
        let rest = Report { ticked: vec![1], ..Report::default() };
        orders::finish(unit, call, order, rest)
    })
    .unwrap();
    assert_eq!(desk.order(order).result["people"], 12);
}

#[test]
fn nobody_verifies_their_own_work_and_failed_work_is_owed_again() {
    let desk = Desk::new();
    let order = issued(&desk, "source", "trace-first-report");
    let (tracer, head) = (actor(7, Role::Tracer), actor(8, Role::TaskForceHead));
    let report = Report {
        ticked: vec![0, 1, 2],
        result: form(json!({ "source": "parcel", "open_contacts": 2 })),
        occurred_at: None,
    };
    desk.act(&tracer, move |unit, call| {
        orders::accept(unit, call, order, None)?;
        orders::finish(unit, call, order, report)
    })
    .unwrap();
    assert!(!desk.order(order).is_closed(), "this kind waits for verification");
    assert_eq!(code(desk.act(&tracer, move |unit, call| orders::verify(unit, call, order))), "own_work");
    desk.act(&head, move |unit, call| orders::fail_verification(unit, call, order, "source not named")).unwrap();
    assert!(desk.state(order).is_pending());
    desk.pass_minutes(25 * 60);
    let ticked = desk.system(tick).unwrap();
    assert_eq!(ticked.overdue, 1, "work that is owed again can be late again");
}

#[test]
fn an_order_that_was_given_back_goes_to_somebody_else() {
    let desk = Desk::new();
    let order = issued(&desk, "m", "members-to-village");
    desk.system(move |unit, call| {
        orders::decline(unit, call, order, "no people")?;
        orders::reassign(unit, call, order, None, None, "the command takes it")?;
        Ok(())
    })
    .unwrap();
    let known = desk.order(order);
    assert_eq!((known.state, known.owner()), (OrderState::Reassigned, Owner::Command));
    assert_eq!(known.reason.as_deref(), Some("the command takes it"));
    let stranger = desk.system(move |unit, call| {
        orders::reassign(unit, call, order, None, Some(TeamId(99)), "to a team that is none")
    });
    assert_eq!(code(stranger), "unknown_team");
}

#[test]
fn a_passed_deadline_is_one_fact_and_climbs_the_ladder_step_by_step() {
    let desk = Desk::new();
    let order = issued(&desk, "m", "members-to-village");
    desk.pass_minutes(60);
    assert_eq!(desk.system(tick).unwrap().overdue, 0, "the deadline itself is still in time");
    desk.pass_minutes(1);
    assert_eq!(desk.system(tick).unwrap().overdue, 1);
    let head = desk.store().head();
    assert_eq!(desk.system(tick).unwrap(), orders::Ticked::default());
    assert_eq!(desk.store().head(), head, "a second tick at the same moment changes nothing");
    desk.pass_minutes(30);
    assert_eq!(desk.system(tick).unwrap().escalated, 1);
    let why = format!("overdue:members-to-village:{WANGDA}");
    assert_eq!(desk.look(|tx| by_key(tx, &why)), None);
    desk.pass_minutes(30);
    assert_eq!(desk.system(tick).unwrap().escalated, 1);
    let asked = desk.look(|tx| by_key(tx, &why)).unwrap();
    assert_eq!((asked.kind.as_str(), asked.subject), ("escalate-overdue", Subject::Order(order)));
    desk.pass_minutes(24 * 60);
    desk.system(tick).unwrap();
    let known = desk.order(order);
    assert_eq!((known.times_overdue, known.escalation_level), (1, 3), "task force head, deputy, commander, no further");
    let told = desk.look(|tx| outpace_orders::notices::list(tx, false, WANGDA, None, 100));
    assert!(told.iter().any(|notice| notice.title.en.contains("overdue")));
    desk.system(move |unit, call| cancel(unit, call, order, "not needed any more")).unwrap();
    assert_eq!(desk.state(asked.id), OrderState::Cancelled, "nobody asks any more why it was late");
}

#[test]
fn a_hundred_late_orders_of_one_kind_in_one_township_are_one_question() {
    let desk = Desk::new();
    let orders: Vec<OrderId> =
        (0..100).map(|number| issued(&desk, &format!("m{number}"), "members-to-village")).collect();
    desk.pass_minutes(200);
    let ticked = desk.system(tick).unwrap();
    assert_eq!((ticked.overdue, ticked.escalated), (100, 300));
    let why = format!("overdue:members-to-village:{WANGDA}");
    let asked = desk.look(|tx| by_key(tx, &why)).unwrap().id;
    assert_eq!(desk.look(orders::tallies).kinds["escalate-overdue"].issued, 1);
    for order in orders {
        assert!(desk.state(asked).is_pending());
        desk.system(move |unit, call| outpace_orders::complete(unit, call, order, Form::new())).unwrap();
    }
    assert_eq!(desk.state(asked), OrderState::Cancelled);
}

#[test]
fn cancelled_and_finished_orders_never_become_overdue() {
    let desk = Desk::new();
    let (first, second) = (issued(&desk, "a", "members-to-village"), issued(&desk, "b", "members-to-village"));
    desk.system(move |unit, call| {
        cancel(unit, call, first, "no longer wanted")?;
        outpace_orders::complete(unit, call, second, Form::new())
    })
    .unwrap();
    desk.pass_minutes(10 * 24 * 60);
    assert_eq!(desk.system(tick).unwrap(), orders::Ticked::default());
    let again = desk.system(move |unit, call| cancel(unit, call, second, "too late"));
    assert_eq!((again, desk.state(second)), (Ok(()), OrderState::Done));
}

#[test]
fn a_new_deadline_starts_the_ladder_anew_but_the_miss_stays_counted() {
    let desk = Desk::new();
    let order = issued(&desk, "m", "members-to-village");
    desk.pass_minutes(61);
    desk.system(tick).unwrap();
    let later = desk.now().plus_minutes(60);
    desk.system(move |unit, call| orders::move_deadline(unit, call, order, later, "the road was closed")).unwrap();
    assert!(!desk.order(order).is_overdue());
    let counts = desk.look(orders::tallies).all;
    assert_eq!((counts.overdue, counts.became_overdue), (0, 1));
    let past = desk.now();
    let refused = desk.system(move |unit, call| orders::move_deadline(unit, call, order, past, "no"));
    assert_eq!(code(refused), "in_the_past");
}

#[test]
fn the_tallies_follow_the_orders() {
    let desk = Desk::new();
    let (first, _) = (issued(&desk, "a", "visit-door"), issued(&desk, "b", "members-to-village"));
    desk.system(move |unit, call| orders::accept(unit, call, first, None)).unwrap();
    let tallies = desk.look(orders::tallies);
    assert_eq!((tallies.all.issued, tallies.all.open, tallies.all.accepted, tallies.all.not_closed), (2, 1, 1, 2));
    assert_eq!(tallies.task_forces["testing"].accepted, 1);
    assert_eq!(tallies.areas[&WANGDA.to_string()].issued, 2);
    assert_eq!(tallies.kinds["visit-door"].accepted, 1);
}

#[test]
fn a_conflict_is_kept_once_and_settling_it_closes_its_order() {
    let desk = Desk::new();
    let seen = || NewConflict {
        kind: "sampled_twice",
        subject: Subject::Person(PersonId(7)),
        area: WANGDA,
        what: text("sampled at 19:10 and at 19:40"),
        seq: Some(Seq(1)),
    };
    let id = desk.system(move |unit, call| conflict(unit, call, seen())).unwrap();
    assert_eq!(desk.system(move |unit, call| conflict(unit, call, seen())).unwrap(), id);
    let known = desk.look(|tx| conflicts::by_id(tx, id)).unwrap();
    assert_eq!(desk.order(known.order).kind, "settle-conflict");
    desk.system(move |unit, call| settle(unit, call, id, "the first record holds")).unwrap();
    assert_eq!(desk.state(known.order), OrderState::Done);
    assert_eq!(code(desk.system(move |unit, call| settle(unit, call, id, "again"))), "conflict_settled");
}

#[test]
fn finishing_the_order_to_settle_a_conflict_settles_it() {
    let desk = Desk::new();
    let id = desk
        .system(|unit, call| {
            let (subject, area) = (Subject::None, outpace_core::AreaId(7));
            conflict(unit, call, NewConflict { kind: "odd", subject, area, what: text("odd"), seq: None })
        })
        .unwrap();
    let order = desk.look(|tx| conflicts::by_id(tx, id)).unwrap().order;
    assert_eq!(desk.order(order).area, office::QINGXU, "an observation at no area is kept all the same");
    desk.system(move |unit, call| {
        orders::accept(unit, call, order, None)?;
        let result = form(json!({ "finding": "second", "reason": "paper list" }));
        orders::finish(unit, call, order, Report { ticked: vec![0, 1, 2], result, occurred_at: None })
    })
    .unwrap();
    let settled = desk.look(|tx| conflicts::by_id(tx, id)).unwrap();
    assert_eq!(settled.settlement.as_deref(), Some("second: paper list"));
}

#[test]
fn work_reported_from_a_clock_that_runs_ahead_is_kept_and_opens_a_conflict() {
    let desk = Desk::new();
    let order = issued(&desk, "m", "members-to-village");
    let ahead = Report { occurred_at: Some(desk.now().plus_minutes(10)), ..door() };
    desk.system(move |unit, call| {
        orders::accept(unit, call, order, None)?;
        orders::finish(unit, call, order, ahead)
    })
    .unwrap();
    assert_eq!(desk.state(order), OrderState::Done);
    assert_eq!(desk.look(|tx| conflicts::list(tx, true, None, 10))[0].kind, "clock_ahead");
}

#[derive(Debug, Clone, Copy)]
enum Try {
    Accept,
    Decline,
    Finish,
    FinishPartly,
    Impossible,
    Verify,
    Fail,
    Reassign,
    Cancel,
    Complete,
    Wait,
}

fn attempt(desk: &Desk, order: OrderId, what: Try) -> Result<(), Refusal> {
    let worker = actor(7, Role::GridWorker);
    let head = actor(8, Role::TaskForceHead);
    let all =
        Report { ticked: vec![0, 1, 2], result: form(json!({ "source": "x", "open_contacts": 0 })), occurred_at: None };
    match what {
        Try::Accept => desk.act(&worker, move |unit, call| orders::accept(unit, call, order, None)),
        Try::Decline => desk.act(&worker, move |unit, call| orders::decline(unit, call, order, "no")),
        Try::Finish => desk.act(&worker, move |unit, call| orders::finish(unit, call, order, all)),
        Try::FinishPartly => {
            desk.act(&worker, move |unit, call| orders::finish_partly(unit, call, order, "half", Report::default()))
        }
        Try::Impossible => desk.act(&worker, move |unit, call| orders::found_impossible(unit, call, order, "no")),
        Try::Verify => desk.act(&head, move |unit, call| orders::verify(unit, call, order)),
        Try::Fail => desk.act(&head, move |unit, call| orders::fail_verification(unit, call, order, "no")),
        Try::Reassign => desk.act(&head, move |unit, call| orders::reassign(unit, call, order, None, None, "yours")),
        Try::Cancel => desk.act(&head, move |unit, call| cancel(unit, call, order, "over")),
        Try::Complete => desk.system(move |unit, call| outpace_orders::complete(unit, call, order, Form::new())),
        Try::Wait => {
            desk.pass_minutes(700);
            desk.system(tick).map(|_| ())
        }
    }
}

fn target(what: Try) -> Option<OrderState> {
    Some(match what {
        Try::Accept => OrderState::Accepted,
        Try::Decline => OrderState::Declined,
        Try::Finish => OrderState::Done,
        Try::FinishPartly => OrderState::PartlyDone,
        Try::Impossible => OrderState::CannotBeDone,
        Try::Verify => OrderState::Verified,
        Try::Fail => OrderState::FailedVerification,
        Try::Reassign => OrderState::Reassigned,
        Try::Cancel | Try::Complete | Try::Wait => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is tried in whatever order: no step outside the table, always an owner, a deadline and a state; what
    /// is over is never overdue; the tallies agree with the orders; a second tick changes nothing.
    #[test]
    fn no_order_is_ever_without_owner_deadline_and_state(
        tries in prop::collection::vec(
            prop::sample::select(vec![
                Try::Accept, Try::Decline, Try::Finish, Try::FinishPartly, Try::Impossible, Try::Verify, Try::Fail,
                Try::Reassign, Try::Cancel, Try::Complete, Try::Wait,
            ]),
            1..14,
        ),
        kind in prop::sample::select(vec!["trace-first-report", "members-to-village"]),
    ) {
        let desk = Desk::new();
        let order = issued(&desk, "k", kind);
        for what in tries {
            let before = desk.order(order);
            let answer = attempt(&desk, order, what);
            let after = desk.order(order);
            match target(what) {
                Some(to) if answer.is_ok() => {
                    prop_assert!(before.state.allows(to));
                    prop_assert_eq!(after.state, to);
                }
                Some(_) => prop_assert_eq!(&after, &before),
                None => prop_assert!(answer.is_ok()),
            }
            prop_assert!(after.deadline_at.0 > 0);
            prop_assert!(!matches!(after.owner(), Owner::Team(_)));
            prop_assert!(!(after.is_closed() && after.is_overdue()));
            prop_assert_eq!(after.closed_at.is_some(), after.is_closed());
            let counts = desk.look(orders::tallies).kinds[&after.kind];
            prop_assert_eq!(counts.issued, 1);
            prop_assert_eq!(counts.overdue, i64::from(after.is_overdue()));
            prop_assert_eq!(counts.not_closed, i64::from(!after.is_closed()));
        }
        desk.system(tick).unwrap();
        let head = desk.store().head();
        desk.system(tick).unwrap();
        prop_assert_eq!(desk.store().head(), head);
    }
}

#[test]
fn every_state_can_be_reached_and_only_two_have_no_way_on() {
    let reachable: BTreeSet<OrderState> = OrderState::ALL
        .into_iter()
        .flat_map(|from| OrderState::ALL.into_iter().filter(move |to| from.allows(*to)))
        .collect();
    assert_eq!(reachable.len(), OrderState::ALL.len() - 1, "all but the first");
    let ends: Vec<OrderState> =
        OrderState::ALL.into_iter().filter(|from| !OrderState::ALL.into_iter().any(|to| from.allows(to))).collect();
    assert_eq!(ends, [OrderState::Verified, OrderState::Cancelled]);
}
