//! A disk that is full: refused with a clear error, nothing half-written, and work goes on when there is room again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::crew::{Caller, Crew};
use crate::form::{Toll, amount, on_sqlite};
use crate::house::{House, Served, copy, told};
use crate::kills::{assert_all_are_there, settle};

const CLIENTS: usize = 4;
/// Room beyond the city's own files, in KiB: for the log, which grows to 16 MB before it is brought into the file.
const ROOM_KIB: u64 = 40_000;
/// How long a server may take to run into the end of the disk, and to find out that there is room again.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(program: &str, words: &[&str]) -> bool {
    let output = Command::new(program).args(words).output();
    output.is_ok_and(|output| {
        if !output.status.success() {
            println!("{program} {words:?}: {}", told(&output));
        }
        output.status.success()
    })
}

/// A small file system of its own; taken down when dropped.
struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// `None` where this user may not mount one.
    fn mounted(folder: &Path, kib: u64) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let at = folder.to_str().unwrap();
        let mounted = run("mount", &["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs", at]);
        mounted.then(|| Self { folder: folder.to_owned() })
    }

    /// Fills what is left, but for some KiB.
    fn fill(&self, but_kib: usize) {
        let mut ballast = std::fs::File::create(self.folder.join("ballast")).unwrap();
        while ballast.write_all(&[0; 4_096]).is_ok() {}
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length.saturating_sub(but_kib as u64 * 1_024)).unwrap();
    }

    fn empty(&self) {
        std::fs::remove_file(self.folder.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["-l", self.folder.to_str().unwrap()]);
    }
}

/// How this run takes room away and gives it back.
enum Room {
    /// A file system that is full.
    Mounted(Disk),
    /// A limit on the size of files, where nobody may mount anything.
    Limited(u32),
}

impl Room {
    fn take(&self) {
        match self {
            Self::Mounted(disk) => disk.fill(300),
            // The limit was set when the process started.
            Self::Limited(_) => {}
        }
    }

    fn give_back(&self) {
        match self {
            Self::Mounted(disk) => disk.empty(),
            Self::Limited(process) => {
                assert!(run("prlimit", &["--pid", &process.to_string(), "--fsize=unlimited"]));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_nothing_is_half_written() {
    if !on_sqlite() {
        return;
    }
    let house = House::on_sqlite();
    let kept = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    copy(&house.data(), kept.path());
    let size_kib = std::fs::metadata(house.file()).unwrap().len() / 1_024;
    let mut toll = Toll::of("disk full", "sqlite");
    let (served, room) = match Disk::mounted(&house.data(), size_kib + ROOM_KIB) {
        Some(disk) => {
            copy(kept.path(), &house.data());
            (house.serve(), Room::Mounted(disk))
        }
        None => {
            let served = house.spawn_limited((size_kib + 500) * 1_024).ready();
            let room = Room::Limited(served.id());
            (served, room)
        }
    };
    let times = if matches!(room, Room::Mounted(_)) { amount(1, 10) } else { 1 };
    let crew = Crew::begin(&house.city, vec![served.address()], CLIENTS, Duration::from_millis(5));
    crew.until_more_than(CLIENTS).await;
    for _ in 0..times {
        room.take();
        toll.kills += 1;
        until_told(&house, &served, &crew).await;
        room.give_back();
        let known = crew.acknowledged_after(0).len();
        crew.until_more_than(known + CLIENTS).await;
    }
    let acknowledged = crew.end().await;
    served.kill();
    let newest = acknowledged.iter().max_by_key(|one| one.seq).expect("tubes were acknowledged");
    house.assert_whole(&newest.head);
    settle(toll, &house, &acknowledged);
    house.assert_rebuilds();
}

/// Waits until samplers are told that nothing could be written; meanwhile reading works.
async fn until_told(house: &House, served: &Served, crew: &Crew) {
    let (began, known) = (Instant::now(), crew.turned_away().0);
    while crew.turned_away().0 < known + CLIENTS {
        assert!(began.elapsed() < PATIENCE, "the disk never filled up: {}", house.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The crew takes no other answer than 503 with a time to come back; this one also says what to do.
    let told = crew.turned_away().1.expect("somebody was turned away");
    let both = ["zh", "en"].map(|language| told[language].as_str().unwrap_or_default().len());
    assert!(both.iter().all(|length| *length > 10), "told in both languages: {told:?}");
    let acknowledged = crew.acknowledged_after(0);
    assert_all_are_there(house, served.address(), &acknowledged[acknowledged.len() - CLIENTS..]).await;
    let office = Caller::new(&house.city.office_token);
    assert_eq!(office.get(served.address(), "/api/health").await.expect("an answer").status, 200);
}
