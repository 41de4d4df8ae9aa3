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
        .command("/api/contacts/record-visits", P::TracingRecord.by_area(), "Record who was where", record_visits)
        .command(
            "/api/contacts/exclude-visit",
            P::TracingRecord.by_area(),
            "Say that a visit did not take place",
            exclude_visit,
        )
        .query("/api/contacts/visits", P::TracingRead.by_area(), "Where a person was", visits)
        .query("/api/contacts/visitors", P::TracingRead.by_area(), "Who was at a place or in a vehicle", visitors)
        .query("/api/contacts/who-was-with", P::TracingRead.by_area(), "Who was with a person", who_was_with)
        .query("/api/contacts/case-places", P::TracingRead.by_area(), "Where cases were", case_places)
}

fn passed(tx: &mut Tx<'_>, call: &Call, person: PersonId) -> Result<(), ContactsError> {
    outpace_registry::seen(tx, call, person)?
        .map(|_| ())
        .ok_or(ContactsError::Unknown { field: "person", id: person.0 })
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
    let mut visitors = store::visitors(tx, spot, query.from, query.to)?;
    if matches!(spot, Spot::Vehicle(_)) {
        // A vehicle belongs to no area: whoever rode in it is told to those who answer for them.
        let mut seen = Vec::with_capacity(visitors.len());
        for row in visitors {
            if outpace_registry::seen(tx, call, row.0.person)?.is_some() {
                seen.push(row);
            }
        }
        visitors = seen;
    }
    Ok(VisitsAnswer::of(visitors))
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
pub fn case_places(tx: &mut Tx<'_>, call: &Call, _: outpace_access::Empty) -> Result<CasePlacesAnswer, Refusal> {
    let mut places = Vec::new();
    for found in store::case_places(tx)? {
        let seen = match found.spot {
            Spot::Place(place) => outpace_registry::place(tx, place)?.is_some_and(|place| call.sees(place.area)),
            Spot::Vehicle(_) => crate::cases::seen(tx, call, found.case)?.is_some(),
        };
        if seen {
            places.push(found);
        }
    }
    Ok(CasePlacesAnswer { places })
}
