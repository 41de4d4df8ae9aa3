//! Where the data files come from, and what can be asked of them together.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;

use crate::layer::{Layer, PackFile};
use crate::model::Pack;
use crate::node::{Finding, FindingKind, Node, Place, parse};
use crate::part::{Part, child, only};
use crate::playbook::{OrderKind, Playbook, contradictions};
use crate::profile::Profile;
use crate::{Closed, examples};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Folders of a library, below its root.
const FOLDERS: [&str; 3] = ["policies", "playbooks", "jurisdictions"];

/// A set of data files: packs and their layers, playbooks, profiles. Read once, when it is made; a clone is cheap.
#[derive(Clone, Debug)]
pub struct Library {
    files: Arc<BTreeMap<String, String>>,
    shelves: Arc<Shelves>,
}

closed! {
    /// What a data file is, by its top-level tables.
    pub enum FileKind: "kind of file" {
        /// A layer of rules.
        Layer = "layer" / "方案层",
        /// A pack: which layers, picked how.
        Pack = "pack" / "方案",
        /// Examples of what follows from the rules.
        Cases = "case" / "示例",
        /// Kinds of orders.
        Playbook = "kind" / "任务手册",
        /// A jurisdiction profile.
        Profile = "profile" / "辖区配置",
        /// Clauses in Chinese.
        Chinese = "chinese" / "条款译文",
    }
}

impl FileKind {
    /// What a parsed file is.
    fn of(node: &Node) -> Option<Self> {
        let table = node.table()?;
        Self::ALL.iter().copied().find(|kind| table.contains_key(kind.key()))
    }
}

/// Everything of a library, read; what is wrong stands beside what could be read.
#[derive(Debug, Default)]
struct Shelves {
    layers: BTreeMap<String, Layer>,
    packs: BTreeMap<String, PackFile>,
    kinds: BTreeMap<String, OrderKind>,
    profiles: BTreeMap<String, Profile>,
    cases: Vec<Node>,
    chinese: BTreeMap<String, String>,
    findings: Vec<Finding>,
}

