//! Roles × permissions: one table, everything else is denied. How far a permission reaches is the route's to say
//! ([`outpace_core::Need`]); which of them the head of a task force has, the profile's.

use outpace_core::{Actor, Permission, Role};
use outpace_policy::Profile;

use Permission as P;

/// What everyone who works here may read.
const STAFF: &[P] = &[P::RegistryRead, P::ScreeningRead, P::ZonesRead, P::OrdersRead, P::OrdersWork, P::StatusRead];

/// What the head of any task force may, beside [`STAFF`]: lead its work and read what the command reads.
const HEADS: &[P] = &[P::PlanRead, P::IsolationRead, P::OrdersManage, P::SuppliesRead, P::CommandRead];

fn own(role: Role) -> &'static [P] {
    match role {
        Role::System => &[],
        Role::Administrator => &[
            P::AccessManage,
            P::RegistryImport,
            P::RegistryRead,
            P::ScreeningManage,
            P::ScreeningRead,
            P::IsolationManage,
            P::IsolationRead,
            P::OrdersManage,
            P::OrdersRead,
            P::SuppliesRead,
            P::CommandRead,
            P::ZonesRead,
            P::AuditRead,
            P::FiguresRead,
            P::DrillControl,
        ],
        Role::Commander | Role::Deputy => &[
            P::AppealAnswer,
            P::RegistryFind,
            P::IdentityReveal,
            P::IdentityExport,
            P::ScreeningManage,
            P::TracingRead,
            P::AssessmentSign,
            P::PlanRead,
            P::PlanApprove,
            P::IsolationManage,
            P::IsolationRead,
            P::OrdersManage,
            P::SuppliesRead,
            P::MeasuresObserve,
            P::CommandDecide,
            P::CommandRead,
            P::NoticesPublish,
            P::AuditRead,
        ],
        // What a head has beyond HEADS comes with the task force.
        Role::TaskForceHead => &[
            P::AppealAnswer,
            P::RegistryFind,
            P::IdentityReveal,
            P::IdentityExport,
            P::ScreeningManage,
            P::TracingRead,
            P::AssessmentSign,
            P::PlanRead,
            P::PlanApprove,
            P::IsolationManage,
            P::IsolationRead,
            P::OrdersManage,
            P::SuppliesWork,
            P::SuppliesRead,
            P::CommandRead,
            P::NoticesPublish,
            P::MeasuresObserve,
            P::AuditRead,
        ],
        Role::Tracer => &[
            P::RegistryFind,
            P::IdentityReveal,
            P::IdentityExport,
            P::TracingRecord,
            P::TracingRead,
            P::AssessmentSign,
            P::PlanRead,
        ],
        Role::Laboratory => &[P::ScreeningCarry, P::LaboratoryWork],
        Role::Sampler => &[P::ScreeningSample, P::ScreeningCarry, P::RegistryFind],
        Role::SiteManager => {
            &[P::ResidentAdmit, P::ScreeningManage, P::ScreeningSample, P::ScreeningCarry, P::RegistryFind]
        }
        Role::Courier => &[P::ScreeningCarry],
        Role::GridWorker => &[P::ResidentAdmit, P::RegistryFind, P::IdentityReveal, P::MeasuresObserve],
        Role::FacilityStaff => {
            &[P::ResidentAdmit, P::FacilityWork, P::IsolationRead, P::RegistryFind, P::IdentityReveal]
        }
        Role::Driver => &[P::TripWork],
        Role::Gatekeeper => &[P::CheckInRecord],
        Role::Hospital => &[P::FacilityWork, P::IsolationRead, P::TracingRecord, P::TracingRead, P::AssessmentSign],
        Role::Supplies => &[P::SuppliesWork, P::SuppliesRead],
        Role::Publisher => &[P::NoticesPublish, P::CommandRead],
        Role::Auditor => &[
            P::AppealAnswer,
            P::MeasuresObserve,
            P::TracingRead,
            P::PlanRead,
            P::IsolationRead,
            P::SuppliesRead,
            P::CommandRead,
            P::AuditRead,
            P::FiguresRead,
        ],
        Role::Resident => &[P::OwnFile],
    }
}

/// Whether an actor has a permission: by their role and, for the head of a task force (专班), by what the profile says that
/// the task force may. A head without one leads nothing but may read.
#[must_use]
pub fn permits(profile: &Profile, actor: &Actor, permission: Permission) -> bool {
    let of_force = || actor.task_force.as_deref().and_then(|key| profile.task_force(key));
    allows(actor.role, permission)
        && (actor.role != Role::TaskForceHead
            || matches!(permission, P::Public | P::OwnAccess)
            || STAFF.contains(&permission)
            || HEADS.contains(&permission)
            || of_force().is_some_and(|force| force.may.contains(&permission)))
}

/// Whether a role has a permission at all. The system acts by code, not by routes, and has none.
#[must_use]
pub fn allows(role: Role, permission: Permission) -> bool {
    match role {
        _ if permission == P::Public => true,
        // Everybody who signed in looks after their own sign-in.
        _ if permission == P::OwnAccess => role != Role::System,
        Role::System => false,
        // A resident is nobody's staff: none of what staff may read.
        Role::Resident | Role::Administrator => own(role).contains(&permission),
        _ => STAFF.contains(&permission) || own(role).contains(&permission),
    }
}
