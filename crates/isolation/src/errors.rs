//! Why an intention about people, facilities or trips was refused, for the person at the screen.

use outpace_core::{BedId, FacilityId, PersonId, Refusal, RestrictionId, Timestamp, TripId, VehicleId};

use crate::facilities::FacilityState;
use crate::ids::TransferId;
use crate::trips::{PassengerKind, TripState};

/// What can be wrong with an intention.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IsolationError {
    /// No such person, or outside the actor's area.
    #[error("unknown person {0}")]
    UnknownPerson(PersonId),
    /// No such restriction.
    #[error("unknown restriction {0}")]
    UnknownRestriction(RestrictionId),
    /// No such facility.
    #[error("unknown facility {0}")]
    UnknownFacility(FacilityId),
    /// No such vehicle.
    #[error("unknown vehicle {0}")]
    UnknownVehicle(VehicleId),
    /// No such trip.
    #[error("unknown trip {0}")]
    UnknownTrip(TripId),
    /// No such transfer.
    #[error("unknown transfer {0}")]
    UnknownTransfer(TransferId),
    /// A restriction, or its new end, would not end after it starts and after now.
    #[error("the end {0} is not ahead")]
    EndNotAhead(Timestamp),
    /// A hold longer than the pack allows.
    #[error("a hold of more than {hours_max} hours")]
    HoldTooLong {
        /// Hours that the pack gives.
        hours_max: u32,
    },
    /// Only a hold is extended; anything else gets another end by a plan.
    #[error("restriction {0} is not a hold")]
    NotAHold(RestrictionId),
    /// A hold gets a longer end by its extension only.
    #[error("restriction {0} is a hold")]
    IsAHold(RestrictionId),
    /// It was extended as often as the pack allows.
    #[error("hold {0} was extended already")]
    Extended(RestrictionId),
    /// The restriction has ended.
    #[error("restriction {0} has ended")]
    Ended(RestrictionId),
    /// An extension needs a named officer.
    #[error("the system cannot extend a hold")]
    NoOfficer,
    /// A reason is missing.
    #[error("no reason")]
    NoReason,
    /// An empty or too long list.
    #[error("{field} has {count} entries, 1 to {max} are accepted")]
    Count {
        /// The field.
        field: &'static str,
        /// What stood there.
        count: usize,
        /// The most.
        max: usize,
    },
    /// A facility in a state in which this cannot be done.
    #[error("facility {0} is {1:?}")]
    FacilityState(FacilityId, FacilityState),
    /// Fewer rooms than needed.
    #[error("facility {facility} has {free} free rooms, {needed} are needed")]
    NoBeds {
        /// Which.
        facility: FacilityId,
        /// Rooms that are free.
        free: usize,
        /// Rooms that are needed.
        needed: usize,
    },
    /// A bed that is not in the state that was meant.
    #[error("bed {0} is not being cleaned")]
    NotCleaning(BedId),
    /// A guardian who did not consent.
    #[error("person {0} did not consent")]
    NoConsent(PersonId),
    /// The rules do not let a guardian go along.
    #[error("the rules let no guardian go along")]
    NoGuardian,
    /// Somebody ordered to where they are.
    #[error("person {0} is at facility {1} already")]
    AlreadyThere(PersonId, FacilityId),
    /// A transfer that is not waiting.
    #[error("transfer {0} is not waiting")]
    NotWaiting(TransferId),
    /// A vehicle that is on another trip or not disinfected since.
    #[error("vehicle {0} is in use")]
    VehicleInUse(VehicleId, TripId),
    /// The wrong kind of vehicle.
    #[error("vehicle {0} does not carry {1:?}")]
    VehicleKind(VehicleId, PassengerKind),
    /// More people than the vehicle takes.
    #[error("{people} people for {places} places")]
    TooMany {
        /// People.
        people: usize,
        /// Places that may be used.
        places: i64,
    },
    /// Too few or too many drivers.
    #[error("{found} drivers, {min} to {max} are needed")]
    Drivers {
        /// Drivers named.
        found: u32,
        /// At least.
        min: u32,
        /// At most.
        max: u32,
    },
    /// Contacts and cases never share a vehicle or a facility.
    #[error("transfer {0} is of another kind")]
    Mixed(TransferId),
    /// A trip in a state in which this cannot be done.
    #[error("trip {0} is {1:?}")]
    TripState(TripId, TripState),
    /// Somebody who has no stay.
    #[error("person {0} is at no facility")]
    NoStay(PersonId),
    /// Somebody who may not leave yet.
    #[error("person {0} is restricted until {1}")]
    StillRestricted(PersonId, Timestamp),
}