impl Library {
    /// The files that the binary carries.
    #[must_use]
    pub fn embedded() -> Self {
        Self::from_files(FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())))
    }

    /// Files from a folder that holds `policies/`, `playbooks/` and `jurisdictions/`.
    ///
    /// # Errors
    /// When a folder or file cannot be read.
    pub fn from_dir(root: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for folder in FOLDERS {
            collect(root, &root.join(folder), &mut files)?;
        }
        Ok(Self::from_files(files))
    }

    /// A library of texts by file name.
    #[must_use]
    pub fn from_files(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files: BTreeMap<String, String> = files.into_iter().collect();
        let mut shelves = Shelves::default();
        for (name, text) in &files {
            match parse(name, text) {
                Ok(node) => shelves.place(node),
                Err(findings) => shelves.findings.extend(findings),
            }
        }
        Self { files: Arc::new(files), shelves: Arc::new(shelves) }
    }

    /// The same library with one file added or replaced. A file that defines a layer, pack or profile of an id that
    /// another file has takes its place.
    #[must_use]
    pub fn with_file(&self, name: &str, text: &str) -> Self {
        let mut files = self.files.as_ref().clone();
        if let Some(id) = head_id(name, text) {
            files.retain(|other, content| other == name || head_id(other, content).as_ref() != Some(&id));
        }
        files.insert(name.to_owned(), text.to_owned());
        Self::from_files(files)
    }

    /// The pack of this id with the layers of a date.
    ///
    /// # Errors
    /// Every finding in the files that the pack consists of; an unknown id is one.
    pub fn pack(&self, id: &str, date: Date) -> Result<Pack, Vec<Finding>> {
        let shelves = &self.shelves;
        let Some(pack) = shelves.packs.get(id) else {
            let known = shelves.packs.keys().cloned().collect::<Vec<_>>().join(", ");
            return Err(with(shelves.findings.clone(), unknown("pack", id, &known)));
        };
        let used: BTreeSet<&str> = pack.slots.iter().flat_map(|slot| slot.layers.iter().map(String::as_str)).collect();
        let layers = shelves.layers.values().filter(|layer| used.contains(layer.head.id.as_str()));
        let files: BTreeSet<&str> = layers.map(|layer| layer.rules.place.file.as_str()).chain([pack.file()]).collect();
        let mut own = shelves.findings.clone();
        own.retain(|finding| files.contains(finding.place.file.as_str()));
        match pack.assemble(&shelves.layers, date) {
            Ok(pack) if own.is_empty() => Ok(pack),
            Ok(_) => Err(tidy(own)),
            Err(findings) => {
                // A layer that could not be read at all is missing from the shelf: its own findings say why.
                let unread = shelves.findings.iter().filter(|finding| finding.place.file.starts_with("policies/"));
                Err(tidy(unread.cloned().chain(own).chain(findings).collect()))
            }
        }
    }

    /// The files that the binary carries, read once.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Library> = LazyLock::new(Library::embedded);
        &SHARED
    }

    /// A clause in Chinese; layers cite theirs in English.
    #[must_use]
    pub fn in_chinese(&self, clause: &str) -> Option<&str> {
        self.shelves.chinese.get(clause).map(String::as_str)
    }

    /// Every clause that has Chinese words.
    pub fn clauses_in_chinese(&self) -> impl Iterator<Item = &str> {
        self.shelves.chinese.keys().map(String::as_str)
    }

    /// The title of a layer in Chinese and in English.
    #[must_use]
    pub fn layer_title(&self, id: &str) -> Option<(&str, &str)> {
        let head = &self.shelves.layers.get(id)?.head;
        Some((head.title_zh.as_str(), head.title_en.as_str()))
    }

    /// Ids of the packs.
    #[must_use]
    pub fn pack_ids(&self) -> Vec<String> {
        self.shelves.packs.keys().cloned().collect()
    }

    /// Ids of the profiles.
    #[must_use]
    pub fn profile_ids(&self) -> Vec<String> {
        self.shelves.profiles.keys().cloned().collect()
    }

    /// All kinds of orders.
    ///
    /// # Errors
    /// Every finding in the playbooks.
    pub fn playbook(&self) -> Result<Playbook, Vec<Finding>> {
        let shelves = &self.shelves;
        let findings = in_folder(&shelves.findings, "playbooks/");
        if findings.is_empty() { Ok(Playbook { kinds: shelves.kinds.clone() }) } else { Err(findings) }
    }

    /// The profile of a jurisdiction.
    ///
    /// # Errors
    /// Every finding in the profiles; an unknown id is one.
    pub fn profile(&self, id: &str) -> Result<Profile, Vec<Finding>> {
        let shelves = &self.shelves;
        let known = shelves.profiles.keys().cloned().collect::<Vec<_>>().join(", ");
        let findings = in_folder(&shelves.findings, "jurisdictions/");
        match shelves.profiles.get(id) {
            Some(profile) if findings.is_empty() => Ok(profile.clone()),
            Some(_) => Err(findings),
            None => Err(with(findings, unknown("profile", id, &known))),
        }
    }

    /// Everything wrong in the library: each file, each pack at each date at which its layers change, each example.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        let shelves = &self.shelves;
        let mut findings = shelves.findings.clone();
        for pack in shelves.packs.values() {
            let used: BTreeSet<&String> = pack.slots.iter().flat_map(|slot| &slot.layers).collect();
            let dates: BTreeSet<Date> = shelves
                .layers
                .values()
                .filter(|layer| used.contains(&layer.head.id))
                .map(|layer| layer.head.effective.value)
                .collect();
            for date in dates {
                if let Err(wrong) = pack.assemble(&shelves.layers, date) {
                    findings.extend(wrong);
                }
            }
        }
        // Many examples ask about the same pack and day.
        let mut assembled: BTreeMap<(String, Date), Option<Rc<Pack>>> = BTreeMap::new();
        let mut pack = |id: &str, date: Date| {
            let assemble = || shelves.packs.get(id)?.assemble(&shelves.layers, date).ok().map(Rc::new);
            assembled.entry((id.to_owned(), date)).or_insert_with(assemble).clone()
        };
        for node in &shelves.cases {
            examples::run(node, &mut pack, &mut findings);
        }
        findings.extend(unknown_task_forces(shelves));
        tidy(findings)
    }

    /// Checks one file against the rest of the library; answers with the findings that lie in it, or that it causes
    /// in others.
    #[must_use]
    pub fn check_file(&self, name: &str, text: &str) -> Vec<Finding> {
        let before: BTreeSet<Finding> = self.check().into_iter().collect();
        let findings = self.with_file(name, text).check().into_iter();
        findings.filter(|finding| finding.place.file == name || !before.contains(finding)).collect()
    }

    /// Shows one file as readable text: a pack assembled for a date (default: the date on which its newest layer came
    /// into force), a layer, playbook or profile as it stands.
    ///
    /// # Errors
    /// Every finding that keeps it from being read.
    pub fn show_file(&self, name: &str, text: &str, date: Option<Date>) -> Result<String, Vec<Finding>> {
        let node = parse(name, text)?;
        let library = self.with_file(name, text);
        let shelves = &library.shelves;
        match FileKind::of(&node) {
            Some(FileKind::Pack) => {
                let mut findings = Vec::new();
                let Some(pack) = PackFile::read(&node, &mut findings) else { return Err(findings) };
                let ids: Vec<&String> = pack.slots.iter().flat_map(|slot| &slot.layers).collect();
                let newest = shelves.layers.values().filter(|layer| ids.contains(&&layer.head.id));
                let newest = newest.map(|layer| layer.head.effective.value).max();
                let date = date.or(newest).unwrap_or(Date::MIN);
                library.pack(&pack.head.id, date).map(|pack| pack.render())
            }
            _ => {
                let mine: Vec<Finding> =
                    shelves.findings.iter().filter(|finding| finding.place.file == name).cloned().collect();
                if mine.is_empty() { Ok(crate::part::plain(&node)) } else { Err(mine) }
            }
        }
    }
}

