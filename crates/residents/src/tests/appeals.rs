//! Appeals and corrections: who answers, what a yes does, what time does.

use outpace_access::Call;
use outpace_contacts::cases::{ExcludeCase, exclude_case};
use outpace_core::{Actor, PersonId, Refusal, RequestId, Role, Seq};
use outpace_isolation::{EndedWhy, LiftReason};
use outpace_orders::{OrderState, orders};
use outpace_policy::StatusReason;
use outpace_registry::people::{MovePerson, move_person};
use outpace_store::Unit;

use super::{House, member, reason, staff};
use crate::requests::{
    About, AnswerRequest, AskAppeal, AskCorrection, AskedBy, ListRequests, OnPaper, Outcome, Request, Waiting,
    answer_appeal, answer_correction, appeal, ask_correction, on_paper,
};

fn appeals(house: &House, own: &Actor, person: PersonId) -> Request {
    let restriction = house.restrictions(person).into_iter().find(|one| one.class.is_some()).unwrap().id;
    let request = AskAppeal { person: None, restriction, words: "我整周都在外地".to_owned() };
    house.act(own, move |unit, call| appeal(unit, call, request)).unwrap()
}

fn answer(
    house: &House,
    by: &Actor,
    request: RequestId,
    outcome: Outcome,
    fact: Option<Seq>,
) -> Result<Request, Refusal> {
    let answer = AnswerRequest { request, outcome, reason: reason(), fact };
    let answered = house.act(by, move |unit, call| answer_appeal(unit, call, answer));
    house.settled();
    answered
}

fn order(house: &House, request: &Request) -> orders::Order {
    house.store.read(|tx| orders::by_id(tx, request.order)).unwrap().unwrap()
}

#[test]
fn an_appeal_that_is_right_lifts_by_a_fact_and_only_for_whom_it_is_right() {
    let house = House::open();
    house.outbreak_in(0);
    let (person, other) = (member(0, 1), member(0, 2));
    let own = house.resident(person);
    let made = appeals(&house, &own, person);
    assert_eq!((made.asked_by, made.words.as_deref()), (AskedBy::Own, Some("我整周都在外地")));
    assert_eq!(appeals(&house, &own, person).id, made.id, "twice is once");
    assert_eq!(order(&house, &made).deadline_at, house.now().plus_hours(48));
    // Those who approved, and those under them, cannot answer; nor does anything happen when they try.
    for by in
        [staff(1, Role::Commander), staff(2, Role::Commander), staff(3, Role::Deputy), staff(4, Role::TaskForceHead)]
    {
        assert_eq!(answer(&house, &by, made.id, Outcome::Lifted, None).unwrap_err().code, "not_independent");
    }
    assert!(!house.restrictions(person).is_empty());
    let auditor = staff(50, Role::Auditor);
    let answered = answer(&house, &auditor, made.id, Outcome::Lifted, None).unwrap();
    let fact = house.store.read(|tx| outpace_store::journal::entry(tx, answered.fact.unwrap())).unwrap().unwrap();
    assert_eq!(fact.kind, "response.assessment_signed");
    assert_eq!(house.restrictions(person), [], "the ground is gone, and the measure with it");
    assert!(!house.restrictions(other).is_empty(), "who did not appeal is where they were");
    let file = house.file(&house.resident(person), None).unwrap();
    assert!(file.reasons.iter().all(|why| why.reason != StatusReason::CloseContact), "{:?}", file.reasons);
    assert!(file.notices.iter().any(|notice| notice.body.zh.contains("申诉成立")));
    let lifted = house.store.read(|tx| outpace_isolation::restrictions::history_of(tx, person)).unwrap();
    assert!(lifted.iter().all(|one| one.ended_why == Some(EndedWhy::Lifted(LiftReason::NoGround))), "{lifted:?}");
    assert_eq!(answer(&house, &auditor, made.id, Outcome::Upheld, None).unwrap_err().code, "request_answered");
    // Days later, and after everything is decided anew, it stays so.
    house.wait_minutes(3 * 24 * 60);
    house.tick();
    assert_eq!(house.restrictions(person), []);
    house.assert_rebuilds();
}

