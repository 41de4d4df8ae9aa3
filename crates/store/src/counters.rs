//! Numbers that are given out one after the other: of tubes, orders, people. The table says which was the last; inside
//! one commit it is asked once and written once, however many are taken.

use std::collections::BTreeMap;

use crate::engine::{Result, Tx};
use crate::values;

/// The counters that a commit took from.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// The last number that was given out.
    last: BTreeMap<String, i64>,
    /// What the present command found before it took any.
    before: BTreeMap<String, i64>,
}

impl Counters {
    /// Takes `count` numbers and answers the first.
    pub(crate) fn take(&mut self, tx: &mut Tx<'_>, counter: &str, count: i64) -> Result<i64> {
        let last = match self.last.get(counter) {
            Some(last) => *last,
            None => {
                let jurisdiction = tx.jurisdiction();
                tx.number("SELECT value FROM counter WHERE j = $1 AND name = $2", values![jurisdiction, counter])?
            }
        };
        if !self.before.contains_key(counter) {
            self.before.insert(counter.to_owned(), last);
        }
        match self.last.get_mut(counter) {
            Some(stood) => *stood = last + count,
            None => {
                self.last.insert(counter.to_owned(), last + count);
            }
        }
        Ok(last + 1)
    }

    /// The present command is kept: its numbers are used.
    pub(crate) fn keep(&mut self) {
        self.before.clear();
    }

    /// The present command was refused: its numbers are free again.
    pub(crate) fn undo(&mut self) {
        self.last.append(&mut self.before);
    }

    /// Writes the last numbers, before the commit.
    pub(crate) fn write(self, tx: &mut Tx<'_>) -> Result<()> {
        let jurisdiction = tx.jurisdiction();
        for (name, value) in &self.last {
            tx.execute(
                "INSERT INTO counter (j, name, value) VALUES ($1, $2, $3)
                 ON CONFLICT (j, name) DO UPDATE SET value = excluded.value",
                values![jurisdiction, name.as_str(), *value],
            )?;
        }
        Ok(())
    }
}
