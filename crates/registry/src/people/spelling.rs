//! One spelling for what people are found by: names, numbers, telephones and dates of birth as they are hashed and
//! compared, whatever the width of their letters, their dots, hyphens and prefixes. Pure.
//!
//! Values that were kept before a spelling changed were hashed in the older one: [`Spelling::both`] gives both, so that a
//! look finds either. A rotation of the vault's keys hashes all of them anew.

use outpace_policy::Date;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The dot between the parts of a name, as it is hashed: U+00B7.
const DOT: char = '\u{b7}';
/// Dots that keyboards, fonts and scanners write for it (after NFKC).
const DOTS: [char; 11] = [
    '\u{b7}', '\u{2022}', '\u{2027}', '\u{2219}', '\u{22c5}', '\u{25cf}', '\u{2e31}', '\u{30fb}', '\u{a78f}', '.',
    '\u{3002}',
];
/// Day 0 of a spreadsheet's dates.
const SERIAL_ZERO: Date = Date::constant(1899, 12, 30);
/// Serials that are read as dates: five digits, 1927 to 2091. Shorter ones could be years.
const SERIALS: std::ops::RangeInclusive<u32> = 10_000..=69_999;

fn is_hyphen(letter: char) -> bool {
    matches!(letter, '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

/// The text in both spellings: ours, and the one that values were hashed in before.
pub(crate) struct Spelling {
    now: Zeroizing<String>,
    before: Zeroizing<String>,
}

impl Spelling {
    /// The texts to look for, ours first; one where both are the same.
    pub(crate) fn both(self) -> Vec<Zeroizing<String>> {
        if *self.now == *self.before { vec![self.now] } else { vec![self.now, self.before] }
    }
}

/// A number of a document: half width, capitals, no spaces and hyphens.
pub(crate) fn number(text: &str) -> Zeroizing<String> {
    let letters = text.nfkc().filter(|letter| !letter.is_whitespace() && !is_hyphen(*letter) && !is_unseen(*letter));
    Zeroizing::new(letters.flat_map(char::to_uppercase).collect())
}

/// A number of a document in both spellings.
pub(crate) fn number_spelled(text: &str) -> Spelling {
    Spelling { now: number(text), before: old_number(text) }
}

/// A telephone number: digits alone, without the country's 86 before a mobile number, and with the 0 of an area code
/// that stands after it.
pub(crate) fn phone(text: &str) -> Zeroizing<String> {
    let digits: Zeroizing<String> = Zeroizing::new(text.nfkc().filter(char::is_ascii_digit).collect());
    if digits.is_empty() {
        return number(text);
    }
    let abroad = text.nfkc().find(|letter| !letter.is_whitespace()) == Some('+');
    let country = digits.strip_prefix("0086").or_else(|| {
        let own = digits.strip_prefix("86")?;
        (abroad || own.len() == 11 && own.starts_with('1')).then_some(own)
    });
    match country {
        Some(own) if own.starts_with('1') && own.len() == 11 || own.starts_with('0') => Zeroizing::new(own.to_owned()),
        Some(own) => Zeroizing::new(format!("0{own}")),
        None => digits,
    }
}

/// A telephone number in both spellings.
pub(crate) fn phone_spelled(text: &str) -> Spelling {
    Spelling { now: phone(text), before: old_number(text) }
}

/// A name: composed, half width, small letters, one dot for all dots. A name with Chinese characters has no spaces (forms
/// spread two characters over three); others have one between words and none beside a dot.
pub(crate) fn name(text: &str) -> Zeroizing<String> {
    let letters = text.nfkc().filter(|letter| !is_unseen(*letter)).flat_map(char::to_lowercase);
    let plain: Zeroizing<String> =
        Zeroizing::new(letters.map(|letter| if DOTS.contains(&letter) { DOT } else { letter }).collect());
    let chinese = plain.chars().any(|letter| matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}'));
    let mut spelled = Zeroizing::new(String::with_capacity(plain.len()));
    for word in plain.split_whitespace() {
        let beside_dot = spelled.ends_with(DOT) || word.starts_with(DOT);
        if !chinese && !spelled.is_empty() && !beside_dot {
            spelled.push(' ');
        }
        spelled.push_str(word);
    }
    spelled
}

/// A household's name in both spellings.
pub(crate) fn name_spelled(text: &str) -> Spelling {
    Spelling { now: name(text), before: Zeroizing::new(text.trim().to_owned()) }
}

/// A name with a date of birth, as one text to be found by.
pub(crate) fn name_and_birth(text: &str, born: &str) -> Zeroizing<String> {
    let day = date(born).map_or_else(|| born.trim().to_owned(), |day| day.to_string());
    Zeroizing::new(format!("{}|{day}", *name(text)))
}

/// A name with a date of birth in both spellings.
pub(crate) fn name_and_birth_spelled(text: &str, born: &str) -> Spelling {
    let before = Zeroizing::new(format!("{}|{}", text.trim(), born.trim()));
    Spelling { now: name_and_birth(text, born), before }
}

/// A number plate: half width, capitals, without dots, spaces and hyphens.
pub(crate) fn plate(text: &str) -> String {
    let letters = text.nfkc().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_uppercase).collect()
}

fn old_number(text: &str) -> Zeroizing<String> {
    let letters = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-');
    Zeroizing::new(letters.map(|letter| letter.to_ascii_uppercase()).collect())
}

/// A date as offices write it, year first: `1990-06-06`, `19900606`, `1990/6/6`, `1990.6.6`, `1990年6月6日`, with a time
/// after it or without, or a spreadsheet's number of days (`33030`). `None` for anything else; a day before a month is
/// never guessed.
pub(crate) fn date(text: &str) -> Option<Date> {
    let plain: Zeroizing<String> = Zeroizing::new(text.nfkc().filter(|letter| !is_unseen(*letter)).collect());
    let day = plain.trim().split([' ', 'T', 't']).next()?.trim_end_matches('日');
    if !day.is_empty() && day.bytes().all(|byte| byte.is_ascii_digit()) {
        return match day.len() {
            8 => civil(day.get(..4)?, day.get(4..6)?, day.get(6..)?),
            5 => serial(day),
            _ => None,
        };
    }
    if let Some(days) = day.strip_suffix(".0") {
        return serial(days);
    }
    let parts: Vec<&str> = day.split(['-', '/', '.', '年', '月', '\u{2010}', '\u{2013}', '\u{2212}']).collect();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => civil(year, month, day),
        _ => None,
    }
}

