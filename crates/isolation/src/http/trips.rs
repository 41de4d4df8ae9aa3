//! Trips: what could be moved now, trips planned, boarding, hand-over, disinfection.

use outpace_access::{Call, Empty, Routes};
use outpace_core::{ActorId, Permission, Refusal, Text, Timestamp, TripId};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facilities::Flagged;
use super::limit_of;
use crate::errors::IsolationError;
use crate::trips::{
    self, Boarded, Boarding, HandOver, HandedOver, NewTrip, Trip, TripPerson, TripPlan, TripRules, TripState,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .query("/api/isolation/trip-plan", Permission::IsolationRead.whole(), "Trips that could be made now", plan)
        .query("/api/isolation/trips", Permission::IsolationRead.by_area(), "Trips, by state", list)
        .query("/api/isolation/trip", Permission::TripWork.by_area(), "A trip with its people, for who drives it", one)
        .query("/api/isolation/trip-people", Permission::IsolationRead.by_area(), "A trip with its people", one)
        .command(
            "/api/isolation/open-trips",
            Permission::IsolationManage.by_area(),
            "Plan trips and reserve beds",
            open,
        )
        .command(
            "/api/isolation/cancel-trip",
            Permission::IsolationManage.by_area(),
            "Cancel a trip nobody boarded",
            cancel,
        )
        .command("/api/isolation/board", Permission::TripWork.by_area(), "Record people who boarded", board)
        .command("/api/isolation/depart", Permission::TripWork.by_area(), "Record that a trip left", depart)
        .command("/api/isolation/arrive", Permission::TripWork.by_area(), "Record that a trip arrived", arrive)
        .command(
            "/api/isolation/hand-over",
            Permission::TripWork.by_area(),
            "Record people handed over at a facility",
            hand_over,
        )
        .command(
            "/api/isolation/disinfect",
            Permission::TripWork.by_area(),
            "Record that a vehicle was disinfected",
            disinfect,
        )
}

fn plan(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<TripPlan, Refusal> {
    trips::ready_trips(tx, &TripRules::of(call.pack()))
}

/// Which trips.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct TripsQuery {
    /// In this state; all where absent.
    pub state: Option<TripState>,
    /// After this number.
    pub after: Option<i64>,
    /// At most so many, 1,000 at the most.
    pub limit: Option<i64>,
}

/// Trips.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TripList {
    /// In order of number.
    pub trips: Vec<Trip>,
}

fn list(tx: &mut Tx<'_>, call: &Call, query: TripsQuery) -> Result<TripList, Refusal> {
    let after = TripId(query.after.unwrap_or(0));
    let mut seen = Vec::new();
    for trip in trips::trips(tx, query.state, after, limit_of(query.limit))? {
        seen.extend(trips::seen(tx, call, trip.id)?);
    }
    Ok(TripList { trips: seen })
}

/// One trip.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct TripQuery {
    /// Which.
    pub trip: TripId,
}

/// A trip with its people.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TripAnswer {
    /// The trip.
    pub trip: Trip,
    /// Everyone planned for or seen on it.
    pub people: Vec<TripPerson>,
}

fn one(tx: &mut Tx<'_>, call: &Call, query: TripQuery) -> Result<TripAnswer, Refusal> {
    let trip = trips::seen(tx, call, query.trip)?.ok_or(IsolationError::UnknownTrip(query.trip))?;
    Ok(TripAnswer { people: trips::aboard(tx, trip.id)?, trip })
}

/// Trips to be planned.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct OpenTrips {
    /// Each of them; drafts of the trip plan can be given as they are.
    pub trips: Vec<NewTrip>,
}

/// Trips that were planned.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OpenedTrips {
    /// Their numbers, in the order of the request.
    pub trips: Vec<TripId>,
}

fn open(unit: &mut Unit<'_>, call: &Call, request: OpenTrips) -> Result<OpenedTrips, Refusal> {
    Ok(OpenedTrips { trips: trips::open_trips(unit, call, request.trips)? })
}

/// A trip that is not made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct CancelTrip {
    /// Which.
    pub trip: TripId,
    /// Why.
    pub reason: Text,
}

fn cancel(unit: &mut Unit<'_>, call: &Call, request: CancelTrip) -> Result<Empty, Refusal> {
    trips::cancel(unit, call, request.trip, request.reason)?;
    Ok(Empty {})
}

fn board(unit: &mut Unit<'_>, call: &Call, request: Boarding) -> Result<Boarded, Refusal> {
    trips::board(unit, call, request)
}

/// A step of a trip.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct TripStep {
    /// Which.
    pub trip: TripId,
    /// When; now where absent.
    pub occurred_at: Option<Timestamp>,
}

fn depart(unit: &mut Unit<'_>, call: &Call, request: TripStep) -> Result<Empty, Refusal> {
    trips::depart(unit, call, request.trip, request.occurred_at)?;
    Ok(Empty {})
}

fn arrive(unit: &mut Unit<'_>, call: &Call, request: TripStep) -> Result<Empty, Refusal> {
    trips::arrive(unit, call, request.trip, request.occurred_at)?;
    Ok(Empty {})
}

fn hand_over(unit: &mut Unit<'_>, call: &Call, request: HandOver) -> Result<HandedOver, Refusal> {
    trips::hand_over(unit, call, request)
}

/// A vehicle that was disinfected after a trip.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct Disinfect {
    /// After which trip.
    pub trip: TripId,
    /// Who signed.
    pub signed_by: Vec<ActorId>,
    /// When; now where absent.
    pub occurred_at: Option<Timestamp>,
}

fn disinfect(unit: &mut Unit<'_>, call: &Call, request: Disinfect) -> Result<Flagged, Refusal> {
    let conflicts = trips::disinfected(unit, call, request.trip, request.signed_by, request.occurred_at)?;
    Ok(Flagged { conflicts })
}
