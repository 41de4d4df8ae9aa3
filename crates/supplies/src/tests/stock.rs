use super::*;
use crate::stock::rules::{days, hours_left, is_short, measured_per_day, rate};
use crate::stock::{
    CountStock, IssueStock, Item, ItemCategory, PlanUsage, RecordUse, count_stock, issue_stock, plan_usage, record_use,
    shortages, tick,
};
use outpace_orders::OrderState;
use proptest::prelude::*;

fn issue(house: &House, depot: DepotId, item: &str, quantity: i64) -> Result<(), Refusal> {
    let request = IssueStock { depot, key: None, lines: vec![line(item, quantity)], to: "东区采样".to_owned() };
    house.act(|unit, call| issue_stock(unit, call, request)).map(|_| ())
}

fn used(house: &House, depot: DepotId, item: &str, quantity: i64) {
    let lines = vec![line(item, quantity)];
    let request = RecordUse { depot, key: None, lines, purpose: String::new(), occurred_at: None };
    house.act(|unit, call| record_use(unit, call, request)).unwrap();
}

fn plan(house: &House, depot: DepotId, item: &str, per_day: i64) {
    let request = PlanUsage { depot, item: item.to_owned(), per_day };
    house.act(|unit, call| plan_usage(unit, call, request)).unwrap();
}

#[test]
fn more_than_there_is_does_not_go_out_and_nothing_of_the_paper_does() {
    let house = House::open();
    house.receive(DEPOT, TUBE, 100);
    house.receive(DEPOT, KIT, 5);
    let request =
        IssueStock {
            depot: DEPOT, key: None, lines: vec![line(TUBE, 40), line(KIT, 6)], to: "东区采样".to_owned()
        };
    let refusal = house.act(|unit, call| issue_stock(unit, call, request)).unwrap_err();
    assert_eq!((refusal.status, refusal.code.as_str()), (409, "not_enough"));
    assert!(refusal.text.en.contains("Only 5"), "{}", refusal.text.en);
    assert_eq!(house.on_hand(DEPOT, TUBE), 100);
    issue(&house, DEPOT, TUBE, 100).unwrap();
    assert_eq!(house.on_hand(DEPOT, TUBE), 0);
    assert_eq!(issue(&house, DEPOT, TUBE, 1).unwrap_err().code, "not_enough");
    house.assert_lawful();
}

#[test]
fn what_was_used_beyond_the_book_is_kept_and_somebody_counts() {
    let house = House::open();
    house.receive(POINT, TUBE, 10);
    used(&house, POINT, TUBE, 14);
    assert_eq!(house.on_hand(POINT, TUBE), -4);
    assert_eq!(house.conflicts(), 1);
    assert_eq!(house.read(|tx| crate::on_hand(tx, TUBE, COUNTY)), 0, "an overdrawn point counts as empty");
    let request = CountStock { depot: POINT, item: TUBE.to_owned(), counted: 3, occurred_at: None };
    house.act(|unit, call| count_stock(unit, call, request)).unwrap();
    assert_eq!(house.on_hand(POINT, TUBE), 3);
    assert_eq!(house.conflicts(), 2, "the difference must be explained");
    house.assert_lawful();
}

#[test]
fn a_count_that_fits_opens_nothing() {
    let house = House::open();
    house.receive(POINT, TUBE, 10);
    let request = CountStock { depot: POINT, item: TUBE.to_owned(), counted: 10, occurred_at: None };
    house.act(|unit, call| count_stock(unit, call, request)).unwrap();
    assert_eq!(house.conflicts(), 0);
}

#[test]
fn a_paper_is_booked_once() {
    let house = House::open();
    let receive = || ReceiveStock {
        depot: DEPOT,
        key: Some("入-001".to_owned()),
        lines: vec![line(TUBE, 100)],
        from: "省调拨".to_owned(),
        occurred_at: None,
    };
    for _ in 0..2 {
        let request = receive();
        house.act(|unit, call| receive_stock(unit, call, request)).unwrap();
    }
    assert_eq!(house.on_hand(DEPOT, TUBE), 100);
    house.assert_lawful();
}

#[test]
fn lines_name_known_items_once_with_a_quantity_that_can_be() {
    let house = House::open();
    let refuse = |lines: Vec<Line>| {
        let request = ReceiveStock { depot: DEPOT, key: None, lines, from: String::new(), occurred_at: None };
        house.act(|unit, call| receive_stock(unit, call, request)).unwrap_err().code
    };
    assert_eq!(refuse(vec![]), "lines");
    assert_eq!(refuse(vec![line(TUBE, 1), line(TUBE, 1)]), "lines");
    assert_eq!(refuse(vec![line("moon_dust", 1)]), "unknown_item");
    assert_eq!(refuse(vec![line(TUBE, 0)]), "quantity");
    assert_eq!(refuse(vec![line(TUBE, crate::QUANTITY_MAX + 1)]), "quantity");
}

