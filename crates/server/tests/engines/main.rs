//! One text for every engine: each statement is prepared and each table compared on SQLite, and on PostgreSQL where
//! `OUTPACE_TEST_DB` names one.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod statements;

use std::path::Path;
use std::sync::Arc;

use outpace_core::{AreaId, Clock, Timestamp};
use outpace_server::every_route::every_capability;
use outpace_store::{Place, Settings, Store, testing};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(1_649_784_600_000)
    }
}

fn open(folder: &Path, place: Place) -> Store {
    let settings =
        Settings { folder: folder.to_owned(), place, area: AreaId(140_121), drill: true, clock: Arc::new(Still) };
    Store::open(settings, every_capability()).unwrap()
}

/// A store on SQLite, and one on PostgreSQL where there is one.
fn stores(folder: &Path) -> Vec<Store> {
    let (file, server) = (folder.join("file"), folder.join("server"));
    let mut stores = vec![open(&file, Place::Folder)];
    if let place @ Place::Postgres(_) = testing::place(&server) {
        stores.push(open(&server, place));
    }
    stores
}

#[test]
fn every_statement_is_understood_by_every_engine() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let statements = statements::all(crates);
    assert!(statements.whole.len() > 400, "only {} statements were found", statements.whole.len());
    // What is put together while running is covered by the suites of the capabilities, which run on both engines.
    assert!(statements.open.len() < 40, "{:#?}", statements.open);
    let folder = tempfile::tempdir().unwrap();
    for store in stores(folder.path()) {
        let texts = statements.whole.iter().map(|(_, sql)| sql.as_str());
        let wrong = testing::not_understood(&store, texts).unwrap();
        let told: Vec<String> = wrong
            .iter()
            .map(|(sql, why)| {
                let place = statements.whole.iter().find(|(_, text)| text == sql).map(|(place, _)| place.as_str());
                format!("{}: {why}\n  {sql}", place.unwrap_or_default())
            })
            .collect();
        assert!(told.is_empty(), "{}", told.join("\n\n"));
    }
}

#[test]
fn every_engine_has_the_same_tables_columns_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let schemas: Vec<Vec<String>> = stores(folder.path()).iter().map(|store| testing::schema(store).unwrap()).collect();
    assert!(schemas[0].len() > 500, "{:#?}", schemas[0]);
    for schema in &schemas {
        assert_eq!(&schemas[0], schema);
    }
    let keyless = ["folder.j", "migration.name"];
    let first = |line: &&String| line.contains(" KEY 1") && !keyless.iter().any(|name| line.starts_with(name));
    for line in schemas[0].iter().filter(first) {
        assert!(line.contains(".j BIGINT"), "{line}: the key of every table begins with the jurisdiction");
    }
}
