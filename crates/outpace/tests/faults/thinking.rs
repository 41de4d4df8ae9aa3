//! What could stop a server from thinking while it still answers: follow-up work that nobody can do, numbers that run over, a
//! clock that fails, a flood of the same work. Positives are answered beside each of them, and the server says what is wrong.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use outpace_contacts::{FoundHow, Stage, cases, open_case};
use outpace_core::time::HOUR_MS;
use outpace_core::{CaseId, PersonId, Refusal, Seq, Text, Timestamp, Trigger, trigger};
use outpace_isolation::restrictions::commands::ObserveRestriction;
use outpace_isolation::restrictions::observe;
use outpace_isolation::{Because, NewRestriction, RestrictionKind, in_force_of, restrict};
use outpace_server::timekeeper;
use outpace_zoning::{Ground, ImposedBy};
use serde_json::{Value, json};

use crate::clocks::{Machine, office_by, wall_ms};
use crate::crew::Caller;
use crate::form::{Toll, amount, engine, on_sqlite};
use crate::house::{House, PROGRAM};

/// A positive is answered in this time, whatever else there is.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// A tube of three people comes back positive; answers how long it took until its people were held.
async fn positive_is_answered(house: &House, at: SocketAddr, number: i64) -> Duration {
    let people: Vec<i64> = (number * 3 + 1..=number * 3 + 3).collect();
    let code = format!("THINK-{number}");
    let request = json!(outpace_bench::city::tube(house.city.round, house.city.lanes[0], &code, &people));
    Caller::new(&house.city.lane_tokens[0]).done(at, "/api/screening/tubes", &request).await;
    let laboratory = Caller::new(&house.city.laboratory_token);
    let received = json!({ "laboratory": house.city.laboratory, "tubes": [code] });
    laboratory.done(at, "/api/screening/intake", &received).await;
    let held = format!("COUNT(*) FROM restriction WHERE person = {}", people[0]);
    let before = house.number(&held);
    let result = json!({ "tube": code, "outcome": "positive" });
    let results = json!({ "laboratory": house.city.laboratory, "results": [result] });
    laboratory.done(at, "/api/screening/results", &results).await;
    let began = Instant::now();
    while house.number(&held) == before {
        assert!(began.elapsed() < ANSWERED_WITHIN, "the positive {code} is not answered: {}", house.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    began.elapsed()
}

fn one_hour(person: i64, now: Timestamp) -> NewRestriction {
    NewRestriction {
        person: PersonId(person),
        kind: RestrictionKind::HomeQuarantine,
        ground: Ground {
            reason: Text::new("演练", "made up"),
            clause: "made up".to_owned(),
            facts: vec![Seq(1)],
            assessment: None,
        },
        because_of: Because::Case(CaseId(1)),
        class: None,
        starts_at: now,
        ends_at: now.plus_hours(1),
        test_days: Vec::new(),
        plan: None,
    }
}

async fn ready(at: SocketAddr, said: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let answer = Caller::get_open(at, "/readyz").await.map(|answer| answer.body).unwrap_or_default();
        if said(&answer) {
            return answer;
        }
        assert!(began.elapsed() < ANSWERED_WITHIN, "{answer}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_nobody_can_answer_is_named_and_holds_up_no_positive() {
    if !on_sqlite() {
        return;
    }
    let house = House::on_sqlite();
    let mut toll = Toll::of("a poison trigger", engine());
    // A trigger of a version that never was, older than everything else, about to be told as stuck.
    let poison = "INSERT INTO job (j, id, kind, payload, queued_at, attempts) SELECT j, -1, 'respond', '{\"comet\":7}', 0, 4 FROM folder";
    rusqlite::Connection::open(house.file()).unwrap().execute(poison, []).unwrap();
    let served = house.serve();
    let at = served.address();
    let answer = ready(at, |answer| answer["alarms"].to_string().contains("job -1 (respond) failed")).await;
    assert_eq!(answer["ready"], true, "the server goes on: {answer}");
    for number in 0..amount(1, 10) {
        positive_is_answered(&house, at, number).await;
        toll.kills += 1;
        toll.acknowledged += 3;
        toll.found += 3;
    }
    let health = Caller::new(&house.city.office_token).look(at, "/api/health").await;
    assert_eq!((&health["ok"], &health["thinking"]["stuck"][0]["job"]), (&json!(false), &json!(-1)), "{health}");
    drop(served);
    let listed =
        std::process::Command::new(PROGRAM).args(["admin", "jobs", "list", "--data"]).arg(house.data()).output();
    let listed = listed.unwrap();
    let told = String::from_utf8_lossy(&listed.stdout);
    assert!(told.contains("-1 respond {\"comet\":7}") && listed.status.code() == Some(1), "{told}");
    toll.settle();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_measure_that_began_before_time_stops_no_thought_of_the_server() {
    if !on_sqlite() {
        return;
    }
    let house = House::on_sqlite();
    let mut toll = Toll::of("numbers that run over", engine());
    let machine = Arc::new(Machine::default());
    machine.pass(wall_ms());
    let office = office_by(&house, &machine);
    let mut call = office.system_call();
    let seen = ObserveRestriction {
        person: PersonId(1),
        kind: RestrictionKind::FacilityQuarantine,
        reason: Text::new("演练", "made up"),
        starts_at: Timestamp(-9_200_000_000_000_000_000),
        ends_at: None,
        imposed_by: ImposedBy { whom: "演练".to_owned(), order_number: None, known_by: "inspection".to_owned() },
    };
    let planted = office.store.write(&office.store.system(), move |unit| {
        call.now = unit.now();
        observe(unit, &call, seen)?;
        // What the turn of the day asks for.
        unit.enqueue(trigger::RESPOND, &Trigger::Everything)?;
        Ok::<_, Refusal>(())
    });
    planted.unwrap();
    drop(office);
    let served = house.serve();
    let at = served.address();
    for number in 0..amount(1, 10) {
        positive_is_answered(&house, at, number).await;
        toll.kills += 1;
        toll.acknowledged += 3;
        toll.found += 3;
    }
    let answer = ready(at, |answer| answer["ready"] == true && answer["oldest_trigger_ms"].is_null()).await;
    assert_eq!(answer["alarms"], json!([]), "{answer}");
    assert!(!house.log().contains("panicked"), "{}", house.log());
    toll.settle();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_fails_keeps_nobody_in_quarantine() {
    if !on_sqlite() {
        return;
    }
    let house = House::on_sqlite();
    let mut toll = Toll::of("a clock of one capability fails", engine());
    let machine = Arc::new(Machine::default());
    machine.pass(wall_ms());
    let office = office_by(&house, &machine);
    let mut call = office.system_call();
    let now = office.store.now();
    let restricted = office.store.write(&office.store.system(), move |unit| {
        call.now = unit.now();
        (1..=3).try_for_each(|person| restrict(unit, &call, one_hour(person, now)).map(|_| ()))
    });
    restricted.unwrap();
    // Supplies cannot be read any more.
    outpace_store::testing::by_hand(&office.store, "ALTER TABLE balance RENAME TO balance_gone").unwrap();
    timekeeper::tick(&office).unwrap();
    machine.pass(2 * HOUR_MS);
    timekeeper::tick(&office).unwrap();
    for person in 1..=3 {
        let standing = office.store.read(|tx| in_force_of(tx, PersonId(person))).unwrap();
        let still = standing.iter().any(|one| one.kind == RestrictionKind::HomeQuarantine);
        toll.kills += 1;
        toll.acknowledged += 1;
        toll.found += i64::from(!still);
    }
    let alarms = outpace_access::health::thought(&office).alarms;
    assert!(alarms.iter().any(|alarm| alarm.en.contains("shortages of supplies has failed")), "{alarms:?}");
    outpace_store::testing::by_hand(&office.store, "ALTER TABLE balance_gone RENAME TO balance").unwrap();
    timekeeper::tick(&office).unwrap();
    assert_eq!(outpace_access::health::thought(&office).alarms, []);
    toll.settle();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_check_ins_leaves_a_few_jobs_and_a_positive_overtakes_it() {
    if !on_sqlite() {
        return;
    }
    let house = House::on_sqlite();
    let mut toll = Toll::of("a flood of check-ins", engine());
    let machine = Arc::new(Machine::default());
    machine.pass(wall_ms());
    let office = office_by(&house, &machine);
    let mut call = office.system_call();
    let case = cases::OpenCase {
        person: PersonId(5_000),
        stage: Stage::Confirmed,
        found_how: FoundHow::ActiveScreening,
        found_at: None,
        dates: cases::CaseDates::default(),
        tube: None,
        evidence: None,
    };
    let opened = office.store.write(&office.store.system(), move |unit| {
        call.now = unit.now();
        open_case(unit, &call, case)
    });
    opened.unwrap();
    drop(office);
    let served = house.serve();
    let at = served.address();
    // The case's own check-ins at its gate: each may change whom it met.
    let (requests, mut most) = (amount(500, 5_000), 0_i64);
    let (place, token) = (house.city.places[0], house.city.gate_tokens[0].clone());
    let flood = tokio::spawn(async move {
        let gate = Caller::new(&token);
        let mut turned_away = 0;
        for number in 0..requests {
            let rows: Vec<Value> = (1..=20)
                .map(|index| json!({ "counter": number * 20 + index, "person": 5_000, "at": wall_ms() - number * 20 - index }))
                .collect();
            let answer =
                gate.post(at, "/api/status/check-ins", &json!({ "place": place, "check_ins": rows })).await.unwrap();
            match answer.status {
                200 => {}
                429 => {
                    assert!(answer.retry_after.is_some(), "{}", answer.body);
                    turned_away += 1;
                }
                _ => panic!("{}", answer.body),
            }
        }
        turned_away
    });
    while !flood.is_finished() {
        let waiting = house.number("COUNT(*) FROM job");
        most = waiting.max(most);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    flood.await.unwrap();
    assert!(most <= 6, "{most} jobs waited at once");
    toll.kills += requests;
    toll.acknowledged += 3;
    positive_is_answered(&house, at, 1).await;
    toll.found += 3;
    toll.settle();
}
