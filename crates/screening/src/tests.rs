//! Tests on a real store.
