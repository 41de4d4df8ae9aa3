//! Closed lists: every word that a data file may use where code has to know what it means.

/// A closed list of words, each with a key for files and a Chinese name for people.
pub trait Closed: Copy + Ord + Sized + 'static {
    /// What the list is a list of, for error messages.
    const WHAT: &'static str;
    /// Every member, in the order of declaration.
    const ALL: &'static [Self];
    /// The key used in files and in JSON.
    fn key(self) -> &'static str;
    /// The Chinese name.
    fn zh(self) -> &'static str;
    /// Position in [`Closed::ALL`].
    fn index(self) -> usize;

    /// The member with this key.
    fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|member| member.key() == key)
    }

    /// All keys, for the message that says what would be right.
    fn keys() -> String {
        Self::ALL.iter().map(|member| member.key()).collect::<Vec<_>>().join(", ")
    }
}

/// Declares a closed list: `Variant = "key" / "中文"`.
macro_rules! closed {
    ($(#[$meta:meta])* pub enum $name:ident : $what:literal {
        $( $(#[$vmeta:meta])* $variant:ident = $key:literal / $zh:literal, )*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $( $(#[$vmeta])* #[serde(rename = $key)] $variant, )* }

        impl $crate::Closed for $name {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[ $( Self::$variant, )* ];
            fn key(self) -> &'static str { match self { $( Self::$variant => $key, )* } }
            fn zh(self) -> &'static str { match self { $( Self::$variant => $zh, )* } }
            fn index(self) -> usize { self as usize }
        }

        #[allow(dead_code, reason = "lists that stay inside the crate do not need both")]
        impl $name {
            /// The key used in files and in JSON.
            #[must_use]
            pub fn key(self) -> &'static str { $crate::Closed::key(self) }
            /// The Chinese name.
            #[must_use]
            pub fn zh(self) -> &'static str { $crate::Closed::zh(self) }
        }

        impl $crate::part::Scalar for $name {
            fn parse(node: &$crate::node::Node) -> Result<Self, String> {
                let text = node.text().ok_or_else(|| format!("expected one of: {}", <Self as $crate::Closed>::keys()))?;
                <Self as $crate::Closed>::from_key(text)
                    .ok_or_else(|| format!("`{text}` is not a {}; one of: {}", $what, <Self as $crate::Closed>::keys()))
            }
            fn shown(&self) -> String { $crate::Closed::key(*self).to_owned() }
        }
        scalar_part!($name);
    };
}
