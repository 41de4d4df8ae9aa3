//! Limiting, extending, lifting. Whether somebody may is decided before, in the response: these functions are called
//! with what was approved, or with what may start by itself, and record it.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::trigger::RESPOND;
use outpace_core::{ActorKind, AreaId, NoticeId, PersonId, Refusal, RestrictionId, Text, Timestamp, Trigger};
use outpace_orders::Subject;
use outpace_orders::notices::{self, Audience, NewNotice};
use outpace_store::{Tx, Unit};
use outpace_zoning::{Ground, ImposedBy};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{
    Began, CertificatesIssued, Ended, HoldExtended, RestrictionEndChanged, RestrictionObserved, RestrictionsBegan,
    RestrictionsEnded, RetestTaken, TestTaken, TestsTaken,
};
use super::model::{
    Because, Certificate, ChangeEnd, EndedWhy, ExtendHold, LiftReason, NewRestriction, Restriction, RestrictionKind,
};
use super::{rules, store};
use crate::errors::IsolationError;

/// People of one command.
pub const PEOPLE_MAX: usize = 20_000;
/// Restrictions of one fact: larger lists become several facts of the same unit.
const FACT_ITEMS_MAX: usize = 500;
/// People about whom the response is told one by one; more make it look at everything once.
const TRIGGERS_MAX: usize = 20;

/// The grid where a person lives, if they live or are looked after where the actor may act.
pub(crate) fn home(tx: &mut Tx<'_>, call: &Call, person: PersonId) -> Result<AreaId, Refusal> {
    let found = outpace_registry::seen(tx, call, person)?.ok_or(IsolationError::UnknownPerson(person))?;
    Ok(found.area)
}

fn check(call: &Call, now: Timestamp, new: &NewRestriction) -> Result<(), Refusal> {
    new.ground.check()?;
    if new.ends_at <= new.starts_at || new.ends_at <= now {
        return Err(IsolationError::EndNotAhead(new.ends_at).into());
    }
    let hours_max = call.pack().holds.person_hours.value;
    if new.kind == RestrictionKind::Hold && new.ends_at > new.starts_at.plus_hours(i64::from(hours_max)) {
        return Err(IsolationError::HoldTooLong { hours_max }.into());
    }
    Ok(())
}

/// Puts a restriction in force, with its written notice.
///
/// # Errors
/// A missing reason, an end that is not ahead, a hold longer than the pack allows, an unknown person.
pub fn restrict(unit: &mut Unit<'_>, call: &Call, new: NewRestriction) -> Result<RestrictionId, Refusal> {
    let ids = restrict_many(unit, call, vec![new])?;
    ids.first().copied().ok_or_else(Refusal::internal)
}

/// Puts many restrictions in force at once, each with its written notice. A person who is under the same kind for the
/// same cause already keeps that restriction, and its number is answered.
///
/// # Errors
/// As [`restrict`]; then none of them begins.
pub fn restrict_many(
    unit: &mut Unit<'_>,
    call: &Call,
    news: Vec<NewRestriction>,
) -> Result<Vec<RestrictionId>, Refusal> {
    count("people", news.len())?;
    let now = unit.now();
    let mut ids = Vec::with_capacity(news.len());
    let mut items = Vec::new();
    let mut fresh: BTreeMap<(PersonId, RestrictionKind, Because), RestrictionId> = BTreeMap::new();
    for new in news {
        check(call, now, &new)?;
        let area = home(unit.tx(), call, new.person)?;
        let key = (new.person, new.kind, new.because_of.clone());
        let same = store::in_force_of(unit.tx(), new.person)?
            .into_iter()
            .find(|old| old.kind == new.kind && old.because_of == new.because_of);
        if let Some(known) = same.map(|old| old.id).or_else(|| fresh.get(&key).copied()) {
            ids.push(known);
            continue;
        }
        let id = RestrictionId(unit.next(RestrictionId::COUNTER)?);
        let notice = tell(unit, call, id, area, &new)?;
        fresh.insert(key, id);
        ids.push(id);
        items.push(Began { id, area, notice, restriction: new });
    }
    while !items.is_empty() {
        let rest = items.split_off(items.len().min(FACT_ITEMS_MAX));
        unit.record(RestrictionsBegan { items })?;
        items = rest;
    }
    Ok(ids)
}

fn tell(
    unit: &mut Unit<'_>,
    call: &Call,
    id: RestrictionId,
    area: AreaId,
    new: &NewRestriction,
) -> Result<NoticeId, Refusal> {
    let (title, body) = rules::notice_text(new, call.offset_minutes());
    notices::publish(
        unit,
        call,
        NewNotice {
            key: Some(format!("restriction:{id}")),
            kind: "measure".to_owned(),
            audience: Audience::Person(new.person),
            area,
            title,
            body,
            reference: Subject::Restriction(id),
            clause: Some(new.ground.clause.clone()),
            deadline_at: None,
        },
    )
}

