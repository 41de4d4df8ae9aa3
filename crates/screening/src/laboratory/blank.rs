//! Sheets to fill in: the tubes of a plate or of the queue, as CSV that a spreadsheet opens without changing a code.

use outpace_access::{Call, Document};
use outpace_core::{LaboratoryId, Refusal, TubeCode};
use outpace_files::{as_text_cell, csv_line};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::plate::{PlateCode, WellContent};
use super::{plate, store};
use crate::errors::ScreeningError;

/// Genes whose Ct values have a column in the sheet to fill in.
pub(super) const GENES: [&str; 3] = ["ORF1ab", "N", "E"];
/// Tubes on a sheet to fill in at most.
const SHEET_MAX: i64 = 5_000;

/// What marks a sheet of a drill, in its heading.
const DRILL: (&str, &str) = ("【演练】", "[Drill]");

/// Which sheet to draw up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SheetQuery {
    /// Of which laboratory.
    pub laboratory: LaboratoryId,
    /// The wells of this plate; absent: what waits, first first.
    #[serde(default)]
    pub plate: Option<PlateCode>,
    /// In English; else in Chinese.
    #[serde(default)]
    pub english: bool,
}

/// A sheet to fill in, as CSV: the tubes of a plate or of the queue, with the results that stand. Codes that a spreadsheet
/// would change leave as text (`="0777"`). What was filled in goes back by `/api/screening/results/file`.
///
/// # Errors
/// An unknown laboratory or plate.
pub fn results_sheet(tx: &mut Tx<'_>, call: &Call, query: SheetQuery) -> Result<Document, Refusal> {
    let laboratory = query.laboratory;
    store::laboratory(tx, laboratory)?
        .filter(|known| call.sees(known.spec.area))
        .ok_or(ScreeningError::UnknownLaboratory { laboratory })?;
    let heading: [&str; 4] = if query.english {
        ["tube", "outcome", "plate", "tested_at"]
    } else {
        ["管码", "结果", "板号", "检测时间"]
    };
    let genes = GENES.map(|gene| format!("Ct {gene}"));
    // A column of its own, empty below its heading, which reading the sheet back leaves alone.
    let mark = call.drill.then(|| if query.english { DRILL.1 } else { DRILL.0 }.to_owned());
    let mut lines: Vec<Vec<String>> =
        vec![heading.iter().map(|word| (*word).to_owned()).chain(genes).chain(mark.clone()).collect()];
    match &query.plate {
        Some(code) => {
            let known = plate::plate_of(tx, laboratory, code)?
                .ok_or_else(|| ScreeningError::UnknownPlate { plate: code.to_string() })?;
            for well in known.wells {
                if let WellContent::Tube { tube, number } = well.content {
                    lines.push(line(tx, &query, number, &tube, Some(code), call.offset_minutes())?);
                }
            }
        }
        None => {
            for row in store::queue(tx, laboratory, SHEET_MAX)? {
                lines.push(line(tx, &query, row.tube.number, &row.tube.code, None, call.offset_minutes())?);
            }
        }
    }
    for line in lines.iter_mut().skip(1) {
        line.extend(mark.as_ref().map(|_| String::new()));
    }
    // The mark by which spreadsheets know the encoding.
    let mut text = String::from("\u{feff}");
    for line in &lines {
        text.push_str(&csv_line(line.iter().map(String::as_str)));
        text.push('\n');
    }
    Ok(Document { media: "text/csv; charset=utf-8", text })
}

/// A line of the sheet: the newest result of this laboratory that was not taken back, or room for one.
fn line(
    tx: &mut Tx<'_>,
    query: &SheetQuery,
    number: i64,
    code: &TubeCode,
    on: Option<&PlateCode>,
    offset_minutes: i64,
) -> Result<Vec<String>, Refusal> {
    let results = store::results_of(tx, number, code)?;
    let known = results.into_iter().rev().find(|known| known.laboratory == query.laboratory && !known.excluded);
    let outcome = known.as_ref().map_or("", |known| match query.english {
        true => known.outcome.word(),
        false => known.outcome.zh(),
    });
    let at = known.as_ref().map(|known| known.tested_at.local(offset_minutes)).unwrap_or_default();
    let plate = on.map(|plate| as_text_cell(&plate.to_string())).unwrap_or_default();
    let mut line = vec![as_text_cell(code.as_str()), outcome.to_owned(), plate, at];
    line.extend(GENES.map(|gene| {
        let ct = known.as_ref().and_then(|known| known.ct.get(gene));
        ct.map(ToString::to_string).unwrap_or_default()
    }));
    Ok(line)
}
