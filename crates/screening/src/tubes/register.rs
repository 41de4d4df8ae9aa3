//! Registration: people into tubes. What is told here has happened; it is kept whatever it is.
//!
//! Natural keys make it idempotent: a tube's code and a position in it. The same request twice gives the first answer
//! and records nothing. What cannot be is flagged, kept, and settled by an order (see the crate's first page).
//!
//! The path of a tube of ten: one look-up by code, the lane, round and roster from memory, one fact, some twenty
//! single-row writes at the ends of their tables. Nothing is read per person unless the person is not on the roster.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::time::MINUTE_MS;
use outpace_core::{AreaId, LaneId, PersonId, Refusal, RoundId, SiteId, Text, Timestamp, Trigger, TubeCode, trigger};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_policy::PoolGroup;
use outpace_registry as registry;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{Opening, SwabTaken, SwabsTaken, TubeSealed};
use super::model::{Counts, Flag, Home, Member, Purpose, Stage, Swab, priority_of};
use super::store::{self, TubeRow};
use crate::desk::{Desk, Seat, SiteBrief, load_seats};
use crate::errors::{ScreeningError, some_of};
use crate::laboratory::Outcome;
use crate::rounds::{Method, Pool, RoundState, verbs};
use crate::sites::OpenState;

/// How far a device's clock may run ahead before it is said so.
pub const CLOCK_AHEAD_MS: i64 = 2 * MINUTE_MS;
/// People in one request at most: several times the largest pool.
pub const SWABS_MAX: usize = 200;
/// Unfiled tubes after which a job files them by person.
pub const FILE_TUBES: i64 = 1_024;

/// A whole tube.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegisterTube {
    /// The code on the tube.
    pub tube: TubeCode,
    /// The lane.
    pub lane: LaneId,
    /// The round; absent: outside any, and `purpose` says why.
    #[serde(default)]
    pub round: Option<RoundId>,
    /// Why; absent: a round where one is named, else routine.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// The people, in the order of their swabs.
    pub people: Vec<Swab>,
    /// Whether the tube was sealed after the last.
    #[serde(default)]
    pub seal: bool,
    /// When it happened, where it is told later; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// One person into a tube.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegisterSwab {
    /// The code on the tube.
    pub tube: TubeCode,
    /// The lane.
    pub lane: LaneId,
    /// The round.
    #[serde(default)]
    pub round: Option<RoundId>,
    /// Why.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// Position in the tube from 1; absent: the next.
    #[serde(default)]
    pub position: Option<i64>,
    /// The swab.
    pub swab: Swab,
    /// Whether the tube was sealed after it.
    #[serde(default)]
    pub seal: bool,
    /// When it happened; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Where a swab stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Placed {
    /// Position in the tube.
    pub position: i64,
    /// Whose.
    pub person: Option<PersonId>,
    /// What was strange about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

/// The tube after a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// The tube.
    pub tube: TubeCode,
    /// Its number.
    pub number: i64,
    /// People in it.
    pub people: i64,
    /// People it may hold.
    pub people_max: i64,
    /// Where it is.
    pub stage: Stage,
    /// The swabs of this request.
    pub placed: Vec<Placed>,
    /// Whether everything in the request was known before.
    pub repeated: bool,
}

/// The lane and round of a request, as they stand.
struct Desked {
    site: SiteId,
    brief: SiteBrief,
    lane_open: bool,
    pool: Pool,
    purpose: Purpose,
    round_closed: bool,
    seats: Vec<Seat>,
}

struct Asked<'a> {
    tube: &'a TubeCode,
    lane: LaneId,
    round: Option<RoundId>,
    purpose: Option<Purpose>,
    position: Option<i64>,
    swabs: &'a [Swab],
    seal: bool,
    occurred_at: Option<Timestamp>,
}

/// Registers a whole tube.
///
/// # Errors
/// A malformed code, an unknown lane or round, a round that was never opened, nobody to register.
pub fn register_tube(unit: &mut Unit<'_>, call: &Call, request: RegisterTube) -> Result<Registered, Refusal> {
    let asked = Asked {
        tube: &request.tube,
        lane: request.lane,
        round: request.round,
        purpose: request.purpose,
        position: None,
        swabs: &request.people,
        seal: request.seal,
        occurred_at: request.occurred_at,
    };
    if request.people.is_empty() && request.seal {
        return seal_tube(unit, call, SealTube { tube: request.tube, occurred_at: request.occurred_at });
    }
    some_of("people", &request.people, SWABS_MAX)?;
    register(unit, call, &asked)
}

