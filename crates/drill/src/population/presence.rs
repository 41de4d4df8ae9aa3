//! Who of the residents is elsewhere in the days of the drill: students at universities, workers on other sites, old
//! people with their children in the city. The shares are assumptions for a county beside a large city; the census
//! counts residents and does not say who is away on a given day.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::compose::ADULT_YEARS;
use super::model::{Household, HouseholdKind, Person, Presence};

/// Residents of 18 to 22 who study and live elsewhere in April.
pub const AWAY_STUDYING_SHARE: f64 = 0.35;
/// Residents of 18 to 54 who live elsewhere for work.
pub const AWAY_WORKING_SHARE: f64 = 0.045;
/// Residents of 55 and older who stay with family elsewhere.
pub const AWAY_FAMILY_SHARE: f64 = 0.015;
const STUDENT_YEARS_MAX: u8 = 22;
const WORKER_YEARS_MAX: u8 = 54;

/// Draws who is away. Where there are minors at home, one adult stays; lodgers of the park stay.
pub(super) fn draw(random: &mut ChaCha8Rng, households: &[Household], people: &mut [Person], day: jiff::civil::Date) {
    for household in households.iter().filter(|household| household.kind == HouseholdKind::Family) {
        let members = &mut people[household.first.index()..][..usize::from(household.size)];
        for person in members.iter_mut() {
            person.presence = one(random, person.age_on(day));
        }
        let minors = members.iter().any(|person| person.age_on(day) < ADULT_YEARS);
        let mut adults = members.iter_mut().filter(|person| person.age_on(day) >= ADULT_YEARS);
        if minors && adults.all(|person| !person.is_present()) {
            stay(members, day);
        }
    }
}

fn stay(members: &mut [Person], day: jiff::civil::Date) {
    if let Some(person) = members.iter_mut().find(|person| person.age_on(day) >= ADULT_YEARS) {
        person.presence = Presence::Present;
    }
}

fn one(random: &mut ChaCha8Rng, age: u8) -> Presence {
    let chance: f64 = random.random();
    match age {
        0..ADULT_YEARS => Presence::Present,
        ADULT_YEARS..=STUDENT_YEARS_MAX if chance < AWAY_STUDYING_SHARE => Presence::AwayStudying,
        ADULT_YEARS..=WORKER_YEARS_MAX if chance > 1.0 - AWAY_WORKING_SHARE => Presence::AwayWorking,
        ADULT_YEARS..=WORKER_YEARS_MAX => Presence::Present,
        _ if chance < AWAY_FAMILY_SHARE => Presence::AwayFamily,
        _ => Presence::Present,
    }
}
