//! Files of a data folder and of a certificate, as a bad disk or a strange hand may leave them: key files, the name of the
//! jurisdiction, the snapshot of memory, PEM files, a drill's scenario, texts to look for. Refused or read; never half of both.
#![no_main]

#[path = "../../crates/store/tests/marbles/mod.rs"]
#[allow(dead_code)]
mod marbles;

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use marbles::{open_at, put, total};
use outpace_custody::leaks::Wanted;
use outpace_drill::Scenario;
use outpace_fuzz::Draws;
use outpace_server::tls::Tls;
use outpace_store::{Keys, Place};
use tempfile::TempDir;

/// A folder with a journal of two facts, and what its snapshot's header says.
struct House {
    folder: TempDir,
    head: String,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let store = open_at(folder.path(), Place::Folder, 140_121, false).unwrap();
    put(&store, "red", 2).unwrap();
    let head = put(&store, "blue", 3).unwrap();
    // A snapshot that the store wrote says of which version it is.
    store.keep_snapshot(0).unwrap();
    let written = std::fs::read(folder.path().join("memory.snapshot")).unwrap();
    let line = written.split(|byte| *byte == b'\n').nth(1).unwrap();
    let told: serde_json::Value = serde_json::from_slice(line).unwrap();
    let head = format!(r#""version":{},"area":140121,"seq":{},"hash":"{}""#, told["version"], head.seq.0, head.hash);
    House { folder, head }
});

fn keys(bytes: &[u8], name: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let read = || match name {
        "vault.keys" => Keys::open_with(folder.path(), None),
        _ => Keys::of_backups(folder.path()),
    };
    if let Ok(keys) = read() {
        // What was read is read again, and it is the same.
        assert_eq!(read().unwrap().names(), keys.names());
    }
}

fn snapshot(bytes: &[u8]) {
    let folder = HOUSE.folder.path();
    let (header, parts) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len()));
    let header = String::from_utf8_lossy(header).replace("HEAD", &HOUSE.head);
    let body = [b"outpace snapshot 1\n", header.as_bytes(), parts].concat();
    let hash = blake3::hash(&body);
    std::fs::write(folder.join("memory.snapshot"), [&body, hash.as_bytes().as_slice()].concat()).unwrap();
    // Memory is what the snapshot says where it fits, else what the tables say; a start it is in any case.
    let _ = total(&open_at(folder, Place::Folder, 140_121, false).unwrap());
}

fn area(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jurisdiction"), bytes).unwrap();
    let _ = open_at(folder.path(), Place::Folder, 140_121, false);
}

fn certificate(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    };
    let half = bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len());
    let _ = Tls::of_files(&file("chain.pem", &bytes[..half]), &file("key.pem", &bytes[half..]));
    std::fs::create_dir(folder.path().join("tls")).unwrap();
    file("tls/ca.pem", &bytes[..half]);
    file("tls/ca.key", &bytes[half..]);
    let _ = Tls::of_own(folder.path(), ([127, 0, 0, 1], 0).into(), outpace_core::Timestamp(1_649_784_600_000));
}

fn scenario(bytes: &[u8], folder: &Path) {
    std::fs::write(folder.join("scenario.toml"), bytes).unwrap();
    if let Err(error) = Scenario::load(folder) {
        assert!(!error.to_string().is_empty());
    }
}

/// A text that stands in a file is found there, whatever it is.
fn leaks(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let wanted = Wanted::of(&lines).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let searched = wanted.search(&[file.path().to_owned()]).unwrap();
    assert_eq!(searched.leaks.is_empty(), wanted.texts == 0);
}

fuzz_target!(|bytes: &[u8]| {
    let mut draws = Draws::from(bytes);
    let which = draws.byte();
    let bytes = draws.rest();
    match which {
        b'v' => keys(bytes, "vault.keys"),
        b'b' => keys(bytes, "backup.keys"),
        b's' => snapshot(bytes),
        b'a' => area(bytes),
        b't' => certificate(bytes),
        b'l' => leaks(bytes),
        _ => scenario(bytes, HOUSE.folder.path()),
    }
});
