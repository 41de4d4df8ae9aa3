//! What happens to a shipment.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{DepotId, OrderId, Refusal, Seq, ShipmentId, TeamId, Text, Timestamp};
use outpace_orders::kinds::IssuedKind;
use outpace_orders::{Form, NewConflict, NewOrder, Subject, cancel, complete, conflict, issue};
use outpace_policy::SubjectKind;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{
    ShipmentCancelled, ShipmentExpected, ShipmentHandedOver, TruckArrived, TruckUnloaded, UnloadingStarted,
};
use super::model::{Shipment, ShipmentState, Truck};
use super::store;
use crate::stock::{Cause, Depot, Line, check_lines, look_for_shortage, seen_depot};
use crate::{LINES_MAX, QUANTITY_MAX, SuppliesError, stock, text};

/// The kind of the order that the first truck opens.
pub const UNLOAD_TRUCKS: IssuedKind = IssuedKind { key: "unload-trucks", subject: SubjectKind::Shipment };

/// A truck that is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExpectedTruck {
    /// Its plate, if it is known.
    #[serde(default)]
    pub plate: String,
    /// Boxes by the paper.
    pub boxes: i64,
    /// What it carries by the paper.
    #[serde(default)]
    pub lines: Vec<Line>,
}

/// Trucks that are announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExpectShipment {
    /// The number of the paper: the same number twice is one.
    pub key: String,
    /// From whom: a county, a firm.
    pub from: String,
    /// The depot they are unloaded into.
    pub depot: DepotId,
    /// When they are expected.
    pub expected_at: Timestamp,
    /// The trucks.
    pub trucks: Vec<ExpectedTruck>,
}

/// Announces trucks. The same number gives the first answer.
///
/// # Errors
/// An unknown depot or item, no truck, a quantity that cannot be.
pub fn expect_shipment(unit: &mut Unit<'_>, call: &Call, request: ExpectShipment) -> Result<Shipment, Refusal> {
    let depot = seen_depot(unit, call, "depot", request.depot)?;
    let (key, from) = (text("key", &request.key, true)?, text("from", &request.from, true)?);
    if let Some(known) = store::by_key(unit.tx(), &key)? {
        return Ok(known);
    }
    if request.trucks.is_empty() || request.trucks.len() > LINES_MAX {
        return Err(SuppliesError::Lines(request.trucks.len()).into());
    }
    for truck in &request.trucks {
        text("plate", &truck.plate, false)?;
        boxes(truck.boxes)?;
        if !truck.lines.is_empty() {
            check_lines(unit, &truck.lines)?;
        }
    }
    let id = ShipmentId(unit.next(ShipmentId::COUNTER)?);
    let (expected_at, trucks) = (request.expected_at, request.trucks);
    unit.record(ShipmentExpected { shipment: id, key, from, depot: depot.id, expected_at, trucks })?;
    Ok(by_id(unit, call, id)?.0)
}

fn boxes(boxes: i64) -> Result<(), SuppliesError> {
    if (0..=QUANTITY_MAX).contains(&boxes) {
        return Ok(());
    }
    Err(SuppliesError::Quantity { item: "boxes".to_owned(), quantity: boxes })
}

fn by_id(unit: &mut Unit<'_>, call: &Call, id: ShipmentId) -> Result<(Shipment, Depot), SuppliesError> {
    let unknown = SuppliesError::Unknown { field: "shipment", id: id.0 };
    let shipment = store::shipment(unit.tx(), id)?.ok_or(unknown)?;
    let depot = seen_depot(unit, call, "shipment", shipment.depot)?;
    Ok((shipment, depot))
}

fn truck_of(shipment: &Shipment, number: i64) -> Result<Truck, SuppliesError> {
    let found = shipment.trucks.iter().find(|truck| truck.number == number);
    found.cloned().ok_or(SuppliesError::Unknown { field: "truck", id: number })
}

fn odd(unit: &mut Unit<'_>, call: &Call, depot: &Depot, seen: Odd) -> Result<(), Refusal> {
    let Odd { kind, shipment, what, seq } = seen;
    let subject = Subject::Shipment(shipment);
    conflict(unit, call, NewConflict { kind, subject, area: depot.area, what, seq })?;
    Ok(())
}

/// Something about a shipment that cannot be as it was seen.
struct Odd {
    kind: &'static str,
    shipment: ShipmentId,
    what: Text,
    seq: Option<Seq>,
}

