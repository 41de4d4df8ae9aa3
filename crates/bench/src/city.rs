//! Writes the city that is measured: areas, households, people, lanes, laboratories, and whole rounds of samples with
//! their results, all through the commands that the API itself calls. People have no name and no number here: what is
//! measured never looks into the vault.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use outpace_access::actors::{AddDevice, add_device};
use outpace_access::{Call, Office};
use outpace_core::{
    AreaId, AreaLevel, LaboratoryId, LaneId, PersonId, PlaceId, Refusal, Role, RoundId, Text, Timestamp, TubeCode,
};
use outpace_registry::areas::{Area, ImportAreas, import_areas};
use outpace_registry::people::{
    HouseholdKind, ImportHousehold, ImportHouseholds, ImportPeople, ImportPerson, Sex, import_households, import_people,
};
use outpace_registry::places::{ImportPlaces, ImportedPlace, import_places};
use outpace_screening::laboratory::{
    Intake, LaboratorySpec, ReportResults, ReportedResult, SetLaboratory, intake, report_results, set_laboratory,
};
use outpace_screening::rounds::{CloseRound, Method, OpenRound, PlanRound, close_round, open_round, plan_round};
use outpace_screening::sites::{ImportSites, LanesQuery, SiteKind, SiteRow, import_sites, list_lanes};
use outpace_screening::tubes::{RegisterTube, Swab, register_tube};
use outpace_server::office::{Opening, open};
use outpace_store::snapshot::WORTH_ENTRIES;
use outpace_store::{Place, Store, Unit, values};

use crate::BenchError;

/// The city: Taiyuan's profile governs it; its districts, townships and villages are numbered, not named.
const CITY: AreaId = AreaId(1401);
const DISTRICTS: i64 = 10;
const TOWNSHIPS: i64 = 10;
const VILLAGES: i64 = 15;
/// Grids of a village, people of a household, people in a tube.
const GRIDS: i64 = 7;
const HOUSEHOLD: i64 = 3;
/// People in a tube of the control pool.
pub const POOL: i64 = 10;
/// Lanes of the city: one device each.
pub const LANES: usize = 64;
/// Rows of one import.
const BATCH: i64 = 20_000;
/// Tubes of one intake or of one batch of results while the city is written.
const TUBES: i64 = 5_000;
/// Registrations under way at once while the city is written.
const WRITERS: usize = 64;

/// What the measurement needs to know of the city.
#[derive(Debug, Clone)]
pub struct City {
    /// People; their ids are 1 to this.
    pub people: i64,
    /// Samples stored before the measurement.
    pub stored: i64,
    /// The open round.
    pub round: RoundId,
    /// Its lanes.
    pub lanes: Vec<LaneId>,
    /// The laboratory.
    pub laboratory: LaboratoryId,
    /// Tokens of the lanes' devices.
    pub lane_tokens: Vec<String>,
    /// Token of the laboratory.
    pub laboratory_token: String,
    /// Token of an office that may read.
    pub office_token: String,
    /// Places with a gate each, and the tokens of the gates' devices.
    pub places: Vec<PlaceId>,
    /// See [`City::places`].
    pub gate_tokens: Vec<String>,
    /// Bytes of a registered tube's entry in the journal, on average.
    pub entry_bytes: i64,
    /// How long writing it took.
    pub seconds: f64,
}

impl City {
    /// Tubes that hold everybody, but for a rest smaller than a pool.
    #[must_use]
    pub fn tubes(&self) -> i64 {
        self.people / POOL
    }

    /// The people of the tube with a number, from 0: neighbours, as they queue.
    #[must_use]
    pub fn members(&self, tube: i64) -> Vec<i64> {
        (tube * POOL + 1..=tube * POOL + POOL).collect()
    }

    /// The tubes from one per cent of the city to another: each measurement samples people of its own, since nobody is
    /// sampled twice in a round without an order to settle it.
    #[must_use]
    pub fn share(&self, from: i64, to: i64) -> std::ops::Range<i64> {
        self.tubes() * from / 100..self.tubes() * to / 100
    }
}

/// The code of a tube of a campaign.
#[must_use]
pub fn code(campaign: &str, tube: i64) -> String {
    format!("{campaign}-{tube:08}")
}

struct Writing {
    office: Office,
}

impl Writing {
    fn act<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Unit<'_>, &Call) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let mut call = self.office.system_call();
        let actor = call.actor.clone();
        let written = self.office.store.write(&actor, move |unit| {
            call.now = unit.now();
            command(unit, &call)
        })?;
        Ok(written.answer)
    }
}

