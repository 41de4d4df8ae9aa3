//! The board: everybody's colour, reasons, last sample and last negative, in memory.
//!
//! Most people have no mark of their own, and their colour follows from their home grid alone: two numbers and one
//! look into the zones. Whoever has a mark (a case, a restriction, a missed round) stands in a drawer as well, with what
//! the answer must tell. No lock here is ever held while the database is read or written.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use outpace_core::{AreaId, PersonId, Timestamp, ZoneId};
use outpace_policy::{Pack, StatusReason};
use outpace_screening::coverage::reconcile::CountingRound;
use parking_lot::RwLock;

use crate::model::{Cause, Mark, Reasons, Status, ZoneMark};
use crate::rules::{Rule, derive};
use crate::slots::{GRIDS_MAX, Seen, Slots, minute_of, moment_of};
use crate::snapshot::Rest;

/// Drawers for people with marks: enough that readers rarely meet the writer at one.
const DRAWERS: usize = 64;

/// Home grids and the zones around each.
#[derive(Debug, Default)]
struct Homes {
    positions: HashMap<AreaId, usize>,
    /// By position less 1: the grid and its zones.
    grids: Vec<(AreaId, Vec<Arc<ZoneMark>>)>,
    zones: BTreeMap<ZoneId, Arc<ZoneMark>>,
}

impl Homes {
    fn position(&mut self, grid: AreaId) -> usize {
        if let Some(known) = self.positions.get(&grid) {
            return *known;
        }
        if self.grids.len() == GRIDS_MAX {
            return 0;
        }
        let around = self.zones.values().filter(|zone| lies_in(grid, zone)).cloned().collect();
        self.grids.push((grid, around));
        self.positions.insert(grid, self.grids.len());
        self.grids.len()
    }

    fn at(&self, position: usize) -> Option<&(AreaId, Vec<Arc<ZoneMark>>)> {
        self.grids.get(position.checked_sub(1)?)
    }

    fn remove(&mut self, id: ZoneId) {
        if let Some(gone) = self.zones.remove(&id) {
            for (_, zones) in self.grids.iter_mut().filter(|(grid, _)| lies_in(*grid, &gone)) {
                zones.retain(|zone| zone.zone != id);
            }
        }
    }

    fn put(&mut self, zone: ZoneMark) {
        self.remove(zone.zone);
        let zone = Arc::new(zone);
        for (_, zones) in self.grids.iter_mut().filter(|(grid, _)| lies_in(*grid, &zone)) {
            zones.push(zone.clone());
            zones.sort_by_key(|zone| zone.zone);
        }
        self.zones.insert(zone.zone, zone);
    }
}

fn lies_in(grid: AreaId, zone: &ZoneMark) -> bool {
    zone.areas.iter().any(|area| area.contains(grid))
}

type Drawer = RwLock<HashMap<PersonId, Vec<Mark>>>;

/// The board of one jurisdiction.
#[derive(Debug)]
pub struct Board {
    slots: Slots,
    homes: RwLock<Homes>,
    drawers: Vec<Drawer>,
}

impl Default for Board {
    fn default() -> Self {
        let drawers = (0..DRAWERS).map(|_| Drawer::default()).collect();
        Self { slots: Slots::default(), homes: RwLock::default(), drawers }
    }
}

impl Board {
    /// A board from what a snapshot held.
    pub(crate) fn of(slots: Slots, rest: Rest) -> Self {
        let board = Self { slots, ..Self::default() };
        let mut homes = board.homes.write();
        rest.zones.into_iter().for_each(|zone| homes.put(zone));
        for grid in rest.grids {
            homes.position(grid);
        }
        drop(homes);
        for (person, marks) in rest.marks {
            board.drawer(person).write().insert(person, marks);
        }
        board
    }

