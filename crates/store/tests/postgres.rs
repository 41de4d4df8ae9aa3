//! What a PostgreSQL does in its bad hours: a stand-by first in the URL, a host that says nothing, wrong names, servers that
//! have nothing to do. Where the tests run on PostgreSQL (`OUTPACE_TEST_DB`): elsewhere there is no server to start.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use marbles::{count, open_at, put, total};
use outpace_store::{Place, Result, Store, testing};
use tempfile::TempDir;

/// A PostgreSQL of one test's own.
struct Server {
    folder: PathBuf,
    port: u16,
    _within: TempDir,
}

impl Server {
    fn start() -> Self {
        // In the system's folder for temporary files: the server's user must be able to walk to it.
        let within = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder: within.path().join("postgres"), port, _within: within };
        server.run("start");
        server
    }

    fn run(&self, what: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres");
        let mut command = Command::new(script);
        command.arg(what).arg(&self.folder).env("OUTPACE_PG_PORT", self.port.to_string());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Statements in SQL, by the server's own client; the answer without headings.
    fn sql(&self, text: &str) -> String {
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", self.port);
        let output = Command::new("psql").args(["-X", "-A", "-t", "-q", "-c", text, &url]).output().unwrap();
        assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("stop");
    }
}

fn on_postgres() -> bool {
    std::env::var(testing::VARIABLE).is_ok_and(|url| !url.is_empty())
}

fn opened(folder: &Path, hosts: &str, database: &str, options: &str) -> Result<Store> {
    let url = format!("postgres://postgres@{hosts}/{database}?{options}");
    open_at(folder, url.parse::<Place>()?, 140_121, false)
}

fn refused(hosts: &str, database: &str, options: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    match opened(folder.path(), hosts, database, options) {
        Ok(_) => panic!("{hosts} {database} {options} was opened"),
        Err(error) => error.to_string(),
    }
}

/// Two servers that have nothing to do look a few times a second and sleep in between.
#[test]
fn idle_servers_ask_a_few_times_a_second_and_hear_of_a_write_at_once() {
    if !on_postgres() {
        return;
    }
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let hosts = format!("127.0.0.1:{}", server.port);
    let first = opened(folder.path(), &hosts, "postgres", "").unwrap();
    let second = opened(folder.path(), &hosts, "postgres", "").unwrap();
    put(&first, "red", 1).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let commits = || {
        server.sql(
            "SELECT pg_stat_force_next_flush(); SELECT xact_commit FROM pg_stat_database WHERE datname = 'postgres'",
        )
    };
    let number = |text: String| text.lines().last().unwrap().parse::<i64>().unwrap();
    let before = number(commits());
    std::thread::sleep(Duration::from_secs(4));
    let looks = number(commits()) - before;
    // Each looks four times a second and at its jobs every five seconds; figures reach the counter with a delay.
    assert!(looks < 200, "{looks} transactions in 4 s of doing nothing");
    let begun = Instant::now();
    put(&first, "red", 1).unwrap();
    while total(&second) < 2 {
        assert!(begun.elapsed() < Duration::from_secs(5), "the other server never heard of it");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The old primary comes back as a stand-by and stands first in the URL: every new connection goes past it.
#[test]
fn a_stand_by_first_in_the_url_is_passed_over_and_only_stand_bys_are_refused_in_words() {
    if !on_postgres() {
        return;
    }
    let (standby, primary) = (Server::start(), Server::start());
    standby.sql("ALTER SYSTEM SET default_transaction_read_only = on");
    standby.sql("SELECT pg_reload_conf()");
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", standby.port, primary.port);
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path(), &hosts, "postgres", "").unwrap();
    for _ in 0..3 {
        put(&store, "red", 1).unwrap();
        // Every connection is dropped, as a failover does; writing goes on where writes are taken.
        primary.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
        let begun = Instant::now();
        while put(&store, "blue", 1).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "writing never went on");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    assert!(count(&store, "red") == 3 && count(&store, "blue") >= 3);
    let told = refused(&format!("127.0.0.1:{0},127.0.0.1:{0}", standby.port), "postgres", "");
    assert!(told.contains("none of the 2 hosts") && told.contains("备库"), "{told}");
}

#[test]
fn what_the_server_refuses_is_told_with_what_to_do_in_both_languages() {
    if !on_postgres() {
        return;
    }
    let server = Server::start();
    server.sql("CREATE ROLE weak LOGIN");
    server.sql("REVOKE CREATE ON DATABASE postgres FROM PUBLIC");
    let hosts = format!("127.0.0.1:{}", server.port);
    let told = refused(&hosts, "nowhere", "");
    assert!(
        told.contains("\"nowhere\" does not exist") && told.contains("createdb") && told.contains("没有这个数据库"),
        "{told}"
    );
    let folder = tempfile::tempdir().unwrap();
    let url = format!("postgres://weak@{hosts}/postgres");
    let told = match open_at(folder.path(), url.parse().unwrap(), 140_121, false) {
        Ok(_) => panic!("who may not create was let in"),
        Err(error) => error.to_string(),
    };
    assert!(told.contains("permission denied") && told.contains("GRANT CREATE") && told.contains("权限不足"), "{told}");
    // Time limits for other programs' short statements do not end ours.
    server.sql("ALTER DATABASE postgres SET statement_timeout = '1ms'");
    let store = opened(folder.path(), &hosts, "postgres", "").unwrap();
    put(&store, "red", 1).unwrap();
}

/// A host that takes connections and never says a word, as behind a firewall that swallows everything.
#[test]
fn a_host_that_says_nothing_is_given_up_in_time_and_the_next_one_is_taken() {
    if !on_postgres() {
        return;
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server::start();
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", silent.local_addr().unwrap().port(), server.port);
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let session = std::thread::spawn(move || {
        let store = opened(folder.path(), &hosts, "postgres", "sslmode=disable").unwrap();
        put(&store, "red", 1).map(|_| ()).unwrap();
    });
    while !session.is_finished() {
        assert!(begun.elapsed() < Duration::from_secs(60), "still waiting for a host that says nothing");
        std::thread::sleep(Duration::from_millis(100));
    }
    session.join().unwrap();
}
