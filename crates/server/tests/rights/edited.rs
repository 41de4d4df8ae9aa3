//! Nobody can put anybody under a measure past the door: a table edited by hand is found, and the row is named.

use outpace_core::Role;
use outpace_store::StoreError;
use serde_json::{Value, json};

use crate::county::County;

impl County {
    /// What somebody with a database client would do.
    fn edit(&self, sql: &'static str) {
        let store = &self.opened.office.store;
        let done = store.write(&store.system(), move |unit| {
            unit.tx().execute(sql, &[])?;
            Ok::<_, StoreError>(())
        });
        done.unwrap();
    }

    async fn unfounded(&self) -> Vec<Value> {
        let verified = self.done(Role::Auditor, "/api/response/verify", json!({})).await;
        assert!(verified["checked"].as_i64().unwrap() > 0);
        verified["unfounded"].as_array().unwrap().clone()
    }
}

/// What is done by hand, and undone; the row that must be named; a word of what is wrong with it.
const EDITS: [(&str, &str, &str, &str); 8] = [
    (
        "INSERT INTO restriction (j, id, person, area, kind, ground, because, class, starts_at, ends_at, warned_at, extensions,
           extended_by, plan, notice, seq, ended_at, ended_why)
         SELECT j, 9001, 12, area, kind, ground, because, class, starts_at, ends_at, warned_at, extensions, extended_by, plan,
           notice, seq, NULL, NULL FROM restriction WHERE id = 1",
        "DELETE FROM restriction WHERE id = 9001",
        "restriction id 9001",
        "no fact",
    ),
    (
        "UPDATE restriction SET ends_at = ends_at + 86400000 WHERE id = 1",
        "UPDATE restriction SET ends_at = ends_at - 86400000 WHERE id = 1",
        "restriction id 1",
        "ends_at",
    ),
    (
        "UPDATE restriction SET person = person + 1000 WHERE id = 1",
        "UPDATE restriction SET person = person - 1000 WHERE id = 1",
        "restriction id 1",
        "person",
    ),
    (
        "UPDATE restriction SET kind = 'x' || kind WHERE id = 1",
        "UPDATE restriction SET kind = substr(kind, 2) WHERE id = 1",
        "restriction id 1",
        "kind",
    ),
    (
        "UPDATE restriction_standing SET ends_at = ends_at + 1",
        "UPDATE restriction_standing SET ends_at = ends_at - 1",
        "restriction_standing id",
        "ends_at",
    ),
    ("UPDATE zone SET level = 'x' || level WHERE id = 1", "UPDATE zone SET level = substr(level, 2) WHERE id = 1", "zone id 1", "level"),
    ("UPDATE zone SET starts_at = starts_at - 1", "UPDATE zone SET starts_at = starts_at + 1", "zone id 1", "starts_at"),
    ("UPDATE applied SET plan = plan + 5", "UPDATE applied SET plan = plan - 5", "applied key", "plan"),
];

#[tokio::test]
async fn a_row_edited_by_hand_is_found_and_named() {
    let county = County::busy().await;
    assert_eq!(county.unfounded().await, Vec::<Value>::new());
    for (edit, back, row, word) in EDITS {
        county.edit(edit);
        // Some edits make a row unreadable, which is an answer as well; the rows are compared without reading them.
        let store = &county.opened.office.store;
        let found = store.read(|tx| store.strays(tx, &outpace_response::verify::CAPABILITIES)).unwrap();
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|line| line.starts_with(row) && line.contains(word)), "{edit}: {told:?}");
        county.edit(back);
        assert_eq!(county.unfounded().await, Vec::<Value>::new(), "{back} did not bring it back");
    }
}

#[tokio::test]
async fn a_restriction_that_was_taken_away_or_begun_by_hand_is_told_by_the_route() {
    let county = County::busy().await;
    county.edit("UPDATE restriction SET ends_at = ends_at + 1 WHERE id = 1");
    county.edit("DELETE FROM zone_step");
    let told = serde_json::to_string(&county.unfounded().await).unwrap();
    assert!(told.contains("restriction id 1") && told.contains("ends_at") && told.contains("zone_step"), "{told}");
}
