//! Small texts from outside: hashes, moments, dates, subjects, codes of plates and places, sets of people, numbers of documents,
//! words typed from an authenticator, addresses of databases. Two lines and a number.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpace_access::actors::totp;
use outpace_contacts::check_ins::codes::ReadCode;
use outpace_core::{AreaId, Timestamp};
use outpace_fuzz::Draws;
use outpace_orders::Subject;
use outpace_policy::Date;
use outpace_registry::people::identity::{birth_year, is_id_number, masked_name, masked_number};
use outpace_screening::laboratory::plate::PlateCode;
use outpace_screening::person_set::PersonSet;
use outpace_store::{Hash, Place};

/// Characters that a mask leaves, without what separates groups.
fn shown(masked: &str) -> usize {
    masked.chars().filter(|letter| letter.is_alphanumeric()).count()
}

fn codes(text: &str, other: &str, at: Timestamp) {
    if let Some(hash) = Hash::parse(text) {
        assert_eq!(Hash::parse(&hash.to_string()), Some(hash));
    }
    if let Some(set) = PersonSet::parse(text) {
        assert_eq!(PersonSet::parse(&set.to_string()).as_ref(), Some(&set));
        assert!(set.iter().is_sorted() && set.iter().all(|person| set.contains(person)));
    }
    if let Some(code) = ReadCode::parse(text) {
        assert_eq!(
            ReadCode::parse(&format!(" {} ", text.trim().to_ascii_lowercase().to_ascii_uppercase())),
            Some(code)
        );
    }
    if let Some(bytes) = totp::read_base32(text) {
        assert_eq!(totp::read_base32(&totp::base32(&bytes)), Some(bytes));
    }
    // Whatever is typed, it counts only where it is the code.
    if let Some(step) = totp::fitting_step(other.as_bytes(), text, at, 0) {
        assert_eq!(totp::code(other.as_bytes(), step), text.split_whitespace().collect::<String>());
    }
    assert!(totp::address(other.as_bytes(), text, other).is_ascii());
    let _ = (Subject::parse(text, other), PlateCode::parse(text), text.parse::<Place>());
}

fuzz_target!(|bytes: &[u8]| {
    let mut draws = Draws::from(bytes);
    let number = draws.number();
    let Ok(both) = std::str::from_utf8(draws.rest()) else { return };
    let (text, other) = both.split_once('\n').unwrap_or((both, ""));
    let at = Timestamp(number);
    codes(text, other, at);
    let offset = number.rem_euclid(1_681) - 840;
    if let Some(read) = Timestamp::parse_local(text, offset) {
        let local = read.local(offset);
        let again = Timestamp::parse_local(&local.replace(' ', "T"), offset);
        assert_eq!(again.map(|again| again.local(offset)), Some(local), "{text}");
    }
    assert!(!at.local(offset).is_empty() && !at.local_hour(offset).is_empty() && !at.to_string().is_empty());
    if let (Ok(year), Ok(date)) = (birth_year(text), text.trim().parse::<Date>()) {
        assert_eq!(year, i64::from(date.year()));
    }
    let area = AreaId(number);
    assert!(area.level().is_none() || area.contains(area));
    assert!(area.parent().is_none_or(|parent| parent.contains(area)));
    // A mask shows no more than half, whatever it is put on.
    if is_id_number(other) {
        let all = other.chars().filter(char::is_ascii_alphanumeric).count();
        assert!(shown(&masked_number(other)) * 2 <= all + 1, "{other} {}", masked_number(other));
    }
    assert!(shown(&masked_name(text)) <= 1, "{text}");
});
