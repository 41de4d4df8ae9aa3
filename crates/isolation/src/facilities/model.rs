//! What a facility, a room and a bed are.

use outpace_core::{AreaId, BedId, FacilityId, PersonId, PlaceId, RoomId, Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::TransferId;
use crate::trips::PassengerKind;

/// What a facility is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FacilityKind {
    /// Quarantine site, for contacts (隔离点).
    QuarantineSite,
    /// Designated hospital, for cases (定点医院).
    Hospital,
    /// Shelter hospital, for cases (方舱).
    Shelter,
}

impl FacilityKind {
    /// Whom it takes.
    #[must_use]
    pub fn takes(self) -> PassengerKind {
        match self {
            Self::QuarantineSite => PassengerKind::Contact,
            Self::Hospital | Self::Shelter => PassengerKind::Case,
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "quarantine_site" => Some(Self::QuarantineSite),
            "hospital" => Some(Self::Hospital),
            "shelter" => Some(Self::Shelter),
            _ => None,
        }
    }
}

/// Whether a facility can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FacilityState {
    /// Known, no room is ready.
    Planned,
    /// Takes people.
    Ready,
    /// Takes nobody any more; those inside stay until their release.
    Closed,
}

impl FacilityState {
    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::Planned => Text::new("准备中", "being prepared"),
            Self::Ready => Text::new("启用", "in use"),
            Self::Closed => Text::new("已关闭", "closed"),
        }
    }
}

/// A facility to be imported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewFacility {
    /// Its code at the source: the same code twice is one facility.
    pub code: String,
    /// What it is for.
    pub kind: FacilityKind,
    /// Chinese name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// The grid it stands in (grid 000 where the grid is not known).
    pub area: AreaId,
    /// Its place in the registry, if it is one.
    pub place: Option<PlaceId>,
    /// Longitude, degrees WGS-84.
    pub lon: Option<f64>,
    /// Latitude, degrees WGS-84.
    pub lat: Option<f64>,
    /// Rooms that it will have, or has.
    pub rooms: u32,
    /// Beds of each room.
    pub beds_per_room: u32,
    /// Whether its rooms are ready from the start, as those of a hospital are.
    pub ready: bool,
}

/// A room that is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewRoom {
    /// What stands on its door; unique in the facility.
    pub name: String,
    /// Its beds.
    pub beds: u32,
}

/// A facility as it stands. Its counts are kept by the folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Facility {
    /// Its number.
    pub id: FacilityId,
    /// Its code at the source.
    pub code: String,
    /// What it is for.
    pub kind: FacilityKind,
    /// Its name.
    pub name: Text,
    /// Where it stands.
    pub area: AreaId,
    /// Its place in the registry.
    pub place: Option<PlaceId>,
    /// Longitude, degrees WGS-84.
    pub lon: Option<f64>,
    /// Latitude, degrees WGS-84.
    pub lat: Option<f64>,
    /// Beds that it will have, as its source says.
    pub beds_planned: i64,
    /// Whether it can be used.
    pub state: FacilityState,
    /// Rooms that are registered.
    pub rooms: i64,
    /// Rooms in which no bed is taken.
    pub rooms_free: i64,
    /// Beds that are registered.
    pub beds: i64,
    /// Beds by state.
    pub free: i64,
    /// Reserved for somebody on the way.
    pub reserved: i64,
    /// Somebody is in them.
    pub occupied: i64,
    /// Being turned over.
    pub cleaning: i64,
}

/// What a bed is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BedState {
    /// Nobody's.
    Free,
    /// Kept for somebody on the way.
    Reserved,
    /// Somebody is in it.
    Occupied,
    /// Somebody left it; it must be cleaned first.
    Cleaning,
}

impl BedState {
    /// The word in the table and the column of its count.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Reserved => "reserved",
            Self::Occupied => "occupied",
            Self::Cleaning => "cleaning",
        }
    }

    /// The one table of steps of a bed.
    #[must_use]
    pub fn allows(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Free, Self::Reserved | Self::Occupied)
                | (Self::Reserved, Self::Occupied | Self::Free)
                | (Self::Occupied, Self::Cleaning)
                | (Self::Cleaning, Self::Free)
        )
    }
}

/// A bed as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bed {
    /// Its number.
    pub id: BedId,
    /// Its facility.
    pub facility: FacilityId,
    /// Its room.
    pub room: RoomId,
    /// The name of the room.
    pub room_name: String,
    /// What it is doing.
    pub state: BedState,
    /// Whose it is.
    pub person: Option<PersonId>,
    /// The transfer it is reserved for.
    pub transfer: Option<TransferId>,
    /// Since when it is in this state.
    pub since: Timestamp,
}

/// What a facility can still take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FreeBeds {
    /// The facility.
    pub facility: FacilityId,
    /// What it is for.
    pub kind: FacilityKind,
    /// Its name.
    pub name: Text,
    /// Where it stands.
    pub area: AreaId,
    /// Rooms in which no bed is taken: people it can take when everyone has a room alone.
    pub rooms_free: i64,
    /// Free beds.
    pub beds_free: i64,
    /// All beds.
    pub beds: i64,
}
