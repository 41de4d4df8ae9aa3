//! How typed rules are read from the tree of a data file, completely and with every error reported.
//!
//! `section!` declares a struct once and gives it three things: a reader that collects all findings (missing, wrong
//! type, unknown key), a walk over its values for showing, hashing and comparing, and serialisation. Serde would stop
//! at the first error and would lose the clause beside each value.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::closed::Closed;
use crate::node::{Finding, FindingKind, Kind, Node, Place};
use crate::source::{Citation, Confidence, Sourced};

/// One value of a pack, playbook or profile as people read it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// Full key.
    pub key: String,
    /// The value as text.
    pub value: String,
    /// Its ground; none in playbooks and profiles.
    pub source: Option<Arc<Citation>>,
}

/// A piece of typed data that can be read from a file and walked over.
pub(crate) trait Part: Sized {
    /// Reads from a node; says what is wrong in `findings` and answers `None` if anything is.
    fn read(node: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Self>;

    /// What a missing key means: an error, unless the type has an empty form.
    fn absent(parent: &Place, key: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        let (place, kind) = (parent.clone(), FindingKind::Missing);
        findings.push(Finding { place, kind, key: key.to_owned(), message: "is missing".to_owned() });
        None
    }

    /// Every value below, in the order of declaration.
    fn walk(&self, key: &str, lines: &mut Vec<Line>);
}

/// A value without inner keys.
pub(crate) trait Scalar: Sized {
    /// Reads it, or says what would be right.
    fn parse(node: &Node) -> Result<Self, String>;
    /// The value as people read it.
    fn shown(&self) -> String;
}

/// Joins a key and its child.
pub(crate) fn join(key: &str, child: &str) -> String {
    if key.is_empty() { child.to_owned() } else { format!("{key}.{child}") }
}

/// Reads the child of a table, or asks its type what absence means.
pub(crate) fn child<T: Part>(node: &Node, key: &str, name: &str, findings: &mut Vec<Finding>) -> Option<T> {
    let full = join(key, name);
    match node.table()?.get(name) {
        Some(inner) => T::read(inner, &full, findings),
        None => T::absent(&node.place, &full, findings),
    }
}

/// Reports keys that the table must not have, and a node that is no table at all.
pub(crate) fn only(node: &Node, key: &str, known: &[&str], findings: &mut Vec<Finding>) {
    let Some(table) = node.table() else {
        findings.push(node.finding(
            FindingKind::WrongType,
            key,
            format!("expected a table, found {}", node.kind_name()),
        ));
        return;
    };
    for (name, inner) in table.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
        let message = format!("unknown key; known here: {}", known.join(", "));
        findings.push(inner.finding(FindingKind::UnknownKey, &join(key, name), message));
    }
}

/// Gives a scalar its place as a plain part (in playbooks and profiles).
macro_rules! scalar_part {
    ($name:ty) => {
        impl $crate::part::Part for $name {
            fn read(node: &$crate::node::Node, key: &str, findings: &mut Vec<$crate::Finding>) -> Option<Self> {
                match <Self as $crate::part::Scalar>::parse(node) {
                    Ok(value) => Some(value),
                    Err(message) => {
                        findings.push(node.finding($crate::node::FindingKind::WrongType, key, message));
                        None
                    }
                }
            }
            fn walk(&self, key: &str, lines: &mut Vec<$crate::part::Line>) {
                let value = $crate::part::Scalar::shown(self);
                lines.push($crate::part::Line { key: key.to_owned(), value, source: None });
            }
        }
    };
}

