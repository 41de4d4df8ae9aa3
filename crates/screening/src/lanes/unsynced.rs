//! Lanes from which not everything is here: whose sheet is out, or that said that they are without a network. While there
//! are any, no rule that punishes a missed test fires in their areas.

use outpace_access::Call;
use outpace_core::{AreaId, AreaLevel, LaneId, Refusal, RoundId, SheetId, Text, Timestamp};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::{Result, Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::LaneConnectionChanged;
use super::store;
use crate::errors::ScreeningError;
use crate::{rounds, sites};

/// A lane from which not everything is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnsyncedLane {
    /// The lane.
    pub lane: LaneId,
    /// The round.
    pub round: RoundId,
    /// Where its site stands.
    pub area: AreaId,
    /// In which areas nobody is held to a missed test on its account: those that it serves, and the township of the site.
    pub areas: Vec<AreaId>,
    /// Its sheet; absent where it only said that it is without a network.
    pub sheet: Option<SheetId>,
    /// Since when.
    pub since: Timestamp,
    /// When its sheet ends.
    pub ends_at: Option<Timestamp>,
    /// Records that came so far.
    pub records: i64,
    /// Whether its sheet has ended and is still out.
    pub overdue: bool,
}

impl UnsyncedLane {
    /// Whether somebody who lives there may have been sampled at it.
    #[must_use]
    pub fn serves(&self, home: AreaId) -> bool {
        self.areas.iter().any(|area| area.contains(home))
    }
}

fn around(site: AreaId, served: &[AreaId]) -> Vec<AreaId> {
    let township = site.at(AreaLevel::Township).unwrap_or(site);
    let mut areas = vec![township];
    areas.extend(served.iter().copied().filter(|area| !township.contains(*area)));
    areas
}

/// The lanes of a round, or of every round, from which not everything is here; by sheet, then those without one.
///
/// # Errors
/// What the engine refused.
pub fn unsynced(tx: &mut Tx<'_>, round: Option<RoundId>, now: Timestamp) -> Result<Vec<UnsyncedLane>> {
    let mut lanes: Vec<UnsyncedLane> = store::sheets_out(tx, round)?
        .into_iter()
        .map(|sheet| UnsyncedLane {
            lane: sheet.lane,
            round: sheet.round,
            area: sheet.area,
            areas: around(sheet.area, &sheet.areas),
            sheet: Some(sheet.sheet),
            since: sheet.issued_at,
            ends_at: Some(sheet.ends_at),
            records: sheet.records,
            overdue: sheet.ends_at <= now,
        })
        .collect();
    for (round, lane, area, since) in store::offline(tx, round)? {
        if lanes.iter().any(|known| known.lane == lane && known.round == round) {
            continue;
        }
        let (areas, sheet, ends_at) = (around(area, &[]), None, None);
        lanes.push(UnsyncedLane { lane, round, area, areas, sheet, since, ends_at, records: 0, overdue: false });
    }
    Ok(lanes)
}

/// Whether somebody who lives there may stand in records of a round that are not here yet.
pub(crate) fn is_unsynced_for(tx: &mut Tx<'_>, round: RoundId, home: AreaId) -> Result<bool> {
    Ok(unsynced(tx, Some(round), Timestamp(i64::MIN))?.iter().any(|lane| lane.serves(home)))
}

/// Which lanes to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct UnsyncedQuery {
    /// Of this round; absent: of every round.
    #[serde(default)]
    pub round: Option<RoundId>,
}

/// Lanes from which not everything is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnsyncedAnswer {
    /// Those of sites in the actor's area.
    pub lanes: Vec<UnsyncedLane>,
}

/// Lists the lanes from which not everything is here.
///
/// # Errors
/// What the store refused.
pub fn unsynced_lanes(
    tx: &mut Tx<'_>,
    call: &Call,
    query: UnsyncedQuery,
) -> std::result::Result<UnsyncedAnswer, Refusal> {
    let lanes = unsynced(tx, query.round, call.now)?.into_iter().filter(|lane| call.sees(lane.area)).collect();
    Ok(UnsyncedAnswer { lanes })
}

/// A lane says that it goes on without a network, or that it is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetConnection {
    /// The lane.
    pub lane: LaneId,
    /// The round that it samples.
    pub round: RoundId,
    /// True: without a network from now on. False: back, and everything was handed over.
    pub offline: bool,
}

/// Notes that a lane is without a network, or back. What already stands changes nothing.
///
/// # Errors
/// An unknown lane or round, a lane outside the actor's area.
pub fn set_connection(
    unit: &mut Unit<'_>,
    call: &Call,
    request: SetConnection,
) -> std::result::Result<UnsyncedAnswer, Refusal> {
    let SetConnection { lane, round, offline } = request;
    rounds::round(unit.tx(), round)?.ok_or(ScreeningError::UnknownRound { round })?;
    let unknown = ScreeningError::UnknownLane { lane };
    let site = sites::lane(unit.tx(), lane)?.ok_or_else(|| unknown.clone())?.site;
    let area = sites::site(unit.tx(), site)?.ok_or(unknown)?.spec.area;
    call.covers(area)?;
    let stands = store::offline(unit.tx(), Some(round))?.iter().any(|(_, known, _, _)| *known == lane);
    if stands != offline {
        unit.record(LaneConnectionChanged { lane, round, area, offline })?;
    }
    unsynced_lanes(unit.tx(), call, UnsyncedQuery { round: Some(round) })
}

/// Opens an order for each sheet that has ended and is still out: somebody must find the device.
///
/// # Errors
/// What the store refused.
pub(crate) fn chase_overdue(unit: &mut Unit<'_>, call: &Call) -> std::result::Result<(), Refusal> {
    for sheet in store::sheets_out(unit.tx(), None)?.into_iter().filter(|sheet| sheet.ends_at <= call.now) {
        let (lane, number) = (sheet.lane, sheet.sheet);
        let what = Text::new(
            format!(
                "通道 {lane} 的离线通道单 {number} 已到期未交回:请找到设备并导入记录;确认不会再有记录的,请注销并写明原因。"
            ),
            format!(
                "Lane sheet {number} of lane {lane} has ended and is still out: find the device and bring in its records, or write it off with a reason."
            ),
        );
        let subject = Subject::Lane(lane);
        let new = NewConflict { kind: "lane_sheet_overdue", subject, area: sheet.area, what, seq: Some(sheet.seq) };
        conflict(unit, call, new)?;
    }
    Ok(())
}
