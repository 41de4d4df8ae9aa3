//! What can be done with stock.

use std::collections::BTreeSet;

use outpace_access::{Call, Empty};
use outpace_core::{AreaId, DepotId, PlaceId, Refusal, Seq, Text, Timestamp};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{DepotRegistered, ItemsRegistered, StockCounted, StockIssued, StockReceived, UsagePlanned};
use super::model::{Depot, DepotKind, Item, Line, StockRow};
use super::shortage::{self, Cause};
use super::store;
use crate::{LINES_MAX, QUANTITY_MAX, SuppliesError, text};

/// Items to register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegisterItems {
    /// The items; empty = those that every county starts with.
    #[serde(default)]
    pub items: Vec<Item>,
}

/// Registers items; a known key gets the new row.
///
/// # Errors
/// A key that is no word, no name, negative days, too many rows.
pub fn register_items(unit: &mut Unit<'_>, _: &Call, request: RegisterItems) -> Result<Empty, Refusal> {
    let items = if request.items.is_empty() { super::standard_items() } else { request.items };
    if items.len() > LINES_MAX {
        return Err(SuppliesError::Lines(items.len()).into());
    }
    for item in &items {
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if item.key.is_empty() || !item.key.bytes().all(word) || item.days_min < 0 {
            return Err(SuppliesError::ItemKey(item.key.clone()).into());
        }
        text("name", &item.name, true)?;
    }
    let mut fresh = Vec::new();
    for item in items {
        if store::item(unit.tx(), &item.key)?.as_ref() != Some(&item) {
            fresh.push(item);
        }
    }
    if !fresh.is_empty() {
        unit.record(ItemsRegistered { items: fresh })?;
    }
    Ok(Empty {})
}

/// A depot or a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegisterDepot {
    /// Chinese name; unique.
    pub name: String,
    /// English name; the Chinese one where it is empty.
    #[serde(default)]
    pub name_en: String,
    /// Depot or point of use.
    pub kind: DepotKind,
    /// The area it stands in.
    pub area: AreaId,
    /// The place of the registry that it is.
    #[serde(default)]
    pub place: Option<PlaceId>,
}

/// Registers a depot or a point. The same name gives the first answer.
///
/// # Errors
/// No name, an area outside the actor's, an unknown place.
pub fn register_depot(unit: &mut Unit<'_>, call: &Call, request: RegisterDepot) -> Result<Depot, Refusal> {
    call.covers(request.area)?;
    let name = text("name", &request.name, true)?;
    let name_en = text("name_en", &request.name_en, false)?;
    if let Some(place) = request.place {
        let unknown = SuppliesError::Unknown { field: "place", id: place.0 };
        outpace_registry::place(unit.tx(), place)?.ok_or(unknown)?;
    }
    if let Some(known) = store::depot_by_name(unit.tx(), &name)? {
        return Ok(known);
    }
    let id = DepotId(unit.next(DepotId::COUNTER)?);
    let name_en = if name_en.is_empty() { name.clone() } else { name_en };
    let depot = Depot { id, name, name_en, kind: request.kind, area: request.area, place: request.place };
    unit.record(DepotRegistered { depot: depot.clone() })?;
    Ok(depot)
}

/// The depot if it exists and stands in the actor's area.
pub(crate) fn seen_depot(
    unit: &mut Unit<'_>,
    call: &Call,
    field: &'static str,
    id: DepotId,
) -> Result<Depot, SuppliesError> {
    let depot = store::depot(unit.tx(), id)?.filter(|depot| call.sees(depot.area));
    depot.ok_or(SuppliesError::Unknown { field, id: id.0 })
}

/// Passes lines of known items with quantities that can be, one line for each item.
pub(crate) fn check_lines(unit: &mut Unit<'_>, lines: &[Line]) -> Result<(), SuppliesError> {
    let keys: BTreeSet<&str> = lines.iter().map(|line| line.item.as_str()).collect();
    if lines.is_empty() || lines.len() > LINES_MAX || keys.len() != lines.len() {
        return Err(SuppliesError::Lines(lines.len()));
    }
    for line in lines {
        store::item(unit.tx(), &line.item)?.ok_or_else(|| SuppliesError::UnknownItem(line.item.clone()))?;
        if !(1..=QUANTITY_MAX).contains(&line.quantity) {
            return Err(SuppliesError::Quantity { item: line.item.clone(), quantity: line.quantity });
        }
    }
    Ok(())
}

