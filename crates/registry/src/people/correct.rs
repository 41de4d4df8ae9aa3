//! Corrections that a file may make when it is asked to: where somebody lives, care needs that came, who is away. Each is
//! the same fact as by hand. What else differs, and who somebody is, is named and left.

use outpace_access::Call;
use outpace_core::{PersonId, Refusal, Trigger, trigger};
use outpace_store::Unit;

use super::facts::{PersonMoved, PersonTagged, PresenceChanged};
use super::import::{ImportPerson, News};
use super::store;
use crate::rows::{About, Fate};

/// Columns that a file may correct.
const CORRECTED: [&str; 3] = ["household", "tags", "absent"];

/// Corrects each known row of which nothing else differs.
pub(super) fn correct(
    unit: &mut Unit<'_>,
    call: &Call,
    rows: &[ImportPerson],
    news: &News,
    fates: &mut [Fate],
) -> Result<(), Refusal> {
    for (index, fate) in fates.iter_mut().enumerate() {
        let Fate::Known { about: About::Id(id), fields, changed, .. } = fate else { continue };
        if fields.is_empty() || !fields.iter().all(|field| CORRECTED.contains(field)) {
            continue;
        }
        let (Some(new), Some(before)) = (news.get(&index), store::person(unit.tx(), PersonId(*id))?) else { continue };
        if !call.sees(before.area) {
            continue;
        }
        if fields.contains(&"household") {
            let (household, area) = (new.person.household, new.person.area);
            unit.record(PersonMoved { person: before.id, from: before.household, household, area })?;
            unit.enqueue(trigger::RESPOND, &Trigger::Person(before.id))?;
        }
        if fields.contains(&"tags") {
            let tags = &rows[index].tags;
            let (added, removed) = (tags - &before.tags, &before.tags - tags);
            unit.record(PersonTagged { person: before.id, added, removed })?;
        }
        if fields.contains(&"absent") {
            unit.record(PresenceChanged { person: before.id, present: false, whereabouts: None, until: None })?;
        }
        *changed = true;
    }
    Ok(())
}
