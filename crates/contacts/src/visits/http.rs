//! Routes of visits.

use outpace_access::{Call, Routes};
use outpace_core::{Permission, PersonId, PlaceId, Refusal, Seq, Timestamp, VehicleId};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{CasePlace, Spot, Together, Visit};
use super::record::{exclude_visit, record_visits};
use super::store;
use crate::ContactsError;

use Permission as P;

/// The routes of visits.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command("/api/contacts/record-visits", P::TracingRecord, "Record who was where", record_visits)
        .command("/api/contacts/exclude-visit", P::TracingRecord, "Say that a visit did not take place", exclude_visit)
        .query("/api/contacts/visits", P::TracingRead, "Where a person was", visits)
        .query("/api/contacts/visitors", P::TracingRead, "Who was at a place or in a vehicle", visitors)
        .query("/api/contacts/who-was-with", P::TracingRead, "Who was with a person", who_was_with)
        .query("/api/contacts/case-places", P::TracingRead, "Where cases were", case_places)
}

fn passed(tx: &mut Tx<'_>, call: &Call, person: PersonId) -> Result<(), ContactsError> {
    let found = outpace_registry::person(tx, person)?.filter(|found| call.sees(found.area));
    found.map(|_| ()).ok_or(ContactsError::Unknown { field: "person", id: person.0 })
}

/// Whose visits, and when.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VisitsQuery {
    /// Who.
    pub person: PersonId,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
}

/// A visit and the fact that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VisitRow {
    /// The visit, or a piece of a long one.
    pub visit: Visit,
    /// The fact.
    pub seq: Seq,
}

/// Visits, by time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VisitsAnswer {
    /// The visits.
    pub visits: Vec<VisitRow>,
}

impl VisitsAnswer {
    fn of(rows: Vec<(Visit, Seq)>) -> Self {
        Self { visits: rows.into_iter().map(|(visit, seq)| VisitRow { visit, seq }).collect() }
    }
}

/// Where a person was.
///
/// # Errors
/// An unknown person, one outside the actor's area.
pub fn visits(tx: &mut Tx<'_>, call: &Call, query: VisitsQuery) -> Result<VisitsAnswer, Refusal> {
    passed(tx, call, query.person)?;
    Ok(VisitsAnswer::of(store::visits_of(tx, query.person, query.from, query.to)?))
}

/// Which spot, and when.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VisitorsQuery {
    /// The place.
    pub place: Option<PlaceId>,
    /// Or the vehicle.
    pub vehicle: Option<VehicleId>,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
}

/// Who was at a place or in a vehicle.
///
/// # Errors
/// Neither or both named, an unknown place, one outside the actor's area.
pub fn visitors(tx: &mut Tx<'_>, call: &Call, query: VisitorsQuery) -> Result<VisitsAnswer, Refusal> {
    let spot = Spot::of(query.place, query.vehicle).ok_or(ContactsError::NoSpot)?;
    if let Spot::Place(place) = spot {
        let found = outpace_registry::place(tx, place)?.filter(|found| call.sees(found.area));
        found.ok_or(ContactsError::Unknown { field: "place", id: place.0 })?;
    }
    Ok(VisitsAnswer::of(store::visitors(tx, spot, query.from, query.to)?))
}

/// Who was with whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TogetherAnswer {
    /// By person.
    pub together: Vec<Together>,
}

/// Who was with a person.
///
/// # Errors
/// An unknown person, one outside the actor's area.
pub fn who_was_with(tx: &mut Tx<'_>, call: &Call, query: VisitsQuery) -> Result<TogetherAnswer, Refusal> {
    passed(tx, call, query.person)?;
    Ok(TogetherAnswer { together: store::who_was_with(tx, query.person, query.from, query.to)? })
}

/// Where cases were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CasePlacesAnswer {
    /// By spot.
    pub places: Vec<CasePlace>,
}

/// Where cases were.
///
/// # Errors
/// What the store refused.
pub fn case_places(tx: &mut Tx<'_>, _: &Call, _: outpace_access::Empty) -> Result<CasePlacesAnswer, Refusal> {
    Ok(CasePlacesAnswer { places: store::case_places(tx)? })
}
