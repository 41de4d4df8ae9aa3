//! Results come in batches from a machine's file: each row stands for itself. Bad rows are told, good rows go in.
//!
//! A result for a tube that nobody registered or received is kept all the same: somewhere there are people behind it.
//! A positive or inconclusive result wakes the response in the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_access::actors::{PostKind, at_post};
use outpace_core::time::MINUTE_MS;
use outpace_core::{LaboratoryId, Refusal, Text, Timestamp, Trigger, TubeCode, trigger};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{ResultRow, ResultsReported};
use super::intake::resample;
use super::model::{Outcome, standing};
use super::plate::{self, PlateCode};
use super::store;
use crate::errors::{ScreeningError, some_of};
use crate::found::find_or_note;
use crate::tubes::register::{CLOCK_AHEAD_MS, settle, well_formed};
use crate::tubes::store::{TubeRow, members};
use crate::tubes::{Flag, Purpose, Stage};

/// Results in one request at most.
pub const RESULTS_MAX: usize = 5_000;
/// Highest Ct value that a machine can give.
pub(crate) const CT_MAX: f64 = 60.0;

/// One row, as the laboratory's file has it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportedResult {
    /// The code on the tube.
    pub tube: String,
    /// `negative`, `positive`, `inconclusive` or `invalid`.
    pub outcome: String,
    /// Ct values by gene.
    #[serde(default)]
    pub ct: BTreeMap<String, f64>,
    /// When the test was done; absent: now.
    #[serde(default)]
    pub tested_at: Option<Timestamp>,
}

