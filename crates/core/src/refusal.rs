//! Why an intention was refused: which field, what stood there, what would be right, in both languages.
//!
//! Capabilities keep their own error enums and turn them into a [`Refusal`] at the boundary; the HTTP edge prints it
//! as problem+json, the command line as one line. Internal errors become [`Refusal::internal`] and tell nothing.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// One sentence in both languages. Chinese and English are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Both languages at once.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// What somebody typed into one field: `中文 / English` is told apart, anything else is the same in both.
    #[must_use]
    pub fn typed(words: &str) -> Self {
        match words.split_once(" / ") {
            Some((zh, en)) if has_chinese(zh) && !has_chinese(en) => Self::new(zh.trim(), en.trim()),
            _ => Self::new(words, words),
        }
    }
}

/// Whether words hold a Chinese character.
#[must_use]
pub fn has_chinese(words: &str) -> bool {
    words.chars().any(|letter| ('\u{3400}'..='\u{9fff}').contains(&letter))
}

/// An intention that changed nothing, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Refusal {
    /// HTTP status: 400 malformed, 401 not signed in, 403 not allowed, 404 unknown, 409 wrong state, 422 breaks a rule, 503 busy.
    pub status: u16,
    /// Stable code, such as `tube_sealed`.
    pub code: String,
    /// The field that was wrong, such as `tube`; empty when it is the whole request.
    pub field: String,
    /// What stood there.
    pub value: String,
    /// What was wrong and what would be right, for the person at the screen.
    pub text: Text,
}

impl Refusal {
    /// A refusal with every part named.
    pub fn new(
        status: u16,
        code: &str,
        field: &str,
        value: impl fmt::Display,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.to_owned(),
            field: field.to_owned(),
            value: value.to_string(),
            text: Text::new(zh, en),
        }
    }

    /// 404: the thing named does not exist (or lies outside the actor's area, which must look the same).
    pub fn unknown(
        code: &str,
        field: &str,
        value: impl fmt::Display,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self::new(404, code, field, value, zh, en)
    }

    /// 409: the thing is in a state in which this cannot be done.
    pub fn conflict(
        code: &str,
        field: &str,
        value: impl fmt::Display,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self::new(409, code, field, value, zh, en)
    }

    /// 422: well formed, but against a rule.
    pub fn rule(
        code: &str,
        field: &str,
        value: impl fmt::Display,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self::new(422, code, field, value, zh, en)
    }

    /// 403: signed in, but not allowed.
    pub fn forbidden(field: &str, value: impl fmt::Display, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(403, "forbidden", field, value, zh, en)
    }

    /// 500: our failure. The cause goes to the log, not to the caller.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            500,
            "internal",
            "",
            "",
            "系统内部错误,未作任何更改;请重试,若再次出现请联系管理员。",
            "Internal error; nothing was changed. Try again, and tell the administrator if it happens again.",
        )
    }

    /// Whether this is our own failure.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.status == 500
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: ", self.code)?;
        if !self.field.is_empty() {
            write!(out, "{} = {:?}: ", self.field, self.value)?;
        }
        write!(out, "{} / {}", self.text.en, self.text.zh)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::{Text, has_chinese};

    #[test]
    fn what_was_typed_in_both_languages_is_told_apart_and_nothing_else_is() {
        assert_eq!(Text::typed("传播风险较高。 / The risk is high."), Text::new("传播风险较高。", "The risk is high."));
        for plain in ["只有中文", "English only", "县 / 乡", "a / b", ""] {
            assert_eq!(Text::typed(plain), Text::new(plain, plain));
        }
        assert!(has_chinese("a 县") && !has_chinese("Qingxu, 2022"));
    }
}
