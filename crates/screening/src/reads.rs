//! What the response and the contacts ask of screening: a person's last results, rounds in which an area was negative,
//! the sampling that is owed.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, PersonId, Refusal, RoundId, Timestamp, TubeCode};
use outpace_store::{Result, Row, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::coverage::{self, Coverage};
use crate::laboratory::Outcome;
use crate::rounds::{self, Method};
use crate::tubes::store::filed_to;
use crate::tubes::{Purpose, Stage};

/// Samples of a person that are read at most.
const HISTORY_MAX: i64 = 60;

/// One sample of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonSample {
    /// The tube.
    pub tube: TubeCode,
    /// The round; absent outside any.
    pub round: Option<RoundId>,
    /// Why it was taken.
    pub purpose: Purpose,
    /// When.
    pub taken_at: Timestamp,
    /// People in the tube: 1 means that its result is the person's own.
    pub people: i64,
    /// Where the tube is.
    pub stage: Stage,
    /// The result that stands.
    pub outcome: Option<Outcome>,
    /// When that was obtained.
    pub tested_at: Option<Timestamp>,
}

impl PersonSample {
    /// Whether the person was alone in the tube.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.people == 1
    }
}

/// A person's last samples and results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastResults {
    /// The newest sample, with or without a result.
    pub last_sample: Option<PersonSample>,
    /// The newest sample found negative (alone or in a pool).
    pub last_negative: Option<PersonSample>,
    /// The newest sample found negative that was taken alone.
    pub last_single_negative: Option<PersonSample>,
    /// The newest sample found positive (alone or in a pool).
    pub last_positive: Option<PersonSample>,
    /// The newest sample found positive that was taken alone: the person's own.
    pub last_single_positive: Option<PersonSample>,
}

impl LastResults {
    fn of(mut samples: Vec<PersonSample>) -> Self {
        samples.sort_by(|a, b| (b.taken_at, &b.tube).cmp(&(a.taken_at, &a.tube)));
        let find = |outcome: Outcome, single: bool| {
            samples.iter().find(|sample| sample.outcome == Some(outcome) && (!single || sample.is_single())).cloned()
        };
        Self {
            last_negative: find(Outcome::Negative, false),
            last_single_negative: find(Outcome::Negative, true),
            last_positive: find(Outcome::Positive, false),
            last_single_positive: find(Outcome::Positive, true),
            last_sample: samples.first().cloned(),
        }
    }
}

const SAMPLE: &str = "t.code, t.round, t.purpose, s.taken_at, t.people, t.stage, t.outcome, t.tested_at";

fn read(row: &Row<'_>) -> Result<PersonSample> {
    let round: i64 = row.get(1)?;
    Ok(PersonSample {
        tube: row.get(0)?,
        round: (round != 0).then_some(RoundId(round)),
        purpose: row.get(2)?,
        taken_at: row.get(3)?,
        people: row.get(4)?,
        stage: row.get(5)?,
        outcome: row.get(6)?,
        tested_at: row.get(7)?,
    })
}

/// The samples of people, newest tubes first; at most 60 each. The tail that is not yet filed by person is walked once,
/// however many people are asked for: ask for many at once.
///
/// # Errors
/// What the engine refused.
pub fn samples_of(tx: &mut Tx<'_>, people: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<PersonSample>>> {
    let j = tx.jurisdiction();
    let mut found: BTreeMap<PersonId, Vec<PersonSample>> = people.iter().map(|person| (*person, Vec::new())).collect();
    let filed = filed_to(tx)?;
    tx.each(
        &format!(
            "SELECT s.person, {SAMPLE} FROM sample s JOIN tube t ON t.j = s.j AND t.number = s.tube
             WHERE s.j = $1 AND s.tube > $2 AND s.person IS NOT NULL ORDER BY s.tube DESC"
        ),
        values![j, filed],
        |row| {
            if let Some(samples) = found.get_mut(&row.get(0)?) {
                samples.push(read_after(row)?);
            }
            Ok(())
        },
    )?;
    let asked: BTreeSet<PersonId> = people.iter().copied().collect();
    for person in asked {
        let filed = tx.query(
            &format!(
                "SELECT {SAMPLE} FROM sample_by_person p
                 JOIN sample s ON s.j = p.j AND s.tube = p.tube AND s.position = p.position
                 JOIN tube t ON t.j = p.j AND t.number = p.tube
                 WHERE p.j = $1 AND p.person = $2 ORDER BY p.tube DESC LIMIT $3"
            ),
            values![j, person, HISTORY_MAX],
            read,
        )?;
        found.entry(person).or_default().extend(filed);
    }
    Ok(found)
}

