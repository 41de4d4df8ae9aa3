//! Who missed a round by their own doing, and what of our own failure keeps that from being held against them.
//!
//! Nobody is made worse off by our failure: as long as a lane has not handed over what it registered, a result is
//! late, somebody's sample has no name, or a site near them shut during the round, nobody counts as having missed it.

use std::collections::BTreeSet;

use outpace_core::time::MINUTE_MS;
use outpace_core::{AreaId, PersonId, RoundId, Text, Timestamp};
use outpace_store::{Result, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::missing::sampled_in;
use super::reconcile;
use crate::rounds::{Class, Round, RoundState, rounds, store};
use crate::tubes::Stage;
use crate::words::words;

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
    /// What failed on our side, as it stands now.
    pub ours: BTreeSet<OurFailure>,
    /// Whether it counts: the round was reconciled, with nothing open on our side, and named this person.
    pub counted: bool,
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
    /// Whether it is held against the person.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.counted
    }
}

/// The newest round that counts against a person; where none does, the last closed one that they were due in and missed
/// without its counting. A sample taken since a round opened, to the minute, ends it and all before it.
///
/// # Errors
/// What the engine refused.
pub fn missed_round(tx: &mut Tx<'_>, person: PersonId, home: AreaId) -> Result<Option<MissedRound>> {
    let minute = |at: Timestamp| at.0.div_euclid(MINUTE_MS);
    let last = crate::last_results(tx, person)?.last_sample.map(|sample| minute(sample.taken_at));
    let sampled_since = |opened_at: Timestamp| last.is_some_and(|last| last >= minute(opened_at));
    let counting = reconcile::counting_against(tx, person, home)?.filter(|round| !sampled_since(round.opened_at));
    if let Some(counting) = counting
        && let Some(round) = crate::rounds::round(tx, counting.round)?
    {
        let ours = our_failures(tx, &round, Some(home))?;
        let (round, name) = (round.id, round.spec.name);
        return Ok(Some(MissedRound { round, name, since: counting.closed_at, ours, counted: true }));
    }
    let closed = rounds(tx, Some(RoundState::Closed), reconcile::ROUNDS_MAX)?;
    for round in closed {
        let (Some(opened_at), Some(since)) = (round.opened_at, round.closed_at) else { continue };
        if sampled_since(opened_at) || sampled_in(tx, round.id, &[person])?.contains(&person) {
            return Ok(None);
        }
        if class_in(tx, &round, person, home)? != Some(Class::Due) {
            continue;
        }
        let ours = our_failures(tx, &round, Some(home))?;
        return Ok(Some(MissedRound { round: round.id, name: round.spec.name, since, ours, counted: false }));
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

/// What of a round is open on our side: for everyone, and with a home for whoever lives there.
pub(super) fn our_failures(tx: &mut Tx<'_>, round: &Round, home: Option<AreaId>) -> Result<BTreeSet<OurFailure>> {
    let j = tx.jurisdiction();
    let mut ours = BTreeSet::new();
    let open = tx.number(
        "SELECT CAST(COALESCE(SUM(tubes), 0) AS BIGINT) FROM tube_flow WHERE j = $1 AND round = $2 AND stage = $3",
        values![j, round.id, Stage::Open],
    )?;
    let unsynced = match home {
        Some(home) => crate::lanes::unsynced::is_unsynced_for(tx, round.id, home)?,
        None => false,
    };
    if open > 0 || unsynced {
        ours.insert(OurFailure::LaneNotSynced);
    }
    if crate::flow::waiting(tx, round.id)? > 0 {
        ours.insert(OurFailure::ResultsLate);
    }
    if super::of(tx, round.id, (AreaId(i64::MIN), AreaId(i64::MAX)))?.unknown > 0 {
        ours.insert(OurFailure::SampleWithoutName);
    }
    if let Some(home) = home
        && reconcile::shut_near(tx, round, reconcile::village_of(home))?
    {
        ours.insert(OurFailure::SiteShut);
    }
    Ok(ours)
}
