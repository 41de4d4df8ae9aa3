//! Carries out lines: each item goes to the capability that keeps it, and what came of it is recorded under the item's
//! key. Who agreed was settled before; nothing here decides anything.

mod grounds;
mod people;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AssessmentId, PlanId, Refusal, Seq, Text};
use outpace_isolation::{Because as Hangs, LiftReason};
use outpace_store::Unit;
use outpace_zoning::Ground;

use crate::facts::{Applied, ItemsApplied, ItemsLifted};
use crate::items::{Because, Cause, Key, What};
use crate::plan::{Action, Line, Planned};

/// Items of one recorded fact.
const FACT_ITEMS_MAX: usize = 500;

/// What is carried out together.
pub(crate) struct Order<'a> {
    /// The plan.
    pub(crate) plan: PlanId,
    /// The line.
    pub(crate) line: &'a Line,
    /// Which of its items; all that are not blocked.
    pub(crate) items: Vec<Planned>,
    /// Why what is lifted ends, where more is known than that nothing asks for it.
    pub(crate) why: &'a BTreeMap<Key, LiftReason>,
}

/// Carries out some items of a line. Answers the keys that are in force or gone now.
pub(crate) fn carry_out(unit: &mut Unit<'_>, call: &Call, order: &Order<'_>) -> Result<BTreeSet<Key>, Refusal> {
    let mut applied: Vec<Applied> = Vec::new();
    let mut lifted: Vec<Key> = Vec::new();
    match order.line.action {
        Action::Add | Action::Change => {
            people::put(unit, call, order, &mut applied)?;
            grounds::put(unit, call, order, &mut applied)?;
            work::put(unit, call, order, &mut applied)?;
        }
        Action::Lift => {
            people::lift(unit, call, order)?;
            grounds::lift(unit, call, order)?;
            work::lift(unit, call, order)?;
            lifted.extend(order.items.iter().map(|item| item.key.clone()));
        }
    }
    let keys: BTreeSet<Key> = applied.iter().map(|item| item.key.clone()).chain(lifted.iter().cloned()).collect();
    while !applied.is_empty() {
        let rest = applied.split_off(applied.len().min(FACT_ITEMS_MAX));
        unit.record(ItemsApplied { plan: order.plan, line: order.line.key.clone(), items: applied })?;
        applied = rest;
    }
    if !lifted.is_empty() {
        unit.record(ItemsLifted { plan: order.plan, keys: lifted })?;
    }
    Ok(keys)
}

/// An item as it was put in force.
fn applied(item: &Planned, id: i64) -> Applied {
    Applied {
        key: item.key.clone(),
        what: item.what.clone(),
        id,
        starts_at: item.starts_at,
        ends_at: item.ends_at,
        facts: item.facts.clone(),
        with: item.with.clone(),
        about: item.about.clone(),
    }
}

/// Why, in the form that zones and restrictions keep.
fn ground(line: &Line, item: &Planned) -> Ground {
    let first = line.because.first();
    let reason = first.map_or_else(|| Text::new("无", "none"), |because| because.text.clone());
    let clause = line.because.iter().find_map(|because| because.clause.as_ref());
    let assessment = line.because.iter().find_map(|because| match because.cause {
        Cause::Assessment(id) if because.judgement => Some(id),
        _ => None,
    });
    let clause = match (clause, assessment) {
        (Some(clause), _) => format!("{} · {}", clause.layer, clause.clause),
        (None, Some(id)) => format!("研判 assessment {id}"),
        (None, None) => line.word.clone(),
    };
    let mut facts: Vec<Seq> = item.facts.clone();
    facts.truncate(outpace_zoning::ground::FACTS_MAX);
    Ground { reason: short(reason), clause: shorten(&clause), facts, assessment }
}

fn shorten(text: &str) -> String {
    text.chars().take(outpace_zoning::ground::REASON_CHARACTERS_MAX).collect()
}

fn short(text: Text) -> Text {
    Text { zh: shorten(&text.zh), en: shorten(&text.en) }
}

/// What a restriction hangs on.
fn hangs_on(because: Option<&Because>) -> Hangs {
    match because.map(|because| &because.cause) {
        Some(Cause::Case(id)) => Hangs::Case(*id),
        Some(Cause::Tube(code)) => Hangs::Tube(code.clone()),
        Some(Cause::Assessment(id)) => Hangs::Assessment(*id),
        Some(Cause::Contact(person) | Cause::Test(person)) => Hangs::Person(*person),
        Some(Cause::OtherZones) | None => Hangs::Assessment(AssessmentId(0)),
    }
}

/// Whether an item is of people, of grounds or work; each part takes its own.
fn is_about_people(what: &What) -> bool {
    matches!(what, What::Hold { .. } | What::Confine { .. })
}
