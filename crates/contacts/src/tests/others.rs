//! Letters, departures, goods.

use super::*;
use crate::departures::{RecordDeparture, RecordReturn, left_in_window, record_departure, record_return};
use crate::goods::{HandRole, LotHand, TraceLot, lots_of_case, lots_of_person, trace_lot};
use crate::letters::{
    AnswerLetter, PushLetter, ReceiveLetter, SendLetter, answer_letter, push_letter, receive_letter, send_letter,
};
use crate::visits::Evidence;

fn received(reference: &str) -> ReceiveLetter {
    ReceiveLetter {
        reference: reference.to_owned(),
        from: AreaId(410_105),
        people: vec![PersonId(3)],
        summary: "请协查 1 人".to_owned(),
        occurred_at: None,
    }
}

#[test]
fn a_received_letter_has_an_order_that_its_answer_finishes() {
    let house = House::open();
    let letter = house.act(|unit, call| receive_letter(unit, call, received("郑协查1号"))).unwrap();
    assert_eq!(letter.answer_due_at, now().plus_hours(24), "24 hours to the origin");
    let order = letter.order.unwrap();
    let open = house.read(|tx| outpace_orders::orders::by_id(tx, order)).unwrap();
    assert_eq!((open.deadline_at, open.is_closed()), (letter.answer_due_at, false));
    let again = house.act(|unit, call| receive_letter(unit, call, received("郑协查1号"))).unwrap();
    assert_eq!(again, letter);
    let push = PushLetter { letter: letter.id, area: AreaId(140_121_203) };
    assert_eq!(house.act(|unit, call| push_letter(unit, call, push)).unwrap().pushed_to, Some(AreaId(140_121_203)));
    let answer = AnswerLetter { letter: letter.id, answer: "已落位管控".to_owned(), occurred_at: None };
    let twice = answer.clone();
    let answered = house.act(|unit, call| answer_letter(unit, call, answer)).unwrap();
    assert!(!answered.is_late(now().plus_days(5)));
    assert!(!house.read(|tx| outpace_orders::orders::by_id(tx, order)).unwrap().state.is_pending());
    assert_eq!(house.act(|unit, call| answer_letter(unit, call, twice)).unwrap_err().code, "letter_answered");
    house.assert_rebuilds();
}

#[test]
fn a_letter_that_nobody_answers_is_late() {
    let house = House::open();
    let request = SendLetter {
        reference: "清协查7号".to_owned(),
        to: AreaId(140_105),
        case: None,
        people: vec![PersonId(4), PersonId(5)],
        summary: String::new(),
        occurred_at: Some(now().plus_days(-2)),
    };
    let letter = house.act(|unit, call| send_letter(unit, call, request)).unwrap();
    assert!(letter.is_late(now()));
    assert_eq!(letter.people, [PersonId(4), PersonId(5)]);
    let query = crate::letters::LettersQuery { after: None, limit: None };
    let listed = house.ask(|tx, call| crate::letters::list(tx, call, query)).unwrap();
    assert!(listed.letters[0].late);
    house.assert_rebuilds();
}

#[test]
fn who_left_in_the_window_is_listed_and_counted_absent() {
    let house = House::open();
    let leave = |person, left: &str| {
        let request = RecordDeparture {
            person: PersonId(person),
            left_at: at(left),
            to_area: Some(AreaId(140_105)),
            to: "乘长途客车".to_owned(),
            vehicle: None,
            evidence: Evidence::VehicleRecord,
        };
        house.act(|unit, call| record_departure(unit, call, request)).unwrap()
    };
    leave(3, "2022-04-11T08:00");
    let head = house.store.head().seq;
    leave(3, "2022-04-11T08:00");
    assert_eq!(house.store.head().seq, head, "the same departure twice is one");
    leave(4, "2022-03-20T08:00");
    let left = house.read(|tx| left_in_window(tx, VILLAGE, now().plus_days(-14), now()));
    assert_eq!(left.iter().map(|departure| departure.person.0).collect::<Vec<_>>(), [3]);
    assert_eq!(house.read(|tx| left_in_window(tx, AreaId(140_121_100), now().plus_days(-99), now())), []);
    assert!(!house.read(|tx| outpace_registry::person(tx, PersonId(3))).unwrap().present);
    let back = RecordReturn { person: PersonId(3), returned_at: None };
    assert_eq!(house.act(|unit, call| record_return(unit, call, back)).unwrap().returned_at, Some(now()));
    assert!(house.read(|tx| outpace_registry::person(tx, PersonId(3))).unwrap().present);
    let never = RecordReturn { person: PersonId(5), returned_at: None };
    assert_eq!(house.act(|unit, call| record_return(unit, call, never)).unwrap_err().code, "unknown_id");
    house.assert_rebuilds();
}

#[test]
fn what_is_known_of_a_lot_adds_up() {
    let house = House::open();
    let case = house.case(1).id;
    let hand = |person, role| LotHand { person: PersonId(person), role, at: at("2022-04-11T09:00") };
    let request = TraceLot {
        code: "YT0001".to_owned(),
        what: "冷冻包裹".to_owned(),
        place: Some(CENTRE),
        case: Some(case),
        hands: vec![hand(3, HandRole::Handled)],
    };
    assert_eq!(house.triggers(|unit, call| trace_lot(unit, call, request)), [Trigger::Case(case)]);
    let more = TraceLot {
        code: "YT0001".to_owned(),
        what: String::new(),
        place: None,
        case: None,
        hands: vec![hand(4, HandRole::Received)],
    };
    let again = more.clone();
    let lot = house.act(|unit, call| trace_lot(unit, call, more)).unwrap();
    assert_eq!((lot.hands.len(), lot.place, lot.what.as_str()), (2, Some(CENTRE), "冷冻包裹"));
    let head = house.store.head().seq;
    assert_eq!(house.act(|unit, call| trace_lot(unit, call, again)).unwrap(), lot);
    assert_eq!(house.store.head().seq, head);
    assert_eq!(house.read(|tx| lots_of_case(tx, case)), std::slice::from_ref(&lot));
    assert_eq!(house.read(|tx| lots_of_person(tx, PersonId(4))), [lot]);
    house.assert_rebuilds();
}

#[test]
fn a_text_has_an_end() {
    let house = House::open();
    let mut request = received("长");
    request.summary = "字".repeat(crate::TEXT_CHARACTERS_MAX + 1);
    assert_eq!(house.act(|unit, call| receive_letter(unit, call, request)).unwrap_err().code, "text_length");
}
