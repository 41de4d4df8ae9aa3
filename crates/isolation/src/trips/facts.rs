//! What happened on trips. The people of a stop, or of a hand-over, are one fact.

use outpace_core::{ActorId, BedId, FacilityId, PersonId, StayId, Text, TripId, VehicleId};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{NewTrip, PassengerKind, Stop};
use crate::ids::TransferId;

/// One person planned for a trip, with the bed reserved for them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seat {
    /// Whose transfer.
    pub transfer: TransferId,
    /// Who.
    pub person: PersonId,
    /// Whether they go along as a guardian.
    pub guardian: bool,
    /// The bed that is kept for them.
    pub bed: BedId,
    /// Whether the bed was reserved for the transfer before already.
    pub kept: bool,
}

/// A trip was planned: vehicle, drivers, people and beds are set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TripPlanned {
    /// Its number.
    pub id: TripId,
    /// What was planned.
    pub trip: NewTrip,
    /// People it may carry under the rules.
    pub places: i64,
    /// Who goes into which bed.
    pub seats: Vec<Seat>,
}

impl Fact for TripPlanned {
    const KIND: &'static str = "isolation.trip_planned";
}

/// One person who boarded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Aboard {
    /// Who.
    pub person: PersonId,
    /// The transfer that this fulfils, if there is one.
    pub transfer: Option<TransferId>,
    /// Whether they go along as a guardian, and are exposed by it.
    pub guardian: bool,
    /// Another trip on which the person was seen and not handed over.
    pub from_trip: Option<TripId>,
    /// The stay that the person left by boarding.
    pub left_stay: Option<StayId>,
}

/// People boarded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeopleBoarded {
    /// The trip.
    pub trip: TripId,
    /// Where.
    pub stop: Option<Stop>,
    /// Each of them.
    pub people: Vec<Aboard>,
    /// Who signed.
    pub signed_by: Vec<ActorId>,
    /// How far the witness's clock ran ahead, in milliseconds.
    pub skew_ms: i64,
}

impl Fact for PeopleBoarded {
    const KIND: &'static str = "isolation.people_boarded";
}

/// A trip left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TripDeparted {
    /// Which.
    pub trip: TripId,
}

impl Fact for TripDeparted {
    const KIND: &'static str = "isolation.trip_departed";
}

/// A trip arrived.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TripArrived {
    /// Which.
    pub trip: TripId,
}

impl Fact for TripArrived {
    const KIND: &'static str = "isolation.trip_arrived";
}

/// One person who was admitted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Admitted {
    /// Who.
    pub person: PersonId,
    /// The transfer that this fulfils, if there is one.
    pub transfer: Option<TransferId>,
    /// The stay that begins.
    pub stay: StayId,
    /// The bed; none where the facility was full.
    pub bed: Option<BedId>,
    /// Whether the bed was reserved for them.
    pub reserved: bool,
    /// As a contact or as a case.
    pub kind: PassengerKind,
}

/// People were handed over at a facility, or came to it by other ways.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeopleAdmitted {
    /// The trip that brought them, if one did.
    pub trip: Option<TripId>,
    /// Where.
    pub facility: FacilityId,
    /// Each of them.
    pub people: Vec<Admitted>,
    /// Who signed.
    pub signed_by: Vec<ActorId>,
    /// How far the witness's clock ran ahead, in milliseconds.
    pub skew_ms: i64,
}

impl Fact for PeopleAdmitted {
    const KIND: &'static str = "isolation.people_admitted";
}

/// A vehicle was disinfected after a trip.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VehicleDisinfected {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// After which trip.
    pub trip: TripId,
    /// Who signed.
    pub signed_by: Vec<ActorId>,
}

impl Fact for VehicleDisinfected {
    const KIND: &'static str = "isolation.vehicle_disinfected";
}

/// A trip was cancelled before anybody boarded; its people wait again and its beds are free.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TripCancelled {
    /// Which.
    pub trip: TripId,
    /// Why.
    pub reason: Text,
}

impl Fact for TripCancelled {
    const KIND: &'static str = "isolation.trip_cancelled";
}
