//! Text as offices write it: full width, dates, and codes that leave as text.

use jiff::civil::{Date, Time};

use crate::Cell;

/// Full-width letters, digits and signs as their narrow ones, and the wide space as a space; the rest as it stands.
#[must_use]
pub fn fold_width(text: &str) -> String {
    let narrow = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
        '\u{3000}' | '\u{a0}' => ' ',
        other => other,
    };
    text.chars().map(narrow).collect()
}

/// A date as it was written, with the time of day and the offset from UTC where they stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The day.
    pub date: Date,
    /// The time of day; `None` where only a day was written.
    pub time: Option<Time>,
    /// Minutes east of UTC; `None` where the file says nothing, so that local time is meant.
    pub offset_minutes: Option<i64>,
}

/// Reads a date, with or without time: `2022-04-14 09:30`, `2022/4/14 9:30:00`, `2022.4.14`, `20220414`,
/// `2022年4月14日 9时30分`, `2022-04-14T09:30:00+08:00`, a date cell, a number of days as spreadsheets count them.
/// `None` for anything else; `01/12/2026` is nobody's to guess.
#[must_use]
pub fn moment_of(cell: &Cell) -> Option<Moment> {
    match cell {
        Cell::Text(text) | Cell::Moment(text) => of_text(text),
        Cell::Number(number) if number.value.fract() == 0.0 && (1.9e7..2.2e7).contains(&number.value) => {
            of_text(&format!("{:.0}", number.value))
        }
        Cell::Number(number) => of_serial(number.value + if number.is_1904 { 1_462.0 } else { 0.0 }),
        Cell::Error(_) | Cell::Merged => None,
    }
}

/// Days since 30 December 1899, from 1 March 1900 to the year 2199.
fn of_serial(days: f64) -> Option<Moment> {
    if !(61.0..109_575.0).contains(&days) {
        return None;
    }
    let seconds = ((days.fract()) * 86_400.0).round() as i64;
    let whole = days.trunc() as i64 + seconds / 86_400;
    let date = Date::constant(1899, 12, 30).checked_add(jiff::Span::new().days(whole)).ok()?;
    let of_day = seconds % 86_400;
    let time = Time::new((of_day / 3_600) as i8, (of_day / 60 % 60) as i8, (of_day % 60) as i8, 0).ok()?;
    Some(Moment { date, time: (days.fract() != 0.0).then_some(time), offset_minutes: None })
}

fn of_text(text: &str) -> Option<Moment> {
    let text = fold_width(text);
    let text = text.trim();
    if text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return of_serial(text.parse().ok()?);
    }
    let end =
        text.find(['T', 't', ' ']).or_else(|| text.find('日').map(|at| at + '日'.len_utf8())).unwrap_or(text.len());
    let (day, rest) = text.split_at(end);
    let rest = rest.trim_start_matches(['T', 't', ' ', '日']).trim();
    let date = date_of(day.trim())?;
    if rest.is_empty() {
        return Some(Moment { date, time: None, offset_minutes: None });
    }
    let (clock, offset_minutes) = offset_of(rest)?;
    Some(Moment { date, time: Some(time_of(clock)?), offset_minutes })
}

fn numbers<const N: usize>(text: &str, separators: &[char]) -> Option<[i16; N]> {
    let parts = text.trim_end_matches(['日', '分', '秒']).split(separators).map(str::trim);
    let digits = |part: &str| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Option<Vec<i16>> = parts.map(|part| digits(part).then(|| part.parse().ok()).flatten()).collect();
    parts?.try_into().ok()
}

fn date_of(text: &str) -> Option<Date> {
    let [year, month, day] = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        [text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?]
    } else {
        numbers(text, &['-', '/', '.', '年', '月'])?
    };
    // Two digits are no year.
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    (year >= 1_000).then(|| Date::new(year, month, day).ok()).flatten()
}

fn time_of(text: &str) -> Option<Time> {
    let text = text.split('.').next()?;
    let marks = [':', '时', '点', '分'];
    let [hour, minute, second] =
        numbers(text, &marks).or_else(|| numbers(text, &marks).map(|[hour, minute]: [i16; 2]| [hour, minute, 0]))?;
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, 0).ok()
}

/// Splits `09:30:00+08:00` into the clock and the minutes east of UTC.
fn offset_of(text: &str) -> Option<(&str, Option<i64>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock.trim(), Some(0)));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, None)) };
    let digits: String = text[at + 1..].chars().filter(|letter| *letter != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    let sign = if text[at..].starts_with('-') { -1 } else { 1 };
    (hours <= 14 && minutes < 60).then(|| (text[..at].trim(), Some(sign * (hours * 60 + minutes))))
}

/// A code for a CSV that a spreadsheet opens: what it would read as a number or a date leaves as `="0777"`, which it
/// shows and keeps as text, and which this crate reads as 0777. Any other text as it stands.
#[must_use]
pub fn as_text_cell(text: &str) -> String {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "true", "false"];
    let lower = text.to_ascii_lowercase();
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'/');
    let starts = text.starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '.' | '+'))
        || months.iter().any(|month| lower.starts_with(month));
    let has_digit_or_word = text.bytes().any(|byte| byte.is_ascii_digit()) || lower == "true" || lower == "false";
    if plain && starts && has_digit_or_word { format!("=\"{text}\"") } else { text.to_owned() }
}

/// One line of a CSV, without its end: cells quoted where they must be.
#[must_use]
pub fn csv_line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = |cell: &str| match cell.contains([',', '"', '\n', '\r']) || cell.starts_with(' ') {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    };
    cells.into_iter().map(quoted).collect::<Vec<_>>().join(",")
}
