//! Who acts, in which role, over which area. Every command takes an [`Actor`]; every route names a [`Permission`].

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ActorId, AreaId, PersonId};

/// Account, device or the system's own clockwork.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person with a password.
    Account,
    /// A lane, vehicle or laboratory with a token.
    Device,
    /// The system: deadlines that passed, plans that were computed.
    System,
}

/// What an actor is there for. One role each; the area narrows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The system itself.
    System,
    /// Sets up accounts and devices; decides nothing about people.
    Administrator,
    /// Commander in chief (总指挥); Qingxu had two.
    Commander,
    /// Deputy, decides when the commander does not answer in time.
    Deputy,
    /// Head of a task force (专班).
    TaskForceHead,
    /// Tracer (流调).
    Tracer,
    /// Laboratory.
    Laboratory,
    /// Sampler at a lane.
    Sampler,
    /// Manager of a sampling site.
    SiteManager,
    /// Courier of tubes.
    Courier,
    /// Grid worker (网格员).
    GridWorker,
    /// Staff of a quarantine site.
    FacilityStaff,
    /// Driver of a vehicle with people aboard.
    Driver,
    /// Keeper of a gate.
    Gatekeeper,
    /// Designated hospital.
    Hospital,
    /// Supplies.
    Supplies,
    /// Publishes notices.
    Publisher,
    /// Reads everything, changes nothing but review orders.
    Auditor,
    /// A resident, over their own file.
    Resident,
}

impl Role {
    /// All of them: those who work here, in the order of the command; then residents; the system last.
    pub const ALL: [Self; 19] = [
        Self::Administrator,
        Self::Commander,
        Self::Deputy,
        Self::TaskForceHead,
        Self::Tracer,
        Self::Laboratory,
        Self::Sampler,
        Self::SiteManager,
        Self::Courier,
        Self::GridWorker,
        Self::FacilityStaff,
        Self::Driver,
        Self::Gatekeeper,
        Self::Hospital,
        Self::Supplies,
        Self::Publisher,
        Self::Auditor,
        Self::Resident,
        Self::System,
    ];
}

/// What a route lets one do. Closed: a route cannot be mounted without naming one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Open to everyone: health, notices, sign-in.
    Public,
    /// Look after one's own sign-in: password, second factor, sessions.
    OwnAccess,
    /// Set up accounts, devices and tokens.
    AccessManage,
    /// Bring in areas, people, places, sites, facilities, vehicles.
    RegistryImport,
    /// Read the registry without identities.
    RegistryRead,
    /// Find a person by ID number, phone or name.
    RegistryFind,
    /// See an identity in clear, with a purpose.
    IdentityReveal,
    /// Let a list with names leave: sealed, for a purpose, with an end.
    IdentityExport,
    /// Open and close rounds, sites and lanes.
    ScreeningManage,
    /// Register people into tubes, seal tubes.
    ScreeningSample,
    /// Pack boxes, hand over, receive.
    ScreeningCarry,
    /// Take in tubes and report results.
    LaboratoryWork,
    /// Read rounds, coverage, the flow of tubes.
    ScreeningRead,
    /// Record cases, visits, exposures.
    TracingRecord,
    /// Read cases and contacts.
    TracingRead,
    /// Read a person's colour, its reasons, last sample and last negative.
    StatusRead,
    /// Record who checked in at a place.
    CheckInRecord,
    /// Sign an assessment (研判).
    AssessmentSign,
    /// Read plans and the situation.
    PlanRead,
    /// Approve, narrow or decline plans.
    PlanApprove,
    /// Record measures that others imposed: seen at an inspection, complained of, ordered from above.
    MeasuresObserve,
    /// Read zones, closures and holds of places.
    ZonesRead,
    /// Make facilities ready, assign rooms, order trips.
    IsolationManage,
    /// Record checks, admissions, releases at a facility.
    FacilityWork,
    /// Record boarding, stops and hand-overs of a trip.
    TripWork,
    /// Read facilities, stays, trips.
    IsolationRead,
    /// Issue, reassign and cancel orders; manage teams.
    OrdersManage,
    /// Accept, report and finish one's orders.
    OrdersWork,
    /// Read orders and teams.
    OrdersRead,
    /// Record stock and shipments.
    SuppliesWork,
    /// Read stock.
    SuppliesRead,
    /// Switch between peacetime and emergency; command.
    CommandDecide,
    /// Read the briefing and the live board.
    CommandRead,
    /// Publish notices.
    NoticesPublish,
    /// Answer appeals, independently of who restricted.
    AppealAnswer,
    /// Hand residents codes for their own files, write down what they ask, answer what is corrected.
    ResidentAdmit,
    /// See one's own file and ask for what is one's right.
    OwnFile,
    /// Read the journal's audit.
    AuditRead,
    /// Read the figures of the server itself: queues, times, counts.
    FiguresRead,
    /// Set the clock of a drill.
    DrillControl,
}

