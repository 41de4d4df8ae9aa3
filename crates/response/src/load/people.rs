//! Turns people and samples of the capabilities into those of a situation.

use std::collections::BTreeSet;

use outpace_core::{AreaId, AreaLevel, PersonId, PlaceId, Seq, Timestamp};
use outpace_registry as registry;
use outpace_registry::CareTag;
use outpace_screening::laboratory::Outcome as Found;
use outpace_store::{Result, Tx};

use crate::situation::{CareNeed, Outcome, Person, Single};

/// Care needs behind the registry's tags.
pub(super) fn care_needs(tags: &BTreeSet<CareTag>) -> BTreeSet<CareNeed> {
    tags.iter()
        .map(|tag| match tag {
            CareTag::LivingAloneOld => CareNeed::LivingAloneOld,
            CareTag::Infant => CareNeed::Infant,
            CareTag::Pregnant => CareNeed::Pregnant,
            CareTag::InLabour => CareNeed::InLabour,
            CareTag::Dialysis => CareNeed::Dialysis,
            CareTag::Chemotherapy => CareNeed::Chemotherapy,
            CareTag::AfterSurgery => CareNeed::AfterSurgery,
            CareTag::ChronicMedicine => CareNeed::ChronicMedicine,
            CareTag::Disabled => CareNeed::Disabled,
        })
        .collect()
}

/// A person of the registry as the response sees them; `year` tells the age.
pub(super) fn person(found: &registry::Person, year: i64, isolated_at: Option<Timestamp>) -> Person {
    Person {
        household: Some(found.household),
        area: Some(found.area),
        age_years: found.age_in(year),
        care: care_needs(&found.tags),
        workplace: found.workplace.or(found.school),
        room: found.room.clone(),
        studies: found.workplace.is_none() && found.school.is_some(),
        present: found.present,
        isolated_at,
    }
}

/// When a person was cut off from others: aboard a vehicle of a transfer, or admitted.
pub(super) fn isolated_at(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<Timestamp>> {
    let aboard = outpace_isolation::transfers::open_of(tx, person)?.and_then(|transfer| transfer.boarded_at);
    match aboard {
        Some(at) => Ok(Some(at)),
        None => Ok(outpace_isolation::stays::open_of(tx, person)?.map(|stay| stay.admitted_at)),
    }
}

/// The place in whose dormitory a person lives.
pub(super) fn dormitory(tx: &mut Tx<'_>, person: &registry::Person) -> Result<Option<PlaceId>> {
    let household = registry::household(tx, person.household)?;
    if household.is_none_or(|household| household.kind != registry::HouseholdKind::Dormitory) {
        return Ok(None);
    }
    let Some(work) = person.workplace else { return Ok(None) };
    let Some(place) = registry::place(tx, work)? else { return Ok(None) };
    let same_village = place.area.at(AreaLevel::Village) == person.area.at(AreaLevel::Village);
    Ok(same_village.then_some(place.part_of.unwrap_or(place.id)))
}

/// The calendar year of a moment.
pub(super) fn year_of(at: Timestamp, offset_minutes: i64) -> i64 {
    at.local(offset_minutes).get(..4).and_then(|year| year.parse().ok()).unwrap_or(1970)
}

/// What a laboratory found.
pub(super) fn outcome(found: Found) -> Outcome {
    match found {
        Found::Negative => Outcome::Negative,
        Found::Positive => Outcome::Positive,
        Found::Inconclusive => Outcome::Inconclusive,
        Found::Invalid => Outcome::Invalid,
    }
}

/// Samples of one person that were theirs alone and have a result.
pub(super) fn singles(samples: &[outpace_screening::PersonSample]) -> Vec<Single> {
    let own = samples.iter().filter(|sample| sample.is_single());
    own.filter_map(|sample| {
        Some(Single {
            sampled_at: sample.taken_at,
            resulted_at: sample.tested_at?,
            outcome: outcome(sample.outcome?),
            tube: Some(sample.tube.clone()),
            antigen: false,
            excluded: false,
            // Nothing rests on a nucleic-acid result by its number alone: a positive one is a case with facts of its own.
            seq: Seq(0),
        })
    })
    .collect()
}

/// The village of a grid.
pub(super) fn village(area: AreaId) -> AreaId {
    area.at(AreaLevel::Village).unwrap_or(area)
}
