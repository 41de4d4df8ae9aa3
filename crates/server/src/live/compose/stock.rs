//! Stock of the county's depots by item.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{Refusal, Text};
use outpace_store::Tx;
use outpace_supplies::stock::{self, StockRow};

use crate::live::model::SupplyShown;

/// Items shown.
const ITEMS_MAX: usize = 20;

/// What lasts shortest first; what nobody used yet last.
pub(super) fn supplies(tx: &mut Tx<'_>, call: &Call) -> Result<Vec<SupplyShown>, Refusal> {
    let mut by_item: BTreeMap<String, (i64, Option<f64>)> = BTreeMap::new();
    for depot in stock::depots_in(tx, call.rules.profile.area)? {
        for StockRow { item, on_hand, days_left, .. } in stock::stock_rows(tx, depot.id, call.now)? {
            let sum = by_item.entry(item).or_default();
            sum.0 += on_hand.max(0);
            // The depot that runs out first decides how long an item lasts.
            sum.1 = match (sum.1, days_left) {
                (Some(known), Some(here)) => Some(known.min(here)),
                (known, here) => known.or(here),
            };
        }
    }
    let mut shown = Vec::new();
    for item in stock::items(tx)? {
        let Some((on_hand, days_left)) = by_item.remove(&item.key) else { continue };
        let (zh, en) = item.unit.split_once(" / ").unwrap_or((&item.unit, &item.unit));
        shown.push(SupplyShown {
            unit: Text::new(zh, en),
            name: Text::new(item.name, item.name_en),
            item: item.key,
            on_hand,
            days_left,
        });
    }
    let last = |supply: &SupplyShown| supply.days_left.unwrap_or(f64::INFINITY);
    shown.sort_by(|left, right| last(left).total_cmp(&last(right)).then_with(|| left.item.cmp(&right.item)));
    shown.truncate(ITEMS_MAX);
    Ok(shown)
}