    /// Everything but the slots.
    pub(crate) fn rest(&self) -> Rest {
        let homes = self.homes.read();
        let drawers = self.drawers.iter().map(|drawer| drawer.read().clone());
        Rest {
            grids: homes.grids.iter().map(|(grid, _)| *grid).collect(),
            zones: homes.zones.values().map(|zone| ZoneMark::clone(zone)).collect(),
            marks: drawers.flatten().collect(),
        }
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    fn drawer(&self, person: PersonId) -> &Drawer {
        &self.drawers[person.0.rem_euclid(DRAWERS as i64) as usize]
    }

    /// Where a person lives; `None` where nobody is registered under this id.
    #[must_use]
    pub fn home(&self, person: PersonId) -> Option<AreaId> {
        self.home_of(self.slots.see(person))
    }

    fn home_of(&self, seen: Seen) -> Option<AreaId> {
        self.homes.read().at(seen.grid).map(|(grid, _)| *grid)
    }

    /// A person's status at a moment under a pack; `None` where nobody is registered under this id.
    #[must_use]
    pub fn status(&self, person: PersonId, now: Timestamp, pack: &Pack) -> Option<Status> {
        let seen = self.slots.see(person);
        let zones = self.homes.read().at(seen.grid)?.1.clone();
        let marks = if seen.reasons == Reasons::NONE { Vec::new() } else { self.marks(person) };
        let colour = derive(&marks, zones.iter().map(AsRef::as_ref), now, &Rule::of(pack));
        Some(Status {
            person,
            colour: colour.colour,
            reasons: colour.reasons,
            last_sample_at: moment_of(seen.sampled),
            last_negative_at: moment_of(seen.negative),
            version: u32::from(seen.version),
            at: now,
        })
    }

    /// The marks of a person, by what they hang on.
    #[must_use]
    pub fn marks(&self, person: PersonId) -> Vec<Mark> {
        self.drawer(person).read().get(&person).cloned().unwrap_or_default()
    }

    /// Whether the person is an active case.
    #[must_use]
    pub fn is_case(&self, person: PersonId) -> bool {
        if self.slots.see(person).reasons == Reasons::NONE {
            return false;
        }
        let drawer = self.drawer(person).read();
        drawer.get(&person).is_some_and(|marks| marks.iter().any(|mark| matches!(mark.cause, Cause::Case(_))))
    }

    /// People on whom something bears since a moment: a mark of their own, or a zone around their home.
    #[must_use]
    pub fn turned_since(&self, since: Timestamp) -> Vec<PersonId> {
        let homes = self.homes.read();
        let turned: Vec<bool> =
            homes.grids.iter().map(|(_, zones)| zones.iter().any(|zone| zone.since >= since)).collect();
        drop(homes);
        let mut people = Vec::new();
        for drawer in &self.drawers {
            let marked = |(person, marks): (&PersonId, &Vec<Mark>)| {
                marks.iter().any(|mark| mark.since >= since).then_some(*person)
            };
            people.extend(drawer.read().iter().filter_map(marked));
        }
        if turned.contains(&true) {
            let lives_there = |grid: usize| grid.checked_sub(1).and_then(|grid| turned.get(grid)) == Some(&true);
            self.slots.each(|person, seen| people.extend(lives_there(seen.grid).then_some(person)));
        }
        people.sort_unstable();
        people.dedup();
        people
    }

    /// Bytes that the slots take: what grows with every person.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.slots.bytes()
    }

    /// People live at a grid: all of these at the same one.
    pub(crate) fn settle(&self, grid: AreaId, people: impl IntoIterator<Item = PersonId>) {
        let known = self.homes.read().positions.get(&grid).copied();
        let position = known.unwrap_or_else(|| self.homes.write().position(grid));
        for person in people {
            self.slots.change(person, |seen| seen.grid = position);
        }
    }

    /// Somebody left the jurisdiction, or came back.
    pub(crate) fn away(&self, person: PersonId, away: bool) {
        self.slots.change(person, |seen| seen.away = away);
    }

    /// Home grids by position less 1.
    pub(crate) fn grids(&self) -> Vec<AreaId> {
        self.homes.read().grids.iter().map(|(grid, _)| *grid).collect()
    }

