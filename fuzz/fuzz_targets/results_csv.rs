//! A laboratory's results as CSV: any text gives rows or a reason, never more rows or columns than the bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpace_screening::laboratory::sheet::{COLUMNS_MAX, ROWS_MAX, rows_of_csv};

fuzz_target!(|text: &str| {
    if let Ok(rows) = rows_of_csv(text) {
        assert!(rows.len() <= ROWS_MAX && rows.iter().all(|row| row.cells.len() <= COLUMNS_MAX && row.row > 0));
        // Where a carriage return alone ends a row, several stand on one line.
        assert!(rows.is_sorted_by_key(|row| row.row));
    }
});
