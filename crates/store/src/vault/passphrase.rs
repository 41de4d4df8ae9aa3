//! The passphrase of the key files: given once, before anything is opened, and kept for the life of the process, because
//! a key of the coming month must be written under it too.

use parking_lot::RwLock;
use zeroize::Zeroizing;

static GIVEN: RwLock<Option<Zeroizing<String>>> = RwLock::new(None);

/// The shortest passphrase that seals a key file, in characters.
pub const CHARACTERS_MIN: usize = 12;

/// Gives the passphrase with which key files are opened and sealed from now on. An empty one is none.
pub fn give(passphrase: Zeroizing<String>) {
    *GIVEN.write() = (!passphrase.is_empty()).then_some(passphrase);
}

/// The passphrase that was given.
pub(super) fn given() -> Option<Zeroizing<String>> {
    GIVEN.read().clone()
}
