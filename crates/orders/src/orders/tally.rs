//! The tallies as people read them. They are kept by the folds, so that reading them never walks the orders.

use std::collections::BTreeMap;

use outpace_store::{Result, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store;

/// How many orders stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderCounts)]
pub struct Counts {
    /// Ever issued.
    pub issued: i64,
    /// Not taken by anyone: open or reassigned.
    pub open: i64,
    /// Taken.
    pub accepted: i64,
    /// Some of it done.
    pub partly_done: i64,
    /// Reported as done and not verified since.
    pub done: i64,
    /// Verified.
    pub verified: i64,
    /// Given back, not given to anyone else yet.
    pub declined: i64,
    /// Impossible, not given to anyone else yet.
    pub cannot_be_done: i64,
    /// Verification failed, work is owed again.
    pub failed_verification: i64,
    /// Cancelled.
    pub cancelled: i64,
    /// Overdue now.
    pub overdue: i64,
    /// Whose deadline has ever passed.
    pub became_overdue: i64,
    /// Not over yet.
    pub not_closed: i64,
}

impl Counts {
    fn add(&mut self, mark: &str, count: i64) {
        let place = match mark {
            "issued" => &mut self.issued,
            "open" | "reassigned" => &mut self.open,
            "accepted" => &mut self.accepted,
            "partly_done" => &mut self.partly_done,
            "done" => &mut self.done,
            "verified" => &mut self.verified,
            "declined" => &mut self.declined,
            "cannot_be_done" => &mut self.cannot_be_done,
            "failed_verification" => &mut self.failed_verification,
            "cancelled" => &mut self.cancelled,
            "overdue" => &mut self.overdue,
            "became_overdue" => &mut self.became_overdue,
            "not_closed" => &mut self.not_closed,
            _ => return,
        };
        *place += count;
    }
}

/// Counts of all orders, and by task force, township and kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tallies {
    /// All orders.
    pub all: Counts,
    /// By task force; `commanders` where there is none.
    pub task_forces: BTreeMap<String, Counts>,
    /// By township code, or the code of what lies above.
    pub areas: BTreeMap<String, Counts>,
    /// By kind.
    pub kinds: BTreeMap<String, Counts>,
}

/// Reads the tallies.
///
/// # Errors
/// What the store refused.
pub fn read(tx: &mut Tx<'_>) -> Result<Tallies> {
    let mut tallies = Tallies::default();
    for cell in store::tallies(tx)? {
        let rows = match cell.dimension.as_str() {
            "task_force" => {
                tallies.all.add(&cell.mark, cell.count);
                &mut tallies.task_forces
            }
            "area" => &mut tallies.areas,
            _ => &mut tallies.kinds,
        };
        rows.entry(cell.label).or_default().add(&cell.mark, cell.count);
    }
    Ok(tallies)
}
