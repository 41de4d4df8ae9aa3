//! Layers and how they merge: the later one wins, value by value, and each value remembers its layer.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::{LayerKind, LayerUsed, Pack, Rules};
use crate::node::{Finding, FindingKind, Kind, Node, find};
use crate::part::{Part, child, join, only};
use crate::{Confidence, Sourced, check};

section! {
    /// What a layer says of itself.
    pub struct LayerHead {
        /// Id, such as `control-plan-ed8`.
        id: String,
        /// What it is.
        kind: LayerKind,
        /// Chinese title.
        title_zh: String,
        /// English title.
        title_en: String,
        /// The day from which it applied.
        effective: Sourced<Date>,
        /// Remarks on how the document was read.
        note: Option<String>,
    }
}

section! {
    /// A key of lower layers that this one abolishes.
    pub struct Removal {
        /// The key.
        key: String,
        /// By which clause.
        clause: String,
        /// How sure we are.
        confidence: Confidence,
    }
}

/// A layer file, read but not yet merged.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub head: LayerHead,
    pub removals: Vec<Removal>,
    pub rules: Node,
}

/// How a slot picks among its layers.
#[derive(Clone, Copy, Debug)]
struct Pick<'a> {
    slot: &'a Slot,
    date: Date,
}

closed! {
    /// How a slot of a pack picks its layers by date.
    pub enum Choose: "choice" {
        /// All of them, whatever the date: a what-if under another edition is possible.
        Pinned = "pinned" / "固定",
        /// The newest one in force on the date; before any was in force, the oldest.
        Latest = "latest" / "当日有效的最新一版",
        /// Every one in force on the date, oldest first.
        InForce = "in_force" / "当日有效的全部",
    }
}

section! {
    /// One slot of a pack.
    pub struct Slot {
        /// What kind of layer fits.
        kind: LayerKind,
        /// How it picks.
        choose: Choose,
        /// Ids of layers, in the order of merging.
        layers: Vec<String>,
    }
}

section! {
    /// What a pack says of itself.
    pub struct PackHead {
        /// Id, such as `cn-2021-ed8`.
        id: String,
        /// Chinese name.
        name_zh: String,
        /// English name.
        name_en: String,
        /// Pathogen, such as `sars-cov-2`.
        pathogen: String,
    }
}

/// A pack file, read but not yet assembled.
#[derive(Clone, Debug)]
pub(crate) struct PackFile {
    pub head: PackHead,
    pub slots: Vec<Slot>,
    node: Node,
}

impl Layer {
    /// Reads a layer file. Rules are checked for shape only: a layer is a part of a whole.
    pub fn read(node: &Node, findings: &mut Vec<Finding>) -> Option<Self> {
        let head = child::<LayerHead>(node, "", "layer", findings);
        let removals = child::<Vec<Removal>>(node, "", "remove", findings);
        let mut rules = node.clone();
        if let Kind::Table(table) = &mut rules.kind {
            table.remove("layer");
            table.remove("remove");
        }
        let mut inner = Vec::new();
        let _: Option<Rules> = Rules::read(&rules, "", &mut inner);
        findings.extend(inner.into_iter().filter(|finding| finding.kind != FindingKind::Missing));
        let head = head?;
        if head.kind == LayerKind::Operations {
            findings.extend(not_marked_as_ours(&rules, ""));
        }
        rules.stamp(&head.id);
        Some(Self { head, removals: removals?, rules })
    }

    /// What a pack tells about the layer.
    fn used(&self) -> LayerUsed {
        LayerUsed {
            id: self.head.id.clone(),
            kind: self.head.kind,
            title_zh: self.head.title_zh.clone(),
            title_en: self.head.title_en.clone(),
            effective: self.head.effective.value,
            file: self.rules.place.file.clone(),
        }
    }
}

/// Our own defaults must say that they are ours: general knowledge, unverified, clause beginning with "operations".
fn not_marked_as_ours(node: &Node, key: &str) -> Vec<Finding> {
    let Some(table) = node.table() else { return Vec::new() };
    if !is_leaf(node) {
        return table.iter().flat_map(|(name, inner)| not_marked_as_ours(inner, &join(key, name))).collect();
    }
    let text = |name: &str| table.get(name).and_then(Node::text).unwrap_or_default();
    if text("confidence") == "GK" && text("clause").starts_with("operations") {
        return Vec::new();
    }
    let message = "a value of our own needs confidence = \"GK\" and a clause that begins with \"operations\"";
    vec![node.finding(FindingKind::Unsourced, key, message)]
}

impl PackFile {
    /// Reads a pack file.
    pub fn read(node: &Node, findings: &mut Vec<Finding>) -> Option<Self> {
        only(node, "", &["pack", "slot"], findings);
        let head = child::<PackHead>(node, "", "pack", findings);
        let slots = child::<Vec<Slot>>(node, "", "slot", findings);
        Some(Self { head: head?, slots: slots?, node: node.clone() })
    }

