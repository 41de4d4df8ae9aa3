//! Who is due: everyone a round covers, by home grid and class, as the registry and the quarantine sites know it at
//! the moment of the opening.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{AreaId, PersonId, Timestamp};
use outpace_registry as registry;
use outpace_store::{Result, Tx};

use super::exempt::ExemptReason;
use super::model::{Class, RosterGrid, Scope};
use crate::neighbours;
use crate::person_set::PersonSet;

/// What decides a person's class beside presence.
pub(crate) struct Excused {
    quarantined: BTreeSet<PersonId>,
    exempt: BTreeMap<PersonId, ExemptReason>,
}

impl Excused {
    /// Reads who is in facility quarantine or isolation, and who is exempt.
    pub(crate) fn at(tx: &mut Tx<'_>, now: Timestamp) -> Result<Self> {
        Ok(Self { quarantined: neighbours::in_facilities(tx)?, exempt: super::store::exemptions(tx, now)? })
    }

    /// The class of a person. Quarantine comes first: there the test is somebody's duty already.
    pub(crate) fn class(&self, person: PersonId, present: bool) -> Class {
        if self.quarantined.contains(&person) {
            Class::Quarantined
        } else if self.exempt.contains_key(&person) {
            Class::Exempt
        } else if present {
            Class::Due
        } else {
            Class::Absent
        }
    }

    /// Everyone who is in a facility or exempt, each once.
    pub(crate) fn people(&self) -> BTreeSet<PersonId> {
        self.quarantined.iter().chain(self.exempt.keys()).copied().collect()
    }

    /// Who is in facility quarantine or isolation.
    pub(crate) fn quarantined(&self) -> &BTreeSet<PersonId> {
        &self.quarantined
    }
}

/// Hands over everyone a scope covers, each once: id, home grid, whether present.
pub(crate) fn each_in_scope(
    tx: &mut Tx<'_>,
    scope: &Scope,
    mut each: impl FnMut(PersonId, AreaId, bool),
) -> Result<()> {
    let areas: Vec<AreaId> = outermost(&scope.areas);
    for area in &areas {
        registry::each_person_in(tx, *area, |person| each(person.id, person.area, person.present))?;
    }
    let mut named: BTreeSet<PersonId> = scope.people.iter().copied().collect();
    for place in &scope.places {
        named.extend(registry::people_at_workplace(tx, *place)?);
    }
    for id in named {
        if let Some(person) = registry::person(tx, id)?
            && !areas.iter().any(|area| area.contains(person.area))
        {
            each(person.id, person.area, person.present);
        }
    }
    Ok(())
}

/// The areas of a list that no other of them contains.
pub(crate) fn outermost(areas: &[AreaId]) -> Vec<AreaId> {
    let distinct: BTreeSet<AreaId> = areas.iter().copied().collect();
    let inside = |area: &AreaId| distinct.iter().any(|other| other != area && other.contains(*area));
    distinct.iter().copied().filter(|area| !inside(area)).collect()
}

/// The roster of a scope at a moment.
pub(crate) fn build(tx: &mut Tx<'_>, scope: &Scope, now: Timestamp) -> Result<Vec<RosterGrid>> {
    let excused = Excused::at(tx, now)?;
    let mut grids: BTreeMap<AreaId, [Vec<PersonId>; 4]> = BTreeMap::new();
    each_in_scope(tx, scope, |person, grid, present| {
        grids.entry(grid).or_default()[excused.class(person, present) as usize].push(person);
    })?;
    let set = |people: Vec<PersonId>| people.into_iter().collect::<PersonSet>();
    let roster = grids.into_iter().map(|(grid, [due, absent, exempt, quarantined])| RosterGrid {
        grid,
        due: set(due),
        absent: set(absent),
        exempt: set(exempt),
        quarantined: set(quarantined),
    });
    Ok(roster.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_inside_another_is_counted_once() {
        let areas = [AreaId(140_121_101), AreaId(140_121), AreaId(140_105), AreaId(140_121)];
        assert_eq!(outermost(&areas), [AreaId(140_105), AreaId(140_121)]);
    }
}
