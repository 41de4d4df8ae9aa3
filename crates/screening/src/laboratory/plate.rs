//! Plates: which tube lies in which well, with the controls beside them. A plate whose controls failed is void as a whole:
//! every result read off it is taken back at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use outpace_access::Call;
use outpace_core::{LaboratoryId, Refusal, Text, Timestamp, TubeCode, Value};
use outpace_store::{Capability, Entry, Fact, Result, Tx, Unit, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store;
use crate::errors::{ScreeningError, some_of};
use crate::found::find_or_note;
use crate::words::words;

/// Wells of the largest plate in use.
pub const WELLS_MAX: usize = 384;
/// Rows of the largest plate, A to P.
const ROWS: u8 = 16;
/// Columns of the largest plate.
const COLUMNS: u8 = 24;

/// The tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE plate (
  j BIGINT NOT NULL, laboratory BIGINT NOT NULL, code TEXT NOT NULL, loaded_at BIGINT NOT NULL,
  loaded_by BIGINT NOT NULL, void_at BIGINT, PRIMARY KEY (j, laboratory, code));
CREATE TABLE plate_well (
  j BIGINT NOT NULL, laboratory BIGINT NOT NULL, plate TEXT NOT NULL, position TEXT NOT NULL, tube BIGINT,
  control TEXT, PRIMARY KEY (j, laboratory, plate, position));
CREATE INDEX plate_well_tube ON plate_well (j, tube, laboratory);
ALTER TABLE tube_result ADD COLUMN plate TEXT;
";

/// The code on a plate: 1 to 40 letters, digits or hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct PlateCode(pub String);

impl PlateCode {
    /// Reads a code; `None` for what no label can bear.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        TubeCode(text.to_owned()).is_well_formed().then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for PlateCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl<'a> From<&'a PlateCode> for Value<'a> {
    fn from(code: &'a PlateCode) -> Self {
        Value::Text(&code.0)
    }
}

words! {
    /// A control: what must come out of this well for the plate to count.
    pub enum Control {
        /// Nothing may be found.
        Negative = "negative" / "阴性对照",
        /// Something must be found.
        Positive = "positive" / "阳性对照",
    }
}

/// A well as the laboratory tells it: a tube or a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoadWell {
    /// Row letter and column number, such as `A1` or `H12`.
    pub position: String,
    /// The code of the tube.
    #[serde(default)]
    pub tube: Option<String>,
    /// Or which control.
    #[serde(default)]
    pub control: Option<Control>,
}

/// Loads a plate.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LoadPlate {
    /// Which laboratory.
    pub laboratory: LaboratoryId,
    /// The code on the plate.
    pub plate: PlateCode,
    /// The wells.
    pub wells: Vec<LoadWell>,
    /// When it happened; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// A well that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadWell {
    /// The position as written.
    pub position: String,
    /// What is wrong, and what would be right.
    pub reason: Text,
}

/// What was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlateLoaded {
    /// Wells that are new.
    pub loaded: i64,
    /// Wells that were known with the same content.
    pub repeated: i64,
    /// Wells left out.
    pub bad: Vec<BadWell>,
}

/// What lies in a well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WellContent {
    /// A tube.
    Tube {
        /// Its code.
        tube: TubeCode,
        /// Its number.
        number: i64,
    },
    /// A control.
    Control {
        /// Which.
        control: Control,
    },
}

/// A well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Well {
    /// Where.
    pub position: String,
    /// What lies in it.
    pub content: WellContent,
}

/// A plate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Plate {
    /// Which laboratory.
    pub laboratory: LaboratoryId,
    /// Its code.
    pub plate: PlateCode,
    /// When it was loaded.
    pub loaded_at: Timestamp,
    /// When it was declared void.
    pub void_at: Option<Timestamp>,
    /// The wells, row by row.
    pub wells: Vec<Well>,
}

/// One well of a plate, as the record holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WellFilled {
    /// Where.
    pub position: String,
    /// The tube's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tube: Option<i64>,
    /// Or which control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
}

/// Wells of a plate were filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WellsFilled {
    /// Which laboratory.
    pub laboratory: LaboratoryId,
    /// Which plate.
    pub plate: PlateCode,
    /// The wells.
    pub wells: Vec<WellFilled>,
}

impl Fact for WellsFilled {
    const KIND: &'static str = "screening.wells_filled";
}

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("plate", "j, laboratory, code")
        .table("plate_well", "j, laboratory, plate, position")
        .fold(fold_filled)
}

fn fold_filled(tx: &mut Tx<'_>, entry: &Entry, fact: &WellsFilled) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO plate (j, laboratory, code, loaded_at, loaded_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
        values![j, fact.laboratory, &fact.plate, entry.occurred_at, entry.actor],
    )?;
    for well in &fact.wells {
        tx.execute(
            "INSERT INTO plate_well (j, laboratory, plate, position, tube, control) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT DO NOTHING",
            values![j, fact.laboratory, &fact.plate, &well.position, well.tube, well.control.map(Control::word)],
        )?;
    }
    Ok(())
}

