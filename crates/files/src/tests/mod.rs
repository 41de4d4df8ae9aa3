//! Files of the kinds that offices send, by what must come out of them.

mod books;
mod damage;
mod texts;

use crate::{Column, Table, Unreadable, Wanted, read};

/// Columns of a laboratory's file, as an example.
pub(crate) const COLUMNS: &[Column] = &[
    Column::needed("tube", &["管码", "条码"]),
    Column::needed("outcome", &["结果", "检测结果"]),
    Column::optional("note", &["备注"]),
    Column::optional("tested_at", &["检测时间"]),
];

pub(crate) fn wanted() -> Wanted<'static> {
    Wanted::of(COLUMNS).rows_max(5_000)
}

pub(crate) fn read_it(bytes: &[u8]) -> Result<Table, Unreadable> {
    let table = read(bytes, &wanted())?;
    let rows = table.rows.len() as i64 + table.kept_out();
    assert_eq!(table.content, rows, "every row with content is read or told: {:?}", table.told);
    Ok(table)
}

pub(crate) fn tubes(table: &Table) -> Vec<String> {
    table.rows.iter().map(|row| row.text("tube").unwrap().unwrap_or_default()).collect()
}

pub(crate) fn why(bytes: &[u8]) -> outpace_core::Text {
    let Unreadable(why) = read_it(bytes).unwrap_err();
    assert!(why.zh.ends_with('。') && why.en.ends_with('.'), "{why:?}");
    why
}