/// A truck that arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TruckArrival {
    /// The shipment.
    pub shipment: ShipmentId,
    /// Its number within the shipment; absent = found by its plate, else it is one that nobody announced.
    #[serde(default)]
    pub truck: Option<i64>,
    /// Its plate.
    #[serde(default)]
    pub plate: String,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Records that a truck arrived. The first one opens the order to unload the shipment; one that nobody announced is
/// kept and opens an order to find out.
///
/// # Errors
/// An unknown shipment or number.
pub fn truck_arrived(unit: &mut Unit<'_>, call: &Call, request: TruckArrival) -> Result<Shipment, Refusal> {
    let (shipment, depot) = by_id(unit, call, request.shipment)?;
    let plate = text("plate", &request.plate, false)?;
    let by_plate = || shipment.trucks.iter().find(|truck| !plate.is_empty() && truck.plate == plate);
    let known = match request.truck {
        Some(number) => Some(truck_of(&shipment, number)?),
        None => by_plate().cloned(),
    };
    if known.as_ref().is_some_and(|truck| truck.arrived_at.is_some()) {
        return Ok(shipment);
    }
    let at = request.occurred_at.unwrap_or(call.now);
    let order = match shipment.order {
        Some(_) => None,
        None => Some(unload_order(unit, call, &shipment, &depot)?),
    };
    let next = shipment.trucks.iter().map(|truck| truck.number).max().unwrap_or(0) + 1;
    let (truck, announced) = known.as_ref().map_or((next, false), |truck| (truck.number, true));
    let id = shipment.id;
    let seq = unit.record_at(TruckArrived { shipment: id, truck, plate: plate.clone(), announced, order }, at)?;
    if !announced || shipment.state.is_over() {
        let what = Text::new(
            format!("批次 {} 来了一辆计划外或已办结批次的货车 {plate},请核实。", shipment.key),
            format!("A truck {plate} came for shipment {} that nobody expected any more; find out.", shipment.key),
        );
        odd(unit, call, &depot, Odd { kind: "truck_unexpected", shipment: id, what, seq: Some(seq) })?;
    }
    Ok(by_id(unit, call, id)?.0)
}

fn unload_order(unit: &mut Unit<'_>, call: &Call, shipment: &Shipment, depot: &Depot) -> Result<OrderId, Refusal> {
    let (trucks, boxes) = (shipment.totals.trucks, shipment.totals.boxes_expected);
    issue(
        unit,
        call,
        NewOrder {
            key: format!("unload:{}", shipment.id),
            kind: UNLOAD_TRUCKS.key.to_owned(),
            subject: Subject::Shipment(shipment.id),
            area: depot.area,
            task_force: None,
            team: None,
            deadline_at: None,
            because: Text::new(
                format!("批次 {}({trucks} 车,{boxes} 件)开始到达 {},须卸货入库。", shipment.key, depot.name),
                format!("Shipment {} ({trucks} trucks, {boxes} boxes) is arriving at {}.", shipment.key, depot.name_en),
            ),
            clause: None,
            cause: None,
            form: Form::from([("shipment".to_owned(), serde_json::Value::from(shipment.id.0))]),
        },
    )
}

/// Unloading that begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartUnloading {
    /// The shipment.
    pub shipment: ShipmentId,
    /// The truck.
    pub truck: i64,
    /// Who unloads.
    #[serde(default)]
    pub team: Option<TeamId>,
    /// How many people.
    #[serde(default)]
    pub people: i64,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Records that the unloading of a truck began. The first time counts.
///
/// # Errors
/// An unknown shipment or truck, a number of people that cannot be.
pub fn start_unloading(unit: &mut Unit<'_>, call: &Call, request: StartUnloading) -> Result<Shipment, Refusal> {
    let (shipment, depot) = by_id(unit, call, request.shipment)?;
    let truck = truck_of(&shipment, request.truck)?;
    boxes(request.people)?;
    if truck.started_at.is_some() || truck.unloaded_at.is_some() {
        return Ok(shipment);
    }
    let at = request.occurred_at.unwrap_or(call.now);
    let (id, number) = (shipment.id, truck.number);
    let seq = unit
        .record_at(UnloadingStarted { shipment: id, truck: number, team: request.team, people: request.people }, at)?;
    if truck.arrived_at.is_none() {
        not_arrived(unit, call, &depot, &shipment, number, seq)?;
    }
    Ok(by_id(unit, call, id)?.0)
}

