//! What becomes of the rows of an import. Each row has one fate, and their sum is the number of rows: new, known with other
//! content and changed, known and the same, known with other content and left as it stands, told and not taken in.

use std::collections::BTreeMap;

use outpace_core::{Refusal, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A row whose content differs from what is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowDiffers {
    /// Its line in the file, or its place in the request, from 1.
    pub row: u64,
    /// What it is about: the id of the person, household, area, …
    pub id: i64,
    /// The columns in which it differs.
    pub fields: Vec<String>,
    /// The column by which it was known; empty where that was its own key (reference, code, plate).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub known_by: String,
}

impl RowDiffers {
    /// In words: which record, and in which columns.
    #[must_use]
    pub fn text(&self) -> Text {
        let (id, fields) = (self.id, self.fields.join(", "));
        match self.known_by.as_str() {
            "id_number" => Text::new(
                format!("该证件号已登记在人员 {id} 名下,未作更改;不同之处:{fields}。"),
                format!("this number stands at person {id}, which was not changed; it differs in: {fields}."),
            ),
            _ => Text::new(
                format!("{id} 已有记录;不同之处:{fields}。"),
                format!("known as {id}; it differs in: {fields}."),
            ),
        }
    }
}

/// A row that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowTold {
    /// Its line in the file, or its place in the request, from 1.
    pub row: u64,
    /// What is wrong and what would be right.
    pub reason: Text,
}

/// What an import did. Rows = `added` + `changed` + `same` + `different` + `told`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// The id of each row, in the order of the request; none where it was not taken in.
    pub ids: Vec<Option<i64>>,
    /// Rows that are new.
    pub added: i64,
    /// Rows that were known and stay as they are: the same and the different ones.
    pub already: i64,
    /// Rows that were known and the same.
    pub same: i64,
    /// Known rows that hold something else and were taken over.
    pub changed: Vec<RowDiffers>,
    /// Known rows that hold something else; what is known stays as it is.
    pub different: Vec<RowDiffers>,
    /// Rows that were not taken in.
    pub told: Vec<RowTold>,
}

/// Where the rows of a request stand in their file.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The line of each row; without them a row is called by its place in the request.
    pub lines: Vec<u64>,
    /// Rows before each in the whole file that say the same of nobody in particular; without them those of the request count.
    pub repeats: Vec<u64>,
    /// Whether known rows that differ are corrected by the file.
    pub correct: bool,
}

impl Origin {
    /// What a row is called.
    #[must_use]
    pub fn line(&self, index: usize) -> u64 {
        self.lines.get(index).copied().unwrap_or(index as u64 + 1)
    }
}

/// Which record a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// One that was there before the request.
    Id(i64),
    /// The one that an earlier row of the request makes.
    Row(usize),
}

/// What becomes of one row.
#[derive(Debug)]
pub enum Fate {
    /// It is new.
    Fresh,
    /// It is known.
    Known {
        /// Which record.
        about: About,
        /// The columns that differ.
        fields: Vec<&'static str>,
        /// The column by which it is known; empty where that is its own key.
        known_by: &'static str,
        /// Whether the row was taken over what differs.
        changed: bool,
    },
    /// It is not taken in.
    Told(Refusal),
}

impl Fate {
    /// A row that is known by its own key.
    #[must_use]
    pub fn known(id: i64, fields: Vec<&'static str>) -> Self {
        Self::Known { about: About::Id(id), fields, known_by: "", changed: false }
    }
}

/// The fate of a row that was judged: what breaks a rule is told, what we failed in is an error.
///
/// # Errors
/// Our own failure, and a store that takes no writes now.
pub fn told(judged: Result<Fate, impl Into<Refusal>>) -> Result<Fate, Refusal> {
    match judged {
        Ok(fate) => Ok(fate),
        Err(error) => {
            let refusal: Refusal = error.into();
            if refusal.is_internal() || refusal.status == 503 { Err(refusal) } else { Ok(Fate::Told(refusal)) }
        }
    }
}

