//! What a request adds to a tube: looked up in memory, decided purely.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::{LaneId, PersonId, Refusal, RoundId, SiteId, Timestamp, TubeCode};
use outpace_policy::PoolGroup;
use outpace_store::Unit;

use super::model::{Flag, Member, Purpose, Stage, Swab};
use super::register::{CLOCK_AHEAD_MS, Placed};
use super::store::TubeRow;
use crate::desk::{Desk, Seat, SiteBrief, load_seats};
use crate::errors::ScreeningError;
use crate::rounds::{Method, Pool, RoundState, verbs};
use crate::sites::OpenState;

/// The lane and round of a request, as they stand.
pub(super) struct Desked {
    pub(super) site: SiteId,
    pub(super) brief: SiteBrief,
    pub(super) lane_open: bool,
    pub(super) pool: Pool,
    pub(super) purpose: Purpose,
    pub(super) round_closed: bool,
    pub(super) seats: Vec<Seat>,
}

pub(super) struct Asked<'a> {
    pub(super) tube: &'a TubeCode,
    pub(super) lane: LaneId,
    pub(super) round: Option<RoundId>,
    pub(super) purpose: Option<Purpose>,
    pub(super) position: Option<i64>,
    pub(super) swabs: &'a [Swab],
    pub(super) seal: bool,
    pub(super) occurred_at: Option<Timestamp>,
    /// Present where it comes off a lane sheet: then the lane was at work, whatever its state says now.
    pub(super) sheet: Option<&'a Earlier>,
}

/// Who was sampled into which tube earlier in the same command, of which memory knows nothing yet; of several tubes the
/// lowest number, as in the seats.
pub(crate) type Earlier = std::collections::BTreeMap<PersonId, i64>;

/// Looks up lane, site, round, pool and seats, all from memory. `round` is the one that the swabs count for.
pub(super) fn desked(
    unit: &mut Unit<'_>,
    call: &Call,
    asked: &Asked<'_>,
    round: Option<RoundId>,
) -> Result<Desked, Refusal> {
    let lane = asked.lane;
    let people: Vec<Option<PersonId>> = asked.swabs.iter().map(Swab::whose).collect();
    let look = |desk: &Desk| {
        let (site, lane_state) = *desk.lanes.get(&lane).ok_or(ScreeningError::UnknownLane { lane })?;
        let brief = *desk.sites.get(&site).ok_or(ScreeningError::UnknownLane { lane })?;
        if let Some(named) = asked.round.filter(|named| !desk.rounds.contains_key(named)) {
            return Err(ScreeningError::UnknownRound { round: named });
        }
        let Some(round) = round else { return Ok((site, lane_state, brief, None)) };
        let known = desk.rounds.get(&round).ok_or(ScreeningError::UnknownRound { round })?;
        if known.state == RoundState::Planned {
            return Err(ScreeningError::RoundNotOpen { round });
        }
        if known.method == Method::Antigen {
            return Err(ScreeningError::WrongMethod { round });
        }
        let pool = known.pools.get(&site).copied();
        let seats = known.seats.as_ref().map(|seats| {
            people.iter().map(|person| person.map_or(NOBODY, |person| seats.seat(person))).collect::<Vec<_>>()
        });
        Ok((site, lane_state, brief, Some((known.state, known.closed_at, pool, seats))))
    };
    let found = unit.remembered(look).unwrap_or(Err(ScreeningError::UnknownLane { lane }));
    let (site, lane_state, brief, in_round) = found?;
    let mut in_round = in_round;
    if let (Some(earlier), Some((_, _, _, Some(seats)))) = (asked.sheet, in_round.as_mut()) {
        after(earlier, &people, seats);
    }
    let lane_open = lane_state == OpenState::Open && brief.state == OpenState::Open;
    let purpose = asked.purpose.unwrap_or(if round.is_some() { Purpose::Round } else { Purpose::Routine });
    let (round_closed, pool, seats) = match (in_round, round) {
        (Some((state, closed_at, pool, seats)), Some(round)) => {
            let seats = match seats {
                Some(seats) => seats,
                // Long after its round: the roster is read from the tables.
                None => {
                    let all = load_seats(unit.tx(), round)?;
                    // The tables hold what this command recorded.
                    people.iter().map(|person| person.map_or(NOBODY, |person| all.seat(person))).collect()
                }
            };
            // What was taken before the end of the round and is told after it did not come late.
            let in_time = asked.occurred_at.zip(closed_at).is_some_and(|(at, closed)| at <= closed);
            (state == RoundState::Closed && !in_time, pool, seats)
        }
        _ => (false, None, vec![NOBODY; people.len()]),
    };
    let pool = match (pool, purpose) {
        (Some(pool), Purpose::Round | Purpose::Routine) => pool,
        (_, purpose) => {
            let group = match purpose {
                Purpose::Retest | Purpose::Contact | Purpose::Quarantine => Some(PoolGroup::Quarantine),
                Purpose::KeyGroup => Some(PoolGroup::KeyGroup),
                Purpose::Round | Purpose::Routine => round_group(unit, round)?,
            };
            verbs::pool_at(unit.tx(), call, group, brief.area)?
        }
    };
    Ok(Desked { site, brief, lane_open, pool, purpose, round_closed, seats })
}

