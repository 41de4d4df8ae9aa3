//! What registration looks at for every tube, kept in memory: lanes, open rounds, who sits where on the roster and who
//! was already sampled. Restored at start from the tables, kept up by the same facts.
//!
//! A person takes eight bytes a round: home grid, class and tube in one number, in a vector by person id. Ids are
//! dense; the few that lie far outside (made up by a broken device) go into a map.

use std::collections::{BTreeMap, HashMap};

use outpace_core::{AreaId, LaneId, PersonId, RoundId, SiteId, Timestamp};
use outpace_store::{Capability, Memory, Result, Tx, values};
use serde::{Deserialize, Serialize};

use crate::antigen::AntigenReported;
use crate::rounds::{
    Class, Method, Pool, PoolsRevised, RosterGrid, RosterRevised, Round, RoundClosed, RoundOpened, RoundPlanned,
    RoundState,
};
use crate::sites::{HoursSet, Lane, LaneSet, LanesAdded, OpenState, SiteKind, SiteMoved, SiteSet, SitesAdded};
use crate::tubes::twice::{self, Recent};
use crate::tubes::{SwabIdentified, SwabsTaken};

/// Ids up to this number have a place in the vector; a city of 60 million people fits.
const DENSE_MAX: i64 = 1 << 26;
/// Rosters of closed rounds that stay in memory for late registrations.
const CLOSED_KEPT: usize = 2;
/// The "tube" of someone who reported an antigen test.
pub(crate) const ANTIGEN: i64 = (1 << 37) - 1;
const TUBE_MASK: u64 = (1 << 37) - 1;

/// One person as a round sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    /// Home grid and class; `None`: the round does not cover the person.
    pub(crate) home: Option<(AreaId, Class)>,
    /// The tube that the person was sampled into; of several the lowest number.
    pub(crate) tube: Option<i64>,
}

/// Everyone of one round. Per person: 24 bits of grid, 3 of class, 37 of tube; 0 means none.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seats {
    grids: Vec<AreaId>,
    // In a snapshot the numbers stand as they are in memory, behind everything else.
    #[serde(skip)]
    dense: Vec<u64>,
    far: HashMap<PersonId, u64>,
}

impl Seats {
    /// The seats of a roster, nobody sampled.
    pub(crate) fn of(roster: &[RosterGrid]) -> Self {
        let mut seats = Self::default();
        for grid in roster {
            seats.add_grid(grid);
        }
        seats
    }

    fn add_grid(&mut self, roster: &RosterGrid) {
        self.grids.push(roster.grid);
        let index = self.grids.len() as u64;
        for (person, class) in roster.everyone() {
            self.put(person, (index << 40) | ((class as u64 + 1) << 37));
        }
    }

    fn get(&self, person: PersonId) -> u64 {
        match usize::try_from(person.0).ok().and_then(|index| self.dense.get(index)) {
            Some(seat) => *seat,
            None => self.far.get(&person).copied().unwrap_or(0),
        }
    }

    fn put(&mut self, person: PersonId, seat: u64) {
        let Some(index) = usize::try_from(person.0).ok().filter(|_| person.0 < DENSE_MAX) else {
            self.far.insert(person, seat);
            return;
        };
        if index >= self.dense.len() {
            // Grow by an eighth, so that people who come in any order do not copy the vector each time.
            self.dense.resize(index + 1 + index / 8, 0);
        }
        self.dense[index] = seat;
    }

    /// How the round sees a person.
    pub(crate) fn seat(&self, person: PersonId) -> Seat {
        let bits = self.get(person);
        let tube = (bits & TUBE_MASK) as i64;
        let class = ((bits >> 37) & 0b111) as usize;
        let grid = (bits >> 40) as usize;
        let home = class
            .checked_sub(1)
            .and_then(|class| Class::ALL.get(class))
            .zip(grid.checked_sub(1).and_then(|grid| self.grids.get(grid)));
        Seat { home: home.map(|(class, grid)| (*grid, *class)), tube: (tube != 0).then_some(tube) }
    }

    /// The person was sampled into a tube. Of several the lowest number is kept: the same in whatever order they come.
    pub(crate) fn sample(&mut self, person: PersonId, tube: i64) {
        let bits = self.get(person);
        let (kept, tube) = (bits & TUBE_MASK, tube as u64 & TUBE_MASK);
        if kept == 0 || tube < kept {
            self.put(person, (bits & !TUBE_MASK) | tube);
        }
    }

    /// The person's class changed.
    pub(crate) fn reclass(&mut self, person: PersonId, class: Class) {
        let bits = self.get(person);
        self.put(person, (bits & !(0b111 << 37)) | ((class as u64 + 1) << 37));
    }

