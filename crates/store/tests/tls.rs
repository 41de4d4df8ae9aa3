//! TLS to PostgreSQL, on a server of the test's own that speaks it, and on one that does not. Where the tests run on PostgreSQL
//! (`OUTPACE_TEST_DB`): elsewhere there is no server to start.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod marbles;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use marbles::{count, open_at, put, total};
use outpace_store::{Place, Result, Store, testing, vault};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// A PostgreSQL of one test's own.
struct Server {
    folder: PathBuf,
    port: u16,
    within: TempDir,
}

impl Server {
    /// Starts one, with the certificate that stands in a folder of it where `tls` is said.
    fn start(tls: bool) -> Self {
        Self::start_with(tls, certificate)
    }

    fn start_with(tls: bool, certificate: impl FnOnce(&Path)) -> Self {
        // In the system's folder for temporary files: the server's user must be able to walk to it.
        let within = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { folder: within.path().join("postgres"), port, within };
        certificate(server.within.path());
        server.run("start", tls);
        server
    }

    fn run(&self, what: &str, tls: bool) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres");
        let mut command = Command::new(script);
        command.arg(what).arg(&self.folder).env("OUTPACE_PG_PORT", self.port.to_string());
        if tls {
            command.env("OUTPACE_PG_TLS", self.within.path());
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The journal on it, by a host's name and with options of the URL.
    fn open(&self, host: &str, options: &str) -> Result<Store> {
        let url = format!("postgres://postgres@{host}:{}/postgres?{options}", self.port);
        open_at(&self.within.path().join("data"), url.parse::<Place>()?, 140_121, false)
    }

    fn refused(&self, host: &str, options: &str, words: &[&str]) {
        let Err(error) = self.open(host, options) else { panic!("{host} {options} was let in") };
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{host} {options}: {text}");
    }

    fn file(&self, name: &str) -> String {
        self.within.path().join(name).display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("stop", false);
    }
}

/// An authority (`ca.pem`), another one (`other.pem`), and a certificate of the first for localhost.
fn certificate(folder: &Path) {
    let authority = |file: &str| {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        std::fs::write(folder.join(file), params.self_signed(&key).unwrap().pem()).unwrap();
        Issuer::new(params, key)
    };
    authority("other.pem");
    let issuer = authority("ca.pem");
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("server.crt"), params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}

/// Whether every connection of this database, this one included, is encrypted, as the server sees it.
fn all_encrypted(store: &Store) -> bool {
    let told = store.read(|tx| {
        tx.number(
            "SELECT COUNT(*) FROM pg_stat_ssl s JOIN pg_stat_activity a ON a.pid = s.pid
             WHERE NOT s.ssl AND a.backend_type = 'client backend'",
            &[],
        )
    });
    told.unwrap() == 0
}

fn on_postgres() -> bool {
    matches!(testing::place(Path::new("")), Place::Postgres(_))
}

#[test]
fn a_database_is_spoken_to_over_tls_and_only_who_it_should_be() {
    if !on_postgres() {
        return;
    }
    let server = Server::start(true);
    let (ca, other) = (server.file("ca.pem"), server.file("other.pem"));
    server.refused("localhost", "sslmode=disable", &["database"]);
    let full = format!("sslmode=verify-full&sslrootcert={ca}");
    server.refused("localhost", &format!("sslmode=verify-full&sslrootcert={other}"), &["sslrootcert", "证书机构"]);
    server.refused("localhost", &format!("sslmode=require&sslrootcert={other}"), &["sslrootcert", "证书机构"]);
    server.refused("127.0.0.1", &full, &["127.0.0.1", "签发"]);
    server.refused("127.0.0.1", &format!("sslrootcert={ca}"), &["127.0.0.1", "签发"]);
    server.refused("localhost", "sslmode=verify-full", &["sslrootcert=FILE.pem"]);
    let absent = server.file("absent.pem");
    server.refused("localhost", &format!("sslrootcert={absent}"), &["absent.pem", "PEM"]);
    let no_certificate = server.file("server.key");
    server.refused("localhost", &format!("sslrootcert={no_certificate}"), &["server.key", "PEM"]);
    // The same journal each time, so that each one reads what the one before wrote.
    let modes = [full, format!("sslmode=require&sslrootcert={ca}"), "sslmode=require".to_owned(), String::new()];
    for (marbles, options) in (1..).zip(&modes) {
        let host = if options.contains("verify-full") { "localhost" } else { "127.0.0.1" };
        let store = server.open(host, options).unwrap();
        put(&store, "blue", 1).unwrap();
        assert_eq!((count(&store, "blue"), total(&store)), (marbles, marbles), "{options}");
        // More than a record of TLS holds, there and back.
        let long = vec![7; 300_000];
        let kept = long.clone();
        store.write(&store.system(), move |unit| vault::keep(unit, "identity", marbles, &kept, &[])).unwrap();
        assert_eq!(*store.read(|tx| vault::open(tx, store.keys(), marbles)).unwrap().unwrap(), long);
        assert!(all_encrypted(&store), "{options}");
    }
}

/// A certificate of version 1 in the hand of its own key, as `openssl x509 -req` makes one: many an office's database has it.
fn certificate_of_version_1(folder: &Path) {
    let openssl = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let new = "req -new -newkey rsa:2048 -nodes -subj /CN=db -keyout server.key -out server.csr";
    openssl(&new.split(' ').collect::<Vec<_>>());
    openssl(&"x509 -req -days 30 -in server.csr -signkey server.key -out server.crt".split(' ').collect::<Vec<_>>());
    let shown = openssl(&["x509", "-in", "server.crt", "-noout", "-text"]);
    assert!(shown.contains("Version: 1"), "{shown}");
}

#[test]
fn a_certificate_of_version_1_is_taken_where_nobody_is_verified_and_nowhere_else() {
    if !on_postgres() {
        return;
    }
    let server = Server::start_with(true, certificate_of_version_1);
    for options in ["", "sslmode=prefer", "sslmode=require"] {
        let store = server.open("127.0.0.1", options).unwrap();
        put(&store, "blue", 1).unwrap();
        assert!(all_encrypted(&store), "{options}");
    }
    let own = server.file("server.crt");
    assert!(server.open("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={own}")).is_err());
}

#[test]
fn a_database_without_tls_is_refused_where_tls_must_be() {
    if !on_postgres() {
        return;
    }
    let server = Server::start(false);
    let ca = server.file("ca.pem");
    for options in ["sslmode=require".to_owned(), format!("sslrootcert={ca}")] {
        server.refused("127.0.0.1", &options, &["ssl = on", "不提供 TLS"]);
    }
    for options in ["", "sslmode=prefer", "sslmode=disable"] {
        let store = server.open("127.0.0.1", options).unwrap();
        put(&store, "red", 1).unwrap();
        assert!(!all_encrypted(&store), "{options}");
    }
}
