//! Why the registry refused something.

use outpace_core::{AreaId, HouseholdId, PersonId, Refusal};
use outpace_store::StoreError;
use thiserror::Error;

use crate::BATCH_MAX;
use crate::people::limit::{FINDS_PER_HOUR_MAX, MISSES_PER_HOUR_MAX, SHOWN_MAX};

/// Every refusal of the registry's commands.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// More rows than one import takes.
    #[error("{0} rows in one batch")]
    BatchTooLarge(usize),
    /// A reference stands twice in one batch.
    #[error("reference {reference} twice")]
    ReferenceTwice {
        /// The source's number.
        reference: i64,
    },
    /// A reference that nothing was imported under.
    #[error("unknown reference {reference} in {field}")]
    UnknownReference {
        /// The field.
        field: &'static str,
        /// The source's number.
        reference: i64,
    },
    /// A code that is no area code, or of a level that does not fit here.
    #[error("{0} is no usable area code")]
    AreaCode(AreaId),
    /// An area that was never imported.
    #[error("unknown area {0}")]
    UnknownArea(AreaId),
    /// An id that nothing has (or that lies outside the actor's area).
    #[error("unknown {field} {id}")]
    Unknown {
        /// The field.
        field: &'static str,
        /// The id.
        id: i64,
    },
    /// A value that cannot be.
    #[error("{field} = {value:?}: {en}")]
    Value {
        /// The field.
        field: &'static str,
        /// What stood there.
        value: String,
        /// What would be right, Chinese.
        zh: &'static str,
        /// What would be right, English.
        en: &'static str,
    },
    /// An identity was asked for without saying why.
    #[error("no purpose")]
    NoPurpose,
    /// The vault holds nothing about the subject.
    #[error("no identity of {0}")]
    NoIdentity(PersonId),
    /// Nothing to search by.
    #[error("nothing to search by")]
    NothingToFind,
    /// One account looked for people more often than work needs.
    #[error("too many finds")]
    TooManyFinds,
    /// So many answer to what was asked that an answer would be a list.
    #[error("{0} answer to it")]
    TooManyFound(usize),
    /// A person is already there.
    #[error("{person} already lives in {household}")]
    LivesThere {
        /// The person.
        person: PersonId,
        /// The household.
        household: HouseholdId,
    },
    /// The area is outside the actor's.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our own failure.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RegistryError> for Refusal {
    fn from(error: RegistryError) -> Self {
        use RegistryError as E;
        match error {
            E::BatchTooLarge(rows) => Self::rule(
                "batch_too_large",
                "rows",
                rows,
                format!("一次最多导入 {BATCH_MAX} 行,请分批提交。"),
                format!("One import takes at most {BATCH_MAX} rows; send it in parts."),
            ),
            E::ReferenceTwice { reference } => Self::rule(
                "reference_twice",
                "reference",
                reference,
                "同一批内编号重复,每个编号只能出现一次。",
                "This reference stands twice in the batch; each may stand once.",
            ),
            E::UnknownReference { field, reference } => Self::unknown(
                "unknown_reference",
                field,
                reference,
                "没有导入过该编号,请先导入它所指的户、场所或车辆。",
                "Nothing was imported under this reference; import the household, place or vehicle it means first.",
            ),
            E::AreaCode(code) => Self::rule(
                "area_code",
                "area",
                code,
                "区域代码须为 2、4、6、9、12 或 15 位;人和场所须在行政村、社区或网格一级。",
                "An area code has 2, 4, 6, 9, 12 or 15 digits; people and places stand at a village or a grid.",
            ),
            E::UnknownArea(code) => Self::unknown(
                "unknown_area",
                "area",
                code,
                "没有该区域,请先导入区域。",
                "There is no such area; import the areas first.",
            ),
            E::Unknown { field, id } => Self::unknown(
                "unknown_id",
                field,
                id,
                "没有该编号的记录,或不在您的权限范围内。",
                "Nothing has this id, or it lies outside your area.",
            ),
            E::Value { field, value, zh, en } => Self::rule("value", field, value, zh, en),
            E::NoPurpose => Self::rule(
                "no_purpose",
                "purpose",
                "",
                "查看身份信息必须写明用途(4 至 200 个字),并会被记录。",
                "Say what you need the identity for (4 to 200 characters); it is recorded.",
            ),
            E::NoIdentity(person) => Self::unknown(
                "no_identity",
                "person",
                person,
                "保险库中没有此人的身份信息。",
                "The vault holds no identity of this person.",
            ),
            E::NothingToFind => Self::rule(
                "nothing_to_find",
                "id_number",
                "",
                "请至少给出证件号、电话,或姓名加出生日期。",
                "Give an ID number, a telephone number, or a name with a date of birth.",
            ),
            E::TooManyFinds => Self::new(
                429,
                "too_many_finds",
                "",
                "",
                format!(
                    "一小时内查找次数过多(上限 {FINDS_PER_HOUR_MAX} 次,其中查无此人 {MISSES_PER_HOUR_MAX} 次);请稍后再试,或由他人协助。"
                ),
                format!(
                    "Too many finds in an hour (at most {FINDS_PER_HOUR_MAX}, of which {MISSES_PER_HOUR_MAX} that find nobody); try later, or let somebody help."
                ),
            ),
            E::TooManyFound(found) => Self::rule(
                "too_many_found",
                "",
                found,
                format!("查到的人超过 {SHOWN_MAX} 个,请用证件号查找。"),
                format!("More than {SHOWN_MAX} answer to it; look by ID number."),
            ),
            E::LivesThere { person, household } => Self::conflict(
                "lives_there",
                "household",
                household,
                format!("人员 {person} 已登记在该户。"),
                format!("Person {person} is already registered in this household."),
            ),
            E::Refused(refusal) => refusal,
            E::Store(error) => Self::from(error),
        }
    }
}
