//! Facilities, rooms, beds, stays.

use outpace_access::{Call, Empty, Routes};
use outpace_core::{ActorId, BedId, FacilityId, Permission, PersonId, Refusal, StayId, Text, Timestamp};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limit_of;
use crate::errors::IsolationError;
use crate::facilities::{self, Bed, Facility, NewFacility, NewRoom};
use crate::stays::{self, Check, CheckDue, NewCheck, Released, Stay};
use crate::trips::{self, HandedOver};

pub(super) fn routes() -> Routes {
    Routes::new()
        .query("/api/isolation/facilities", Permission::IsolationRead.by_area(), "Facilities with their counts", list)
        .query("/api/isolation/beds", Permission::IsolationRead.by_area(), "Beds of a facility", beds)
        .query("/api/isolation/stays", Permission::IsolationRead.by_area(), "Stays at a facility", list_stays)
        .query("/api/isolation/checks", Permission::IsolationRead.by_area(), "Checks of a stay", checks)
        .query(
            "/api/isolation/checks-due",
            Permission::IsolationRead.by_area(),
            "Checks due now at a facility",
            checks_due,
        )
        .command(
            "/api/isolation/import-facilities",
            Permission::RegistryImport.by_area(),
            "Bring in facilities",
            import,
        )
        .command(
            "/api/isolation/rooms-ready",
            Permission::IsolationManage.by_area(),
            "Register rooms that are ready",
            rooms_ready,
        )
        .command(
            "/api/isolation/close-facility",
            Permission::IsolationManage.by_area(),
            "Take nobody in any more",
            close,
        )
        .command("/api/isolation/beds-cleaned", Permission::FacilityWork.by_area(), "Turn beds over", beds_cleaned)
        .command(
            "/api/isolation/admit",
            Permission::FacilityWork.by_area(),
            "Record people who came by other ways",
            admit,
        )
        .command(
            "/api/isolation/record-checks",
            Permission::FacilityWork.by_area(),
            "Record temperatures and symptoms",
            record,
        )
        .command(
            "/api/isolation/release",
            Permission::FacilityWork.by_area(),
            "Let people go, with certificates",
            release,
        )
}

/// Facilities.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FacilityList {
    /// In order of number.
    pub facilities: Vec<Facility>,
}

fn list(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<FacilityList, Refusal> {
    let mut facilities = facilities::facilities(tx)?;
    facilities.retain(|facility| call.sees(facility.area));
    Ok(FacilityList { facilities })
}

/// A page of a facility.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct FacilityQuery {
    /// Which.
    pub facility: FacilityId,
    /// Whether ended stays are listed too.
    #[serde(default)]
    pub ended: bool,
    /// After this number.
    pub after: Option<i64>,
    /// At most so many, 1,000 at the most.
    pub limit: Option<i64>,
}

fn visible(tx: &mut Tx<'_>, call: &Call, id: FacilityId) -> Result<Facility, Refusal> {
    let found = facilities::facility(tx, id)?.filter(|facility| call.sees(facility.area));
    found.ok_or_else(|| IsolationError::UnknownFacility(id).into())
}

/// Beds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BedList {
    /// In order of number.
    pub beds: Vec<Bed>,
}

fn beds(tx: &mut Tx<'_>, call: &Call, query: FacilityQuery) -> Result<BedList, Refusal> {
    let facility = visible(tx, call, query.facility)?;
    let after = BedId(query.after.unwrap_or(0));
    Ok(BedList { beds: facilities::beds_of(tx, facility.id, after, limit_of(query.limit))? })
}

/// Stays.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StayList {
    /// In order of number.
    pub stays: Vec<Stay>,
}

fn list_stays(tx: &mut Tx<'_>, call: &Call, query: FacilityQuery) -> Result<StayList, Refusal> {
    let facility = visible(tx, call, query.facility)?;
    let after = StayId(query.after.unwrap_or(0));
    Ok(StayList { stays: stays::stays_at(tx, facility.id, query.ended, after, limit_of(query.limit))? })
}

/// One stay.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct StayQuery {
    /// Which.
    pub stay: StayId,
}

/// Checks of a stay.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CheckList {
    /// Oldest first.
    pub checks: Vec<Check>,
}

