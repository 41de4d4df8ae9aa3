//! What happened to facilities and beds.

use outpace_core::{BedId, FacilityId, RoomId, Text};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{NewFacility, NewRoom};

/// Facilities became known.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FacilitiesImported {
    /// The number of the first; the others follow.
    pub first: FacilityId,
    /// Each of them.
    pub facilities: Vec<NewFacility>,
}

impl Fact for FacilitiesImported {
    const KIND: &'static str = "isolation.facilities_imported";
}

/// Rooms and their beds are ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RoomsReady {
    /// Where.
    pub facility: FacilityId,
    /// The number of the first room; the others follow.
    pub first_room: RoomId,
    /// The number of the first bed; the others follow, room by room.
    pub first_bed: BedId,
    /// Each of them.
    pub rooms: Vec<NewRoom>,
}

impl Fact for RoomsReady {
    const KIND: &'static str = "isolation.rooms_ready";
}

/// A facility takes nobody any more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FacilityClosed {
    /// Which.
    pub facility: FacilityId,
    /// Why.
    pub reason: Text,
}

impl Fact for FacilityClosed {
    const KIND: &'static str = "isolation.facility_closed";
}

/// Beds were turned over and are free again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BedsCleaned {
    /// Which.
    pub beds: Vec<BedId>,
}

impl Fact for BedsCleaned {
    const KIND: &'static str = "isolation.beds_cleaned";
}
