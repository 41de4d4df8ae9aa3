//! `decide()`: which measures, work and notices should exist, given what is known. Pure and total: no store, no clock,
//! no randomness. It never looks at whether something was declined or approved; that is the plan's matter.
//!
//! [`contacts`] finds who is a contact of which class; [`people`] decides holds and confinements; [`grounds`] zones,
//! closures and holds of places and goods; [`work`] the orders of the playbook and the notices.

mod contacts;
mod grounds;
mod people;
mod rounds;
mod work;

use std::collections::BTreeMap;

use outpace_core::{Text, Timestamp};
use outpace_policy::{Citation, Pack, Playbook, Profile, Sourced};

pub use contacts::{Contact, contacts, window};
pub(crate) use grounds::often_at;
pub use grounds::scopes;

use crate::items::{Because, Cause, Item, Key};
use crate::situation::Situation;

/// The rules that decide() is given.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What must be done.
    pub pack: &'a Pack,
    /// The kinds of orders.
    pub playbook: &'a Playbook,
    /// Who approves what.
    pub profile: &'a Profile,
}

impl Rules<'_> {
    /// Minutes east of Greenwich of the jurisdiction.
    #[must_use]
    pub fn offset_minutes(&self) -> i64 {
        i64::from(self.profile.utc_offset_minutes)
    }

    /// The local day of a moment, counted from the epoch.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> i64 {
        at.local_day(self.offset_minutes())
    }

    /// The moment at which a measure ends that lasts through a local day.
    #[must_use]
    pub fn end_of_day(&self, day: i64) -> Timestamp {
        let hours = i64::from(self.pack.clock.day_ends_hour.value);
        Timestamp::start_of_local_day(day, self.offset_minutes()).plus_hours(hours)
    }
}

/// The desired response: everything that should exist, by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The items.
    pub items: BTreeMap<Key, Item>,
}

impl Response {
    /// Adds an item; a second one of the same key lends it its reasons.
    pub(crate) fn add(&mut self, key: Key, item: Item) {
        match self.items.get_mut(&key) {
            None => {
                self.items.insert(key, item);
            }
            Some(kept) => {
                let weight = |item: &Item| (item.what.strictness(), item.ends_at.is_none(), item.ends_at);
                let stricter = weight(&item) > weight(kept);
                let (mut stronger, weaker) = if stricter { (item, kept.clone()) } else { (kept.clone(), item) };
                stronger.because.extend(weaker.because);
                *kept = stronger;
            }
        }
    }
}

/// Decides. The same situation gives the same response, whatever order its facts came in.
#[must_use]
pub fn decide(situation: &Situation, rules: &Rules<'_>, now: Timestamp) -> Response {
    let mut response = Response::default();
    let contacts = contacts(situation, rules, now);
    people::decide(situation, rules, now, &contacts, &mut response);
    grounds::decide(situation, rules, now, &mut response);
    // Last, because work follows from measures.
    work::decide(situation, rules, now, &contacts, &mut response);
    response
}

/// The citation behind a value of the pack.
pub(crate) fn cite<T>(value: &Sourced<T>) -> Option<Citation> {
    Some((*value.source).clone())
}

/// A reason by rule.
pub(crate) fn by_rule(cause: Cause, clause: Option<Citation>, facts: &[outpace_core::Seq], text: Text) -> Because {
    Because { cause, clause, facts: facts.to_vec(), judgement: false, text }
}
