//! The data that ships with the binary: every pack, example, playbook and profile of it.

use outpace_policy::*;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn pack(id: &str, day: &str) -> Pack {
    let shown = |findings: Vec<Finding>| findings.iter().map(|finding| format!("{finding}\n")).collect::<String>();
    Library::embedded().pack(id, date(day)).map_err(shown).unwrap()
}

#[test]
fn everything_shipped_is_free_of_findings() {
    let findings = Library::embedded().check();
    let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", text.join("\n"));
}

#[test]
fn the_library_in_the_binary_is_the_one_in_the_folders() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = Library::from_dir(&root).unwrap();
    assert_eq!(folders.pack_ids(), Library::embedded().pack_ids());
    assert_eq!(
        folders.pack("cn-2021-ed8", date("2022-04-13")),
        Library::embedded().pack("cn-2021-ed8", date("2022-04-13"))
    );
}

#[test]
fn weak_values_are_marked_in_every_shipped_pack() {
    for id in Library::embedded().pack_ids() {
        for line in pack(&id, "2022-12-01").lines() {
            let source = line.source.unwrap();
            assert!(source.unverified || !source.confidence.must_be_marked(), "{}", line.key);
            assert!(!source.clause.is_empty() && !source.layer.is_empty());
        }
    }
}
