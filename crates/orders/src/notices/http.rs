//! Routes of notices. The public ones are open to everyone.

use outpace_access::{Call, Empty, Routes};
use outpace_core::{AreaId, NoticeId, Permission, PersonId, Refusal, Timestamp};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Audience, NewNotice, Notice, Receipt, Revision};
use super::store;
use crate::errors::OrdersError;

/// Notices of one answer at the most.
pub const NOTICES_MAX: usize = 200;

/// The routes of notices.
#[must_use]
pub fn routes() -> Routes {
    use Permission::{CommandRead, IsolationRead, NoticesPublish, OrdersWork, Public};
    Routes::new()
        .query("/api/notices/public", Public.open(), "Public notices, newest first", public)
        .query("/api/notices/public-one", Public.open(), "A public notice with its revisions", public_one)
        .query("/api/notices/list", CommandRead.by_area(), "All notices and messages", list)
        .query("/api/notices/one", CommandRead.by_area(), "A notice with its revisions and receivers", one)
        .query("/api/notices/of-person", IsolationRead.by_area(), "Notices to one person", of_person)
        .command("/api/notices/publish", NoticesPublish.by_area(), "Publish a notice or send a message", publish)
        .command("/api/notices/revise", NoticesPublish.by_area(), "Give a notice other words, in public", revise)
        .command("/api/notices/withdraw", NoticesPublish.by_area(), "Take a notice back", withdraw)
        .command("/api/notices/delivered", OrdersWork.by_area(), "A message reached a receiver", delivered)
        .command("/api/notices/acknowledge", OrdersWork.by_area(), "A receiver confirmed a message", acknowledge)
}

/// Narrows the list of notices.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ListNotices {
    /// Only what concerns this area.
    pub area: Option<AreaId>,
    /// From below this notice.
    pub after: Option<NoticeId>,
    /// At most this many, up to 200; 50 when absent.
    pub limit: Option<usize>,
}

/// Notices, newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NoticeList {
    /// The notices.
    pub notices: Vec<Notice>,
    /// Where the next page begins; absent at the end.
    pub after: Option<NoticeId>,
}

fn page(tx: &mut Tx<'_>, only_public: bool, area: AreaId, query: &ListNotices) -> Result<NoticeList, Refusal> {
    let limit = query.limit.unwrap_or(50).clamp(1, NOTICES_MAX);
    let notices = store::list(tx, only_public, area, query.after, limit)?;
    let after = (notices.len() == limit).then(|| notices.last().map(|notice| notice.id)).flatten();
    Ok(NoticeList { notices, after })
}

fn public(tx: &mut Tx<'_>, call: &Call, query: ListNotices) -> Result<NoticeList, Refusal> {
    let area = query.area.unwrap_or(call.rules.profile.area);
    page(tx, true, area, &query)
}

fn list(tx: &mut Tx<'_>, call: &Call, query: ListNotices) -> Result<NoticeList, Refusal> {
    let area = query.area.filter(|area| call.sees(*area)).unwrap_or(call.actor.area);
    page(tx, false, area, &query)
}

/// The number of a notice.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct NoticeRef {
    /// Which notice.
    pub notice: NoticeId,
}

/// One revision of a notice.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RevisionRow {
    /// When.
    pub at: Timestamp,
    /// The words from then on, and why.
    pub revision: Revision,
}

/// A notice with all that became of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NoticeView {
    /// The notice, with its words as they stand now.
    pub notice: Notice,
    /// How it was revised, oldest first.
    pub revisions: Vec<RevisionRow>,
    /// What became of it at each receiver; empty in the public view.
    pub receivers: Vec<Receipt>,
}

fn revisions(tx: &mut Tx<'_>, notice: NoticeId) -> Result<Vec<RevisionRow>, Refusal> {
    let rows = store::revisions(tx, notice)?.into_iter();
    Ok(rows.map(|(at, revision)| RevisionRow { at, revision }).collect())
}

fn public_one(tx: &mut Tx<'_>, _: &Call, query: NoticeRef) -> Result<NoticeView, Refusal> {
    let found = store::by_id(tx, query.notice)?.filter(|notice| notice.audience == Audience::Public);
    let notice = found.ok_or_else(|| OrdersError::unknown("notice", query.notice))?;
    Ok(NoticeView { revisions: revisions(tx, notice.id)?, receivers: Vec::new(), notice })
}

