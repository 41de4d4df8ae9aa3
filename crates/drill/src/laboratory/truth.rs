//! Who is infected, from when on a test can show it. Private to the laboratory.

use std::collections::BTreeMap;

use outpace_core::time::HOUR_MS;
use outpace_core::{AreaId, Timestamp};
use serde::Deserialize;

use crate::population::{Activity, PersonRef, Population};

/// Hours before the day begins from which the person found first can be found.
const INDEX_HOURS_BEFORE: i64 = 12;
/// Hours before the day begins from which those of the night can be found: after the daily test of the evening.
const NIGHT_HOURS_BEFORE: i64 = 2;
/// Hours after the day begins from which those of the round can be found.
const ROUND_HOURS_AFTER: i64 = 10;
/// The youngest and oldest that the round's positives are drawn from.
const YEARS: std::ops::RangeInclusive<u8> = 20..=70;

/// What the scenario says of the infected. Its fields are nobody's but the laboratory's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    index_home: AreaId,
    night_positives: usize,
    night_homes: Vec<AreaId>,
    round_positives: Vec<AreaId>,
    antigen_false_positives: usize,
    pub(super) invalid_per_10000: u64,
}

impl Truth {
    /// How many are found in the night; for the test that holds the park's roster against it.
    #[cfg(test)]
    pub(crate) fn night_positives(&self) -> usize {
        self.night_positives
    }

    /// The infected, each with the moment from which a test shows it.
    pub(super) fn infected(&self, county: &Population, starts_at: Timestamp) -> BTreeMap<PersonRef, Timestamp> {
        let mut infected = BTreeMap::new();
        let Some(park) = &county.park else { return infected };
        let centre: Vec<PersonRef> = park
            .workers
            .iter()
            .copied()
            .filter(|worker| county.person(*worker).place == Some(park.distribution_centre))
            .collect();
        let lives_in = |one: &PersonRef, area: AreaId| area.contains(county.grid_of(*one));
        let index = centre.iter().copied().find(|one| lives_in(one, self.index_home));
        infected.extend(index.map(|index| (index, Timestamp(starts_at.0 - INDEX_HOURS_BEFORE * HOUR_MS))));
        let night = Timestamp(starts_at.0 - NIGHT_HOURS_BEFORE * HOUR_MS);
        let others = centre.iter().copied().filter(|one| Some(*one) != index);
        let found = others.filter(|one| self.night_homes.iter().any(|home| lives_in(one, *home)));
        infected.extend(found.take(self.night_positives).map(|one| (one, night)));
        let later = starts_at.plus_hours(ROUND_HOURS_AFTER);
        for (number, area) in (1..).zip(&self.round_positives) {
            infected.extend(resident(county, *area, number).map(|one| (one, later)));
        }
        infected
    }

    /// Those whose self-test shows two lines although they are not infected.
    pub(super) fn false_lines(&self, county: &Population) -> Vec<PersonRef> {
        let west =
            county.villages.iter().filter(|village| village.river_side == Some(crate::population::RiverSide::West));
        let found = west.zip(7..).filter_map(|(village, number)| resident(county, village.area, number));
        found.step_by(11).take(self.antigen_false_positives).collect()
    }
}

/// Somebody of working age at home in an area, with nobody of the park in the household: the `number`th household that
/// fits.
fn resident(county: &Population, area: AreaId, number: usize) -> Option<PersonRef> {
    let park = county.park.as_ref()?;
    let fits = |one: &PersonRef| {
        let person = county.person(*one);
        let at_home = matches!(person.activity, Activity::Home | Activity::Farmer);
        let household = county.household(person.household);
        let apart = county.members(household).all(|member| !park.workers.contains(&member));
        person.is_present() && at_home && YEARS.contains(&person.age_on(county.day)) && apart
    };
    county.people_in(area).filter(fits).nth(number * 3)
}
