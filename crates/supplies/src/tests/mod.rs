//! Given facts, when a command, then facts: on a real temporary store, with the playbooks of the house.

mod deliveries;
mod laws;
mod shipments;
mod stock;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_access::{Call, Rulebook};
use outpace_core::{Actor, ActorId, ActorKind, AreaId, Clock, DepotId, OrderId, Refusal, Role, Timestamp};
use outpace_orders::Order;
use outpace_policy::{Date, Library};
use outpace_store::{Capabilities, Settings, Store, Tx, Unit};

use crate::stock::{
    DepotKind, Line, ReceiveStock, RegisterDepot, RegisterItems, StockRow, receive_stock, register_depot,
    register_items, stock_rows,
};

pub(crate) const COUNTY: AreaId = AreaId(140_121);
pub(crate) const TOWNSHIP: AreaId = AreaId(140_121_203);
pub(crate) const DEPOT: DepotId = DepotId(1);
pub(crate) const POINT: DepotId = DepotId(2);
pub(crate) const TUBE: &str = "sampling_tube";
pub(crate) const KIT: &str = "antigen_kit";

struct Fixed(AtomicI64);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A store with the standard items, a depot of the county and a point in a township.
pub(crate) struct House {
    pub(crate) store: Store,
    clock: Arc<Fixed>,
    rules: Arc<Rulebook>,
    _folder: tempfile::TempDir,
}

pub(crate) fn line(item: &str, quantity: i64) -> Line {
    Line { item: item.to_owned(), quantity }
}

impl House {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = Timestamp::parse_local("2022-04-13T22:00", 480).unwrap();
        let clock = Arc::new(Fixed(AtomicI64::new(start.0)));
        let settings = Settings {
            folder: folder.path().to_owned(),
            place: outpace_store::testing::place(folder.path()),
            area: COUNTY,
            drill: true,
            clock: Arc::clone(&clock) as _,
        };
        let capabilities = vec![outpace_registry::capability(), outpace_orders::capability(), crate::capability()];
        let store = Store::open(settings, Capabilities::new(capabilities)).unwrap();
        let library = Library::embedded();
        let rules = Arc::new(Rulebook {
            pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap(),
            playbook: library.playbook().unwrap(),
            profile: library.profile("qingxu").unwrap(),
        });
        let house = Self { store, clock, rules, _folder: folder };
        house.act(|unit, call| register_items(unit, call, RegisterItems { items: Vec::new() })).unwrap();
        for (name, kind, area) in [("县物资库", DepotKind::Depot, COUNTY), ("采样点", DepotKind::Point, TOWNSHIP)]
        {
            let request = RegisterDepot { name: name.to_owned(), name_en: String::new(), kind, area, place: None };
            house.act(|unit, call| register_depot(unit, call, request)).unwrap();
        }
        house
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn wait_hours(&self, hours: i64) {
        self.clock.0.store(self.now().plus_hours(hours).0, Ordering::SeqCst);
    }

    pub(crate) fn act<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.act_in(COUNTY, command)
    }

    pub(crate) fn act_in<T: Send + 'static>(
        &self,
        area: AreaId,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let actor = Actor::new(ActorId(7), ActorKind::Account, Role::Supplies, area);
        let call = Call { actor: actor.clone(), now: self.now(), rules: Arc::clone(&self.rules), drill: true };
        Ok(self.store.write(&actor, move |unit| command(unit, &call))?.answer)
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&mut Tx<'_>) -> outpace_store::Result<T>) -> T {
        self.store.read(look).unwrap()
    }

    pub(crate) fn receive(&self, depot: DepotId, item: &str, quantity: i64) {
        let lines = vec![line(item, quantity)];
        let request = ReceiveStock { depot, key: None, lines, from: "省调拨".to_owned(), occurred_at: None };
        self.act(|unit, call| receive_stock(unit, call, request)).unwrap();
    }

    /// What is on hand, 0 where nothing ever was.
    pub(crate) fn on_hand(&self, depot: DepotId, item: &str) -> i64 {
        self.row(depot, item).map_or(0, |row| row.on_hand)
    }

    pub(crate) fn row(&self, depot: DepotId, item: &str) -> Option<StockRow> {
        let now = self.now();
        self.read(|tx| stock_rows(tx, depot, now)).into_iter().find(|row| row.item == item)
    }

    pub(crate) fn order(&self, order: OrderId) -> Order {
        self.read(|tx| outpace_orders::orders::by_id(tx, order)).unwrap()
    }

    pub(crate) fn conflicts(&self) -> i64 {
        self.read(outpace_orders::conflicts::open_count)
    }

    pub(crate) fn assert_lawful(&self) {
        for law in self.read(crate::conservation) {
            assert_eq!(law.difference, 0, "{law:?}");
        }
        let rebuilt = self.store.rebuild().unwrap();
        assert_eq!(rebuilt.before, rebuilt.after, "changed: {:?}", rebuilt.changed);
    }
}
