//! What a plan consists of: lines, each of items that happen for one reason, with who has to agree and what it costs.

use outpace_core::{Role, Seq, Text, Timestamp};
use outpace_policy::Measure;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::price::{Price, of_people};
use super::render;
use super::supplies::Supply;
use crate::care::{CareEntry, MissingCarer};
use crate::decide::Rules;
use crate::items::{Because, Key, What};
use crate::situation::{Fleet, Situation};

/// What happens to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is not in force and should be.
    Add,
    /// It is in force in another form.
    Change,
    /// It is in force and nothing asks for it any more.
    Lift,
}

/// Why nobody has to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtOnce {
    /// It only releases.
    Release,
    /// It restricts nobody.
    Work,
    /// Pack and profile let it start at once.
    Urgent,
    /// It lies within what was approved before.
    Approved,
}

/// Who has to agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// Nobody.
    AtOnce(AtOnce),
    /// An officer.
    Approval {
        /// The measure as the profile names it.
        #[schema(value_type = String)]
        measure: Measure,
        /// Roles of which any may approve.
        approvers: Vec<Role>,
        /// Roles that may after the time-out, in order.
        deputies: Vec<Role>,
        /// Minutes without an answer after which the next deputy may.
        timeout_minutes: u32,
        /// How many different persons must agree.
        persons: u32,
    },
    /// It comes with another line.
    Follows {
        /// That line's key.
        line: String,
    },
}

/// One item of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Planned {
    /// The item's key.
    pub key: Key,
    /// What it will be; for a lift, what it is.
    pub what: What,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Option<Timestamp>,
    /// The facts that it rests on.
    pub facts: Vec<Seq>,
    /// The measure that it follows from.
    pub with: Option<Key>,
    /// See [`Item::about`].
    pub about: Option<crate::items::Subject>,
    /// Number of the restriction, zone, closure or order that is changed or lifted.
    pub id: Option<i64>,
    /// The dependant for whom nobody has been named yet: the item waits until somebody is.
    pub blocked_by: Option<outpace_core::PersonId>,
}

impl Planned {
    /// The same work, begun when the measure that it comes with begins and not when it was planned: its deadline moves
    /// along.
    #[must_use]
    pub fn starting_at(&self, now: Timestamp) -> Self {
        let mut begun = self.clone();
        let waited_ms = now.since(self.starts_at).max(0);
        if let What::Order { deadline_at, .. } = &mut begun.what {
            *deadline_at = Timestamp(deadline_at.0.saturating_add(waited_ms));
        }
        begun.starts_at = self.starts_at.max(now);
        begun
    }

    /// What an officer decides on, without what moves by itself while nobody answers.
    fn essence(&self) -> Self {
        let mut still = self.clone();
        still.starts_at = Timestamp(0);
        if let What::Order { deadline_at, .. } = &mut still.what {
            *deadline_at = Timestamp(0);
        }
        still
    }
}

/// A line of the plan: items that happen for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// Stable name of the line.
    pub key: String,
    /// What happens.
    pub action: Action,
    /// To what, as a word: `facility_quarantine`, `zone_control`, `order/resample-member`.
    pub word: String,
    /// In words.
    pub title: Text,
    /// Why; the first reason is the one that asks for the most.
    pub because: Vec<Because>,
    /// The items.
    pub items: Vec<Planned>,
    /// Who has to agree.
    pub needs: Needs,
    /// Dependants who would be left without a carer.
    pub missing_carers: Vec<MissingCarer>,
    /// Residents with care needs and whether a way out is planned for them.
    pub care: Vec<CareEntry>,
    /// Who left in the look-back window.
    pub leavers: Vec<outpace_core::PersonId>,
    /// People who live or work in a zone: what it needs to live is reckoned from them.
    #[serde(default)]
    pub population: i64,
    /// Households in a zone.
    #[serde(default)]
    pub households: i64,
    /// What a locked zone needs to live and to be tested.
    #[serde(default)]
    pub supplies: Vec<Supply>,
    /// What it costs.
    pub price: Price,
}

impl Line {
    /// Whether it waits for an officer.
    #[must_use]
    pub fn waits(&self) -> bool {
        matches!(self.needs, Needs::Approval { .. })
    }

    /// Whether an officer who has seen one has seen the other: the passing of time alone makes no other line.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let essence = |line: &Self| Self {
            items: line.items.iter().map(Planned::essence).collect(),
            // Both are reckoned from the days that are left.
            supplies: Vec::new(),
            price: Price::default(),
            ..line.clone()
        };
        essence(self) == essence(other)
    }

    /// Writes title and price anew after people were added or taken out; zones are never put together.
    pub fn recount(&mut self, rules: &Rules<'_>, now: Timestamp, fleet: Fleet) {
        let about_people = self.items.iter().all(|item| matches!(item.what, What::Hold { .. } | What::Confine { .. }));
        if about_people {
            self.price = of_people(self, rules, now, fleet);
        }
        let named = self.items.iter().any(|item| matches!(item.what, What::Zone { .. } | What::PlaceHold { .. }));
        if !named {
            self.title = render::title(&Situation::default(), rules, self);
        }
    }

    /// Whether nobody is worse off by it.
    #[must_use]
    pub fn only_releases(&self) -> bool {
        matches!(self.needs, Needs::AtOnce(AtOnce::Release))
    }
}

/// Something that somebody else imposed, or that nothing we know asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WithoutReason {
    /// Its key.
    pub key: Key,
    /// What it is.
    pub what: What,
    /// Since when.
    pub starts_at: Timestamp,
    /// Until when it was said to last.
    pub ends_at: Option<Timestamp>,
    /// Whether it lasts longer than that (超期).
    pub overdue: bool,
    /// Whether the rules ask for something at least as strict for the same person or place: otherwise an extra layer (加码).
    pub asked_for: bool,
}

/// The difference between desired and in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// The lines, those that wait first.
    pub lines: Vec<Line>,
    /// What is in force without a reason of ours.
    pub without_reason: Vec<WithoutReason>,
    /// Items that stay away because they were declined and nothing new is known.
    pub kept_away: Vec<Key>,
    /// What all lines cost together.
    pub price: Price,
}

impl Plan {
    /// Whether nothing has to happen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}
