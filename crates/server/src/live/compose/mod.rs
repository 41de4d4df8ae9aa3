//! Composes [`Live`] from what every capability says of itself: one small function a section, one file a field of work.

pub(crate) mod clauses;
mod measures;
mod people;
mod plans;
mod stock;
mod tubes;
mod work;

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{AreaId, Refusal, Text};
use outpace_registry as registry;
use outpace_store::{Tx, journal};
use serde_json::Value;

use outpace_screening::flow::ConservationQuery;

use super::model::{ConservationShown, HeadShown, Jurisdiction, Live, PackName, RoundShown, TripsShown, VerbCount};

/// Names of areas, read once for one value.
#[derive(Default)]
pub(super) struct Names(BTreeMap<AreaId, Text>);

impl Names {
    /// The name of an area in both languages; its code where the registry does not know it.
    pub(super) fn of(&mut self, tx: &mut Tx<'_>, area: AreaId) -> Result<Text, Refusal> {
        if let Some(name) = self.0.get(&area) {
            return Ok(name.clone());
        }
        let found = registry::area(tx, area)?.map(|area| Text::new(area.name, area.name_en));
        let name = found.unwrap_or_else(|| Text::new(area.to_string(), area.to_string()));
        self.0.insert(area, name.clone());
        Ok(name)
    }
}

/// Everything the page shows now.
pub(crate) fn live(tx: &mut Tx<'_>, call: &Call, scenario: Value, timeline: Value) -> Result<Live, Refusal> {
    let offset = call.offset_minutes();
    let mut names = Names::default();
    let tallies = people::tallies(tx)?;
    let (trips, _) = people::trips(tx)?;
    let (facilities, beds) = people::facilities(tx)?;
    let rounds = tubes::rounds(tx, call.now)?;
    Ok(Live {
        now: call.now.0,
        clock: call.now.local(offset),
        offset_minutes: offset,
        drill: call.drill,
        scenario,
        jurisdiction: jurisdiction(tx, call)?,
        head: head(tx)?,
        command: work::command(tx)?,
        pack: PackName {
            id: call.pack().id.clone(),
            name: Text::new(call.pack().name_zh.clone(), call.pack().name_en.clone()),
        },
        verbs: verbs(tx, call, &rounds, &trips, &tallies)?,
        conservation: conservation(tx)?,
        flow: tubes::flow(tx, call)?,
        rounds,
        zones: measures::zones(tx, call, &mut names)?,
        closures: measures::closures(tx, call, &mut names)?,
        orders: work::orders(tx, call, &mut names)?,
        plan: plans::plan(tx, call)?,
        timeline: if timeline.is_null() { Value::Array(Vec::new()) } else { timeline },
        supplies: stock::supplies(tx, call)?,
        trucks: stock::trucks(tx)?,
        trips,
        beds,
        cases: people::cases(tx, call.rules.profile.area)?,
        holds: people::holds(tx, &tallies)?,
        glass: outpace_access::glass::open_at(tx, call.now)?,
        sites: tubes::sites(tx, call)?,
        facilities,
    })
}

/// The six verbs, in their order.
fn verbs(
    tx: &mut Tx<'_>,
    call: &Call,
    rounds: &[RoundShown],
    trips: &TripsShown,
    tallies: &BTreeMap<String, i64>,
) -> Result<Vec<VerbCount>, Refusal> {
    let mut verbs = tubes::verbs(tx, call, rounds)?.to_vec();
    verbs.extend(people::verbs(trips, tallies));
    Ok(verbs)
}

fn jurisdiction(tx: &mut Tx<'_>, call: &Call) -> Result<Jurisdiction, Refusal> {
    let profile = &call.rules.profile;
    Ok(Jurisdiction {
        code: profile.area.0,
        name: Text::new(profile.name_zh.clone(), profile.name_en.clone()),
        people: registry::population_of(tx, profile.area)?.registered,
    })
}

fn head(tx: &mut Tx<'_>) -> Result<HeadShown, Refusal> {
    let head = journal::head(tx)?;
    Ok(HeadShown { seq: head.seq.0, hash: head.hash.to_string() })
}

/// The conservation law: both differences are 0, or something was lost.
///
/// # Errors
/// What the store refused.
pub fn conservation(tx: &mut Tx<'_>) -> Result<ConservationShown, Refusal> {
    let tubes = outpace_screening::conservation(tx, &ConservationQuery::default())?;
    let (_, moved) = people::trips(tx)?;
    Ok(ConservationShown {
        difference: tubes.difference,
        sealed: tubes.sealed,
        received: tubes.received,
        resulted: tubes.resulted,
        pending: tubes.pending,
        lost: tubes.lost,
        // People are lost between a swab and a tube, or between an order to move and a bed.
        people_difference: tubes.people_difference + moved,
    })
}
