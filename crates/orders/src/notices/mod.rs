//! Notices: what everyone is told, what one person is told, and messages to receivers who must confirm them.
//!
//! A public notice is corrected by revising it in public: the first words stay readable, the new ones say why. A
//! notice to a person counts once it was handed over. A message to receivers has a row for each of them, so that two
//! messages to six receivers are twelve confirmations, each with its deadline.

mod facts;
mod http;
mod model;
mod store;

use outpace_access::Call;
use outpace_core::{NoticeId, PersonId, Refusal};
use outpace_store::Unit;

use crate::errors::{BODY_CHARACTERS_MAX, OrdersError, SHORT_CHARACTERS_MAX, is_area, said};

pub use facts::{
    NoticeAcknowledged, NoticeDelivered, NoticePublished, NoticeRevised, NoticeUnanswered, NoticeWithdrawn,
};
pub use http::*;
pub use model::{Audience, NewNotice, Notice, Receipt, Revision};
pub(crate) use store::{SCHEMA, join};
pub use store::{by_id, by_key, for_receiver, list, receipts, revisions};

/// Receivers of one message at the most.
pub const RECEIVERS_MAX: usize = 1_000;
/// Messages looked at in one tick.
const TICK_NOTICES_MAX: i64 = 1_000;

/// Publishes a notice, or sends it to its receivers. The same key twice gives the first answer.
///
/// # Errors
/// Empty words in one of the two languages, no receiver, too many of them.
pub fn publish(unit: &mut Unit<'_>, _: &Call, new: NewNotice) -> Result<NoticeId, Refusal> {
    for text in [&new.title.zh, &new.title.en] {
        said("title", text, SHORT_CHARACTERS_MAX)?;
    }
    for text in [&new.body.zh, &new.body.en] {
        said("body", text, BODY_CHARACTERS_MAX)?;
    }
    is_area(new.area)?;
    receivers_fit(&new.audience)?;
    if let Some(key) = &new.key
        && let Some(known) = store::by_key(unit.tx(), key)?
    {
        return Ok(known);
    }
    let notice = NoticeId(unit.next(NoticeId::COUNTER)?);
    unit.record(NoticePublished {
        notice,
        key: new.key,
        kind: new.kind,
        audience: new.audience,
        area: new.area,
        title: new.title,
        body: new.body,
        reference: new.reference,
        clause: new.clause,
        deadline_at: new.deadline_at,
    })?;
    Ok(notice)
}

fn receivers_fit(audience: &Audience) -> Result<(), OrdersError> {
    let Audience::Receivers(receivers) = audience else { return Ok(()) };
    if (1..=RECEIVERS_MAX).contains(&receivers.len()) {
        return Ok(());
    }
    Err(OrdersError::rule(
        "receivers",
        "audience",
        receivers.len(),
        format!("接收方须为 1 至 {RECEIVERS_MAX} 个。"),
        format!("A message has 1 to {RECEIVERS_MAX} receivers."),
    ))
}

fn standing(unit: &mut Unit<'_>, notice: NoticeId) -> Result<Notice, Refusal> {
    let known = store::by_id(unit.tx(), notice)?.ok_or_else(|| OrdersError::unknown("notice", notice))?;
    if known.withdrawn_at.is_some() {
        return Err(OrdersError::state(
            "notice_withdrawn",
            "notice",
            notice,
            "该通告已撤回,请发布新的通告。",
            "This notice was withdrawn; publish another one.",
        )
        .into());
    }
    Ok(known)
}

/// Revises a notice in public: other words from now on, with the reason for the change.
///
/// # Errors
/// An unknown or withdrawn notice, empty words, no reason.
pub fn revise(unit: &mut Unit<'_>, _: &Call, notice: NoticeId, revision: Revision) -> Result<(), Refusal> {
    for text in [&revision.body.zh, &revision.body.en] {
        said("body", text, BODY_CHARACTERS_MAX)?;
    }
    for text in [&revision.reason.zh, &revision.reason.en] {
        said("reason", text, SHORT_CHARACTERS_MAX)?;
    }
    standing(unit, notice)?;
    unit.record(NoticeRevised { notice, body: revision.body, reason: revision.reason })?;
    Ok(())
}

/// Takes a notice back.
///
/// # Errors
/// An unknown or withdrawn notice, no reason.
pub fn withdraw(unit: &mut Unit<'_>, _: &Call, notice: NoticeId, reason: &str) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    standing(unit, notice)?;
    unit.record(NoticeWithdrawn { notice, reason: reason.to_owned() })?;
    Ok(())
}

fn receipt(unit: &mut Unit<'_>, notice: NoticeId, receiver: &str) -> Result<Receipt, Refusal> {
    standing(unit, notice)?;
    let found = store::receipt(unit.tx(), notice, receiver)?;
    Ok(found.ok_or_else(|| OrdersError::unknown("receiver", receiver))?)
}

/// Records that a message reached a receiver, or that a notice was handed over to its person. Twice is once.
///
/// # Errors
/// An unknown notice or receiver.
pub fn delivered(unit: &mut Unit<'_>, _: &Call, notice: NoticeId, receiver: &str) -> Result<(), Refusal> {
    if receipt(unit, notice, receiver)?.delivered_at.is_none() {
        unit.record(NoticeDelivered { notice, receiver: receiver.to_owned() })?;
    }
    Ok(())
}

/// Records that a receiver confirmed a message, or that a person signed for a notice. Twice is once.
///
/// # Errors
/// An unknown notice or receiver.
pub fn acknowledge(unit: &mut Unit<'_>, _: &Call, notice: NoticeId, receiver: &str) -> Result<(), Refusal> {
    if receipt(unit, notice, receiver)?.acknowledged_at.is_none() {
        unit.record(NoticeAcknowledged { notice, receiver: receiver.to_owned() })?;
    }
    Ok(())
}

/// The order to hand over a notice was done: the one it names, or every one of this person that was not handed over.
pub(crate) fn handed_over(
    unit: &mut Unit<'_>,
    call: &Call,
    person: PersonId,
    notice: Option<i64>,
) -> Result<(), Refusal> {
    let receiver = Audience::person(person);
    for waiting in store::not_delivered(unit.tx(), &receiver)? {
        if notice.is_none_or(|wanted| wanted == waiting.0) {
            delivered(unit, call, waiting, &receiver)?;
        }
    }
    Ok(())
}

/// Marks receivers who did not confirm by the deadline, each once. Answers how many.
pub(crate) fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<usize, Refusal> {
    let mut unanswered = 0;
    for notice in store::due(unit.tx(), call.now, TICK_NOTICES_MAX)? {
        let late: Vec<String> = store::receipts(unit.tx(), notice)?
            .into_iter()
            .filter(|receipt| receipt.acknowledged_at.is_none())
            .map(|receipt| receipt.receiver)
            .collect();
        unanswered += late.len();
        unit.record(NoticeUnanswered { notice, receivers: late })?;
    }
    Ok(unanswered)
}
