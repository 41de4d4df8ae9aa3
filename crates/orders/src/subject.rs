//! What an order, a conflict or a notice is about: one thing, named by its type and its id.

use outpace_core::{
    AreaId, AssessmentId, BoxCode, CaseId, ClosureId, ConflictId, ExposureId, FacilityId, HouseholdId, LaboratoryId,
    LaneId, NoticeId, OrderId, PersonId, PlaceId, PlanId, RestrictionId, RoomId, RoundId, ShipmentId, SiteId, StayId,
    TeamId, TripId, TubeCode, VehicleId, ZoneId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Reads an id back from the text it was stored as.
trait FromText: Sized {
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! numbers {
    ($($id:ident),* $(,)?) => { $(impl FromText for $id {
        fn from_text(text: &str) -> Option<Self> { text.parse().ok().map($id) }
    })* };
}

numbers!(
    AreaId,
    AssessmentId,
    CaseId,
    ClosureId,
    ConflictId,
    ExposureId,
    FacilityId,
    HouseholdId,
    LaboratoryId,
    LaneId,
    NoticeId,
    OrderId,
    PersonId,
    PlaceId,
    PlanId,
    RestrictionId,
    RoomId,
    RoundId,
    ShipmentId,
    SiteId,
    StayId,
    TeamId,
    TripId,
    VehicleId,
    ZoneId,
);

macro_rules! texts {
    ($($id:ty),* $(,)?) => { $(impl FromText for $id {
        fn from_text(text: &str) -> Option<Self> { Some(text.into()) }
    })* };
}

texts!(TubeCode, BoxCode, String);

macro_rules! subjects {
    ($($(#[$doc:meta])* $variant:ident($id:ty) = $word:literal,)*) => {
        /// One thing of the house, by type and id. `{"kind": "person", "id": 7}` in JSON.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[schema(as = WorkSubject)]
        #[serde(tag = "kind", content = "id", rename_all = "snake_case")]
        pub enum Subject {
            /// Nothing in particular: the jurisdiction as a whole.
            None,
            $($(#[$doc])* $variant($id),)*
        }

        impl Subject {
            /// The type's word, as in JSON and in the tables.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { Self::None => "none", $(Self::$variant(_) => $word,)* }
            }

            /// The id as text; empty for [`Subject::None`].
            #[must_use]
            pub fn id(&self) -> String {
                match self { Self::None => String::new(), $(Self::$variant(id) => id.to_string(),)* }
            }

            /// Reads both back; `None` for a word or an id that no subject has.
            #[must_use]
            pub fn parse(kind: &str, id: &str) -> Option<Self> {
                match kind {
                    "none" => Some(Self::None),
                    $($word => <$id as FromText>::from_text(id).map(Self::$variant),)*
                    _ => Option::None,
                }
            }
        }
    };
}

subjects! {
    /// A person.
    Person(PersonId) = "person",
    /// A household.
    Household(HouseholdId) = "household",
    /// A tube.
    Tube(TubeCode) = "tube",
    /// A transport box.
    Box(BoxCode) = "box",
    /// A place.
    Place(PlaceId) = "place",
    /// A class of places, by its key.
    PlaceClass(String) = "place_class",
    /// An area.
    Area(AreaId) = "area",
    /// A quarantine site or hospital.
    Facility(FacilityId) = "facility",
    /// A room.
    Room(RoomId) = "room",
    /// A stay in a bed.
    Stay(StayId) = "stay",
    /// A trip.
    Trip(TripId) = "trip",
    /// A vehicle.
    Vehicle(VehicleId) = "vehicle",
    /// A zone.
    Zone(ZoneId) = "zone",
    /// A closure of a class, or a hold of a place or of goods.
    Closure(ClosureId) = "closure",
    /// A restriction of a person.
    Restriction(RestrictionId) = "restriction",
    /// A case.
    Case(CaseId) = "case",
    /// An exposure.
    Exposure(ExposureId) = "exposure",
    /// An assessment.
    Assessment(AssessmentId) = "assessment",
    /// A plan.
    Plan(PlanId) = "plan",
    /// A round.
    Round(RoundId) = "round",
    /// A sampling site.
    Site(SiteId) = "site",
    /// A lane of a site.
    Lane(LaneId) = "lane",
    /// A laboratory.
    Laboratory(LaboratoryId) = "laboratory",
    /// A shipment.
    Shipment(ShipmentId) = "shipment",
    /// A lot of goods, by its mark.
    Lot(String) = "lot",
    /// A conflict.
    Conflict(ConflictId) = "conflict",
    /// A notice.
    Notice(NoticeId) = "notice",
    /// An order.
    Order(OrderId) = "order",
    /// A team.
    Team(TeamId) = "team",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_back_from_its_columns_and_its_word_is_the_one_in_json() {
        for subject in [
            Subject::None,
            Subject::Person(PersonId(7)),
            Subject::Tube(TubeCode::from("QX-1")),
            Subject::PlaceClass("post".to_owned()),
            Subject::Area(AreaId(140_121_203)),
        ] {
            assert_eq!(Subject::parse(subject.kind(), &subject.id()), Some(subject.clone()));
            assert_eq!(serde_json::to_value(&subject).unwrap()["kind"], subject.kind());
        }
        assert_eq!(Subject::parse("person", "nobody"), None);
    }
}