/// The stock of the items of some lines.
fn rows(unit: &mut Unit<'_>, call: &Call, depot: DepotId, lines: &[Line]) -> Result<StockLines, Refusal> {
    let all = store::stock_rows(unit.tx(), depot, call.now)?;
    let rows = all.into_iter().filter(|row| lines.iter().any(|line| line.item == row.item)).collect();
    Ok(StockLines { rows })
}

/// What there is afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StockLines {
    /// The stock of the items concerned, by item.
    pub rows: Vec<StockRow>,
}

/// Goods that come in from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiveStock {
    /// Where.
    pub depot: DepotId,
    /// The number of the paper: the same paper twice is one.
    #[serde(default)]
    pub key: Option<String>,
    /// What.
    pub lines: Vec<Line>,
    /// From whom: a firm, a county, a donor as a body; no person's name.
    pub from: String,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Takes goods in.
///
/// # Errors
/// An unknown depot or item, a quantity that cannot be.
pub fn receive_stock(unit: &mut Unit<'_>, call: &Call, request: ReceiveStock) -> Result<StockLines, Refusal> {
    let depot = seen_depot(unit, call, "depot", request.depot)?;
    check_lines(unit, &request.lines)?;
    let from = text("from", &request.from, false)?;
    if known_paper(unit, depot.id, request.key.as_ref())? {
        return rows(unit, call, depot.id, &request.lines);
    }
    let lines = request.lines;
    let fact = StockReceived { depot: depot.id, key: request.key, lines: lines.clone(), from };
    unit.record_at(fact, request.occurred_at.unwrap_or(call.now))?;
    shortage::look(unit, call, depot.id, Cause::Arrival)?;
    rows(unit, call, depot.id, &lines)
}

fn known_paper(unit: &mut Unit<'_>, depot: DepotId, key: Option<&String>) -> Result<bool, SuppliesError> {
    match key {
        Some(key) => Ok(store::has_paper(unit.tx(), depot, &text("key", key, true)?)?),
        None => Ok(false),
    }
}

/// Goods to hand out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssueStock {
    /// Where.
    pub depot: DepotId,
    /// The number of the paper: the same paper twice is one.
    #[serde(default)]
    pub key: Option<String>,
    /// What.
    pub lines: Vec<Line>,
    /// To whom, what for.
    pub to: String,
}

/// Hands goods out. More than there is, is refused, and then nothing goes out.
///
/// # Errors
/// An unknown depot or item, a quantity that cannot be, not enough on hand.
pub fn issue_stock(unit: &mut Unit<'_>, call: &Call, request: IssueStock) -> Result<StockLines, Refusal> {
    let depot = seen_depot(unit, call, "depot", request.depot)?;
    check_lines(unit, &request.lines)?;
    let to = text("to", &request.to, false)?;
    if known_paper(unit, depot.id, request.key.as_ref())? {
        return rows(unit, call, depot.id, &request.lines);
    }
    enough(unit, depot.id, &request.lines)?;
    let (lines, overdrawn) = (request.lines, Vec::new());
    let fact = StockIssued { depot: depot.id, key: request.key, lines: lines.clone(), to, observed: false, overdrawn };
    unit.record(fact)?;
    shortage::look(unit, call, depot.id, Cause::Other)?;
    rows(unit, call, depot.id, &lines)
}

/// Passes lines that the depot holds.
pub(crate) fn enough(unit: &mut Unit<'_>, depot: DepotId, lines: &[Line]) -> Result<(), SuppliesError> {
    for line in lines {
        let on_hand = store::on_hand_at(unit.tx(), depot, &line.item)?;
        if on_hand < line.quantity {
            return Err(SuppliesError::NotEnough { item: line.item.clone(), asked: line.quantity, on_hand });
        }
    }
    Ok(())
}

/// Goods that were seen to have been used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordUse {
    /// Where.
    pub depot: DepotId,
    /// The number of the paper: the same paper twice is one.
    #[serde(default)]
    pub key: Option<String>,
    /// What.
    pub lines: Vec<Line>,
    /// What for.
    #[serde(default)]
    pub purpose: String,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Records what was used. More than the book knows is kept: the book is overdrawn, and somebody must count.
