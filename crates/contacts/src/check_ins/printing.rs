//! Handing codes out: to the screen of a place for the next minutes, to the printer for good; and showing what came of
//! pictures of them.

use outpace_access::{Call, Office};
use outpace_core::{PlaceId, Refusal, Text, Timestamp};
use outpace_registry::Place;
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::{PlaceKey, begins, step_of};
use super::facts::PlaceCodePrinted;
use super::model::Signal;
use super::store;
use crate::ContactsError;

/// Codes that a screen is given at once: a network that is away for some minutes leaves no screen dark, and a screen that is
/// stolen shows codes for no longer.
const AHEAD: i64 = 20;

/// Whose code.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CodeOfPlace {
    /// The place.
    pub place: PlaceId,
}

/// A code and from when on it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShownCode {
    /// From when on, by our clock.
    pub from: Timestamp,
    /// What the screen shows as a QR code.
    pub text: String,
}

/// What the screen of a place shows in the next minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaceCodes {
    /// The place.
    pub place: PlaceId,
    /// Its name.
    pub name: Text,
    /// How long each is shown, seconds.
    pub seconds: u32,
    /// Our clock as it answers: the screen reckons with the difference.
    pub now: Timestamp,
    /// The one of now first.
    pub codes: Vec<ShownCode>,
}

/// A code to print and hang up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrintedCode {
    /// The place.
    pub place: PlaceId,
    /// Its name.
    pub name: Text,
    /// Which print; those before count for nothing from now on.
    pub print: i64,
    /// What is printed as a QR code.
    pub text: String,
}

fn seen(tx: &mut Tx<'_>, call: &Call, place: PlaceId) -> Result<Place, Refusal> {
    let unknown = ContactsError::Unknown { field: "place", id: place.0 };
    Ok(outpace_registry::place(tx, place)?.filter(|place| call.sees(place.area)).ok_or(unknown)?)
}

fn name(place: Place) -> Text {
    Text::new(place.name, place.name_en)
}

/// The codes that the screen of a place shows in the next minutes.
///
/// # Errors
/// An unknown place, one outside the actor's area.
pub fn place_codes(office: &Office, tx: &mut Tx<'_>, call: &Call, query: CodeOfPlace) -> Result<PlaceCodes, Refusal> {
    let place = seen(tx, call, query.place)?;
    let seconds = call.pack().codes.place_seconds.value;
    let key = PlaceKey::of(office.store.keys(), place.id)?;
    let first = step_of(call.now, seconds);
    let code = |step: i64| ShownCode { from: begins(step, seconds), text: key.shown(step) };
    let codes = (first..first.saturating_add(AHEAD)).map(code).collect();
    Ok(PlaceCodes { place: place.id, name: name(place), seconds, now: call.now, codes })
}

/// Prints another code for a place. Those printed before count for nothing from then on.
///
/// # Errors
/// An unknown place, one outside the actor's area.
pub fn print_code(unit: &mut Unit<'_>, call: &Call, request: CodeOfPlace) -> Result<PrintedCode, Refusal> {
    let place = seen(unit.tx(), call, request.place)?;
    let print = store::print_of(unit.tx(), place.id)? + 1;
    unit.record(PlaceCodePrinted { place: place.id, print })?;
    let text = PlaceKey::of(unit.keys(), place.id)?.printed(print);
    Ok(PrintedCode { place: place.id, name: name(place), print, text })
}

/// Where and when.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignalsQuery {
    /// The place.
    pub place: PlaceId,
    /// From.
    pub from: Timestamp,
    /// To.
    pub to: Timestamp,
}

/// Check-ins that are kept as signals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignalsAnswer {
    /// By time.
    pub signals: Vec<Signal>,
}

/// Who sent pictures of a place's code: for whoever looks into it. Nobody is restricted by it.
///
/// # Errors
/// An unknown place, one outside the actor's area.
pub fn signals(tx: &mut Tx<'_>, call: &Call, query: SignalsQuery) -> Result<SignalsAnswer, Refusal> {
    let place = seen(tx, call, query.place)?;
    Ok(SignalsAnswer { signals: store::signals_at(tx, place.id, query.from, query.to)? })
}
