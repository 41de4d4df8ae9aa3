//! A data file as a tree that remembers, for each key, the file and the line it stands on.

use std::collections::BTreeMap;
use std::fmt;

use toml_edit::{Document, Item, Table, Value};

/// Where something stands in the data files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Place {
    /// File name as the library knows it, such as `policies/control-plan-ed8.toml`.
    pub file: String,
    /// Line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
}

closed! {
    /// What sort of thing is wrong.
    pub enum FindingKind: "kind of finding" {
        /// Not TOML, or not a file of ours.
        Syntax = "syntax" / "语法",
        /// A key that nothing reads.
        UnknownKey = "unknown_key" / "未知键",
        /// A value that is needed and stands nowhere.
        Missing = "missing" / "缺少值",
        /// Wrong type, or not a word of the closed list.
        WrongType = "wrong_type" / "类型错误",
        /// A value without clause or confidence, or weak without its mark.
        Unsourced = "unsourced" / "缺少依据",
        /// Values that contradict each other, overlap, leave a gap or can never apply.
        Contradiction = "contradiction" / "相互矛盾",
        /// An example case with another answer than expected.
        Example = "example" / "示例不符",
    }
}

/// Something wrong in a data file. All findings of a file are reported, not only the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Finding {
    /// File and line.
    pub place: Place,
    /// What sort of thing is wrong.
    pub kind: FindingKind,
    /// Full key, such as `quarantine.close_contact.days`; empty for the whole file.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.place.file, self.place.line)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A table of keys.
    Table(BTreeMap<String, Node>),
    /// An array, or an array of tables.
    List(Vec<Node>),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
    /// Something that no data file of ours uses (a float, a date), by its name.
    Other(&'static str),
}

/// A value or table with its place and the layer it came from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub kind: Kind,
    pub place: Place,
    /// Id of the layer; empty outside packs.
    pub layer: String,
}

impl Node {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The keys, if it is a table.
    pub fn table(&self) -> Option<&BTreeMap<String, Node>> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    /// A finding at this node.
    pub fn finding(&self, kind: FindingKind, key: &str, message: impl Into<String>) -> Finding {
        Finding { place: self.place.clone(), kind, key: key.to_owned(), message: message.into() }
    }

    /// What kind of thing stands here, for messages.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            Kind::Table(_) => "a table",
            Kind::List(_) => "a list",
            Kind::Bool(_) => "true or false",
            Kind::Int(_) => "a whole number",
            Kind::Text(_) => "a text",
            Kind::Other(name) => name,
        }
    }

    /// Marks the whole tree as coming from one layer.
    pub fn stamp(&mut self, layer: &str) {
        layer.clone_into(&mut self.layer);
        match &mut self.kind {
            Kind::Table(table) => table.values_mut().for_each(|node| node.stamp(layer)),
            Kind::List(list) => list.iter_mut().for_each(|node| node.stamp(layer)),
            _ => {}
        }
    }
}

/// The node at a dotted key below this one.
pub(crate) fn find<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    key.split('.').try_fold(node, |at, name| at.table()?.get(name))
}

/// Parses a TOML text. A syntax error is one finding at its line.
pub(crate) fn parse(file: &str, text: &str) -> Result<Node, Vec<Finding>> {
    let lines = Lines::new(file, text);
    match Document::parse(text) {
        Ok(document) => Ok(Node {
            kind: Kind::Table(lines.table(document.as_table())),
            place: Place { file: file.to_owned(), line: 1 },
            layer: String::new(),
        }),
        Err(error) => {
            let line = error.span().map_or(0, |span| lines.line(span.start));
            let place = Place { file: file.to_owned(), line };
            Err(vec![Finding {
                place,
                kind: FindingKind::Syntax,
                key: String::new(),
                message: error.message().to_owned(),
            }])
        }
    }
}

/// Turns byte offsets into lines.
struct Lines<'a> {
    file: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(file: &'a str, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { file, starts: std::iter::once(0).chain(breaks).collect() }
    }

    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    fn node(&self, kind: Kind, span: Option<std::ops::Range<usize>>) -> Node {
        let line = span.map_or(0, |span| self.line(span.start));
        Node { kind, place: Place { file: self.file.to_owned(), line }, layer: String::new() }
    }

    fn table(&self, table: &Table) -> BTreeMap<String, Node> {
        let rows = table.iter().filter_map(|(key, item)| {
            let mut node = self.item(item)?;
            if let Some(span) = table.key(key).and_then(toml_edit::Key::span) {
                node.place.line = self.line(span.start);
            }
            Some((key.to_owned(), node))
        });
        rows.collect()
    }

    fn item(&self, item: &Item) -> Option<Node> {
        Some(match item {
            Item::None => return None,
            Item::Value(value) => self.value(value),
            Item::Table(table) => self.node(Kind::Table(self.table(table)), table.span()),
            Item::ArrayOfTables(list) => {
                let rows = list.iter().map(|table| self.node(Kind::Table(self.table(table)), table.span()));
                self.node(Kind::List(rows.collect()), list.span())
            }
        })
    }

    fn value(&self, value: &Value) -> Node {
        let kind = match value {
            Value::Boolean(value) => Kind::Bool(*value.value()),
            Value::Integer(value) => Kind::Int(*value.value()),
            Value::String(value) => Kind::Text(value.value().clone()),
            Value::Float(_) => Kind::Other("a fraction"),
            Value::Datetime(_) => Kind::Other("a date without quotes"),
            Value::Array(list) => Kind::List(list.iter().map(|value| self.value(value)).collect()),
            Value::InlineTable(table) => {
                let rows = table.iter().map(|(key, value)| {
                    let mut node = self.value(value);
                    if let Some(span) = table.key(key).and_then(toml_edit::Key::span) {
                        node.place.line = self.line(span.start);
                    }
                    (key.to_owned(), node)
                });
                Kind::Table(rows.collect())
            }
        };
        self.node(kind, value.span())
    }
}
