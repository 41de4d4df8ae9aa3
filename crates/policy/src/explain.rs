//! Packs for people and for the journal: as lines, as text, as a hash, and compared with each other.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::part::{Line, Part};
use crate::{Pack, Playbook, Profile};

impl Pack {
    /// Every value with its key and ground, in the order of declaration.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        self.rules.walk("", &mut lines);
        lines
    }

    /// Hash over the whole content (values, clauses, marks, layers; not files), as hex. The journal records it, so
    /// that a decision can be traced to the exact rules.
    #[must_use]
    pub fn content_hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            // Length first, so that no two contents can run together into one.
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(&self.id);
        add(&self.pathogen);
        for line in self.lines() {
            add(&line.key);
            add(&line.value);
            if let Some(source) = &line.source {
                add(&source.layer);
                add(&source.clause);
                add(source.confidence.key());
                add(if source.unverified { "unverified" } else { "" });
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The pack as readable text: every value with clause, confidence and mark.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("{} · {} · {}\n", self.id, self.name_zh, self.name_en);
        let _ = writeln!(text, "date 日期: {}   pathogen 病原体: {}", self.date, self.pathogen);
        let _ = writeln!(text, "hash: {}\nlayers 方案层:", self.content_hash());
        for layer in &self.layers {
            let (id, zh, en, from) = (&layer.id, &layer.title_zh, &layer.title_en, layer.effective);
            let _ = writeln!(text, "  {id} ({}): {zh} · {en}, {from}", layer.kind.zh());
        }
        let lines = self.lines();
        let marked = lines.iter().filter(|line| line.source.as_ref().is_some_and(|source| source.unverified)).count();
        let _ = writeln!(text, "values 条目: {}, of which unverified 未核实: {marked}", lines.len());
        text.push_str(&render_lines(&lines));
        text
    }
}

impl Playbook {
    /// The kinds as readable text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for kind in self.kinds.values() {
            let mut lines = Vec::new();
            kind.walk(&kind.key, &mut lines);
            text.push_str(&render_lines(&lines));
        }
        text
    }
}

impl Profile {
    /// The profile as readable text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut lines = Vec::new();
        self.walk("", &mut lines);
        render_lines(&lines)
    }
}

/// Values under the heading of their section.
pub(crate) fn render_lines(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut heading = "";
    for line in lines {
        let (section, name) = line.key.rsplit_once('.').unwrap_or(("", &line.key));
        if section != heading {
            let _ = writeln!(text, "\n{section}");
            heading = section;
        }
        let _ = write!(text, "  {name} = {}", line.value);
        if let Some(source) = &line.source {
            let _ = write!(text, "    — {source}");
        }
        text.push('\n');
    }
    text
}

/// A value in which two packs differ.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Key of the value.
    pub key: String,
    /// What the first pack says; `None` where it has no such value.
    pub left: Option<Line>,
    /// What the second says.
    pub right: Option<Line>,
}

/// The values in which two packs differ, by key. Equal values under other clauses are no difference.
#[must_use]
pub fn compare(left: &Pack, right: &Pack) -> Vec<Difference> {
    let table = |pack: &Pack| -> BTreeMap<String, Line> {
        pack.lines().into_iter().map(|line| (line.key.clone(), line)).collect()
    };
    let (mut left, mut right) = (table(left), table(right));
    let keys: std::collections::BTreeSet<String> = left.keys().chain(right.keys()).cloned().collect();
    let rows = keys.into_iter().map(|key| (left.remove(&key), right.remove(&key), key));
    rows.filter(|(left, right, _)| left.as_ref().map(|line| &line.value) != right.as_ref().map(|line| &line.value))
        .map(|(left, right, key)| Difference { key, left, right })
        .collect()
}
