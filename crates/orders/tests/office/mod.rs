//! A small office on a temporary folder: Qingxu's profile, the playbooks and the pack of the day, and a clock that
//! the test sets.

// Each test file uses a part of it, and the helpers of a test may stop it.
#![allow(dead_code, clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_access::{Call, Office, Rulebook};
use outpace_core::{Actor, ActorId, ActorKind, AreaId, Clock, Refusal, Role, Text, Timestamp};
use outpace_orders::{Form, NewOrder, Order, OrderState, Subject, orders};
use outpace_policy::{Library, SubjectKind};
use outpace_store::{Capabilities, Settings, Store, Tx, Unit};

pub const QINGXU: AreaId = AreaId(140_121);
pub const WANGDA: AreaId = AreaId(140_121_203);
pub const XUGOU: AreaId = AreaId(140_121_101);

pub struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub struct Desk {
    pub office: Office,
    clock: Arc<SetClock>,
    _folder: tempfile::TempDir,
}

/// 01:30 of 13 April 2022 in Qingxu.
pub fn night() -> Timestamp {
    Timestamp::parse_local("2022-04-13T01:30", 480).unwrap()
}

pub fn text(words: &str) -> Text {
    Text::new(words, words)
}

pub fn rulebook() -> Rulebook {
    let library = Library::embedded();
    Rulebook {
        pack: library.pack("cn-2021-ed8", "2022-04-13".parse().unwrap()).unwrap(),
        playbook: library.playbook().unwrap(),
        profile: library.profile("qingxu").unwrap(),
    }
}

impl Desk {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock(AtomicI64::new(night().0)));
        let store = Store::open(
            Settings {
                folder: folder.path().to_owned(),
                place: outpace_store::testing::place(folder.path()),
                area: QINGXU,
                drill: true,
                clock: clock.clone(),
            },
            Capabilities::new(vec![
                outpace_access::actors::capability(),
                outpace_registry::capability(),
                outpace_orders::capability(),
            ]),
        )
        .unwrap();
        Self { office: Office::new(store, rulebook()), clock, _folder: folder }
    }

    pub fn pass_minutes(&self, minutes: i64) {
        self.clock.0.fetch_add(minutes * 60_000, Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        self.office.store.now()
    }

    pub fn store(&self) -> &Store {
        &self.office.store
    }

    /// Runs a command as an actor.
    pub fn act<T: Send + 'static>(
        &self,
        actor: &Actor,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let call = self.office.call(actor.clone());
        let done = self.office.store.write(actor, move |unit| {
            let call = Call { now: unit.now(), ..call };
            command(unit, &call)
        });
        done.map(|committed| committed.answer)
    }

    /// Runs a command as the system.
    pub fn system<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.act(&self.office.store.system(), command)
    }

    pub fn look<T>(&self, look: impl FnOnce(&mut Tx<'_>) -> outpace_store::Result<T>) -> T {
        self.office.store.read(look).unwrap()
    }

    pub fn order(&self, id: outpace_core::OrderId) -> Order {
        self.look(|tx| orders::by_id(tx, id)).unwrap()
    }

    pub fn state(&self, id: outpace_core::OrderId) -> OrderState {
        self.order(id).state
    }
}

pub fn actor(number: i64, role: Role) -> Actor {
    Actor::new(ActorId(number), ActorKind::Account, role, QINGXU)
}

/// Something of the sort that a kind is about.
fn subject_of(kind: &str) -> Subject {
    let playbook = outpace_policy::Library::embedded().playbook().unwrap();
    match outpace_orders::kinds::find(&playbook, kind).map(|kind| kind.subject) {
        Some(SubjectKind::Place) => Subject::Place(1.into()),
        Some(SubjectKind::Case) => Subject::Case(1.into()),
        _ => Subject::Area(WANGDA),
    }
}

pub fn new_order(key: &str, kind: &str) -> NewOrder {
    NewOrder {
        key: key.to_owned(),
        kind: kind.to_owned(),
        subject: subject_of(kind),
        area: WANGDA,
        task_force: None,
        team: None,
        deadline_at: None,
        because: text("a test"),
        clause: None,
        cause: None,
        form: Form::new(),
    }
}