/// Registers one person into a tube.
///
/// # Errors
/// A malformed code, an unknown lane or round, a round that was never opened, a position below 1.
pub fn register_swab(unit: &mut Unit<'_>, call: &Call, request: RegisterSwab) -> Result<Registered, Refusal> {
    if let Some(position) = request.position {
        crate::errors::within("position", position, 1, SWABS_MAX as i64)?;
    }
    let asked = Asked {
        tube: &request.tube,
        lane: request.lane,
        round: request.round,
        purpose: request.purpose,
        position: request.position,
        swabs: std::slice::from_ref(&request.swab),
        seal: request.seal,
        occurred_at: request.occurred_at,
    };
    register(unit, call, &asked)
}

fn register(unit: &mut Unit<'_>, call: &Call, asked: &Asked<'_>) -> Result<Registered, Refusal> {
    well_formed("tube", asked.tube.as_str(), asked.tube.is_well_formed())?;
    for slip in asked.swabs.iter().filter_map(|swab| swab.slip.as_deref()) {
        well_formed("slip", slip, TubeCode::from(slip).is_well_formed())?;
    }
    let known = store::row_by_code(unit.tx(), asked.tube)?;
    // More people belong to the round of their tube, whatever the request says.
    let own = known.as_ref().filter(|row| row.tube.lane.is_some()).map(|row| row.tube.round);
    let desked = desked(unit, call, asked, own.unwrap_or(asked.round))?;
    call.covers(desked.brief.area)?;
    let members = match &known {
        Some(row) => store::members(unit.tx(), row.tube.number)?,
        None => Vec::new(),
    };
    let plan = place(asked, &desked, known.as_ref(), &members, call.now);
    if plan.new.is_empty() {
        return repeated(unit, call, asked, known, plan);
    }
    write(unit, call, asked, &desked, known, &members, plan)
}

/// Refuses a code that no label can bear.
pub(crate) fn well_formed(field: &'static str, code: &str, fine: bool) -> Result<(), ScreeningError> {
    if fine { Ok(()) } else { Err(ScreeningError::MalformedCode { field, code: code.chars().take(60).collect() }) }
}

