//! Conflicts: observations that cannot be. They are never refused; they are kept, shown, and each opens an order to
//! settle it. Settling the one closes the other.

mod facts;
mod http;
mod store;

use outpace_access::Call;
use outpace_core::{ActorId, AreaId, ConflictId, OrderId, Refusal, Seq, Text, Timestamp};
use outpace_policy::SubjectKind;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Subject;
use crate::errors::{OrdersError, SHORT_CHARACTERS_MAX, said};
use crate::kinds::IssuedKind;
use crate::orders::{self, Form, NewOrder};

pub use facts::{ConflictFound, ConflictSettled};
pub use http::*;
pub(crate) use store::{SCHEMA, join};
pub use store::{by_id, list, open_count};

/// The kind of the order that a conflict opens.
pub const SETTLE_CONFLICT: IssuedKind = IssuedKind { key: "settle-conflict", subject: SubjectKind::Conflict };

/// An observation that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConflict {
    /// Which rule of the world it breaks, such as `tube_over_full`.
    pub kind: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// Where.
    pub area: AreaId,
    /// What was seen, and what would have been right.
    pub what: Text,
    /// The fact that holds the observation. The same fact twice is one conflict; without a fact, an unsettled conflict
    /// of the same kind and subject is.
    pub seq: Option<Seq>,
}

/// A conflict that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conflict {
    /// Its number.
    pub id: ConflictId,
    /// Which rule of the world it breaks.
    pub kind: String,
    /// What it is about.
    pub subject: Subject,
    /// Where.
    pub area: AreaId,
    /// What was seen, and what would have been right.
    pub what: Text,
    /// The fact that holds the observation.
    pub seq: Option<Seq>,
    /// When it was found.
    pub found_at: Timestamp,
    /// The order to settle it.
    pub order: OrderId,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// By whom.
    pub settled_by: Option<ActorId>,
    /// How it was settled.
    pub settlement: Option<String>,
}

/// Keeps a conflict and issues the order to settle it. The same observation twice gives the first answer.
///
/// # Errors
/// What the store refused; never a rule, for this is an observation.
pub fn conflict(unit: &mut Unit<'_>, call: &Call, new: NewConflict) -> Result<ConflictId, Refusal> {
    if let Some(known) = store::same(unit.tx(), &new)? {
        return Ok(known);
    }
    let id = ConflictId(unit.next(ConflictId::COUNTER)?);
    // An observation may name an area that is none; the order then stands at the jurisdiction's own.
    let area = if new.area.level().is_some() { new.area } else { AreaId(unit.tx().jurisdiction()) };
    let order = orders::issue(
        unit,
        call,
        NewOrder {
            key: format!("conflict:{id}"),
            kind: SETTLE_CONFLICT.key.to_owned(),
            subject: Subject::Conflict(id),
            area,
            task_force: None,
            team: None,
            deadline_at: None,
            because: new.what.clone(),
            clause: None,
            cause: new.seq,
            form: Form::new(),
        },
    )?;
    let (kind, subject, what, seq) = (new.kind.to_owned(), new.subject, new.what, new.seq);
    unit.record(ConflictFound { conflict: id, kind, subject, area, what, seq, order })?;
    Ok(id)
}

/// Milliseconds by which a witness's clock may run ahead of ours before it is a conflict.
pub const CLOCK_AHEAD_MS_MAX: i64 = 2 * outpace_core::time::MINUTE_MS;

/// Keeps a conflict where a witness says that something happened well after now: their clock is wrong, not the fact.
///
/// # Errors
/// What the store refused.
pub fn clock_ahead(
    unit: &mut Unit<'_>,
    call: &Call,
    subject: Subject,
    area: AreaId,
    occurred_at: Timestamp,
    seq: Seq,
) -> Result<(), Refusal> {
    let ahead_ms = occurred_at.since(call.now);
    if ahead_ms <= CLOCK_AHEAD_MS_MAX {
        return Ok(());
    }
    let seconds = ahead_ms / 1_000;
    let what = Text::new(
        format!("登记的时间比系统时间晚 {seconds} 秒,请核对设备时钟。"),
        format!("It is said to have happened {seconds} seconds after now; check the device's clock."),
    );
    conflict(unit, call, NewConflict { kind: "clock_ahead", subject, area, what, seq: Some(seq) }).map(|_| ())
}

/// The order to settle a conflict was done: what it found settles the conflict.
pub(crate) fn settled_by_order(unit: &mut Unit<'_>, id: ConflictId, settlement: &str) -> Result<(), Refusal> {
    if store::by_id(unit.tx(), id)?.is_some_and(|known| known.settled_at.is_none()) {
        unit.record(ConflictSettled { conflict: id, settlement: settlement.to_owned() })?;
    }
    Ok(())
}

/// Settles a conflict: says what was true. Closes its order as well.
///
/// # Errors
/// An unknown or settled conflict, no settlement.
pub fn settle(unit: &mut Unit<'_>, call: &Call, id: ConflictId, settlement: &str) -> Result<(), Refusal> {
    said("settlement", settlement, SHORT_CHARACTERS_MAX)?;
    let known = store::by_id(unit.tx(), id)?.ok_or_else(|| OrdersError::unknown("conflict", id))?;
    if known.settled_at.is_some() {
        return Err(OrdersError::state(
            "conflict_settled",
            "conflict",
            id,
            "该冲突已处理;如有新情况,请记录新的事实。",
            "This conflict is settled already; if something new was seen, record that.",
        )
        .into());
    }
    unit.record(ConflictSettled { conflict: id, settlement: settlement.to_owned() })?;
    let result = Form::from([("reason".to_owned(), serde_json::Value::from(settlement))]);
    orders::complete(unit, call, known.order, result)
}
