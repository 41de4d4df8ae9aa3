//! Why an intention about orders, teams, command or notices was refused.

use outpace_core::{AreaId, OrderId, Refusal, Role, Timestamp};
use thiserror::Error;

use crate::orders::OrderState;

/// One variant per way to be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrdersError {
    /// A number that nothing of this sort has.
    #[error("unknown {field} {value}")]
    Unknown {
        /// The field it stood in.
        field: &'static str,
        /// What stood there.
        value: String,
    },
    /// A step that the table of states does not have.
    #[error("order {order} is {from:?} and cannot become {to:?}")]
    Step {
        /// Which order.
        order: OrderId,
        /// Where it stands.
        from: OrderState,
        /// Where it was to go.
        to: OrderState,
    },
    /// A field that must say something is empty or too long.
    #[error("{field} needs 1 to {characters_max} characters")]
    Length {
        /// The field.
        field: &'static str,
        /// What stood there.
        value: String,
        /// The most that is accepted.
        characters_max: usize,
    },
    /// A moment that must lie ahead lies behind.
    #[error("{field} lies in the past")]
    Past {
        /// The field.
        field: &'static str,
        /// What stood there.
        value: Timestamp,
        /// The moment of the call.
        now: Timestamp,
    },
    /// Anything else, with its own code and words.
    #[error("{code}: {en}")]
    Rule {
        /// HTTP status: 409 for a state, 422 for a rule.
        status: u16,
        /// Stable code.
        code: &'static str,
        /// The field.
        field: String,
        /// What stood there.
        value: String,
        /// What would be right, in Chinese.
        zh: String,
        /// What would be right, in English.
        en: String,
    },
}

impl OrdersError {
    /// A number that nothing has, or that lies outside the actor's area, which must look the same.
    pub fn unknown(field: &'static str, value: impl std::fmt::Display) -> Self {
        Self::Unknown { field, value: value.to_string() }
    }

    /// A rule of its own words.
    pub fn rule(
        code: &'static str,
        field: impl Into<String>,
        value: impl std::fmt::Display,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        let value = value.to_string();
        Self::Rule { status: 422, code, field: field.into(), value, zh: zh.into(), en: en.into() }
    }

    /// The thing is in a state in which this cannot be done.
    pub fn state(
        code: &'static str,
        field: impl Into<String>,
        value: impl std::fmt::Display,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        let value = value.to_string();
        Self::Rule { status: 409, code, field: field.into(), value, zh: zh.into(), en: en.into() }
    }
}

impl From<OrdersError> for Refusal {
    fn from(error: OrdersError) -> Self {
        match error {
            OrdersError::Unknown { field, value } => Self::unknown(
                &format!("unknown_{field}"),
                field,
                &value,
                format!("没有 {field} 为 {value} 的记录,或不在您的权限范围内。"),
                format!("There is no {field} {value}, or it lies outside your area."),
            ),
            OrdersError::Step { order, from, to } => {
                let (now, then) = (from.name(), to.name());
                let next: Vec<_> = OrderState::ALL.into_iter().filter(|state| from.allows(*state)).collect();
                let list = |pick: fn(outpace_core::Text) -> String, none: &str, comma: &str| match next.is_empty() {
                    true => none.to_owned(),
                    false => next.iter().map(|state| pick(state.name())).collect::<Vec<_>>().join(comma),
                };
                let (zh, en) = (list(|name| name.zh, "无", "、"), list(|name| name.en, "nothing", ", "));
                Self::conflict(
                    "order_state",
                    "order",
                    order,
                    format!("任务单 {order} 当前为“{}”,不能变为“{}”;可变为:{zh}。", now.zh, then.zh),
                    format!("Order {order} is {}; it cannot become {}. It may become: {en}.", now.en, then.en),
                )
            }
            OrdersError::Length { field, value, characters_max } => Self::rule(
                "text_length",
                field,
                value.chars().take(80).collect::<String>(),
                format!("{field} 须为 1 至 {characters_max} 个字。"),
                format!("{field} has 1 to {characters_max} characters."),
            ),
            OrdersError::Past { field, value, now } => Self::rule(
                "in_the_past",
                field,
                value,
                format!("{field} 必须晚于现在({now})。"),
                format!("{field} must lie after now ({now})."),
            ),
            OrdersError::Rule { status, code, field, value, zh, en } => Self::new(status, code, &field, value, zh, en),
        }
    }
}

/// The longest reason, title or name accepted, in characters.
pub const SHORT_CHARACTERS_MAX: usize = 400;
/// The longest body of a notice accepted, in characters.
pub const BODY_CHARACTERS_MAX: usize = 20_000;

/// Passes a text that says something and is not endless.
///
/// # Errors
/// [`OrdersError::Length`] otherwise.
pub fn said(field: &'static str, text: &str, characters_max: usize) -> Result<(), OrdersError> {
    if text.trim().is_empty() || text.chars().count() > characters_max {
        return Err(OrdersError::Length { field, value: text.to_owned(), characters_max });
    }
    Ok(())
}

/// The words of a role, for notices and messages.
#[must_use]
pub fn role_word(role: Role) -> String {
    crate::words::word(&role)
}

/// A grid code that is no area is refused before it reaches a table.
///
/// # Errors
/// [`OrdersError::Rule`] for a number that is no area code.
pub fn is_area(area: AreaId) -> Result<(), OrdersError> {
    if area.level().is_some() {
        return Ok(());
    }
    Err(OrdersError::rule(
        "area_code",
        "area",
        area,
        "区域代码须为 2、4、6、9、12 或 15 位数字。",
        "An area code has 2, 4, 6, 9, 12 or 15 digits.",
    ))
}
