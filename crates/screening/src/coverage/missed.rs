//! Who missed a round by their own doing, and what of our own failure keeps that from being held against them.
//!
//! Nobody is made worse off by our failure: as long as a lane has not handed over what it registered, a result is
//! late, somebody's sample has no name, or a site near them shut during the round, nobody counts as having missed it.

use std::collections::BTreeSet;

use outpace_core::{AreaId, AreaLevel, PersonId, RoundId, Text, Timestamp};
use outpace_store::{Result, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::missing::sampled_in;
use crate::rounds::{Class, Round, RoundState, rounds, store};
use crate::sites::closed_between;
use crate::tubes::Stage;
use crate::words::words;

/// Closed rounds that are looked through for the last one a person was due in.
const ROUNDS_MAX: usize = 30;

words! {
    /// A failure of ours for which nobody pays.
    pub enum OurFailure {
        /// A lane has tubes open that it has not sealed, works without a network, or has not brought its sheet back: what it
        /// registered may not all be here.
        LaneNotSynced = "lane_not_synced" / "采样通道尚未封管同步",
        /// Tubes of the round still wait for a result.
        ResultsLate = "results_late" / "本轮结果尚未出齐",
        /// Somebody was sampled who could not be identified: it may have been this person.
        SampleWithoutName = "sample_without_name" / "有样本未能对应到人",
        /// A site in the person's village stopped working during the round.
        SiteShut = "site_shut" / "就近采样点曾中途关闭",
    }
}

/// A round in which a person was due and was not sampled, nor at any time since it opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissedRound {
    /// The round.
    pub round: RoundId,
    /// Its name.
    pub name: Text,
    /// When it was closed: since then the test is owed.
    pub since: Timestamp,
    /// What failed on our side; while anything did, the round is not held against anybody.
    pub ours: BTreeSet<OurFailure>,
}

impl OurFailure {
    /// In both languages, for whoever reads their status.
    #[must_use]
    pub fn text(self) -> Text {
        let en = match self {
            Self::LaneNotSynced => "a sampling lane has not sealed and handed over everything",
            Self::ResultsLate => "results of the round are not all in",
            Self::SampleWithoutName => "a sample of the round has no name yet",
            Self::SiteShut => "a site nearby shut during the round",
        };
        Text::new(self.zh(), en)
    }
}

impl MissedRound {
    /// Whether the person missed it by their own doing, as far as anybody can tell.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.ours.is_empty()
    }
}

/// The last closed round that a person was due in, where they missed it and were not sampled since it opened.
///
/// # Errors
/// What the engine refused.
pub fn missed_round(tx: &mut Tx<'_>, person: PersonId, home: AreaId) -> Result<Option<MissedRound>> {
    let closed = rounds(tx, Some(RoundState::Closed), i64::MAX)?;
    for round in closed.into_iter().take(ROUNDS_MAX) {
        if class_in(tx, &round, person, home)? != Some(Class::Due) {
            continue;
        }
        let (Some(opened_at), Some(since)) = (round.opened_at, round.closed_at) else { continue };
        let last = crate::last_results(tx, person)?.last_sample;
        let sampled = last.is_some_and(|sample| sample.taken_at >= opened_at)
            || sampled_in(tx, round.id, &[person])?.contains(&person);
        if sampled {
            return Ok(None);
        }
        let ours = our_failures(tx, &round, home)?;
        return Ok(Some(MissedRound { round: round.id, name: round.spec.name, since, ours }));
    }
    Ok(None)
}

/// How a person stood to a round, by its roster and what was changed since.
fn class_in(tx: &mut Tx<'_>, round: &Round, person: PersonId, home: AreaId) -> Result<Option<Class>> {
    if let Some((_, class)) = store::changes(tx, round.id, home)?.get(&person) {
        return Ok(Some(*class));
    }
    let rosters = store::roster(tx, round.id, home)?;
    let mut everyone = rosters.iter().flat_map(|roster| roster.everyone());
    Ok(everyone.find(|(id, _)| *id == person).map(|(_, class)| class))
}

fn our_failures(tx: &mut Tx<'_>, round: &Round, home: AreaId) -> Result<BTreeSet<OurFailure>> {
    let j = tx.jurisdiction();
    let mut ours = BTreeSet::new();
    let open = tx.number(
        "SELECT CAST(COALESCE(SUM(tubes), 0) AS BIGINT) FROM tube_flow WHERE j = $1 AND round = $2 AND stage = $3",
        values![j, round.id, Stage::Open],
    )?;
    if open > 0 || crate::lanes::unsynced::is_unsynced_for(tx, round.id, home)? {
        ours.insert(OurFailure::LaneNotSynced);
    }
    if crate::flow::waiting(tx, round.id)? > 0 {
        ours.insert(OurFailure::ResultsLate);
    }
    if super::of(tx, round.id, (AreaId(i64::MIN), AreaId(i64::MAX)))?.unknown > 0 {
        ours.insert(OurFailure::SampleWithoutName);
    }
    let village = home.at(AreaLevel::Village).unwrap_or(home);
    let until = round.closed_at.unwrap_or(round.spec.ends_at).min(round.spec.ends_at);
    if !closed_between(tx, village, round.opened_at.unwrap_or(round.spec.starts_at), until)?.is_empty() {
        ours.insert(OurFailure::SiteShut);
    }
    Ok(ours)
}
