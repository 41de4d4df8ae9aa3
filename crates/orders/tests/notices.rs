//! Notices to everyone, to one person, to receivers.

#![allow(clippy::unwrap_used)]

mod office;

use office::{Desk, QINGXU, WANGDA, XUGOU, text};
use outpace_core::{NoticeId, PersonId, Refusal, Text};
use outpace_orders::notices::{self, Audience, NewNotice, Revision};
use outpace_orders::{Subject, tick};

fn code(answer: Result<impl Sized, Refusal>) -> String {
    answer.err().map(|refusal| refusal.code).unwrap_or_default()
}

fn notice(key: &str, audience: Audience) -> NewNotice {
    NewNotice {
        key: Some(key.to_owned()),
        kind: "positive".to_owned(),
        audience,
        area: WANGDA,
        title: text("a positive"),
        body: text("one person, at the park"),
        reference: Subject::None,
        clause: None,
        deadline_at: None,
    }
}

fn publish(desk: &Desk, new: NewNotice) -> NoticeId {
    desk.system(move |unit, call| notices::publish(unit, call, new)).unwrap()
}

#[test]
fn two_messages_to_six_receivers_are_twelve_confirmations_with_a_deadline() {
    let desk = Desk::new();
    let six: Vec<String> = (1..=6).map(|number| format!("receiver-{number}")).collect();
    let deadline_at = Some(desk.now().plus_minutes(30));
    let messages: Vec<_> = ["report", "ambulance"]
        .into_iter()
        .map(|key| publish(&desk, NewNotice { deadline_at, ..notice(key, Audience::Receivers(six.clone())) }))
        .collect();
    let first = messages[0];
    for receiver in ["receiver-1", "receiver-2", "receiver-1"] {
        desk.system(move |unit, call| notices::acknowledge(unit, call, first, receiver)).unwrap();
    }
    desk.system(move |unit, call| notices::delivered(unit, call, first, "receiver-3")).unwrap();
    let known = desk.look(|tx| notices::by_id(tx, first)).unwrap();
    assert_eq!((known.receivers, known.delivered, known.acknowledged), (6, 3, 2), "whoever confirms has it");
    desk.pass_minutes(31);
    assert_eq!(desk.system(tick).unwrap().unanswered, 4 + 6);
    assert_eq!(desk.system(tick).unwrap().unanswered, 0, "each once");
    let stranger = desk.system(move |unit, call| notices::acknowledge(unit, call, first, "nobody"));
    assert_eq!(code(stranger), "unknown_receiver");
    desk.system(move |unit, call| notices::acknowledge(unit, call, first, "receiver-4")).unwrap();
    assert_eq!(desk.look(|tx| notices::by_id(tx, first)).unwrap().unanswered, 3, "a late answer is an answer");
}

#[test]
fn the_same_key_is_published_once() {
    let desk = Desk::new();
    assert_eq!(publish(&desk, notice("zone:1", Audience::Public)), publish(&desk, notice("zone:1", Audience::Public)));
}

#[test]
fn a_promise_is_revised_in_public_with_its_reason_and_its_first_words_stay() {
    let desk = Desk::new();
    let promise = publish(&desk, notice("promise:1", Audience::Public));
    let revision =
        Revision { body: text("by 08:00 tomorrow"), reason: Text::new("实验室满负荷", "laboratory is full") };
    desk.system(move |unit, call| notices::revise(unit, call, promise, revision)).unwrap();
    let known = desk.look(|tx| notices::by_id(tx, promise)).unwrap();
    assert_eq!((known.body.en.as_str(), known.revisions), ("by 08:00 tomorrow", 1));
    let history = desk.look(|tx| notices::revisions(tx, promise));
    let words: Vec<_> = history.iter().map(|(_, revision)| revision.body.en.as_str()).collect();
    assert_eq!(words, ["one person, at the park", "by 08:00 tomorrow"]);
    desk.system(move |unit, call| notices::withdraw(unit, call, promise, "wrong round")).unwrap();
    assert_eq!(
        code(desk.system(move |unit, call| notices::withdraw(unit, call, promise, "again"))),
        "notice_withdrawn"
    );
}

#[test]
fn a_notice_to_a_person_is_handed_over_and_stands_in_their_list_only() {
    let desk = Desk::new();
    let person = PersonId(7);
    let id = publish(&desk, notice("measure:1", Audience::Person(person)));
    let receiver = Audience::person(person);
    desk.system(move |unit, call| notices::delivered(unit, call, id, &receiver)).unwrap();
    assert_eq!(desk.look(|tx| notices::by_id(tx, id)).unwrap().delivered, 1);
    assert_eq!(desk.look(|tx| notices::for_receiver(tx, "person:7", 10)), [id]);
    assert!(desk.look(|tx| notices::list(tx, true, QINGXU, None, 10)).is_empty(), "not in public");
}

#[test]
fn a_notice_concerns_the_areas_below_and_above_it() {
    let desk = Desk::new();
    publish(&desk, notice("a", Audience::Public));
    let count = |area| desk.look(|tx| notices::list(tx, true, area, None, 10)).len();
    assert_eq!((count(QINGXU), count(WANGDA), count(XUGOU)), (1, 1, 0));
}

#[test]
fn empty_words_and_an_empty_list_of_receivers_are_refused() {
    let desk = Desk::new();
    let silent = NewNotice { body: Text::new("", "words"), ..notice("a", Audience::Public) };
    assert_eq!(code(desk.system(move |unit, call| notices::publish(unit, call, silent))), "text_length");
    let alone = notice("b", Audience::Receivers(Vec::new()));
    assert_eq!(code(desk.system(move |unit, call| notices::publish(unit, call, alone))), "receivers");
}
