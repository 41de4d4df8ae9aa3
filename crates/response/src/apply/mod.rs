//! Carries out lines: each item goes to the capability that keeps it, and what came of it is recorded under the item's
//! key. Who agreed was settled before; nothing here decides anything.
//!
//! Each line is carried out under a savepoint of its own. One that is refused, or stops on a bug of ours, is halved until
//! the items that cannot be carried out stand alone; all others act. What failed is recorded with its error and tried
//! again, ever more seldom, for as long as something asks for it.

mod grounds;
mod people;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{PlanId, Refusal, Seq, Text};
use outpace_isolation::{Because as Hangs, LiftReason};
use outpace_store::Unit;
use outpace_zoning::Ground;

use crate::closure::owner;
use crate::errors::ResponseError;
use crate::facts::{Agreed, Applied, FailedItem, ItemsApplied, ItemsFailed, ItemsLifted, ItemsPassed, PassedItem};
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

/// What became of the items that were to be carried out: each stands in exactly one of the three.
#[derive(Debug, Default)]
pub(crate) struct CarriedOut {
    /// In force or gone now.
    pub(crate) done: BTreeSet<Key>,
    /// Not begun, because their end had passed while they waited. They are not tried again.
    pub(crate) passed: Vec<PassedItem>,
    /// Refused. They are tried again.
    pub(crate) failed: Vec<FailedItem>,
}

/// Carries out some items of a line, as many as can be. `agreed` says what an officer agreed to of each, where one did: then
/// what fails is started later without asking again.
///
/// # Errors
/// Only what keeps the whole unit from being kept: the engine is in trouble.
pub(crate) fn carry_out(
    unit: &mut Unit<'_>,
    call: &Call,
    order: Order<'_>,
    agreed: Option<fn(&Planned) -> Agreed>,
) -> Result<CarriedOut, Refusal> {
    let now = unit.now();
    let mut out = CarriedOut::default();
    let (plan, line) = (order.plan, order.line);
    let is_over = |item: &Planned| item.what.measure().is_some() && item.ends_at.is_some_and(|end| end <= now);
    let (over, due): (Vec<Planned>, Vec<Planned>) =
        order.items.into_iter().partition(|item| line.action != Action::Lift && is_over(item));
    let over = over.into_iter().filter_map(|item| {
        let Planned { key, what, ends_at, .. } = item;
        ends_at.map(|ended_at| PassedItem { key, what, ended_at })
    });
    out.passed.extend(over);
    in_parts(unit, call, Order { items: due, ..order }, agreed, &mut out)?;
    let mut passed = out.passed.clone();
    while !passed.is_empty() {
        let rest = passed.split_off(passed.len().min(FACT_ITEMS_MAX));
        unit.record(ItemsPassed { plan, line: line.key.clone(), items: passed })?;
        passed = rest;
    }
    failed(unit, Some(plan), &line.key, &line.title, out.failed.clone())?;
    Ok(out)
}

/// Records what failed, if anything did.
pub(crate) fn failed(
    unit: &mut Unit<'_>,
    plan: Option<PlanId>,
    line: &str,
    title: &Text,
    mut items: Vec<FailedItem>,
) -> Result<(), Refusal> {
    while !items.is_empty() {
        let rest = items.split_off(items.len().min(FACT_ITEMS_MAX));
        for item in &items {
            tracing::error!(line, key = %item.key, code = item.code, why = item.why.en, "an item could not be carried out");
        }
        unit.record(ItemsFailed { plan, line: line.to_owned(), title: title.clone(), items })?;
        items = rest;
    }
    Ok(())
}