/// Looks up lane, site, round, pool and seats, all from memory. `round` is the one that the swabs count for.
fn desked(unit: &mut Unit<'_>, call: &Call, asked: &Asked<'_>, round: Option<RoundId>) -> Result<Desked, Refusal> {
    let lane = asked.lane;
    let people: Vec<Option<PersonId>> = asked.swabs.iter().map(|swab| swab.person).collect();
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
        Ok((site, lane_state, brief, Some((known.state, pool, seats))))
    };
    let found = unit.remembered(look).unwrap_or(Err(ScreeningError::UnknownLane { lane }));
    let (site, lane_state, brief, in_round) = found?;
    let lane_open = lane_state == OpenState::Open && brief.state == OpenState::Open;
    let purpose = asked.purpose.unwrap_or(if round.is_some() { Purpose::Round } else { Purpose::Routine });
    let (round_closed, pool, seats) = match (in_round, round) {
        (Some((state, pool, seats)), Some(round)) => {
            let seats = match seats {
                Some(seats) => seats,
                // Long after its round: the roster is read from the tables.
                None => {
                    let all = load_seats(unit.tx(), round)?;
                    people.iter().map(|person| person.map_or(NOBODY, |person| all.seat(person))).collect()
                }
            };
            (state == RoundState::Closed, pool, seats)
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

const NOBODY: Seat = Seat { home: None, tube: None };

fn round_group(unit: &mut Unit<'_>, round: Option<RoundId>) -> Result<Option<PoolGroup>, Refusal> {
    Ok(match round {
        Some(round) => crate::rounds::round(unit.tx(), round)?.and_then(|round| round.spec.group),
        None => None,
    })
}

/// What a request adds to a tube.
struct Plan {
    /// Swabs that were known, and those that are new at the end of the tube; in the order of the request.
    placed: Vec<Placed>,
    /// The new ones: index in the request, flags so far.
    new: Vec<(usize, Vec<Flag>)>,
    first_position: i64,
}

/// Decides for each swab whether it is known and what is strange about it. Pure.
fn place(asked: &Asked<'_>, desked: &Desked, known: Option<&TubeRow>, members: &[Member], now: Timestamp) -> Plan {
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
        if swab.person.is_some_and(|person| !here.insert(person)) {
            // The same person twice in one request is one swab told twice.
            let first = plan.placed.iter().find(|placed| placed.person == swab.person).cloned();
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
        if swab.person.is_none() {
            flags.push(Flag::UnknownPerson);
        } else if desked.seats.get(index).is_some_and(|seat| seat.tube.is_some()) {
            flags.push(Flag::TwiceInRound);
        }
        let ahead = swab.taken_at.is_some_and(|at| at.since(now) > CLOCK_AHEAD_MS);
        if ahead && !flags.contains(&Flag::ClockAhead) {
            flags.push(Flag::ClockAhead);
        }
        plan.placed.push(Placed { position, person: swab.person, flags: Vec::new() });
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
    if !desked.lane_open {
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
    match swab.person {
        Some(person) => members.iter().find(|member| member.person == Some(person)),
        None => {
            let same = |member: &&Member| member.person.is_none() && member.slip == swab.slip;
            let whole = || members.iter().find(|member| member.position == wanted).filter(same);
            if explicit || swab.slip.is_some() { at_wanted.filter(same).or_else(whole) } else { None }
        }
    }
}

fn repeated(
    unit: &mut Unit<'_>,
    call: &Call,
    asked: &Asked<'_>,
    known: Option<TubeRow>,
    plan: Plan,
) -> Result<Registered, Refusal> {
    let Some(row) = known else { return Err(ScreeningError::Empty { field: "people" }.into()) };
    let mut stage = row.tube.stage;
    if asked.seal && stage == Stage::Open {
        unit.record_at(TubeSealed { tube: row.tube.number }, asked.occurred_at.unwrap_or(call.now))?;
        stage = Stage::Sealed;
    }
    Ok(Registered {
        tube: asked.tube.clone(),
        number: row.tube.number,
        people: row.tube.people,
        people_max: row.tube.people_max,
        stage,
        placed: plan.placed,
        repeated: true,
    })
}

/// Records the new swabs, opens orders for what is strange, wakes the response where a result already stands.
fn write(
    unit: &mut Unit<'_>,
    call: &Call,
    asked: &Asked<'_>,
    desked: &Desked,
    known: Option<TubeRow>,
    members: &[Member],
    mut plan: Plan,
) -> Result<Registered, Refusal> {
    let homes = homes(unit, asked, desked, &mut plan)?;
    if desked.pool.household {
        flag_households(unit, asked, desked, members, &mut plan)?;
    }
    let occurred_at = asked.occurred_at.unwrap_or(call.now);
    let adopts = known.as_ref().is_some_and(|row| row.tube.lane.is_none());
    let opening = (known.is_none() || adopts).then(|| opening(call, asked, desked, occurred_at));
    let number = match &known {
        Some(row) => row.tube.number,
        None => unit.next("tube")?,
    };
    let (round, site, lane) = match &known {
        // More people belong to the tube's own round and lane, whatever the request says.
        Some(row) if !adopts => {
            (row.tube.round, row.tube.site.unwrap_or(desked.site), row.tube.lane.unwrap_or(asked.lane))
        }
        _ => (asked.round, desked.site, asked.lane),
    };
    let swabs: Vec<SwabTaken> =
        plan.new.iter().map(|(index, flags)| swab_taken(&asked.swabs[*index], flags, occurred_at)).collect();
    let new: BTreeMap<i64, &Vec<Flag>> =
        plan.new.iter().enumerate().map(|(at, (_, flags))| (plan.first_position + at as i64, flags)).collect();
    for placed in &mut plan.placed {
        if let Some(flags) = new.get(&placed.position) {
            placed.flags.clone_from(flags);
        }
    }
    let strange: BTreeSet<Flag> = plan.new.iter().flat_map(|(_, flags)| flags.iter().copied()).collect();
    let added = swabs.len() as i64;
    let fact = SwabsTaken {
        tube: number,
        code: asked.tube.clone(),
        round,
        site,
        lane,
        opening,
        adopts,
        first_position: plan.first_position,
        swabs,
        homes,
        sealed: asked.seal,
    };
    let seq = unit.record_at(fact, occurred_at)?;
    if !strange.is_empty() {
        settle(unit, call, asked.tube, desked.brief.area, &strange, seq)?;
    }
    if known.is_none() && number % FILE_TUBES == 0 {
        unit.enqueue(crate::filing::FILE, &())?;
    }
    let outcome = known.as_ref().and_then(|row| row.tube.outcome);
    if matches!(outcome, Some(Outcome::Positive | Outcome::Inconclusive)) {
        unit.enqueue(trigger::RESPOND, &Trigger::Tube(asked.tube.clone()))?;
    }
    let before = known.as_ref().map_or(Stage::Open, |row| row.tube.stage);
    Ok(Registered {
        tube: asked.tube.clone(),
        number,
        people: known.as_ref().map_or(0, |row| row.tube.people) + added,
        people_max: known.as_ref().filter(|_| !adopts).map_or(desked.pool.people_max, |row| row.tube.people_max),
        stage: if asked.seal && before == Stage::Open { Stage::Sealed } else { before },
        placed: plan.placed,
        repeated: false,
    })
}

fn swab_taken(swab: &Swab, flags: &[Flag], occurred_at: Timestamp) -> SwabTaken {
    SwabTaken {
        person: swab.person,
        taken_at: swab.taken_at.filter(|at| *at != occurred_at),
        no_file: swab.no_file,
        slip: swab.slip.clone(),
        flags: flags.to_vec(),
    }
}

/// How the new swabs count, by home grid. People who are not on the roster are looked up; unknown ones are flagged.
fn homes(unit: &mut Unit<'_>, asked: &Asked<'_>, desked: &Desked, plan: &mut Plan) -> Result<Vec<Home>, Refusal> {
    let nowhere = store::nowhere(unit.tx());
    let mut homes: BTreeMap<(AreaId, Counts), i64> = BTreeMap::new();
    for (index, flags) in &mut plan.new {
        let seat = desked.seats.get(*index).copied().unwrap_or(NOBODY);
        let key = match (asked.swabs[*index].person, seat.home) {
            (None, _) => (nowhere, Counts::Unknown),
            (Some(_), Some((grid, class))) if seat.tube.is_none() => (grid, Counts::Seat(class)),
            (Some(_), Some((grid, _))) => (grid, Counts::Again),
            (Some(person), None) => {
                let found = registry::person(unit.tx(), person)?;
                if found.is_none() && !flags.contains(&Flag::UnknownPerson) {
                    flags.push(Flag::UnknownPerson);
                }
                let counts = if seat.tube.is_some() { Counts::Again } else { Counts::Outside };
                (found.map_or(nowhere, |person| person.area), counts)
            }
        };
        *homes.entry(key).or_default() += 1;
    }
    Ok(homes.into_iter().map(|((grid, counts), people)| Home { grid, counts, people }).collect())
}

/// In a tube for one household, flags those of another; asked only where more people share it than may otherwise.
fn flag_households(
    unit: &mut Unit<'_>,
    asked: &Asked<'_>,
    desked: &Desked,
    members: &[Member],
    plan: &mut Plan,
) -> Result<(), Refusal> {
    let total = members.len() + plan.new.len();
    if total as i64 <= desked.pool.people_max {
        return Ok(());
    }
    let mut household = None;
    for person in members.iter().filter_map(|member| member.person) {
        if household.is_none() {
            household = registry::person(unit.tx(), person)?.map(|person| person.household);
        }
    }
    for (index, flags) in &mut plan.new {
        let Some(person) = asked.swabs[*index].person else { continue };
        let found = registry::person(unit.tx(), person)?.map(|person| person.household);
        match (household, found) {
            (None, found) => household = found,
            (Some(own), Some(other)) if own != other => flags.push(Flag::MixedHouseholds),
            _ => {}
        }
    }
    Ok(())
}

/// What is fixed with the first swab: pool, place in the queue, deadlines.
fn opening(call: &Call, asked: &Asked<'_>, desked: &Desked, occurred_at: Timestamp) -> Opening {
    let first = asked.swabs.iter().filter_map(|swab| swab.taken_at).min().unwrap_or(occurred_at).min(call.now);
    opening_at(call, desked.purpose, desked.pool, first)
}

/// The deadlines of a sample taken at a moment, by the pack.
pub(crate) fn opening_at(call: &Call, purpose: Purpose, pool: Pool, first: Timestamp) -> Opening {
    let screening = &call.pack().screening;
    let priority = priority_of(purpose, pool.group);
    let order = &screening.priority.value;
    let rank = order.iter().position(|known| *known == priority).unwrap_or(order.len()) as i64;
    let offset = call.offset_minutes();
    let day = first.local_day(offset);
    let hour = first.since(Timestamp::start_of_local_day(day, offset)) / (60 * MINUTE_MS);
    let promised = screening.promised_by(u32::try_from(hour).unwrap_or(0));
    let promised_at = Timestamp::start_of_local_day(day + i64::from(promised.days_later), offset)
        .plus_hours(i64::from(promised.hour));
    let never_after = first.plus_hours(i64::from(screening.promise.hours_max.value));
    Opening {
        purpose,
        people_max: pool.people_max,
        household: pool.household,
        rank,
        ambient_due_at: first.plus_hours(i64::from(screening.ambient_hours_max.value)),
        laboratory_due_at: first.plus_hours(i64::from(screening.to_laboratory_hours_max.value)),
        result_due_at: promised_at.min(never_after),
    }
}

/// Opens one conflict for all that is strange about a tube now.
pub(crate) fn settle(
    unit: &mut Unit<'_>,
    call: &Call,
    tube: &TubeCode,
    area: AreaId,
    strange: &BTreeSet<Flag>,
    seq: outpace_core::Seq,
) -> Result<(), Refusal> {
    let Some(first) = strange.first() else { return Ok(()) };
    let zh: Vec<&str> = strange.iter().map(|flag| flag.zh()).collect();
    let en: Vec<&str> = strange.iter().map(|flag| flag.word()).collect();
    let what = Text::new(
        format!("采样管 {tube}:{}。记录已保留,请核实。", zh.join("、")),
        format!("Tube {tube}: {}. The record is kept; find out what was true.", en.join(", ")),
    );
    conflict(
        unit,
        call,
        NewConflict { kind: first.word(), subject: Subject::Tube(tube.clone()), area, what, seq: Some(seq) },
    )?;
    Ok(())
}

/// Seals a tube.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SealTube {
    /// The code on the tube.
    pub tube: TubeCode,
    /// When it happened; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// Seals a tube. Sealing a sealed one changes nothing.
///
/// # Errors
/// A malformed or unknown code, an empty tube, one outside the actor's area.
pub fn seal_tube(unit: &mut Unit<'_>, call: &Call, request: SealTube) -> Result<Registered, Refusal> {
    well_formed("tube", request.tube.as_str(), request.tube.is_well_formed())?;
    let row = store::row_by_code(unit.tx(), &request.tube)?
        .ok_or_else(|| ScreeningError::UnknownTube { tube: request.tube.clone() })?;
    if let Some(site) = row.tube.site {
        let area = unit.remembered(|desk: &Desk| desk.sites.get(&site).map(|site| site.area)).flatten();
        area.map_or(Ok(()), |area| call.covers(area))?;
    }
    if row.tube.people == 0 {
        return Err(ScreeningError::EmptyTube { tube: request.tube }.into());
    }
    let fresh = row.tube.stage == Stage::Open;
    if fresh {
        unit.record_at(TubeSealed { tube: row.tube.number }, request.occurred_at.unwrap_or(call.now))?;
    }
    Ok(Registered {
        tube: request.tube,
        number: row.tube.number,
        people: row.tube.people,
        people_max: row.tube.people_max,
        stage: if fresh { Stage::Sealed } else { row.tube.stage },
        placed: Vec::new(),
        repeated: !fresh,
    })
}