    /// Everyone on the roster who was not sampled, with home and class.
    pub(crate) fn unsampled(&self) -> impl Iterator<Item = (PersonId, AreaId, Class)> + '_ {
        let dense = self.dense.iter().enumerate().filter(|(_, bits)| **bits != 0).map(|(id, _)| PersonId(id as i64));
        dense.chain(self.far.keys().copied()).filter_map(|person| match self.seat(person) {
            Seat { home: Some((grid, class)), tube: None } => Some((person, grid, class)),
            _ => None,
        })
    }
}

/// A site as registration needs it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct SiteBrief {
    pub(crate) area: AreaId,
    pub(crate) kind: SiteKind,
    pub(crate) state: OpenState,
}

/// A round as registration needs it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RoundBrief {
    pub(crate) method: Method,
    pub(crate) state: RoundState,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) pools: BTreeMap<SiteId, Pool>,
    pub(crate) seats: Option<Seats>,
}

/// Everything registration looks at.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Desk {
    pub(crate) sites: BTreeMap<SiteId, SiteBrief>,
    pub(crate) lanes: BTreeMap<LaneId, (SiteId, OpenState)>,
    pub(crate) rounds: BTreeMap<RoundId, RoundBrief>,
    pub(crate) recent: Recent,
}

impl Desk {
    fn add_lanes(&mut self, lanes: &[Lane]) {
        self.lanes.extend(lanes.iter().map(|lane| (lane.id, (lane.site, lane.state))));
    }

    fn close(&mut self, round: RoundId, at: Timestamp) {
        if let Some(brief) = self.rounds.get_mut(&round) {
            brief.state = RoundState::Closed;
            brief.closed_at = Some(at);
        }
        self.drop_old_seats();
    }

    fn drop_old_seats(&mut self) {
        let mut closed: Vec<_> = self.rounds.iter().filter_map(|(id, brief)| Some((brief.closed_at?, *id))).collect();
        closed.sort_unstable();
        let old = closed.len().saturating_sub(CLOSED_KEPT);
        for (_, id) in closed.into_iter().take(old) {
            if let Some(brief) = self.rounds.get_mut(&id) {
                brief.seats = None;
            }
        }
    }

    /// Tubes of the open rounds but this one that somebody is in.
    pub(crate) fn tubes_elsewhere(&self, round: Option<RoundId>, person: PersonId) -> Vec<i64> {
        self.other_rounds(round).filter_map(|seats| seats.seat(person).tube).collect()
    }

    /// Whether nobody can have been sampled elsewhere: no other round is open, and nothing outside rounds is remembered.
    pub(crate) fn is_alone(&self, round: Option<RoundId>) -> bool {
        self.recent.is_empty() && self.other_rounds(round).next().is_none()
    }

    fn other_rounds(&self, round: Option<RoundId>) -> impl Iterator<Item = &Seats> {
        let others = self.rounds.iter().filter(move |(id, _)| Some(**id) != round);
        others.filter(|(_, brief)| brief.state == RoundState::Open).filter_map(|(_, brief)| brief.seats.as_ref())
    }

    fn seats(&mut self, round: Option<RoundId>) -> Option<&mut Seats> {
        self.rounds.get_mut(&round?)?.seats.as_mut()
    }
}

/// Adds what is remembered and how it is restored.
pub(crate) fn join(capability: Capability) -> Capability {
    let capability = capability
        .remember(|memory, _, fact: &SitesAdded| {
            let desk = memory.of::<Desk>();
            for site in &fact.sites {
                let brief = SiteBrief { area: site.spec.area, kind: site.spec.kind, state: site.state };
                desk.sites.insert(site.site, brief);
                desk.add_lanes(&site.lanes);
            }
        })
        .remember(|memory, _, fact: &LanesAdded| memory.of::<Desk>().add_lanes(&fact.lanes))
        .remember(|memory, _, fact: &SiteSet| {
            if let Some(site) = memory.of::<Desk>().sites.get_mut(&fact.site) {
                site.state = fact.state;
            }
        })
        .remember(|memory, _, fact: &SiteMoved| {
            if let Some(site) = memory.of::<Desk>().sites.get_mut(&fact.site) {
                site.area = fact.area;
            }
        })
        .remember(|_, _, _: &HoursSet| {})
        .remember(|memory, _, fact: &LaneSet| {
            if let Some(lane) = memory.of::<Desk>().lanes.get_mut(&fact.lane) {
                lane.1 = fact.state;
            }
        });
    join_rounds(capability).restore(restore).snapshot(
        "screening.desk.2",
        |memory| memory.get::<Desk>().and_then(saved),
        |memory, bytes| {
            memory.put(loaded(bytes)?);
            Some(())
        },
    )
}

