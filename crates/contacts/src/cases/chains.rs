//! Chains: who infected whom. A link is an observation; one that closes a circle is kept and flagged.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{CaseId, Refusal, Text, Trigger};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::{Result, Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::LinkRecorded;
use super::model::ChainLink;
use super::store;
use crate::{respond, text};

/// The most cases of one chain that are walked.
const CHAIN_CASES_MAX: usize = 10_000;

/// Who infected whom.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecordLink {
    /// The later case.
    pub infectee: CaseId,
    /// The earlier one.
    pub infector: CaseId,
    /// On what grounds: a shared meal, a sequence, a parcel.
    pub grounds: String,
}

/// Records who infected whom.
///
/// # Errors
/// An unknown case, no grounds.
pub fn record_link(unit: &mut Unit<'_>, call: &Call, request: RecordLink) -> Result<ChainLink, Refusal> {
    let infectee = super::commands::seen(unit, call, request.infectee)?;
    super::commands::seen(unit, call, request.infector)?;
    let grounds = text("grounds", &request.grounds, true)?;
    let flagged = is_before(unit.tx(), request.infectee, request.infector)?;
    let (from, to) = (request.infector, request.infectee);
    let seq = unit.record(LinkRecorded { infectee: to, infector: from, grounds: grounds.clone(), flagged })?;
    if flagged {
        let what = Text::new(
            format!("病例 {from} 被记为病例 {to} 的传染来源,但此前已记 {to} 在 {from} 之前;请核实先后。"),
            format!(
                "Case {from} is said to have infected case {to}, which is said to stand before it; find out which."
            ),
        );
        let (kind, subject) = ("chain_circle", Subject::Case(to));
        conflict(unit, call, NewConflict { kind, subject, area: infectee.area, what, seq: Some(seq) })?;
    }
    respond(unit, &Trigger::Case(to))?;
    Ok(ChainLink { infectee: to, infector: from, grounds, seq, flagged })
}

/// Whether `earlier` is the same case as `later` or stands before it in the chain already.
fn is_before(tx: &mut Tx<'_>, earlier: CaseId, later: CaseId) -> Result<bool> {
    let (mut waiting, mut seen) = (vec![later], BTreeSet::new());
    while let Some(case) = waiting.pop() {
        if case == earlier {
            return Ok(true);
        }
        if seen.len() < CHAIN_CASES_MAX && seen.insert(case) {
            let links = store::links_of(tx, case)?;
            waiting.extend(links.into_iter().filter(|link| link.infectee == case).map(|link| link.infector));
        }
    }
    Ok(false)
}

/// All links of the chain that a case belongs to, by infectee.
///
/// # Errors
/// What the engine refused.
pub fn chain_of(tx: &mut Tx<'_>, case: CaseId) -> Result<Vec<ChainLink>> {
    let (mut waiting, mut seen, mut found) = (vec![case], BTreeSet::new(), BTreeMap::new());
    while let Some(case) = waiting.pop() {
        if seen.len() >= CHAIN_CASES_MAX || !seen.insert(case) {
            continue;
        }
        for link in store::links_of(tx, case)? {
            waiting.extend([link.infectee, link.infector]);
            found.insert((link.infectee, link.infector), link);
        }
    }
    Ok(found.into_values().collect())
}