    /// The file it stands in.
    pub fn file(&self) -> &str {
        &self.node.place.file
    }

    /// Merges the layers of a date and checks the whole.
    pub fn assemble(&self, layers: &BTreeMap<String, Layer>, date: Date) -> Result<Pack, Vec<Finding>> {
        let mut findings = Vec::new();
        let mut picked: Vec<&Layer> = Vec::new();
        for slot in &self.slots {
            picked.extend(Pick { slot, date }.layers(layers, &self.node, &mut findings));
        }
        let tree = self.merged(&picked, &mut findings);
        let rules = Rules::read(&tree, "", &mut findings);
        if let Some(rules) = &rules {
            findings.extend(check::contradictions(rules).into_iter().map(|(key, message)| {
                let node = nearest(&tree, &key);
                node.finding(FindingKind::Contradiction, &key, message)
            }));
        }
        match rules {
            Some(rules) if findings.is_empty() => Ok(Pack {
                id: self.head.id.clone(),
                name_zh: self.head.name_zh.clone(),
                name_en: self.head.name_en.clone(),
                pathogen: self.head.pathogen.clone(),
                date,
                layers: picked.iter().map(|layer| layer.used()).collect(),
                rules,
            }),
            _ => Err(findings),
        }
    }

    /// Lays the layers upon each other, lowest first.
    fn merged(&self, picked: &[&Layer], findings: &mut Vec<Finding>) -> Node {
        let mut tree = Node { kind: Kind::Table(BTreeMap::new()), ..self.node.clone() };
        for layer in picked {
            for removal in &layer.removals {
                if !remove(&mut tree, &removal.key) {
                    let message = format!("abolishes `{}`, which no lower layer has", removal.key);
                    findings.push(layer.rules.finding(FindingKind::Contradiction, "remove", message));
                }
            }
            merge(&mut tree, &layer.rules);
        }
        tree
    }
}

impl Pick<'_> {
    fn layers<'l>(
        &self,
        layers: &'l BTreeMap<String, Layer>,
        pack: &Node,
        findings: &mut Vec<Finding>,
    ) -> Vec<&'l Layer> {
        let mut known = Vec::new();
        for id in &self.slot.layers {
            match layers.get(id) {
                Some(layer) if layer.head.kind == self.slot.kind => known.push(layer),
                Some(layer) => {
                    let message = format!("`{id}` is a {}, not a {}", layer.head.kind.key(), self.slot.kind.key());
                    findings.push(pack.finding(FindingKind::Contradiction, "slot", message));
                }
                None => {
                    let message = format!("no layer `{id}`; known: {}", names(layers));
                    findings.push(pack.finding(FindingKind::Missing, "slot", message));
                }
            }
        }
        match self.slot.choose {
            Choose::Pinned => known,
            Choose::InForce => known.into_iter().filter(|layer| layer.head.effective.value <= self.date).collect(),
            Choose::Latest => {
                let newest = known
                    .iter()
                    .filter(|layer| layer.head.effective.value <= self.date)
                    .max_by_key(|layer| layer.head.effective.value);
                let oldest = known.iter().min_by_key(|layer| layer.head.effective.value);
                newest.or(oldest).copied().into_iter().collect()
            }
        }
    }
}

fn names(layers: &BTreeMap<String, Layer>) -> String {
    layers.keys().cloned().collect::<Vec<_>>().join(", ")
}

/// A table that is one value with its ground, not a section.
fn is_leaf(node: &Node) -> bool {
    node.table().is_some_and(|table| table.contains_key("value") || table.contains_key("clause"))
}

/// Lays `over` upon `base`: sections merge, values replace.
fn merge(base: &mut Node, over: &Node) {
    let both_sections = base.table().is_some() && over.table().is_some() && !is_leaf(base) && !is_leaf(over);
    let (Kind::Table(below), Kind::Table(above), true) = (&mut base.kind, &over.kind, both_sections) else {
        base.clone_from(over);
        return;
    };
    for (name, node) in above {
        match below.get_mut(name) {
            Some(existing) => merge(existing, node),
            None => {
                below.insert(name.clone(), node.clone());
            }
        }
    }
}

/// Takes a key out; false if it was not there.
fn remove(tree: &mut Node, key: &str) -> bool {
    let Kind::Table(table) = &mut tree.kind else { return false };
    match key.split_once('.') {
        None => table.remove(key).is_some(),
        Some((name, rest)) => table.get_mut(name).is_some_and(|inner| remove(inner, rest)),
    }
}

/// The node at a key, or the nearest one above it.
fn nearest<'a>(tree: &'a Node, key: &str) -> &'a Node {
    match find(tree, key) {
        Some(node) => node,
        None => key.rsplit_once('.').map_or(tree, |(above, _)| nearest(tree, above)),
    }
}
