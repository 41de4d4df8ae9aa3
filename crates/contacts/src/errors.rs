//! Why contacts refused something. Observations are never refused for being impossible, only for naming what does
//! not exist.

use outpace_core::{CaseId, Refusal};
use outpace_store::StoreError;
use thiserror::Error;

use crate::cases::Stage;
use crate::check_ins::{CHECK_INS_MAX, GAPS_MAX};
use crate::{BATCH_MAX, TEXT_CHARACTERS_MAX};

/// Every refusal of this capability's commands.
#[derive(Debug, Error)]
pub enum ContactsError {
    /// More rows than one command takes.
    #[error("{0} rows in one batch")]
    BatchTooLarge(usize),
    /// An id that nothing has, or that lies outside the actor's area.
    #[error("unknown {field} {id}")]
    Unknown {
        /// The field.
        field: &'static str,
        /// The id.
        id: i64,
    },
    /// Check-ins come from devices: their counters are what makes them idempotent.
    #[error("no device")]
    NoDevice,
    /// More check-ins than one request takes.
    #[error("{0} check-ins in one request")]
    TooManyCheckIns(usize),
    /// A counter that no device gives.
    #[error("counter {0}")]
    Counter(i64),
    /// A device whose check-ins come with too many gaps.
    #[error("{0} gaps")]
    TooManyGaps(usize),
    /// A text that is no place's code.
    #[error("no place code")]
    NoCode,
    /// Neither a place nor a vehicle.
    #[error("no spot")]
    NoSpot,
    /// A step that a case cannot take.
    #[error("case {case} cannot go from {from:?} to {to:?}")]
    Step {
        /// The case.
        case: CaseId,
        /// Where it stands.
        from: Stage,
        /// Where it was to go.
        to: Stage,
    },
    /// A case that is over cannot be opened as such.
    #[error("a case cannot begin as {0:?}")]
    Beginning(Stage),
    /// A receiver that the reporting chain does not have.
    #[error("unknown receiver {0}")]
    UnknownReceiver(String),
    /// A text that is empty or too long.
    #[error("{field}: empty or too long")]
    Text {
        /// The field.
        field: &'static str,
    },
    /// Nothing to change.
    #[error("{0} names nothing to change")]
    Nothing(&'static str),
    /// A letter that was answered already.
    #[error("letter {0} is answered")]
    LetterAnswered(i64),
    /// Refused further down.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our own failure.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ContactsError> for Refusal {
    fn from(error: ContactsError) -> Self {
        use ContactsError as E;
        match error {
            E::BatchTooLarge(rows) => Self::rule(
                "batch_too_large",
                "rows",
                rows,
                format!("一次最多提交 {BATCH_MAX} 行,请分批提交。"),
                format!("One command takes at most {BATCH_MAX} rows; send them in parts."),
            ),
            E::NoDevice => Self::new(
                403,
                "no_device",
                "actor",
                "",
                "场所登记只接受设备令牌,请用登记设备提交。",
                "Check-ins are taken from devices only; send them with the token of one.",
            ),
            E::TooManyCheckIns(rows) => Self::rule(
                "batch_too_large",
                "check_ins",
                rows,
                format!("一次最多提交 {CHECK_INS_MAX} 条登记,请分批提交。"),
                format!("One request takes at most {CHECK_INS_MAX} check-ins; send them in parts."),
            ),
            E::Counter(counter) => Self::rule(
                "counter",
                "counter",
                counter,
                "设备计数从 1 开始,每次登记加 1。",
                "A device counts its check-ins from 1, one by one.",
            ),
            E::TooManyGaps(gaps) => Self::rule(
                "too_many_gaps",
                "counter",
                gaps,
                format!("缺号段超过 {GAPS_MAX} 个;请按顺序补传缺失的登记。"),
                format!("There are more than {GAPS_MAX} gaps; send the missing check-ins in order."),
            ),
            E::Unknown { field, id } => Self::unknown(
                "unknown_id",
                field,
                id,
                "没有该编号的记录,或不在您的权限范围内。",
                "Nothing has this id, or it lies outside your area.",
            ),
            E::NoCode => Self::rule(
                "no_place_code",
                "code",
                "",
                "这不是场所码;请扫描场所门口或屏幕上的码。",
                "This is no place's code; scan the one at its door or on its screen.",
            ),
            E::NoSpot => Self::rule(
                "no_spot",
                "place",
                "",
                "请给出场所或车辆,二者之一。",
                "Name a place or a vehicle, one of the two.",
            ),
            E::Step { case, from, to } => Self::conflict(
                "case_step",
                "stage",
                to.word(),
                format!("病例 {case} 当前为“{}”,不能变为“{}”;可变为:{}。", from.zh(), to.zh(), from.next_zh()),
                format!(
                    "Case {case} is {} and cannot become {}; it may become: {}.",
                    from.word(),
                    to.word(),
                    from.next_words()
                ),
            ),
            E::Beginning(stage) => Self::rule(
                "case_beginning",
                "stage",
                stage.word(),
                "病例只能以疑似、初筛阳性、确诊、无症状或复阳立案。",
                "A case begins as suspected, preliminary, confirmed, asymptomatic or positive again.",
            ),
            E::UnknownReceiver(key) => Self::unknown(
                "unknown_receiver",
                "to",
                key,
                "辖区配置的报告链中没有该接收单位。",
                "The reporting chain of the jurisdiction's profile has no such receiver.",
            ),
            E::Text { field } => Self::rule(
                "text_length",
                field,
                "",
                format!("请填写,且不超过 {TEXT_CHARACTERS_MAX} 个字。"),
                format!("Fill this in, with at most {TEXT_CHARACTERS_MAX} characters."),
            ),
            E::Nothing(field) => Self::rule(
                "nothing_to_change",
                field,
                "",
                "没有给出任何要更改的内容。",
                "The request names nothing to change.",
            ),
            E::LetterAnswered(letter) => Self::conflict(
                "letter_answered",
                "letter",
                letter,
                "该协查函已答复;如有补充,请另发一函。",
                "This letter is answered; send another one if there is more to say.",
            ),
            E::Refused(refusal) => refusal,
            E::Store(error) => Self::from(error),
        }
    }
}