/// A batch of results.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportResults {
    /// Who tested.
    pub laboratory: LaboratoryId,
    /// The rows.
    pub results: Vec<ReportedResult>,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadResult {
    /// Its place in the batch, from 1.
    pub row: i64,
    /// The tube as written.
    pub tube: String,
    /// The field that is wrong: `tube`, `outcome`, `plate`, or a gene.
    #[serde(default)]
    pub column: String,
    /// What stands there.
    #[serde(default)]
    pub value: String,
    /// What is wrong, and what would be right.
    pub reason: Text,
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResultsAnswer {
    /// Rows recorded now.
    pub recorded: i64,
    /// Rows that were known.
    pub repeated: i64,
    /// Tubes that stand as positive after this batch.
    pub positive: Vec<TubeCode>,
    /// Tubes that stand as inconclusive after this batch.
    pub inconclusive: Vec<TubeCode>,
    /// Tubes whose result contradicts an earlier one.
    pub contradicting: Vec<TubeCode>,
    /// Rows left out.
    pub bad: Vec<BadResult>,
}

/// One good row.
struct Good {
    code: TubeCode,
    row: TubeRow,
    result: ResultRow,
    stands: Outcome,
}

/// Reports a batch of results.
///
/// # Errors
/// An unknown laboratory or one outside the actor's area, an empty batch, one of more than 5,000.
pub fn report_results(unit: &mut Unit<'_>, call: &Call, request: ReportResults) -> Result<ResultsAnswer, Refusal> {
    some_of("results", &request.results, RESULTS_MAX)?;
    let reported = request.results.into_iter().map(|result| Reported { result, plate: None });
    record(unit, call, request.laboratory, reported.collect())
}

/// A row with the plate that its file names.
pub(crate) struct Reported {
    pub(crate) result: ReportedResult,
    pub(crate) plate: Option<PlateCode>,
}

/// Records a batch of rows.
pub(crate) fn record(
    unit: &mut Unit<'_>,
    call: &Call,
    laboratory: LaboratoryId,
    reported: Vec<Reported>,
) -> Result<ResultsAnswer, Refusal> {
    let known = store::laboratory(unit.tx(), laboratory)?.ok_or(ScreeningError::UnknownLaboratory { laboratory })?;
    call.covers(known.spec.area)?;
    at_post(unit, &[(PostKind::Laboratory, laboratory.0)])?;
    let mut answer = ResultsAnswer::default();
    let bench = Bench { laboratory, area: known.spec.area, plates: plate::has_plates(unit.tx(), laboratory)? };
    let mut batch: BTreeMap<i64, Good> = BTreeMap::new();
    for (index, reported) in reported.into_iter().enumerate() {
        let row = index as i64 + 1;
        match read(unit, &bench, &reported, row)? {
            Ok(read) => take(unit, call, &bench, read, reported, &mut batch, &mut answer)?,
            Err(bad) => answer.bad.push(bad),
        }
    }
    flush(unit, call, &bench, batch, &mut answer)?;
    Ok(answer)
}

/// Where a batch was tested.
struct Bench {
    laboratory: LaboratoryId,
    area: outpace_core::AreaId,
    /// Whether the laboratory works with plates here.
    plates: bool,
}

fn bad(reported: &ReportedResult, row: i64, column: &str, value: &str, zh: String, en: String) -> BadResult {
    let short = |text: &str| text.chars().take(60).collect();
    BadResult {
        row,
        tube: short(&reported.tube),
        column: short(column),
        value: short(value),
        reason: Text::new(zh, en),
    }
}

/// Reads a row.
fn read(
    unit: &mut Unit<'_>,
    bench: &Bench,
    row: &Reported,
    number: i64,
) -> Result<Result<(TubeCode, Outcome), BadResult>, Refusal> {
    let reported = &row.result;
    if let Some(code) = row.plate.as_ref().filter(|_| bench.plates)
        && plate::is_void(unit.tx(), bench.laboratory, code)?
    {
        let (zh, en) = ("该孔板已作废,其结果不能录入。", "This plate is void; its results do not count.");
        return Ok(Err(bad(reported, number, "plate", &code.0, zh.to_owned(), en.to_owned())));
    }
    Ok(read_result(reported, number))
}

/// Reads what a row says. Pure.
fn read_result(reported: &ReportedResult, row: i64) -> Result<(TubeCode, Outcome), BadResult> {
    let code = TubeCode(reported.tube.trim().to_owned());
    if let Err(error) = well_formed("tube", code.as_str(), code.is_well_formed()) {
        let text = Refusal::from(error).text;
        return Err(bad(reported, row, "tube", &reported.tube, text.zh, text.en));
    }
    let outcome = Outcome::parse(reported.outcome.trim()).ok_or_else(|| {
        let known = Outcome::ALL.iter().map(|outcome| outcome.word()).collect::<Vec<_>>().join(", ");
        bad(
            reported,
            row,
            "outcome",
            &reported.outcome,
            format!("结果“{}”无法识别,应为:{known}。", reported.outcome),
            format!("The outcome {:?} is not one of: {known}.", reported.outcome),
        )
    })?;
    let wrong = reported.ct.iter().find(|(gene, ct)| gene.len() > 20 || !(0.0..=CT_MAX).contains(*ct));
    if let Some((gene, ct)) = wrong {
        return Err(bad(
            reported,
            row,
            gene,
            &ct.to_string(),
            format!("基因 {gene} 的 Ct 值 {ct} 不在 0 至 {CT_MAX} 之间。"),
            format!("The Ct value {ct} of gene {gene} does not lie between 0 and {CT_MAX}."),
        ));
    }
    Ok((code, outcome))
}

/// Adds a row to the batch. A tube twice in one request: what was collected goes in first.
fn take(
    unit: &mut Unit<'_>,
    call: &Call,
    bench: &Bench,
    (code, outcome): (TubeCode, Outcome),
    reported: Reported,
    batch: &mut BTreeMap<i64, Good>,
    answer: &mut ResultsAnswer,
) -> Result<(), Refusal> {
    let at = reported.result.tested_at.unwrap_or(call.now);
    let (mut row, noted) = find_or_note(unit, call, &code, at)?;
    if batch.contains_key(&row.tube.number) {
        flush(unit, call, bench, std::mem::take(batch), answer)?;
        row = find_or_note(unit, call, &code, at)?.0;
    }
    if row.results > 0 && known_before(unit, bench.laboratory, &row, outcome, reported.result.tested_at)? {
        answer.repeated += 1;
        return Ok(());
    }
    let stands = standing(row.tube.outcome, outcome);
    let mut flags = Vec::new();
    match row.tube.stage {
        Stage::Open => flags.extend([Flag::SealImplied, Flag::ReceiptImplied]),
        Stage::Sealed | Stage::Boxed | Stage::Travelling if !noted => flags.push(Flag::ReceiptImplied),
        Stage::Lost => flags.push(Flag::FoundAgain),
        _ => {}
    }
    if stands.contradicts {
        flags.push(Flag::ResultsContradict);
    }
    if at.since(call.now) > CLOCK_AHEAD_MS {
        flags.push(Flag::ClockAhead);
    }
    let tested_at = (at != call.now).then_some(at);
    let number = row.tube.number;
    let plate = match reported.plate {
        None if bench.plates => plate::plate_under(unit.tx(), bench.laboratory, number)?,
        named => named,
    };
    let result = ResultRow { tube: number, outcome, ct: reported.result.ct, tested_at, plate, flags };
    batch.insert(number, Good { code, row, result, stands: stands.outcome });
    Ok(())
}

/// Whether the laboratory has reported the same before.
fn known_before(
    unit: &mut Unit<'_>,
    laboratory: LaboratoryId,
    row: &TubeRow,
    outcome: Outcome,
    tested_at: Option<Timestamp>,
) -> Result<bool, Refusal> {
    let results = store::results_of(unit.tx(), row.tube.number, &row.tube.code)?;
    Ok(results.iter().any(|known| {
        // To the minute: files and people write no seconds.
        let minute = |at: Timestamp| at.0.div_euclid(MINUTE_MS);
        let same_time = tested_at.is_none_or(|at| minute(at) == minute(known.tested_at));
        known.laboratory == laboratory && known.outcome == outcome && same_time && !known.excluded
    }))
}

/// Records the batch, settles what is strange, wakes the response.
fn flush(
    unit: &mut Unit<'_>,
    call: &Call,
    bench: &Bench,
    batch: BTreeMap<i64, Good>,
    answer: &mut ResultsAnswer,
) -> Result<(), Refusal> {
    if batch.is_empty() {
        return Ok(());
    }
    let (laboratory, area) = (bench.laboratory, bench.area);
    let results = batch.values().map(|good| good.result.clone()).collect();
    let seq = unit.record(ResultsReported { laboratory, results })?;
    answer.recorded += batch.len() as i64;
    let mut triggers = BTreeSet::new();
    for good in batch.values() {
        if !good.result.flags.is_empty() {
            settle(unit, call, &good.code, area, &good.result.flags.iter().copied().collect(), seq)?;
        }
        if good.result.flags.contains(&Flag::ResultsContradict) {
            answer.contradicting.push(good.code.clone());
        }
        match good.stands {
            Outcome::Positive => answer.positive.push(good.code.clone()),
            Outcome::Inconclusive => answer.inconclusive.push(good.code.clone()),
            Outcome::Invalid => {
                let why = Text::new("检测无效", "the test was not valid");
                resample(unit, call, &good.row, &why)?;
            }
            Outcome::Negative => {}
        }
        woken(unit, good, &mut triggers)?;
    }
    if triggers.iter().any(|trigger| matches!(trigger, Trigger::Tube(_))) {
        // The response will read the history of the people in these tubes: file it first.
        crate::filing::file(unit)?;
    }
    for trigger in &triggers {
        unit.enqueue(trigger::RESPOND, trigger)?;
    }
    Ok(())
}

/// What the response must look at: tubes that are or were suspicious; the person behind a single sample that was
/// suspicious, or that someone waits for.
fn woken(unit: &mut Unit<'_>, good: &Good, triggers: &mut BTreeSet<Trigger>) -> Result<(), Refusal> {
    let suspicious = |outcome: Outcome| matches!(outcome, Outcome::Positive | Outcome::Inconclusive);
    let was = good.row.tube.outcome.is_some_and(suspicious);
    let is = suspicious(good.stands);
    if is || was {
        triggers.insert(Trigger::Tube(good.code.clone()));
    }
    let awaited = !matches!(good.row.tube.purpose, Purpose::Round | Purpose::Routine);
    if good.row.tube.is_single() && (is || was || awaited) {
        let people = members(unit.tx(), good.row.tube.number)?;
        triggers.extend(people.into_iter().filter_map(|member| member.person).map(Trigger::Person));
    }
    Ok(())
}
