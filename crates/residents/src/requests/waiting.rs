//! What waits for an answer, with everything that whoever answers needs: the measure, who decided it, whether the caller may
//! answer, and the facts that would make a yes true.

use outpace_access::{Call, actors};
use outpace_core::{Refusal, Seq, Text};
use outpace_isolation::Restriction;
use outpace_orders::names;
use outpace_registry::people::kin::{Kin, kin};
use outpace_store::vault::Keys;
use outpace_store::{Entry, Tx, journal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{deciders, rests_on_contact};
use super::model::{Request, RequestKind, RequestRow};
use super::{rules, store};
use crate::errors::ResidentsError;
use crate::file::{Ground, Measure, measure, of_kind};

/// Entries of the journal that are walked for facts that would do: what was corrected lately. An older one is named by its
/// number.
const WALKED_MAX: i64 = 200_000;
/// A report of a laboratory names whole plates and is never about one person: it is named by its number alone.
const NOT_OFFERED: &str = "screening.results_reported";
/// Facts that are read of those, at most.
const FACTS_MAX: i64 = 500;
/// Facts that are offered for one request, at most.
const OFFERED_MAX: usize = 20;

/// A request that waits, for whoever answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = WaitingRequest)]
pub struct Waiting {
    /// The request, in the person's words.
    pub request: Request,
    /// Where the person lives.
    pub area: Text,
    /// The measure that an appeal is against.
    pub measure: Option<Measure>,
    /// The accounts that decided it: they do not answer, nor does anybody under them.
    pub decided_by: Vec<String>,
    /// Why the caller may not answer this one, where they may not.
    pub refused: Option<Text>,
    /// Whether a yes must name a fact. A contact who was none needs none: the answer is signed as an assessment.
    pub needs_fact: bool,
    /// Facts that would make a yes true, newest first, at most 20.
    pub grounds: Vec<Ground>,
}

/// Puts together what the caller needs of the requests that wait.
pub(super) fn waiting(
    tx: &mut Tx<'_>,
    keys: &Keys,
    call: &Call,
    kind: RequestKind,
    rows: Vec<RequestRow>,
) -> Result<Vec<Waiting>, Refusal> {
    let kin = kin(tx, &call.actor)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(one(tx, keys, call, &kin, row)?);
    }
    offer(tx, kind, &mut found)?;
    Ok(found.into_iter().map(|(waiting, _)| waiting).collect())
}

/// A request, and the fact after which what makes a yes true must stand.
fn one(tx: &mut Tx<'_>, keys: &Keys, call: &Call, kin: &Kin, row: RequestRow) -> Result<(Waiting, Seq), Refusal> {
    let area = names::area(tx, row.request.area)?;
    let restriction = match row.request.restriction {
        Some(id) => outpace_isolation::restrictions::restriction(tx, id)?,
        None => None,
    };
    let own = kin.stand_back(row.request.person).err();
    let (id, asked) = (row.request.id, row.request.seq);
    let request = store::opened(keys, row);
    let Some(restriction) = restriction else {
        let refused = own.map(|refusal| refusal.text);
        let (measure, decided_by, grounds) = (None, Vec::new(), Vec::new());
        return Ok((Waiting { request, area, measure, decided_by, refused, needs_fact: true, grounds }, asked));
    };
    let deciders = deciders(tx, &restriction)?;
    let independent = rules::is_independent(&call.actor, &deciders);
    let not_independent = || Refusal::from(ResidentsError::NotIndependent(id));
    let refused = own.or_else(|| (!independent).then(not_independent)).map(|refusal| refusal.text);
    let mut decided_by = Vec::with_capacity(deciders.len());
    for decider in deciders {
        decided_by.extend(actors::name_of(tx, decider.id)?);
    }
    decided_by.sort_unstable();
    decided_by.dedup();
    let (needs_fact, began) = (needs_fact(&restriction), restriction.seq);
    let measure = Some(measure(tx, call, restriction, true)?);
    Ok((Waiting { request, area, measure, decided_by, refused, needs_fact, grounds: Vec::new() }, began))
}

fn needs_fact(restriction: &Restriction) -> bool {
    restriction.ended_at.is_none() && !rests_on_contact(restriction)
}

/// Looks for the facts that would do, once for all of them.
fn offer(tx: &mut Tx<'_>, kind: RequestKind, found: &mut [(Waiting, Seq)]) -> Result<(), Refusal> {
    let Some(oldest) = found.iter().map(|(_, after)| *after).min() else { return Ok(()) };
    let after = Seq(oldest.0.max(journal::head(tx)?.seq.0 - WALKED_MAX));
    let kinds = match kind {
        RequestKind::Appeal => rules::TAKES_BACK,
        RequestKind::Correction => rules::CORRECTS,
    };
    let kinds: Vec<&str> = kinds.iter().copied().filter(|kind| *kind != NOT_OFFERED).collect();
    let entries = journal::newest_of(tx, &kinds, after, FACTS_MAX)?;
    for (waiting, after) in found {
        let fits = |entry: &&Entry| match kind {
            RequestKind::Appeal => rules::takes_back(entry, waiting.request.person, *after),
            RequestKind::Correction => rules::corrects(entry, waiting.request.person, *after),
        };
        let ground = |entry: &Entry| Ground { seq: entry.seq, what: of_kind(&entry.kind), at: entry.recorded_at };
        waiting.grounds = entries.iter().filter(fits).take(OFFERED_MAX).map(ground).collect();
    }
    Ok(())
}