/// How far a permission reaches on a route. Every route says it, so that none is mounted without the question being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What lies in the actor's own area: the handler narrows, and what lies elsewhere looks as if it did not exist.
    Area,
    /// The jurisdiction as a whole: whoever holds a part of it is turned away at the door.
    Whole,
    /// What the actor did themselves: their sign-in, the marks of their device.
    Own,
    /// What belongs to nobody's area: geography, kinds of orders, public notices.
    Open,
}

/// What a route asks of whoever calls it: a permission, and how far it reaches there. Made from a permission:
/// `Permission::TracingRead.by_area()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// What one must be allowed.
    pub permission: Permission,
    /// How far that reaches.
    pub scope: Scope,
}

impl Permission {
    /// Within the actor's own area; the handler asks [`Scope::Area`]'s question of everything it is told and answers.
    #[must_use]
    pub const fn by_area(self) -> Need {
        Need { permission: self, scope: Scope::Area }
    }

    /// For whom it holds over the whole jurisdiction.
    #[must_use]
    pub const fn whole(self) -> Need {
        Need { permission: self, scope: Scope::Whole }
    }

    /// Over what the actor did themselves.
    #[must_use]
    pub const fn own(self) -> Need {
        Need { permission: self, scope: Scope::Own }
    }

    /// Over what belongs to nobody's area.
    #[must_use]
    pub const fn open(self) -> Need {
        Need { permission: self, scope: Scope::Open }
    }
}

/// Who acts. Comes from a token or a session at the edge, never from a request's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// The account's or device's id; 0 is the system.
    pub id: ActorId,
    /// Account, device or system.
    pub kind: ActorKind,
    /// The role.
    pub role: Role,
    /// The area over which the role holds.
    pub area: AreaId,
    /// The task force (专班) whose head or member they are, by its key in the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_force: Option<String>,
    /// Who they are in the registry, where that is known: nobody decides their own case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
}

impl Actor {
    /// Somebody of no task force who stands for no person of the registry.
    #[must_use]
    pub fn new(id: ActorId, kind: ActorKind, role: Role, area: AreaId) -> Self {
        Self { id, kind, role, area, task_force: None, person: None }
    }

    /// The system itself, over a whole jurisdiction.
    #[must_use]
    pub fn system(area: AreaId) -> Self {
        Self::new(ActorId(0), ActorKind::System, Role::System, area)
    }
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn the_list_of_roles_has_each_of_them_once() {
        let schema = serde_json::to_value(Role::schema()).unwrap();
        let mut listed: Vec<_> = Role::ALL.iter().map(|role| serde_json::to_value(role).unwrap()).collect();
        let mut known = schema["enum"].as_array().unwrap().clone();
        listed.sort_by_key(ToString::to_string);
        known.sort_by_key(ToString::to_string);
        assert_eq!(listed, known);
    }
}
