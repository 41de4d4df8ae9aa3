//! Why an assessment, an approval or a naming was refused.

use outpace_core::{AreaId, AssessmentId, CaseId, PersonId, PlaceId, PlanId, Refusal, Role};

/// An intention that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// No such assessment.
    #[error("unknown assessment {0}")]
    UnknownAssessment(AssessmentId),
    /// The assessment lacks what its finding speaks of.
    #[error("the finding asks for {0}")]
    Scope(&'static str),
    /// An area outside the jurisdiction or no area.
    #[error("unknown area {0}")]
    UnknownArea(AreaId),
    /// No such place.
    #[error("unknown place {0}")]
    UnknownPlace(PlaceId),
    /// No such case.
    #[error("unknown case {0}")]
    UnknownCase(CaseId),
    /// A case that cannot leave care: not confirmed yet, or over.
    #[error("case {0} is {1} and cannot be discharged")]
    NotDischargeable(CaseId, &'static str),
    /// No such person.
    #[error("unknown person {0}")]
    UnknownPerson(PersonId),
    /// The pack does not know the level.
    #[error("the pack has no level {0}")]
    UnknownLevel(&'static str),
    /// An end that is not ahead, or too far.
    #[error("expires_at is not between now and {0} days ahead")]
    Expiry(i64),
    /// Words are missing or too long.
    #[error("{0} is missing or too long")]
    Words(&'static str),
    /// No line of that name.
    #[error("unknown line {0}")]
    UnknownLine(String),
    /// The line was decided, or no longer stands.
    #[error("line {0} is {1}")]
    NotWaiting(String, String),
    /// The line grew worse since the plan that the officer saw.
    #[error("line {line} grew worse in plan {newest}")]
    GrewWorse {
        /// The line.
        line: String,
        /// The plan to look at.
        newest: PlanId,
    },
    /// The plan does not exist yet.
    #[error("unknown plan {0}")]
    UnknownPlan(PlanId),
    /// The role may not approve this measure (now).
    #[error("{role:?} may not answer; {may}")]
    NotApprover {
        /// The role that tried.
        role: Role,
        /// Who may.
        may: String,
    },
    /// The same person has said yes already, and a second one is needed.
    #[error("a second person is needed")]
    SecondPerson,
    /// Verbal approvals do not count here, or this one is too old or ahead.
    #[error("a verbal yes has to be recorded within {0} minutes")]
    Verbal(i64),
    /// Such a narrowing is none.
    #[error("{0} cannot be narrowed so")]
    NotNarrower(String),
    /// A line that follows another is answered with that one.
    #[error("line {0} follows another")]
    Follows(String),
    /// The pack of a comparison does not exist.
    #[error("unknown pack {0}")]
    UnknownPack(String),
}

impl From<ResponseError> for Refusal {
    #[allow(clippy::too_many_lines)] // one sentence for each
    fn from(error: ResponseError) -> Self {
        use ResponseError as E;
        match error {
            E::UnknownAssessment(id) => Self::unknown(
                "unknown_assessment",
                "assessment",
                id,
                "没有这条研判,请核对编号。",
                "There is no such assessment; check the number.",
            ),
            E::Scope(what) => Self::rule(
                "scope",
                "scope",
                what,
                format!("该研判结论须在范围中给出 {what}。"),
                format!("This finding needs {what} in its scope."),
            ),
            E::UnknownArea(area) => Self::unknown(
                "unknown_area",
                "scope.areas",
                area,
                "没有这个区域,请使用本辖区的区划代码。",
                "There is no such area; use a code of this jurisdiction.",
            ),
            E::UnknownPlace(place) => Self::unknown(
                "unknown_place",
                "scope.places",
                place,
                "没有这个场所,请先登记。",
                "There is no such place; register it first.",
            ),
            E::UnknownCase(case) => Self::unknown(
                "unknown_case",
                "scope.cases",
                case,
                "没有这个病例,请核对编号。",
                "There is no such case; check the number.",
            ),
            E::NotDischargeable(case, stage) => Self::conflict(
                "not_dischargeable",
                "scope.cases",
                case,
                format!("病例当前为 {stage},须为确诊病例、无症状感染者或复阳人员方可同意出院。"),
                format!("The case is {stage}; only one that is confirmed, asymptomatic or positive again leaves care."),
            ),
            E::UnknownPerson(person) => Self::unknown(
                "unknown_person",
                "person",
                person,
                "没有这名人员,请核对编号。",
                "There is no such person; check the number.",
            ),
            E::UnknownLevel(level) => Self::rule(
                "unknown_level",
                "finding.level",
                level,
                "现行方案没有这一等级。",
                "The pack in force does not know this level.",
            ),
            E::Expiry(days) => Self::rule(
                "expiry",
                "expires_at",
                "",
                format!("有效期须在当前时间之后且不超过 {days} 天。"),
                format!("An assessment ends in the future, at most {days} days ahead."),
            ),
            E::Words(field) => Self::rule(
                "words",
                field,
                "",
                "须填写(中英文均须填写,各不超过 1000 字)。",
                "Words are needed here, in both languages where both are asked for, at most 1,000 characters each.",
            ),
            E::UnknownLine(line) => Self::unknown(
                "unknown_line",
                "line",
                line,
                "计划中没有这一行,请刷新计划。",
                "The plan has no such line; look at it again.",
            ),
            E::NotWaiting(line, state) => Self::conflict(
                "line_not_waiting",
                "line",
                line,
                format!("该行状态为 {state},不再等待批准。"),
                format!("This line is {state}; it no longer waits for an answer."),
            ),
            E::GrewWorse { line, newest } => Self::conflict(
                "line_grew_worse",
                "plan",
                line,
                format!("该行在计划 {newest} 中加重,须重新查看后批准。"),
                format!("This line grew worse in plan {newest}; look at that one and answer again."),
            ),
            E::UnknownPlan(plan) => Self::unknown(
                "unknown_plan",
                "plan",
                plan,
                "没有这份计划,请核对编号。",
                "There is no such plan; check the number.",
            ),
            E::NotApprover { role, may } => Self::forbidden(
                "role",
                format!("{role:?}"),
                format!("该行须由以下角色批准:{may}。"),
                format!("This line is approved by: {may}."),
            ),
            E::SecondPerson => Self::conflict(
                "second_person_needed",
                "actor",
                "",
                "重大措施须由两名不同的负责人批准,您已同意,请等待另一人。",
                "A grave measure needs two different persons; you have agreed, another one has to.",
            ),
            E::Verbal(minutes) => Self::rule(
                "verbal",
                "said_at",
                "",
                format!("口头批准须在 {minutes} 分钟内补录,且不得晚于当前时间。"),
                format!("A verbal yes is recorded within {minutes} minutes, and never ahead of time."),
            ),
            E::NotNarrower(line) => Self::rule(
                "not_narrower",
                "narrow",
                line,
                "收窄只能减少人员、降低等级、改为居家或提前结束。",
                "Narrowing takes people out, lowers the level, moves to home, or ends earlier; nothing else.",
            ),
            E::Follows(line) => Self::rule(
                "line_follows",
                "line",
                line,
                "该行随其所属措施一并执行,请批准该措施。",
                "This line comes with the measure it belongs to; answer that one.",
            ),
            E::UnknownPack(pack) => {
                Self::unknown("unknown_pack", "pack", pack, "没有这一方案。", "There is no such pack.")
            }
        }
    }
}