/// The desk for a snapshot: its length in JSON, the JSON, then for each round with seats how many and their numbers.
fn saved(desk: &Desk) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(desk).ok()?;
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.extend(json);
    for seats in desk.rounds.values().filter_map(|round| round.seats.as_ref()) {
        bytes.reserve(8 * (seats.dense.len() + 1));
        bytes.extend((seats.dense.len() as u64).to_le_bytes());
        seats.dense.iter().for_each(|seat| bytes.extend(seat.to_le_bytes()));
    }
    Some(bytes)
}

/// The desk from a snapshot; `None` for bytes that are none.
fn loaded(bytes: &[u8]) -> Option<Desk> {
    let mut rest = bytes;
    let length = usize::try_from(number(&mut rest)?).ok()?;
    let mut desk: Desk = serde_json::from_slice(rest.get(..length)?).ok()?;
    rest = &rest[length..];
    for seats in desk.rounds.values_mut().filter_map(|round| round.seats.as_mut()) {
        let length = usize::try_from(number(&mut rest)?).ok()?.checked_mul(8)?;
        let numbers = rest.get(..length)?.as_chunks::<8>().0;
        seats.dense = numbers.iter().map(|eight| u64::from_le_bytes(*eight)).collect();
        rest = &rest[length..];
    }
    rest.is_empty().then_some(desk)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (eight, behind) = rest.split_first_chunk::<8>()?;
    *rest = behind;
    Some(u64::from_le_bytes(*eight))
}

fn join_rounds(capability: Capability) -> Capability {
    capability
        .remember(|memory, _, fact: &RoundPlanned| {
            let brief = RoundBrief {
                method: fact.spec.method,
                state: RoundState::Planned,
                closed_at: None,
                pools: BTreeMap::new(),
                seats: None,
            };
            memory.of::<Desk>().rounds.insert(fact.round, brief);
        })
        .remember(|memory, _, fact: &RoundOpened| {
            if let Some(brief) = memory.of::<Desk>().rounds.get_mut(&fact.round) {
                brief.state = RoundState::Open;
                brief.pools = fact.pools.iter().map(|pool| (pool.site, pool.pool)).collect();
                brief.seats = Some(Seats::of(&fact.roster));
            }
        })
        .remember(|memory, _, fact: &PoolsRevised| {
            if let Some(brief) = memory.of::<Desk>().rounds.get_mut(&fact.round) {
                brief.pools.extend(fact.pools.iter().map(|pool| (pool.site, pool.pool)));
            }
        })
        .remember(|memory, _, fact: &RosterRevised| {
            if let Some(seats) = memory.of::<Desk>().seats(Some(fact.round)) {
                fact.changes.iter().for_each(|change| seats.reclass(change.person, change.to));
            }
        })
        .remember(|memory, entry, fact: &RoundClosed| memory.of::<Desk>().close(fact.round, entry.occurred_at))
        .remember(|memory, entry, fact: &SwabsTaken| {
            if fact.round.is_none() {
                memory.of::<Desk>().recent.note(entry, fact);
            }
            if let Some(seats) = memory.of::<Desk>().seats(fact.round) {
                fact.swabs.iter().filter_map(|swab| swab.person).for_each(|person| seats.sample(person, fact.tube));
            }
        })
        .remember(|memory, _, fact: &SwabIdentified| {
            if let Some(seats) = memory.of::<Desk>().seats(fact.round) {
                seats.sample(fact.person, fact.tube);
            }
        })
        .remember(|memory, _, fact: &AntigenReported| {
            if let Some(seats) = memory.of::<Desk>().seats(Some(fact.round)) {
                fact.reports.iter().for_each(|report| seats.sample(report.person, ANTIGEN));
            }
        })
}

fn restore(tx: &mut Tx<'_>, memory: &mut Memory) -> Result<()> {
    let desk = memory.of::<Desk>();
    desk.recent = twice::recent(tx)?;
    let (sites, lanes) = crate::sites::every(tx)?;
    for site in sites {
        let brief = SiteBrief { area: site.spec.area, kind: site.spec.kind, state: site.state };
        desk.sites.insert(site.id, brief);
    }
    desk.add_lanes(&lanes);
    let rounds = crate::rounds::rounds(tx, None, i64::MAX)?;
    for round in &rounds {
        let pools = crate::rounds::store::pools(tx, round.id)?;
        let brief = RoundBrief {
            method: round.spec.method,
            state: round.state,
            closed_at: round.closed_at,
            pools: pools.into_iter().map(|pool| (pool.site, pool.pool)).collect(),
            seats: None,
        };
        desk.rounds.insert(round.id, brief);
    }
    let mut closed: Vec<&Round> = rounds.iter().filter(|round| round.state == RoundState::Closed).collect();
    closed.sort_by_key(|round| std::cmp::Reverse((round.closed_at, round.id)));
    let open = rounds.iter().filter(|round| round.state == RoundState::Open);
    for round in open.chain(closed.into_iter().take(CLOSED_KEPT)) {
        let seats = load_seats(tx, round.id)?;
        if let Some(brief) = desk.rounds.get_mut(&round.id) {
            brief.seats = Some(seats);
        }
    }
    Ok(())
}