///
/// # Errors
/// An unknown depot or item, a quantity that cannot be.
pub fn record_use(unit: &mut Unit<'_>, call: &Call, request: RecordUse) -> Result<StockLines, Refusal> {
    let depot = seen_depot(unit, call, "depot", request.depot)?;
    check_lines(unit, &request.lines)?;
    let to = text("purpose", &request.purpose, false)?;
    if known_paper(unit, depot.id, request.key.as_ref())? {
        return rows(unit, call, depot.id, &request.lines);
    }
    let mut overdrawn = Vec::new();
    for line in &request.lines {
        if store::on_hand_at(unit.tx(), depot.id, &line.item)? < line.quantity {
            overdrawn.push(line.item.clone());
        }
    }
    let (lines, at) = (request.lines, request.occurred_at.unwrap_or(call.now));
    let (key, observed) = (request.key, true);
    let fact = StockIssued { depot: depot.id, key, lines: lines.clone(), to, observed, overdrawn: overdrawn.clone() };
    let seq = unit.record_at(fact, at)?;
    if !overdrawn.is_empty() {
        flag(unit, call, &depot, &overdrawn.join(", "), seq)?;
    }
    shortage::look(unit, call, depot.id, Cause::Other)?;
    rows(unit, call, depot.id, &lines)
}

fn flag(unit: &mut Unit<'_>, call: &Call, depot: &Depot, items: &str, seq: Seq) -> Result<(), Refusal> {
    let what = Text::new(
        format!("{} 的账面库存不够已用去的数量:{items};请盘点。", depot.name),
        format!("More was used at {} than the book holds: {items}; count it.", depot.name_en),
    );
    let (kind, subject) = ("stock_overdrawn", Subject::None);
    conflict(unit, call, NewConflict { kind, subject, area: depot.area, what, seq: Some(seq) })?;
    Ok(())
}

/// What someone counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountStock {
    /// Where.
    pub depot: DepotId,
    /// Of what.
    pub item: String,
    /// Pieces that were there.
    pub counted: i64,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Records a count: the book follows what was there, and a difference opens an order to find out.
///
/// # Errors
/// An unknown depot or item, a negative count.
pub fn count_stock(unit: &mut Unit<'_>, call: &Call, request: CountStock) -> Result<StockLines, Refusal> {
    let depot = seen_depot(unit, call, "depot", request.depot)?;
    let known = store::item(unit.tx(), &request.item)?;
    let item = known.ok_or_else(|| SuppliesError::UnknownItem(request.item.clone()))?;
    if !(0..=QUANTITY_MAX).contains(&request.counted) {
        return Err(SuppliesError::Quantity { item: item.key, quantity: request.counted }.into());
    }
    let (book, counted) = (store::on_hand_at(unit.tx(), depot.id, &item.key)?, request.counted);
    let at = request.occurred_at.unwrap_or(call.now);
    let seq = unit.record_at(StockCounted { depot: depot.id, item: item.key.clone(), book, counted }, at)?;
    if book != counted {
        let what = Text::new(
            format!("{} 盘点 {}:账面 {book},实有 {counted};请查明原因。", depot.name, item.name),
            format!(
                "A count of {} at {} found {counted}, the book said {book}; find out why.",
                item.name_en, depot.name_en
            ),
        );
        let (kind, subject) = ("count_differs", Subject::None);
        conflict(unit, call, NewConflict { kind, subject, area: depot.area, what, seq: Some(seq) })?;
    }
    shortage::look(unit, call, depot.id, Cause::Other)?;
    rows(unit, call, depot.id, &[Line { item: item.key, quantity: 1 }])
}

/// How much is used a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanUsage {
    /// Where.
    pub depot: DepotId,
    /// Of what.
    pub item: String,
    /// Pieces a day; 0 = no plan, the measured rate counts.
    pub per_day: i64,
}

/// Plans how much is used a day: a round of tomorrow, the meals of a quarantine site.
///
/// # Errors
/// An unknown depot or item, a negative rate.
pub fn plan_usage(unit: &mut Unit<'_>, call: &Call, request: PlanUsage) -> Result<StockLines, Refusal> {
    let depot = seen_depot(unit, call, "depot", request.depot)?;
    let known = store::item(unit.tx(), &request.item)?;
    let item = known.ok_or_else(|| SuppliesError::UnknownItem(request.item.clone()))?.key;
    if !(0..=QUANTITY_MAX).contains(&request.per_day) {
        return Err(SuppliesError::Quantity { item, quantity: request.per_day }.into());
    }
    unit.record(UsagePlanned { depot: depot.id, item: item.clone(), per_day: request.per_day })?;
    shortage::look(unit, call, depot.id, Cause::Other)?;
    rows(unit, call, depot.id, &[Line { item, quantity: 1 }])
}