pub(crate) fn count(field: &'static str, count: usize) -> Result<(), IsolationError> {
    if (1..=PEOPLE_MAX).contains(&count) {
        return Ok(());
    }
    Err(IsolationError::Count { field, count, max: PEOPLE_MAX })
}

fn known(unit: &mut Unit<'_>, call: &Call, id: RestrictionId) -> Result<Restriction, Refusal> {
    let found = store::restriction(unit.tx(), id)?.filter(|restriction| call.sees(restriction.area));
    found.ok_or_else(|| IsolationError::UnknownRestriction(id).into())
}

fn standing(unit: &mut Unit<'_>, call: &Call, id: RestrictionId) -> Result<Restriction, Refusal> {
    let found = known(unit, call, id)?;
    if found.ended_at.is_some() { Err(IsolationError::Ended(id).into()) } else { Ok(found) }
}

/// Moves the end of a restriction that is no hold, as an approved plan says: longer after another exposure, shorter
/// where the rules changed. The same end and ground again records nothing.
///
/// # Errors
/// A missing reason, an unknown or ended restriction, a hold, an end that is not ahead.
pub fn change_end(unit: &mut Unit<'_>, call: &Call, id: RestrictionId, change: ChangeEnd) -> Result<(), Refusal> {
    change.ground.check()?;
    let restriction = standing(unit, call, id)?;
    if restriction.kind == RestrictionKind::Hold && change.ends_at > restriction.ends_at {
        return Err(IsolationError::IsAHold(id).into());
    }
    if change.ends_at <= restriction.starts_at || change.ends_at <= unit.now() {
        return Err(IsolationError::EndNotAhead(change.ends_at).into());
    }
    if restriction.ends_at != change.ends_at || restriction.ground != change.ground {
        unit.record(RestrictionEndChanged { id, change })?;
    }
    Ok(())
}

/// Extends a hold: by a named officer, with a reason, as often as the pack allows.
///
/// # Errors
/// An unknown or ended restriction, one that is no hold, one extended already, the system as the officer, no reason.
pub fn extend_hold(unit: &mut Unit<'_>, call: &Call, request: ExtendHold) -> Result<Restriction, Refusal> {
    let hold = standing(unit, call, request.restriction)?;
    if call.actor.kind != ActorKind::Account {
        return Err(IsolationError::NoOfficer.into());
    }
    if request.reason.zh.trim().is_empty() && request.reason.en.trim().is_empty() {
        return Err(IsolationError::NoReason.into());
    }
    if hold.kind != RestrictionKind::Hold {
        return Err(IsolationError::NotAHold(hold.id).into());
    }
    outpace_registry::people::kin(unit.tx(), &call.actor)?.stand_back(hold.person)?;
    let rules = &call.pack().holds;
    if hold.extensions >= i64::from(rules.extensions_max.value) {
        return Err(IsolationError::Extended(hold.id).into());
    }
    let ends_at = hold.ends_at.plus_hours(i64::from(rules.extension_hours.value));
    unit.record(HoldExtended { id: hold.id, ends_at, reason: request.reason })?;
    known(unit, call, hold.id)
}

/// Lifts a restriction now. Lifting one that has ended is the same as nothing.
///
/// # Errors
/// An unknown restriction.
pub fn lift(unit: &mut Unit<'_>, call: &Call, id: RestrictionId, why: LiftReason) -> Result<(), Refusal> {
    lift_many(unit, call, &[id], why).map(|_| ())
}

/// Lifts restrictions now, for one reason. Answers how many had not ended yet.
///
/// # Errors
/// An unknown restriction; then none is lifted.
pub fn lift_many(unit: &mut Unit<'_>, call: &Call, ids: &[RestrictionId], why: LiftReason) -> Result<usize, Refusal> {
    let mut ending = Vec::new();
    for id in ids {
        let restriction = known(unit, call, *id)?;
        if restriction.ended_at.is_none() {
            ending.push((Ended { id: *id, person: restriction.person }, restriction.kind));
        }
    }
    let lifted = ending.len();
    end(unit, call, ending, EndedWhy::Lifted(why))?;
    Ok(lifted)
}

/// Lifts everything that hangs on a tube, case, place, zone, assessment or person: what an exclusion does.
///
/// # Errors
/// What the store refused.
pub fn lift_because(unit: &mut Unit<'_>, call: &Call, because: &Because, why: LiftReason) -> Result<usize, Refusal> {
    let found = store::in_force_because(unit.tx(), because)?;
    let ids: Vec<RestrictionId> = found.iter().map(|restriction| restriction.id).collect();
    lift_many(unit, call, &ids, why)
}

