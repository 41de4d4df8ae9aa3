//! The file of records that a device writes where no network is: one line each, so that a damaged line costs one record.

use outpace_core::{SheetId, Text};
use serde::{Deserialize, Serialize};

use super::model::{RECORDS_FORMAT, SignedRecord};

/// The first line of a file of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordsHead {
    /// [`RECORDS_FORMAT`].
    pub format: String,
    /// The sheet whose records follow.
    pub sheet: SheetId,
}

/// What a file holds: its records with their lines, and lines that are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordsFile {
    /// The sheet.
    pub sheet: SheetId,
    /// Records, each with its line in the file, from 1.
    pub records: Vec<(u64, SignedRecord)>,
    /// Lines that could not be read.
    pub bad: Vec<(u64, Text)>,
}

/// Writes a file of records.
#[must_use]
pub fn write_file(sheet: SheetId, records: &[SignedRecord]) -> String {
    let head = RecordsHead { format: RECORDS_FORMAT.to_owned(), sheet };
    let mut text = serde_json::to_string(&head).unwrap_or_default();
    for record in records {
        text.push('\n');
        text.push_str(&serde_json::to_string(record).unwrap_or_default());
    }
    text.push('\n');
    text
}

/// Reads a file of records. A line that is none is told and left out; the others are read.
///
/// # Errors
/// A file that does not begin as one.
pub fn read_file(text: &str) -> Result<RecordsFile, Text> {
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().zip(1_u64..);
    let head = lines.next().and_then(|(line, _)| serde_json::from_str::<RecordsHead>(line).ok());
    let head = head.filter(|head| head.format == RECORDS_FORMAT).ok_or_else(|| {
        Text::new(
            format!("不是离线记录文件:第一行应为 {RECORDS_FORMAT} 的文件头。"),
            format!("This is no file of lane records: its first line names the format {RECORDS_FORMAT} and the sheet."),
        )
    })?;
    let mut file = RecordsFile { sheet: head.sheet, records: Vec::new(), bad: Vec::new() };
    for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(record) => file.records.push((number, record)),
            Err(error) => file.bad.push((
                number,
                Text::new(
                    format!("该行不是签名记录({error}),未导入;请从设备重新导出。"),
                    format!(
                        "This line is no signed record ({error}) and was left out; export it from the device again."
                    ),
                ),
            )),
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_file_is_read_back_as_it_was_written(
            sheet in 0..i64::MAX, texts in proptest::collection::vec((".{0,60}", "[0-9a-f]{64}"), 0..20),
        ) {
            let records: Vec<SignedRecord> = texts.into_iter().map(|(record, mac)| SignedRecord { record, mac }).collect();
            let read = read_file(&write_file(SheetId(sheet), &records)).unwrap();
            prop_assert_eq!(read.sheet, SheetId(sheet));
            prop_assert!(read.bad.is_empty());
            prop_assert_eq!(read.records.into_iter().map(|(_, record)| record).collect::<Vec<_>>(), records);
        }
    }

    #[test]
    fn a_damaged_line_costs_one_record() {
        let record = SignedRecord { record: "{}".to_owned(), mac: "00".to_owned() };
        let mut text = write_file(SheetId(3), &[record.clone(), record.clone()]);
        text = text.replacen("{\"record\"", "{\"rec", 1);
        let read = read_file(&text).unwrap();
        assert_eq!((read.records, read.bad.len(), read.bad[0].0), (vec![(3, record)], 1, 2));
        assert!(read_file("name,born\n").is_err());
    }
}