fn area(id: i64, parent: i64, level: AreaLevel) -> Area {
    Area {
        id: AreaId(id),
        parent: (parent > 0).then_some(AreaId(parent)),
        level,
        name: format!("测试区域{id}"),
        name_en: format!("Test area {id}"),
        lon: None,
        lat: None,
        seat_approximate: true,
        river_side: None,
        kind: None,
        residents: None,
    }
}

fn districts() -> impl Iterator<Item = i64> {
    (1..=DISTRICTS).map(|district| CITY.0 * 100 + district)
}

fn villages() -> Vec<i64> {
    let townships = districts().flat_map(|district| (1..=TOWNSHIPS).map(move |township| district * 1_000 + township));
    townships.flat_map(|township| (1..=VILLAGES).map(move |village| township * 1_000 + village)).collect()
}

fn areas() -> Vec<Area> {
    let mut all = vec![area(CITY.0, 0, AreaLevel::City)];
    all.extend(districts().map(|id| area(id, CITY.0, AreaLevel::County)));
    let townships = districts().flat_map(|district| (1..=TOWNSHIPS).map(move |township| district * 1_000 + township));
    all.extend(townships.map(|id| area(id, id / 1_000, AreaLevel::Township)));
    all.extend(villages().into_iter().map(|id| area(id, id / 1_000, AreaLevel::Village)));
    all
}

fn settle(writing: &Writing, people: i64) -> Result<(), BenchError> {
    writing.act(|unit, call| import_areas(unit, call, ImportAreas { source: "bench".to_owned(), areas: areas() }))?;
    let villages = villages();
    let grids = villages.len() as i64 * GRIDS;
    let grid = move |household: i64| {
        let at = (household * HOUSEHOLD * grids / people.max(1)).min(grids - 1);
        let village = usize::try_from(at / GRIDS).ok().and_then(|at| villages.get(at)).copied().unwrap_or(CITY.0);
        AreaId(village * 1_000 + at % GRIDS + 1)
    };
    for first in (0..people).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let last = people.min(first + BATCH);
        let households = (first / HOUSEHOLD..(last + HOUSEHOLD - 1) / HOUSEHOLD).map(|household| ImportHousehold {
            reference: Some(household),
            area: grid(household),
            kind: HouseholdKind::Family,
            landlord: None,
            contact: None,
        });
        let request = ImportHouseholds { source: "bench".to_owned(), households: households.collect() };
        writing.act(move |unit, call| import_households(unit, call, request))?;
        let rows = (first..last).map(|index| ImportPerson {
            reference: Some(index),
            household: index / HOUSEHOLD,
            born: format!("{}-03-01", 1930 + index % 80),
            sex: if index % 2 == 0 { Sex::Female } else { Sex::Male },
            tags: BTreeSet::new(),
            workplace: None,
            school: None,
            room: None,
            vehicle: None,
            absent: false,
            name: None,
            id_number: None,
            phone: None,
            address: None,
        });
        let request = ImportPeople { source: "bench".to_owned(), by_reference: true, people: rows.collect() };
        writing.act(move |unit, call| import_people(unit, call, request))?;
    }
    Ok(())
}

fn furnish(writing: &Writing) -> Result<(Vec<LaneId>, LaboratoryId), BenchError> {
    let villages = villages();
    let sites = (0..LANES).map(|index| SiteRow {
        key: format!("site-{index}"),
        name: Text::new(format!("{index}号点"), format!("Site {index}")),
        area: AreaId(villages[index * villages.len() / LANES]).unknown_grid(),
        kind: SiteKind::Ordinary,
        lon: None,
        lat: None,
        lanes: 1,
        samplers: 1,
        people_per_hour: None,
        opens_minute: None,
        closes_minute: None,
        open: true,
    });
    let request = ImportSites { sites: sites.collect() };
    let sites = writing.act(|unit, call| import_sites(unit, call, request))?.sites;
    let mut lanes = Vec::with_capacity(LANES);
    let call = writing.office.system_call();
    for site in sites.into_values() {
        let found = writing.office.store.read(|tx| list_lanes(tx, &call, LanesQuery { site }))?;
        lanes.extend(found.lanes.into_iter().map(|lane| lane.id));
    }
    let spec = LaboratorySpec {
        key: "lab".to_owned(),
        name: Text::new("测试实验室", "Test laboratory"),
        area: CITY,
        tubes_per_hour: 1_000_000,
        turnaround_minutes: 120,
        leg_minutes: 30,
    };
    let laboratory = writing.act(|unit, call| set_laboratory(unit, call, SetLaboratory { spec }))?.id;
    Ok((lanes, laboratory))
}

