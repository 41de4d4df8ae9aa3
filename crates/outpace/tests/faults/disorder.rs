//! The same thing told many times at once, things told in any order, a laboratory that contradicts itself.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use rand::RngExt;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::crew::Caller;
use crate::form::{Toll, amount, dice, engine};
use crate::house::House;

/// Clients that send the same at once.
const CLIENTS: usize = 10;
/// Tubes of a batch of results, and of a box.
const BATCH: i64 = 20;
/// People in a tube.
const TUBE: i64 = 3;

/// The people of a tube with a number of its own.
fn people(number: i64) -> Vec<i64> {
    (number * TUBE + 1..=number * TUBE + TUBE).collect()
}

fn registration(house: &House, code: &str, people: &[i64]) -> Value {
    json!(outpace_bench::city::tube(house.city.round, house.city.lanes[0], code, people))
}

/// Sends the same from many clients at once; answers what each was told.
async fn at_once(at: SocketAddr, token: &str, path: &'static str, body: &Value) -> Vec<Value> {
    let mut sent = JoinSet::new();
    for _ in 0..CLIENTS {
        let (caller, body) = (Caller::new(token), body.clone());
        sent.spawn(async move { caller.done(at, path, &body).await });
    }
    sent.join_all().await
}

fn sum(answers: &[Value], field: &str) -> i64 {
    answers.iter().map(|answer| answer[field].as_i64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_batch_from_ten_clients_at_once_is_recorded_once() {
    let house = House::of_this_turn();
    let served = house.serve();
    let at = served.address();
    let mut toll = Toll::of("the same from ten clients at once", engine());
    for batch in 0..amount(2, 50) {
        let tubes: Vec<i64> = (batch * BATCH..(batch + 1) * BATCH).collect();
        let codes: Vec<String> = tubes.iter().map(|number| format!("SAME-{number}")).collect();
        for (number, code) in tubes.iter().zip(&codes) {
            let request = registration(&house, code, &people(*number));
            let answers = at_once(at, &house.city.lane_tokens[0], "/api/screening/tubes", &request).await;
            let numbers: BTreeSet<i64> = answers.iter().map(|answer| answer["number"].as_i64().unwrap()).collect();
            let first = answers.iter().filter(|answer| answer["repeated"] == false).count();
            assert_eq!((numbers.len(), first), (1, 1), "{answers:?}");
            toll.acknowledged += TUBE;
        }
        let laboratory = house.city.laboratory;
        let token = &house.city.laboratory_token;
        let request = json!({ "laboratory": laboratory, "tubes": codes });
        let answers = at_once(at, token, "/api/screening/intake", &request).await;
        assert_eq!((sum(&answers, "received"), sum(&answers, "repeated")), (BATCH, BATCH * (CLIENTS as i64 - 1)));
        let results: Vec<Value> = codes.iter().map(|code| json!({ "tube": code, "outcome": "negative" })).collect();
        let request = json!({ "laboratory": laboratory, "results": results });
        let answers = at_once(at, token, "/api/screening/results", &request).await;
        assert_eq!((sum(&answers, "recorded"), sum(&answers, "repeated")), (BATCH, BATCH * (CLIENTS as i64 - 1)));
        toll.kills += CLIENTS as i64 - 1;
    }
    let head = Caller::new(&house.city.office_token).look(at, "/api/health").await["head"]["hash"].clone();
    drop(served);
    house.assert_whole(head.as_str().unwrap());
    let everybody: Vec<i64> = house.tubes().into_values().flatten().collect();
    let once: BTreeSet<&i64> = everybody.iter().collect();
    toll.found = once.len() as i64;
    toll.twice = (everybody.len() - once.len()) as i64;
    assert_eq!(house.number("COUNT(*) FROM conflict"), 0, "nothing strange happened");
    house.assert_rebuilds();
    toll.settle();
}

/// One observation about the tubes of a box: by whom, where it is sent, what.
struct Packet<'a> {
    token: &'a str,
    path: &'static str,
    body: Value,
}

/// Everything that is told of a box of tubes, in the order in which it happens.
fn way<'a>(house: &'a House, box_code: &str, tubes: &[(String, Vec<i64>)], positive: usize) -> Vec<Packet<'a>> {
    let (city, codes) = (&house.city, tubes.iter().map(|(code, _)| code).collect::<Vec<_>>());
    let (lane, courier) = (city.lane_tokens[0].as_str(), city.lane_tokens[1].as_str());
    let laboratory = city.laboratory_token.as_str();
    let mut way = Vec::new();
    for (code, people) in tubes {
        // Person by person, as a lane with a bad line does, then the whole tube sealed.
        for (index, person) in people.iter().enumerate() {
            let body = json!({
                "tube": code, "lane": city.lanes[0], "round": city.round, "position": index + 1,
                "swab": { "person": person },
            });
            way.push(Packet { token: lane, path: "/api/screening/swabs", body });
        }
        let body = registration(house, code, people);
        way.push(Packet { token: lane, path: "/api/screening/tubes", body });
    }
    let packed = json!({ "box": box_code, "tubes": codes });
    way.push(Packet { token: lane, path: "/api/screening/boxes/pack", body: packed });
    let given = json!({ "boxes": [box_code], "to": "courier" });
    way.push(Packet { token: lane, path: "/api/screening/hand-overs/give", body: given });
    let taken = json!({ "boxes": [box_code] });
    way.push(Packet { token: courier, path: "/api/screening/hand-overs/take", body: taken });
    let received = json!({ "laboratory": city.laboratory, "box": box_code, "tubes": codes });
    way.push(Packet { token: laboratory, path: "/api/screening/intake", body: received });
    let found = |index: usize| if index == positive { "positive" } else { "negative" };
    let results: Vec<Value> =
        codes.iter().enumerate().map(|(index, code)| json!({ "tube": code, "outcome": found(index) })).collect();
    let results = json!({ "laboratory": city.laboratory, "results": results });
    way.push(Packet { token: laboratory, path: "/api/screening/results", body: results });
    way
}

