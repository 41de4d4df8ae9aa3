//! What each part of the staff did: who had it, how they signed in, which permissions they used, and for what the office's
//! data name their role. A test of the house compares it with what roles may do: nobody has a wider one than their part needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

/// How somebody got in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// Not at all.
    Nobody,
    /// By a password alone.
    Password,
    /// By a password and a code.
    SecondFactor,
    /// As a device, by its token.
    Device,
}

/// What a part of the work is done as: everybody with the same one does the same part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Badge {
    /// The role, as the system answered.
    pub role: String,
    /// The task force, where they lead one.
    pub task_force: Option<String>,
    /// What a device is for: `lane`, `site`, `laboratory`, `vehicle`.
    pub post: Option<String>,
    /// How they got in.
    pub entry: Entry,
}

impl Badge {
    /// Who has not signed in.
    #[must_use]
    pub fn nobody() -> Self {
        Self { role: "nobody".to_owned(), task_force: None, post: None, entry: Entry::Nobody }
    }

    /// What the answer to a sign-in says of whoever signed in: role and task force, and whether a second factor was given.
    #[must_use]
    pub fn signed_in(answer: &Value) -> Self {
        let given = answer.pointer("/second_factor").and_then(Value::as_str) == Some("given");
        Self { entry: if given { Entry::SecondFactor } else { Entry::Password }, ..Self::of(answer) }
    }

    /// What the answer to setting a device up says of it.
    #[must_use]
    pub fn device(answer: &Value, post: Option<&str>) -> Self {
        Self { entry: Entry::Device, post: post.map(str::to_owned), ..Self::of(answer) }
    }

    fn of(answer: &Value) -> Self {
        let word = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let (role, task_force) = (word("/actor/role").unwrap_or_default(), word("/actor/task_force"));
        Self { role, task_force, ..Self::nobody() }
    }
}

/// What was done by whoever has one badge.
#[derive(Debug, Clone, Default)]
struct Deeds {
    actors: BTreeSet<i64>,
    paths: BTreeSet<String>,
    named_for: BTreeSet<String>,
}

/// What everybody did so far.
#[derive(Debug, Clone, Default)]
pub struct Parts(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    badges: BTreeMap<i64, Badge>,
    deeds: BTreeMap<Badge, Deeds>,
}

/// One part of the work, as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Who does it.
    pub badge: Badge,
    /// How many.
    pub actors: usize,
    /// The permissions that were used, by the system's own document; what is open to everyone is none.
    pub permissions: BTreeSet<String>,
    /// What the office's data name the role for: `approves:` a measure (the profile), `order:` its owner (the playbook).
    pub named_for: BTreeSet<String>,
}

impl Parts {
    /// Somebody got in, or got in again in another way.
    pub fn entered(&self, actor: i64, badge: Badge) {
        self.told(|told| {
            told.deeds.entry(badge.clone()).or_default().actors.insert(actor);
            told.badges.insert(actor, badge);
        });
    }

    /// Somebody asked a path with success.
    pub fn did(&self, actor: i64, path: &str) {
        self.add(actor, path, |deeds| &mut deeds.paths);
    }

    /// Somebody did what the office's data name their role for.
    pub fn was_named(&self, actor: i64, what: &str) {
        self.add(actor, what, |deeds| &mut deeds.named_for);
    }

    fn add(&self, actor: i64, what: &str, to: fn(&mut Deeds) -> &mut BTreeSet<String>) {
        self.told(|told| {
            let badge = told.badges.get(&actor).cloned().unwrap_or_else(Badge::nobody);
            let known = to(told.deeds.entry(badge).or_default());
            if !known.contains(what) {
                known.insert(what.to_owned());
            }
        });
    }

    fn told<A>(&self, look: impl FnOnce(&mut Told) -> A) -> A {
        // A poisoned lock holds what was noted until then.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every part that anything was done in, with the permission that each path needs.
    #[must_use]
    pub fn list(&self, needs: impl Fn(&str) -> Option<String>) -> Vec<Part> {
        let part = |(badge, deeds): (&Badge, &Deeds)| Part {
            badge: badge.clone(),
            actors: deeds.actors.len(),
            permissions: deeds.paths.iter().filter_map(|path| needs(path)).collect(),
            named_for: deeds.named_for.clone(),
        };
        self.told(|told| told.deeds.iter().map(part).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_done_before_the_second_factor_is_told_apart_from_what_is_done_with_it() {
        let parts = Parts::default();
        let answer = |second_factor: &str| json!({ "actor": { "role": "commander" }, "second_factor": second_factor });
        parts.entered(7, Badge::signed_in(&answer("to_enrol")));
        parts.did(7, "/enrol");
        parts.entered(7, Badge::signed_in(&answer("given")));
        parts.did(7, "/approve");
        parts.did(8, "/sign-in");
        let done = parts.list(|path| Some(path.to_owned()));
        let of = |entry: Entry| done.iter().find(|part| part.badge.entry == entry).unwrap();
        assert_eq!(of(Entry::Password).permissions, BTreeSet::from(["/enrol".to_owned()]));
        assert_eq!(of(Entry::SecondFactor).permissions, BTreeSet::from(["/approve".to_owned()]));
        assert_eq!((of(Entry::Nobody).badge.role.as_str(), of(Entry::Nobody).actors), ("nobody", 0));
    }
}
