//! `kill -9` of the server at random moments while samplers register, some of them while it starts.

use std::net::SocketAddr;
use std::time::Duration;

use rand::RngExt;

use crate::crew::{Acknowledged, Caller, Crew, compare};
use crate::form::{Toll, amount, dice, on_sqlite};
use crate::house::House;

/// Samplers at work at once.
const CLIENTS: usize = 16;
/// Their pause between two tubes: the city lasts through all kills.
const PAUSE: Duration = Duration::from_millis(30);
/// A server lives this long between two kills, in milliseconds.
const LIVES_MS: std::ops::Range<u64> = 20..500;
/// A start is cut off after this long, in milliseconds.
const STARTS_MS: std::ops::Range<u64> = 0..300;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kills_of_the_server() {
    if on_sqlite() {
        of_the_server(&House::for_kills(), "sqlite", amount(3, 100)).await;
    }
}

/// Kills the server again and again, some of its starts as well; looks after each time, and once at the end.
pub async fn of_the_server(house: &House, engine: &'static str, times: usize) {
    let mut dice = dice("kill -9 of the server");
    let mut toll = Toll::of("kill -9 of the server", engine);
    let mut served = house.serve();
    let crew = Crew::begin(&house.city, vec![served.address()], CLIENTS, PAUSE);
    let mut checked = 0;
    for number in 0..times {
        crew.until_more_than(checked).await;
        tokio::time::sleep(Duration::from_millis(dice.random_range(LIVES_MS))).await;
        served.kill();
        toll.kills += 1;
        let witness = crew.witness().expect("tubes were acknowledged");
        let before = crew.acknowledged_after(checked);
        if number % 4 == 1 {
            let moment = Duration::from_millis(dice.random_range(STARTS_MS));
            tokio::task::block_in_place(|| house.spawn().kill_after(moment));
            toll.kills += 1;
        }
        served = tokio::task::block_in_place(|| house.serve());
        // What was under way at the kill is sent again; new tubes wait for the check.
        crew.rest(true);
        crew.go_to(vec![served.address()]);
        tokio::task::block_in_place(|| house.assert_whole(&witness));
        assert_all_are_there(house, served.address(), &before).await;
        crew.rest(false);
        checked += before.len();
    }
    let acknowledged = crew.end().await;
    served.kill();
    finish(toll, house, &acknowledged);
}

/// The last look: everything there once, the chain whole, the newest acknowledged head in it.
pub fn finish(toll: Toll, house: &House, acknowledged: &[Acknowledged]) {
    let newest = acknowledged.iter().max_by_key(|one| one.seq).expect("tubes were acknowledged");
    house.assert_whole(&newest.head);
    settle(toll, house, acknowledged);
    house.assert_rebuilds();
}

/// Asks the server for each tube: it has the people that were acknowledged, in their order.
pub async fn assert_all_are_there(house: &House, at: SocketAddr, acknowledged: &[Acknowledged]) {
    let caller = Caller::new(&house.city.office_token);
    for one in acknowledged {
        let seen = caller.look(at, &format!("/api/screening/tube?tube={}", one.code)).await;
        let people: Vec<i64> =
            seen["people"].as_array().unwrap().iter().filter_map(|member| member["person"].as_i64()).collect();
        assert_eq!(people, one.people, "tube {}", one.code);
    }
}

/// Compares the tables with everything that was acknowledged: nothing lost, nobody twice, nothing that nobody sent.
pub fn settle(mut toll: Toll, house: &House, acknowledged: &[Acknowledged]) {
    let tubes = house.tubes();
    toll.acknowledged = acknowledged.iter().map(|one| one.people.len() as i64).sum();
    (toll.found, toll.twice) = compare(acknowledged, &tubes);
    assert_eq!(tubes.len(), acknowledged.len(), "tubes that nobody was told of");
    toll.settle();
}