    /// A sample was taken.
    pub(crate) fn sampled(&self, person: PersonId, taken_at: Timestamp) {
        let mut owes = false;
        self.slots.change(person, |seen| {
            seen.sampled = seen.sampled.max(minute_of(taken_at));
            owes = seen.reasons.meets(Reasons::of(StatusReason::MissedRound));
        });
        if owes {
            self.change_marks(person, |marks| marks.retain(|mark| !mark.is_lifted_by_sample_at(taken_at)));
        }
    }

    /// Somebody missed a round. The newest one is told; nobody who was sampled since it opened is marked.
    pub(crate) fn missed(&self, person: PersonId, round: &CountingRound) {
        let mark = Mark::of_missed(round);
        let sampled = moment_of(self.slots.see(person).sampled);
        if sampled.is_some_and(|at| mark.is_lifted_by_sample_at(at)) {
            return;
        }
        self.change_marks(person, |marks| {
            let newer = |known: &Mark| matches!(known.cause, Cause::Round(known) if known > round.round);
            if !marks.iter().any(newer) {
                marks.retain(|known| !matches!(known.cause, Cause::Round(_)));
                marks.push(mark);
                marks.sort_by_key(|mark| mark.cause);
            }
        });
    }

    /// A sample that was taken then was found negative.
    pub(crate) fn negative(&self, person: PersonId, taken_at: Timestamp) {
        self.slots.change(person, |seen| seen.negative = seen.negative.max(minute_of(taken_at)));
    }

    /// What is known of a person's samples now, after a result was corrected or taken back.
    pub(crate) fn set_times(&self, person: PersonId, sampled: Option<Timestamp>, negative: Option<Timestamp>) {
        let mut owes = false;
        self.slots.change(person, |seen| {
            seen.sampled = sampled.map_or(0, minute_of);
            seen.negative = negative.map_or(0, minute_of);
            owes = seen.reasons.meets(Reasons::of(StatusReason::MissedRound));
        });
        if let (true, Some(taken_at)) = (owes, sampled) {
            self.change_marks(person, |marks| marks.retain(|mark| !mark.is_lifted_by_sample_at(taken_at)));
        }
    }

    /// Puts a mark on a person, in the place of one with the same cause. One that gives no reason is none.
    pub(crate) fn mark(&self, person: PersonId, mark: Mark) {
        self.change_marks(person, |marks| {
            marks.retain(|known| known.cause != mark.cause);
            if mark.reasons != Reasons::NONE {
                marks.push(mark);
                marks.sort_by_key(|mark| mark.cause);
            }
        });
    }

    /// Takes the mark with a cause off a person.
    pub(crate) fn unmark(&self, person: PersonId, cause: Cause) {
        self.change_marks(person, |marks| marks.retain(|known| known.cause != cause));
    }

    fn change_marks(&self, person: PersonId, change: impl FnOnce(&mut Vec<Mark>)) {
        let mut drawer = self.drawer(person).write();
        let mut marks = drawer.remove(&person).unwrap_or_default();
        change(&mut marks);
        let reasons = marks.iter().fold(Reasons::NONE, |all, mark| all.and(mark.reasons));
        if !marks.is_empty() {
            drawer.insert(person, marks);
        }
        // Beside the drawer's lock, so that nobody sees reasons in the slot and finds an older drawer.
        self.slots.change(person, |seen| seen.reasons = reasons);
    }

    /// A zone stands as it says now.
    pub(crate) fn put_zone(&self, zone: ZoneMark) {
        self.homes.write().put(zone);
    }

    /// A zone stands no longer.
    pub(crate) fn remove_zone(&self, zone: ZoneId) {
        self.homes.write().remove(zone);
    }
}

/// The board as a program holds it: one handle for the life of a store. When the tables must be read again, another
/// board is filled beside it and put in its place, so that nobody ever sees a board that is half filled.
#[derive(Debug, Clone, Default)]
pub struct Display {
    board: Arc<RwLock<Arc<Board>>>,
}

impl Display {
    /// The board now.
    #[must_use]
    pub fn board(&self) -> Arc<Board> {
        self.board.read().clone()
    }

    pub(crate) fn replace(&self, board: Board) {
        *self.board.write() = Arc::new(board);
    }
}
