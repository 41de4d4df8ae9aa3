//! Rules as data: any text in the place of a file is read or found wrong, and says where. The first digit chooses the file, which
//! stands alone: the whole library takes seconds to check, and its readers are the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpace_policy::{Date, Library};

const FILES: [&str; 6] = [
    "policies/fuzzed.toml",
    "policies/packs/fuzzed.toml",
    "policies/fuzzed.cases.toml",
    "policies/chinese.toml",
    "playbooks/fuzzed.toml",
    "jurisdictions/fuzzed.toml",
];

fuzz_target!(|text: &str| {
    let Some(which) = text.bytes().next().filter(u8::is_ascii_digit) else { return };
    let (name, text) = (FILES[usize::from(which - b'0') % FILES.len()], &text[1..]);
    let library = Library::from_files([(name.to_owned(), text.to_owned())]);
    let findings = library.check();
    assert!(findings.iter().all(|finding| !finding.to_string().is_empty()));
    // What cannot be shown is told why.
    assert!(library.show_file(name, text, None).map_or_else(|told| !told.is_empty(), |shown| !shown.is_empty()));
    for id in library.profile_ids() {
        let _ = library.profile(&id);
    }
    for id in library.pack_ids() {
        let _ = library.pack(&id, Date::constant(2022, 4, 13));
    }
    let _ = library.playbook();
});