/// Records ends, certifies them and makes the response look.
pub(super) fn end(
    unit: &mut Unit<'_>,
    call: &Call,
    ending: Vec<(Ended, RestrictionKind)>,
    why: EndedWhy,
) -> Result<(), Refusal> {
    if ending.is_empty() {
        return Ok(());
    }
    let released: Vec<(Ended, RestrictionKind)> =
        ending.iter().filter(|(_, kind)| why.releases() && rules::is_certified(*kind)).cloned().collect();
    let people: Vec<PersonId> = ending.iter().map(|(item, _)| item.person).collect();
    let mut items: Vec<Ended> = ending.into_iter().map(|(item, _)| item).collect();
    while !items.is_empty() {
        let rest = items.split_off(items.len().min(FACT_ITEMS_MAX));
        unit.record(RestrictionsEnded { items, why: why.clone() })?;
        items = rest;
    }
    certify(unit, call, &released)?;
    look_again(unit, &people)
}

fn certify(unit: &mut Unit<'_>, call: &Call, released: &[(Ended, RestrictionKind)]) -> Result<(), Refusal> {
    let jurisdiction = AreaId(unit.tx().jurisdiction());
    let (now, offset) = (unit.now(), call.offset_minutes());
    let mut items: Vec<Certificate> = Vec::with_capacity(released.len());
    for (item, kind) in released {
        // Who is still kept for another reason gets the paper when that ends.
        let kept = store::in_force_of(unit.tx(), item.person)?.iter().any(|other| rules::is_certified(other.kind));
        if !kept {
            let number = unit.next("certificate")?;
            items.push(rules::certificate(jurisdiction, number, item.person, item.id, *kind, now, offset));
        }
    }
    if !items.is_empty() {
        unit.record(CertificatesIssued { items })?;
    }
    Ok(())
}

pub(crate) fn look_again(unit: &mut Unit<'_>, people: &[PersonId]) -> Result<(), Refusal> {
    if people.len() > TRIGGERS_MAX {
        unit.enqueue(RESPOND, &Trigger::Everything)?;
        return Ok(());
    }
    for person in people {
        unit.enqueue(RESPOND, &Trigger::Person(*person))?;
    }
    Ok(())
}

/// What was seen of a restriction that someone else imposed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ObserveRestriction {
    /// Whom.
    pub person: PersonId,
    /// How.
    pub kind: RestrictionKind,
    /// What was given as the reason.
    pub reason: Text,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when, if anybody said.
    pub ends_at: Option<Timestamp>,
    /// Who imposed it.
    pub imposed_by: ImposedBy,
}

/// Records a restriction that someone else imposed. It is listed and counted, and enforces nothing. The same one again
/// is answered with the first record.
///
/// # Errors
/// An unknown person.
pub fn observe(unit: &mut Unit<'_>, call: &Call, seen: ObserveRestriction) -> Result<RestrictionId, Refusal> {
    let area = home(unit.tx(), call, seen.person)?;
    let known = store::observed_before(unit.tx(), seen.person, seen.kind, seen.starts_at, &seen.imposed_by)?;
    if let Some(known) = known {
        return Ok(known);
    }
    let id = RestrictionId(unit.next(RestrictionId::COUNTER)?);
    let ObserveRestriction { person, kind, reason, starts_at, ends_at, imposed_by } = seen;
    unit.record(RestrictionObserved { id, person, area, kind, reason, starts_at, ends_at, imposed_by })?;
    Ok(id)
}

/// Notes that people whose hold had lapsed were sampled again. Answers how many were due.
///
/// # Errors
/// What the store refused.
pub fn retested(unit: &mut Unit<'_>, _: &Call, people: &[PersonId]) -> Result<usize, Refusal> {
    let due = store::retests_due(unit.tx())?;
    let people: Vec<PersonId> =
        due.iter().map(|(person, _, _)| *person).filter(|person| people.contains(person)).collect();
    let count = people.len();
    if count > 0 {
        unit.record(RetestTaken { people })?;
    }
    Ok(count)
}

/// Notes that restricted people were sampled at a moment: of each test that is due for them until that local day one
/// sample counts as taken. Answers how many tests that were.
///
/// # Errors
/// What the store refused.
pub fn record_tests(
    unit: &mut Unit<'_>,
    call: &Call,
    people: &[PersonId],
    sampled_at: Timestamp,
) -> Result<usize, Refusal> {
    let day = sampled_at.local_day(call.offset_minutes());
    let everywhere = AreaId(unit.tx().jurisdiction());
    let people: std::collections::BTreeSet<PersonId> = people.iter().copied().collect();
    let items: Vec<TestTaken> = store::tests_due(unit.tx(), day, everywhere)?
        .into_iter()
        .filter(|due| people.contains(&due.person))
        .map(|due| TestTaken { restriction: due.restriction, day: due.day })
        .collect();
    let count = items.len();
    if count > 0 {
        unit.record_at(TestsTaken { items }, sampled_at)?;
    }
    Ok(count)
}

/// A ground for follow-up restrictions that rest on the same facts as the one before, such as the home phase.
#[must_use]
pub fn ground_after(before: &Restriction, reason: Text, clause: &str) -> Ground {
    Ground {
        reason,
        clause: clause.to_owned(),
        facts: before.ground.facts.clone(),
        assessment: before.ground.assessment,
    }
}
