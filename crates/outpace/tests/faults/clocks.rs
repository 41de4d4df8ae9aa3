//! Clocks that jump: of devices, in what they send; of the server itself, under an open journal.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use outpace_access::Office;
use outpace_core::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use outpace_core::{Clock, Timestamp};
use outpace_policy::Library;
use outpace_server::clock::{Source, SteadyClock};
use outpace_server::every_route::every_capability;
use outpace_server::{office, timekeeper};
use outpace_store::{Settings, Store};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::crew::Caller;
use crate::form::{Toll, amount, dice, engine, on_sqlite};
use crate::house::House;

/// A device's clock may run ahead so far before it is said so.
const AHEAD_MS: i64 = 2 * MINUTE_MS;

fn wall_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// A device's moment: somewhat off, far off, or nonsense.
fn moment(number: i64, dice: &mut ChaCha8Rng) -> i64 {
    let now = wall_ms();
    match number % 8 {
        0 => now + 365 * DAY_MS,
        1 => i64::MAX,
        2 => i64::MIN,
        3 => now - 3_650 * DAY_MS,
        4 => 0,
        5 => now + HOUR_MS,
        6 => now - HOUR_MS,
        _ => now + dice.random_range(-DAY_MS..DAY_MS),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_of_devices_that_jump_are_recorded_flagged_and_shadow_nothing() {
    let house = House::of_this_turn();
    let served = house.serve();
    let at = served.address();
    let mut dice = dice("clocks of devices");
    let mut toll = Toll::of("clocks of devices jump", engine());
    let office = Caller::new(&house.city.office_token);
    let lane = Caller::new(&house.city.lane_tokens[0]);
    let laboratory = Caller::new(&house.city.laboratory_token);
    for number in 0..amount(16, 400) {
        let (code, person) = (format!("CLOCK-{number}"), number + 1);
        let mut device = || moment(dice.random_range(0..8), &mut dice_of(number));
        let (taken, told) = (moment(number, &mut dice_of(number)), device());
        let body = json!({
            "tube": code, "lane": house.city.lanes[0], "round": house.city.round, "seal": true,
            "people": [{ "person": person, "taken_at": taken }], "occurred_at": told,
        });
        lane.done(at, "/api/screening/tubes", &body).await;
        let packed = json!({ "box": format!("CLOCK-BOX-{number}"), "tubes": [code], "occurred_at": device() });
        lane.done(at, "/api/screening/boxes/pack", &packed).await;
        let received = json!({ "laboratory": house.city.laboratory, "tubes": [code], "occurred_at": device() });
        laboratory.done(at, "/api/screening/intake", &received).await;
        let result = json!({ "tube": code, "outcome": "negative", "tested_at": device() });
        let results = json!({ "laboratory": house.city.laboratory, "results": [result] });
        laboratory.done(at, "/api/screening/results", &results).await;

        let now = wall_ms();
        let seen = office.look(at, &format!("/api/screening/tube?tube={code}")).await;
        let flagged = seen["people"][0]["flags"].as_array().is_some_and(|flags| flags.contains(&json!("clock_ahead")));
        assert_eq!(flagged, taken.max(told).saturating_sub(now) > AHEAD_MS, "{taken} {told} {now}: {seen}");
        let status = office.look(at, &format!("/api/status/person?person={person}")).await;
        for field in ["last_sample_at", "last_negative_at"] {
            let shown = status[field].as_i64();
            assert!(shown.is_none_or(|shown| shown <= now), "{field} of {taken}: {status}");
        }
        toll.kills += 1;
        toll.acknowledged += 1;
        toll.found += i64::from(seen["people"][0]["person"] == person && seen["tube"]["stage"] == "resulted");
    }
    // Whatever is shown of these tubes can be shown.
    for page in ["late", "flow", "conservation?recount=true"] {
        office.look(at, &format!("/api/screening/{page}")).await;
    }
    let health: Value = office.look(at, "/api/health").await;
    assert_eq!(health["ok"], true, "{health}");
    drop(served);
    house.assert_whole(health["head"]["hash"].as_str().unwrap());
    assert_eq!(house.number(BACKWARDS), 0, "the journal never runs backwards");
    house.assert_rebuilds();
    assert!(!house.log().contains("panicked"), "{}", house.log());
    toll.settle();
}

/// A stream for one tube, so that its moments do not depend on how many were drawn before.
fn dice_of(number: i64) -> ChaCha8Rng {
    use rand::SeedableRng;
    ChaCha8Rng::seed_from_u64(number.unsigned_abs())
}

/// Entries that were recorded before the one they follow.
const BACKWARDS: &str = "COUNT(*) FROM journal a JOIN journal b ON b.j = a.j AND b.seq = a.seq + 1
    WHERE b.recorded_at < a.recorded_at";

/// The machine's clocks, as the test sets them: the wall's, and the one that only counts on.
#[derive(Default)]
struct Machine {
    wall_ms: AtomicI64,
    counted_ms: AtomicI64,
}

impl Machine {
    /// Time passes as it should.
    fn pass(&self, ms: i64) {
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
        self.counted_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody, or a bad time server, sets the wall's clock.
    fn jump(&self, ms: i64) {
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Source for Machine {
    fn wall_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn counted_ms(&self) -> i64 {
        self.counted_ms.load(Ordering::SeqCst)
    }
}

/// An office on this house whose clock is a machine's that the test sets.
fn office_by(house: &House, machine: &Arc<Machine>) -> Office {
    let library = Library::embedded();
    let now = Timestamp(machine.wall_ms());
    let date = office::local_date(now, 480).unwrap();
    let rules = office::rulebook(&library, "cn-2021-ed8", "taiyuan", date).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SteadyClock::new(Arc::clone(machine) as Arc<dyn Source>));
    let settings =
        Settings { folder: house.data(), place: house.place.clone(), area: rules.profile.area, drill: false, clock };
    Office::new(Store::open(settings, every_capability()).unwrap(), rules)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_clock_may_jump_and_no_deadline_fires() {
    if !on_sqlite() {
        return;
    }
    let house = House::on_sqlite();
    let mut dice = dice("the server's clock");
    let mut toll = Toll::of("clock of the server jumps", engine());
    // An order that waits for a deadline: somebody to settle an unregistered tube.
    let served = house.serve();
    let body = json!({ "laboratory": house.city.laboratory, "tubes": ["NOBODYS"] });
    Caller::new(&house.city.laboratory_token).done(served.address(), "/api/screening/intake", &body).await;
    served.kill();
    let machine = Arc::new(Machine::default());
    machine.pass(wall_ms());
    let office = office_by(&house, &machine);
    let began = office.store.now();
    let mut passed = 0;
    for _ in 0..amount(20, 500) {
        let ms = dice.random_range(-400 * DAY_MS..400 * DAY_MS);
        machine.jump(ms);
        timekeeper::tick(&office).unwrap();
        machine.pass(2_000);
        passed += 2_000;
        let off = office.store.now().since(began) - passed;
        assert!(off.abs() < MINUTE_MS, "off by {off} ms after a jump by {ms} ms");
        timekeeper::tick(&office).unwrap();
        // A time server puts it right again.
        machine.jump(-ms);
        toll.kills += 1;
        toll.acknowledged += 1;
        toll.found += 1;
    }
    let overdue: outpace_store::Result<i64> = office
        .store
        .read(|tx| tx.number("SELECT COUNT(*) FROM journal WHERE kind = 'orders.order_became_overdue'", &[]));
    assert_eq!(overdue.unwrap(), 0, "a deadline fired that had not come");
    // A clock that stays where it was set is believed in the end: it may have been wrong before.
    machine.jump(3 * HOUR_MS);
    for _ in 0..20 {
        machine.pass(MINUTE_MS);
        passed += MINUTE_MS;
        timekeeper::tick(&office).unwrap();
    }
    assert_eq!(office.store.now().since(began), passed + 3 * HOUR_MS);
    drop(office);
    assert_eq!(house.number(BACKWARDS), 0, "the journal never runs backwards");
    toll.settle();
}