/// Declares a struct of parts with its reader and its walk.
macro_rules! section {
    ($(#[$meta:meta])* pub struct $name:ident { $( $(#[$fmeta:meta])* $field:ident : $ty:ty, )* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
        pub struct $name { $( $(#[$fmeta])* pub $field: $ty, )* }

        impl $crate::part::Part for $name {
            fn read(node: &$crate::node::Node, key: &str, findings: &mut Vec<$crate::Finding>) -> Option<Self> {
                $crate::part::only(node, key, &[ $( stringify!($field), )* ], findings);
                $( let $field = $crate::part::child(node, key, stringify!($field), findings); )*
                Some(Self { $( $field: $field?, )* })
            }
            fn walk(&self, key: &str, lines: &mut Vec<$crate::part::Line>) {
                $( self.$field.walk(&$crate::part::join(key, stringify!($field)), lines); )*
            }
        }
    };
}

impl Scalar for u32 {
    fn parse(node: &Node) -> Result<Self, String> {
        match node.kind {
            Kind::Int(number) => {
                Self::try_from(number).map_err(|_| format!("{number} is out of range 0 to {}", Self::MAX))
            }
            _ => Err(format!("expected a whole number, found {}", node.kind_name())),
        }
    }
    fn shown(&self) -> String {
        self.to_string()
    }
}
scalar_part!(u32);

impl Scalar for i32 {
    fn parse(node: &Node) -> Result<Self, String> {
        match node.kind {
            Kind::Int(number) => Self::try_from(number).map_err(|_| format!("{number} is out of range")),
            _ => Err(format!("expected a whole number, found {}", node.kind_name())),
        }
    }
    fn shown(&self) -> String {
        self.to_string()
    }
}
scalar_part!(i32);

impl Scalar for bool {
    fn parse(node: &Node) -> Result<Self, String> {
        match node.kind {
            Kind::Bool(value) => Ok(value),
            _ => Err(format!("expected true or false, found {}", node.kind_name())),
        }
    }
    fn shown(&self) -> String {
        self.to_string()
    }
}
scalar_part!(bool);

impl Scalar for String {
    fn parse(node: &Node) -> Result<Self, String> {
        match node.text() {
            Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
            Some(_) => Err("is empty".to_owned()),
            None => Err(format!("expected a text, found {}", node.kind_name())),
        }
    }
    fn shown(&self) -> String {
        self.clone()
    }
}
scalar_part!(String);

impl Scalar for jiff::civil::Date {
    fn parse(node: &Node) -> Result<Self, String> {
        let text = node.text().ok_or_else(|| "expected a date in quotes, such as \"2022-04-13\"".to_owned())?;
        text.parse().map_err(|_| format!("`{text}` is not a date such as 2022-04-13"))
    }
    fn shown(&self) -> String {
        self.to_string()
    }
}
scalar_part!(jiff::civil::Date);

impl<T: Scalar> Scalar for Vec<T> {
    fn parse(node: &Node) -> Result<Self, String> {
        match &node.kind {
            Kind::List(list) => list.iter().map(T::parse).collect(),
            _ => Err(format!("expected a list, found {}", node.kind_name())),
        }
    }
    fn shown(&self) -> String {
        format!("[{}]", self.iter().map(Scalar::shown).collect::<Vec<_>>().join(", "))
    }
}

impl<T: Part> Part for Vec<T> {
    fn read(node: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        let Kind::List(list) = &node.kind else {
            findings.push(node.finding(
                FindingKind::WrongType,
                key,
                format!("expected a list, found {}", node.kind_name()),
            ));
            return None;
        };
        let read: Vec<Option<T>> =
            list.iter().enumerate().map(|(at, inner)| T::read(inner, &format!("{key}[{at}]"), findings)).collect();
        read.into_iter().collect()
    }
    fn absent(_: &Place, _: &str, _: &mut Vec<Finding>) -> Option<Self> {
        Some(Self::new())
    }
    fn walk(&self, key: &str, lines: &mut Vec<Line>) {
        for (at, inner) in self.iter().enumerate() {
            inner.walk(&format!("{key}[{at}]"), lines);
        }
    }
}

impl<T: Part> Part for Option<T> {
    fn read(node: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        T::read(node, key, findings).map(Some)
    }
    fn absent(_: &Place, _: &str, _: &mut Vec<Finding>) -> Option<Self> {
        Some(None)
    }
    fn walk(&self, key: &str, lines: &mut Vec<Line>) {
        if let Some(inner) = self {
            inner.walk(key, lines);
        }
    }
}

impl<K: Closed, V: Part> Part for BTreeMap<K, V> {
    fn read(node: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        let known: Vec<&str> = K::ALL.iter().map(|member| member.key()).collect();
        only(node, key, &known, findings);
        let table = node.table()?;
        let members = K::ALL.iter().filter(|member| table.contains_key(member.key()));
        let read: Vec<Option<(K, V)>> =
            members.map(|member| child(node, key, member.key(), findings).map(|value| (*member, value))).collect();
        read.into_iter().collect()
    }
    fn walk(&self, key: &str, lines: &mut Vec<Line>) {
        for (member, value) in self {
            value.walk(&join(key, member.key()), lines);
        }
    }
}

/// A row for every member of a closed list: looking one up cannot fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Every<K, V> {
    rows: Vec<V>,
    key: std::marker::PhantomData<K>,
}

impl<K: Closed, V> Every<K, V> {
    /// The row of a member.
    #[must_use]
    pub fn get(&self, member: K) -> &V {
        &self.rows[member.index()]
    }

    /// All rows with their members.
    pub fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        K::ALL.iter().copied().zip(&self.rows)
    }
}

impl<K: Closed, V: Part> Part for Every<K, V> {
    fn read(node: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        let known: Vec<&str> = K::ALL.iter().map(|member| member.key()).collect();
        only(node, key, &known, findings);
        let read: Vec<Option<V>> = known.iter().map(|name| child(node, key, name, findings)).collect();
        let rows = read.into_iter().collect::<Option<Vec<V>>>()?;
        Some(Self { rows, key: std::marker::PhantomData })
    }
    fn walk(&self, key: &str, lines: &mut Vec<Line>) {
        for (member, value) in self.iter() {
            value.walk(&join(key, member.key()), lines);
        }
    }
}

impl<K: Closed, V: serde::Serialize> serde::Serialize for Every<K, V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(member, value)| (member.key(), value)))
    }
}