/// As many places as lanes, spread over the city.
fn gates(writing: &Writing) -> Result<Vec<PlaceId>, BenchError> {
    let villages = villages();
    let places = (0..LANES).map(|index| ImportedPlace {
        reference: Some(index as i64),
        class: "market".to_owned(),
        name: format!("{index}号市场"),
        name_en: format!("Market {index}"),
        area: AreaId(villages[index * villages.len() / LANES] * 1_000 + 1),
        lon: None,
        lat: None,
        part_of: None,
        staff: 10,
    });
    let request = ImportPlaces { source: "bench".to_owned(), places: places.collect() };
    writing.act(move |unit, call| import_places(unit, call, request))?;
    let found = writing.office.store.read(|tx| {
        let j = tx.jurisdiction();
        tx.query("SELECT id FROM place WHERE j = $1 ORDER BY id", values![j], |row| row.get(0))
    })?;
    Ok(found)
}

fn round(writing: &Writing, key: String) -> Result<RoundId, BenchError> {
    let request = PlanRound {
        name: Text::new(key.clone(), key.clone()),
        key,
        method: Method::Pcr,
        areas: vec![CITY],
        places: Vec::new(),
        people: Vec::new(),
        starts_at: None,
        ends_at: None,
        pool_group: Some("control".to_owned()),
    };
    let planned = writing.act(|unit, call| plan_round(unit, call, request))?;
    let acknowledged = planned.forecast.map(|forecast| forecast.last_result_at);
    let request = OpenRound { round: planned.round, acknowledged_last_result_at: acknowledged };
    Ok(writing.act(|unit, call| open_round(unit, call, request))?.round)
}

/// The registration of a whole tube, sealed.
#[must_use]
pub fn tube(round: RoundId, lane: LaneId, code: &str, people: &[i64]) -> RegisterTube {
    RegisterTube {
        tube: TubeCode::from(code),
        lane,
        round: Some(round),
        purpose: None,
        people: people.iter().map(|id| Swab { person: Some(PersonId(*id)), ..Swab::default() }).collect(),
        seal: true,
        occurred_at: None,
    }
}

fn sample_everyone(writing: &Writing, city: &City, campaign: &str) -> Result<(), BenchError> {
    let (next, tubes) = (AtomicI64::new(0), city.tubes());
    let call = Arc::new(writing.office.system_call());
    let store: &Store = &writing.office.store;
    let work = |lane: LaneId| -> Result<(), Refusal> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= tubes {
                return Ok(());
            }
            let request = tube(city.round, lane, &code(campaign, number), &city.members(number));
            let call = Arc::clone(&call);
            store.write(&call.actor.clone(), move |unit| register_tube(unit, &call, request))?;
        }
    };
    std::thread::scope(|scope| {
        let working: Vec<_> = (0..WRITERS)
            .map(|index| {
                let lane = city.lanes[index % city.lanes.len()];
                let work = &work;
                scope.spawn(move || work(lane))
            })
            .collect();
        working.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(Refusal::internal())))
    })?;
    Ok(())
}

fn test_everyone(writing: &Writing, city: &City, campaign: &str) -> Result<(), BenchError> {
    let tubes = city.tubes();
    for first in (0..tubes).step_by(usize::try_from(TUBES).unwrap_or(1)) {
        let codes: Vec<String> = (first..tubes.min(first + TUBES)).map(|number| code(campaign, number)).collect();
        let request = Intake {
            laboratory: city.laboratory,
            from_box: None,
            tubes: codes.clone(),
            declare_missing: false,
            occurred_at: None,
        };
        writing.act(move |unit, call| intake(unit, call, request))?;
        let results = codes.into_iter().map(negative).collect();
        let request = ReportResults { laboratory: city.laboratory, results };
        writing.act(move |unit, call| report_results(unit, call, request))?;
    }
    Ok(())
}

/// A negative result.
#[must_use]
pub fn negative(tube: String) -> ReportedResult {
    ReportedResult { tube, outcome: "negative".to_owned(), ct: BTreeMap::new(), tested_at: None::<Timestamp> }
}

fn device(writing: &Writing, name: String, role: Role) -> Result<String, BenchError> {
    Ok(writing.act(move |unit, call| add_device(unit, call, AddDevice { name, role, area: CITY, post: None }))?.token)
}