/// Carries out items together, or in halves where that fails, down to each alone.
fn in_parts(
    unit: &mut Unit<'_>,
    call: &Call,
    order: Order<'_>,
    agreed: Option<fn(&Planned) -> Agreed>,
    out: &mut CarriedOut,
) -> Result<(), Refusal> {
    if order.items.is_empty() {
        return Ok(());
    }
    let Order { plan, line, why, .. } = order;
    match unit.attempt(|unit| together(unit, call, &order))? {
        Ok(()) => out.done.extend(order.items.into_iter().map(|item| item.key)),
        Err(refusal) if order.items.len() == 1 => {
            out.failed.extend(order.items.iter().map(|item| FailedItem {
                key: item.key.clone(),
                owner: owner(&item.what, item.with.as_ref(), item.about.as_ref()),
                code: refusal.code.clone(),
                why: refusal.text.clone(),
                agreed: agreed.map(|agreed| agreed(item)),
            }));
        }
        Err(_) => {
            let mut items = order.items;
            let second = items.split_off(items.len() / 2);
            in_parts(unit, call, Order { plan, line, items, why }, agreed, out)?;
            in_parts(unit, call, Order { plan, line, items: second, why }, agreed, out)?;
        }
    }
    Ok(())
}

/// Carries out all items of an order, or none.
fn together(unit: &mut Unit<'_>, call: &Call, order: &Order<'_>) -> Result<(), Refusal> {
    let mut applied: Vec<Applied> = Vec::new();
    let mut lifted: Vec<Key> = Vec::new();
    match order.line.action {
        Action::Add | Action::Change => {
            people::put(unit, call, order, &mut applied)?;
            grounds::put(unit, call, order, &mut applied)?;
            work::put(unit, call, order, &mut applied)?;
            let put: BTreeSet<&Key> = applied.iter().map(|item| &item.key).collect();
            if let Some(left) = order.items.iter().find(|item| !put.contains(&item.key)) {
                return Err(ResponseError::NotCarriedOut(left.key.to_string()).into());
            }
        }
        Action::Lift => {
            people::lift(unit, call, order)?;
            grounds::lift(unit, call, order)?;
            work::lift(unit, call, order)?;
            lifted.extend(order.items.iter().map(|item| item.key.clone()));
        }
    }
    while !applied.is_empty() {
        let rest = applied.split_off(applied.len().min(FACT_ITEMS_MAX));
        unit.record(ItemsApplied { plan: order.plan, line: order.line.key.clone(), items: applied })?;
        applied = rest;
    }
    if !lifted.is_empty() {
        unit.record(ItemsLifted { plan: order.plan, keys: lifted })?;
    }
    Ok(())
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
fn ground(line: &Line, item: &Planned) -> Result<Ground, ResponseError> {
    let reason = first_reason(line)?.text.clone();
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
    Ok(Ground { reason: short(reason), clause: shorten(&clause), facts, assessment })
}

/// The first reason of a line: nobody and nothing is restricted without one.
fn first_reason(line: &Line) -> Result<&Because, ResponseError> {
    line.because.first().ok_or_else(|| ResponseError::NoReason(line.key.clone()))
}

fn shorten(text: &str) -> String {
    text.chars().take(outpace_zoning::ground::REASON_CHARACTERS_MAX).collect()
}

fn short(text: Text) -> Text {
    Text { zh: shorten(&text.zh), en: shorten(&text.en) }
}

/// What a restriction of a line hangs on. That zones stand elsewhere is a reason for a zone and for nobody's restriction.
fn hangs_on(line: &Line) -> Result<Hangs, ResponseError> {
    match &first_reason(line)?.cause {
        Cause::Case(id) => Ok(Hangs::Case(*id)),
        Cause::Tube(code) => Ok(Hangs::Tube(code.clone())),
        Cause::Assessment(id) => Ok(Hangs::Assessment(*id)),
        Cause::Contact(person) | Cause::Test(person) => Ok(Hangs::Person(*person)),
        Cause::OtherZones => Err(ResponseError::NoReason(line.key.clone())),
    }
}

/// Whether an item is of people, of grounds or work; each part takes its own.
fn is_about_people(what: &What) -> bool {
    matches!(what, What::Hold { .. } | What::Confine { .. })
}
