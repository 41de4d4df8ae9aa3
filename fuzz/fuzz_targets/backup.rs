//! A backup that was changed on its way: manifest and files of rows, with every length and hash set right again, so that what
//! reads them is reached. It is restored to the manifest's own head, or nothing stands there afterwards.
#![no_main]

#[path = "../../crates/store/tests/marbles/mod.rs"]
#[allow(dead_code)]
mod marbles;

use std::path::Path;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use marbles::{Fixed, open_at, put};
use outpace_core::Timestamp;
use outpace_fuzz::{Draws, twist};
use outpace_store::backup::{self, MANIFEST, Manifest};
use outpace_store::{Capabilities, Place, Settings, vault};
use serde_json::{Value, json};
use tempfile::TempDir;

const AT: Timestamp = Timestamp(1_649_790_000_000);
const CHANGES_MAX: usize = 8;

/// A folder with `data` and `backup`.
static HOUSE: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = (folder.path().join("data"), folder.path().join("backup"));
    let store = open_at(&data, Place::Folder, 140_121, false).unwrap();
    store.write(&store.system(), |unit| vault::keep(unit, "identity", 7, b"made up", &[(1, "0000")])).unwrap();
    put(&store, "red", 2).unwrap();
    put(&store, "blue", 3).unwrap();
    store.write(&store.system(), |unit| unit.enqueue("double", &"red")).unwrap();
    backup::take(&Place::Folder, &data, &to, &capabilities(), AT).unwrap();
    folder
});

fn capabilities() -> Capabilities {
    Capabilities::new(vec![marbles::marbles()])
}

fn change(bytes: &mut Vec<u8>, draws: &mut Draws<'_>) {
    for _ in 0..1 + draws.below(CHANGES_MAX) {
        let at = draws.below(bytes.len() + 1);
        match draws.byte() % 4 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, draws.byte()),
            2 if at + 8 <= bytes.len() => bytes[at..at + 8].copy_from_slice(&draws.number().to_le_bytes()),
            _ => bytes.get_mut(at).into_iter().for_each(|byte| *byte = draws.byte()),
        }
    }
}

fn changed(from: &Path, to: &Path, mut draws: Draws<'_>) -> Value {
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(from.join(MANIFEST)).unwrap()).unwrap();
    let files = manifest["files"].as_array_mut().unwrap();
    let chosen = draws.below(files.len());
    let twisted = draws.byte() % 2 == 0;
    for (at, file) in files.iter_mut().enumerate() {
        let name = format!("{}.rows", file["table"].as_str().unwrap());
        let mut bytes = std::fs::read(from.join(&name)).unwrap();
        if at == chosen && !twisted {
            change(&mut bytes, &mut draws);
        }
        file["bytes"] = json!(bytes.len());
        file["blake3"] = json!(blake3::hash(&bytes).to_hex().as_str());
        std::fs::write(to.join(name), bytes).unwrap();
    }
    if twisted {
        twist(&mut manifest, &mut draws);
    }
    std::fs::write(to.join(MANIFEST), manifest.to_string()).unwrap();
    manifest
}

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    for made in [&from, &to] {
        std::fs::create_dir(made).unwrap();
    }
    changed(&HOUSE.path().join("backup"), &from, Draws::from(bytes));
    for keys in ["vault.keys", "backup.keys"] {
        std::fs::copy(HOUSE.path().join("data").join(keys), to.join(keys)).unwrap();
    }
    let Ok(manifest) = backup::manifest(&from) else { return };
    let Manifest { area, drill, head_seq, .. } = manifest;
    let clock = Arc::new(Fixed(AtomicI64::new(AT.0)));
    let settings = Settings { folder: to.clone(), place: Place::Folder, area, drill, clock };
    match backup::restore(&from, &settings, &capabilities(), true) {
        Ok(restored) => {
            let store = open_at(&to, Place::Folder, area.0, drill).unwrap();
            assert_eq!((store.head().seq.0, restored.entries), (head_seq, head_seq));
            let rebuilt = store.rebuild().unwrap();
            assert!(rebuilt.changed.is_empty(), "{:?}", rebuilt.changed);
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(!to.join("outpace.sqlite").exists(), "{error}");
        }
    }
});
