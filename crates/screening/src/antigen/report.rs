//! Handing out kits and reporting self-tests.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, AreaLevel, PersonId, Refusal, RoundId, Text, Timestamp, Trigger, trigger};
use outpace_orders::{Form, NewConflict, Subject, conflict};
use outpace_registry as registry;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::store::{self, AntigenFact, AntigenReported, AntigenUnplaced, KitsHandedOut};
use crate::desk::{Desk, Seat, load_seats};
use crate::doors::order;
use crate::errors::{ScreeningError, some_of, within};
use crate::kinds;
use crate::laboratory::Outcome;
use crate::rounds::{Method, RoundState};
use crate::tubes::{Counts, Home};
use crate::words::words;

/// Reports in one request at most.
const REPORTS_MAX: usize = 5_000;

/// Notes kits handed out in a grid.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HandOut {
    /// For which round.
    pub round: RoundId,
    /// In which grid.
    pub grid: AreaId,
    /// How many in all so far, so that telling it twice counts once.
    pub total: i64,
}

/// How many kits a grid has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KitsStand {
    /// Kits handed out in the grid.
    pub kits: i64,
}

/// Notes how many kits were handed out in a grid so far.
///
/// # Errors
/// An unknown round, one of the other method, a grid outside the actor's area, a number out of range.
pub fn hand_out_kits(unit: &mut Unit<'_>, call: &Call, request: HandOut) -> Result<KitsStand, Refusal> {
    within("total", request.total, 0, 1_000_000)?;
    if request.grid.level() != Some(AreaLevel::Grid) {
        return Err(ScreeningError::NotAnArea { area: request.grid }.into());
    }
    call.covers(request.grid)?;
    let round = antigen_round(unit, call, request.round)?;
    if store::kits_of(unit.tx(), round, request.grid)? != request.total {
        unit.record(KitsHandedOut { round, grid: request.grid, total: request.total })?;
    }
    Ok(KitsStand { kits: request.total })
}

/// The round, if it is one of self-tests that was opened.
fn antigen_round(unit: &mut Unit<'_>, call: &Call, round: RoundId) -> Result<RoundId, Refusal> {
    let known = crate::reach::seen_round(unit.tx(), call, round)?;
    if known.spec.method != Method::Antigen {
        return Err(ScreeningError::WrongMethod { round }.into());
    }
    if known.state == RoundState::Planned {
        return Err(ScreeningError::RoundNotOpen { round }.into());
    }
    Ok(round)
}

words! {
    /// What a self-test showed.
    pub enum ReportOutcome {
        /// One line.
        Negative = "negative" / "阴性",
        /// Two lines.
        Positive = "positive" / "阳性",
        /// No control line.
        Invalid = "invalid" / "无效",
    }
}

impl From<ReportOutcome> for Outcome {
    fn from(outcome: ReportOutcome) -> Self {
        match outcome {
            ReportOutcome::Negative => Self::Negative,
            ReportOutcome::Positive => Self::Positive,
            ReportOutcome::Invalid => Self::Invalid,
        }
    }
}

/// One self-test.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AntigenReport {
    /// Whose.
    pub person: PersonId,
    /// What it showed.
    pub outcome: ReportOutcome,
    /// When; absent: now.
    #[serde(default)]
    pub tested_at: Option<Timestamp>,
}

/// Self-tests of a household, a grid, or one person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AntigenReports {
    /// For which round.
    pub round: RoundId,
    /// The tests.
    pub reports: Vec<AntigenReport>,
}

/// What became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AntigenTaken {
    /// Recorded now.
    pub recorded: i64,
    /// Known before.
    pub repeated: i64,
    /// People with a positive test in this request; each gets a PCR order.
    pub positive: Vec<PersonId>,
    /// People whom the registry does not know, or not in the actor's area. Their tests are kept and count nowhere yet:
    /// somebody who answers for the whole jurisdiction is told to find out whose they are.
    pub unknown: Vec<PersonId>,
}

