//! A Monday morning, measured: how long the board of a city takes to fill from the tables, status reads alone and beside
//! a writer that never rests, and check-ins until they are on disk. Prints JSON; asserts no time.
//!
//! `cargo run --release -p outpace-status --example monday -- [people] [samples per person] [check-ins]`

// An example may stop where a tool would tell its user.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use outpace_access::{Call, Rulebook};
use outpace_contacts::check_ins::{CheckIns, NewCheckIn};
use outpace_core::{Actor, ActorId, ActorKind, AreaId, Clock, PersonId, PlaceId, Role, Timestamp, trigger};
use outpace_policy::{Date, Library};
use outpace_store::{Capabilities, Capability, Place, Settings, Store, StoreError, Tx, values};

const COUNTY: AreaId = AreaId(140_121);
const PEOPLE_PER_GRID: i64 = 300;
const PLACES: i64 = 1_000;
const BATCH: i64 = 500;
const READ_SECONDS: u64 = 5;

struct Wall;

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Timestamp(i64::try_from(since.as_millis()).unwrap())
    }
}

fn open(folder: &Path) -> Store {
    let idle = Capability::new("response").work(trigger::RESPOND, |store, job| {
        let id = job.id;
        store.write(&store.system(), move |unit| unit.finish_job(id)).map(|_| ())
    });
    let capabilities = Capabilities::new(vec![
        outpace_registry::capability(),
        outpace_orders::capability(),
        outpace_zoning::capability(),
        outpace_isolation::capability(),
        outpace_contacts::capability(),
        outpace_screening::capability(),
        outpace_status::capability(),
        idle,
    ]);
    let clock = Arc::new(Wall);
    let settings = Settings { folder: folder.to_owned(), place: Place::Folder, area: COUNTY, drill: true, clock };
    Store::open(settings, capabilities).unwrap()
}

fn grid_of(person: i64) -> AreaId {
    let grid = person / PEOPLE_PER_GRID;
    AreaId(140_121_000_000_000 + (grid / 999 % 1_000_000) * 1_000 + grid % 999 + 1)
}

/// Writes rows as folds would leave them, without their facts: what is measured is reading them.
fn write(
    store: &Store,
    rows: i64,
    at_once: i64,
    row: impl Fn(&mut Tx<'_>, i64) -> outpace_store::Result<()> + Copy + Send + 'static,
) {
    for first in (1..=rows).step_by(at_once as usize) {
        let last = rows.min(first + at_once - 1);
        let done = store.write(&store.system(), move |unit| {
            unit.open()?;
            (first..=last).try_for_each(|id| row(unit.tx(), id))
        });
        done.map_err(|error: StoreError| error.to_string()).unwrap();
    }
}

fn furnish(store: &Store, people: i64, samples: i64) {
    write(store, people, 200_000, |tx, id| {
        let sql = "INSERT INTO person (j, id, household, area, birth_year, sex, tags, present)
            VALUES ($1, $2, $3, $4, 1980, 'male', 0, 1)";
        let j = tx.jurisdiction();
        tx.execute(sql, values![j, id, id / 3, grid_of(id)]).map(|_| ())
    });
    write(store, PLACES, PLACES, |tx, id| {
        let sql = "INSERT INTO place (j, id, class, name, name_en, area, staff)
            VALUES ($1, $2, 'market', 'x', 'x', $3, 1)";
        let j = tx.jurisdiction();
        tx.execute(sql, values![j, id, grid_of(id * PEOPLE_PER_GRID)]).map(|_| ())
    });
    let tubes = people / 10;
    write(store, tubes * samples, 20_000, move |tx, number| {
        let (j, at) = (tx.jurisdiction(), number * 60_000);
        let sql = "INSERT INTO tube (j, number, code, round, site, lane, purpose, people_max, household, people,
              first_taken_at, wave, stage, outcome, results, rank, ambient_due_at, laboratory_due_at, result_due_at,
              homes, flags)
            VALUES ($1, $2, 'x', 0, 1, 1, 'routine', 10, 0, 10, $3, 0, 'resulted', 'negative', 1, 0, 0, 0, 0, '[]', '')";
        tx.execute(sql, values![j, number, at])?;
        let before = (number - 1) % tubes * 10;
        (1..=10).try_for_each(|position| {
            let sql = "INSERT INTO sample (j, tube, position, person, taken_at, flags) VALUES ($1, $2, $3, $4, $5, '')";
            tx.execute(sql, values![j, number, position, before + position, at]).map(|_| ())
        })
    });
}

