//! Items, depots and the ledger: what came in, what went out, what is on hand, how long it lasts.

mod commands;
mod facts;
mod http;
mod model;
pub mod rules;
mod shortage;
pub(crate) mod store;

pub use commands::{
    CountStock, IssueStock, PlanUsage, ReceiveStock, RecordUse, RegisterDepot, RegisterItems, StockLines, count_stock,
    issue_stock, plan_usage, receive_stock, record_use, register_depot, register_items,
};
pub use facts::{
    DepotRegistered, ItemsRegistered, ShortageEnded, ShortageFound, StockCounted, StockIssued, StockReceived,
    UsagePlanned,
};
pub use http::{
    ConservationAnswer, DepotsAnswer, DepotsQuery, ItemsAnswer, LedgerAnswer, LedgerQuery, ShortagesAnswer,
    StockAnswer, StockQuery, routes,
};
pub use model::{
    Conservation, Depot, DepotKind, Item, ItemCategory, LedgerReason, LedgerRow, Line, Shortage, StockRow,
    standard_items,
};
pub use shortage::{Cause, DELIVER_SUPPLIES, look as look_for_shortage, tick};
pub use store::{conservation, depot, depots_in, item, items, on_hand, on_hand_at, shortages, stock_rows};

pub(crate) use commands::{check_lines, enough, seen_depot};
pub(crate) use store::{SCHEMA, fold};