#[test]
fn a_yes_without_a_ground_taken_back_is_refused_and_a_no_changes_nothing() {
    let house = House::open();
    house.outbreak_in(0);
    let case = member(0, 0);
    let own = house.resident(case);
    let restriction = house.restrictions(case)[0].id;
    let request = AskAppeal { person: None, restriction, words: String::new() };
    let made = house.act(&own, move |unit, call| appeal(unit, call, request)).unwrap();
    let auditor = staff(50, Role::Auditor);
    for fact in [None, Some(Seq(1)), Some(made.seq), Some(Seq(1_000_000))] {
        let refused = answer(&house, &auditor, made.id, Outcome::Lifted, fact).unwrap_err();
        assert_eq!(refused.code, "no_fact", "{fact:?}: the result or the case must be taken back first");
    }
    assert_eq!(answer(&house, &auditor, made.id, Outcome::Corrected, None).unwrap_err().code, "outcome");
    let before = house.restrictions(case);
    let upheld = answer(&house, &auditor, made.id, Outcome::Upheld, None).unwrap();
    assert_eq!((upheld.outcome, upheld.reason), (Some(Outcome::Upheld), Some(reason())));
    assert_eq!(house.restrictions(case), before);
    assert_eq!(order(&house, &made).state, OrderState::Done);
    house.assert_rebuilds();
}

#[test]
fn an_appeal_that_nobody_answers_goes_up_and_cannot_be_ticked_off() {
    let house = House::open();
    house.outbreak_in(0);
    let person = member(0, 1);
    let own = house.resident(person);
    let made = appeals(&house, &own, person);
    let id = made.order;
    house
        .act(&staff(4, Role::TaskForceHead), move |unit, call| orders::complete(unit, call, id, Default::default()))
        .unwrap();
    house.tick();
    let standing = house.file(&own, None).unwrap().requests.remove(0);
    assert_eq!(order(&house, &standing).state, OrderState::FailedVerification, "done without an answer is not done");
    house
        .act(&staff(1, Role::Commander), move |unit, call| orders::cancel(unit, call, id, "wrongly thought settled"))
        .unwrap();
    house.tick();
    let standing = house.file(&own, None).unwrap().requests.remove(0);
    assert_ne!(standing.order, made.order, "closed without an answer: ordered again");
    assert_eq!(order(&house, &standing).state, OrderState::Open);
    house.wait_minutes(49 * 60);
    house.tick();
    house.wait_minutes(5 * 60);
    house.tick();
    let late = order(&house, &standing);
    assert!(late.is_overdue() && late.escalation_level > 0, "{late:?}");
    let list = house
        .recall(&staff(50, Role::Auditor), |office, tx, call| {
            crate::requests::appeals(office, tx, call, ListRequests { after: None })
        })
        .unwrap();
    assert!(list.requests[0].request.is_late(house.now()));
    house.assert_rebuilds();
}

fn waiting(house: &House, by: &Actor) -> Waiting {
    let list =
        house.recall(by, |office, tx, call| crate::requests::appeals(office, tx, call, ListRequests { after: None }));
    list.unwrap().requests.remove(0)
}

#[test]
fn whoever_answers_sees_the_measure_who_decided_it_and_whether_they_may() {
    let house = House::open();
    house.outbreak_in(0);
    let person = member(0, 1);
    let made = appeals(&house, &house.resident(person), person);
    let auditor = staff(50, Role::Auditor);
    let seen = waiting(&house, &auditor);
    let measure = seen.measure.unwrap();
    assert_eq!((seen.request.id, seen.request.words.as_deref()), (made.id, Some("我整周都在外地")));
    assert!(!measure.clause.is_empty() && !measure.facts.is_empty() && measure.ends_at > house.now());
    assert_eq!((seen.refused, seen.needs_fact, seen.grounds), (None, false, Vec::new()));
    let decided = waiting(&house, &staff(1, Role::Commander)).refused.unwrap();
    assert!(decided.en.contains("took no part"), "{decided:?}");
    // One's own case is nobody's to answer, and saying so is not left to the page.
    let kin = Actor { person: Some(member(0, 2)), ..auditor };
    assert!(waiting(&house, &kin).refused.unwrap().en.contains("you live with"));
    let refused = answer(&house, &kin, made.id, Outcome::Upheld, None).unwrap_err();
    assert_eq!((refused.status, refused.field.as_str()), (403, "person"));
    let stranger = Actor { person: Some(member(1, 0)), ..kin };
    assert_eq!(answer(&house, &stranger, made.id, Outcome::Upheld, None).unwrap().outcome, Some(Outcome::Upheld));
    house.assert_rebuilds();
}

