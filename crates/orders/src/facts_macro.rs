//! One macro that declares a fact: the struct as it stands in the journal, and its stable name.

/// Declares facts: `Name = "capability.what_happened" { field: Type, }`, each with its docstring.
macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($(#[$field_doc:meta])* $field:ident : $type:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl outpace_store::Fact for $name { const KIND: &'static str = $kind; }
    )* };
}
