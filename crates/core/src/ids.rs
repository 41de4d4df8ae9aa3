//! A type for each id, so that a tube can never be passed where a person is meant.
//!
//! Ids are 64-bit integers given by counters of the store; they are opaque: nothing about a person can be read
//! from a [`PersonId`]. None is negative: what comes from outside is checked where it is read. Codes that the world prints
//! on things ([`TubeCode`], [`BoxCode`]) are text.

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use utoipa::ToSchema;

use crate::value::{FromValue, Value, ValueError};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $word:literal $(from $least:literal)?;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
        #[serde(transparent)]
        #[schema(minimum = 0)]
        pub struct $name(pub i64);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                // The least is the last of these: 0, or what the list says.
                let least = [0_i64 $(, $least)?];
                match i64::deserialize(from)? {
                    number if least.last().is_some_and(|least| number >= *least) => Ok(Self(number)),
                    number => Err(D::Error::invalid_value(Unexpected::Signed(number), &"a number that is not negative")),
                }
            }
        }

        impl $name {
            /// The name of the counter that gives these ids.
            pub const COUNTER: &'static str = $word;
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{}", self.0)
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self { Self(number) }
        }

        impl From<$name> for Value<'_> {
            fn from(id: $name) -> Self { Value::Int(id.0) }
        }

        impl FromValue for $name {
            fn from_value(value: Value<'_>) -> Result<Self, ValueError> { i64::from_value(value).map(Self) }
        }
    )* };
}

ids! {
    /// One journal: a city or a county. The first part of every table's key.
    JurisdictionId = "jurisdiction";
    /// Position of a fact in its journal, from 1, without gaps.
    Seq = "seq";
    /// Who acts: an account, a device, or the system itself. Below 0 are those who did not sign in, as facts name them.
    ActorId = "actor" from -2;
    /// One person, one file. Identities are only in the vault.
    PersonId = "person";
    /// People who live together.
    HouseholdId = "household";
    /// Where people meet.
    PlaceId = "place";
    /// A vehicle that carries people, tubes or goods.
    VehicleId = "vehicle";
    /// A screening campaign.
    RoundId = "round";
    /// Where sampling is done.
    SiteId = "site";
    /// One registration desk and swab booth of a site.
    LaneId = "lane";
    /// What a lane is given before it works without a network.
    SheetId = "lane_sheet";
    /// A laboratory.
    LaboratoryId = "laboratory";
    /// A suspected, preliminary, confirmed or asymptomatic infection of one person.
    CaseId = "case";
    /// Someone was with a case, or where a case was.
    ExposureId = "exposure";
    /// An area under measures.
    ZoneId = "zone";
    /// A class of places closed, or a place or lot of goods held.
    ClosureId = "closure";
    /// What limits one person.
    RestrictionId = "restriction";
    /// A signed judgement (研判).
    AssessmentId = "assessment";
    /// A difference between what should be and what is in force.
    PlanId = "plan";
    /// A piece of work for people.
    OrderId = "order";
    /// Who does the work.
    TeamId = "team";
    /// A quarantine site, hospital or shelter.
    FacilityId = "facility";
    /// A room of a facility.
    RoomId = "room";
    /// A bed of a room.
    BedId = "bed";
    /// One person's time in one bed.
    StayId = "stay";
    /// A vehicle's run with people aboard.
    TripId = "trip";
    /// What the public or one person is told.
    NoticeId = "notice";
    /// An observation that cannot be, kept and waiting to be settled.
    ConflictId = "conflict";
    /// A load of supplies on its way.
    ShipmentId = "shipment";
    /// A store of supplies.
    DepotId = "depot";
    /// What a resident asks for: that a measure, or what is held about them, be looked at again.
    RequestId = "resident_request";
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The longest code accepted at the boundary, in bytes.
            pub const LENGTH_MAX: usize = 40;

            /// The code as text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }

            /// Whether the code could have come off a label: 1 to 40 ASCII letters, digits and hyphens.
            #[must_use]
            pub fn is_well_formed(&self) -> bool {
                (1..=Self::LENGTH_MAX).contains(&self.0.len())
                    && self.0.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result { out.write_str(&self.0) }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self { Self(text.to_owned()) }
        }

        impl<'a> From<&'a $name> for Value<'a> {
            fn from(code: &'a $name) -> Self { Value::Text(&code.0) }
        }

        impl FromValue for $name {
            fn from_value(value: Value<'_>) -> Result<Self, ValueError> { String::from_value(value).map(Self) }
        }
    )* };
}

codes! {
    /// The barcode of a sampling tube.
    TubeCode;
    /// The barcode of a transport box.
    BoxCode;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place -5 would share the column of spots with the vehicle 5.
    #[test]
    fn no_number_from_outside_is_negative() {
        assert_eq!(serde_json::from_str::<VehicleId>("5").unwrap(), VehicleId(5));
        assert!(serde_json::from_str::<PlaceId>("-5").unwrap_err().to_string().contains("not negative"));
        assert!(serde_json::from_str::<VehicleId>("-9223372036854775808").is_err());
        assert_eq!(serde_json::from_str::<ActorId>("-1").unwrap(), ActorId(-1));
        assert!(serde_json::from_str::<ActorId>("-3").is_err());
    }
}
