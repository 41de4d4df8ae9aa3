//! Roles × permissions: one table, everything else is denied.

use outpace_core::{Permission, Role};

use Permission as P;

/// What everyone who works here may read.
const STAFF: &[P] = &[P::RegistryRead, P::ScreeningRead, P::ZonesRead, P::OrdersRead, P::OrdersWork, P::StatusRead];

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
            P::CommandDecide,
            P::CommandRead,
            P::NoticesPublish,
            P::AuditRead,
        ],
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
        Role::GridWorker => &[P::ResidentAdmit, P::RegistryFind, P::IdentityReveal],
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

/// Whether a role has a permission. The system acts by code, not by routes, and has none.
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
