//! Stock that will not last opens an order before it is gone; when it lasts again, the order is taken back.

use outpace_access::Call;
use outpace_core::{DepotId, Refusal, Text};
use outpace_orders::kinds::IssuedKind;
use outpace_orders::{Form, NewOrder, Subject, cancel, complete, issue};
use outpace_policy::SubjectKind;
use outpace_store::Unit;

use super::facts::{ShortageEnded, ShortageFound};
use super::model::{Depot, Item, StockRow};
use super::{rules, store};

/// The kind of the order that a shortage opens.
pub const DELIVER_SUPPLIES: IssuedKind = IssuedKind { key: "deliver-supplies", subject: SubjectKind::Area };

/// Why the stock of a depot is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Goods arrived: the order for what lasts again is done.
    Arrival,
    /// Anything else: the order for what lasts again is no longer needed.
    Other,
}

/// Looks at the stock of one depot: opens an order for what became short, closes that of what lasts again.
///
/// # Errors
/// What the store or the orders refused.
pub fn look(unit: &mut Unit<'_>, call: &Call, depot: DepotId, cause: Cause) -> Result<(), Refusal> {
    let Some(depot) = store::depot(unit.tx(), depot)? else { return Ok(()) };
    for row in store::stock_rows(unit.tx(), depot.id, call.now)? {
        let Some(item) = store::item(unit.tx(), &row.item)? else { continue };
        let known = store::shortage_of(unit.tx(), depot.id, &row.item)?;
        let short = rules::is_short(row.hours_left, item.days_min);
        match (known, short) {
            (None, true) => found(unit, call, &depot, &item, &row)?,
            (Some(known), false) => {
                unit.record(ShortageEnded { depot: depot.id, item: item.key.clone() })?;
                match cause {
                    Cause::Arrival => complete(unit, call, known.order, Form::new())?,
                    Cause::Other => cancel(unit, call, known.order, "不再短缺 / no longer short")?,
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn found(unit: &mut Unit<'_>, call: &Call, depot: &Depot, item: &Item, row: &StockRow) -> Result<(), Refusal> {
    let hours_left = row.hours_left.unwrap_or(0);
    let missing = row.per_day.unwrap_or(0).saturating_mul(item.days_min).saturating_sub(row.on_hand.max(0)).max(1);
    let because = Text::new(
        format!("{} 的{}仅够 {hours_left} 小时,至少还需 {missing}。", depot.name, item.name),
        format!("{} at {} lasts {hours_left} hours; at least {missing} more are needed.", item.name_en, depot.name_en),
    );
    let order = issue(
        unit,
        call,
        NewOrder {
            key: format!("short:{}:{}", depot.id, item.key),
            kind: DELIVER_SUPPLIES.key.to_owned(),
            subject: Subject::Area(depot.area),
            area: depot.area,
            task_force: None,
            team: None,
            deadline_at: None,
            because,
            clause: None,
            cause: None,
            form: Form::from([
                ("depot".to_owned(), serde_json::Value::from(depot.id.0)),
                ("item".to_owned(), serde_json::Value::from(item.key.clone())),
                ("quantity".to_owned(), serde_json::Value::from(missing)),
            ]),
        },
    )?;
    unit.record(ShortageFound { depot: depot.id, item: item.key.clone(), hours_left, order })?;
    Ok(())
}

/// Looks at every depot: time alone makes measured rates change. Called by the clock.
///
/// # Errors
/// What the store or the orders refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    for depot in store::depots_with_stock(unit.tx())? {
        look(unit, call, depot, Cause::Other)?;
    }
    Ok(())
}