impl From<IsolationError> for Refusal {
    fn from(error: IsolationError) -> Self {
        use IsolationError as E;
        match error {
            E::UnknownPerson(id) => unknown(
                "person",
                id,
                "没有这个人,或不在您的权限范围内。",
                "There is no such person, or they live outside your area.",
            ),
            E::UnknownRestriction(id) => {
                unknown("restriction", id, "没有这项管控措施。", "There is no such restriction.")
            }
            E::UnknownFacility(id) => unknown("facility", id, "没有这个隔离点或医院。", "There is no such facility."),
            E::UnknownVehicle(id) => unknown("vehicle", id, "没有这辆车。", "There is no such vehicle."),
            E::UnknownTrip(id) => unknown("trip", id, "没有这趟转运。", "There is no such trip."),
            E::UnknownTransfer(id) => unknown("transfer", id, "没有这条转运指令。", "There is no such transfer."),
            other => of_restriction(other),
        }
    }
}

fn unknown(field: &str, id: impl std::fmt::Display, zh: &str, en: &str) -> Refusal {
    Refusal::unknown(&format!("unknown_{field}"), field, id, zh, en)
}

fn of_restriction(error: IsolationError) -> Refusal {
    use IsolationError as E;
    match error {
        E::EndNotAhead(at) => Refusal::rule(
            "end_not_ahead",
            "ends_at",
            at,
            "结束时间须晚于开始时间和现在。",
            "The end must lie after the start and after now.",
        ),
        E::HoldTooLong { hours_max } => Refusal::rule(
            "hold_too_long",
            "ends_at",
            "",
            format!("人员临时管控最长 {hours_max} 小时。"),
            format!("A person is held for {hours_max} hours at the most."),
        ),
        E::NotAHold(id) => Refusal::rule(
            "not_a_hold",
            "restriction",
            id,
            "只有临时管控可以延长;其他措施须经方案调整期限。",
            "Only a hold is extended; another measure gets another end by a plan.",
        ),
        E::IsAHold(id) => Refusal::rule(
            "is_a_hold",
            "restriction",
            id,
            "临时管控只能由负责人延长一次,不能改期限。",
            "A hold is extended once by an officer; its end cannot be moved otherwise.",
        ),
        E::Extended(id) => Refusal::conflict(
            "hold_extended",
            "restriction",
            id,
            "该临时管控已按规定延长过。",
            "This hold was extended as often as the rules allow.",
        ),
        E::Ended(id) => {
            Refusal::conflict("restriction_ended", "restriction", id, "该措施已经结束。", "This restriction has ended.")
        }
        E::NoOfficer => Refusal::rule(
            "no_officer",
            "actor",
            "system",
            "延长须由具名的负责人作出。",
            "An extension is made by a named officer.",
        ),
        E::NoReason => Refusal::rule("no_reason", "reason", "", "须写明理由。", "A reason must be given."),
        E::Count { field, count, max } => Refusal::rule(
            "count",
            field,
            count,
            format!("{field} 须为 1 至 {max} 项。"),
            format!("{field} takes 1 to {max} entries."),
        ),
        other => of_facility(other),
    }
}