/// Reads the columns of a sample that stand after the person's.
fn read_after(row: &Row<'_>) -> Result<PersonSample> {
    let round: i64 = row.get(2)?;
    Ok(PersonSample {
        tube: row.get(1)?,
        round: (round != 0).then_some(RoundId(round)),
        purpose: row.get(3)?,
        taken_at: row.get(4)?,
        people: row.get(5)?,
        stage: row.get(6)?,
        outcome: row.get(7)?,
        tested_at: row.get(8)?,
    })
}

/// The samples of one person, newest first; at most 60.
///
/// # Errors
/// What the engine refused.
pub fn samples_of_one(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<PersonSample>> {
    let mut samples = samples_of(tx, &[person])?.remove(&person).unwrap_or_default();
    samples.sort_by(|a, b| (b.taken_at, &b.tube).cmp(&(a.taken_at, &a.tube)));
    Ok(samples)
}

/// The last results of people; ask for many at once.
///
/// # Errors
/// What the engine refused.
pub fn last_results_of(tx: &mut Tx<'_>, people: &[PersonId]) -> Result<BTreeMap<PersonId, LastResults>> {
    let samples = samples_of(tx, people)?;
    Ok(samples.into_iter().map(|(person, samples)| (person, LastResults::of(samples))).collect())
}

/// The last results of one person.
///
/// # Errors
/// What the engine refused.
pub fn last_results(tx: &mut Tx<'_>, person: PersonId) -> Result<LastResults> {
    Ok(last_results_of(tx, &[person])?.remove(&person).unwrap_or_default())
}

/// What a round found in an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AreaRound {
    /// The round.
    pub round: RoundId,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed; absent while it is open.
    pub closed_at: Option<Timestamp>,
    /// How the people of the area stand to it.
    pub coverage: Coverage,
}

impl AreaRound {
    /// Whether everyone sampled in the area has a result, and no tube with someone from here is positive or
    /// inconclusive.
    #[must_use]
    pub fn is_all_negative(&self) -> bool {
        self.coverage.sampled > 0 && self.coverage.resulted == self.coverage.sampled && self.coverage.suspect_tubes == 0
    }

    /// Whether nobody who was due is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.coverage.missing == 0
    }
}

/// PCR rounds of an area that were opened at or after a moment, oldest first, with what they found there.
///
/// # Errors
/// What the engine refused.
pub fn rounds_of(tx: &mut Tx<'_>, area: AreaId, since: Timestamp) -> Result<Vec<AreaRound>> {
    let mut found = Vec::new();
    for round in rounds::rounds(tx, None, i64::MAX)?.into_iter().rev() {
        let Some(opened_at) = round.opened_at.filter(|at| *at >= since && round.spec.method == Method::Pcr) else {
            continue;
        };
        let coverage = coverage::of(tx, round.id, area.grids())?;
        if coverage.registered > 0 {
            found.push(AreaRound { round: round.id, opened_at, closed_at: round.closed_at, coverage });
        }
    }
    Ok(found)
}

/// Closed rounds of an area, opened at or after a moment, in which every sample from there was negative. Whether
/// everyone who was due was sampled is in [`AreaRound::is_complete`]; rules of lifting ask for both.
///
/// # Errors
/// What the engine refused.
pub fn negative_rounds(tx: &mut Tx<'_>, area: AreaId, since: Timestamp) -> Result<Vec<AreaRound>> {
    let found = rounds_of(tx, area, since)?;
    Ok(found.into_iter().filter(|round| round.closed_at.is_some() && round.is_all_negative()).collect())
}

/// Whose samples to show.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonQuery {
    /// Whose.
    pub person: PersonId,
}

/// A person's samples.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonAnswer {
    /// The last of each kind.
    pub last: LastResults,
    /// All, newest first; at most 60.
    pub samples: Vec<PersonSample>,
}

/// A person's samples and last results.
///
/// # Errors
/// An unknown person, or one outside the actor's area.
pub fn person_samples(tx: &mut Tx<'_>, call: &Call, query: PersonQuery) -> Result<PersonAnswer, Refusal> {
    outpace_registry::seen(tx, call, query.person)?
        .ok_or(crate::errors::ScreeningError::UnknownPerson { person: query.person })?;
    let mut samples = samples_of(tx, &[query.person])?.remove(&query.person).unwrap_or_default();
    samples.sort_by(|a, b| (b.taken_at, &b.tube).cmp(&(a.taken_at, &a.tube)));
    Ok(PersonAnswer { last: LastResults::of(samples.clone()), samples })
}
