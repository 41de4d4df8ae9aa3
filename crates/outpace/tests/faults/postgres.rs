//! `kill -9` of PostgreSQL under registration, of the server on it, and of one of two servers on one journal.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rand::RngExt;
use tempfile::TempDir;

use crate::crew::{Acknowledged, Crew};
use crate::form::{Toll, amount, dice, is_long, on_postgres};
use crate::house::{House, Served, copy, told};
use crate::kills::{assert_all_are_there, finish, of_the_server};

/// Samplers at work at once.
const CLIENTS: usize = 16;
/// Their pause between two tubes: the city lasts through all kills.
const PAUSE: Duration = Duration::from_millis(30);
/// Samplers work this long between two kills, in milliseconds.
const LIVES_MS: std::ops::Range<u64> = 50..600;

/// A PostgreSQL of one test's own, so that it can be killed without harm to others.
struct Postgres {
    folder: PathBuf,
    port: u16,
    _within: TempDir,
}

impl Postgres {
    fn start() -> (Self, String) {
        // In the system's folder for temporary files: the server's user must be able to walk to it.
        let within = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let postgres = Self { folder: within.path().join("postgres"), port, _within: within };
        let url = postgres.run("start");
        (postgres, url)
    }

    /// Kills the postmaster at once and starts it again, when all its children are gone.
    fn kill(&self) {
        self.run("kill");
    }

    fn run(&self, what: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres");
        let mut command = Command::new(script);
        command.arg(what).arg(&self.folder).env("OUTPACE_PG_PORT", self.port.to_string());
        // What a killed process wrote is the system's; only a machine that loses power needs the disk to be waited for.
        command.env("OUTPACE_PG_FSYNC", if is_long() { "on" } else { "off" });
        let output = command.output().unwrap();
        assert!(output.status.success(), "scripts/postgres {what}: {}", told(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run("stop");
    }
}

fn house(url: &str, schema: &str) -> House {
    House::for_kills_on(format!("{url}?schema={schema}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kills_of_postgresql_and_of_the_server_on_it() {
    if !on_postgres() {
        return;
    }
    let (postgres, url) = Postgres::start();
    of_postgresql(&postgres, &house(&url, "killed")).await;
    of_the_server(&house(&url, "server"), "postgresql", amount(2, 60)).await;
    of_one_of_two(&house(&url, "two")).await;
}

/// The server stays up, turns samplers away while its database is gone, and goes on by itself.
async fn of_postgresql(postgres: &Postgres, house: &House) {
    let mut dice = dice("kill -9 of PostgreSQL");
    let mut toll = Toll::of("kill -9 of PostgreSQL", "postgresql");
    let served = house.serve();
    let crew = Crew::begin(&house.city, vec![served.address()], CLIENTS, PAUSE);
    let mut checked = 0;
    for _ in 0..amount(2, 30) {
        crew.until_more_than(checked).await;
        tokio::time::sleep(Duration::from_millis(dice.random_range(LIVES_MS))).await;
        tokio::task::block_in_place(|| postgres.kill());
        toll.kills += 1;
        let witness = crew.witness().expect("tubes were acknowledged");
        let before = crew.acknowledged_after(checked);
        crew.until_more_than(checked + before.len()).await;
        crew.rest(true);
        tokio::task::block_in_place(|| house.assert_whole(&witness));
        assert_all_are_there(house, served.address(), &before).await;
        crew.rest(false);
        checked += before.len();
    }
    let acknowledged = crew.end().await;
    served.kill();
    finish(toll, house, &acknowledged);
}

/// Two servers on one journal, samplers at both. One is killed in the middle of the round; its samplers go to the
/// other, which takes the lock over. Then it comes back and the other is killed.
async fn of_one_of_two(house: &House) {
    let mut dice = dice("two servers, one killed");
    let mut toll = Toll::of("two servers, one killed", "postgresql");
    let twin = house.data().with_extension("twin");
    copy(&house.data(), &twin);
    let folders = [house.data(), twin];
    let mut pair: [Served; 2] = [house.spawn_on(&folders[0]).ready(), house.spawn_on(&folders[1]).ready()];
    let crew = Crew::begin(&house.city, vec![pair[0].address(), pair[1].address()], CLIENTS, PAUSE);
    let mut checked = 0;
    for number in 0..amount(2, 20) {
        crew.until_more_than(checked + CLIENTS).await;
        tokio::time::sleep(Duration::from_millis(dice.random_range(LIVES_MS))).await;
        let (dies, lives) = (number % 2, (number + 1) % 2);
        pair[dies].kill_in_place();
        toll.kills += 1;
        let before = crew.acknowledged_after(checked);
        // Whoever stood at the dead one goes on at the other, without its coming back.
        crew.until_more_than(checked + before.len() + CLIENTS * 2).await;
        assert_all_are_there(house, pair[lives].address(), &before).await;
        checked += before.len();
        pair[dies] = tokio::task::block_in_place(|| house.spawn_on(&folders[dies]).ready());
        crew.go_to(vec![pair[0].address(), pair[1].address()]);
    }
    let acknowledged = crew.end().await;
    // Both show the same tail, whoever wrote it.
    let last: Vec<Acknowledged> = acknowledged.iter().rev().take(CLIENTS).cloned().collect();
    for served in &pair {
        assert_all_are_there(house, served.address(), &last).await;
    }
    pair.into_iter().for_each(Served::kill);
    finish(toll, house, &acknowledged);
}
