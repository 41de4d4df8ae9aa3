//! Answering: the outcome, why, and for a yes the fact that makes it true.

use outpace_access::{Call, actors};
use outpace_core::trigger::RESPOND;
use outpace_core::{Refusal, RequestId, Seq, Text, Trigger};
use outpace_isolation::{Because, Restriction, RestrictionKind};
use outpace_orders::notices::{self, Audience, NewNotice};
use outpace_orders::{Form, Subject};
use outpace_policy::QuarantineClass;
use outpace_registry::people::kin::kin;
use outpace_store::{Tx, Unit, journal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::ask::read;
use super::facts::RequestAnswered;
use super::model::{Outcome, Request, RequestKind};
use super::rules::{self, Decider};
use super::store;
use crate::errors::{ResidentsError, WORDS_MAX};

/// The answer to a request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AnswerRequest {
    /// Which.
    pub request: RequestId,
    /// What: `upheld` or `lifted` for an appeal, `corrected` or `declined` for a correction.
    pub outcome: Outcome,
    /// Why, as the person reads it, in both languages.
    pub reason: Text,
    /// The fact that makes a yes true. For somebody who was held to be a contact and is none, the answer itself is signed as
    /// an assessment, and this stays empty.
    #[serde(default)]
    pub fact: Option<Seq>,
}

fn open(unit: &mut Unit<'_>, call: &Call, asked: &AnswerRequest, kind: RequestKind) -> Result<Request, ResidentsError> {
    for (field, words) in [("reason.zh", &asked.reason.zh), ("reason.en", &asked.reason.en)] {
        if !(1..=WORDS_MAX).contains(&words.trim().chars().count()) {
            return Err(ResidentsError::Words(field));
        }
    }
    let known = store::by_id(unit.tx(), asked.request)?.map(|row| row.request);
    let request = known
        .filter(|known| known.kind == kind && call.sees(known.area))
        .ok_or(ResidentsError::UnknownRequest(asked.request))?;
    if request.answered_at.is_some() {
        return Err(ResidentsError::Answered(request.id));
    }
    kin(unit.tx(), &call.actor)?.stand_back(request.person)?;
    Ok(request)
}

/// Answers an appeal. A yes becomes a fact by which the response decides anew; nothing here lifts anything.
///
/// # Errors
/// An unknown or answered appeal, no reason, one's own or that of somebody one lives with, somebody who took part in the
/// decision or is under who did, a yes without a fact where one is needed.
pub fn answer_appeal(unit: &mut Unit<'_>, call: &Call, answer: AnswerRequest) -> Result<Request, Refusal> {
    let request = open(unit, call, &answer, RequestKind::Appeal)?;
    let id = request.restriction.ok_or(ResidentsError::UnknownRequest(request.id))?;
    let restriction =
        outpace_isolation::restrictions::restriction(unit.tx(), id)?.ok_or(ResidentsError::UnknownRestriction(id))?;
    if !rules::is_independent(&call.actor, &deciders(unit.tx(), &restriction)?) {
        return Err(ResidentsError::NotIndependent(request.id).into());
    }
    let fact = match answer.outcome {
        Outcome::Upheld => None,
        Outcome::Lifted => taken_back(unit, call, &restriction, &answer)?,
        _ => return Err(ResidentsError::WrongOutcome { may: "upheld, lifted" }.into()),
    };
    settle(unit, call, &request, &answer, fact)
}

/// Whoever decided that a measure begin or last longer: approvers of the plan, who extended it, who signed the judgement
/// that it rests on.
pub(super) fn deciders(tx: &mut Tx<'_>, restriction: &Restriction) -> Result<Vec<Decider>, ResidentsError> {
    let mut ids = match restriction.plan {
        Some(plan) => outpace_response::approvers_of(tx, plan)?,
        None => Vec::new(),
    };
    ids.extend(restriction.extended_by);
    let judged = match restriction.because_of {
        Because::Assessment(assessment) => Some(assessment),
        _ => restriction.ground.assessment,
    };
    if let Some(assessment) = judged {
        ids.extend(outpace_response::signers(tx, assessment)?.0);
    }
    let mut deciders = Vec::new();
    for id in ids {
        deciders.push(Decider { id, role: actors::by_id(tx, id)?.map(|actor| actor.role) });
    }
    Ok(deciders)
}