impl<T: Scalar> Part for Sourced<T> {
    fn read(node: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Self> {
        if node.table().is_none() {
            let message = "a bare value; write { value = ..., clause = \"...\", confidence = \"H|M|L|GK\" }";
            findings.push(node.finding(FindingKind::Unsourced, key, message));
            return None;
        }
        only(node, key, &["value", "clause", "confidence", "unverified"], findings);
        let value = leaf_child::<T>(node, key, "value", findings);
        let source = citation(node, key, findings);
        Some(Self { value: value?, source: Arc::new(source?) })
    }
    fn walk(&self, key: &str, lines: &mut Vec<Line>) {
        lines.push(Line { key: key.to_owned(), value: self.value.shown(), source: Some(self.cite()) });
    }
}

/// The ground of a sourced table: clause, confidence and mark.
fn citation(node: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Citation> {
    let clause = leaf_child::<String>(node, key, "clause", findings);
    let confidence = leaf_child::<Confidence>(node, key, "confidence", findings);
    let mark = child::<Option<bool>>(node, key, "unverified", findings);
    let unverified = mark.map(|mark| mark == Some(true));
    if confidence.is_some_and(Confidence::must_be_marked) && unverified == Some(false) {
        findings.push(node.finding(FindingKind::Unsourced, key, "confidence L or GK needs unverified = true"));
        return None;
    }
    let (clause, confidence, unverified) = (clause?, confidence?, unverified?);
    Some(Citation { key: key.to_owned(), layer: node.layer.clone(), clause, confidence, unverified })
}

/// One of the parts of a sourced table. A part that is missing leaves the value without its ground.
fn leaf_child<T: Scalar>(node: &Node, key: &str, name: &str, findings: &mut Vec<Finding>) -> Option<T> {
    let Some(inner) = node.table().and_then(|table| table.get(name)) else {
        findings.push(node.finding(FindingKind::Unsourced, &join(key, name), "is missing"));
        return None;
    };
    match T::parse(inner) {
        Ok(value) => Some(value),
        Err(message) => {
            findings.push(inner.finding(FindingKind::WrongType, &join(key, name), message));
            None
        }
    }
}

/// A whole file as readable text, as it stands.
pub(crate) fn plain(node: &Node) -> String {
    fn walk(node: &Node, key: &str, lines: &mut Vec<Line>) {
        let source = citation(node, key, &mut Vec::new());
        if let (Some(source), Some(value)) = (source, node.table().and_then(|table| table.get("value"))) {
            lines.push(Line { key: key.to_owned(), value: shown(value), source: Some(Arc::new(source)) });
            return;
        }
        match &node.kind {
            Kind::Table(table) => table.iter().for_each(|(name, inner)| walk(inner, &join(key, name), lines)),
            Kind::List(list) if list.iter().any(|inner| inner.table().is_some()) => {
                list.iter().enumerate().for_each(|(at, inner)| walk(inner, &format!("{key}[{at}]"), lines));
            }
            _ => lines.push(Line { key: key.to_owned(), value: shown(node), source: None }),
        }
    }
    let mut lines = Vec::new();
    walk(node, "", &mut lines);
    crate::explain::render_lines(&lines)
}

/// A node as one text.
pub(crate) fn shown(node: &Node) -> String {
    match &node.kind {
        Kind::Table(table) => {
            let rows = table.iter().map(|(name, inner)| format!("{name} = {}", shown(inner)));
            format!("{{{}}}", rows.collect::<Vec<_>>().join(", "))
        }
        Kind::List(list) => format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => value.to_string(),
        Kind::Text(text) => text.clone(),
        Kind::Other(name) => (*name).to_owned(),
    }
}
