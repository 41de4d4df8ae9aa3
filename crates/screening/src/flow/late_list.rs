//! The late tubes, one by one, and where each was last signed: read by index, page by page.

use outpace_access::Call;
use outpace_core::{AreaId, Refusal, RoundId, Text, Timestamp, TubeCode};
use outpace_store::{Result, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::late::{LateKind, is_late};
use crate::carry::{Custody, custody_of};
use crate::errors::ScreeningError;
use crate::page_limit;
use crate::tubes::Stage;
use crate::tubes::store::{TUBE, TubeRow, read_row};

/// Which late tubes to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct LateQuery {
    /// Only against this deadline.
    #[serde(default)]
    pub kind: Option<LateKind>,
    /// Only of this round.
    #[serde(default)]
    pub round: Option<RoundId>,
    /// Only those last signed in this area; absent: the actor's own.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// After this one: what the last page gave.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// A late tube.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LateTube {
    /// The tube.
    pub tube: TubeCode,
    /// Against which deadline.
    pub kind: LateKind,
    /// When it should have been.
    pub due_at: Timestamp,
    /// Its round; absent outside any.
    pub round: Option<RoundId>,
    /// Where it is.
    pub stage: Stage,
    /// People in it.
    pub people: i64,
    /// Where it was last signed.
    pub custody: Custody,
    /// Who signed, by the name they sign in with; absent where nobody has.
    pub signed_by: Option<String>,
    /// The site or laboratory that signed last; absent where it was a courier, or nobody knows.
    pub place: Option<Text>,
    /// The area in which it is looked for.
    pub area: AreaId,
    /// The key of the order that chases it.
    pub chase: String,
}

/// Late tubes, the longest overdue first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LateAnswer {
    /// The tubes.
    pub tubes: Vec<LateTube>,
    /// Ask again after this; absent: that is all.
    pub after: Option<String>,
}

/// The place of a row in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    due_at: i64,
    tube: i64,
    kind: LateKind,
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let place = Self {
            due_at: parts.next()?.parse().ok()?,
            tube: parts.next()?.parse().ok()?,
            kind: LateKind::parse(parts.next()?)?,
        };
        parts.next().is_none().then_some(place)
    }

    fn text(self) -> String {
        format!("{}.{}.{}", self.due_at, self.tube, self.kind.word())
    }
}

struct Listed {
    place: Place,
    area: AreaId,
    chase: String,
    row: TubeRow,
}

fn page(tx: &mut Tx<'_>, query: &LateQuery, area: AreaId, after: Option<Place>, limit: i64) -> Result<Vec<Listed>> {
    let j = tx.jurisdiction();
    let (first_area, last_area) = area.grids();
    let (first_round, last_round) = query.round.map_or((0, i64::MAX), |round| (round.0, round.0));
    let kind = query.kind.map_or("", LateKind::word);
    let after = after.unwrap_or(Place { due_at: i64::MIN, tube: 0, kind: LateKind::Ambient });
    tx.query(
        &format!(
            "SELECT {TUBE}, o.due_at, o.kind, o.area, o.chase FROM tube_overdue o
             JOIN tube t ON t.j = o.j AND t.number = o.tube
             WHERE o.j = $1 AND o.area BETWEEN $2 AND $3 AND o.round BETWEEN $4 AND $5 AND ($6 = '' OR o.kind = $6)
               AND (o.due_at > $7 OR (o.due_at = $7 AND (o.tube > $8 OR (o.tube = $8 AND o.kind > $9))))
             ORDER BY o.due_at, o.tube, o.kind LIMIT $10"
        ),
        values![j, first_area, last_area, first_round, last_round, kind, after.due_at, after.tube, after.kind, limit],
        |row| {
            let known = read_row(row)?;
            let place = Place { due_at: row.get(25)?, tube: known.tube.number, kind: row.get(26)? };
            Ok(Listed { place, area: row.get(27)?, chase: row.get(28)?, row: known })
        },
    )
}

/// Lists tubes that are late now, the longest overdue first, and where each was last signed. A quarter-hour's tubes
/// come on the list together, within a minute of the deadline of the last of them.
///
/// # Errors
/// An area outside the actor's own, a page mark that no page gave.
pub fn late_tubes(tx: &mut Tx<'_>, call: &Call, query: LateQuery) -> Result<LateAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let after = match &query.after {
        Some(text) => Some(Place::parse(text).ok_or_else(|| ScreeningError::BadPage { value: text.clone() })?),
        None => None,
    };
    let limit = page_limit(query.limit);
    let listed = page(tx, &query, area, after, limit)?;
    let after = (listed.len() as i64 == limit).then(|| listed.last().map(|last| last.place.text())).flatten();
    let mut tubes = Vec::with_capacity(listed.len());
    for one in listed {
        // One that turned up within the last minute stands on the list until the clock looks again.
        if is_late(&one.row.tube, one.place.kind, call.now) {
            tubes.push(told(tx, one)?);
        }
    }
    Ok(LateAnswer { tubes, after })
}

fn told(tx: &mut Tx<'_>, one: Listed) -> Result<LateTube, Refusal> {
    let tube = one.row.tube;
    let custody = custody_of(tx, &tube)?;
    let signed_by = match custody.holder {
        Some(holder) => outpace_access::actors::name_of(tx, holder)?,
        None => None,
    };
    let place = place_of(tx, &custody)?;
    Ok(LateTube {
        tube: tube.code,
        kind: one.place.kind,
        due_at: Timestamp(one.place.due_at),
        round: tube.round,
        stage: tube.stage,
        people: tube.people,
        custody,
        signed_by,
        place,
        area: one.area,
        chase: one.chase,
    })
}

fn place_of(tx: &mut Tx<'_>, custody: &Custody) -> Result<Option<Text>, Refusal> {
    use crate::carry::CustodyPlace as P;
    Ok(match (custody.place, custody.site, custody.laboratory) {
        (P::Laboratory, _, Some(laboratory)) => {
            crate::laboratory::laboratory(tx, laboratory)?.map(|laboratory| laboratory.spec.name)
        }
        (P::Lane | P::Site, Some(site), _) => crate::sites::site(tx, site)?.map(|site| site.spec.name),
        _ => None,
    })
}

/// Late tubes in an area, by what they are late against.
///
/// # Errors
/// What the engine refused.
pub fn late_counts(tx: &mut Tx<'_>, area: AreaId) -> Result<Vec<(LateKind, i64)>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        "SELECT kind, COUNT(*) FROM tube_overdue WHERE j = $1 AND area BETWEEN $2 AND $3 GROUP BY kind ORDER BY kind",
        values![j, first, last],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_page_mark_reads_back_as_it_was_written(due_at: i64, tube: i64, kind in 0_usize..3) {
            let place = Place { due_at, tube, kind: LateKind::ALL[kind] };
            prop_assert_eq!(Place::parse(&place.text()), Some(place));
        }
    }

    #[test]
    fn another_text_is_no_page_mark() {
        assert_eq!(Place::parse("1.2"), None);
        assert_eq!(Place::parse("1.2.ambient.3"), None);
        assert_eq!(Place::parse("1.2.soon"), None);
    }
}