impl Shelves {
    fn place(&mut self, node: Node) {
        let findings = &mut self.findings;
        match FileKind::of(&node) {
            Some(FileKind::Layer) => {
                if let Some(layer) = Layer::read(&node, findings) {
                    keep(&mut self.layers, layer.head.id.clone(), layer, &node, findings);
                }
            }
            Some(FileKind::Pack) => {
                if let Some(pack) = PackFile::read(&node, findings) {
                    keep(&mut self.packs, pack.head.id.clone(), pack, &node, findings);
                }
            }
            Some(FileKind::Profile) => {
                only(&node, "", &["profile"], findings);
                if let Some(profile) = child::<Profile>(&node, "", "profile", findings) {
                    profile_contradictions(&profile, &node, findings);
                    keep(&mut self.profiles, profile.id.clone(), profile, &node, findings);
                }
            }
            Some(FileKind::Playbook) => {
                only(&node, "", &["kind"], findings);
                let rows = node.table().and_then(|table| table.get("kind")).map(|list| (list, kinds(list, findings)));
                for (row, kind) in rows.into_iter().flat_map(|(_, rows)| rows) {
                    let wrong = contradictions(&kind).into_iter();
                    findings.extend(wrong.map(|(key, message)| {
                        row.finding(FindingKind::Contradiction, &format!("{}.{key}", kind.key), message)
                    }));
                    keep(&mut self.kinds, kind.key.clone(), kind, row, findings);
                }
            }
            Some(FileKind::Cases) => self.cases.push(node),
            Some(FileKind::Chinese) => {
                only(&node, "", &["chinese"], findings);
                let rows = node.table().and_then(|table| table.get("chinese")).and_then(Node::table);
                for (clause, words) in rows.into_iter().flatten() {
                    match words.text() {
                        Some(zh) => drop(self.chinese.insert(clause.clone(), zh.to_owned())),
                        None => findings.push(words.finding(FindingKind::WrongType, clause, "needs a text")),
                    }
                }
            }
            None => {
                let message = format!("no file of ours: needs one of the tables {}", FileKind::keys());
                findings.push(node.finding(FindingKind::Syntax, "", message));
            }
        }
    }
}

/// The kinds of a playbook with the rows they stand in.
fn kinds<'a>(list: &'a Node, findings: &mut Vec<Finding>) -> Vec<(&'a Node, OrderKind)> {
    let crate::node::Kind::List(rows) = &list.kind else {
        findings.push(list.finding(FindingKind::WrongType, "kind", "expected [[kind]] tables"));
        return Vec::new();
    };
    let named = rows.iter().enumerate().map(|(at, row)| {
        let key = row.table().and_then(|table| table.get("key")).and_then(Node::text);
        (row, key.map_or_else(|| format!("kind[{at}]"), str::to_owned))
    });
    named.filter_map(|(row, key)| OrderKind::read(row, &key, findings).map(|kind| (row, kind))).collect()
}

