//! Rows as CSV that spreadsheets open and never run.

use outpace_registry::Identity;
use outpace_store::{Result, StoreError};
use zeroize::Zeroizing;

use outpace_core::PersonId;

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no spreadsheet takes for a formula: one that begins like one gets an apostrophe in front.
#[must_use]
pub fn cell(text: &str) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

/// A list of identities, in UTF-8 with the mark by which spreadsheets know it.
pub(super) fn list(rows: &[(PersonId, Option<Identity>)]) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new("\u{feff}".as_bytes().to_vec());
    let told = |error: csv::Error| StoreError::Folder(format!("export: {error}"));
    {
        let mut out = csv::WriterBuilder::new().from_writer(&mut *bytes);
        out.write_record([
            "编号 number",
            "姓名 name",
            "出生日期 born",
            "证件号 ID number",
            "电话 phone",
            "地址 address",
        ])
        .map_err(told)?;
        for (person, identity) in rows {
            let number = person.to_string();
            let record = match identity {
                Some(known) => [
                    number,
                    cell(&known.name),
                    cell(&known.born),
                    cell(&known.id_number),
                    cell(known.phone.as_deref().unwrap_or_default()),
                    cell(known.address.as_deref().unwrap_or_default()),
                ],
                // Known by number only: somebody goes and asks.
                None => [number, String::new(), String::new(), String::new(), String::new(), String::new()],
            };
            let record = Zeroizing::new(record);
            out.write_record(record.iter()).map_err(told)?;
        }
        out.flush().map_err(|error| StoreError::Folder(format!("export: {error}")))?;
    }
    Ok(bytes)
}
