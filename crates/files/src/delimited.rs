//! CSV by its lines: records with the line where they begin, and quotes that are not what they seem.

use outpace_core::Text;

use crate::Cell;

/// A line of the text, without its end.
#[derive(Debug, Clone, Copy)]
struct Line {
    start: usize,
    end: usize,
}

/// A text, split into lines as an editor shows them: LF, CRLF, or CR alone.
pub(crate) struct Lines<'a> {
    text: &'a str,
    lines: Vec<Line>,
}

/// What begins at a line.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Cells; none of them has content on a blank line.
    Record(Vec<Option<Cell>>),
    /// Lines that could not be told apart because of a quote.
    Broken(Text),
}

/// A piece with its first and its last line, from 0.
pub(crate) struct Found {
    pub(crate) first: usize,
    pub(crate) last: usize,
    pub(crate) piece: Piece,
}

enum Quoted {
    Closed { content: String, line: usize, at: usize },
    Broken { last: usize, why: Text },
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
        while at < bytes.len() {
            if matches!(bytes[at], b'\n' | b'\r') {
                lines.push(Line { start, end: at });
                at += usize::from(bytes[at..].starts_with(b"\r\n"));
                start = at + 1;
            }
            at += 1;
        }
        if start < bytes.len() {
            lines.push(Line { start, end: bytes.len() });
        }
        Self { text, lines }
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// A line as it stands.
    pub(crate) fn line(&self, line: usize) -> &'a str {
        self.lines.get(line).and_then(|found| self.text.get(found.start..found.end)).unwrap_or_default()
    }

    /// Whether a line holds anything between its delimiters.
    pub(crate) fn has_content(&self, line: usize, delimiter: u8) -> bool {
        self.line(line).split(char::from(delimiter)).any(|cell| Cell::of_text(cell.trim_matches('"')).is_some())
    }

    /// The record that begins at a line.
    ///
    /// A quoted cell may run over several lines. If one of these has as many delimiters as a row must have
    /// (`delimiters`), a closing quote was forgotten and rows were swallowed: these lines are broken, as are those of a
    /// quote that is not closed, and those of one that is followed by other text.
    pub(crate) fn piece(&self, first: usize, delimiter: u8, delimiters: usize) -> Found {
        let mut cells = Vec::new();
        let mut line = first;
        let mut at = self.lines[first].start;
        let bytes = self.text.as_bytes();
        loop {
            if bytes.get(at) == Some(&b'"') && at < self.lines[line].end {
                match self.quoted(line, at, delimiter, delimiters) {
                    Quoted::Broken { last, why } => return Found { first, last, piece: Piece::Broken(why) },
                    Quoted::Closed { content, line: closed, at: after } => {
                        cells.push(Cell::of_text(&content));
                        (line, at) = (closed, after);
                    }
                }
            } else {
                let end = self.lines[line].end;
                let stop = bytes[at..end].iter().position(|byte| *byte == delimiter).map_or(end, |found| at + found);
                cells.push(Cell::of_text(&self.text[at..stop]));
                at = stop;
            }
            if at >= self.lines[line].end {
                return Found { first, last: line, piece: Piece::Record(cells) };
            }
            // Past the delimiter.
            at += 1;
        }
    }

    /// The quoted cell whose first quote stands at `at`; afterwards at the delimiter or at the end of its line.
    fn quoted(&self, opened: usize, at: usize, delimiter: u8, delimiters: usize) -> Quoted {
        let bytes = self.text.as_bytes();
        let (mut content, mut line, mut from) = (String::new(), opened, at + 1);
        loop {
            let end = self.lines[line].end;
            let Some(quote) = bytes[from..end].iter().position(|byte| *byte == b'"').map(|found| from + found) else {
                content.push_str(&self.text[from..end]);
                if line + 1 >= self.lines.len() {
                    return Quoted::Broken { last: line, why: not_closed(opened, line) };
                }
                content.push('\n');
                line += 1;
                from = self.lines[line].start;
                continue;
            };
            content.push_str(&self.text[from..quote]);
            if quote + 1 < end && bytes[quote + 1] == b'"' {
                content.push('"');
                from = quote + 2;
                continue;
            }
            let after = quote + 1 + bytes[quote + 1..end].iter().take_while(|byte| **byte == b' ').count();
            if after < end && bytes[after] != delimiter {
                return Quoted::Broken { last: line, why: not_closed(opened, line) };
            }
            let delimiters_of =
                |line: usize| self.line(line).bytes().filter(|byte| *byte == delimiter).count() >= delimiters;
            if (opened + 1..=line).any(delimiters_of) {
                return Quoted::Broken { last: line, why: not_closed(opened, line) };
            }
            return Quoted::Closed { content, line, at: after };
        }
    }
}

fn not_closed(opened: usize, last: usize) -> Text {
    let (opened, last) = (opened + 1, last + 1);
    if opened == last {
        return Text::new(
            format!("第 {opened} 行的引号未正确闭合,该行未读取。"),
            format!("A quote opened in line {opened} is not closed; line {opened} was not read."),
        );
    }
    Text::new(
        format!("第 {opened} 行的引号未闭合,第 {opened} 至 {last} 行未读取。"),
        format!("A quote opened in line {opened} is not closed; lines {opened}..{last} were not read."),
    )
}