/// Whether a measure rests on the person's being a contact: then the answer can say that they are none.
pub(super) fn rests_on_contact(restriction: &Restriction) -> bool {
    use QuarantineClass as C;
    let classes = [C::CloseContact, C::ContactOfContact, C::CasualContact, C::OutbreakVenue];
    let confined = !matches!(restriction.kind, RestrictionKind::Hold | RestrictionKind::Isolation);
    confined && restriction.class.is_some_and(|class| classes.contains(&class))
}

/// The fact by which a measure loses its ground; the response is made to look again. A measure that is over needs none.
fn taken_back(
    unit: &mut Unit<'_>,
    call: &Call,
    restriction: &Restriction,
    answer: &AnswerRequest,
) -> Result<Option<Seq>, Refusal> {
    if let Some(seq) = answer.fact {
        let entry = journal::entry(unit.tx(), seq)?;
        let fits = entry.is_some_and(|entry| rules::takes_back(&entry, restriction.person, restriction.seq));
        if !fits {
            return Err(ResidentsError::NoFact { value: seq.to_string() }.into());
        }
        unit.enqueue(RESPOND, &Trigger::Person(restriction.person))?;
        return Ok(Some(seq));
    }
    if restriction.ended_at.is_some() {
        return Ok(None);
    }
    if !rests_on_contact(restriction) {
        return Err(ResidentsError::NoFact { value: String::new() }.into());
    }
    let evidence = format!("request {}", answer.request);
    let (person, reason) = (restriction.person, answer.reason.clone());
    Ok(Some(outpace_response::assess::clear_contact(unit, call, person, reason, evidence)?))
}

/// Answers a request for correction. What was wrong has been put right by its own route before.
///
/// # Errors
/// An unknown or answered request, no reason, one's own or that of somebody one lives with, a yes without the correcting
/// fact.
pub fn answer_correction(unit: &mut Unit<'_>, call: &Call, answer: AnswerRequest) -> Result<Request, Refusal> {
    let request = open(unit, call, &answer, RequestKind::Correction)?;
    let fact = match answer.outcome {
        Outcome::Declined => None,
        Outcome::Corrected => {
            let none = || ResidentsError::NoFact { value: answer.fact.map(|seq| seq.to_string()).unwrap_or_default() };
            let seq = answer.fact.ok_or_else(none)?;
            let entry = journal::entry(unit.tx(), seq)?;
            entry.filter(|entry| rules::corrects(entry, request.person, request.seq)).ok_or_else(none)?;
            Some(seq)
        }
        _ => return Err(ResidentsError::WrongOutcome { may: "corrected, declined" }.into()),
    };
    settle(unit, call, &request, &answer, fact)
}

fn settle(
    unit: &mut Unit<'_>,
    call: &Call,
    request: &Request,
    answer: &AnswerRequest,
    fact: Option<Seq>,
) -> Result<Request, Refusal> {
    let (outcome, reason) = (answer.outcome, answer.reason.clone());
    unit.record(RequestAnswered { request: request.id, outcome, reason: reason.clone(), fact })?;
    let form = Form::from([
        ("outcome".to_owned(), Value::from(outcome.word())),
        ("reason".to_owned(), Value::from(format!("{} / {}", reason.zh, reason.en))),
    ]);
    outpace_orders::complete(unit, call, request.order, form)?;
    let (zh, en) = words_of(outcome);
    let reference = request.restriction.map_or(Subject::Person(request.person), Subject::Restriction);
    let notice = NewNotice {
        key: Some(format!("request:{}:answer", request.id)),
        kind: "request_answer".to_owned(),
        audience: Audience::Person(request.person),
        area: request.area,
        title: Text::new(format!("答复(编号 {})", request.id), format!("Answer (number {})", request.id)),
        body: Text::new(format!("{zh}\n理由:{}", reason.zh), format!("{en}\nWhy: {}", reason.en)),
        reference,
        clause: None,
        deadline_at: None,
    };
    notices::publish(unit, call, notice)?;
    read(unit, request.id)
}

fn words_of(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Upheld => ("经复核,措施维持。", "It was looked at again; the measure stands."),
        Outcome::Lifted => (
            "申诉成立,措施的依据已撤销,随即解除。",
            "You were right: the ground of the measure was taken back, and it is lifted.",
        ),
        Outcome::Corrected => ("已更正。", "It was corrected."),
        Outcome::Declined => ("经核对,未作更正。", "It was looked at and not changed."),
    }
}
