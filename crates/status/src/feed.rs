//! How facts reach the board: each as its folds left the tables. Doing it twice does no more than once, so a board that
//! was ahead of a failed commit comes right when the tables are read again.

use outpace_contacts::cases::{CaseExcluded, CaseOpened, CaseStageChanged};
use outpace_core::{CaseId, PersonId, RestrictionId, ZoneId};
use outpace_isolation::restrictions::facts::{
    HoldExtended, RestrictionEndChanged, RestrictionsBegan, RestrictionsEnded,
};
use outpace_isolation::{NewRestriction, Restriction, RestrictionKind};
use outpace_policy::{QuarantineClass, StatusReason};
use outpace_registry::people::{PeopleImported, PersonMoved, PresenceChanged};
use outpace_screening::coverage::reconcile::{self, MissedLifted, RoundReconciled};
use outpace_screening::laboratory::{Outcome, ResultsExcluded, ResultsReported};
use outpace_screening::times::{self, TubeTimes};
use outpace_screening::tubes::{SwabIdentified, SwabsTaken};
use outpace_store::{Capability, Result, Tx};
use outpace_zoning::Ground;
use outpace_zoning::zones::facts::{ZoneChanged, ZoneDeclared, ZoneLifted};

use crate::board::{Board, Display};
use crate::model::{Because, Cause, Mark, Reasons, ZoneMark, reason_of_class, reason_of_level, reason_of_stage};

/// Adds what the board follows.
pub(crate) fn join(capability: Capability, display: &Display) -> Capability {
    let capability = join_people(capability, display);
    let capability = join_samples(capability, display);
    let capability = join_restrictions(capability, display);
    let capability = join_rounds(capability, display);
    join_zones(join_cases(capability, display), display)
}

fn join_people(capability: Capability, display: &Display) -> Capability {
    let (imported, moved, changed) = (display.clone(), display.clone(), display.clone());
    capability
        .follow(move |_, _, fact: &PeopleImported| {
            let board = imported.board();
            for (index, person) in fact.people.iter().enumerate() {
                let id = PersonId(fact.first.0 + index as i64);
                board.settle(person.area, [id]);
                if person.absent {
                    board.away(id, true);
                }
            }
            Ok(())
        })
        .follow(move |_, _, fact: &PersonMoved| {
            moved.board().settle(fact.area, [fact.person]);
            Ok(())
        })
        .follow(move |_, _, fact: &PresenceChanged| {
            changed.board().away(fact.person, !fact.present);
            Ok(())
        })
}

fn join_samples(capability: Capability, display: &Display) -> Capability {
    let (taken, identified) = (display.clone(), display.clone());
    let (reported, excluded) = (display.clone(), display.clone());
    capability
        .follow(move |tx, entry, fact: &SwabsTaken| {
            let board = taken.board();
            let mut people = Vec::new();
            for swab in &fact.swabs {
                if let Some(person) = swab.person {
                    people.push(person);
                    board.sampled(person, entry.happened_at(swab.taken_at));
                }
            }
            // A tube that was opened with this fact has no result yet. One that was known may have: then it is theirs.
            if fact.opening.is_none() || fact.adopts {
                settle_tube(tx, &board, fact.tube)?;
            }
            Ok(())
        })
        .follow(move |tx, _, fact: &SwabIdentified| reread(tx, &identified.board(), &[fact.person]))
        .follow(move |tx, _, fact: &ResultsReported| {
            let board = reported.board();
            fact.results.iter().try_for_each(|result| settle_tube(tx, &board, result.tube))
        })
        .follow(move |tx, _, fact: &ResultsExcluded| {
            let board = excluded.board();
            fact.tubes.iter().try_for_each(|tube| settle_tube(tx, &board, tube.tube))
        })
}

/// Brings the result of a tube to its people: the first result as it is, a corrected one by reading their histories.
fn settle_tube(tx: &mut Tx<'_>, board: &Board, tube: i64) -> Result<()> {
    let Some(TubeTimes { outcome, results, people }) = times::of_tube(tx, tube)? else { return Ok(()) };
    if results > 1 || (results == 1 && outcome.is_none()) {
        let people: Vec<PersonId> = people.iter().map(|(person, _)| *person).collect();
        return reread(tx, board, &people);
    }
    if outcome == Some(Outcome::Negative) {
        people.iter().for_each(|(person, taken_at)| board.negative(*person, *taken_at));
    }
    Ok(())
}

fn reread(tx: &mut Tx<'_>, board: &Board, people: &[PersonId]) -> Result<()> {
    for (person, last) in outpace_screening::last_results_of(tx, people)? {
        let taken = |sample: Option<outpace_screening::PersonSample>| sample.map(|sample| sample.taken_at);
        board.set_times(person, taken(last.last_sample), taken(last.last_negative));
    }
    Ok(())
}

/// Rounds that were missed: from the moment a round is reconciled, until a sample.
fn join_rounds(capability: Capability, display: &Display) -> Capability {
    let (reconciled, lifted) = (display.clone(), display.clone());
    capability
        .follow(move |tx, _, fact: &RoundReconciled| {
            let Some(round) = reconcile::counting_rounds(tx)?.into_iter().find(|one| one.round == fact.round) else {
                return Ok(());
            };
            let board = reconciled.board();
            for person in fact.missed.iter().flat_map(|grid| grid.people.iter()) {
                board.missed(person, &round);
            }
            Ok(())
        })
        .follow(move |tx, _, fact: &MissedLifted| {
            let board = lifted.board();
            for grid in &fact.people {
                for person in grid.people.iter() {
                    board.unmark(person, Cause::Round(fact.round));
                    // An older round may still count.
                    if let Some(older) = reconcile::counting_against(tx, person, grid.grid)? {
                        board.missed(person, &older);
                    }
                }
            }
            Ok(())
        })
}

