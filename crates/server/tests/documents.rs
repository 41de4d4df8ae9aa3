//! What the documents say of the code is so: each line of the threat model names a test that stands in the tree.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "mjs" || ending == "ts") {
            found.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Everything where a test can stand.
fn tree() -> String {
    let mut found = String::new();
    for folder in ["crates", "web/e2e", "web/src"] {
        sources(&root().join(folder), &mut found);
    }
    found
}

#[test]
fn every_threat_names_a_test_that_stands() {
    let document = std::fs::read_to_string(root().join("docs/SECURITY.md")).unwrap();
    let tree = tree();
    let mut named = BTreeSet::new();
    let rows = document.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| flow"));
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, letter, _, _, tests] = cells.as_slice() else { panic!("five cells: {row}") };
        assert!(["S", "T", "R", "I", "D", "E"].contains(letter), "a letter of STRIDE: {row}");
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        named.extend(names.into_iter().map(str::to_owned));
    }
    assert!(named.len() >= 30, "{}", named.len());
    let stands = |name: &String| {
        let file = root().join(name);
        tree.contains(&format!("fn {name}(")) || tree.contains(&format!("'{name}")) || file.is_file()
    };
    let missing: Vec<&String> = named.iter().filter(|name| !stands(name)).collect();
    assert!(missing.is_empty(), "named in docs/SECURITY.md and nowhere else: {missing:?}");
}
