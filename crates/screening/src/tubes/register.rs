//! Registration: people into tubes. What is told here has happened; it is kept whatever it is.
//!
//! Natural keys make it idempotent: a tube's code and a position in it. The same request twice gives the first answer
//! and records nothing. What cannot be is flagged, kept, and settled by an order (see the crate's first page).
//!
//! The path of a tube of ten: one look-up by code, the lane, round and roster from memory, one fact, some twenty
//! single-row writes at the ends of their tables. Nothing is read per person unless the person is not on the roster.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_access::actors::{PostKind, at_post};
use outpace_core::time::MINUTE_MS;
use outpace_core::{AreaId, LaneId, PersonId, Refusal, RoundId, Text, Timestamp, Trigger, TubeCode, trigger};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_registry as registry;
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::deadlines::opening_at;
use super::facts::{Opening, SwabTaken, SwabsTaken, TubeSealed};
use super::model::{Counts, Flag, Home, Member, Purpose, Stage, Swab};
use super::place::{Asked, Desked, Earlier, NOBODY, Plan, desked, place};
use super::store::{self, TubeRow};
use super::twice::{flag_twice, settle_shown};
use crate::desk::Desk;
use crate::errors::{ScreeningError, some_of};
use crate::laboratory::Outcome;

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
        sheet: None,
    };
    if request.people.is_empty() && request.seal {
        return seal_tube(unit, call, SealTube { tube: request.tube, occurred_at: request.occurred_at });
    }
    some_of("people", &request.people, SWABS_MAX)?;
    register(unit, call, &asked)
}

/// Registers people whom a lane took down under its sheet, with or without the seal after them. `earlier`: who was
/// sampled by this command already; it is kept up.
///
/// # Errors
/// As [`register_tube`].
pub(crate) fn register_by_sheet(
    unit: &mut Unit<'_>,
    call: &Call,
    request: &RegisterTube,
    earlier: &mut Earlier,
) -> Result<Registered, Refusal> {
    let asked = Asked {
        tube: &request.tube,
        lane: request.lane,
        round: request.round,
        purpose: request.purpose,
        position: None,
        swabs: &request.people,
        seal: request.seal,
        occurred_at: request.occurred_at,
        sheet: Some(earlier),
    };
    let registered = register(unit, call, &asked)?;
    for person in registered.placed.iter().filter_map(|placed| placed.person) {
        let tube = earlier.entry(person).or_insert(registered.number);
        *tube = registered.number.min(*tube);
    }
    Ok(registered)
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
        sheet: None,
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
    // Who speaks for a lane is its own people; one elsewhere looks as if there were none. Whom they sampled may live anywhere.
    if !call.sees(desked.brief.area) {
        return Err(ScreeningError::UnknownLane { lane: asked.lane }.into());
    }
    if asked.sheet.is_none() {
        at_post(unit, &[(PostKind::Lane, asked.lane.0), (PostKind::Site, desked.site.0)])?;
    }
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
    flag_twice(unit, call, asked, desked, known.as_ref().map(|row| row.tube.number), &mut plan)?;
    let mut strange: BTreeSet<Flag> = plan.new.iter().flat_map(|(_, flags)| flags.iter().copied()).collect();
    if strange.is_empty() && asked.sheet.is_none() {
        // Nothing below can refuse: only what is strange opens an order, which might.
        unit.certain();
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
    if strange.remove(&Flag::NotOwnCode) {
        settle_shown(unit, call, asked, desked, &plan.new, seq)?;
    }
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
        person: swab.whose(),
        taken_at: swab.taken_at.filter(|at| *at != occurred_at),
        no_file: swab.no_file,
        slip: swab.slip.clone(),
        shown: swab.shown(),
        flags: flags.to_vec(),
    }
}

/// How the new swabs count, by home grid. People who are not on the roster are looked up; unknown ones are flagged.
fn homes(unit: &mut Unit<'_>, asked: &Asked<'_>, desked: &Desked, plan: &mut Plan) -> Result<Vec<Home>, Refusal> {
    let nowhere = store::nowhere(unit.tx());
    let mut homes: BTreeMap<(AreaId, Counts), i64> = BTreeMap::new();
    for (index, flags) in &mut plan.new {
        let seat = desked.seats.get(*index).copied().unwrap_or(NOBODY);
        let key = match (asked.swabs[*index].whose(), seat.home) {
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
        let Some(person) = asked.swabs[*index].whose() else { continue };
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
        if area.is_some_and(|area| !call.sees(area)) {
            return Err(ScreeningError::UnknownTube { tube: request.tube }.into());
        }
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
