//! Sums that wait for the commit read as if they had been written at once.

use proptest::prelude::*;

use super::super::Place;
use super::*;

static JARS: Sums = Sums::new(
    "jar",
    &["shelf", "name"],
    &[("marbles", Join::Sum), ("lightest", Join::Least), ("heaviest", Join::Most)],
);
const READ: &str = "SELECT shelf, name, marbles, lightest, heaviest FROM jar ORDER BY shelf, name";

#[derive(Debug, Clone)]
enum Step {
    Add {
        shelf: i64,
        name: &'static str,
        marbles: i64,
        weight: i64,
    },
    /// A statement that changes the table behind the sums.
    Double,
    Read,
    Mark,
    Keep,
    Undo,
    Commit,
    GiveUp,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let add = (0_i64..3, prop::sample::select(vec!["red", "blue"]), -5_i64..5, -9_i64..9)
        .prop_map(|(shelf, name, marbles, weight)| Step::Add { shelf, name, marbles, weight });
    let other = prop::sample::select(vec![
        Step::Double,
        Step::Read,
        Step::Mark,
        Step::Keep,
        Step::Undo,
        Step::Commit,
        Step::GiveUp,
    ]);
    prop::collection::vec(prop_oneof![2 => add, 1 => other], 1..60)
}

fn opened(folder: &std::path::Path) -> Box<dyn Connection> {
    let database = Place::Folder.database(folder, outpace_core::AreaId(1)).unwrap();
    let mut connection = database.open_writer().unwrap();
    connection
        .migrate(
            "CREATE TABLE jar (j BIGINT NOT NULL, shelf BIGINT NOT NULL, name TEXT NOT NULL, marbles BIGINT NOT NULL,
             lightest BIGINT NOT NULL, heaviest BIGINT NOT NULL, PRIMARY KEY (j, shelf, name))",
        )
        .unwrap();
    connection.begin_writing().unwrap();
    connection
}

fn read(connection: &mut dyn Connection) -> Vec<(i64, String, i64, i64, i64)> {
    let mut rows = Vec::new();
    connection
        .query(READ, &[], &mut |row| {
            rows.push((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
            Ok(())
        })
        .unwrap();
    rows
}

/// What each statement may change depends on whether a mark stands; both connections are told the same.
fn take(connection: &mut dyn Connection, step: &Step, marked: &mut bool) -> Vec<(i64, String, i64, i64, i64)> {
    match step {
        Step::Add { shelf, name, marbles, weight } => {
            let key = [Value::Int(*shelf), Value::Text(name)];
            connection.add(&JARS, 1, &key, &[*marbles, *weight, *weight]).unwrap();
        }
        Step::Double => {
            connection.execute("UPDATE jar SET marbles = marbles * 2", &[]).unwrap();
        }
        Step::Read => return read(connection),
        Step::Mark if !*marked => {
            connection.savepoint().unwrap();
            *marked = true;
        }
        Step::Keep if *marked => {
            connection.release().unwrap();
            *marked = false;
        }
        Step::Undo if *marked => {
            connection.undo().unwrap();
            *marked = false;
        }
        Step::Commit if !*marked => {
            connection.commit().unwrap();
            connection.begin_writing().unwrap();
        }
        Step::GiveUp if !*marked => {
            connection.rollback().unwrap();
            connection.begin_writing().unwrap();
        }
        _ => {}
    }
    Vec::new()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn nobody_can_tell_sums_that_wait_from_sums_that_are_written(steps in steps()) {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut plain = opened(first.path());
        let mut adding = Adding::new(opened(second.path()));
        let (mut plain_marked, mut adding_marked) = (false, false);
        for step in &steps {
            let expected = take(&mut *plain, step, &mut plain_marked);
            let found = take(&mut adding, step, &mut adding_marked);
            prop_assert_eq!(expected, found);
        }
        prop_assert_eq!(read(&mut *plain), read(&mut adding));
    }
}

#[test]
fn a_table_is_named_as_a_word_of_its_own() {
    for sql in ["SELECT 1 FROM jar", "UPDATE jar SET a = 1", "DELETE FROM jar;", "SELECT jar.a FROM (jar)"] {
        assert!(names(sql, "jar"), "{sql}");
    }
    for sql in ["SELECT 1 FROM jars", "SELECT a_jar FROM x", "SELECT ajar"] {
        assert!(!names(sql, "jar"), "{sql}");
    }
}
