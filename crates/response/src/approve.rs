//! Approving, narrowing and declining the lines of a plan.
//!
//! An answer names the plan that the officer saw. It counts for the line as it stands now, unless the line grew worse
//! since. A grave measure needs two different persons. What was declined or narrowed stays away until one of its facts
//! is newer than the picture that the officer saw.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::{Call, actors};
use outpace_core::trigger::RESPOND;
use outpace_core::{ActorId, AreaId, PersonId, PlanId, Refusal, Role, Timestamp, Trigger};
use outpace_policy::ZoneLevel;
use outpace_registry::people::kin::{Kin, kin, own_case};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::apply::{self, carry_out};
use crate::errors::ResponseError;
use crate::facts::{LineAnswered, Verdict};
use crate::items::{Confinement, Key, What};
use crate::plan::{Needs, Planned};
use crate::respond::agreed;
use crate::situation::ZoneScope;
use crate::store::{self, Standing};

/// Lines of one answer at most.
pub const LINES_MAX: usize = 500;

/// A milder form of a line. Everything that is left out stays as planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Narrow {
    /// Only these people.
    pub people: Option<BTreeSet<PersonId>>,
    /// At home instead of at a facility.
    pub at_home: bool,
    /// Until an earlier end.
    pub ends_at: Option<Timestamp>,
    /// On a lower level of the same family.
    #[schema(value_type = Option<String>)]
    pub level: Option<ZoneLevel>,
}

/// What an officer says to one line.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The line.
    pub line: String,
    /// A milder form, with a reason.
    #[serde(default)]
    pub narrow: Option<Narrow>,
    /// Why it is narrowed or declined.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Lines to approve.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Approve {
    /// The plan that the officer saw.
    pub plan: PlanId,
    /// The lines; empty = every line of the plan that waits and that the officer may answer.
    #[serde(default)]
    pub lines: Vec<Answer>,
    /// When the yes was said by word of mouth, if it was.
    #[serde(default)]
    pub said_at: Option<Timestamp>,
    /// By whom, where somebody else records it.
    #[serde(default)]
    pub said_by: Option<ActorId>,
}

/// Lines to decline.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Decline {
    /// The plan that the officer saw.
    pub plan: PlanId,
    /// The lines.
    pub lines: Vec<String>,
    /// Why.
    pub reason: String,
    /// When it was said by word of mouth, if it was.
    #[serde(default)]
    pub said_at: Option<Timestamp>,
    /// By whom, where somebody else records it.
    #[serde(default)]
    pub said_by: Option<ActorId>,
}

/// What became of the answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answered {
    /// Lines that are in force now.
    pub applied: Vec<String>,
    /// Lines that wait for a second person.
    pub waiting_for_second: Vec<String>,
    /// Lines that were declined.
    pub declined: Vec<String>,
    /// Dependants for whom somebody has to be named before those who care for them can leave.
    pub carers_missing: Vec<PersonId>,
}

/// Who answers: the officer, and when it was said; whose hand recorded it, and whose own case it must not be.
struct Officer {
    id: ActorId,
    role: Role,
    said_at: Option<Timestamp>,
    hand: ActorId,
    kin: Vec<Kin>,
}

