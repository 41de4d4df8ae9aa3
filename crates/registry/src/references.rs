//! What a source calls a row (its own number) and which id it got here: so that importing the same file twice gives
//! the first answer, and so that people of one file can name households of another.

use std::collections::BTreeMap;

use outpace_store::{Capability, Result, Tx, Value, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RegistryError;

pub(crate) const SCHEMA: &str = "
CREATE TABLE import_reference (
  j BIGINT NOT NULL, kind TEXT NOT NULL, reference BIGINT NOT NULL, id BIGINT NOT NULL,
  PRIMARY KEY (j, kind, reference)) WITHOUT ROWID;
";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability.table("import_reference", "j, kind, reference")
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// The id of each row, in the order of the request.
    pub ids: Vec<i64>,
    /// Rows that are new.
    pub added: i64,
    /// Rows whose reference was known before: they keep their id and are not changed.
    pub already: i64,
}

/// Keeps the references of rows that got the ids `first`, `first + 1`, …
pub(crate) fn keep(
    tx: &mut Tx<'_>,
    kind: &str,
    first: i64,
    references: impl Iterator<Item = Option<i64>>,
) -> Result<()> {
    let j = tx.jurisdiction();
    let rows = (first..).zip(references).filter_map(|(id, reference)| reference.map(|reference| (id, reference)));
    tx.insert_many(
        "INSERT INTO import_reference (j, kind, reference, id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        rows.map(|(id, reference)| [Value::Int(j), Value::Text(kind), Value::Int(reference), Value::Int(id)]),
    )
    .map(|_| ())
}

/// The id of a reference, if it was imported.
pub(crate) fn id_of(tx: &mut Tx<'_>, kind: &str, reference: i64) -> Result<Option<i64>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT id FROM import_reference WHERE j = $1 AND kind = $2 AND reference = $3",
        values![j, kind, reference],
        |row| row.get(0),
    )
}

/// Turns the numbers of one column into ids, and remembers those of the batch.
pub(crate) struct Resolver {
    kind: &'static str,
    field: &'static str,
    by_reference: bool,
    known: BTreeMap<i64, i64>,
}

impl Resolver {
    pub(crate) fn new(kind: &'static str, field: &'static str, by_reference: bool) -> Self {
        Self { kind, field, by_reference, known: BTreeMap::new() }
    }

    /// The id behind a number: itself, or what its reference was imported as.
    pub(crate) fn id(&mut self, tx: &mut Tx<'_>, number: i64) -> Result<i64, RegistryError> {
        if !self.by_reference {
            return Ok(number);
        }
        if let Some(id) = self.known.get(&number) {
            return Ok(*id);
        }
        let id = id_of(tx, self.kind, number)?
            .ok_or(RegistryError::UnknownReference { field: self.field, reference: number })?;
        self.known.insert(number, id);
        Ok(id)
    }
}

/// Which rows of a batch were imported before: answers, per row, the known id. A reference given twice within the
/// batch is refused.
pub(crate) fn known(
    tx: &mut Tx<'_>,
    kind: &str,
    references: &[Option<i64>],
) -> Result<Vec<Option<i64>>, RegistryError> {
    let mut given: Vec<i64> = references.iter().copied().flatten().collect();
    given.sort_unstable();
    if let Some(pair) = given.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(RegistryError::ReferenceTwice { reference: pair[0] });
    }
    let found = ids_of(tx, kind, &given)?;
    Ok(references.iter().map(|reference| reference.and_then(|reference| found.get(&reference).copied())).collect())
}

/// The ids of sorted references, as far as they were imported. Files number their rows one after the other, so that
/// one range read answers a whole batch; scattered numbers are looked up one by one.
fn ids_of(tx: &mut Tx<'_>, kind: &str, sorted: &[i64]) -> Result<BTreeMap<i64, i64>> {
    let mut found = BTreeMap::new();
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else { return Ok(found) };
    let dense = last.saturating_sub(*first) < 2 * i64::try_from(sorted.len()).unwrap_or(i64::MAX);
    if !dense {
        for reference in sorted {
            found.extend(id_of(tx, kind, *reference)?.map(|id| (*reference, id)));
        }
        return Ok(found);
    }
    let j = tx.jurisdiction();
    tx.each(
        "SELECT reference, id FROM import_reference WHERE j = $1 AND kind = $2 AND reference BETWEEN $3 AND $4",
        values![j, kind, *first, *last],
        |row| {
            found.insert(row.get(0)?, row.get(1)?);
            Ok(())
        },
    )?;
    Ok(found)
}

/// The answer of an import: known ids stay, the others are counted up from `first`.
pub(crate) fn answer(known: &[Option<i64>], first: i64) -> Imported {
    let mut next = first;
    let ids: Vec<i64> = known
        .iter()
        .map(|known| {
            known.unwrap_or_else(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    let added = next - first;
    Imported { already: i64::try_from(ids.len()).unwrap_or(i64::MAX) - added, ids, added }
}
