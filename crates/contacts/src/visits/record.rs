//! Recording visits. What cannot be is kept, flagged, and opens an order to find out.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, PersonId, PlaceId, Refusal, Seq, Text, Timestamp, Trigger, VehicleId};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{VisitExcluded, VisitsRecorded};
use super::model::{Evidence, Flaw, OVERLAP_MS_MAX, Spot, Visit};
use super::store;
use crate::{BATCH_MAX, ContactsError, SKEW_MS_MAX, cases, respond, text};

/// A person at a place or in a vehicle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewVisit {
    /// Who.
    pub person: PersonId,
    /// The place.
    #[serde(default)]
    pub place: Option<PlaceId>,
    /// Or the vehicle.
    #[serde(default)]
    pub vehicle: Option<VehicleId>,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
    /// How it is known.
    pub evidence: Evidence,
    /// The room, the row or the seat.
    #[serde(default)]
    pub room: Option<String>,
}

/// Visits to record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordVisits {
    /// At most 20,000.
    pub visits: Vec<NewVisit>,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recorded {
    /// Visits that are new.
    pub recorded: i64,
    /// Visits that stood there already, the same in everything.
    pub already: i64,
    /// Of the new ones, those that cannot be and were flagged.
    pub flagged: i64,
}

/// Looks up each person, place and vehicle once per batch.
#[derive(Default)]
struct Known {
    people: BTreeMap<PersonId, AreaId>,
    spots: BTreeMap<Spot, Option<PlaceId>>,
}

impl Known {
    fn area(&mut self, unit: &mut Unit<'_>, call: &Call, person: PersonId) -> Result<AreaId, ContactsError> {
        if let Some(area) = self.people.get(&person) {
            return Ok(*area);
        }
        let found = outpace_registry::seen(unit.tx(), call, person)?;
        let area = found.ok_or(ContactsError::Unknown { field: "person", id: person.0 })?.area;
        self.people.insert(person, area);
        Ok(area)
    }

    /// Passes a spot that exists; answers the place that it is part of.
    fn whole(&mut self, unit: &mut Unit<'_>, spot: Spot) -> Result<Option<PlaceId>, ContactsError> {
        if let Some(whole) = self.spots.get(&spot) {
            return Ok(*whole);
        }
        let whole = match spot {
            Spot::Place(place) => {
                let unknown = ContactsError::Unknown { field: "place", id: place.0 };
                outpace_registry::place(unit.tx(), place)?.ok_or(unknown)?.part_of
            }
            Spot::Vehicle(vehicle) => {
                let unknown = ContactsError::Unknown { field: "vehicle", id: vehicle.0 };
                outpace_registry::vehicle(unit.tx(), vehicle)?.ok_or(unknown)?;
                None
            }
        };
        self.spots.insert(spot, whole);
        Ok(whole)
    }

    /// Whether one spot is part of the other.
    fn nested(&mut self, unit: &mut Unit<'_>, one: Spot, other: Spot) -> Result<bool, ContactsError> {
        let (of_one, of_other) = (self.whole(unit, one)?, self.whole(unit, other)?);
        Ok(of_one.map(Spot::Place) == Some(other) || of_other.map(Spot::Place) == Some(one))
    }
}