impl Officer {
    /// Whether an item is about the officer, somebody they live with, or where they live or work. What applies to the
    /// whole jurisdiction applies to everybody who could decide it, and is nobody's own case.
    fn is_concerned(&self, tx: &mut Tx<'_>, what: &What) -> Result<bool, Refusal> {
        let jurisdiction = AreaId(tx.jurisdiction());
        let narrow = |area: AreaId| !area.contains(jurisdiction);
        for kin in &self.kin {
            let lives_in = |area: AreaId| narrow(area) && kin.home.is_some_and(|home| area.contains(home));
            let concerned = match what {
                What::Hold { person, .. } | What::Confine { person, .. } => kin.people.contains(person),
                What::Zone { scope: ZoneScope::Area(area), .. } => lives_in(*area),
                What::Zone { scope: ZoneScope::Place(place), .. }
                | What::PlaceHold { place, .. }
                | What::GoodsHold { place, .. } => kin.workplace == Some(*place),
                What::Closure { area, class } => match kin.workplace {
                    Some(place) if narrow(*area) => outpace_registry::place(tx, place)?
                        .is_some_and(|place| area.contains(place.area) && place.class == *class),
                    _ => false,
                },
                _ => false,
            };
            if concerned {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The officer behind an answer: whoever calls, or who said it by word of mouth.
fn officer(tx: &mut Tx<'_>, call: &Call, by: Option<ActorId>, said_at: Option<Timestamp>) -> Result<Officer, Refusal> {
    let verbal = &call.rules.profile.verbal;
    let minutes = i64::from(verbal.record_within_minutes);
    if let Some(at) = said_at
        && (!verbal.allowed || at > call.now || at.plus_minutes(minutes) < call.now)
    {
        return Err(ResponseError::Verbal(minutes).into());
    }
    let (hand, own) = (call.actor.id, kin(tx, &call.actor)?);
    let Some(by) = by.filter(|by| *by != hand) else {
        return Ok(Officer { id: hand, role: call.actor.role, said_at, hand, kin: vec![own] });
    };
    if said_at.is_none() {
        return Err(ResponseError::Verbal(minutes).into());
    }
    let found = actors::by_id(tx, by)?
        .ok_or_else(|| ResponseError::NotApprover { role: call.actor.role, may: format!("actor {by} is unknown") })?;
    Ok(Officer { id: found.id, role: found.role, said_at, hand, kin: vec![own, kin(tx, &found)?] })
}

/// The line, if this officer may answer it as it stands.
fn answerable(tx: &mut Tx<'_>, officer: &Officer, plan: PlanId, key: &str) -> Result<Standing, Refusal> {
    let standing = store::line(tx, key)?.ok_or_else(|| ResponseError::UnknownLine(key.to_owned()))?;
    if standing.state != "waiting" {
        return Err(ResponseError::NotWaiting(key.to_owned(), standing.state).into());
    }
    if standing.worse_since > plan {
        return Err(ResponseError::GrewWorse { line: key.to_owned(), newest: standing.plan }.into());
    }
    match &standing.line.needs {
        Needs::Approval { approvers, deputies, .. } => {
            let stepped_in = usize::try_from(standing.deputies).unwrap_or(0);
            let may: Vec<Role> = approvers.iter().chain(deputies.iter().take(stepped_in)).copied().collect();
            if !may.contains(&officer.role) {
                let words: Vec<String> = may.iter().map(|role| format!("{role:?}")).collect();
                return Err(ResponseError::NotApprover { role: officer.role, may: words.join(", ") }.into());
            }
        }
        Needs::Follows { .. } => return Err(ResponseError::Follows(key.to_owned()).into()),
        Needs::AtOnce(_) => {}
    }
    for item in &standing.line.items {
        if officer.is_concerned(tx, &item.what)? {
            return Err(own_case("line", key));
        }
    }
    Ok(standing)
}

fn newest_plan(tx: &mut Tx<'_>, plan: PlanId) -> Result<(), Refusal> {
    let newest = store::plans(tx, None, 1)?.first().map(|row| row.id);
    if newest.is_none_or(|newest| plan > newest || plan.0 <= 0) {
        return Err(ResponseError::UnknownPlan(plan).into());
    }
    Ok(())
}

/// Says yes to lines, as they stand or in a milder form, and carries them out.
///
/// # Errors
/// A line that is unknown, decided or grew worse; a role that may not answer it; the same person twice where two are
/// needed; a verbal yes that is too old; a narrowing that is none. Then nothing of the request counts.
pub fn approve(unit: &mut Unit<'_>, call: &Call, request: Approve) -> Result<Answered, Refusal> {
    newest_plan(unit.tx(), request.plan)?;
    call.covers(AreaId(unit.tx().jurisdiction()))?;
    let officer = officer(unit.tx(), call, request.said_by, request.said_at)?;
    let lines = if request.lines.is_empty() { all_mine(unit.tx(), &officer, request.plan)? } else { request.lines };
    if lines.len() > LINES_MAX {
        return Err(ResponseError::UnknownLine(format!("{} lines", lines.len())).into());
    }
    let mut answered = Answered::default();
    let mut applied: BTreeSet<Key> = BTreeSet::new();
    for answer in lines {
        let standing = answerable(unit.tx(), &officer, request.plan, &answer.line)?;
        applied.extend(approve_line(unit, call, &officer, request.plan, &standing, &answer, &mut answered)?);
    }
    follow(unit, call, &officer, request.plan, &applied, &answered)?;
    if !applied.is_empty() {
        // What the measures ask for beyond what was planned with them (a day's duties, a zone elsewhere).
        let everywhere = AreaId(unit.tx().jurisdiction());
        unit.enqueue(RESPOND, &Trigger::Area(everywhere))?;
    }
    Ok(answered)
}

/// Every line that waits and that this officer may answer; lines answered already by the same person are left out.
fn all_mine(tx: &mut Tx<'_>, officer: &Officer, plan: PlanId) -> Result<Vec<Answer>, Refusal> {
    let mut mine = Vec::new();
    for standing in store::waiting(tx)?.into_iter().filter(|standing| standing.line.waits()) {
        let key = standing.line.key;
        let said = store::said_yes(tx, &key)?.contains(&officer.id);
        if !said && answerable(tx, officer, plan, &key).is_ok() {
            mine.push(Answer { line: key, narrow: None, reason: None });
        }
    }
    Ok(mine)
}

fn approve_line(
    unit: &mut Unit<'_>,
    call: &Call,
    officer: &Officer,
    plan: PlanId,
    standing: &Standing,
    answer: &Answer,
    answered: &mut Answered,
) -> Result<BTreeSet<Key>, Refusal> {
    let line = &standing.line;
    let (items, kept_away) = match &answer.narrow {
        None => (line.items.clone(), Vec::new()),
        Some(narrow) => {
            reason(answer.reason.as_deref())?;
            narrowed(line.key.as_str(), &line.items, narrow, call.now)?
        }
    };
    let needed = match &line.needs {
        Needs::Approval { persons, .. } => usize::try_from(*persons).unwrap_or(1),
        _ => 1,
    };
    let mut said = store::said_yes(unit.tx(), &line.key)?;
    let signed = store::signed_yes(unit.tx(), &line.key)?;
    if said.contains(&officer.id) || (needed > 1 && [officer.id, officer.hand].iter().any(|one| signed.contains(one))) {
        return Err(ResponseError::SecondPerson.into());
    }
    said.push(officer.id);
    let decides = said.len() >= needed;
    let (held_back, starting): (Vec<Planned>, Vec<Planned>) =
        items.into_iter().partition(|item| item.blocked_by.is_some());
    let verdict = if answer.narrow.is_some() { Verdict::Narrowed } else { Verdict::Yes };
    let fact = LineAnswered {
        plan,
        line: line.key.clone(),
        verdict,
        by: officer.id,
        said_at: officer.said_at,
        reason: answer.reason.clone(),
        decides,
        kept_away: if decides { kept_away } else { Vec::new() },
        seen: standing.basis,
        held_back: if decides { held_back.iter().map(agreed).collect() } else { Vec::new() },
    };
    unit.record_at(fact, officer.said_at.unwrap_or(call.now))?;
    if !decides {
        answered.waiting_for_second.push(line.key.clone());
        return Ok(BTreeSet::new());
    }
    answered.carers_missing.extend(held_back.iter().filter_map(|item| item.blocked_by));
    answered.applied.push(line.key.clone());
    let nothing = BTreeMap::new();
    carry_out(unit, call, &apply::Order { plan, line, items: starting, why: &nothing })
}

/// Settles the lines that come with those that were answered: they are carried out as far as the measure that they
/// belong to is in force, and declined with it.
fn follow(
    unit: &mut Unit<'_>,
    call: &Call,
    officer: &Officer,
    plan: PlanId,
    applied: &BTreeSet<Key>,
    answered: &Answered,
) -> Result<(), Refusal> {
    let nothing = BTreeMap::new();
    for standing in store::waiting(unit.tx())? {
        let Needs::Follows { line: leader } = &standing.line.needs else { continue };
        let yes = answered.applied.contains(leader);
        if !yes && !answered.declined.contains(leader) {
            continue;
        }
        let line = &standing.line;
        let belongs = |item: &&Planned| item.with.as_ref().is_some_and(|with| applied.contains(with));
        let items: Vec<Planned> = line.items.iter().filter(belongs).map(|item| item.starting_at(call.now)).collect();
        let fact = LineAnswered {
            plan,
            line: line.key.clone(),
            verdict: if yes { Verdict::Yes } else { Verdict::No },
            by: officer.id,
            said_at: officer.said_at,
            reason: None,
            decides: true,
            kept_away: Vec::new(),
            seen: standing.basis,
            held_back: Vec::new(),
        };
        unit.record_at(fact, officer.said_at.unwrap_or(call.now))?;
        if yes && !items.is_empty() {
            carry_out(unit, call, &apply::Order { plan, line, items, why: &nothing })?;
        }
    }
    Ok(())
}

fn reason(reason: Option<&str>) -> Result<String, ResponseError> {
    let text = reason.unwrap_or_default().trim();
    let fits = (1..=crate::assess::WORDS_MAX).contains(&text.chars().count());
    if fits { Ok(text.to_owned()) } else { Err(ResponseError::Words("reason")) }
}

/// The items of a line in a milder form, and the keys that do not come back by themselves: left out or made milder.
fn narrowed(
    line: &str,
    items: &[Planned],
    narrow: &Narrow,
    now: Timestamp,
) -> Result<(Vec<Planned>, Vec<Key>), ResponseError> {
    let wrong = || ResponseError::NotNarrower(line.to_owned());
    if *narrow == Narrow::default() {
        return Err(wrong());
    }
    let mut kept = Vec::new();
    let mut away = Vec::new();
    for item in items {
        let mut milder = item.clone();
        if let Some(people) = &narrow.people {
            let (What::Hold { person, .. } | What::Confine { person, .. }) = &item.what else { return Err(wrong()) };
            if !people.contains(person) {
                away.push(item.key.clone());
                continue;
            }
        }
        if narrow.at_home {
            match &mut milder.what {
                What::Confine { kind, transfer, .. } if *kind == Confinement::FacilityQuarantine => {
                    *kind = Confinement::HomeQuarantine;
                    *transfer = None;
                    milder.blocked_by = None;
                }
                _ => return Err(wrong()),
            }
        }
        if let Some(level) = narrow.level {
            match &mut milder.what {
                What::Zone { level: planned, .. } if planned.is_risk() == level.is_risk() && level > *planned => {
                    *planned = level;
                }
                _ => return Err(wrong()),
            }
        }
        if let Some(ends_at) = narrow.ends_at {
            if ends_at <= now || milder.ends_at.is_some_and(|planned| ends_at >= planned) {
                return Err(wrong());
            }
            milder.ends_at = Some(ends_at);
        }
        if milder.what != item.what || milder.ends_at != item.ends_at {
            away.push(item.key.clone());
        }
        kept.push(milder);
    }
    Ok((kept, away))
}

/// Says no to lines, with a reason.
///
/// # Errors
/// As [`approve`], and no reason.
pub fn decline(unit: &mut Unit<'_>, call: &Call, request: Decline) -> Result<Answered, Refusal> {
    newest_plan(unit.tx(), request.plan)?;
    call.covers(AreaId(unit.tx().jurisdiction()))?;
    let reason = reason(Some(&request.reason))?;
    let officer = officer(unit.tx(), call, request.said_by, request.said_at)?;
    let mut answered = Answered::default();
    for key in &request.lines {
        let standing = answerable(unit.tx(), &officer, request.plan, key)?;
        let fact = LineAnswered {
            plan: request.plan,
            line: key.clone(),
            verdict: Verdict::No,
            by: officer.id,
            said_at: officer.said_at,
            reason: Some(reason.clone()),
            decides: true,
            kept_away: standing.line.items.iter().map(|item| item.key.clone()).collect(),
            seen: standing.basis,
            held_back: Vec::new(),
        };
        unit.record_at(fact, officer.said_at.unwrap_or(call.now))?;
        answered.declined.push(key.clone());
    }
    follow(unit, call, &officer, request.plan, &BTreeSet::new(), &answered)?;
    let everywhere = AreaId(unit.tx().jurisdiction());
    unit.enqueue(RESPOND, &Trigger::Area(everywhere))?;
    Ok(answered)
}
