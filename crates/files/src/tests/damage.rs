//! Damages good files as offices and their programs do, thousands of times, and checks that no row is lost unsaid: each
//! row of the good file is read as it was, or stands in lines that were told, or the file is refused.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Damage {
    None,
    /// The quote with this number is left out.
    DropQuote(usize),
    /// A quote too many at this place of this row.
    AddQuote(usize, usize),
    SwapColumns(usize, usize),
    DoubleColumn(usize),
    /// A date by this many days off.
    ShiftDates(i64),
    /// A cell too many in this row.
    Surplus(usize),
    BlankRows(usize),
    /// A row twice.
    Twice(usize),
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Za-z\u{4e00}-\u{4e20}]{0,6}",
        1 => "[a-z]{1,3}, [a-z]{1,3}",
        1 => "[a-z]{1,3}\"[a-z]{1,3}",
        1 => "[a-z]{1,3}\n[a-z]{1,3}",
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::None),
        (0_usize..40).prop_map(Damage::DropQuote),
        (0_usize..20, 0_usize..30).prop_map(|(row, at)| Damage::AddQuote(row, at)),
        (0_usize..4, 0_usize..4).prop_map(|(a, b)| Damage::SwapColumns(a, b)),
        (0_usize..4).prop_map(Damage::DoubleColumn),
        (-40_000_i64..40_000).prop_map(Damage::ShiftDates),
        (0_usize..20).prop_map(Damage::Surplus),
        (0_usize..20).prop_map(Damage::BlankRows),
        (0_usize..20).prop_map(Damage::Twice),
    ]
}

type Rows = Vec<[String; 4]>;

fn quoted(cell: &str, delimiter: char, always: bool) -> String {
    match always || cell.contains([delimiter, '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

/// The text of a table, with damage done to its cells.
fn text_of(rows: &Rows, damage: &Damage, delimiter: char, end: &str, always: bool) -> String {
    let mut table: Vec<Vec<String>> = vec![["tube", "outcome", "note", "tested_at"].map(str::to_owned).to_vec()];
    table.extend(rows.iter().map(|row| row.to_vec()));
    match damage {
        Damage::SwapColumns(a, b) => table.iter_mut().for_each(|row| row.swap(*a, *b)),
        Damage::DoubleColumn(column) => table.iter_mut().for_each(|row| row.push(row[*column].clone())),
        Damage::ShiftDates(days) => table.iter_mut().skip(1).for_each(|row| row[3] = (44_665 + days).to_string()),
        Damage::Surplus(at) => {
            let at = at % rows.len() + 1;
            table[at].push("more".to_owned());
        }
        Damage::BlankRows(at) => table.insert(at % rows.len() + 1, vec![String::new(); 4]),
        Damage::Twice(at) => {
            let twice = table[at % rows.len() + 1].clone();
            table.push(twice);
        }
        Damage::None | Damage::DropQuote(_) | Damage::AddQuote(..) => {}
    }
    let line = |row: &Vec<String>| {
        row.iter().map(|cell| quoted(cell, delimiter, always)).collect::<Vec<_>>().join(&delimiter.to_string())
    };
    let mut lines: Vec<String> = table.iter().map(line).collect();
    if let Damage::AddQuote(row, at) = damage {
        let row = row % rows.len() + 1;
        let places: Vec<usize> = lines[row].char_indices().map(|(at, _)| at).collect();
        lines[row].insert(places[at % places.len()], '"');
    }
    let mut text = lines.join(end) + end;
    if let Damage::DropQuote(number) = damage {
        // The heading keeps its quotes.
        let from = lines[0].len();
        let quotes: Vec<usize> = text[from..].match_indices('"').map(|(at, _)| from + at).collect();
        if !quotes.is_empty() {
            text.remove(quotes[number % quotes.len()]);
        }
    }
    text
}

fn bytes_of(text: &str, encoding: usize) -> Vec<u8> {
    match encoding {
        0 => text.as_bytes().to_vec(),
        1 => format!("\u{feff}{text}").into_bytes(),
        2 => encoding_rs::GB18030.encode(text).0.into_owned(),
        3 => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
        _ => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_loses_a_row_unsaid(
        cells in proptest::collection::vec((cell(), cell()), 1..20),
        damage in damage(),
        delimiter in proptest::sample::select(vec![',', ';', '\t', '|']),
        end in proptest::sample::select(vec!["\n", "\r\n", "\r"]),
        always in any::<bool>(),
        encoding in 0_usize..5,
    ) {
        // Each row is known by its tube; the outcome stands for what must not be lost or changed.
        let outcome = |at: usize| if at.is_multiple_of(3) { "阳性" } else { "阴性" };
        let rows: Rows = cells.into_iter().enumerate()
            .map(|(at, (a, b))| [format!("T{at:03}"), outcome(at).to_owned(), a, b]).collect();
        let text = text_of(&rows, &damage, delimiter, end, always);
        let table = match read(&bytes_of(&text, encoding), &wanted()) {
            Ok(table) => table,
            Err(Unreadable(why)) => {
                prop_assert!(matches!(damage, Damage::DoubleColumn(_)), "{damage:?} {why:?}\n{text}");
                return Ok(());
            }
        };
        prop_assert!(!matches!(damage, Damage::DoubleColumn(_)));
        prop_assert_eq!(table.content, table.rows.len() as i64 + table.kept_out());
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in &table.rows {
            let shown = |key: &str| row.text(key).unwrap().unwrap_or_default();
            found.entry(shown("tube")).or_default().push(shown("outcome"));
        }
        let normal = text.replace("\r\n", "\n").replace('\r', "\n");
        let lines: Vec<&str> = normal.split('\n').collect();
        for [tube, outcome, ..] in &rows {
            let read = found.get(tube).is_some_and(|found| found.iter().all(|found| found == outcome));
            let told = table.told.iter().filter(|told| told.rows > 0).any(|told| {
                (told.line..=told.to_line).any(|line| lines[line as usize - 1].replace('"', "").contains(tube.as_str()))
            });
            // A lone quote in a code makes it another text, which no tube has: the reader of codes tells it.
            let marred = matches!(damage, Damage::AddQuote(..) | Damage::DropQuote(_)) && table.rows.iter().any(|row| {
                let is_its = |line: i64| lines[line as usize - 1].replace('"', "").contains(tube.as_str());
                is_its(row.line) && row.shown().concat().contains('"')
            });
            prop_assert!(read || told || marred, "{tube} is neither read nor told: {damage:?}\n{text}\n{:?}", table.told);
        }
    }
}
