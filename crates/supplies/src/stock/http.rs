//! Routes of stock.

use outpace_access::{Call, Empty, Routes};
use outpace_core::{AreaId, DepotId, Permission, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::commands::{
    count_stock, issue_stock, plan_usage, receive_stock, record_use, register_depot, register_items,
};
use super::model::{Conservation, Depot, Item, LedgerRow, Shortage, StockRow};
use super::store;
use crate::SuppliesError;

use Permission as P;

/// The routes of stock.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command("/api/supplies/register-items", P::SuppliesWork.whole(), "Register items", register_items)
        .command("/api/supplies/register-depot", P::SuppliesWork.whole(), "Register a depot or a point", register_depot)
        .command("/api/supplies/receive", P::SuppliesWork.whole(), "Take goods in", receive_stock)
        .command("/api/supplies/issue", P::SuppliesWork.whole(), "Hand goods out", issue_stock)
        .command("/api/supplies/record-use", P::SuppliesWork.whole(), "Record what was used", record_use)
        .command("/api/supplies/count", P::SuppliesWork.whole(), "Record a count", count_stock)
        .command("/api/supplies/plan-usage", P::SuppliesWork.whole(), "Plan how much is used a day", plan_usage)
        .query("/api/supplies/items", P::SuppliesRead.whole(), "Items", items)
        .query("/api/supplies/depots", P::SuppliesRead.whole(), "Depots and points of an area", depots)
        .query("/api/supplies/stock", P::SuppliesRead.whole(), "Stock on hand and how long it lasts", stock)
        .query("/api/supplies/ledger", P::SuppliesRead.whole(), "What came in and went out", ledger)
        .query("/api/supplies/shortages", P::SuppliesRead.whole(), "Stock that will not last", shortages)
        .query("/api/supplies/conservation", P::SuppliesRead.whole(), "What came in = what is there", conservation)
}

/// Items, by key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemsAnswer {
    /// The items.
    pub items: Vec<Item>,
}

/// All items.
///
/// # Errors
/// What the store refused.
pub fn items(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<ItemsAnswer, Refusal> {
    Ok(ItemsAnswer { items: store::items(tx)? })
}

/// Which depots.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DepotsQuery {
    /// The area they stand in; the actor's own when absent.
    pub area: Option<AreaId>,
}

/// Depots, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DepotsAnswer {
    /// The depots and points.
    pub depots: Vec<Depot>,
}

/// Depots and points of an area.
///
/// # Errors
/// An area outside the actor's.
pub fn depots(tx: &mut Tx<'_>, call: &Call, query: DepotsQuery) -> Result<DepotsAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    Ok(DepotsAnswer { depots: store::depots_in(tx, area)? })
}

/// Whose stock.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StockQuery {
    /// One depot; absent = all of an area.
    pub depot: Option<DepotId>,
    /// The area; the actor's own when absent.
    pub area: Option<AreaId>,
    /// Only this item.
    pub item: Option<String>,
}

/// Stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StockAnswer {
    /// By depot and item.
    pub rows: Vec<StockRow>,
}

fn seen(tx: &mut Tx<'_>, call: &Call, id: DepotId) -> Result<Depot, SuppliesError> {
    let depot = store::depot(tx, id)?.filter(|depot| call.sees(depot.area));
    depot.ok_or(SuppliesError::Unknown { field: "depot", id: id.0 })
}

/// Stock on hand and how long it lasts.
///
/// # Errors
/// An unknown depot, an area outside the actor's.
pub fn stock(tx: &mut Tx<'_>, call: &Call, query: StockQuery) -> Result<StockAnswer, Refusal> {
    let depots = match query.depot {
        Some(depot) => vec![seen(tx, call, depot)?],
        None => {
            let area = query.area.unwrap_or(call.actor.area);
            call.covers(area)?;
            store::depots_in(tx, area)?
        }
    };
    let mut rows = Vec::new();
    for depot in depots {
        let stock = store::stock_rows(tx, depot.id, call.now)?;
        rows.extend(stock.into_iter().filter(|row| query.item.as_ref().is_none_or(|item| *item == row.item)));
    }
    Ok(StockAnswer { rows })
}

/// Which ledger.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LedgerQuery {
    /// The depot.
    pub depot: DepotId,
    /// The item.
    pub item: String,
    /// Only facts before this one.
    pub before: Option<i64>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// A ledger, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerAnswer {
    /// Its lines.
    pub rows: Vec<LedgerRow>,
}

/// What came in and went out.
///
/// # Errors
/// An unknown depot.
pub fn ledger(tx: &mut Tx<'_>, call: &Call, query: LedgerQuery) -> Result<LedgerAnswer, Refusal> {
    let depot = seen(tx, call, query.depot)?;
    let limit = outpace_registry::page_limit(query.limit);
    Ok(LedgerAnswer { rows: store::ledger(tx, depot.id, &query.item, query.before, limit)? })
}

/// Shortages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShortagesAnswer {
    /// By depot and item.
    pub shortages: Vec<Shortage>,
}

/// Stock that will not last.
///
/// # Errors
/// What the store refused.
pub fn shortages(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<ShortagesAnswer, Refusal> {
    let mut seen = Vec::new();
    for shortage in store::shortages(tx)? {
        if store::depot(tx, shortage.depot)?.is_some_and(|depot| call.sees(depot.area)) {
            seen.push(shortage);
        }
    }
    Ok(ShortagesAnswer { shortages: seen })
}

/// The conservation law.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConservationAnswer {
    /// By item.
    pub items: Vec<Conservation>,
    /// The sum of all differences without their signs; 0 where all is well.
    pub difference: i64,
}

/// What came in = what was used, is on hand, is under way or lost.
///
/// # Errors
/// What the store refused.
pub fn conservation(tx: &mut Tx<'_>, _: &Call, _: Empty) -> Result<ConservationAnswer, Refusal> {
    let items = store::conservation(tx)?;
    let difference = items.iter().map(|law| law.difference.abs()).sum();
    Ok(ConservationAnswer { items, difference })
}
