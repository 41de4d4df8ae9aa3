//! Trips: vehicles with people aboard, from stops to one facility, in a closed loop.
//!
//! What is planned (vehicle, drivers, people, beds) is an intention and refused when it cannot be. What then happens
//! (boarding, hand-over) is an observation: it is signed by two, never refused, and what cannot be (a full bus, a person
//! on two trips, a contact among cases) is kept, flagged and opens an order. A vehicle goes again only after it was
//! disinfected.

pub mod commands;
pub mod facts;
pub mod model;
pub mod observations;
pub mod plan;
pub mod store;

pub use commands::{arrive, cancel, depart, disinfected, open_trip, open_trips, seen};
pub use model::{Boarding, HandOver, NewTrip, PassengerKind, Stop, Trip, TripPerson, TripState};
pub use observations::{Boarded, HandedOver, admit, board, hand_over};
pub use plan::{Carrier, Rider, Space, TripDraft, TripPlan, TripRules, plan_trips, ready_trips};
pub use store::{aboard, trip, trips};
