//! What facts are, in words that everybody understands.

use outpace_core::Text;
use outpace_isolation::{EndedWhy, LiftReason, RestrictionKind};

/// What a kind of fact is. A kind that is not listed is told by its name: nothing is hidden for want of a word.
pub(crate) fn of_kind(kind: &str) -> Text {
    let (zh, en) = match kind {
        "screening.results_reported" => ("检测结果", "a test result"),
        "screening.results_excluded" => ("撤销检测结果", "a test result was taken back"),
        "screening.swabs_taken" => ("采样登记", "a sample was taken"),
        "screening.antigen_reported" => ("抗原检测结果", "an antigen test"),
        "contacts.case_opened" => ("发现病例", "a case was found"),
        "contacts.case_stage_changed" => ("病例分型变更", "what is known of a case changed"),
        "contacts.case_dates_set" => ("病例时间更正", "dates of a case"),
        "contacts.contacts_recorded" => ("流调登记的接触", "a contact that tracers recorded"),
        "contacts.visits_recorded" => ("到访记录", "a record of a stay"),
        "contacts.check_ins_taken" => ("扫码登记", "a check-in"),
        "contacts.case_excluded" => ("病例排除", "a case was excluded"),
        "contacts.contact_excluded" => ("接触排除", "a contact was excluded"),
        "contacts.contact_updated" => ("接触更正", "a contact was corrected"),
        "contacts.visit_excluded" => ("到访撤销", "a stay was taken back"),
        "screening.swab_identified" => ("样本归属更正", "whose a sample is was put right"),
        "registry.person_moved" => ("住址变更登记", "a move was recorded"),
        "registry.person_tagged" => ("照护需求登记", "care tags were recorded"),
        "registry.presence_changed" => ("在离登记", "presence or absence was recorded"),
        "registry.guardian_named" => ("登记监护人或照护人", "a guardian was recorded"),
        "registry.guardian_ended" => ("结束监护或照护登记", "a guardianship was ended"),
        "registry.household_contact_kept" => ("户联系方式更正", "a household's telephone was corrected"),
        "registry.identity_corrected" => ("身份信息更正", "an identity was corrected"),
        "response.assessment_withdrawn" => ("撤回研判", "an assessment was withdrawn"),
        "response.assessment_signed" => ("签署的研判", "a signed assessment"),
        "zoning.zone_declared" => ("划定区域", "a zone was declared"),
        "registry.people_imported" => ("人口登记", "the registry"),
        other => return Text::new(other, other.replace(['.', '_'], " ")),
    };
    Text::new(zh, en)
}

/// What lifts a measure before its end.
pub(super) fn lifted_by(kind: RestrictionKind) -> Text {
    let (zh, en) = match kind {
        RestrictionKind::Hold => (
            "本人单采结果为阴性即解除;到期自动解除;申诉成立时解除。",
            "Your own negative result lifts it. It ends by itself at its time. An appeal that is right lifts it.",
        ),
        RestrictionKind::Isolation => (
            "达到出院标准即解除;结果撤销或病例排除时立即解除。",
            "Meeting the rules of discharge lifts it. If the result or the case is taken back, it is lifted at once.",
        ),
        _ => (
            "到期自动解除;所依据的事实被撤销或申诉成立时立即解除。",
            "It ends by itself at its time. If what it rests on is taken back, or an appeal is right, it is lifted at once.",
        ),
    };
    Text::new(zh, en)
}

/// How a measure ended.
pub(super) fn ended(why: &EndedWhy) -> Text {
    let (zh, en) = match why {
        EndedWhy::Expired => ("到期解除", "its time had come"),
        EndedWhy::Lapsed => ("到期未复核而失效,责任在我方", "it ran out undecided: our failure"),
        EndedWhy::Lifted(LiftReason::Superseded) => ("由另一项措施取代", "another measure took its place"),
        EndedWhy::Lifted(LiftReason::Excluded(_)) => ("所依据的事实被撤销", "what it rested on was taken back"),
        EndedWhy::Lifted(LiftReason::Negative(_)) => ("本人检测阴性", "your own test was negative"),
        EndedWhy::Lifted(LiftReason::Fulfilled) => ("达到解除条件", "the rule of release was met"),
        EndedWhy::Lifted(LiftReason::NoGround) => ("已无依据", "nothing calls for it any more"),
        EndedWhy::Lifted(LiftReason::Appeal) => ("申诉成立", "an appeal was right"),
        EndedWhy::Lifted(LiftReason::Other(words)) => return words.clone(),
    };
    Text::new(zh, en)
}

/// How a stay is known.
pub(super) fn known_by(evidence: outpace_contacts::Evidence) -> Text {
    use outpace_contacts::Evidence as E;
    let (zh, en) = match evidence {
        E::Roster => ("值班或考勤名单", "a duty list"),
        E::CheckIn => ("扫码登记", "a check-in"),
        E::Interview => ("本人陈述", "your own words"),
        E::Witness => ("他人陈述", "somebody else's words"),
        E::Camera => ("监控", "a camera"),
        E::Payment => ("支付记录", "a payment"),
        E::VehicleRecord => ("车票或车辆记录", "a ticket or a vehicle's record"),
        E::Phone => ("手机定位", "a telephone's position"),
    };
    Text::new(zh, en)
}
