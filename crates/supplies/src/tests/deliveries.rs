use super::*;
use crate::deliveries::{Deliver, Delivery, Dispatch, deliver, dispatch, open_deliveries};
use crate::stock::{PlanUsage, plan_usage, shortages};

fn send(house: &House, quantity: i64) -> Result<Delivery, Refusal> {
    let request = Dispatch { key: Some("调-1".to_owned()), from: DEPOT, to: POINT, lines: vec![line(TUBE, quantity)] };
    house.act(|unit, call| dispatch(unit, call, request))
}

fn take(house: &House, delivery: i64, lines: Vec<Line>) -> Result<Delivery, Refusal> {
    let request = Deliver { delivery, lines, occurred_at: None };
    house.act(|unit, call| deliver(unit, call, request))
}

#[test]
fn what_is_under_way_is_on_hand_nowhere() {
    let house = House::open();
    house.receive(DEPOT, TUBE, 100);
    let delivery = send(&house, 60).unwrap();
    assert_eq!((house.on_hand(DEPOT, TUBE), house.on_hand(POINT, TUBE)), (40, 0));
    let law = &house.read(crate::conservation)[0];
    assert_eq!((law.on_hand, law.under_way, law.lost), (40, 60, 0));
    assert_eq!(house.read(open_deliveries).len(), 1);
    take(&house, delivery.id, Vec::new()).unwrap();
    assert_eq!((house.on_hand(DEPOT, TUBE), house.on_hand(POINT, TUBE)), (40, 60));
    assert_eq!(house.read(open_deliveries), []);
    assert_eq!(house.conflicts(), 0);
    house.assert_lawful();
}

#[test]
fn a_paper_is_sent_once_and_received_once() {
    let house = House::open();
    house.receive(DEPOT, TUBE, 100);
    let first = send(&house, 60).unwrap();
    assert_eq!(send(&house, 60).unwrap(), first);
    assert_eq!(house.on_hand(DEPOT, TUBE), 40);
    let received = take(&house, first.id, Vec::new()).unwrap();
    assert_eq!(take(&house, first.id, Vec::new()).unwrap(), received);
    assert_eq!(take(&house, first.id, vec![line(TUBE, 1)]).unwrap_err().code, "delivered");
    assert_eq!(house.on_hand(POINT, TUBE), 60);
    house.assert_lawful();
}

#[test]
fn what_does_not_arrive_is_lost_and_somebody_finds_out_why() {
    let house = House::open();
    house.receive(DEPOT, TUBE, 100);
    let delivery = send(&house, 60).unwrap();
    take(&house, delivery.id, vec![line(TUBE, 55), line(KIT, 3)]).unwrap();
    assert_eq!((house.on_hand(POINT, TUBE), house.on_hand(POINT, KIT)), (55, 3));
    assert_eq!(house.conflicts(), 1);
    let laws = house.read(crate::conservation);
    let lost: Vec<(&str, i64)> = laws.iter().map(|law| (law.item.as_str(), law.lost)).collect();
    assert_eq!(lost, [(KIT, -3), (TUBE, 5)], "more of one came than was sent");
    house.assert_lawful();
}

#[test]
fn more_than_there_is_is_not_sent_and_nothing_is_sent_to_itself() {
    let house = House::open();
    house.receive(DEPOT, TUBE, 10);
    assert_eq!(send(&house, 11).unwrap_err().code, "not_enough");
    let request = Dispatch { key: None, from: DEPOT, to: DEPOT, lines: vec![line(TUBE, 1)] };
    assert_eq!(house.act(|unit, call| dispatch(unit, call, request)).unwrap_err().code, "same_depot");
    assert_eq!(take(&house, 9, Vec::new()).unwrap_err().code, "unknown_id");
}

#[test]
fn a_delivery_ends_a_shortage() {
    let house = House::open();
    house.receive(DEPOT, TUBE, 10_000);
    house.receive(POINT, TUBE, 10);
    let request = PlanUsage { depot: POINT, item: TUBE.to_owned(), per_day: 1_000 };
    house.act(|unit, call| plan_usage(unit, call, request)).unwrap();
    assert_eq!(house.read(shortages).len(), 1);
    let delivery = send(&house, 5_000).unwrap();
    take(&house, delivery.id, Vec::new()).unwrap();
    assert_eq!(house.read(shortages), []);
    house.assert_lawful();
}
