//! People under way, in beds, held; the facilities they are in.

use std::collections::BTreeMap;

use outpace_contacts::{self as contacts, Stage};
use outpace_core::{AreaId, CaseId, Refusal, Text};
use outpace_isolation::{self as isolation, FacilityKind, facilities, tally};
use outpace_store::Tx;
use outpace_zoning::{self as zoning, Target};

use crate::live::model::{BedsShown, CasesShown, FacilityShown, HoldsShown, TripsShown, VerbCount};

/// People ordered to move; ordered = the sum of the four.
pub(super) fn trips(tx: &mut Tx<'_>) -> Result<(TripsShown, i64), Refusal> {
    let moved = isolation::people_conservation(tx)?;
    let shown = TripsShown {
        waiting: moved.waiting,
        under_way: moved.under_way,
        admitted: moved.admitted,
        excused: moved.excused,
    };
    Ok((shown, moved.difference))
}

/// The last two verbs: transfer and take in, counted in people.
pub(super) fn verbs(trips: &TripsShown, tallies: &BTreeMap<String, i64>) -> [VerbCount; 2] {
    let of = |name: &str| tallies.get(name).copied().unwrap_or(0);
    let transfer = VerbCount {
        verb: "transfer".to_owned(),
        waiting: trips.waiting,
        under_way: trips.under_way,
        done: trips.admitted,
        late: 0,
    };
    let take_in = VerbCount {
        verb: "take_in".to_owned(),
        waiting: trips.under_way,
        under_way: 0,
        done: of("stays_open") + of("released"),
        late: 0,
    };
    [transfer, take_in]
}

/// Counters of the isolation capability, read once.
pub(super) fn tallies(tx: &mut Tx<'_>) -> Result<BTreeMap<String, i64>, Refusal> {
    Ok(tally::all(tx)?)
}

/// Holds in force, of people and of places, and those that lapsed.
pub(super) fn holds(tx: &mut Tx<'_>, tallies: &BTreeMap<String, i64>) -> Result<HoldsShown, Refusal> {
    let of = |name: &str| tallies.get(name).copied().unwrap_or(0);
    let places =
        zoning::closures::in_force(tx)?.iter().filter(|closure| matches!(closure.target, Target::Place { .. })).count();
    Ok(HoldsShown {
        people: of("standing_hold"),
        places: i64::try_from(places).unwrap_or(i64::MAX),
        lapsed: of("hold_lapsed") + zoning::closures::store::holds_lapsed(tx)?,
    })
}

/// Facilities that stand on the map, and the beds of all.
pub(super) fn facilities(tx: &mut Tx<'_>) -> Result<(Vec<FacilityShown>, BedsShown), Refusal> {
    let mut beds = BedsShown { total: 0, free: 0, reserved: 0, occupied: 0 };
    let mut shown = Vec::new();
    for facility in facilities::store::facilities(tx)? {
        beds.total += facility.beds;
        beds.free += facility.free;
        beds.reserved += facility.reserved;
        beds.occupied += facility.occupied;
        let (Some(lon), Some(lat)) = (facility.lon, facility.lat) else { continue };
        shown.push(FacilityShown {
            id: facility.id.0,
            name: Text::new(facility.name.zh, facility.name.en),
            lon,
            lat,
            kind: match facility.kind {
                FacilityKind::QuarantineSite => "quarantine",
                FacilityKind::Hospital | FacilityKind::Shelter => "hospital",
            }
            .to_owned(),
            beds: facility.beds,
            occupied: facility.occupied,
        });
    }
    Ok((shown, beds))
}

/// Cases counted at the most; a county's outbreak beyond that is counted by the surveillance pages.
const CASES_MAX: i64 = 100_000;

/// Cases by stage. Those found positive again count as asymptomatic infections do.
pub(super) fn cases(tx: &mut Tx<'_>, area: AreaId) -> Result<CasesShown, Refusal> {
    let mut shown = CasesShown { preliminary: 0, confirmed: 0, asymptomatic: 0, excluded: 0 };
    for case in contacts::cases_in(tx, area, CaseId(0), CASES_MAX)? {
        match case.stage {
            Stage::Suspected | Stage::Preliminary => shown.preliminary += 1,
            Stage::Confirmed => shown.confirmed += 1,
            Stage::Asymptomatic | Stage::PositiveAgain => shown.asymptomatic += 1,
            Stage::Excluded => shown.excluded += 1,
            Stage::Discharged | Stage::Died => {}
        }
    }
    Ok(shown)
}