fn of_facility(error: IsolationError) -> Refusal {
    use IsolationError as E;
    match error {
        E::FacilityState(id, state) => {
            let name = state.name();
            Refusal::conflict(
                "facility_state",
                "facility",
                id,
                format!("该隔离点当前为“{}”,不能执行此操作。", name.zh),
                format!("This facility is {}; that cannot be done now.", name.en),
            )
        }
        E::NoBeds { facility, free, needed } => Refusal::conflict(
            "no_beds",
            "facility",
            facility,
            format!("该隔离点可用房间 {free} 间,需要 {needed} 间;请选择其他隔离点或先准备床位。"),
            format!(
                "This facility has {free} free rooms, {needed} are needed; choose another or make beds ready first."
            ),
        ),
        E::NotCleaning(id) => Refusal::conflict(
            "not_cleaning",
            "beds",
            id,
            "该床位不在清洁状态。",
            "This bed is not waiting to be cleaned.",
        ),
        E::NoStay(id) => {
            Refusal::conflict("no_stay", "people", id, "此人当前不在任何隔离点。", "This person is at no facility now.")
        }
        E::StillRestricted(id, until) => Refusal::conflict(
            "still_restricted",
            "people",
            id,
            format!("此人的措施到 {until} 才结束,不能提前离开。"),
            format!("This person is restricted until {until} and cannot leave before."),
        ),
        E::AlreadyThere(id, facility) => Refusal::conflict(
            "already_there",
            "person",
            id,
            format!("此人已在 {facility} 号隔离点,无需再转运。"),
            format!("This person is at facility {facility} already and need not be moved."),
        ),
        E::NoConsent(id) => Refusal::rule(
            "no_consent",
            "guardian",
            id,
            "监护人同意后方可陪同。",
            "A guardian goes along only with their consent.",
        ),
        E::NoGuardian => Refusal::rule(
            "no_guardian",
            "guardian",
            "",
            "现行方案不允许陪同转运。",
            "The rules in force let no guardian go along.",
        ),
        other => of_trip(other),
    }
}

fn of_trip(error: IsolationError) -> Refusal {
    use IsolationError as E;
    match error {
        E::NotWaiting(id) => {
            Refusal::conflict("not_waiting", "people", id, "该人员不在待转运状态。", "This transfer is not waiting.")
        }
        E::VehicleInUse(id, trip) => Refusal::conflict(
            "vehicle_in_use",
            "vehicle",
            id,
            format!("该车辆仍在转运任务 {trip} 中或任务后尚未消毒。"),
            format!("This vehicle is on trip {trip} or was not disinfected after it."),
        ),
        E::VehicleKind(id, kind) => {
            let name = kind.name();
            Refusal::rule(
                "vehicle_kind",
                "vehicle",
                id,
                format!("该类车辆不能转运{}。", name.zh),
                format!("This kind of vehicle does not carry {}.", name.en),
            )
        }
        E::TooMany { people, places } => Refusal::rule(
            "too_many",
            "people",
            people,
            format!("该车限载 {places} 人。"),
            format!("At most {places} people may go in this vehicle."),
        ),
        E::Drivers { found, min, max } => Refusal::rule(
            "drivers",
            "drivers",
            found,
            format!("每车须配 {min} 至 {max} 名驾驶员。"),
            format!("A vehicle has {min} to {max} drivers."),
        ),
        E::Mixed(id) => Refusal::rule(
            "mixed",
            "people",
            id,
            "密接与感染者不得同车、同点。",
            "Contacts and cases share neither vehicle nor site.",
        ),
        E::TripState(id, state) => {
            let name = state.name();
            Refusal::conflict(
                "trip_state",
                "trip",
                id,
                format!("该趟转运当前为“{}”,不能执行此操作。", name.zh),
                format!("This trip is {}; that cannot be done now.", name.en),
            )
        }
        _ => Refusal::internal(),
    }
}
