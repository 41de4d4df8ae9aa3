//! Stock of the county's depots by item, and the trucks that bring more.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{Refusal, ShipmentId, Text};
use outpace_store::Tx;
use outpace_supplies::shipments::{self, ShipmentState};
use outpace_supplies::stock::{self, StockRow};

use crate::live::model::{SupplyShown, TrucksShown};

/// Items shown.
const ITEMS_MAX: usize = 20;
/// Shipments counted at the most.
const SHIPMENTS_MAX: i64 = 1_000;

/// One item over all depots.
#[derive(Default)]
struct Sum {
    on_hand: i64,
    came_in: i64,
    went_out: i64,
    days_left: Option<f64>,
}

/// What lasts shortest first; what nobody used yet last.
pub(super) fn supplies(tx: &mut Tx<'_>, call: &Call) -> Result<Vec<SupplyShown>, Refusal> {
    let mut by_item: BTreeMap<String, Sum> = BTreeMap::new();
    for depot in stock::depots_in(tx, call.rules.profile.area)? {
        for StockRow { item, on_hand, came_in, went_out, days_left, .. } in stock::stock_rows(tx, depot.id, call.now)? {
            let sum = by_item.entry(item).or_default();
            sum.on_hand += on_hand.max(0);
            sum.came_in += came_in;
            sum.went_out += went_out;
            // The depot that runs out first decides how long an item lasts.
            sum.days_left = match (sum.days_left, days_left) {
                (Some(known), Some(here)) => Some(known.min(here)),
                (known, here) => known.or(here),
            };
        }
    }
    let mut shown = Vec::new();
    for item in stock::items(tx)? {
        let Some(sum) = by_item.remove(&item.key) else { continue };
        let (zh, en) = item.unit.split_once(" / ").unwrap_or((&item.unit, &item.unit));
        shown.push(SupplyShown {
            unit: Text::new(zh, en),
            name: Text::new(item.name, item.name_en),
            item: item.key,
            on_hand: sum.on_hand,
            came_in: sum.came_in,
            went_out: sum.went_out,
            days_left: sum.days_left,
        });
    }
    let last = |supply: &SupplyShown| supply.days_left.unwrap_or(f64::INFINITY);
    shown.sort_by(|left, right| last(left).total_cmp(&last(right)).then_with(|| left.item.cmp(&right.item)));
    shown.truncate(ITEMS_MAX);
    Ok(shown)
}

/// Trucks of every shipment that was not cancelled.
pub(super) fn trucks(tx: &mut Tx<'_>) -> Result<TrucksShown, Refusal> {
    let mut shown = TrucksShown { expected: 0, arrived: 0, unloaded: 0 };
    for shipment in shipments::shipments(tx, ShipmentId(0), SHIPMENTS_MAX)? {
        if shipment.state != ShipmentState::Cancelled {
            shown.expected += shipment.totals.trucks;
            shown.arrived += shipment.totals.arrived;
            shown.unloaded += shipment.totals.unloaded;
        }
    }
    Ok(shown)
}
