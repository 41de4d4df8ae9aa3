//! Does what is in force follow? Once from the rules: every measure is decided again from the facts, and one that no rule
//! asks for is named. Once from the journal: the tables that hold measures are folded again beside the real ones, and a row
//! that was added, taken away or changed by hand is named with its columns.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::{Call, Empty, Office};
use outpace_core::{Refusal, Text, Trigger};
use outpace_store::Tx;
use outpace_store::retrace::{Difference, Stray};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::items::What;
use crate::load;

/// The capabilities whose tables hold who and what is under a measure, and why.
pub const CAPABILITIES: [&str; 3] = ["zoning", "isolation", "response"];

/// Something in force that does not follow from the facts, or follows and is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unfounded {
    /// Its key: of the item that the rules know, or the row of the table.
    pub key: String,
    /// What it is, in one word; the table, for a row.
    pub word: String,
    /// The number that its capability gave it; 0 for a row without one.
    pub id: i64,
    /// What is wrong.
    pub why: Text,
}

/// What recomputing every restriction and zone in force found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verified {
    /// Measures that were looked at.
    pub checked: i64,
    /// Those that do not follow.
    pub unfounded: Vec<Unfounded>,
}

/// What is in force beside the plan, by its own table: each kind with the numbers that stand there.
fn standing(tx: &mut Tx<'_>) -> Result<Vec<(&'static str, i64, String)>, Refusal> {
    let mut all = Vec::new();
    for one in outpace_isolation::in_force(tx, &outpace_isolation::Filter::default())? {
        all.push(("restriction", one.id.0, format!("person/{}", one.person)));
    }
    for zone in outpace_zoning::in_force(tx)? {
        all.push(("zone", zone.id.0, format!("zone/{}", zone.id)));
    }
    for closure in outpace_zoning::closures::in_force(tx)? {
        all.push(("closure", closure.id.0, format!("closure/{}", closure.id)));
    }
    Ok(all)
}

/// The table that keeps an item of a plan; none for work and notices.
fn kept_in(what: &What) -> Option<&'static str> {
    match what {
        What::Hold { .. } | What::Confine { .. } => Some("restriction"),
        What::Zone { .. } => Some("zone"),
        What::Closure { .. } | What::PlaceHold { .. } | What::GoodsHold { .. } => Some("closure"),
        What::Order { .. } | What::Notice { .. } => None,
    }
}

/// Recomputes every restriction, zone, closure and hold in force from the facts, and names any that does not follow.
/// A measure that was declined in its stricter form and stands in a milder one follows too.
///
/// # Errors
/// What the store refused.
pub fn by_the_rules(tx: &mut Tx<'_>, call: &Call) -> Result<Verified, Refusal> {
    let rules = load::rules(call);
    let (situation, _) = load::load(tx, call, &[Trigger::Everything])?;
    let desired = crate::decide(&situation, &rules, call.now);
    let mut verified = Verified::default();
    let measures = situation.in_force.iter().filter(|(_, held)| !held.observed);
    let mut known: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    for (key, held) in measures {
        let Some(table) = kept_in(&held.what) else { continue };
        verified.checked += 1;
        known.entry(table).or_default().insert(held.id);
        let why = match desired.items.get(key) {
            None => Some(Text::new("按规则和事实均无依据", "no rule and no fact asks for it")),
            Some(item) if held.what.strictness() > item.what.strictness() => {
                Some(Text::new("严于规则要求", "it is stricter than the rules ask for"))
            }
            Some(_) => None,
        };
        if let Some(why) = why {
            let (key, word) = (key.to_string(), held.what.word().to_owned());
            verified.unfounded.push(Unfounded { key, word, id: held.id, why });
        }
    }
    for (table, id, key) in standing(tx)? {
        if !known.get(table).is_some_and(|ids| ids.contains(&id)) {
            verified.checked += 1;
            let why = Text::new("不是由计划施加", "no plan put it in force");
            verified.unfounded.push(Unfounded { key, word: table.to_owned(), id, why });
        }
    }
    Ok(verified)
}

/// A row that does not follow from the journal, as it is told.
fn told(stray: &Stray) -> Unfounded {
    let id = stray.key.split(", ").find_map(|pair| pair.strip_prefix("id ")).and_then(|id| id.parse().ok());
    let why = match &stray.difference {
        Difference::Added => Text::new("没有事实支持该行", "no fact made this row"),
        Difference::Missing => Text::new("事实支持的行被删除", "a row that facts made was taken away"),
        Difference::Changed(columns) => Text::new(
            format!("与日志不符(括号内为应有值):{}", columns.join("、")),
            format!("differs from the journal (what it says in brackets): {}", columns.join(", ")),
        ),
    };
    Unfounded { key: format!("{} {}", stray.table, stray.key), word: stray.table.to_owned(), id: id.unwrap_or(0), why }
}

/// Everything in force that does not follow, from the rules or from the journal.
///
/// # Errors
/// What the store refused.
pub fn verify(office: &Office, tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<Verified, Refusal> {
    let mut verified = by_the_rules(tx, call)?;
    verified.unfounded.extend(office.store.strays(tx, &CAPABILITIES)?.iter().map(told));
    Ok(verified)
}