/// Records visits. A visit that stands there already, the same in everything, is not recorded again.
///
/// # Errors
/// Too many rows; a person, place or vehicle that does not exist. Never a visit that cannot be.
pub fn record_visits(unit: &mut Unit<'_>, call: &Call, request: RecordVisits) -> Result<Recorded, Refusal> {
    if request.visits.len() > BATCH_MAX {
        return Err(ContactsError::BatchTooLarge(request.visits.len()).into());
    }
    let mut known = Known::default();
    let mut visits: Vec<Visit> = Vec::new();
    // Exact visits of the same batch, by person: they are in no table yet.
    let mut beside: BTreeMap<PersonId, Vec<Visit>> = BTreeMap::new();
    let mut already = 0;
    for new in request.visits {
        known.area(unit, call, new.person)?;
        let spot = Spot::of(new.place, new.vehicle).ok_or(ContactsError::NoSpot)?;
        known.whole(unit, spot)?;
        let mut visit = Visit {
            person: new.person,
            spot,
            from: new.from,
            to: new.to,
            evidence: new.evidence,
            room: new.room,
            flaw: None,
        };
        if stands_already(unit, &visit)? || visits.last().is_some_and(|last| same(last, &visit)) {
            already += 1;
            continue;
        }
        let beside = beside.entry(visit.person).or_default();
        visit.flaw = flaw(unit, call, &mut known, &visit, beside)?;
        if visit.evidence.is_exact() {
            beside.push(visit.clone());
        }
        visits.push(visit);
    }
    let flagged: Vec<Visit> = visits.iter().filter(|visit| visit.flaw.is_some()).cloned().collect();
    let answer = Recorded { recorded: count(visits.len()), already, flagged: count(flagged.len()) };
    if visits.is_empty() {
        return Ok(answer);
    }
    let triggers = triggers(unit, &visits)?;
    let seq = unit.record(VisitsRecorded { visits })?;
    for visit in &flagged {
        let area = known.area(unit, call, visit.person)?;
        flag(unit, call, visit, area, seq)?;
    }
    triggers.iter().try_for_each(|trigger| respond(unit, trigger))?;
    Ok(answer)
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Whether two visits are the same but for what is wrong with them.
fn same(one: &Visit, other: &Visit) -> bool {
    Visit { flaw: None, ..one.clone() } == Visit { flaw: None, ..other.clone() }
}

/// Whether the same visit, the same in everything, stands in the tables.
fn stands_already(unit: &mut Unit<'_>, visit: &Visit) -> Result<bool, ContactsError> {
    let Some(to) = store::end_of(unit.tx(), visit.person, visit.spot, visit.from)? else { return Ok(false) };
    if to != visit.to.max(visit.from) {
        return Ok(false);
    }
    let near = store::recorded_of(unit.tx(), visit.person, visit.from, visit.from)?;
    Ok(near.iter().any(|(known, _)| {
        (known.spot, known.from, known.evidence, &known.room) == (visit.spot, visit.from, visit.evidence, &visit.room)
    }))
}

fn flaw(
    unit: &mut Unit<'_>,
    call: &Call,
    known: &mut Known,
    visit: &Visit,
    beside: &[Visit],
) -> Result<Option<Flaw>, ContactsError> {
    if visit.to < visit.from {
        return Ok(Some(Flaw::EndsBeforeStart));
    }
    if visit.from.since(call.now) > SKEW_MS_MAX {
        return Ok(Some(Flaw::InFuture));
    }
    if !visit.evidence.is_exact() {
        return Ok(None);
    }
    let near = store::recorded_of(unit.tx(), visit.person, visit.from, visit.to)?;
    for other in near.iter().map(|(other, _)| other).chain(beside) {
        let overlap = other.to.min(visit.to).since(other.from.max(visit.from));
        let elsewhere = other.spot != visit.spot && other.evidence.is_exact() && overlap > OVERLAP_MS_MAX;
        if elsewhere && !known.nested(unit, visit.spot, other.spot)? {
            return Ok(Some(Flaw::TwoPlaces));
        }
    }
    Ok(None)
}

fn flag(unit: &mut Unit<'_>, call: &Call, visit: &Visit, area: AreaId, seq: Seq) -> Result<(), Refusal> {
    let offset = call.offset_minutes();
    let (from, to) = (visit.from.local(offset), visit.to.local(offset));
    let (kind, zh, en) = match visit.flaw {
        None => return Ok(()),
        Some(Flaw::EndsBeforeStart) => ("visit_ends_before_start", "结束早于开始", "it ends before it starts"),
        Some(Flaw::InFuture) => {
            ("visit_in_future", "时间在未来,请核对设备时钟", "it lies in the future; check the clock")
        }
        Some(Flaw::TwoPlaces) => {
            ("two_places_at_once", "同一时间另有在别处的确切记录", "another exact record puts the person elsewhere")
        }
        Some(Flaw::ClockSkewed) => ("clock_skewed", "设备时钟有误", "the clock of the device was wrong"),
    };
    let person = visit.person;
    let what = Text::new(
        format!("人员 {person} 的到访记录 {from} 至 {to} 不可能成立:{zh}。"),
        format!("A visit of person {person} from {from} to {to} cannot be: {en}."),
    );
    conflict(unit, call, NewConflict { kind, subject: Subject::Person(person), area, what, seq: Some(seq) })?;
    Ok(())
}

/// What these visits may change: cases whose movements they are, and spots where cases were at the time.
fn triggers(unit: &mut Unit<'_>, visits: &[Visit]) -> Result<BTreeSet<Trigger>, ContactsError> {
    let mut own: BTreeMap<PersonId, Option<Trigger>> = BTreeMap::new();
    let mut triggers = BTreeSet::new();
    for visit in visits {
        let own = match own.entry(visit.person) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let case = cases::active_case_of(unit.tx(), visit.person)?;
                new.insert(case.map(|case| Trigger::Case(case.id)))
            }
        };
        if let Some(trigger) = own.clone() {
            triggers.insert(trigger);
            continue;
        }
        let cases = store::cases_at(unit.tx(), visit.spot, visit.from, visit.to.max(visit.from))?;
        triggers.extend(cases.into_iter().map(Trigger::Case));
    }
    Ok(triggers)
}

/// A visit that did not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExcludeVisit {
    /// Who.
    pub person: PersonId,
    /// The place.
    #[serde(default)]
    pub place: Option<PlaceId>,
    /// Or the vehicle.
    #[serde(default)]
    pub vehicle: Option<VehicleId>,
    /// When it was said to begin.
    pub from: Timestamp,
    /// Why it was none.
    pub reason: String,
}

/// Says that a visit did not take place: whoever became a contact by it is one no longer.
///
/// # Errors
/// An unknown person or visit, no reason.
pub fn exclude_visit(unit: &mut Unit<'_>, call: &Call, request: ExcludeVisit) -> Result<Visit, Refusal> {
    let reason = text("reason", &request.reason, true)?;
    Known::default().area(unit, call, request.person)?;
    let spot = Spot::of(request.place, request.vehicle).ok_or(ContactsError::NoSpot)?;
    let near = store::visits_of(unit.tx(), request.person, request.from, request.from)?;
    let found = near.into_iter().map(|(visit, _)| visit);
    let mut visit = found
        .into_iter()
        .find(|visit| visit.spot == spot && visit.from == request.from)
        .ok_or(ContactsError::Unknown { field: "visit", id: request.from.0 })?;
    visit.to = store::end_of(unit.tx(), visit.person, spot, visit.from)?.unwrap_or(visit.to);
    let mut triggers = triggers(unit, std::slice::from_ref(&visit))?;
    // A check-in that is still in the log is filed first, so that it stands where it is taken out.
    crate::check_ins::file(unit)?;
    triggers.insert(Trigger::Person(visit.person));
    unit.record(VisitExcluded { person: visit.person, spot, from: visit.from, reason })?;
    triggers.iter().try_for_each(|trigger| respond(unit, trigger))?;
    Ok(visit)
}
