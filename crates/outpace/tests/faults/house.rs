//! A small city in a data folder, and the real program that serves it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use outpace_bench::city::{self, City};
use outpace_server::office::{Opening, open};
use outpace_store::Place;
use tempfile::TempDir;

use crate::form::amount;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_outpace");

const PASSWORD: &str = "only for this test";

/// People of a small city.
const FEW: i64 = 9_000;
/// People of the city in which samplers work through a hundred kills.
const MANY: i64 = 60_000;

/// A city in a data folder of its own.
pub struct House {
    folder: TempDir,
    pub place: Place,
    pub city: City,
}

/// The people of each tube, by its code, in the order of their positions.
pub type Tubes = BTreeMap<String, Vec<i64>>;

/// Cities that were written, by their people: each once; every test works on a copy.
static WRITTEN: Mutex<BTreeMap<i64, (PathBuf, City)>> = Mutex::new(BTreeMap::new());

fn written(people: i64) -> (PathBuf, City) {
    let mut written = WRITTEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (folder, city) = written.entry(people).or_insert_with(|| {
        let folder = template(people);
        let city = city::write(&folder, Place::Folder, people, 0).unwrap();
        settle_log(&folder);
        (folder, city)
    });
    (folder.clone(), city.clone())
}

/// A folder of this process, so that two runs at once keep out of each other's way; those of runs that ended are removed.
fn template(people: i64) -> PathBuf {
    const NAME: &str = "faults-city-";
    let within = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in std::fs::read_dir(within).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(NAME).and_then(|rest| rest.split('-').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Another run may be removing it as well.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    within.join(format!("{NAME}{}-{people}", std::process::id()))
}

/// Brings what stands in the log into the file, so that both can be copied. Nobody writes there any more.
fn settle_log(folder: &Path) {
    let database = rusqlite::Connection::open(folder.join("outpace.sqlite")).unwrap();
    let busy: i64 = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
    assert_eq!(busy, 0, "somebody still writes the city");
}

/// Copies the files of a folder.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

impl House {
    /// A small city whose journal is a file of its folder.
    pub fn on_sqlite() -> Self {
        Self::copied(FEW)
    }

    /// A city that lasts through the kills of this form.
    pub fn for_kills() -> Self {
        Self::copied(amount(FEW, MANY))
    }

    fn copied(people: i64) -> Self {
        let (written, city) = written(people);
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        copy(&written, &folder.path().join("data"));
        Self { folder, place: Place::Folder, city }
    }

    /// A city on the engine that the suite runs on now: the file of a folder, or a schema of the server it names.
    pub fn of_this_turn() -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        match outpace_store::testing::place(folder.path()) {
            Place::Postgres(url) => Self::on_postgres(folder, url, FEW),
            _ => Self::on_sqlite(),
        }
    }

    /// A city for the kills of this form whose journal stands on a server.
    pub fn for_kills_on(url: String) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self::on_postgres(folder, url, amount(FEW, MANY))
    }

    fn on_postgres(folder: TempDir, url: String, people: i64) -> Self {
        let place = Place::Postgres(url);
        let city = city::write(&folder.path().join("data"), place.clone(), people, 0).unwrap();
        Self { folder, place, city }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The database file.
    pub fn file(&self) -> PathBuf {
        self.data().join("outpace.sqlite")
    }

    fn url(&self) -> String {
        match &self.place {
            Place::Postgres(url) => url.clone(),
            _ => "sqlite:".to_owned(),
        }
    }

    fn command(&self, words: &[&str], data: &Path) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(words).arg("--data").arg(data).args(["--db", &self.url()]);
        command.env("OUTPACE_ADMIN_PASSWORD", PASSWORD);
        command
    }

    /// Starts the server and does not wait for it.
    pub fn spawn(&self) -> Served {
        self.spawn_on(&self.data())
    }

    /// Starts a server on a copy of the folder, where the journal stands elsewhere.
    pub fn spawn_on(&self, data: &Path) -> Served {
        Served::spawn(self.command(&["serve", "--listen", "127.0.0.1:0"], data), &self.folder.path().join("log"))
    }

    /// Starts the server with files of at most so many bytes; writing more is an error, not a signal.
    pub fn spawn_limited(&self, bytes: u64) -> Served {
        let command = self.command(&["serve", "--listen", "127.0.0.1:0"], &self.data());
        let mut limited = Command::new("prlimit");
        limited.arg(format!("--fsize={bytes}:")).args(["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        limited.arg(command.get_program()).args(command.get_args());
        limited.env("OUTPACE_ADMIN_PASSWORD", PASSWORD);
        Served::spawn(limited, &self.folder.path().join("log"))
    }

    /// Starts the server and waits until it listens.
    pub fn serve(&self) -> Served {
        self.spawn().ready()
    }

    /// Runs `outpace admin verify`, with a head that was acknowledged.
    pub fn verify(&self, witness: Option<&str>) -> Output {
        let mut command = self.command(&["admin", "verify"], &self.data());
        if let Some(witness) = witness {
            command.args(["--witness", witness]);
        }
        command.output().unwrap()
    }

    /// The chain is whole, the witness stands in it, and the conservation law holds.
    pub fn assert_whole(&self, witness: &str) {
        let verified = self.verify(Some(witness));
        assert!(verified.status.success(), "{}", told(&verified));
    }

    /// The read models follow from the journal.
    pub fn assert_rebuilds(&self) {
        let rebuilt = self.command(&["rebuild"], &self.data()).output().unwrap();
        assert!(rebuilt.status.success(), "{}", told(&rebuilt));
    }

    /// Reads the tables. A file is read with a connection that is closed before this answers: the threads of a store in
    /// this process would close theirs a moment later, and take the log away from whoever opens the folder next.
    fn read(&self, sql: &str, mut each: impl FnMut(Option<String>, i64)) {
        if let Place::Folder = self.place {
            let database = rusqlite::Connection::open(self.file()).unwrap();
            let mut statement = database.prepare(sql).unwrap();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                each(row.get(0).unwrap(), row.get::<_, Option<i64>>(1).unwrap().unwrap_or(0));
            }
            return;
        }
        let opening = Opening {
            folder: self.data(),
            place: self.place.clone(),
            profile: None,
            pack: None,
            date: None,
            drill_from: None,
        };
        let store = open(opening).unwrap().office.store;
        let read: outpace_store::Result<()> = store.read(|tx| {
            tx.each(sql, &[], |row| {
                each(row.get(0)?, row.get::<Option<i64>>(1)?.unwrap_or(0));
                Ok(())
            })
        });
        read.unwrap();
    }

    /// Every tube with its people, as the tables have them.
    pub fn tubes(&self) -> Tubes {
        let mut tubes = Tubes::new();
        let sql = "SELECT t.code, s.person FROM tube t JOIN sample s ON s.j = t.j AND s.tube = t.number
             ORDER BY t.number, s.position";
        self.read(sql, |code, person| tubes.entry(code.unwrap_or_default()).or_default().push(person));
        tubes
    }

    /// One number from the tables: `what` begins after the SELECT.
    pub fn number(&self, what: &str) -> i64 {
        let mut found = 0;
        self.read(&format!("SELECT CAST(NULL AS TEXT), {what}"), |_, number| found = number);
        found
    }

    /// What the server wrote to its log so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// What a program said.
pub fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A server in a process of its own; killed when dropped.
pub struct Served {
    child: Child,
    /// What it prints. Kept, so that printing never fails.
    said: Lines<BufReader<ChildStdout>>,
    address: Option<SocketAddr>,
}

impl Served {
    fn spawn(mut command: Command, log: &Path) -> Self {
        let log = std::fs::OpenOptions::new().append(true).create(true).open(log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).stdin(Stdio::null()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said, address: None }
    }

    /// Waits until it says where it listens.
    pub fn ready(mut self) -> Self {
        for line in self.said.by_ref() {
            let line = line.unwrap();
            let named = line.split_whitespace().find_map(|word| word.strip_prefix("http://")?.parse().ok());
            if let Some(address) = named {
                self.address = Some(address);
                return self;
            }
        }
        panic!("the server ended before it listened: {:?}", self.child.wait());
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address.expect("asked only when it is ready")
    }

    /// Kills it at once (SIGKILL): no handler runs, nothing is flushed.
    pub fn kill(mut self) {
        self.kill_in_place();
    }

    /// The same, for one that is kept by somebody.
    pub fn kill_in_place(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets a start go on for a moment, then kills it.
    pub fn kill_after(self, moment: Duration) {
        std::thread::sleep(moment);
        self.kill();
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may be dead already; there is nothing left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