/// The seats of a round from the tables: at start, and for a registration that comes long after its round.
pub(crate) fn load_seats(tx: &mut Tx<'_>, round: RoundId) -> Result<Seats> {
    let j = tx.jurisdiction();
    let everywhere = (AreaId(0), AreaId(i64::MAX));
    let mut seats = Seats::of(&crate::rounds::store::roster_between(tx, round, everywhere)?);
    for (person, (_, class)) in crate::rounds::store::changes_between(tx, round, everywhere)? {
        seats.reclass(person, class);
    }
    let (first, last) = tx
        .first(
            "SELECT MIN(first_tube), MAX(last_tube) FROM tube_wave WHERE j = $1 AND round = $2",
            values![j, round],
            |row| Ok((row.get::<Option<i64>>(0)?, row.get::<Option<i64>>(1)?)),
        )?
        .map_or((0, 0), |(first, last)| (first.unwrap_or(0), last.unwrap_or(0)));
    tx.each(
        "SELECT s.person, s.tube FROM sample s JOIN tube t ON t.j = s.j AND t.number = s.tube
         WHERE s.j = $1 AND s.tube BETWEEN $2 AND $3 AND t.round = $4 AND s.person IS NOT NULL
         ORDER BY s.tube, s.position",
        values![j, first, last, round],
        |row| {
            seats.sample(row.get(0)?, row.get(1)?);
            Ok(())
        },
    )?;
    tx.each("SELECT person FROM antigen_result WHERE j = $1 AND round = $2", values![j, round], |row| {
        seats.sample(row.get(0)?, ANTIGEN);
        Ok(())
    })?;
    Ok(seats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_keeps_home_class_and_first_tube_in_one_number() {
        let roster = RosterGrid {
            grid: AreaId(140_121_203_206_001),
            due: [PersonId(7), PersonId(8)].into_iter().collect(),
            absent: [PersonId(9)].into_iter().collect(),
            exempt: Default::default(),
            quarantined: [PersonId(1 << 40)].into_iter().collect(),
        };
        let mut seats = Seats::of(std::slice::from_ref(&roster));
        seats.sample(PersonId(7), 12_000_000);
        seats.sample(PersonId(7), 12_000_001);
        assert_eq!(seats.seat(PersonId(7)), Seat { home: Some((roster.grid, Class::Due)), tube: Some(12_000_000) });
        seats.reclass(PersonId(9), Class::Exempt);
        assert_eq!(seats.seat(PersonId(9)), Seat { home: Some((roster.grid, Class::Exempt)), tube: None });
        seats.sample(PersonId(500), 3);
        assert_eq!(seats.seat(PersonId(500)), Seat { home: None, tube: Some(3) });
        assert_eq!(seats.seat(PersonId(1 << 40)).home, Some((roster.grid, Class::Quarantined)));
        assert_eq!(seats.unsampled().count(), 3);
    }

    #[test]
    fn a_desk_reads_back_from_its_bytes_and_from_no_others() {
        let mut seats = Seats::of(&[RosterGrid {
            grid: AreaId(140_121_203_206_001),
            due: (1..900).map(PersonId).collect(),
            absent: Default::default(),
            exempt: Default::default(),
            quarantined: [PersonId(1 << 40)].into_iter().collect(),
        }]);
        seats.sample(PersonId(7), 12_000_000);
        let mut desk = Desk::default();
        desk.lanes.insert(LaneId(3), (SiteId(2), OpenState::Open));
        for (round, seats) in [(1, None), (2, Some(seats)), (3, Some(Seats::default()))] {
            let brief = RoundBrief {
                method: Method::Pcr,
                state: RoundState::Open,
                closed_at: Some(Timestamp(5)),
                pools: BTreeMap::new(),
                seats,
            };
            desk.rounds.insert(RoundId(round), brief);
        }
        let bytes = saved(&desk).unwrap();
        assert_eq!(loaded(&bytes), Some(desk));
        for cut in [0, 7, 40, bytes.len() - 1] {
            assert_eq!(loaded(&bytes[..cut]), None);
        }
        assert_eq!(loaded(&[bytes.as_slice(), &[0]].concat()), None);
    }
}
