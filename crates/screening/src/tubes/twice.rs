//! Guards that look at more than one tube: the same person at two sites within minutes, in two tubes at once, and
//! somebody else's code. They cost nothing where none is hit: a round's seats say that somebody was sampled before, and
//! what lies outside rounds is remembered for a while.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use outpace_access::Call;
use outpace_core::time::MINUTE_MS;
use outpace_core::{PersonId, Refusal, RoundId, Seq, SiteId, Text, Timestamp};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::{Result, Tx, Unit, values};
use serde::{Deserialize, Serialize};

use super::facts::SwabsTaken;
use super::model::{Flag, Purpose};
use super::place::{Asked, Desked, Plan};
use super::store;
use crate::desk::Desk;

/// Swabs outside rounds that are remembered; older ones make way.
const RECENT_MAX: usize = 1 << 16;
/// Tubes that are looked through for them at start.
const RESTORED_TUBES: i64 = 4_096;

/// Where and when somebody was sampled last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) tube: i64,
    pub(crate) site: SiteId,
    pub(crate) at: Timestamp,
}

/// The last swabs outside any round, by person.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recent {
    last: HashMap<PersonId, Last>,
    order: VecDeque<PersonId>,
}

impl Recent {
    /// Notes the swabs of a fact outside any round.
    pub(crate) fn note(&mut self, entry: &outpace_store::Entry, fact: &SwabsTaken) {
        for swab in &fact.swabs {
            let at = swab.taken_at.unwrap_or(entry.occurred_at);
            if let Some(person) = swab.person {
                self.put(person, Last { tube: fact.tube, site: fact.site, at });
            }
        }
    }

    /// Keeps the latest; the same in whatever order they come.
    fn put(&mut self, person: PersonId, last: Last) {
        match self.last.entry(person) {
            Entry::Vacant(empty) => {
                empty.insert(last);
                self.order.push_back(person);
            }
            Entry::Occupied(mut known) if (known.get().at, known.get().tube) < (last.at, last.tube) => {
                known.insert(last);
            }
            Entry::Occupied(_) => {}
        }
        while self.order.len() > RECENT_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.last.remove(&oldest);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    pub(crate) fn of(&self, person: PersonId) -> Option<Last> {
        self.last.get(&person).copied()
    }
}

/// What is remembered, from the tables.
pub(crate) fn recent(tx: &mut Tx<'_>) -> Result<Recent> {
    let (j, newest) = (tx.jurisdiction(), store::newest(tx)?);
    let mut recent = Recent::default();
    tx.each(
        "SELECT s.person, s.tube, t.site, s.taken_at FROM sample s JOIN tube t ON t.j = s.j AND t.number = s.tube
         WHERE s.j = $1 AND s.tube > $2 AND t.round = 0 AND s.person IS NOT NULL ORDER BY s.tube, s.position",
        values![j, newest - RESTORED_TUBES],
        |row| {
            recent.put(row.get(0)?, Last { tube: row.get(1)?, site: row.get(2)?, at: row.get(3)? });
            Ok(())
        },
    )?;
    Ok(recent)
}

/// Milliseconds within which nobody is at two sites, by the pack.
fn window_ms(call: &Call) -> i64 {
    i64::from(call.pack().screening.two_sites_minutes.value) * MINUTE_MS
}

/// Whether two swabs lie closer together than the way between two sites takes.
pub(crate) fn are_close(call: &Call, a: Timestamp, b: Timestamp) -> bool {
    a.since(b).abs() <= window_ms(call)
}

/// Flags people who were at another site, or in another tube, within minutes. Reads a row only where a guard is hit.
pub(super) fn flag_twice(
    unit: &mut Unit<'_>,
    call: &Call,
    asked: &Asked<'_>,
    desked: &Desked,
    tube: Option<i64>,
    plan: &mut Plan,
) -> Result<()> {
    let alone = unit.remembered(|desk: &Desk| desk.is_alone(asked.round)).unwrap_or(true);
    for (index, flags) in &mut plan.new {
        let swab = &asked.swabs[*index];
        let Some(person) = swab.whose() else { continue };
        let at = swab.taken_at.or(asked.occurred_at).unwrap_or(call.now);
        let last = match desked.seats.get(*index).and_then(|seat| seat.tube) {
            Some(earlier) => sampled_in(unit.tx(), earlier, person)?.filter(|last| are_close(call, at, last.at)),
            None if alone => None,
            None => elsewhere(unit, call, asked.round, person, at)?,
        };
        let Some(last) = last.filter(|last| Some(last.tube) != tube) else { continue };
        if last.site != desked.site {
            flags.push(Flag::TwoSites);
        } else if asked.round.is_none() && is_one_swab_enough(desked.purpose) {
            flags.push(Flag::InTwoTubes);
        }
    }
    Ok(())
}

/// Where somebody was sampled within minutes of a moment, in another round that is open or outside any.
pub(crate) fn elsewhere(
    unit: &mut Unit<'_>,
    call: &Call,
    round: Option<RoundId>,
    person: PersonId,
    at: Timestamp,
) -> Result<Option<Last>> {
    let look = |desk: &Desk| (desk.recent.of(person), desk.tubes_elsewhere(round, person));
    let (recent, tubes) = unit.remembered(look).unwrap_or_default();
    let close = |last: &Last| are_close(call, at, last.at);
    if let Some(recent) = recent.filter(close) {
        return Ok(Some(recent));
    }
    for tube in tubes {
        if let Some(last) = sampled_in(unit.tx(), tube, person)?.filter(close) {
            return Ok(Some(last));
        }
    }
    Ok(None)
}

/// Two swabs at once are part of the work where somebody is retested or quarantined; elsewhere one is enough.
fn is_one_swab_enough(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Round | Purpose::KeyGroup | Purpose::Routine)
}

/// Where and when a person was sampled into a tube.
pub(crate) fn sampled_in(tx: &mut Tx<'_>, tube: i64, person: PersonId) -> Result<Option<Last>> {
    let Some(row) = store::row(tx, tube)? else { return Ok(None) };
    let member = store::members(tx, tube)?.into_iter().find(|member| member.person == Some(person));
    Ok(member.map(|member| Last { tube, site: row.site(), at: member.taken_at }))
}

/// Opens an order for each person whose code somebody else showed: who was sampled, and how came they by the code?
pub(super) fn settle_shown(
    unit: &mut Unit<'_>,
    call: &Call,
    asked: &Asked<'_>,
    desked: &Desked,
    new: &[(usize, Vec<Flag>)],
    seq: Seq,
) -> std::result::Result<(), Refusal> {
    for shown in new.iter().filter_map(|(index, _)| asked.swabs[*index].shown()) {
        let tube = asked.tube;
        let what = Text::new(
            format!(
                "采样管 {tube} 中有人出示了人员 {shown} 的健康码,而出生年份或性别不符:样本暂不归任何人,请核实被采样的是谁。"
            ),
            format!(
                "Somebody in tube {tube} showed the code of person {shown}, whose year of birth or sex is another: the swab is nobody's for now; find out who was sampled."
            ),
        );
        let subject = Subject::Person(shown);
        let area = desked.brief.area;
        let new = NewConflict { kind: Flag::NotOwnCode.word(), subject, area, what, seq: Some(seq) };
        conflict(unit, call, new)?;
    }
    Ok(())
}
