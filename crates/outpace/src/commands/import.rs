//! `outpace import WHAT FILE`: rows from a file, through the same commands as the API. Bad rows are told by line; good
//! rows go in.

use std::path::Path;

use clap::ValueEnum;
use outpace_access::{Call, Office};
use outpace_core::Refusal;
use outpace_isolation::facilities as isolation;
use outpace_registry::tables::Parsed;
use outpace_registry::{BATCH_MAX, areas, people, places};
use outpace_screening::{lanes, sites};
use outpace_store::Unit;

use super::{Failure, open};
use crate::Data;

/// What a file holds.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum What {
    /// Areas (.csv), or their boundaries (.geojson).
    Areas,
    /// Households; people refer to them.
    Households,
    /// People, with identities for the vault.
    People,
    /// Places where people meet.
    Places,
    /// Sampling sites.
    Sites,
    /// Quarantine sites and hospitals.
    Facilities,
    /// Vehicles.
    Vehicles,
    /// Records that a lane noted without a network, as its device wrote them. Twice or in any order does no harm; a
    /// record whose signature is wrong is not merged, its bytes are kept and an order is opened.
    Lane,
}

/// Rows that went in, and lines that did not.
struct Outcome {
    rows: usize,
    bad: Vec<String>,
}

/// Reads the file and brings its rows in.
pub fn run(what: What, file: &Path, data: Data) -> Result<(), Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| Failure::Unable(format!("{name}: {error}")))?;
    let is_geojson = file.extension().is_some_and(|extension| extension == "geojson" || extension == "json");
    if is_geojson && !matches!(what, What::Areas) {
        return Err(Failure::Unable(format!("{name}: only areas are read from GeoJSON; send a .csv")));
    }
    let opened = open(&data, None, None)?;
    let outcome = bring_in(&opened.office, what, is_geojson, &name, &text)?;
    println!("{name}: {} rows in / 行已导入, {} bad / 行有误", outcome.rows, outcome.bad.len());
    if outcome.bad.is_empty() {
        return Ok(());
    }
    Err(Failure::Found(outcome.bad.iter().map(|line| format!("\n  {name}:{line}")).collect()))
}

fn bring_in(office: &Office, what: What, is_geojson: bool, source: &str, text: &str) -> Result<Outcome, Failure> {
    let source = source.to_owned();
    match what {
        What::Areas if is_geojson => {
            batches(office, areas::parse_boundaries_geojson(text), move |unit, call, boundaries| {
                areas::import_boundaries(unit, call, areas::ImportBoundaries { source: source.clone(), boundaries })
                    .map(|_| ())
            })
        }
        What::Areas => batches(office, areas::parse_areas_csv(text), move |unit, call, areas| {
            areas::import_areas(unit, call, areas::ImportAreas { source: source.clone(), areas }).map(|_| ())
        }),
        What::Households => batches(office, people::parse_households_csv(text), move |unit, call, households| {
            people::import_households(unit, call, people::ImportHouseholds { source: source.clone(), households })
                .map(|_| ())
        }),
        What::People => batches(office, people::parse_people_csv(text), move |unit, call, rows| {
            let request = people::ImportPeople { source: source.clone(), by_reference: true, people: rows };
            people::import_people(unit, call, request).map(|_| ())
        }),
        What::Places => batches(office, places::parse_places_csv(text), move |unit, call, places| {
            places::import_places(unit, call, places::ImportPlaces { source: source.clone(), places }).map(|_| ())
        }),
        What::Vehicles => batches(office, places::parse_vehicles_csv(text), move |unit, call, vehicles| {
            places::import_vehicles(unit, call, places::ImportVehicles { source: source.clone(), vehicles }).map(|_| ())
        }),
        What::Facilities => batches(office, isolation::parse_facilities_csv(text), |unit, call, rows| {
            isolation::import_facilities(unit, call, rows).map(|_| ())
        }),
        What::Sites => import_sites(office, text),
        What::Lane => import_lane(office, text),
    }
}

fn batches<T: Clone + Send + 'static>(
    office: &Office,
    parsed: Parsed<T>,
    import: impl Fn(&mut Unit<'_>, &Call, Vec<T>) -> Result<(), Refusal> + Clone + Send + 'static,
) -> Result<Outcome, Failure> {
    let rows = parsed.rows.len();
    for batch in parsed.rows.chunks(BATCH_MAX) {
        let (batch, import, mut call) = (batch.to_vec(), import.clone(), office.system_call());
        office.store.write(&office.store.system(), move |unit| {
            call.now = unit.now();
            import(unit, &call, batch)
        })?;
    }
    let bad = parsed.bad.iter().map(|row| format!("{}: {} / {}", row.line, row.reason.en, row.reason.zh)).collect();
    Ok(Outcome { rows, bad })
}

fn import_sites(office: &Office, text: &str) -> Result<Outcome, Failure> {
    let (csv, mut call) = (text.to_owned(), office.system_call());
    let imported = office.store.write(&office.store.system(), move |unit| {
        call.now = unit.now();
        sites::import_sites_csv(unit, &call, sites::ImportSitesCsv { csv })
    })?;
    let done = imported.answer;
    let bad = done.bad.iter().map(|row| format!("{}: {} / {}", row.line, row.reason.en, row.reason.zh)).collect();
    Ok(Outcome { rows: usize::try_from(done.added + done.known).unwrap_or_default(), bad })
}

/// What a lane noted: each record that did not simply go in is told with its line.
fn import_lane(office: &Office, text: &str) -> Result<Outcome, Failure> {
    let file = lanes::read_file(text).map_err(|why| Failure::Unable(format!("{} / {}", why.en, why.zh)))?;
    let mut outcome = Outcome { rows: 0, bad: Vec::new() };
    outcome.bad.extend(file.bad.iter().map(|(line, why)| format!("{line}: {} / {}", why.en, why.zh)));
    for part in file.records.chunks(lanes::RECORDS_MAX) {
        let records = part.iter().map(|(_, record)| record.clone()).collect();
        let (request, mut call) = (lanes::MergeRecords { sheet: file.sheet, records }, office.system_call());
        let merged = office.store.write(&office.store.system(), move |unit| {
            call.now = unit.now();
            lanes::merge_records(unit, &call, request)
        })?;
        for (answer, (line, _)) in merged.answer.records.iter().zip(part) {
            if answer.state == lanes::RecordState::Quarantined {
                outcome.bad.push(told(*line, answer));
            } else {
                outcome.rows += 1;
                if answer.state == lanes::RecordState::Flagged || answer.state == lanes::RecordState::Waiting {
                    println!("  {}", told(*line, answer));
                }
            }
        }
        for device in merged.answer.devices.iter().filter(|device| !device.missing.is_empty()) {
            println!("  {}: still missing / 尚缺: {:?}", device.device, device.missing);
        }
        if merged.answer.returned {
            println!("  everything of sheet {} is here / 通道单 {} 已全部交回", file.sheet, file.sheet);
        }
    }
    Ok(outcome)
}

fn told(line: u64, answer: &lanes::RecordAnswer) -> String {
    let flags: Vec<String> = answer.flags.iter().map(|flag| format!("{} {}", flag.word(), flag.zh())).collect();
    let why = answer.why.as_ref().map(|why| format!(" {} / {}", why.en, why.zh)).unwrap_or_default();
    format!("{line}: {} {} {}{why}", answer.state.word(), answer.state.zh(), flags.join(", "))
}