fn reasons_of(kind: RestrictionKind, class: Option<QuarantineClass>) -> Reasons {
    let kind = match kind {
        // A hold waits for a test; it says nothing about the person yet, and so it gives no colour.
        RestrictionKind::Hold => return Reasons::NONE,
        RestrictionKind::FacilityQuarantine => Some(StatusReason::FacilityQuarantine),
        RestrictionKind::HomeQuarantine => Some(StatusReason::HomeQuarantine),
        RestrictionKind::HomeMonitoring | RestrictionKind::Isolation => None,
    };
    kind.into_iter().chain(class.and_then(reason_of_class)).collect()
}

fn because(ground: &Ground) -> Because {
    Because { reason: ground.reason.clone(), clause: ground.clause.clone() }
}

fn mark_of_new(id: RestrictionId, new: &NewRestriction) -> Mark {
    Mark {
        cause: Cause::Restriction(id),
        reasons: reasons_of(new.kind, new.class),
        since: new.starts_at,
        until: Some(new.ends_at),
        because: Some(because(&new.ground)),
        sampled_from: None,
    }
}

/// The mark that a restriction in force puts on its person.
pub(crate) fn mark_of(restriction: &Restriction) -> Mark {
    Mark {
        cause: Cause::Restriction(restriction.id),
        reasons: reasons_of(restriction.kind, restriction.class),
        since: restriction.starts_at,
        until: Some(restriction.ends_at),
        because: Some(because(&restriction.ground)),
        sampled_from: None,
    }
}

fn reread_restriction(tx: &mut Tx<'_>, board: &Board, id: RestrictionId) -> Result<()> {
    match outpace_isolation::restrictions::restriction(tx, id)? {
        Some(found) if found.ended_at.is_none() => board.mark(found.person, mark_of(&found)),
        Some(ended) => board.unmark(ended.person, Cause::Restriction(id)),
        None => {}
    }
    Ok(())
}

fn join_restrictions(capability: Capability, display: &Display) -> Capability {
    let (began, ended) = (display.clone(), display.clone());
    let (changed, extended) = (display.clone(), display.clone());
    capability
        .follow(move |_, _, fact: &RestrictionsBegan| {
            let board = began.board();
            for item in &fact.items {
                board.mark(item.restriction.person, mark_of_new(item.id, &item.restriction));
            }
            Ok(())
        })
        .follow(move |_, _, fact: &RestrictionsEnded| {
            let board = ended.board();
            fact.items.iter().for_each(|item| board.unmark(item.person, Cause::Restriction(item.id)));
            Ok(())
        })
        .follow(move |tx, _, fact: &RestrictionEndChanged| reread_restriction(tx, &changed.board(), fact.id))
        .follow(move |tx, _, fact: &HoldExtended| reread_restriction(tx, &extended.board(), fact.id))
}

/// The mark that an active case puts on its person; `None` for one that is over.
pub(crate) fn mark_of_case(case: &outpace_contacts::Case) -> Option<Mark> {
    let reason = reason_of_stage(case.stage)?;
    Some(Mark {
        cause: Cause::Case(case.id),
        reasons: Reasons::of(reason),
        since: case.found_at,
        until: None,
        because: None,
        sampled_from: None,
    })
}

fn reread_case(tx: &mut Tx<'_>, board: &Board, id: CaseId) -> Result<()> {
    let Some(case) = outpace_contacts::case(tx, id)? else { return Ok(()) };
    match mark_of_case(&case) {
        Some(mark) => board.mark(case.person, mark),
        None => board.unmark(case.person, Cause::Case(id)),
    }
    Ok(())
}

fn join_cases(capability: Capability, display: &Display) -> Capability {
    let (opened, changed, excluded) = (display.clone(), display.clone(), display.clone());
    capability
        .follow(move |tx, _, fact: &CaseOpened| reread_case(tx, &opened.board(), fact.case))
        .follow(move |tx, _, fact: &CaseStageChanged| reread_case(tx, &changed.board(), fact.case))
        .follow(move |tx, _, fact: &CaseExcluded| reread_case(tx, &excluded.board(), fact.case))
}

/// What a zone means to whoever lives in it; `None` for one that was lifted, or that others imposed.
pub(crate) fn zone_mark(zone: outpace_zoning::Zone) -> Option<ZoneMark> {
    if zone.lifted_at.is_some() || zone.imposed_by.is_some() {
        return None;
    }
    let levels = [Some(zone.level), zone.risk];
    let reasons = levels.into_iter().flatten().filter_map(reason_of_level).collect();
    Some(ZoneMark {
        zone: zone.id,
        areas: zone.areas,
        reasons,
        starts_at: zone.starts_at,
        since: zone.level_since,
        lifted_by: zone.lift.rule,
        earliest_at: zone.lift.earliest_at,
        because: because(&zone.ground),
    })
}

fn reread_zone(tx: &mut Tx<'_>, board: &Board, id: ZoneId) -> Result<()> {
    match outpace_zoning::zone(tx, id)?.and_then(zone_mark) {
        Some(mark) => board.put_zone(mark),
        None => board.remove_zone(id),
    }
    Ok(())
}

fn join_zones(capability: Capability, display: &Display) -> Capability {
    let (declared, changed, lifted) = (display.clone(), display.clone(), display.clone());
    capability
        .follow(move |tx, _, fact: &ZoneDeclared| reread_zone(tx, &declared.board(), fact.id))
        .follow(move |tx, _, fact: &ZoneChanged| reread_zone(tx, &changed.board(), fact.id))
        .follow(move |tx, _, fact: &ZoneLifted| reread_zone(tx, &lifted.board(), fact.id))
}
