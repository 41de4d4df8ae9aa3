//! Fills a board from the tables: at start, and after a commit that failed.

use outpace_core::PersonId;
use outpace_isolation::Filter;
use outpace_screening::coverage::reconcile;
use outpace_store::{Result, Tx};

use crate::board::Board;
use crate::feed::{mark_of, mark_of_case, zone_mark};

/// A board that shows what the tables say.
///
/// # Errors
/// What the engine refused.
pub(crate) fn filled(tx: &mut Tx<'_>) -> Result<Board> {
    let board = Board::default();
    for zone in outpace_zoning::in_force(tx)? {
        if let Some(mark) = zone_mark(zone) {
            board.put_zone(mark);
        }
    }
    // People come grid by grid: each grid is looked up once.
    let mut here: Option<(outpace_core::AreaId, Vec<PersonId>)> = None;
    outpace_registry::people::each_home(tx, |person, area| match &mut here {
        Some((grid, people)) if *grid == area => people.push(person),
        other => {
            if let Some((grid, people)) = other.replace((area, vec![person])) {
                board.settle(grid, people);
            }
        }
    })?;
    if let Some((grid, people)) = here {
        board.settle(grid, people);
    }
    outpace_registry::people::each_absent(tx, |person| board.away(person, true))?;
    outpace_screening::times::each_sample(tx, |person, taken_at, negative| {
        board.sampled(person, taken_at);
        if negative {
            board.negative(person, taken_at);
        }
    })?;
    for round in reconcile::counting_rounds(tx)? {
        for grid in reconcile::missed_in(tx, round.round)? {
            grid.people.iter().for_each(|person| board.missed(person, &round));
        }
    }
    for restriction in outpace_isolation::in_force(tx, &Filter::default())? {
        board.mark(restriction.person, mark_of(&restriction));
    }
    for case in outpace_contacts::cases::active_cases(tx)? {
        if let Some(mark) = mark_of_case(&case) {
            board.mark(case.person, mark);
        }
    }
    Ok(board)
}
