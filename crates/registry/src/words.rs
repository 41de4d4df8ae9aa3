//! Two macros for what every capability repeats: closed lists of words, and facts.

/// Declares an enum whose members are kept as words: in tables, in facts and over HTTP alike.
///
/// ```
/// outpace_registry::words! {
///     /// Which bank.
///     pub enum Bank { /// East of the river.
///         East = "east", /// West of it.
///         West = "west", }
/// }
/// assert_eq!(Bank::from_word("west"), Some(Bank::West));
/// ```
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $member:ident = $word:tt,)* }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        $(#[$meta])*
        pub enum $name { $($(#[$doc])* #[serde(rename = $word)] $member,)* }

        impl $name {
            /// Every member, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$member,)*];

            /// The word under which it is kept.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$member => $word,)* }
            }

            /// The member with this word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$member),)* _ => None }
            }

            /// All words, for the message that says what would be right.
            #[must_use]
            pub fn all_words() -> String {
                [$($word),*].join(", ")
            }
        }

        impl From<$name> for outpace_core::Value<'_> {
            fn from(member: $name) -> Self { outpace_core::Value::Text(member.word()) }
        }

        impl outpace_core::FromValue for $name {
            fn from_value(value: outpace_core::Value<'_>) -> Result<Self, outpace_core::ValueError> {
                match value {
                    outpace_core::Value::Text(word) => Self::from_word(word),
                    _ => None,
                }
                .ok_or(outpace_core::ValueError { expected: stringify!($name), found: value.kind() })
            }
        }
    };
}

/// Declares facts: the struct as it stands in the journal, and its stable name.
///
/// ```
/// outpace_registry::facts! {
///     /// A gate was opened.
///     GateOpened = "example.gate_opened" {
///         /// Which.
///         gate: i64,
///     }
/// }
/// ```
#[macro_export]
macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($(#[$field_doc:meta])* $field:ident : $type:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl outpace_store::Fact for $name { const KIND: &'static str = $kind; }
    )* };
}
