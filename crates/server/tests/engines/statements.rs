//! Finds every SQL statement in the sources, with its constants put in, so that each can be prepared on each engine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What the sources hold.
pub struct Statements {
    /// Whole statements, with the file they stand in.
    pub whole: Vec<(String, String)>,
    /// Statements with a part that only the running program knows.
    pub open: Vec<(String, String)>,
}

const VERBS: [&str; 5] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "laws", "engine"].contains(&name.as_str()) {
            sources(&path, found);
        } else if name.ends_with(".rs") && !name.starts_with("test") {
            found.push(path);
        }
    }
}

/// A text literal that begins at `at` (its opening quote), and where it ends.
fn literal(text: &str, at: usize) -> (String, usize) {
    let mut out = String::new();
    let mut letters = text[at + 1..].char_indices();
    while let Some((offset, letter)) = letters.next() {
        match letter {
            '"' => return (out, at + 1 + offset + 1),
            '\\' => match letters.next().map(|(_, next)| next) {
                Some('\n') => {
                    while text[at + 1 + letters.offset()..].starts_with(char::is_whitespace) {
                        letters.next();
                    }
                }
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => break,
            },
            other => out.push(other),
        }
    }
    (out, text.len())
}

/// Texts and joined texts (`concat!`) of a file, in order, each with the name of the constant or macro it defines.
fn texts(source: &str, macros: &BTreeMap<String, String>) -> Vec<(Option<String>, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("'\"'") {
            at += 3;
        } else if rest.starts_with("concat!(") {
            let begin = at;
            let (joined, end) = concatenated(source, at + "concat!(".len(), macros);
            found.push((defined(&source[..begin]), joined));
            at = end;
        } else if rest.starts_with('"') {
            let (text, end) = literal(source, at);
            found.push((defined(&source[..at]), text));
            at = end;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

fn concatenated(source: &str, mut at: usize, macros: &BTreeMap<String, String>) -> (String, usize) {
    let mut joined = String::new();
    while at < source.len() {
        let rest = &source[at..];
        if rest.starts_with('"') {
            let (text, end) = literal(source, at);
            joined.push_str(&text);
            at = end;
        } else if rest.starts_with(')') {
            return (joined, at + 1);
        } else if let Some(end) = rest.find("!()").filter(|end| rest[..*end].chars().all(is_name)) {
            joined.push_str(macros.get(&rest[..end]).map_or("{?}", String::as_str));
            at += end + 3;
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    (joined, at)
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The constant or macro whose text begins after `before`.
fn defined(before: &str) -> Option<String> {
    let before = before.trim_end();
    if let Some(head) = before.strip_suffix('=') {
        let line = head.rsplit("const ").next()?;
        let (name, kind) = line.split_once(':')?;
        return (kind.trim() == "&str").then(|| name.to_owned());
    }
    let head = before.strip_suffix('{')?.trim_end().strip_suffix("=>")?.trim_end().strip_suffix("()")?;
    let name = head.rsplit("macro_rules!").next()?;
    Some(name.trim().trim_end_matches('{').trim().to_owned()).filter(|name| name.chars().all(is_name))
}

fn filled(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for _ in 0..3 {
        for (name, value) in names.iter().filter(|(name, _)| name.chars().all(|letter| !letter.is_lowercase())) {
            text = text.replace(&format!("{{{name}}}"), value);
        }
    }
    text
}

/// All statements below `crates`.
pub fn all(crates: &Path) -> Statements {
    let mut files = Vec::new();
    sources(crates, &mut files);
    let mut found = Statements { whole: Vec::new(), open: Vec::new() };
    let mut seen = BTreeSet::new();
    let read = |file: &PathBuf| std::fs::read_to_string(file).unwrap();
    // A name means what its own file says, else what the files of its folder say.
    let mut shared: BTreeMap<PathBuf, BTreeMap<String, String>> = BTreeMap::new();
    for file in &files {
        let named = texts(&read(file), &BTreeMap::new());
        let folder = shared.entry(file.parent().unwrap().to_owned()).or_default();
        folder.extend(named.into_iter().filter_map(|(name, text)| name.map(|name| (name, text))));
    }
    for file in &files {
        let source = read(file);
        let mut names = shared[file.parent().unwrap()].clone();
        let own = texts(&source, &names);
        names.extend(own.into_iter().filter_map(|(name, text)| name.map(|name| (name, text))));
        let texts = texts(&source, &names);
        for (name, text) in &texts {
            let is_piece = name.as_ref().is_some_and(|name| source.contains(&format!("{{{name}}}")));
            let sql = filled(text, &names);
            let is_sql = VERBS.iter().any(|verb| sql.trim_start().starts_with(verb)) && sql.contains("$1");
            if is_piece || !is_sql || !seen.insert(sql.clone()) {
                continue;
            }
            let place = file.strip_prefix(crates).unwrap().display().to_string();
            if sql.contains('{') { found.open.push((place, sql)) } else { found.whole.push((place, sql)) }
        }
    }
    found
}
