//! A colour read from the tables, person by person: for pages that show more than the colour, and for tests that compare
//! it with the board.

use outpace_core::{AreaId, PersonId, Timestamp};
use outpace_policy::Pack;
use outpace_screening::coverage::reconcile;
use outpace_store::{Result, Tx};

use crate::feed::{mark_of, mark_of_case, zone_mark};
use crate::model::{Colour, Mark};
use crate::rules::{Rule, derive};

/// The colour of somebody who lives in a grid, with every reason.
///
/// # Errors
/// What the engine refused.
pub fn colour_of(tx: &mut Tx<'_>, person: PersonId, home: AreaId, now: Timestamp, pack: &Pack) -> Result<Colour> {
    let mut marks: Vec<Mark> = outpace_isolation::in_force_of(tx, person)?.iter().map(mark_of).collect();
    marks.extend(outpace_contacts::active_case_of(tx, person)?.as_ref().and_then(mark_of_case));
    if let Some(round) = reconcile::counting_against(tx, person, home)? {
        let missed = Mark::of_missed(&round);
        let last = outpace_screening::last_results(tx, person)?.last_sample;
        if !last.is_some_and(|sample| missed.is_lifted_by_sample_at(sample.taken_at)) {
            marks.push(missed);
        }
    }
    // In the order of the board, so that equal reasons stand in the same order.
    marks.sort_by_key(|mark| mark.cause);
    let mut zones: Vec<_> = outpace_zoning::zones_at(tx, home)?.into_iter().filter_map(zone_mark).collect();
    zones.sort_by_key(|zone| zone.zone);
    Ok(derive(&marks, &zones, now, &Rule::of(pack)))
}