#[test]
fn a_township_does_not_touch_the_countys_depot() {
    let house = House::open();
    let lines = vec![line(TUBE, 1)];
    let request = ReceiveStock { depot: DEPOT, key: None, lines, from: String::new(), occurred_at: None };
    let refusal = house.act_in(TOWNSHIP, |unit, call| receive_stock(unit, call, request)).unwrap_err();
    assert_eq!(refusal.code, "unknown_id");
    let own = house.read(|tx| crate::depots_in(tx, TOWNSHIP));
    assert_eq!(own.iter().map(|depot| depot.id).collect::<Vec<_>>(), [POINT]);
    assert_eq!(house.read(|tx| crate::depots_in(tx, COUNTY)).len(), 2);
    assert_eq!(house.read(|tx| crate::depots_in(tx, AreaId(140_121_000))), [], "the county's depot is in no township");
}

#[test]
fn stock_that_will_not_last_opens_an_order_and_an_arrival_finishes_it() {
    let house = House::open();
    house.receive(POINT, TUBE, 1_000);
    assert_eq!(house.read(shortages), []);
    plan(&house, POINT, TUBE, 600);
    let short = house.read(shortages);
    assert_eq!((short.len(), short[0].hours_left), (1, 40), "1,000 at 600 a day last 40 hours, less than 3 days");
    let order = house.order(short[0].order);
    assert_eq!((order.kind.as_str(), order.form["quantity"].as_i64()), ("deliver-supplies", Some(800)));
    used(&house, POINT, TUBE, 100);
    assert_eq!(house.read(shortages).len(), 1, "one order while it is short");
    house.receive(POINT, TUBE, 2_000);
    assert_eq!(house.read(shortages), []);
    assert!(!house.order(order.id).state.is_pending());
    house.assert_lawful();
}

#[test]
fn a_plan_that_is_taken_back_takes_the_order_back() {
    let house = House::open();
    house.receive(POINT, TUBE, 1_000);
    plan(&house, POINT, TUBE, 600);
    let order = house.read(shortages)[0].order;
    plan(&house, POINT, TUBE, 0);
    assert_eq!(house.read(shortages), []);
    assert_eq!(house.order(order).state, OrderState::Cancelled);
    assert_eq!(house.row(POINT, TUBE).unwrap().days_left, None);
}

#[test]
fn without_a_plan_the_rate_is_measured_and_the_clock_alone_can_find_a_shortage_over() {
    let house = House::open();
    house.receive(POINT, TUBE, 1_000);
    used(&house, POINT, TUBE, 100);
    let row = house.row(POINT, TUBE).unwrap();
    assert_eq!((row.on_hand, row.per_day, row.hours_left), (900, Some(400), Some(54)), "100 in the first six hours");
    assert_eq!(house.read(shortages).len(), 1);
    house.wait_hours(20);
    house.act(tick).unwrap();
    assert_eq!(house.row(POINT, TUBE).unwrap().per_day, Some(115));
    assert_eq!(house.read(shortages), [], "100 in a day is no hurry");
    house.wait_hours(100);
    assert_eq!(house.row(POINT, TUBE).unwrap().per_day, None, "nothing was used of late");
    house.assert_lawful();
}

#[test]
fn an_item_of_our_own_is_registered_and_a_wrong_key_is_not() {
    let house = House::open();
    let item = |key: &str| Item {
        key: key.to_owned(),
        name: "无人机".to_owned(),
        name_en: "drone".to_owned(),
        unit: "架 / drone".to_owned(),
        category: ItemCategory::Other,
        days_min: 0,
    };
    let (good, bad) = (vec![item("drone")], vec![item("Drone 1")]);
    house.act(|unit, call| register_items(unit, call, RegisterItems { items: good })).unwrap();
    let refusal = house.act(|unit, call| register_items(unit, call, RegisterItems { items: bad })).unwrap_err();
    assert_eq!(refusal.code, "item_key");
    let head = house.store.head().seq;
    house.act(|unit, call| register_items(unit, call, RegisterItems { items: Vec::new() })).unwrap();
    assert_eq!(house.store.head().seq, head, "what stands already is no new fact");
}

#[test]
fn days_are_cut_to_one_decimal() {
    assert_eq!(hours_left(1_000, 600), Some(40));
    assert!((days(40) - 1.6).abs() < 1e-9);
    assert_eq!(hours_left(-5, 600), Some(0));
    assert_eq!(hours_left(5, 0), None);
    assert_eq!(rate(Some(0), Some(7)), None, "a plan of nothing is a plan");
    assert_eq!(rate(None, Some(7)), Some(7));
}

proptest! {
    #[test]
    fn more_stock_never_lasts_shorter(stock in 0_i64..1_000_000, more in 0_i64..1_000_000, per_day in 1_i64..10_000) {
        let (less, longer) = (hours_left(stock, per_day), hours_left(stock + more, per_day));
        prop_assert!(less <= longer);
        prop_assert!(!is_short(longer, 3) || is_short(less, 3));
    }

    #[test]
    fn a_measured_rate_is_never_less_than_what_was_used_a_day(used in 1_i64..1_000_000, hours in 0_i64..72) {
        let now = Timestamp(100 * 24 * 3_600_000);
        let per_day = measured_per_day(used, now.plus_hours(-hours), now).unwrap();
        prop_assert!(per_day * 72 >= used * 24 && per_day <= used * 4 + 1);
    }
}
