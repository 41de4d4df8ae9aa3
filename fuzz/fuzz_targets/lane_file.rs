//! What a lane hands over after a day without a network, the sheet that it works by, and the box of an identity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpace_core::SheetId;
use outpace_screening::lanes::keys::{record_mac, seal};
use outpace_screening::lanes::{LaneRecord, SignedSheet, read_file, read_sheet, write_file};

fuzz_target!(|text: &str| {
    if let Ok(file) = read_file(text) {
        let records: Vec<_> = file.records.into_iter().map(|(_, record)| record).collect();
        let again = read_file(&write_file(file.sheet, &records)).unwrap();
        assert!(again.bad.is_empty() && again.sheet == file.sheet);
        assert!(again.records.into_iter().map(|(_, record)| record).eq(records));
    }
    if let Ok(record) = serde_json::from_str::<LaneRecord>(text) {
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<LaneRecord>(&json).unwrap(), record);
    }
    if let Ok(signed) = serde_json::from_str::<SignedSheet>(text) {
        // Whatever is signed by another key is no sheet of this office.
        assert!(read_sheet(&signed, &"00".repeat(32)).is_err());
        let _ = read_sheet(&signed, &signed.key);
    }
    let (key, rest) = text.split_once('\n').unwrap_or((text, ""));
    let _ = seal(key, (SheetId(1), rest, 1), rest.as_bytes());
    assert_eq!(record_mac(key.as_bytes(), rest).len(), 64);
});