fn serial(days: &str) -> Option<Date> {
    let days: u32 = days.parse().ok().filter(|days| SERIALS.contains(days))?;
    Some(outpace_policy::days_after(SERIAL_ZERO, days))
}

fn civil(year: &str, month: &str, day: &str) -> Option<Date> {
    let short = |text: &str| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    (short(month) && short(day)).then_some(())?;
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_date_has_one_spelling_however_it_is_written() {
        let day = Some(Date::constant(1990, 6, 6));
        for text in [
            "1990-06-06",
            "19900606",
            "1990/6/6",
            "1990.06.06",
            "1990年6月6日",
            "1990-06-06 00:00:00",
            "1990-06-06T00:00:00Z",
            "１９９０－０６－０６",
            "33030",
            "33030.0",
            " 1990-6-6 ",
            "1990年06月06日 08:00",
        ] {
            assert_eq!(date(text), day, "{text}");
        }
        for text in ["", "1990", "90-06-06", "06/06/1990", "1990-13-01", "1990-02-30", "199006", "1990-006-06", "x"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn one_number_has_one_spelling() {
        for text in [
            "990000195001011011",
            " 990000 19500101 1011",
            "９９００００１９５００１０１１０１１",
            "990000-19500101-1011",
        ] {
            assert_eq!(number(text).as_str(), "990000195001011011", "{text}");
        }
        assert_eq!(number("11010519491231002ｘ").as_str(), "11010519491231002X");
        for text in [
            "10100000001",
            "+86 101 0000 0001",
            "8610100000001",
            "0086-101-0000-0001",
            "１０１０００００００１",
            "+8610100000001",
        ] {
            assert_eq!(phone(text).as_str(), "10100000001", "{text}");
        }
        for text in ["0351-1234567", "+86 351 1234567", "(0351)1234567", "+86 0351 1234567"] {
            assert_eq!(phone(text).as_str(), "03511234567", "{text}");
        }
    }

    #[test]
    fn one_name_has_one_spelling() {
        for text in [
            "试甲·乙丙",
            "试甲•乙丙",
            "试甲・乙丙",
            "试甲･乙丙",
            "试甲 · 乙丙",
            "试甲.乙丙",
            "试甲．乙丙",
            "试甲\u{200b}‧乙丙",
        ] {
            assert_eq!(name(text).as_str(), "试甲\u{b7}乙丙", "{text}");
        }
        assert_eq!(name("试　甲").as_str(), "试甲");
        assert_eq!(name(" Test  AA ").as_str(), "test aa");
        assert_eq!(name("Ｔｅｓｔ　Aa").as_str(), "test aa");
        assert_eq!(name("Ame\u{301}lie").as_str(), "am\u{e9}lie", "composed");
        assert_eq!(name_and_birth("Test Aa", "19500101").as_str(), "test aa|1950-01-01");
    }

    #[test]
    fn what_was_hashed_before_is_still_looked_for() {
        let both = |spelling: Spelling| spelling.both().iter().map(|text| text.to_string()).collect::<Vec<_>>();
        assert_eq!(both(phone_spelled("10100000001")), ["10100000001"], "one look where nothing changed");
        assert_eq!(both(phone_spelled("+8610100000001")), ["10100000001", "+8610100000001"]);
        assert_eq!(both(name_and_birth_spelled("Test Aa", "1950-01-01")), ["test aa|1950-01-01", "Test Aa|1950-01-01"]);
    }
}