fn rules() -> Arc<Rulebook> {
    let library = Library::embedded();
    Arc::new(Rulebook {
        pack: library.pack("cn-2021-ed8", Date::constant(2022, 4, 13)).unwrap(),
        playbook: library.playbook().unwrap(),
        profile: library.profile("qingxu").unwrap(),
    })
}

/// Reads statuses of people at random for some seconds; every thousandth is timed by itself.
fn read(store: &Store, people: i64, rules: &Rulebook) -> serde_json::Value {
    let display = outpace_status::display_of(store);
    let (now, started) = (store.now(), Instant::now());
    let (mut reads, mut person, mut took) = (0_u64, 1_i64, Vec::new());
    while started.elapsed().as_secs() < READ_SECONDS {
        for timed in 0..1_000 {
            person = (person * 48_271 + 11) % people + 1;
            let one = (timed == 0).then(Instant::now);
            std::hint::black_box(display.board().status(PersonId(person), now, &rules.pack));
            took.extend(one.map(|one| one.elapsed().as_nanos() as u64));
        }
        reads += 1_000;
    }
    let rate = (reads as f64 / started.elapsed().as_secs_f64()).round();
    took.sort_unstable();
    serde_json::json!({ "per_s": rate, "p50_ns": took[took.len() / 2], "p99_ns": took[took.len() * 99 / 100] })
}

/// Sends check-ins of a thousand devices, a few requests at a time, until enough are on disk or it is told to stop.
fn check_in(store: &Store, people: i64, many: i64, devices_from: i64, rules: &Arc<Rulebook>, stop: &AtomicBool) -> f64 {
    let started = Instant::now();
    let mut sent = 0;
    while sent < many && !stop.load(Ordering::Relaxed) {
        let request = sent / BATCH;
        let (device, first, now) = (request % 1_000, request / 1_000 * BATCH, store.now());
        let id = ActorId(devices_from + device);
        let actor = Actor::new(id, ActorKind::Device, Role::Gatekeeper, COUNTY);
        let call = Call { actor: actor.clone(), now, rules: rules.clone(), drill: true };
        let one = |index: i64| NewCheckIn {
            counter: first + index,
            person: PersonId((sent + index) * 48_271 % people + 1),
            at: now.plus_minutes(-(index % 60)),
            code: None,
        };
        let place = PlaceId(device + 1);
        let body = CheckIns { place, sent_at: Some(now), check_ins: (1..=BATCH).map(one).collect() };
        sent += BATCH;
        let command = move |unit: &mut outpace_store::Unit<'_>| outpace_status::http::check_in(unit, &call, body);
        if request % 8 == 7 || sent >= many {
            // Waits for its commit, and with it for those of the requests before.
            store.write(&actor, command).unwrap();
        } else {
            store.submit(&actor, command, |answer| assert!(answer.is_ok()));
        }
    }
    (sent as f64 / started.elapsed().as_secs_f64()).round()
}

/// Opens the folder again: seconds until the board is filled. The first time after a load, SQLite settles its log too.
fn reopen(store: Store, folder: &Path) -> (f64, Store) {
    drop(store);
    // The writer's thread closes the file once the last handle is gone.
    std::thread::sleep(Duration::from_secs(2));
    let started = Instant::now();
    let store = open(folder);
    (started.elapsed().as_secs_f64(), store)
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<i64>().expect("a number"));
    let people = arguments.next().unwrap_or(5_300_000);
    let samples = arguments.next().unwrap_or(1);
    let check_ins = arguments.next().unwrap_or(1_000_000);
    let folder = std::env::temp_dir().join(format!("outpace-monday-{}", std::process::id()));
    let (store, rules) = (open(&folder), rules());
    furnish(&store, people, samples);
    let (first_open_s, store) = reopen(store, &folder);
    let (open_s, store) = reopen(store, &folder);
    let bytes = outpace_status::display_of(&store).board().bytes();
    let stop = AtomicBool::new(false);
    let alone = read(&store, people, &rules);
    let durable = check_in(&store, people, check_ins, 1_000, &rules, &stop);
    let (beside, written) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| check_in(&store, people, i64::MAX, 10_000, &rules, &stop));
        let beside = read(&store, people, &rules);
        stop.store(true, Ordering::Relaxed);
        (beside, writer.join().unwrap())
    });
    let report = serde_json::json!({
        "people": people,
        "samples": people / 10 * samples * 10,
        "first_open_after_load_s": first_open_s,
        "open_with_restore_s": open_s,
        "board_bytes_per_person": bytes as f64 / people as f64,
        "status_alone": alone,
        "check_ins_durable_per_s": durable,
        "check_ins_per_request": BATCH,
        "status_beside_check_ins": beside,
        "check_ins_beside_status_per_s": written,
    });
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    drop(store);
    let _ = std::fs::remove_dir_all(folder);
}