fn one(tx: &mut Tx<'_>, call: &Call, query: NoticeRef) -> Result<NoticeView, Refusal> {
    let notice = visible(tx, call, query.notice)?;
    let receivers = store::receipts(tx, notice.id)?;
    Ok(NoticeView { revisions: revisions(tx, notice.id)?, receivers, notice })
}

/// A notice about an area outside one's own looks like one that does not exist; a public one is everybody's.
fn visible(tx: &mut Tx<'_>, call: &Call, id: NoticeId) -> Result<Notice, Refusal> {
    let seen = |notice: &Notice| {
        notice.audience == Audience::Public || call.sees(notice.area) || notice.area.contains(call.actor.area)
    };
    Ok(store::by_id(tx, id)?.filter(seen).ok_or_else(|| OrdersError::unknown("notice", id))?)
}

/// Asks for the notices of one person.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct NoticesOfPerson {
    /// Whose.
    pub person: PersonId,
}

fn of_person(tx: &mut Tx<'_>, call: &Call, query: NoticesOfPerson) -> Result<NoticeList, Refusal> {
    let mut notices = Vec::new();
    for id in store::for_receiver(tx, &Audience::person(query.person), NOTICES_MAX as i64)? {
        notices.extend(store::by_id(tx, id)?.filter(|notice| call.sees(notice.area)));
    }
    Ok(NoticeList { notices, after: None })
}

fn publish(unit: &mut Unit<'_>, call: &Call, request: NewNotice) -> Result<NoticeRef, Refusal> {
    call.covers(request.area)?;
    crate::names::near(unit.tx(), call, &request.reference)?;
    if let Audience::Person(person) = request.audience {
        crate::names::near(unit.tx(), call, &crate::Subject::Person(person))?;
    }
    if let Some(deadline_at) = request.deadline_at.filter(|at| *at <= call.now) {
        return Err(OrdersError::Past { field: "deadline_at", value: deadline_at, now: call.now }.into());
    }
    Ok(NoticeRef { notice: super::publish(unit, call, request)? })
}

/// Gives a notice other words.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReviseNotice {
    /// Which.
    pub notice: NoticeId,
    /// The words from now on, and why.
    pub revision: Revision,
}

fn covered(unit: &mut Unit<'_>, call: &Call, notice: NoticeId) -> Result<(), Refusal> {
    let known = store::by_id(unit.tx(), notice)?.ok_or_else(|| OrdersError::unknown("notice", notice))?;
    call.covers(known.area)
}

fn revise(unit: &mut Unit<'_>, call: &Call, request: ReviseNotice) -> Result<Empty, Refusal> {
    covered(unit, call, request.notice)?;
    super::revise(unit, call, request.notice, request.revision)?;
    Ok(Empty {})
}

/// Takes a notice back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WithdrawNotice {
    /// Which.
    pub notice: NoticeId,
    /// Why.
    pub reason: String,
}

fn withdraw(unit: &mut Unit<'_>, call: &Call, request: WithdrawNotice) -> Result<Empty, Refusal> {
    covered(unit, call, request.notice)?;
    super::withdraw(unit, call, request.notice, &request.reason)?;
    Ok(Empty {})
}

/// What became of a message at one receiver.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReceiverOfNotice {
    /// Which notice.
    pub notice: NoticeId,
    /// Whose word it is: the receiver's key, or `person:7`.
    pub receiver: String,
}

fn delivered(unit: &mut Unit<'_>, call: &Call, request: ReceiverOfNotice) -> Result<Empty, Refusal> {
    visible(unit.tx(), call, request.notice)?;
    super::delivered(unit, call, request.notice, &request.receiver)?;
    Ok(Empty {})
}

fn acknowledge(unit: &mut Unit<'_>, call: &Call, request: ReceiverOfNotice) -> Result<Empty, Refusal> {
    visible(unit.tx(), call, request.notice)?;
    super::acknowledge(unit, call, request.notice, &request.receiver)?;
    Ok(Empty {})
}