/// Declares a plate void; the results go with [`super::facts::ResultsExcluded`].
pub(crate) fn void(tx: &mut Tx<'_>, laboratory: LaboratoryId, code: &PlateCode, at: Timestamp) -> Result<()> {
    let j = tx.jurisdiction();
    let sql = "UPDATE plate SET void_at = COALESCE(void_at, $4) WHERE j = $1 AND laboratory = $2 AND code = $3";
    tx.execute(sql, values![j, laboratory, code, at]).map(|_| ())
}

/// A position as plates bear them: `a01` is `A1`; `None` for one outside the largest plate.
#[must_use]
pub fn position_of(text: &str) -> Option<String> {
    let text = text.trim();
    let letter = text.chars().next()?.to_ascii_uppercase();
    let column: u8 = text.get(1..)?.parse().ok()?;
    let row = u8::try_from(letter).ok()?.checked_sub(b'A')?;
    (row < ROWS && (1..=COLUMNS).contains(&column)).then(|| format!("{letter}{column}"))
}

/// The order of wells: row by row.
fn place(position: &str) -> (char, u8) {
    let letter = position.chars().next().unwrap_or('Z');
    (letter, position.get(1..).and_then(|column| column.parse().ok()).unwrap_or(u8::MAX))
}

/// Loads a plate: what lies in which well. More wells of the same plate may follow; a well that is taken stays as it is,
/// and the other content is told. A tube that nobody registered is kept and settled, as everywhere.
///
/// # Errors
/// An unknown laboratory or one outside the actor's area, a code that no label can bear, a plate that is void, no well.
pub fn load_plate(unit: &mut Unit<'_>, call: &Call, request: LoadPlate) -> Result<PlateLoaded, Refusal> {
    let (laboratory, at) = (request.laboratory, request.occurred_at.unwrap_or(call.now));
    let spec = store::laboratory(unit.tx(), laboratory)?.ok_or(ScreeningError::UnknownLaboratory { laboratory })?;
    call.covers(spec.spec.area)?;
    let code = PlateCode::parse(&request.plate.0)
        .ok_or_else(|| ScreeningError::MalformedCode { field: "plate", code: request.plate.0.clone() })?;
    some_of("wells", &request.wells, WELLS_MAX)?;
    let known = plate_of(unit.tx(), laboratory, &code)?;
    if known.as_ref().is_some_and(|known| known.void_at.is_some()) {
        return Err(ScreeningError::PlateVoid { plate: code.to_string() }.into());
    }
    let mut taken: BTreeMap<String, WellContent> =
        known.into_iter().flat_map(|known| known.wells).map(|well| (well.position, well.content)).collect();
    let mut answer = PlateLoaded { loaded: 0, repeated: 0, bad: Vec::new() };
    let mut wells = Vec::new();
    for asked in &request.wells {
        let content = match position_of(&asked.position).zip(Some(asked)) {
            Some((position, asked)) => content_of(unit, call, asked, at)?.map(|content| (position, content)),
            None => Err(Text::new("孔位应为 A1 至 P24。", "A position lies between A1 and P24.")),
        };
        match content {
            Ok((position, content)) => match taken.get(&position) {
                Some(there) if *there == content => answer.repeated += 1,
                Some(_) => answer.bad.push(bad(
                    asked,
                    Text::new(
                        "该孔位已有其他内容,请核对孔位。",
                        "Something else lies in this well; check the position.",
                    ),
                )),
                None => {
                    let (tube, control) = match &content {
                        WellContent::Tube { number, .. } => (Some(*number), None),
                        WellContent::Control { control } => (None, Some(*control)),
                    };
                    wells.push(WellFilled { position: position.clone(), tube, control });
                    taken.insert(position, content);
                }
            },
            Err(reason) => answer.bad.push(bad(asked, reason)),
        }
    }
    answer.loaded = wells.len() as i64;
    if !wells.is_empty() {
        unit.record_at(WellsFilled { laboratory, plate: code, wells }, at)?;
    }
    Ok(answer)
}

fn bad(asked: &LoadWell, reason: Text) -> BadWell {
    BadWell { position: asked.position.chars().take(20).collect(), reason }
}

fn content_of(
    unit: &mut Unit<'_>,
    call: &Call,
    asked: &LoadWell,
    at: Timestamp,
) -> Result<std::result::Result<WellContent, Text>, Refusal> {
    Ok(match (&asked.tube, asked.control) {
        (None, Some(control)) => Ok(WellContent::Control { control }),
        (Some(text), None) => {
            let tube = TubeCode(text.trim().to_owned());
            if tube.is_well_formed() {
                let (row, _) = find_or_note(unit, call, &tube, at)?;
                Ok(WellContent::Tube { tube, number: row.tube.number })
            } else {
                Err(Text::new(
                    "管码应为 1 至 40 位字母、数字或连字符。",
                    "A tube's code has 1 to 40 letters, digits or hyphens.",
                ))
            }
        }
        _ => Err(Text::new("每个孔位应填写管码或对照之一。", "A well holds either a tube or a control.")),
    })
}

