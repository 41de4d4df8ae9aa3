//! The stock law: what is on hand is what came in less what went out, whatever happens in whatever order.

use std::collections::BTreeMap;

use super::*;
use crate::deliveries::{Deliver, Dispatch, deliver, dispatch};
use crate::stock::{CountStock, IssueStock, RecordUse, count_stock, issue_stock, record_use};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Receive { at: usize, item: usize, quantity: i64 },
    Issue { at: usize, item: usize, quantity: i64 },
    Use { at: usize, item: usize, quantity: i64 },
    Count { at: usize, item: usize, counted: i64 },
    Send { from: usize, item: usize, quantity: i64 },
    Take { delivery: i64, item: usize, quantity: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let (at, item, quantity) = (0_usize..2, 0_usize..2, 1_i64..50);
    prop_oneof![
        (at.clone(), item.clone(), quantity.clone()).prop_map(|(at, item, quantity)| Step::Receive {
            at,
            item,
            quantity
        }),
        (at.clone(), item.clone(), quantity.clone()).prop_map(|(at, item, quantity)| Step::Issue {
            at,
            item,
            quantity
        }),
        (at.clone(), item.clone(), quantity.clone()).prop_map(|(at, item, quantity)| Step::Use { at, item, quantity }),
        (at.clone(), item.clone(), 0_i64..50).prop_map(|(at, item, counted)| Step::Count { at, item, counted }),
        (at, item.clone(), quantity).prop_map(|(from, item, quantity)| Step::Send { from, item, quantity }),
        (1_i64..6, item, 0_i64..60).prop_map(|(delivery, item, quantity)| Step::Take { delivery, item, quantity }),
    ]
}

const DEPOTS: [DepotId; 2] = [DEPOT, POINT];
const ITEMS: [&str; 2] = [TUBE, KIT];

/// What a clerk with a pencil would have: pieces by depot and item, and what is on the road.
#[derive(Default)]
struct Pencil {
    stock: BTreeMap<(usize, usize), i64>,
    road: BTreeMap<i64, (usize, usize, i64)>,
}

impl Pencil {
    fn add(&mut self, at: usize, item: usize, change: i64) {
        *self.stock.entry((at, item)).or_insert(0) += change;
    }

    fn has(&self, at: usize, item: usize) -> i64 {
        self.stock.get(&(at, item)).copied().unwrap_or(0)
    }
}

fn take_step(house: &House, pencil: &mut Pencil, step: Step) {
    match step {
        Step::Receive { at, item, quantity } => {
            house.receive(DEPOTS[at], ITEMS[item], quantity);
            pencil.add(at, item, quantity);
        }
        Step::Issue { at, item, quantity } => {
            let lines = vec![line(ITEMS[item], quantity)];
            let request = IssueStock { depot: DEPOTS[at], key: None, lines, to: String::new() };
            let done = house.act(|unit, call| issue_stock(unit, call, request)).is_ok();
            assert_eq!(done, pencil.has(at, item) >= quantity, "goes out exactly when there is enough");
            pencil.add(at, item, if done { -quantity } else { 0 });
        }
        Step::Use { at, item, quantity } => {
            let lines = vec![line(ITEMS[item], quantity)];
            let request = RecordUse { depot: DEPOTS[at], key: None, lines, purpose: String::new(), occurred_at: None };
            house.act(|unit, call| record_use(unit, call, request)).unwrap();
            pencil.add(at, item, -quantity);
        }
        Step::Count { at, item, counted } => {
            let request = CountStock { depot: DEPOTS[at], item: ITEMS[item].to_owned(), counted, occurred_at: None };
            house.act(|unit, call| count_stock(unit, call, request)).unwrap();
            pencil.stock.insert((at, item), counted);
        }
        Step::Send { from, item, quantity } => {
            let (lines, to) = (vec![line(ITEMS[item], quantity)], DEPOTS[1 - from]);
            let request = Dispatch { key: None, from: DEPOTS[from], to, lines };
            if let Ok(sent) = house.act(|unit, call| dispatch(unit, call, request)) {
                pencil.add(from, item, -quantity);
                pencil.road.insert(sent.id, (1 - from, item, quantity));
            }
        }
        Step::Take { delivery, item, quantity } => {
            let request = Deliver { delivery, lines: vec![line(ITEMS[item], quantity)], occurred_at: None };
            let done = house.act(|unit, call| deliver(unit, call, request)).is_ok();
            // A repeated answer books nothing; a delivery that is over is no longer on the road.
            if let (true, Some((to, ..))) = (done, pencil.road.remove(&delivery)) {
                pencil.add(to, item, quantity);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn stock_never_comes_from_nowhere(steps in prop::collection::vec(step(), 1..24)) {
        let house = House::open();
        let mut pencil = Pencil::default();
        for step in steps {
            take_step(&house, &mut pencil, step);
        }
        for (at, depot) in DEPOTS.into_iter().enumerate() {
            for (number, item) in ITEMS.into_iter().enumerate() {
                prop_assert_eq!(house.on_hand(depot, item), pencil.has(at, number));
                if let Some(row) = house.row(depot, item) {
                    prop_assert_eq!(row.on_hand, row.came_in - row.went_out);
                }
            }
        }
        let under_way: i64 = house.read(crate::conservation).iter().map(|law| law.under_way).sum();
        prop_assert_eq!(under_way, pencil.road.values().map(|(.., quantity)| quantity).sum::<i64>());
        house.assert_lawful();
    }
}
