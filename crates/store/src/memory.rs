//! What is kept in memory beside the tables: guards and boards, one value per type, restored at start and kept up by
//! the same facts. "Already sampled in this round" is answered from here, so that no random index is needed.

use std::any::{Any, TypeId};
use std::collections::HashMap;

/// One value of each type.
#[derive(Default)]
pub struct Memory {
    kept: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl Memory {
    /// The value of a type, if something put one there.
    #[must_use]
    pub fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.kept.get(&TypeId::of::<T>()).and_then(|kept| kept.downcast_ref())
    }

    /// The value of a type, made with its default on first use.
    pub fn of<T: Any + Send + Sync + Default>(&mut self) -> &mut T {
        let kept = self.kept.entry(TypeId::of::<T>()).or_insert_with(|| Box::<T>::default());
        // The entry is keyed by the type itself, so what stands there is a T; a fresh one replaces anything else.
        if !kept.is::<T>() {
            *kept = Box::<T>::default();
        }
        match kept.downcast_mut() {
            Some(value) => value,
            None => unreachable!("the entry was just made of this type"),
        }
    }

    /// Replaces the value of a type.
    pub fn put<T: Any + Send + Sync>(&mut self, value: T) {
        self.kept.insert(TypeId::of::<T>(), Box::new(value));
    }
}
