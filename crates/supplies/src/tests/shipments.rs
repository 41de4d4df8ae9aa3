use super::*;
use crate::shipments::{
    CancelShipment, CountedLoad, ExpectShipment, ExpectedTruck, HandOverShipment, Shipment, ShipmentState,
    StartUnloading, TruckArrival, cancel_shipment, expect_shipment, hand_over, start_unloading, truck_arrived,
    truck_unloaded,
};
use outpace_core::ShipmentId;

fn expect(house: &House, trucks: i64) -> Shipment {
    let truck = |number: i64| ExpectedTruck {
        plate: format!("演A{number:04}"),
        boxes: 350,
        lines: vec![line("food_parcel", 350)],
    };
    let request = ExpectShipment {
        key: "援-1".to_owned(),
        from: "市物资保障组".to_owned(),
        depot: DEPOT,
        expected_at: house.now(),
        trucks: (1..=trucks).map(truck).collect(),
    };
    house.act(|unit, call| expect_shipment(unit, call, request)).unwrap()
}

fn arrive(house: &House, shipment: ShipmentId, truck: Option<i64>, plate: &str) -> Shipment {
    let request = TruckArrival { shipment, truck, plate: plate.to_owned(), occurred_at: None };
    house.act(|unit, call| truck_arrived(unit, call, request)).unwrap()
}

fn start_truck(house: &House, shipment: ShipmentId, truck: i64) -> Shipment {
    let request = StartUnloading { shipment, truck, team: None, people: 12, occurred_at: None };
    house.act(|unit, call| start_unloading(unit, call, request)).unwrap()
}

fn unload(house: &House, shipment: ShipmentId, truck: i64, boxes: i64, lines: Option<Vec<Line>>) -> Shipment {
    let request = CountedLoad { shipment, truck, boxes, lines, team: None, people: 120, occurred_at: None };
    house.act(|unit, call| truck_unloaded(unit, call, request)).unwrap()
}

#[test]
fn thirty_trucks_arrive_are_unloaded_into_stock_and_finish_their_order() {
    let house = House::open();
    let id = expect(&house, 30).id;
    assert_eq!(expect(&house, 30).id, id, "the same paper is the same shipment");
    let shipment = arrive(&house, id, Some(1), "");
    let order = shipment.order.unwrap();
    assert_eq!((shipment.state, house.order(order).kind.as_str()), (ShipmentState::Arriving, "unload-trucks"));
    for truck in 2..=30 {
        assert_eq!(arrive(&house, id, Some(truck), "").order, Some(order), "one order for all of them");
    }
    for truck in 1..=30 {
        start_truck(&house, id, truck);
        house.wait_hours(1);
        let shipment = unload(&house, id, truck, 350, None);
        let state = if truck < 30 { ShipmentState::Unloading } else { ShipmentState::Unloaded };
        assert_eq!((shipment.state, shipment.totals.unloaded), (state, truck));
    }
    let done = house.order(order);
    assert!(!done.state.is_pending());
    assert_eq!((done.result["trucks"].as_i64(), done.result["boxes"].as_i64()), (Some(30), Some(10_500)));
    assert_eq!(done.result["people"].as_i64(), Some(120));
    assert_eq!(house.on_hand(DEPOT, "food_parcel"), 10_500);
    assert_eq!(house.conflicts(), 0);
    let handed = house.act(move |unit, call| hand_over(unit, call, HandOverShipment { shipment: id })).unwrap();
    assert_eq!(handed.state, ShipmentState::HandedOver);
    house.assert_lawful();
}

#[test]
fn what_is_counted_comes_into_stock_whatever_the_paper_says() {
    let house = House::open();
    let id = expect(&house, 1).id;
    arrive(&house, id, Some(1), "");
    let shipment = unload(&house, id, 1, 340, Some(vec![line("food_parcel", 330), line(TUBE, 10)]));
    assert_eq!((house.on_hand(DEPOT, "food_parcel"), house.on_hand(DEPOT, TUBE)), (330, 10));
    assert_eq!((shipment.totals.boxes_expected, shipment.totals.boxes_counted), (350, 340));
    assert_eq!(house.conflicts(), 1, "short boxes open an order");
    let again = unload(&house, id, 1, 340, None);
    assert_eq!(again, shipment, "the same count twice is one");
    unload(&house, id, 1, 350, None);
    assert_eq!(house.on_hand(DEPOT, "food_parcel"), 330, "a second count books nothing");
    assert_eq!(house.conflicts(), 2);
    house.assert_lawful();
}

#[test]
fn a_truck_nobody_announced_is_kept_and_asked_about() {
    let house = House::open();
    let id = expect(&house, 2).id;
    let known = arrive(&house, id, None, "演A0002");
    assert_eq!((known.totals.trucks, known.totals.arrived), (2, 1), "found by its plate");
    assert_eq!(house.conflicts(), 0);
    let stranger = arrive(&house, id, None, "演B9999");
    assert_eq!((stranger.totals.trucks, stranger.trucks[2].announced), (3, false));
    assert_eq!(house.conflicts(), 1);
    unload(&house, id, 3, 20, Some(vec![line(TUBE, 2_000)]));
    assert_eq!(house.on_hand(DEPOT, TUBE), 2_000);
    assert_eq!(house.conflicts(), 1, "there is no paper it could differ from");
    house.assert_lawful();
}

#[test]
fn unloading_without_an_arrival_is_kept_and_asked_about() {
    let house = House::open();
    let id = expect(&house, 1).id;
    unload(&house, id, 1, 350, None);
    assert_eq!((house.on_hand(DEPOT, "food_parcel"), house.conflicts()), (350, 1));
    house.assert_lawful();
}

#[test]
fn a_shipment_is_handed_over_only_when_every_truck_is_counted() {
    let house = House::open();
    let id = expect(&house, 2).id;
    arrive(&house, id, Some(1), "");
    unload(&house, id, 1, 350, None);
    let request = HandOverShipment { shipment: id };
    let refusal = house.act(|unit, call| hand_over(unit, call, request)).unwrap_err();
    assert_eq!((refusal.status, refusal.code.as_str()), (409, "shipment_state"));
    let request = CancelShipment { shipment: id, reason: "第二车改道".to_owned() };
    let order = house.read(|tx| crate::shipment(tx, id)).unwrap().order.unwrap();
    let cancelled = house.act(|unit, call| cancel_shipment(unit, call, request)).unwrap();
    assert_eq!(cancelled.state, ShipmentState::Cancelled);
    assert!(house.order(order).is_closed());
    assert_eq!(house.on_hand(DEPOT, "food_parcel"), 350, "what was unloaded stays");
    arrive(&house, id, Some(2), "");
    assert_eq!(house.conflicts(), 1, "and what comes all the same is asked about");
    house.assert_lawful();
}
