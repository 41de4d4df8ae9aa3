//! Areas, households, people, places, vehicles, facilities and sites as CSV: the first character chooses which. Every row is
//! taken or told, none vanishes and none is both; and what is taken stands in a fact as it was read.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use outpace_isolation::facilities::parse_facilities_csv;
use outpace_registry::areas::parse_areas_csv;
use outpace_registry::people::{parse_households_csv, parse_people_csv};
use outpace_registry::places::{parse_places_csv, parse_vehicles_csv};
use outpace_registry::tables::Parsed;
use outpace_screening::sites::parse_sites_csv;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The rows of a file, taken and told.
fn kept<T: Serialize + DeserializeOwned + PartialEq + Debug>(rows: &[T], bad: usize) -> usize {
    for row in rows {
        let json = serde_json::to_string(row).unwrap();
        assert_eq!(serde_json::from_str::<T>(&json).ok().as_ref(), Some(row), "{json}");
    }
    rows.len() + bad
}

fn parsed<T: Serialize + DeserializeOwned + PartialEq + Debug>(parsed: &Parsed<T>) -> usize {
    assert!(parsed.bad.iter().all(|bad| !bad.reason.zh.is_empty() && !bad.reason.en.is_empty()));
    kept(&parsed.rows, parsed.bad.len())
}

fuzz_target!(|text: &str| {
    let Some(which) = text.chars().next() else { return };
    let text = &text[which.len_utf8()..];
    let rows = match which {
        '0' => parsed(&parse_areas_csv(text)),
        '1' => parsed(&parse_households_csv(text)),
        '2' => parsed(&parse_people_csv(text)),
        '3' => parsed(&parse_places_csv(text)),
        '4' => parsed(&parse_vehicles_csv(text)),
        '5' => parsed(&parse_facilities_csv(text)),
        _ => {
            let (rows, bad) = parse_sites_csv(text);
            kept(&rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>(), bad.len())
        }
    };
    // A lone carriage return ends a row of a CSV and no line of a text; a heading that is wrong is told as a row.
    assert!(rows <= 1 + text.lines().count() + text.matches('\r').count());
});
