//! Why the residents' side refused something.

use outpace_core::{PersonId, Refusal, RequestId, RestrictionId};
use outpace_store::StoreError;
use thiserror::Error;

/// The most characters of what somebody writes in a request or an answer.
pub const WORDS_MAX: usize = 2_000;

/// Every refusal of this capability.
#[derive(Debug, Error)]
pub enum ResidentsError {
    /// A code that nobody was handed, that was used, or whose time is over. Which of them is not said.
    #[error("no such code")]
    WrongCode,
    /// A file that is not the caller's, or nobody's.
    #[error("not the caller's file: {0}")]
    NotYours(PersonId),
    /// An account that is bound to no person.
    #[error("no file")]
    NoFile,
    /// Nobody is registered under this id, or they live outside the actor's area.
    #[error("unknown person {0}")]
    UnknownPerson(PersonId),
    /// A restriction that is not one of the person.
    #[error("unknown restriction {0}")]
    UnknownRestriction(RestrictionId),
    /// A request that nobody made.
    #[error("unknown request {0}")]
    UnknownRequest(RequestId),
    /// A request that has its answer.
    #[error("request {0} is answered")]
    Answered(RequestId),
    /// Words that are missing or too many.
    #[error("{0}: empty or too long")]
    Words(&'static str),
    /// Somebody who decided, or who is under one who did.
    #[error("not independent of request {0}")]
    NotIndependent(RequestId),
    /// An outcome that the kind of request does not have.
    #[error("wrong outcome")]
    WrongOutcome {
        /// What it has.
        may: &'static str,
    },
    /// A yes without the fact that makes it true.
    #[error("no correcting fact")]
    NoFact {
        /// What stood there.
        value: String,
    },
    /// Refused further down.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our own failure.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ResidentsError> for Refusal {
    fn from(error: ResidentsError) -> Self {
        use ResidentsError as E;
        match error {
            E::WrongCode => Self::new(
                401,
                "wrong_code",
                "code",
                "",
                "登录码不正确、已用过或已过期;请向网格员或采样点工作人员索取新码。",
                "This code is not right, was used, or is over; ask the grid worker or the sampling site for a new one.",
            ),
            E::NotYours(person) => Self::unknown(
                "not_yours",
                "person",
                person,
                "只能查看本人,以及由您监护或照顾的人的档案。",
                "You see your own file, and those of the people you act for.",
            ),
            E::NoFile => Self::forbidden(
                "actor",
                "",
                "此账户没有对应的个人档案;请凭登录码重新登录。",
                "This account has no file; sign in again with a code.",
            ),
            E::UnknownPerson(person) => Self::unknown(
                "unknown_person",
                "person",
                person,
                "没有该编号的人员,或不在您的权限范围内。",
                "Nobody has this number, or they live outside your area.",
            ),
            E::UnknownRestriction(restriction) => Self::unknown(
                "unknown_restriction",
                "restriction",
                restriction,
                "此人没有该编号的管控措施。",
                "This person has no such measure.",
            ),
            E::UnknownRequest(request) => Self::unknown(
                "unknown_request",
                "request",
                request,
                "没有该编号的申诉或更正请求,或不在您的权限范围内。",
                "There is no such appeal or request, or it lies outside your area.",
            ),
            E::Answered(request) => Self::conflict(
                "request_answered",
                "request",
                request,
                "该请求已答复;如有新情况,当事人可再次提出。",
                "It is answered; if there is more to say, the person may ask again.",
            ),
            E::Words(field) => Self::rule(
                "words",
                field,
                "",
                format!("请用中英文写明,每种不超过 {WORDS_MAX} 个字。"),
                format!("Say it in words, at most {WORDS_MAX} characters."),
            ),
            E::NotIndependent(request) => Self::new(
                403,
                "not_independent",
                "request",
                request,
                "申诉须由未参与该措施决定、也不受决定人领导的人答复;请转交督导组、审计员或另一位总指挥。",
                "Whoever answers took no part in the decision and is not under who did; pass it to an auditor or another commander.",
            ),
            E::WrongOutcome { may } => Self::rule(
                "outcome",
                "outcome",
                "",
                format!("此类请求的结论须为:{may}。"),
                format!("The outcome of such a request is one of: {may}."),
            ),
            E::NoFact { value } => Self::rule(
                "no_fact",
                "fact",
                value,
                "同意须有更正的事实:请先由有权人员撤销结果、排除病例或到访、更正登记,再填写该事实的编号。",
                "A yes rests on a fact: have the result, the case or the visit taken back, or the record corrected first, and name that fact's number.",
            ),
            E::Refused(refusal) => refusal,
            E::Store(error) => Self::from(error),
        }
    }
}