/// Writes the city and leaves a round open.
///
/// # Errors
/// When the folder is not empty, or the store refuses.
pub fn write(folder: &Path, place: Place, people: i64, rounds: i64) -> Result<City, BenchError> {
    if folder.exists() && std::fs::read_dir(folder)?.next().is_some() {
        return Err(BenchError::Http(format!("{} is not empty; choose another folder", folder.display())));
    }
    let began = Instant::now();
    let opening = Opening {
        folder: folder.to_owned(),
        place,
        profile: Some("taiyuan".to_owned()),
        pack: None,
        date: None,
        drill_from: None,
    };
    let writing = Writing { office: open(opening)?.office };
    settle(&writing, people)?;
    let (lanes, laboratory) = furnish(&writing)?;
    let mut city = City {
        people,
        stored: 0,
        round: RoundId(0),
        lanes,
        laboratory,
        lane_tokens: (0..LANES)
            .map(|lane| device(&writing, format!("lane {lane}"), Role::Sampler))
            .collect::<Result<_, _>>()?,
        laboratory_token: device(&writing, "laboratory".to_owned(), Role::Laboratory)?,
        office_token: device(&writing, "office".to_owned(), Role::TaskForceHead)?,
        places: gates(&writing)?,
        gate_tokens: (0..LANES)
            .map(|gate| device(&writing, format!("gate {gate}"), Role::Gatekeeper))
            .collect::<Result<_, _>>()?,
        entry_bytes: 0,
        seconds: 0.0,
    };
    for number in 1..=rounds {
        let campaign = format!("S{number}");
        city.round = round(&writing, format!("stored-{number}"))?;
        sample_everyone(&writing, &city, &campaign)?;
        test_everyone(&writing, &city, &campaign)?;
        writing.office.store.work_off()?;
        let request = CloseRound { round: city.round, reason: "bench".to_owned() };
        writing.act(move |unit, call| close_round(unit, call, request))?;
        city.stored += people / POOL * POOL;
    }
    city.round = round(&writing, "measured".to_owned())?;
    city.entry_bytes = writing.office.store.read(|tx| {
        tx.number(
            "SELECT CAST(COALESCE(AVG(LENGTH(payload)), 400) AS BIGINT) FROM
             (SELECT payload FROM journal WHERE kind = 'screening.swabs_taken' ORDER BY seq DESC LIMIT 100) AS latest",
            &[],
        )
    })?;
    writing.office.store.work_off()?;
    // As a server does when it is asked to end.
    writing.office.store.keep_snapshot(WORTH_ENTRIES)?;
    city.seconds = began.elapsed().as_secs_f64();
    Ok(city)
}

/// Bytes of all files in a folder.
///
/// # Errors
/// When the folder cannot be read.
pub fn bytes_of(folder: &Path) -> Result<u64, BenchError> {
    let sizes = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.metadata()?.len()));
    Ok(sizes.sum::<std::io::Result<u64>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_has_the_rounds_that_were_asked_for_and_nobody_twice_in_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("city");
        let city = write(&at, Place::Folder, 2_000, 1).unwrap();
        assert_eq!((city.stored, city.lanes.len(), city.lane_tokens.len()), (2_000, LANES, LANES));
        assert!(city.entry_bytes > 100);
        let opening = Opening {
            folder: at.clone(),
            place: Place::Folder,
            profile: None,
            pack: None,
            date: None,
            drill_from: None,
        };
        let store = open(opening).unwrap().office.store;
        let query = outpace_screening::flow::ConservationQuery { round: None, recount: true };
        let balance = store.read(|tx| outpace_screening::conservation(tx, &query)).unwrap();
        assert_eq!((balance.difference, balance.resulted), (0, city.tubes()));
        assert_eq!(store.read(outpace_orders_open_conflicts).unwrap(), 0);
        assert!(write(&at, Place::Folder, 10, 0).is_err(), "a folder with data is not written over");
    }

    fn outpace_orders_open_conflicts(tx: &mut outpace_store::Tx<'_>) -> outpace_store::Result<i64> {
        tx.number("SELECT COUNT(*) FROM conflict", &[])
    }

    #[test]
    fn shares_of_the_city_do_not_overlap() {
        let city = City {
            people: 5_300_003,
            stored: 0,
            round: RoundId(1),
            lanes: Vec::new(),
            laboratory: LaboratoryId(1),
            lane_tokens: Vec::new(),
            laboratory_token: String::new(),
            office_token: String::new(),
            places: Vec::new(),
            gate_tokens: Vec::new(),
            entry_bytes: 0,
            seconds: 0.0,
        };
        let shares = [(0, 50), (50, 60), (60, 75), (75, 100)].map(|(from, to)| city.share(from, to));
        assert!(shares.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!(city.members(shares[3].end - 1).last(), Some(&5_300_000));
    }
}
