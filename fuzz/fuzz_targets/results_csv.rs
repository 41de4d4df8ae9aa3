//! An office's table as a text: any bytes give rows or a reason, never more rows or columns than the bounds; every row with
//! content is read or told, and the file of bad rows is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpace_files::{COLUMNS_MAX, Column, Wanted, bad_rows, read};

const COLUMNS: &[Column] = &[
    Column::needed("tube", &["管码"]),
    Column::needed("outcome", &["结果"]),
    Column::optional("tested_at", &["检测时间"]),
];
const ROWS_MAX: usize = 5_000;

fuzz_target!(|bytes: &[u8]| {
    let wanted = Wanted::of(COLUMNS).rows_max(ROWS_MAX);
    let Ok(table) = read(bytes, &wanted) else { return };
    assert!(table.rows.len() <= ROWS_MAX && table.rows.iter().all(|row| row.line > 0 && row.at(COLUMNS_MAX).is_none()));
    assert_eq!(table.content, table.rows.len() as i64 + table.kept_out());
    assert!(table.rows.iter().zip(table.rows.iter().skip(1)).all(|(a, b)| a.sheet != b.sheet || a.line < b.line));
    for row in &table.rows {
        let _ = (row.text("tube"), row.moment("tested_at"));
    }
    let back = bad_rows(&table, &table.told);
    assert_eq!(back.is_empty(), table.kept_out() == 0);
    if !back.is_empty() {
        // What was kept out is kept out again or read; it does not vanish.
        assert!(read(back.as_bytes(), &wanted).is_ok_and(|again| again.content > 0));
    }
});