/// Reports self-tests. A positive is confirmed by PCR; another outcome than before is kept, the positive one stands.
///
/// # Errors
/// An unknown round, one of the other method or never opened, nothing to report.
pub fn report_antigen(unit: &mut Unit<'_>, call: &Call, request: AntigenReports) -> Result<AntigenTaken, Refusal> {
    let round = antigen_round(unit, call, request.round)?;
    some_of("reports", &request.reports, REPORTS_MAX)?;
    let people: Vec<PersonId> = request.reports.iter().map(|report| report.person).collect();
    let seats = seats_of(unit, round, &people)?;
    let everywhere = call.sees(AreaId(unit.tx().jurisdiction()));
    let mut answer = AntigenTaken::default();
    let mut homes: BTreeMap<(AreaId, Counts), i64> = BTreeMap::new();
    let mut reports = Vec::new();
    let (mut strange, mut unplaced) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for (report, seat) in request.reports.into_iter().zip(seats) {
        if !seen.insert(report.person) {
            answer.repeated += 1;
            continue;
        }
        let outcome = Outcome::from(report.outcome);
        let told =
            AntigenFact { person: report.person, outcome, tested_at: report.tested_at.filter(|at| *at != call.now) };
        // What is told of somebody for whom the teller does not answer is kept apart, as it is of nobody.
        if !everywhere && registry::seen(unit.tx(), call, report.person)?.is_none() {
            unplaced.push(told);
            continue;
        }
        if seat.tube.is_some() {
            match store::result_of(unit.tx(), round, report.person)? {
                Some((known, _)) if known == outcome || outcome == Outcome::Invalid => {
                    answer.repeated += 1;
                    continue;
                }
                Some((Outcome::Positive, _)) => {
                    strange.push(report.person);
                    continue;
                }
                _ => {}
            }
        }
        let key = match seat {
            Seat { home: Some((grid, class)), tube: None } => Some((grid, Counts::Seat(class))),
            Seat { tube: Some(_), .. } => None,
            Seat { home: None, tube: None } => match registry::person(unit.tx(), report.person)? {
                Some(person) => Some((person.area, Counts::Outside)),
                None => {
                    unplaced.push(told);
                    continue;
                }
            },
        };
        if let Some(key) = key {
            *homes.entry(key).or_default() += 1;
        }
        if outcome == Outcome::Positive {
            answer.positive.push(report.person);
        }
        reports.push(told);
    }
    answer.recorded = reports.len() as i64;
    answer.unknown = unplaced.iter().map(|told| told.person).collect();
    keep_unplaced(unit, call, round, unplaced)?;
    let homes = homes.into_iter().map(|((grid, counts), people)| Home { grid, counts, people }).collect();
    follow(unit, call, round, reports, homes, &answer.positive, &strange)?;
    Ok(answer)
}

/// Keeps what was told of people for whom the teller does not answer, and has somebody who answers for all find out. The
/// order stands at the whole jurisdiction, so that the teller cannot tell who is registered elsewhere from who is nobody.
fn keep_unplaced(unit: &mut Unit<'_>, call: &Call, round: RoundId, told: Vec<AntigenFact>) -> Result<(), Refusal> {
    let mut reports = Vec::new();
    for report in told {
        if !store::is_kept(unit.tx(), round, &report)? {
            reports.push(report);
        }
    }
    if reports.is_empty() {
        return Ok(());
    }
    let positive = reports.iter().filter(|report| report.outcome == Outcome::Positive).count();
    let (all, teller) = (reports.len(), call.actor.id);
    let seq = unit.record(AntigenUnplaced { round, reports })?;
    let what = Text::new(
        format!(
            "账号 {teller} 上报的 {all} 份自测(其中阳性 {positive} 份)不属其区域或未登记;记录已保留,暂不计入,请核实后由属地上报。"
        ),
        format!(
            "{all} self-tests told by account {teller} ({positive} positive) are of people outside its area or not              registered. They are kept and count nowhere yet: find out whose they are and report them there."
        ),
    );
    let area = AreaId(unit.tx().jurisdiction());
    let subject = Subject::Round(round);
    conflict(unit, call, NewConflict { kind: "antigen_unplaced", subject, area, what, seq: Some(seq) }).map(|_| ())
}

fn seats_of(unit: &mut Unit<'_>, round: RoundId, people: &[PersonId]) -> Result<Vec<Seat>, Refusal> {
    let look = |desk: &Desk| {
        let seats = desk.rounds.get(&round)?.seats.as_ref()?;
        Some(people.iter().map(|person| seats.seat(*person)).collect::<Vec<_>>())
    };
    match unit.remembered(look).flatten() {
        Some(seats) => Ok(seats),
        None => {
            let all = load_seats(unit.tx(), round)?;
            Ok(people.iter().map(|person| all.seat(*person)).collect())
        }
    }
}

/// Records the reports, has positives confirmed, settles a negative after a positive.
fn follow(
    unit: &mut Unit<'_>,
    call: &Call,
    round: RoundId,
    reports: Vec<AntigenFact>,
    homes: Vec<Home>,
    positive: &[PersonId],
    strange: &[PersonId],
) -> Result<(), Refusal> {
    let mut seq = None;
    if !reports.is_empty() {
        seq = Some(unit.record(AntigenReported { round, reports, homes })?);
    }
    unit.because_of(seq);
    for person in positive {
        let area = registry::person(unit.tx(), *person)?.map_or(call.actor.area, |person| person.area);
        let because = Text::new(
            "抗原自测阳性,需单管核酸复核。",
            "The antigen self-test was positive; confirm it with a PCR sample taken alone.",
        );
        let form = Form::from([("round".to_owned(), round.0.into())]);
        let key = format!("confirm-antigen:{round}:{person}");
        order(unit, call, key, kinds::CONFIRM_ANTIGEN, Subject::Person(*person), area, because, form)?;
        unit.enqueue(trigger::RESPOND, &Trigger::Person(*person))?;
    }
    unit.because_of(None);
    for person in strange {
        let area = registry::person(unit.tx(), *person)?.map_or(call.actor.area, |person| person.area);
        let what = Text::new(
            "同一轮抗原先报阳性、后报阴性;阳性记录有效,请以核酸复核为准。",
            "A positive self-test was followed by a negative one; the positive stands until PCR decides.",
        );
        let subject = Subject::Person(*person);
        conflict(unit, call, NewConflict { kind: "antigen_contradicts", subject, area, what, seq: None })?;
    }
    Ok(())
}
