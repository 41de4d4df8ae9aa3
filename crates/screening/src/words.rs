//! Closed words of this capability: one macro that spells each word once, for JSON, for tables and for people.

use outpace_store::{Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Declares a closed list of words: `Variant = "word" / "中文"`. The word stands in JSON and in TEXT columns.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $word:tt / $zh:literal, )* }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
        )]
        pub enum $name { $( $(#[$vmeta])* #[serde(rename = $word)] $variant, )* }

        impl $name {
            /// Every word, in the order of declaration.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The word in JSON and in tables.
            #[must_use]
            pub fn word(self) -> &'static str { match self { $( Self::$variant => $word, )* } }

            /// The Chinese name.
            #[must_use]
            pub fn zh(self) -> &'static str { match self { $( Self::$variant => $zh, )* } }

            /// Reads a word; `None` for any other text.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> { match text { $( $word => Some(Self::$variant), )* _ => None } }
        }

        impl From<$name> for outpace_core::Value<'_> {
            fn from(word: $name) -> Self { outpace_core::Value::Text(word.word()) }
        }

        impl outpace_core::FromValue for $name {
            fn from_value(value: outpace_core::Value<'_>) -> Result<Self, outpace_core::ValueError> {
                let outpace_core::Value::Text(text) = value else {
                    return Err(outpace_core::ValueError { expected: stringify!($name), found: value.kind() });
                };
                Self::parse(text)
                    .ok_or(outpace_core::ValueError { expected: stringify!($name), found: "another word" })
            }
        }
    };
}
pub(crate) use words;

/// A value as JSON text, for columns that are carried along and never searched.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(unreadable)
}

/// The value of a JSON column.
pub(crate) fn unjson<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(unreadable)
}

fn unreadable(source: serde_json::Error) -> StoreError {
    StoreError::Payload { kind: "screening".to_owned(), source }
}

/// Serde: leaves a false boolean out, so that bulk facts stay small.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands over references
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}