fn not_arrived(
    unit: &mut Unit<'_>,
    call: &Call,
    depot: &Depot,
    shipment: &Shipment,
    truck: i64,
    seq: Seq,
) -> Result<(), Refusal> {
    let what = Text::new(
        format!("批次 {} 的第 {truck} 车没有到达记录就开始卸货,请补登到达。", shipment.key),
        format!("Truck {truck} of shipment {} is unloaded without having arrived; record when it came.", shipment.key),
    );
    odd(unit, call, depot, Odd { kind: "truck_not_arrived", shipment: shipment.id, what, seq: Some(seq) })
}

/// A truck that is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CountedLoad {
    /// The shipment.
    pub shipment: ShipmentId,
    /// The truck.
    pub truck: i64,
    /// Boxes counted.
    pub boxes: i64,
    /// Pieces counted, by item; absent = as the paper says, where the boxes fit.
    #[serde(default)]
    pub lines: Option<Vec<Line>>,
    /// Who unloaded.
    #[serde(default)]
    pub team: Option<TeamId>,
    /// How many people.
    #[serde(default)]
    pub people: i64,
    /// When; absent = now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Records that a truck is empty and takes what was counted into stock. A count that differs from the paper opens an
/// order to find out; the last truck finishes the order to unload.
///
/// # Errors
/// An unknown shipment, truck or item, a quantity that cannot be.
pub fn truck_unloaded(unit: &mut Unit<'_>, call: &Call, request: CountedLoad) -> Result<Shipment, Refusal> {
    let (shipment, depot) = by_id(unit, call, request.shipment)?;
    let truck = truck_of(&shipment, request.truck)?;
    boxes(request.boxes)?;
    boxes(request.people)?;
    let lines = counted(unit, &truck, request.lines)?;
    if truck.unloaded_at.is_some() {
        if truck.boxes_counted != Some(request.boxes) {
            recounted(unit, call, &depot, &shipment, &truck, request.boxes)?;
        }
        return Ok(by_id(unit, call, shipment.id)?.0);
    }
    let (id, number) = (shipment.id, truck.number);
    let fact = TruckUnloaded {
        shipment: id,
        truck: number,
        depot: depot.id,
        boxes: request.boxes,
        lines: lines.clone(),
        team: request.team,
        people: request.people,
    };
    let seq = unit.record_at(fact, request.occurred_at.unwrap_or(call.now))?;
    if truck.arrived_at.is_none() {
        not_arrived(unit, call, &depot, &shipment, number, seq)?;
    }
    if differs(&truck, request.boxes, &lines) {
        let (expected, came) = (truck.boxes_expected, request.boxes);
        let what = Text::new(
            format!(
                "批次 {} 第 {number} 车单据 {expected} 件,实收 {came} 件(或品种数量不符),请核对短缺与破损。",
                shipment.key
            ),
            format!(
                "Truck {number} of shipment {}: {expected} boxes by the paper, {came} counted (or other items); list what is short or broken.",
                shipment.key
            ),
        );
        odd(unit, call, &depot, Odd { kind: "load_differs", shipment: id, what, seq: Some(seq) })?;
    }
    look_for_shortage(unit, call, depot.id, Cause::Arrival)?;
    let shipment = by_id(unit, call, id)?.0;
    if shipment.state == ShipmentState::Unloaded {
        finish_order(unit, call, &shipment)?;
    }
    Ok(shipment)
}

/// What was counted: as told, or as the paper says.
fn counted(unit: &mut Unit<'_>, truck: &Truck, lines: Option<Vec<Line>>) -> Result<Vec<Line>, SuppliesError> {
    let Some(lines) = lines else {
        return Ok(truck.lines.iter().map(|line| Line { item: line.item.clone(), quantity: line.expected }).collect());
    };
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for line in lines {
        if stock::item(unit.tx(), &line.item)?.is_none() {
            return Err(SuppliesError::UnknownItem(line.item));
        }
        if !(0..=QUANTITY_MAX).contains(&line.quantity) {
            return Err(SuppliesError::Quantity { item: line.item, quantity: line.quantity });
        }
        *sums.entry(line.item).or_insert(0) += line.quantity;
    }
    Ok(sums.into_iter().map(|(item, quantity)| Line { item, quantity }).collect())
}

