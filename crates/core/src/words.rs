//! What roles and permissions are called, in both languages: no sentence shows their names in the code.

use crate::{Permission, Role, Text};

impl Role {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> Text {
        let (zh, en) = match self {
            Self::System => ("系统", "the system"),
            Self::Administrator => ("管理员", "administrator"),
            Self::Commander => ("总指挥", "commander"),
            Self::Deputy => ("副总指挥", "deputy"),
            Self::TaskForceHead => ("专班负责人", "head of a task force"),
            Self::Tracer => ("流调人员", "tracer"),
            Self::Laboratory => ("实验室", "laboratory"),
            Self::Sampler => ("采样人员", "sampler"),
            Self::SiteManager => ("采样点负责人", "site manager"),
            Self::Courier => ("转运员", "courier"),
            Self::GridWorker => ("网格员", "grid worker"),
            Self::FacilityStaff => ("隔离点人员", "staff of a quarantine site"),
            Self::Driver => ("驾驶员", "driver"),
            Self::Gatekeeper => ("卡口人员", "gatekeeper"),
            Self::Hospital => ("定点医院", "hospital"),
            Self::Supplies => ("物资保障", "supplies"),
            Self::Publisher => ("信息发布", "publisher"),
            Self::Auditor => ("审计员", "auditor"),
            Self::Resident => ("居民", "resident"),
        };
        Text::new(zh, en)
    }

    /// What several are called, in their order.
    #[must_use]
    pub fn names(roles: &[Self]) -> Text {
        listed(roles.iter().map(|role| role.name()))
    }
}

impl Permission {
    /// What it lets one do, as it stands in a sentence: 该操作需要“…”的权限 / this needs the permission to ….
    #[must_use]
    pub fn name(self) -> Text {
        let (zh, en) = match self {
            Self::Public => ("公开查阅", "read what is public"),
            Self::OwnAccess => ("管理自己的登录", "look after one's own sign-in"),
            Self::AccessManage => ("管理账号与设备", "manage accounts and devices"),
            Self::RegistryImport => ("导入底册", "bring the registry in"),
            Self::RegistryRead => ("查阅底册(不含身份)", "read the registry without identities"),
            Self::RegistryFind => ("按身份查找人员", "find a person by identity"),
            Self::IdentityReveal => ("查看身份信息", "see an identity in clear"),
            Self::IdentityExport => ("导出含姓名的名单", "let a list with names leave"),
            Self::ScreeningManage => ("管理筛查轮次与采样点", "manage rounds and sites"),
            Self::ScreeningSample => ("采样登记", "register samples"),
            Self::ScreeningCarry => ("送样交接", "carry and hand over samples"),
            Self::LaboratoryWork => ("检测与报告", "test and report results"),
            Self::ScreeningRead => ("查阅筛查情况", "read the screening"),
            Self::TracingRecord => ("记录流调", "record tracing"),
            Self::TracingRead => ("查阅病例与密接", "read cases and contacts"),
            Self::StatusRead => ("查阅健康码状态", "read a person's status"),
            Self::CheckInRecord => ("记录场所码登记", "record check-ins"),
            Self::AssessmentSign => ("签署研判", "sign an assessment"),
            Self::PlanRead => ("查阅方案", "read plans"),
            Self::PlanApprove => ("批准方案", "approve plans"),
            Self::MeasuresObserve => ("记录其他单位采取的措施", "record measures that others imposed"),
            Self::ZonesRead => ("查阅风险区与封控", "read zones and closures"),
            Self::IsolationManage => ("管理隔离点与转运", "manage facilities and trips"),
            Self::FacilityWork => ("隔离点日常工作", "work at a facility"),
            Self::TripWork => ("转运途中记录", "record a trip"),
            Self::IsolationRead => ("查阅隔离情况", "read facilities, stays and trips"),
            Self::OrdersManage => ("下达与改派指令", "issue and reassign orders"),
            Self::OrdersWork => ("办理指令", "work on orders"),
            Self::OrdersRead => ("查阅指令", "read orders"),
            Self::SuppliesWork => ("登记物资", "record supplies"),
            Self::SuppliesRead => ("查阅物资", "read supplies"),
            Self::CommandDecide => ("切换平急与指挥", "decide on emergency and command"),
            Self::CommandRead => ("查阅指挥总览", "read the board and the briefing"),
            Self::NoticesPublish => ("发布通告", "publish notices"),
            Self::AppealAnswer => ("答复申诉", "answer appeals"),
            Self::ResidentAdmit => ("发放居民登录码", "hand residents their codes"),
            Self::OwnFile => ("查看本人档案", "see one's own file"),
            Self::AuditRead => ("查阅审计记录", "read the audit"),
            Self::FiguresRead => ("查阅系统运行指标", "read the server's figures"),
            Self::DrillControl => ("控制演练时钟", "control a drill"),
        };
        Text::new(zh, en)
    }

    /// What several are called, in their order.
    #[must_use]
    pub fn names(permissions: &[Self]) -> Text {
        listed(permissions.iter().map(|permission| permission.name()))
    }
}

fn listed(names: impl Iterator<Item = Text>) -> Text {
    let (zh, en): (Vec<String>, Vec<String>) = names.map(|name| (name.zh, name.en)).unzip();
    Text::new(zh.join("、"), en.join(", "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::PartialSchema;

    use super::*;
    use crate::refusal::has_chinese;

    #[test]
    fn every_role_and_permission_has_a_name_of_its_own_in_both_languages() {
        let schema = serde_json::to_value(Permission::schema()).unwrap();
        let permissions: Vec<Permission> = serde_json::from_value(schema["enum"].clone()).unwrap();
        let names = Role::ALL.iter().map(|role| role.name()).chain(permissions.iter().map(|one| one.name()));
        let names: Vec<Text> = names.collect();
        for name in &names {
            assert!(has_chinese(&name.zh) && !name.zh.chars().any(|letter| letter.is_ascii_alphabetic()), "{name:?}");
            assert!(!has_chinese(&name.en) && !name.en.is_empty(), "{name:?}");
        }
        let different: BTreeSet<&str> = names.iter().map(|name| name.zh.as_str()).collect();
        assert_eq!(different.len(), names.len());
    }

    #[test]
    fn what_leaves_a_drill_says_so_in_both_languages_and_once() {
        let marked = Text::new("解除隔离证明", "Certificate of release").of_drill();
        assert_eq!(
            (marked.zh.as_str(), marked.en.as_str()),
            ("【演练】解除隔离证明", "[Drill] Certificate of release")
        );
        assert_eq!(marked.clone().of_drill(), marked);
    }
}