/// Rows of a request that bear a key which another row of it bears too, each with the lines of all of them. Rows that are
/// equal in everything are one row and its repetitions: only the repetitions are here.
#[must_use]
pub fn twice<'a, K: Ord, R: PartialEq>(
    rows: &'a [R],
    key: impl Fn(&'a R) -> Option<K>,
    origin: &Origin,
) -> BTreeMap<usize, Vec<u64>> {
    let mut by_key: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        if let Some(key) = key(row) {
            by_key.entry(key).or_default().push(index);
        }
    }
    let mut told = BTreeMap::new();
    for places in by_key.into_values().filter(|places| places.len() > 1) {
        let lines: Vec<u64> = places.iter().map(|place| origin.line(*place)).collect();
        let equal = places.iter().all(|place| rows[*place] == rows[places[0]]);
        told.extend(places.into_iter().skip(usize::from(equal)).map(|place| (place, lines.clone())));
    }
    told
}

/// The answer of an import whose new rows get the ids from `first` on.
#[must_use]
pub fn answer(fates: Vec<Fate>, first: i64, origin: &Origin) -> Imported {
    let mut done = Imported { ids: ids(&fates, first), ..Imported::default() };
    for (index, fate) in fates.into_iter().enumerate() {
        let row = origin.line(index);
        match fate {
            Fate::Fresh => done.added += 1,
            Fate::Told(refusal) => done.told.push(RowTold { row, reason: told_text(&refusal) }),
            Fate::Known { fields, .. } if fields.is_empty() => done.same += 1,
            Fate::Known { fields, known_by, changed, .. } => {
                let differs = RowDiffers {
                    row,
                    id: done.ids.get(index).copied().flatten().unwrap_or_default(),
                    fields: fields.iter().map(|field| (*field).to_owned()).collect(),
                    known_by: known_by.to_owned(),
                };
                if changed { done.changed.push(differs) } else { done.different.push(differs) }
            }
        }
    }
    done.already = done.same + done.different.len() as i64;
    done
}

/// The id of each row, as [`answer`] gives it.
#[must_use]
pub fn ids(fates: &[Fate], first: i64) -> Vec<Option<i64>> {
    let mut next = first;
    let mut ids: Vec<Option<i64>> = Vec::with_capacity(fates.len());
    for fate in fates {
        let id = match fate {
            Fate::Fresh => {
                next += 1;
                Some(next - 1)
            }
            Fate::Told(_) => None,
            Fate::Known { about: About::Id(id), .. } => Some(*id),
            Fate::Known { about: About::Row(earlier), .. } => ids.get(*earlier).copied().flatten(),
        };
        ids.push(id);
    }
    ids
}

/// Passes unless the actor may take in none of the rows.
///
/// # Errors
/// The refusal of the first row.
pub fn allowed(fates: &[Fate]) -> Result<(), Refusal> {
    let forbidden = |fate: &Fate| matches!(fate, Fate::Told(refusal) if refusal.status == 403);
    match fates.first() {
        Some(Fate::Told(refusal)) if fates.iter().all(forbidden) => Err(refusal.clone()),
        _ => Ok(()),
    }
}

/// How many rows are new.
#[must_use]
pub fn fresh(fates: &[Fate]) -> i64 {
    fates.iter().filter(|fate| matches!(fate, Fate::Fresh)).count() as i64
}

/// A refusal as one sentence: the field and the value, then what would be right.
#[must_use]
pub fn told_text(refusal: &Refusal) -> Text {
    if refusal.field.is_empty() {
        return refusal.text.clone();
    }
    let (field, value) = (&refusal.field, &refusal.value);
    Text::new(format!("{field} = “{value}”:{}", refusal.text.zh), format!("{field} = {value:?}: {}", refusal.text.en))
}