/// The seats after what the same command recorded.
fn after(earlier: &Earlier, people: &[Option<PersonId>], seats: &mut [Seat]) {
    for (person, seat) in people.iter().zip(seats) {
        let tube = person.and_then(|person| earlier.get(&person)).copied();
        seat.tube = seat.tube.into_iter().chain(tube).min();
    }
}

pub(super) const NOBODY: Seat = Seat { home: None, tube: None };

fn round_group(unit: &mut Unit<'_>, round: Option<RoundId>) -> Result<Option<PoolGroup>, Refusal> {
    Ok(match round {
        Some(round) => crate::rounds::round(unit.tx(), round)?.and_then(|round| round.spec.group),
        None => None,
    })
}

/// What a request adds to a tube.
pub(super) struct Plan {
    /// Swabs that were known, and those that are new at the end of the tube; in the order of the request.
    pub(super) placed: Vec<Placed>,
    /// The new ones: index in the request, flags so far.
    pub(super) new: Vec<(usize, Vec<Flag>)>,
    pub(super) first_position: i64,
}

/// Decides for each swab whether it is known and what is strange about it. Pure.
pub(super) fn place(
    asked: &Asked<'_>,
    desked: &Desked,
    known: Option<&TubeRow>,
    members: &[Member],
    now: Timestamp,
) -> Plan {
    let held = members.iter().map(|member| member.position).max().unwrap_or(0);
    // A position that was named and is free is kept, so that swabs may arrive in any order.
    let free = asked.position.filter(|wanted| members.iter().all(|member| member.position != *wanted));
    let mut plan = Plan { placed: Vec::new(), new: Vec::new(), first_position: free.unwrap_or(held + 1) };
    let mut here: BTreeSet<PersonId> = members.iter().filter_map(|member| member.person).collect();
    let mut common = common_flags(asked, desked, known, now);
    for (index, swab) in asked.swabs.iter().enumerate() {
        let wanted = asked.position.unwrap_or(index as i64 + 1);
        let explicit = asked.position.is_some() || (known.is_some() && asked.swabs.len() > 1);
        let at_wanted = members.iter().find(|member| member.position == wanted && explicit);
        if let Some(member) = same_swab(swab, at_wanted, members, wanted, explicit) {
            let (position, person) = (member.position, member.person);
            plan.placed.push(Placed { position, person, flags: member.flags.clone() });
            continue;
        }
        if swab.whose().is_some_and(|person| !here.insert(person)) {
            // The same person twice in one request is one swab told twice.
            let first = plan.placed.iter().find(|placed| placed.person == swab.whose()).cloned();
            plan.placed.extend(first);
            continue;
        }
        let position = plan.first_position + plan.new.len() as i64;
        let mut flags = std::mem::take(&mut common);
        if asked.position.is_some() && at_wanted.is_some() {
            flags.push(Flag::PositionTaken);
        }
        let people = (members.len() + plan.new.len()) as i64 + 1;
        if people > desked.pool.people_max && !desked.pool.household {
            flags.push(Flag::OverPool);
        }
        if swab.shown().is_some() {
            flags.push(Flag::NotOwnCode);
        } else if swab.person.is_none() {
            flags.push(Flag::UnknownPerson);
        } else if desked.seats.get(index).is_some_and(|seat| seat.tube.is_some()) {
            flags.push(Flag::TwiceInRound);
        }
        let ahead = swab.taken_at.is_some_and(|at| at.since(now) > CLOCK_AHEAD_MS);
        if ahead && !flags.contains(&Flag::ClockAhead) {
            flags.push(Flag::ClockAhead);
        }
        plan.placed.push(Placed { position, person: swab.whose(), flags: Vec::new() });
        plan.new.push((index, flags));
    }
    plan
}

/// What is strange about the request as a whole; it goes to its first new swab.
fn common_flags(asked: &Asked<'_>, desked: &Desked, known: Option<&TubeRow>, now: Timestamp) -> Vec<Flag> {
    let mut flags = Vec::new();
    if let Some(row) = known {
        let tube = &row.tube;
        let registered = tube.lane.is_some();
        if registered && (tube.lane != Some(asked.lane) || tube.round != asked.round) {
            flags.push(Flag::TubeSeenBefore);
        }
        if registered && tube.stage != Stage::Open {
            flags.push(Flag::AfterSeal);
        }
    }
    if desked.round_closed {
        flags.push(Flag::AfterClose);
    }
    if !desked.lane_open && asked.sheet.is_none() {
        flags.push(Flag::LaneClosed);
    }
    if asked.occurred_at.is_some_and(|at| at.since(now) > CLOCK_AHEAD_MS) {
        flags.push(Flag::ClockAhead);
    }
    flags
}

/// The member that a swab repeats: the same person anywhere in the tube, or the same nobody at the same position.
fn same_swab<'m>(
    swab: &Swab,
    at_wanted: Option<&'m Member>,
    members: &'m [Member],
    wanted: i64,
    explicit: bool,
) -> Option<&'m Member> {
    match swab.whose() {
        Some(person) => members.iter().find(|member| member.person == Some(person)),
        None => {
            let same = |member: &&Member| member.person.is_none() && member.slip == swab.slip;
            let whole = || members.iter().find(|member| member.position == wanted).filter(same);
            if explicit || swab.slip.is_some() { at_wanted.filter(same).or_else(whole) } else { None }
        }
    }
}
