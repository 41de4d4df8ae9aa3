//! Who comes to be sampled east of the river: drawn from the seed, given to the drill. How many came is the report's
//! number, as an input; the score never reads it here, it asks the system what its lanes counted.

use std::collections::BTreeSet;

use outpace_core::AreaId;

use crate::population::{PersonRef, Population, RiverSide, mix};
use crate::scenario::Behaviour;

/// Everybody of one side, as they behave on the day.
#[derive(Debug, Default)]
pub struct Attendance {
    /// Who comes, by village, in the order in which they queue: household by household.
    pub by_village: Vec<(AreaId, Vec<PersonRef>)>,
    /// Of these, who has fever or an abnormal status.
    pub abnormal: BTreeSet<PersonRef>,
    /// Who is exempt and does not come.
    pub exempt: Vec<PersonRef>,
}

impl Attendance {
    /// How many come.
    #[must_use]
    pub fn people(&self) -> usize {
        self.by_village.iter().map(|(_, people)| people.len()).sum()
    }
}

/// Draws who of the east comes, `kept` being those who must not go to a site: the isolated and the quarantined.
#[must_use]
pub fn east(county: &Population, behaviour: &Behaviour, kept: &BTreeSet<PersonRef>) -> Attendance {
    let draw = |person: PersonRef, salt: u64| mix(county.seed ^ salt ^ (u64::from(person.0) << 20));
    let could: Vec<PersonRef> = people_of(county, RiverSide::East).filter(|person| !kept.contains(person)).collect();
    // Whoever draws highest does not come: those who come are as many as came.
    let mut ranked: Vec<(u64, PersonRef)> = could.iter().map(|person| (draw(*person, 0xa77e), *person)).collect();
    ranked.sort_unstable();
    let (come, stay) = ranked.split_at(behaviour.east_came.min(ranked.len()));
    let come: BTreeSet<PersonRef> = come.iter().map(|(_, person)| *person).collect();
    let by_village = east_villages(county)
        .map(|village| {
            let queue = county.people_in(village).filter(|person| come.contains(person)).collect();
            (village, queue)
        })
        .collect();
    let exempt = stay.iter().take(stay.len() * behaviour.exempt_percent / 100).map(|(_, person)| *person).collect();
    let permille = behaviour.abnormal_permille as u64;
    let abnormal = come.iter().copied().filter(|person| draw(*person, 0xfe4e) % 1000 < permille).collect();
    Attendance { by_village, abnormal, exempt }
}

/// The villages east of the river, by code.
pub fn east_villages(county: &Population) -> impl Iterator<Item = AreaId> + '_ {
    of_side(county, RiverSide::East)
}

/// The villages west of the river, by code.
pub fn west_villages(county: &Population) -> impl Iterator<Item = AreaId> + '_ {
    of_side(county, RiverSide::West)
}

fn of_side(county: &Population, side: RiverSide) -> impl Iterator<Item = AreaId> + '_ {
    county.villages.iter().filter(move |village| village.river_side == Some(side)).map(|village| village.area)
}

fn people_of(county: &Population, side: RiverSide) -> impl Iterator<Item = PersonRef> + '_ {
    let everyone = of_side(county, side).flat_map(move |village| county.people_in(village));
    everyone.filter(move |person| county.person(*person).is_present())
}

/// Who of those at home west of the river reports a self-test, by village.
#[must_use]
pub fn antigen_reporters(county: &Population, behaviour: &Behaviour) -> Vec<(AreaId, Vec<PersonRef>)> {
    let silent = behaviour.antigen_silent_permille as u64;
    let reports = |person: &PersonRef| {
        county.person(*person).is_present() && mix(county.seed ^ 0xa96 ^ (u64::from(person.0) << 20)) % 1000 >= silent
    };
    west_villages(county).map(|village| (village, county.people_in(village).filter(reports).collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population;
    use crate::scenario::Scenario;

    #[test]
    fn as_many_come_as_came_and_nobody_who_is_kept_or_away() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../drills/qingxu-2022");
        let scenario = Scenario::load(std::path::Path::new(folder)).unwrap();
        let county = population::generate(scenario.seed, &scenario.read_areas().unwrap());
        let kept: BTreeSet<PersonRef> = county.park.as_ref().unwrap().workers.iter().copied().collect();
        let attendance = east(&county, &scenario.behaviour, &kept);
        assert_eq!(attendance.people(), scenario.behaviour.east_came);
        let everyone: Vec<PersonRef> =
            attendance.by_village.iter().flat_map(|(_, people)| people.iter().copied()).collect();
        assert_eq!(everyone.iter().collect::<BTreeSet<_>>().len(), everyone.len(), "nobody comes twice");
        assert!(everyone.iter().all(|person| county.person(*person).is_present() && !kept.contains(person)));
        assert!(attendance.exempt.iter().all(|person| !everyone.contains(person)));
        assert_eq!(attendance.people(), east(&county, &scenario.behaviour, &kept).people());
    }
}