fn differs(truck: &Truck, boxes: i64, lines: &[Line]) -> bool {
    let paper: BTreeMap<&str, i64> =
        truck.lines.iter().map(|line| (line.item.as_str(), line.expected)).filter(|(_, pieces)| *pieces > 0).collect();
    let came: BTreeMap<&str, i64> =
        lines.iter().map(|line| (line.item.as_str(), line.quantity)).filter(|(_, pieces)| *pieces > 0).collect();
    truck.announced && (boxes != truck.boxes_expected || paper != came)
}

fn recounted(
    unit: &mut Unit<'_>,
    call: &Call,
    depot: &Depot,
    shipment: &Shipment,
    truck: &Truck,
    boxes: i64,
) -> Result<(), Refusal> {
    let (number, before) = (truck.number, truck.boxes_counted.unwrap_or(0));
    let what = Text::new(
        format!("批次 {} 第 {number} 车已按 {before} 件入库,又报 {boxes} 件;请盘点后更正。", shipment.key),
        format!(
            "Truck {number} of shipment {} was booked with {before} boxes and is told again with {boxes}; count.",
            shipment.key
        ),
    );
    odd(unit, call, depot, Odd { kind: "load_recounted", shipment: shipment.id, what, seq: None })
}

/// The order to unload is done by what was seen: every truck is empty.
fn finish_order(unit: &mut Unit<'_>, call: &Call, shipment: &Shipment) -> Result<(), Refusal> {
    let Some(order) = shipment.order else { return Ok(()) };
    let finished = shipment.trucks.iter().filter_map(|truck| truck.unloaded_at).max().unwrap_or(call.now);
    let result = Form::from([
        ("trucks".to_owned(), serde_json::Value::from(shipment.totals.trucks)),
        ("boxes".to_owned(), serde_json::Value::from(shipment.totals.boxes_counted)),
        ("people".to_owned(), serde_json::Value::from(shipment.totals.people)),
        ("finished_at".to_owned(), serde_json::Value::from(finished.0)),
    ]);
    complete(unit, call, order, result)
}

/// A shipment to hand over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandOverShipment {
    /// The shipment.
    pub shipment: ShipmentId,
}

/// Signs for a shipment: whoever acts takes it over. Doing it twice changes nothing.
///
/// # Errors
/// An unknown shipment, one that is not wholly unloaded.
pub fn hand_over(unit: &mut Unit<'_>, call: &Call, request: HandOverShipment) -> Result<Shipment, Refusal> {
    let (shipment, _) = by_id(unit, call, request.shipment)?;
    match shipment.state {
        ShipmentState::HandedOver => Ok(shipment),
        ShipmentState::Unloaded => {
            let boxes = shipment.totals.boxes_counted;
            unit.record(ShipmentHandedOver { shipment: shipment.id, boxes })?;
            Ok(by_id(unit, call, shipment.id)?.0)
        }
        state => Err(SuppliesError::ShipmentState {
            id: shipment.id.0,
            state,
            zh: "全部货车卸完并清点后才能交接",
            en: "every truck must be unloaded and counted before it is handed over",
        }
        .into()),
    }
}

/// A shipment that does not come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancelShipment {
    /// The shipment.
    pub shipment: ShipmentId,
    /// Why.
    pub reason: String,
}

/// Calls a shipment off: nothing more of it is expected. What was unloaded stays in stock.
///
/// # Errors
/// An unknown shipment, one that was handed over, no reason.
pub fn cancel_shipment(unit: &mut Unit<'_>, call: &Call, request: CancelShipment) -> Result<Shipment, Refusal> {
    let (shipment, _) = by_id(unit, call, request.shipment)?;
    let reason = text("reason", &request.reason, true)?;
    match shipment.state {
        ShipmentState::Cancelled => Ok(shipment),
        state @ ShipmentState::HandedOver => Err(SuppliesError::ShipmentState {
            id: shipment.id.0,
            state,
            zh: "已交接的批次不能取消",
            en: "what was handed over cannot be called off",
        }
        .into()),
        _ => {
            unit.record(ShipmentCancelled { shipment: shipment.id, reason: reason.clone() })?;
            if let Some(order) = shipment.order {
                cancel(unit, call, order, &reason)?;
            }
            Ok(by_id(unit, call, shipment.id)?.0)
        }
    }
}
