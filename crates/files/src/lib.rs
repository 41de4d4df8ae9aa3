//! Reads a table that an office sends: bytes in, rows with their numbers out, and nothing falls silently.
//!
//! # How to read a file
//!
//! 1. Name the columns, with the words that heads of columns use for them. The first name is the Chinese one that
//!    refusals show; the key is the English one. Case, spaces, `_`, `-`, brackets and full width make no difference.
//!
//!    ```
//!    use outpace_files::{Column, Wanted, read};
//!
//!    const COLUMNS: &[Column] = &[
//!        Column::needed("code", &["编码", "区划代码"]),
//!        Column::needed("name", &["名称"]),
//!        Column::optional("population", &["人口"]),
//!    ];
//!    let wanted = Wanted::of(COLUMNS).rows_max(10_000);
//!    let table = read("编码;名称\n1401;甲\n;\n1402;乙;;3\n".as_bytes(), &wanted).unwrap();
//!    assert_eq!(table.rows[0].text("code").unwrap().as_deref(), Some("1401"));
//!    assert!(!table.rows[0].has("population"), "an absent column is not an empty one: leave what stands");
//!    // Line 4 has a cell too many. It is told and not read; line 3 holds nothing.
//!    assert_eq!((table.content, table.rows.len(), table.told[0].line, table.told[0].rows), (2, 1, 4, 1));
//!    ```
//!
//!    [`read`] refuses a whole file with [`Unreadable`]: no known encoding, nothing in it, needed columns missing (one
//!    sentence names them all and what was found), two columns that mean one thing, too long.
//!
//! 2. Walk over [`Table::rows`]. [`Row::text`] gives words, or why the cell holds none (an error such as `#N/A`, a
//!    merged cell, a number whose digits are not certain); [`Row::date`] and [`Row::moment`] read dates as offices
//!    write them; [`Row::cell`] gives the typed [`Cell`]. Tell what is wrong with [`Row::tell`] (the row is kept out)
//!    or [`Row::tell_cell`] (the row is taken without this cell) and push it onto [`Table::told`], where what is wrong
//!    with the shape of the file stands already.
//!
//! 3. Count with [`Counted`]: `content = taken + same + different + told`. [`Counted::line`] proves it and is the
//!    printed line; [`bad_rows`] is the file of rows that were kept out, to be corrected and sent again. It comes
//!    with the original cells, a column of reasons, and codes as text.
//!
//! # What is read
//!
//! CSV in UTF-8, UTF-16 and GB18030; cells between `,` `;` tab or `|`, whichever makes known headings of the first
//! lines; CRLF, LF, or CR alone. XLSX: every visible sheet with the headings; hidden sheets are not read. Rows above the
//! heading are told and passed over. Numbers of lines are those that an editor shows.

mod bad_rows;
mod book;
mod cell;
mod counted;
mod delimited;
mod encoding;
mod heading;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod table;
#[cfg(test)]
mod tests;
mod written;

pub use bad_rows::bad_rows;
pub use book::UNPACKED_BYTES_MAX;
pub use cell::{Cell, Number, Uncertain};
pub use counted::Counted;
pub use encoding::Encoding;
pub use heading::{Column, Heading, Wanted};
pub use table::{COLUMNS_MAX, Row, Sheet, Source, Table, Told, read};
pub use written::{Moment, as_text_cell, csv_line, fold_width, moment_of};

use outpace_core::Text;

/// Why a file as a whole was refused; nothing of it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub Text);

pub(crate) fn unreadable(zh: impl Into<String>, en: impl Into<String>) -> Unreadable {
    Unreadable(Text::new(zh, en))
}
