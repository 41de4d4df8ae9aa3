//! Payloads in a backup: each sealed under the key of its class of data and month, which stands in `backup.keys` and never in a
//! backup. Destroying that key destroys the payload in every backup there is, and a backup without keys tells nobody anything.
//!
//! In the file of the journal the salt's place holds the key's name, the payload's place the box with salt and payload.

use outpace_core::Timestamp;

use super::rows::Owned;
use crate::capability::Capabilities;
use crate::engine::{Result, StoreError};
use crate::vault::Keys;

/// The table whose payloads are sealed.
pub(super) const JOURNAL: &str = "journal";
const SALT_BYTES: usize = 16;

/// Where the values of an entry stand in a row.
struct Places {
    seq: usize,
    kind: usize,
    recorded_at: usize,
    salt: usize,
    payload: usize,
}

impl Places {
    fn of(columns: &[String]) -> Result<Self> {
        let place = |name: &str| {
            let found = columns.iter().position(|column| column == name);
            found.ok_or_else(|| {
                StoreError::Folder(format!("journal.{name}: 备份缺少此列 · the backup lacks this column"))
            })
        };
        Ok(Self {
            seq: place("seq")?,
            kind: place("kind")?,
            recorded_at: place("recorded_at")?,
            salt: place("salt")?,
            payload: place("payload")?,
        })
    }
}

fn number(value: &Owned) -> i64 {
    if let Owned::Int(number) = value { *number } else { 0 }
}

/// Seals the entries of a journal on their way into a backup.
pub(super) struct Sealer<'a> {
    places: Places,
    keys: &'a Keys,
    capabilities: &'a Capabilities,
}

impl<'a> Sealer<'a> {
    pub(super) fn new(columns: &[String], keys: &'a Keys, capabilities: &'a Capabilities) -> Result<Self> {
        Ok(Self { places: Places::of(columns)?, keys, capabilities })
    }

    pub(super) fn seal(&self, row: &mut [Owned]) -> Result<()> {
        let places = &self.places;
        let (Owned::Blob(salt), Owned::Blob(payload)) = (&row[places.salt], &row[places.payload]) else {
            // Destroyed: there is nothing to seal.
            return Ok(());
        };
        let Owned::Text(kind) = &row[places.kind] else { return Ok(()) };
        let at = Timestamp(number(&row[places.recorded_at]));
        let name = Keys::name_for(self.capabilities.class_of(kind), at);
        self.keys.ensure(&name)?;
        let sealed =
            self.keys.seal(&name, number(&row[places.seq]), &[salt.as_slice(), payload.as_slice()].concat())?;
        row[places.salt] = Owned::Text(name);
        row[places.payload] = Owned::Blob(sealed);
        Ok(())
    }
}

/// Opens the entries of a backup.
pub(super) struct Opener<'a> {
    places: Places,
    keys: &'a Keys,
    /// Entries whose key was destroyed since the backup was taken.
    pub(super) destroyed: i64,
}

impl<'a> Opener<'a> {
    pub(super) fn new(columns: &[String], keys: &'a Keys) -> Result<Self> {
        Ok(Self { places: Places::of(columns)?, keys, destroyed: 0 })
    }

    pub(super) fn open(&mut self, row: &mut [Owned]) -> Result<()> {
        let (salt, payload, seq) = (self.places.salt, self.places.payload, number(&row[self.places.seq]));
        let (Owned::Text(name), Owned::Blob(sealed)) = (&row[salt], &row[payload]) else { return Ok(()) };
        let opened = if self.keys.has(name) { self.keys.unseal(name, seq, sealed).ok() } else { None };
        match opened.as_ref().and_then(|plain| plain.split_at_checked(SALT_BYTES)) {
            Some((first, rest)) => {
                let (first, rest) = (first.to_vec(), rest.to_vec());
                row[salt] = Owned::Blob(first);
                row[payload] = Owned::Blob(rest);
            }
            None => {
                self.destroyed += 1;
                row[salt] = Owned::Null;
                row[payload] = Owned::Null;
            }
        }
        Ok(())
    }
}