fn checks(tx: &mut Tx<'_>, call: &Call, query: StayQuery) -> Result<CheckList, Refusal> {
    if let Some(stay) = stays::stay(tx, query.stay)? {
        visible(tx, call, stay.facility)?;
    }
    Ok(CheckList { checks: stays::checks_of(tx, query.stay)? })
}

/// Checks due.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CheckDueList {
    /// In order of stay.
    pub due: Vec<CheckDue>,
}

fn checks_due(tx: &mut Tx<'_>, call: &Call, query: FacilityQuery) -> Result<CheckDueList, Refusal> {
    let facility = visible(tx, call, query.facility)?;
    let checks_per_day = call.pack().facility.temperature_checks_per_day.value;
    let due = stays::checks_due(tx, facility.id, call.now, checks_per_day, call.offset_minutes())?;
    Ok(CheckDueList { due })
}

/// Facilities to bring in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportFacilities {
    /// Each of them.
    pub facilities: Vec<NewFacility>,
}

/// Facilities that are known now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportedFacilities {
    /// Their numbers, in the order of the request.
    pub facilities: Vec<FacilityId>,
}

fn import(unit: &mut Unit<'_>, call: &Call, request: ImportFacilities) -> Result<ImportedFacilities, Refusal> {
    Ok(ImportedFacilities { facilities: facilities::import_facilities(unit, call, request.facilities)? })
}

/// Rooms that are ready.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RoomsReadyRequest {
    /// Where.
    pub facility: FacilityId,
    /// Each of them.
    pub rooms: Vec<NewRoom>,
}

fn rooms_ready(unit: &mut Unit<'_>, call: &Call, request: RoomsReadyRequest) -> Result<Facility, Refusal> {
    facilities::rooms_ready(unit, call, request.facility, request.rooms)
}

/// A facility to be closed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct CloseFacility {
    /// Which.
    pub facility: FacilityId,
    /// Why.
    pub reason: Text,
}

fn close(unit: &mut Unit<'_>, call: &Call, request: CloseFacility) -> Result<Empty, Refusal> {
    facilities::close(unit, call, request.facility, request.reason)?;
    Ok(Empty {})
}

/// Beds that were turned over.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct BedsRequest {
    /// Which.
    pub beds: Vec<BedId>,
}

/// How many were.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BedsAnswer {
    /// Beds that are free now and were not before.
    pub cleaned: usize,
}

fn beds_cleaned(unit: &mut Unit<'_>, call: &Call, request: BedsRequest) -> Result<BedsAnswer, Refusal> {
    Ok(BedsAnswer { cleaned: facilities::beds_cleaned(unit, call, &request.beds)? })
}

/// People who came by other ways than a trip.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct AdmitRequest {
    /// Where.
    pub facility: FacilityId,
    /// Who.
    pub people: Vec<PersonId>,
    /// Who signed: who gave and who took.
    pub signed_by: Vec<ActorId>,
    /// When; now where absent.
    pub occurred_at: Option<Timestamp>,
}

fn admit(unit: &mut Unit<'_>, call: &Call, request: AdmitRequest) -> Result<HandedOver, Refusal> {
    trips::admit(unit, call, request.facility, &request.people, request.signed_by, request.occurred_at)
}

/// Checks that were made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ChecksRequest {
    /// Where.
    pub facility: FacilityId,
    /// Each of them.
    pub checks: Vec<NewCheck>,
    /// When; now where absent.
    pub occurred_at: Option<Timestamp>,
}

/// What was flagged.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Flagged {
    /// By kind of conflict.
    pub conflicts: Vec<String>,
}

fn record(unit: &mut Unit<'_>, call: &Call, request: ChecksRequest) -> Result<Flagged, Refusal> {
    let conflicts = stays::record_checks(unit, call, request.facility, &request.checks, request.occurred_at)?;
    Ok(Flagged { conflicts })
}

/// People to let go.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct ReleaseRequest {
    /// Who.
    pub people: Vec<PersonId>,
}

/// Who left.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReleaseAnswer {
    /// Each of them, with the certificate.
    pub released: Vec<Released>,
}

fn release(unit: &mut Unit<'_>, call: &Call, request: ReleaseRequest) -> Result<ReleaseAnswer, Refusal> {
    Ok(ReleaseAnswer { released: stays::release(unit, call, &request.people)? })
}