/// What must be the same whatever the order was: who is in the tube, where it is, what was found.
async fn state(caller: &Caller, at: SocketAddr, code: &str) -> Value {
    let seen = caller.look(at, &format!("/api/screening/tube?tube={code}")).await;
    let tube = &seen["tube"];
    let people: BTreeSet<i64> =
        seen["people"].as_array().unwrap().iter().filter_map(|member| member["person"].as_i64()).collect();
    json!({
        "people": people, "count": tube["people"], "stage": tube["stage"], "outcome": tube["outcome"],
        "laboratory": tube["laboratory"], "round": tube["round"],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_in_any_order_end_in_the_same_state() {
    const TUBES: i64 = 3;
    let house = House::of_this_turn();
    let served = house.serve();
    let at = served.address();
    let mut dice = dice("packets in random order");
    let mut toll = Toll::of("packets in random order", engine());
    let caller = Caller::new(&house.city.office_token);
    for number in 0..amount(12, 400) {
        let tubes: Vec<(String, Vec<i64>)> =
            (0..TUBES).map(|tube| (format!("ANY-{number}-{tube}"), people(number * TUBES + tube))).collect();
        let positive = dice.random_range(0..TUBES as usize * 2);
        let mut packets = way(&house, &format!("BOX-{number}"), &tubes, positive);
        // The first goes as it happens; the others are measured against it.
        if number > 0 {
            packets.shuffle(&mut dice);
            toll.kills += 1;
        }
        for packet in &packets {
            let told = Caller::new(packet.token).post(at, packet.path, &packet.body).await.expect("an answer");
            assert_eq!(told.status, 200, "box {number}: {} {}: {}", packet.path, packet.body, told.body);
        }
        for (index, (code, members)) in tubes.iter().enumerate() {
            let outcome = if index == positive { "positive" } else { "negative" };
            let right = json!({
                "people": members, "count": TUBE, "stage": "resulted", "outcome": outcome,
                "laboratory": house.city.laboratory, "round": house.city.round,
            });
            let order: Vec<&str> = packets.iter().map(|packet| packet.path).collect();
            assert_eq!(state(&caller, at, code).await, right, "tube {code} after {order:?}");
            toll.acknowledged += TUBE;
            toll.found += TUBE;
        }
    }
    let head = caller.look(at, "/api/health").await["head"]["hash"].clone();
    let conflicts = caller.look(at, "/api/orders/conflicts?open=true").await;
    let conflicts = conflicts["conflicts"].as_array().unwrap();
    assert!(!conflicts.is_empty() && conflicts.iter().all(|conflict| conflict["order"].is_i64()), "each has an order");
    drop(served);
    house.assert_whole(head.as_str().unwrap());
    house.assert_rebuilds();
    toll.settle();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laboratory_that_answers_twice_never_takes_a_positive_back() {
    let house = House::of_this_turn();
    let served = house.serve();
    let at = served.address();
    let mut dice = dice("a laboratory that answers twice");
    let mut toll = Toll::of("a laboratory that answers twice", engine());
    let office = Caller::new(&house.city.office_token);
    for number in 0..amount(4, 100) {
        let code = format!("TWO-{number}");
        let lane = Caller::new(&house.city.lane_tokens[0]);
        lane.done(at, "/api/screening/tubes", &registration(&house, &code, &people(number))).await;
        // Both answers from many clients at once, in whatever order they arrive.
        let mut answers = ["positive", "negative"].repeat(CLIENTS / 2);
        answers.shuffle(&mut dice);
        let mut sent = JoinSet::new();
        for outcome in answers {
            let caller = Caller::new(&house.city.laboratory_token);
            let results = json!([{ "tube": code, "outcome": outcome, "ct": { "N": 30.5 } }]);
            let body = json!({ "laboratory": house.city.laboratory, "results": results });
            sent.spawn(async move { caller.done(at, "/api/screening/results", &body).await });
        }
        let told = sent.join_all().await;
        assert_eq!(sum(&told, "recorded"), 2, "each of the two answers is recorded once");
        let seen = office.look(at, &format!("/api/screening/tube?tube={code}")).await;
        assert_eq!(seen["tube"]["outcome"], "positive", "{seen}");
        assert_eq!(seen["results"].as_array().unwrap().len(), 2, "both stand in the record");
        let conflicts = office.look(at, "/api/orders/conflicts?open=true&limit=20").await;
        let about: Vec<&Value> = conflicts["conflicts"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|conflict| conflict["what"]["en"].as_str().unwrap().contains(&format!("Tube {code}:")))
            .collect();
        let contradicts = about.iter().filter(|one| one["what"]["en"].as_str().unwrap().contains("results_contradict"));
        assert_eq!(contradicts.filter(|one| one["order"].is_i64()).count(), 1, "{about:?}");
        toll.kills += 1;
        toll.acknowledged += 2;
        toll.found += seen["results"].as_array().unwrap().len() as i64;
    }
    let head = office.look(at, "/api/health").await["head"]["hash"].clone();
    drop(served);
    house.assert_whole(head.as_str().unwrap());
    house.assert_rebuilds();
    toll.settle();
}
