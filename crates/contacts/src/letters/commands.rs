//! Sending, receiving, pushing down and answering letters.

use outpace_access::Call;
use outpace_core::{AreaId, CaseId, PersonId, Refusal, Text, Timestamp, Trigger};
use outpace_orders::{Form, NewOrder, Subject, issue};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{LetterAnswered, LetterPushed, LetterReceived, LetterSent};
use super::{ANSWER_LETTER, COUNTER, Direction, Letter, store};
use crate::{BATCH_MAX, ContactsError, cases, respond, text};

/// A letter to another area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SendLetter {
    /// Its number on the paper.
    pub reference: String,
    /// Where to: any area of the country.
    pub to: AreaId,
    /// The case it is about.
    #[serde(default)]
    pub case: Option<CaseId>,
    /// Whom it is about.
    pub people: Vec<PersonId>,
    /// What it asks, without names or numbers of people.
    pub summary: String,
    /// When it went out; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// A letter from another area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiveLetter {
    /// The sender's number.
    pub reference: String,
    /// Where from.
    pub from: AreaId,
    /// Whom it is about, as far as they are in the registry; register the others first.
    pub people: Vec<PersonId>,
    /// What it asks, without names or numbers of people.
    pub summary: String,
    /// When it came in; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

fn check(unit: &mut Unit<'_>, other: AreaId, people: &[PersonId]) -> Result<(), ContactsError> {
    if people.len() > BATCH_MAX {
        return Err(ContactsError::BatchTooLarge(people.len()));
    }
    if other.level().is_none() {
        return Err(ContactsError::Unknown { field: "area", id: other.0 });
    }
    for person in people {
        let unknown = ContactsError::Unknown { field: "people", id: person.0 };
        outpace_registry::person(unit.tx(), *person)?.ok_or(unknown)?;
    }
    Ok(())
}

fn by_id(unit: &mut Unit<'_>, id: i64) -> Result<Letter, ContactsError> {
    store::letter(unit.tx(), id)?.ok_or(ContactsError::Unknown { field: "letter", id })
}

fn due(call: &Call, at: Timestamp) -> Timestamp {
    at.plus_hours(i64::from(call.pack().tracing.coinvestigation_answer_hours.value))
}

/// Records a letter that went out. The same number to the same area gives the first answer.
///
/// # Errors
/// An unknown person or case, no number, an area that is no code.
pub fn send_letter(unit: &mut Unit<'_>, call: &Call, request: SendLetter) -> Result<Letter, Refusal> {
    let reference = text("reference", &request.reference, true)?;
    let summary = text("summary", &request.summary, false)?;
    check(unit, request.to, &request.people)?;
    if let Some(case) = request.case {
        cases::case(unit.tx(), case)?.ok_or(ContactsError::Unknown { field: "case", id: case.0 })?;
    }
    if let Some(known) = store::by_reference(unit.tx(), Direction::Out, request.to, &reference)? {
        return Ok(known);
    }
    let letter = unit.next(COUNTER)?;
    let at = request.occurred_at.unwrap_or(call.now);
    let (to, case, people, answer_due_at) = (request.to, request.case, request.people, due(call, at));
    unit.record_at(LetterSent { letter, reference, to, case, people, summary, at, answer_due_at }, at)?;
    Ok(by_id(unit, letter)?)
}

/// Records a letter that came in and opens the order to answer it. The same number from the same area gives the
/// first answer.
///
/// # Errors
/// An unknown person, no number, an area that is no code.
pub fn receive_letter(unit: &mut Unit<'_>, call: &Call, request: ReceiveLetter) -> Result<Letter, Refusal> {
    let reference = text("reference", &request.reference, true)?;
    let summary = text("summary", &request.summary, false)?;
    check(unit, request.from, &request.people)?;
    if let Some(known) = store::by_reference(unit.tx(), Direction::In, request.from, &reference)? {
        return Ok(known);
    }
    let letter = unit.next(COUNTER)?;
    let at = request.occurred_at.unwrap_or(call.now);
    let answer_due_at = due(call, at);
    let jurisdiction = AreaId(unit.tx().jurisdiction());
    let order = issue(
        unit,
        call,
        NewOrder {
            key: format!("answer-letter:{letter}"),
            kind: ANSWER_LETTER.key.to_owned(),
            subject: Subject::None,
            area: jurisdiction,
            task_force: Some("tracing".to_owned()),
            team: None,
            deadline_at: Some(answer_due_at),
            because: Text::new(
                format!("收到区域 {} 的协查函 {reference},须按时反馈。", request.from),
                format!("Area {} asks in letter {reference}; the answer is due.", request.from),
            ),
            clause: Some(call.pack().tracing.coinvestigation_answer_hours.cite().to_string()),
            cause: None,
            form: Form::from([("letter".to_owned(), serde_json::Value::from(letter))]),
        },
    )?;
    let (from, people) = (request.from, request.people);
    unit.record_at(
        LetterReceived { letter, reference, from, people: people.clone(), summary, at, answer_due_at, order },
        at,
    )?;
    for person in people {
        respond(unit, &Trigger::Person(person))?;
    }
    Ok(by_id(unit, letter)?)
}

/// Where a letter goes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushLetter {
    /// Which.
    pub letter: i64,
    /// To which street, village or grid.
    pub area: AreaId,
}

/// Pushes a letter down to a street, a village or a grid.
///
/// # Errors
/// An unknown or answered letter, an area outside the actor's.
pub fn push_letter(unit: &mut Unit<'_>, call: &Call, request: PushLetter) -> Result<Letter, Refusal> {
    call.covers(request.area)?;
    let letter = by_id(unit, request.letter)?;
    if letter.answered_at.is_some() {
        return Err(ContactsError::LetterAnswered(letter.id).into());
    }
    if letter.pushed_to == Some(request.area) {
        return Ok(letter);
    }
    unit.record(LetterPushed { letter: letter.id, area: request.area })?;
    Ok(by_id(unit, letter.id)?)
}

/// The answer to a letter: ours to a received one, theirs to a sent one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerLetter {
    /// Which.
    pub letter: i64,
    /// The answer, without names or numbers of people.
    pub answer: String,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Records the answer to a letter; the order of a received one is done with it.
///
/// # Errors
/// An unknown or answered letter, no answer.
pub fn answer_letter(unit: &mut Unit<'_>, call: &Call, request: AnswerLetter) -> Result<Letter, Refusal> {
    let answer = text("answer", &request.answer, true)?;
    let letter = by_id(unit, request.letter)?;
    let (whole, unknown) =
        (AreaId(unit.tx().jurisdiction()), ContactsError::Unknown { field: "letter", id: letter.id });
    if !letter.seen(call, whole) {
        return Err(unknown.into());
    }
    if letter.answered_at.is_some() {
        return Err(ContactsError::LetterAnswered(letter.id).into());
    }
    let at = request.occurred_at.unwrap_or(call.now);
    unit.record_at(LetterAnswered { letter: letter.id, answer: answer.clone(), at }, at)?;
    if let Some(order) = letter.order {
        let result = Form::from([("answer".to_owned(), serde_json::Value::from(answer))]);
        outpace_orders::complete(unit, call, order, result)?;
    }
    Ok(by_id(unit, letter.id)?)
}
