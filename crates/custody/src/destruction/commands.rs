//! What falls due, and the order to destroy it.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::{Call, Empty};
use outpace_core::{Refusal, Timestamp};
use outpace_orders::command::{self, Mode, deciders};
use outpace_policy::Closed;
use outpace_policy::DataClass;
use outpace_store::destroy::{self, Part};
use outpace_store::vault::class_and_month;
use outpace_store::{Keys, Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{COUNTER, ClassMonth, DestructionOrdered, StandingOrder, store};
use crate::due::{Turn, due_at};
use crate::{CustodyError, class_of};

/// Characters of a reason.
const REASON_CHARACTERS: std::ops::RangeInclusive<usize> = 4..=500;

/// A class of data in a month, and when its days are over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DueRow {
    /// Class and month.
    pub part: ClassMonth,
    /// The class in Chinese.
    pub class_zh: String,
    /// Days that the pack gives it after the end of an emergency.
    pub days: i64,
    /// The clause.
    pub clause: String,
    /// Facts that hold it.
    pub entries: i64,
    /// Values in the vault: people and households.
    pub values: i64,
    /// When it falls due; `None` while the clock stands.
    pub due_at: Option<Timestamp>,
    /// Whether that moment has passed.
    pub is_due: bool,
}

/// What is held, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DueAnswer {
    /// By class and month.
    pub rows: Vec<DueRow>,
    /// Whether an emergency is on: then nothing is destroyed.
    pub emergency: bool,
    /// The moment of the answer.
    pub now: Timestamp,
    /// Minutes east of UTC.
    pub offset_minutes: i64,
}

pub(super) fn turns(tx: &mut Tx<'_>) -> outpace_store::Result<Vec<Turn>> {
    let switches = command::switches(tx)?;
    Ok(switches.into_iter().map(|(at, mode)| Turn { at, emergency: mode == Mode::Emergency }).collect())
}

/// What is held by class and month, and when its days are over.
///
/// # Errors
/// What the store refused.
pub fn due(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<DueAnswer, Refusal> {
    let turns = turns(tx)?;
    let held = destroy::held(tx, class_of)?;
    let parts: BTreeSet<&Part> = held.entries.keys().chain(held.values.keys()).collect();
    let rows = parts
        .into_iter()
        .filter_map(|part| {
            let class = DataClass::from_key(&part.class)?;
            let days = &call.pack().retention.get(class).days;
            let due_at = due_at(part, &turns, call.pack());
            Some(DueRow {
                part: part.into(),
                class_zh: class.zh().to_owned(),
                days: i64::from(days.value),
                clause: days.cite().to_string(),
                entries: held.entries.get(part).copied().unwrap_or(0),
                values: held.values.get(part).copied().unwrap_or(0),
                due_at,
                is_due: due_at.is_some_and(|at| at <= call.now),
            })
        })
        .collect();
    let emergency = command::state(tx)?.mode == Mode::Emergency;
    Ok(DueAnswer { rows, emergency, now: call.now, offset_minutes: call.offset_minutes() })
}

/// The names of the keys that a part has, of those that there are.
#[must_use]
pub fn keys_of(keys: &Keys, part: &ClassMonth) -> Vec<String> {
    let names = keys.names().into_iter();
    names.filter(|name| class_and_month(name) == Some((part.class.as_str(), part.month.as_str()))).collect()
}

/// What shall be destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderDestruction {
    /// Classes and months; absent or empty: everything that has fallen due.
    #[serde(default)]
    pub parts: Vec<ClassMonth>,
    /// Why, 4 to 500 characters.
    pub reason: String,
}

fn not_due(part: &ClassMonth, due_at: Option<Timestamp>) -> CustodyError {
    let value = format!("{} {}", part.class, part.month);
    let (zh, en) = match due_at {
        Some(at) => {
            (format!("{value} 至 {at} 才到期,不能提前销毁。"), format!("{value} falls due at {at}, not before."))
        }
        None => (
            format!("{value} 的保存期尚未开始计算:应急响应结束后才开始。"),
            format!("The days of {value} are not being counted yet: they begin when the emergency ends."),
        ),
    };
    CustodyError::State { code: "not_due", field: "parts", value, zh, en }
}

/// Refuses while an emergency is on.
pub(super) fn at_peace(unit: &mut Unit<'_>) -> Result<(), CustodyError> {
    if command::state(unit.tx())?.mode == Mode::Peacetime {
        return Ok(());
    }
    Err(CustodyError::State {
        code: "emergency",
        field: "parts",
        value: String::new(),
        zh: "应急响应期间不销毁数据:销毁会让登记停下来,且数据仍在使用。".to_owned(),
        en: "Nothing is destroyed during an emergency: registration would stand still, and the data are in use."
            .to_owned(),
    })
}

/// Refuses parts that have not fallen due.
pub(super) fn all_due(unit: &mut Unit<'_>, call: &Call, parts: &[ClassMonth]) -> Result<(), CustodyError> {
    let turns = turns(unit.tx())?;
    for part in parts {
        let due_at = due_at(&part.clone().into(), &turns, call.pack());
        if due_at.is_none_or(|at| at > call.now) {
            return Err(not_due(part, due_at));
        }
    }
    Ok(())
}

/// Orders that parts be destroyed. Somebody else carries it out at the machine (`outpace admin retain`).
///
/// # Errors
/// An actor whom the profile does not name; an emergency; a part that has not fallen due; nothing that has; no reason.
pub fn order(unit: &mut Unit<'_>, call: &Call, request: OrderDestruction) -> Result<StandingOrder, Refusal> {
    // The deputy may from the first moment: nothing waits for an answer here that could time out.
    let rules = &call.rules.profile.destruction;
    if !deciders(rules, Timestamp(0), call.now).roles.contains(&call.actor.role) {
        return Err(CustodyError::Forbidden {
            value: format!("{:?}", call.actor.role),
            zh: "只有辖区档案指定的负责人可以下令销毁数据。",
            en: "Only the officer whom the jurisdiction's profile names may order a destruction.",
        }
        .into());
    }
    let reason = request.reason.trim().to_owned();
    if !REASON_CHARACTERS.contains(&reason.chars().count()) {
        return Err(CustodyError::Value {
            field: "reason",
            value: reason,
            zh: "请写明理由(4 至 500 个字)。",
            en: "Say why (4 to 500 characters).",
        }
        .into());
    }
    at_peace(unit)?;
    let mut parts: BTreeMap<ClassMonth, ()> = request.parts.into_iter().map(|part| (part, ())).collect();
    if parts.is_empty() {
        parts.extend(
            due(unit.tx(), call, Empty {})?.rows.into_iter().filter(|row| row.is_due).map(|row| (row.part, ())),
        );
    }
    let parts: Vec<ClassMonth> = parts.into_keys().collect();
    if parts.is_empty() {
        return Err(CustodyError::State {
            code: "nothing_due",
            field: "parts",
            value: String::new(),
            zh: "没有到期的数据。".to_owned(),
            en: "Nothing has fallen due.".to_owned(),
        }
        .into());
    }
    all_due(unit, call, &parts)?;
    let order = unit.next(COUNTER)?;
    unit.record(DestructionOrdered { order, parts: parts.into_iter().map(Part::from).collect(), reason })?;
    Ok(store::order(unit.tx(), order)?.ok_or(CustodyError::Unknown { field: "order", id: order })?)
}