#[test]
fn whoever_answers_for_a_case_is_offered_the_facts_that_would_do_and_no_others() {
    let house = House::open();
    house.outbreak_in(0);
    let person = member(0, 0);
    let own = house.resident(person);
    let restriction = house.restrictions(person)[0].id;
    let request = AskAppeal { person: None, restriction, words: String::new() };
    house.act(&own, move |unit, call| appeal(unit, call, request)).unwrap();
    let auditor = staff(50, Role::Auditor);
    let before = waiting(&house, &auditor);
    assert!(before.needs_fact && before.grounds.is_empty(), "{:?}", before.grounds);
    let case = house.store.read(|tx| outpace_contacts::cases::case_ids_of(tx, person)).unwrap()[0];
    let exclude = move |unit: &mut Unit<'_>, call: &Call| {
        exclude_case(unit, call, ExcludeCase { case, reason: "wrong sample".to_owned(), occurred_at: None })
    };
    house.act(&staff(20, Role::Tracer), exclude).unwrap();
    let excluded = house.store.read(|tx| outpace_store::journal::recent(tx, "contacts.case_excluded", 1)).unwrap();
    let offered = waiting(&house, &auditor);
    assert_eq!(offered.grounds.iter().map(|ground| ground.seq).collect::<Vec<_>>(), [excluded[0].seq]);
    let id = offered.request.id;
    assert_eq!(
        answer(&house, &auditor, id, Outcome::Lifted, Some(excluded[0].seq)).unwrap().fact,
        Some(excluded[0].seq)
    );
    house.assert_rebuilds();
}

#[test]
fn staff_write_down_what_somebody_says_who_cannot_write() {
    let house = House::open();
    house.outbreak_in(0);
    let person = member(0, 1);
    let restriction = Some(house.restrictions(person)[0].id);
    let paper = OnPaper { person, restriction, about: None, words: "那几天我在邻县".to_owned() };
    let twice = paper.clone();
    let made = house.act(&staff(30, Role::GridWorker), move |unit, call| on_paper(unit, call, paper)).unwrap();
    assert_eq!(made.asked_by, AskedBy::Paper);
    assert_eq!(house.file(&house.resident(person), None).unwrap().requests[0].id, made.id, "the person sees it");
    let wrong = OnPaper { about: Some(About::Other), ..twice };
    assert!(house.act(&staff(30, Role::GridWorker), move |unit, call| on_paper(unit, call, wrong)).is_err());
    house.assert_rebuilds();
}

#[test]
fn a_correction_is_answered_with_the_fact_that_corrects() {
    let house = House::open();
    let (person, grid) = (member(0, 1), staff(30, Role::GridWorker));
    let own = house.resident(person);
    let words = "我已搬到隔壁".to_owned();
    let request = AskCorrection { person: None, about: About::Residence, words };
    let made = house.act(&own, move |unit, call| ask_correction(unit, call, request)).unwrap();
    let answer = |fact, outcome| {
        let answer = AnswerRequest { request: made.id, outcome, reason: reason(), fact };
        house.act(&grid, move |unit, call| answer_correction(unit, call, answer))
    };
    assert_eq!(answer(None, Outcome::Corrected).unwrap_err().code, "no_fact");
    let moving = |who| MovePerson { person: who, household: outpace_core::HouseholdId(2), occurred_at: None };
    let other = moving(member(2, 0));
    house.act(&grid, move |unit, call| move_person(unit, call, other)).unwrap();
    let of_another = house.store.head().seq;
    assert_eq!(answer(Some(of_another), Outcome::Corrected).unwrap_err().code, "no_fact", "another person's");
    let right = moving(person);
    house.act(&grid, move |unit, call| move_person(unit, call, right)).unwrap();
    let fact = house.store.head().seq;
    let answered = answer(Some(fact), Outcome::Corrected).unwrap();
    assert_eq!((answered.outcome, answered.fact), (Some(Outcome::Corrected), Some(fact)));
    assert_eq!(order(&house, &made).state, OrderState::Done);
    // What was written is sealed: no word of it stands in the journal.
    let entries = house.store.read(|tx| outpace_store::journal::page(tx, Seq(0))).unwrap();
    assert!(entries.iter().all(|entry| !String::from_utf8_lossy(&entry.payload).contains("隔壁")));
    house.assert_rebuilds();
}