/// Which plate.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlateQuery {
    /// Of which laboratory.
    pub laboratory: LaboratoryId,
    /// Its code.
    pub plate: PlateCode,
}

/// Shows a plate.
///
/// # Errors
/// An unknown plate, or one of a laboratory outside the actor's area.
pub fn show_plate(tx: &mut Tx<'_>, call: &Call, query: PlateQuery) -> Result<Plate, Refusal> {
    let spec = store::laboratory(tx, query.laboratory)?.filter(|known| call.sees(known.spec.area));
    spec.ok_or(ScreeningError::UnknownLaboratory { laboratory: query.laboratory })?;
    plate_of(tx, query.laboratory, &query.plate)?
        .ok_or_else(|| ScreeningError::UnknownPlate { plate: query.plate.to_string() }.into())
}

/// A plate with its wells.
///
/// # Errors
/// What the engine refused.
pub fn plate_of(tx: &mut Tx<'_>, laboratory: LaboratoryId, code: &PlateCode) -> Result<Option<Plate>> {
    let j = tx.jurisdiction();
    let found = tx.first(
        "SELECT loaded_at, void_at FROM plate WHERE j = $1 AND laboratory = $2 AND code = $3",
        values![j, laboratory, code],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let Some((loaded_at, void_at)) = found else { return Ok(None) };
    let mut wells: Vec<Well> = tx.query(
        "SELECT w.position, w.tube, t.code, w.control FROM plate_well w
         LEFT JOIN tube t ON t.j = w.j AND t.number = w.tube
         WHERE w.j = $1 AND w.laboratory = $2 AND w.plate = $3",
        values![j, laboratory, code],
        |row| {
            let (number, tube): (Option<i64>, Option<TubeCode>) = (row.get(1)?, row.get(2)?);
            let content = match number.zip(tube) {
                Some((number, tube)) => WellContent::Tube { tube, number },
                None => WellContent::Control { control: row.get(3)? },
            };
            Ok(Well { position: row.get(0)?, content })
        },
    )?;
    wells.sort_by_key(|well| place(&well.position));
    Ok(Some(Plate { laboratory, plate: code.clone(), loaded_at, void_at, wells }))
}

/// Whether a laboratory works with plates here: one look a batch saves one a tube.
pub(crate) fn has_plates(tx: &mut Tx<'_>, laboratory: LaboratoryId) -> Result<bool> {
    let j = tx.jurisdiction();
    let sql = "SELECT loaded_at FROM plate WHERE j = $1 AND laboratory = $2 LIMIT 1";
    Ok(tx.first(sql, values![j, laboratory], |row| row.get::<i64>(0))?.is_some())
}

/// The plate on which a tube lies at a laboratory: of several the one loaded last that is not void.
pub(crate) fn plate_under(tx: &mut Tx<'_>, laboratory: LaboratoryId, tube: i64) -> Result<Option<PlateCode>> {
    let j = tx.jurisdiction();
    tx.first(
        "SELECT p.code FROM plate_well w
         JOIN plate p ON p.j = w.j AND p.laboratory = w.laboratory AND p.code = w.plate
         WHERE w.j = $1 AND w.tube = $2 AND w.laboratory = $3 AND p.void_at IS NULL
         ORDER BY p.loaded_at DESC, p.code DESC LIMIT 1",
        values![j, tube, laboratory],
        |row| Ok(PlateCode(row.get(0)?)),
    )
}

/// Whether a plate was declared void.
pub(crate) fn is_void(tx: &mut Tx<'_>, laboratory: LaboratoryId, code: &PlateCode) -> Result<bool> {
    let j = tx.jurisdiction();
    let sql = "SELECT void_at FROM plate WHERE j = $1 AND laboratory = $2 AND code = $3";
    let found = tx.first(sql, values![j, laboratory, code], |row| row.get::<Option<Timestamp>>(0))?;
    Ok(found.flatten().is_some())
}

/// Results that were read off a plate and not taken back: tube and ordinal.
pub(crate) fn results_on(tx: &mut Tx<'_>, plate: &Plate) -> Result<BTreeSet<(i64, i64)>> {
    let j = tx.jurisdiction();
    let mut found = BTreeSet::new();
    for well in &plate.wells {
        let WellContent::Tube { number, .. } = well.content else { continue };
        let ordinals = tx.query(
            "SELECT ordinal FROM tube_result
             WHERE j = $1 AND tube = $2 AND laboratory = $3 AND plate = $4 AND excluded = 0",
            values![j, number, plate.laboratory, &plate.plate],
            |row| row.get::<i64>(0),
        )?;
        found.extend(ordinals.into_iter().map(|ordinal| (number, ordinal)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_of_the_largest_plate() {
        assert_eq!(position_of(" a01 ").as_deref(), Some("A1"));
        assert_eq!(position_of("P24").as_deref(), Some("P24"));
        for wrong in ["Q1", "A0", "A25", "1A", "", "阳1", "A"] {
            assert_eq!(position_of(wrong), None, "{wrong}");
        }
    }
}