/// Keeps a thing under its id; a second one of the same id is a finding.
fn keep<T>(shelf: &mut BTreeMap<String, T>, id: String, thing: T, node: &Node, findings: &mut Vec<Finding>) {
    match shelf.entry(id) {
        Entry::Occupied(entry) => {
            let message = format!("`{}` is defined twice", entry.key());
            findings.push(node.finding(FindingKind::Contradiction, "", message));
        }
        Entry::Vacant(entry) => {
            entry.insert(thing);
        }
    }
}

/// What is wrong with a profile beyond its types.
fn profile_contradictions(profile: &Profile, node: &Node, findings: &mut Vec<Finding>) {
    let mut wrong = |key: String, message: &str| {
        let place = crate::node::find(node, &key).unwrap_or(node);
        findings.push(place.finding(FindingKind::Contradiction, &key, message));
    };
    for (measure, row) in profile.approvals.iter() {
        let key = format!("profile.approvals.{}", measure.key());
        if row.approvers.is_empty() {
            wrong(format!("{key}.approvers"), "needs at least one role");
        }
        if !row.deputies.is_empty() && row.timeout_minutes == 0 {
            wrong(format!("{key}.timeout_minutes"), "deputies need a time-out above 0");
        }
        if row.deputies.iter().any(|role| row.approvers.contains(role)) {
            wrong(format!("{key}.deputies"), "a deputy who may approve anyway can never apply");
        }
    }
    if !profile.reporting_chain.is_sorted_by_key(|step| step.within_minutes) {
        wrong("profile.reporting_chain".to_owned(), "the deadlines must not fall on the way up");
    }
    for force in &profile.task_forces {
        if profile.task_forces.iter().filter(|other| other.key == force.key).count() > 1 {
            wrong("profile.task_forces".to_owned(), &format!("`{}` stands twice", force.key));
        }
    }
    if profile.commanders == 0 {
        wrong("profile.commanders".to_owned(), "somebody must decide");
    }
    if profile.utc_offset_minutes.abs() > 14 * 60 {
        wrong("profile.utc_offset_minutes".to_owned(), "must lie between -840 and 840");
    }
    if let Some(outside) = profile.inner_areas.iter().find(|inner| !profile.area.contains(**inner)) {
        wrong("profile.inner_areas".to_owned(), &format!("{outside} lies outside {}", profile.area));
    }
}

/// Kinds of orders for a task force that a profile lacks: nobody would do them there.
fn unknown_task_forces(shelves: &Shelves) -> Vec<Finding> {
    let mut findings = Vec::new();
    for profile in shelves.profiles.values() {
        for kind in shelves.kinds.values().filter(|kind| profile.task_force(&kind.task_force).is_none()) {
            let place = Place { file: format!("profile {}", profile.id), line: 0 };
            let message = format!("has no task force `{}`, which does the order `{}`", kind.task_force, kind.key);
            findings.push(Finding {
                place,
                kind: FindingKind::Missing,
                key: "profile.task_forces".to_owned(),
                message,
            });
        }
    }
    findings
}

/// Kind and id that the head of a file gives.
fn head_id(name: &str, text: &str) -> Option<(FileKind, String)> {
    let node = parse(name, text).ok()?;
    let kind = FileKind::of(&node)?;
    let id = crate::node::find(&node, &format!("{}.id", kind.key()))?.text()?.to_owned();
    Some((kind, id))
}

fn unknown(what: &str, id: &str, known: &str) -> Finding {
    let place = Place { file: "library".to_owned(), line: 0 };
    let message = format!("no {what} `{id}`; known: {known}");
    Finding { place, kind: FindingKind::Missing, key: what.to_owned(), message }
}

fn with(mut findings: Vec<Finding>, finding: Finding) -> Vec<Finding> {
    findings.push(finding);
    tidy(findings)
}

fn in_folder(findings: &[Finding], folder: &str) -> Vec<Finding> {
    findings.iter().filter(|finding| finding.place.file.contains(folder)).cloned().collect()
}

/// In order of file and line, each once.
fn tidy(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.insert(name, std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}
