//! Sending and receiving.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{DepotId, Refusal, Text, Timestamp};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{StockDelivered, StockDispatched};
use super::{COUNTER, Delivery, store};
use crate::stock::{Cause, Line, check_lines, enough, look_for_shortage, seen_depot};
use crate::{QUANTITY_MAX, SuppliesError, stock, text};

/// Goods to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Dispatch {
    /// The number of the paper: the same paper from the same depot twice is one.
    #[serde(default)]
    pub key: Option<String>,
    /// From.
    pub from: DepotId,
    /// To: a depot or a point.
    pub to: DepotId,
    /// What.
    pub lines: Vec<Line>,
}

/// Sends goods on their way. More than there is, is refused.
///
/// # Errors
/// An unknown depot or item, the same depot twice, not enough on hand.
pub fn dispatch(unit: &mut Unit<'_>, call: &Call, request: Dispatch) -> Result<Delivery, Refusal> {
    let from = seen_depot(unit, call, "from", request.from)?;
    let unknown = SuppliesError::Unknown { field: "to", id: request.to.0 };
    let to = stock::depot(unit.tx(), request.to)?.ok_or(unknown)?;
    if from.id == to.id {
        return Err(SuppliesError::SameDepot.into());
    }
    check_lines(unit, &request.lines)?;
    let key = request.key.map(|key| text("key", &key, true)).transpose()?;
    if let Some(key) = &key
        && let Some(known) = store::by_key(unit.tx(), from.id, key)?
    {
        return Ok(known);
    }
    enough(unit, from.id, &request.lines)?;
    let delivery = unit.next(COUNTER)?;
    unit.record(StockDispatched { delivery, key, from: from.id, to: to.id, lines: request.lines })?;
    look_for_shortage(unit, call, from.id, Cause::Other)?;
    by_id(unit, delivery)
}

fn by_id(unit: &mut Unit<'_>, id: i64) -> Result<Delivery, Refusal> {
    let found = store::delivery(unit.tx(), id)?;
    Ok(found.ok_or(SuppliesError::Unknown { field: "delivery", id })?)
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deliver {
    /// Which.
    pub delivery: i64,
    /// What really came; items that did not come may be left out. Empty = all of it as sent.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Receives goods. What came is booked as it came; a difference to what was sent opens an order to find out.
///
/// # Errors
/// An unknown delivery, one that was received already, an unknown item.
pub fn deliver(unit: &mut Unit<'_>, call: &Call, request: Deliver) -> Result<Delivery, Refusal> {
    let known = by_id(unit, request.delivery)?;
    let to = seen_depot(unit, call, "delivery", known.to)?;
    let sent: BTreeMap<String, i64> = known.lines.iter().map(|line| (line.item.clone(), line.sent)).collect();
    let mut came = if request.lines.is_empty() { sent.clone() } else { BTreeMap::new() };
    for line in request.lines {
        if !(0..=QUANTITY_MAX).contains(&line.quantity) {
            return Err(SuppliesError::Quantity { item: line.item, quantity: line.quantity }.into());
        }
        if stock::item(unit.tx(), &line.item)?.is_none() {
            return Err(SuppliesError::UnknownItem(line.item).into());
        }
        *came.entry(line.item).or_insert(0) += line.quantity;
    }
    for item in sent.keys() {
        came.entry(item.clone()).or_insert(0);
    }
    if known.received_at.is_some() {
        let before: BTreeMap<String, i64> =
            known.lines.iter().map(|line| (line.item.clone(), line.received.unwrap_or(0))).collect();
        return if before == came { Ok(known) } else { Err(SuppliesError::Delivered(known.id).into()) };
    }
    let differs = came.iter().any(|(item, quantity)| sent.get(item) != Some(quantity));
    let lines: Vec<Line> = came.into_iter().map(|(item, quantity)| Line { item, quantity }).collect();
    let at = request.occurred_at.unwrap_or(call.now);
    let seq = unit.record_at(StockDelivered { delivery: known.id, to: to.id, lines: lines.clone() }, at)?;
    if differs {
        let list = |lines: &mut dyn Iterator<Item = (&str, i64)>| {
            lines.map(|(item, quantity)| format!("{item} {quantity}")).collect::<Vec<_>>().join(", ")
        };
        let sent = list(&mut known.lines.iter().map(|line| (line.item.as_str(), line.sent)));
        let came = list(&mut lines.iter().map(|line| (line.item.as_str(), line.quantity)));
        let id = known.id;
        let what = Text::new(
            format!("配送 #{id} 发出 {sent},实收 {came};请查明差额。"),
            format!("Delivery #{id} was sent with {sent} and came with {came}; find out about the difference."),
        );
        let (kind, subject) = ("delivery_differs", Subject::None);
        conflict(unit, call, NewConflict { kind, subject, area: to.area, what, seq: Some(seq) })?;
    }
    look_for_shortage(unit, call, to.id, Cause::Arrival)?;
    by_id(unit, known.id)
}
