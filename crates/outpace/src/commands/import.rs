//! `outpace import WHAT FILE`: rows from a file, through the same commands as the API. Good rows go in; bad rows are told
//! by line and come back as a file. Every row with content is in one of the counts that are printed.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use outpace_access::{Call, Office};
use outpace_core::{Refusal, Text};
use outpace_files::{Counted, Unreadable};
use outpace_isolation::facilities as isolation;
use outpace_registry::tables::FileRows;
use outpace_registry::{BATCH_MAX, Imported, Origin, RowDiffers, areas, people, places};
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

/// How a file is brought in.
#[derive(Debug, Clone, Args)]
pub struct Manner {
    /// Correct known people where the file says something else of household, care tags or absence. Other differences are
    /// named and left.
    #[arg(long)]
    pub correct: bool,
    /// Where the rows that were kept out are written, each with its reason, to be put right and sent again [default:
    /// beside the file, as NAME.bad.csv]
    #[arg(long)]
    pub bad: Option<PathBuf>,
}

/// What became of a file.
#[derive(Default)]
struct Outcome {
    counted: Counted,
    /// What is wrong with the file, its rows and its cells, and known rows that differ.
    lines: Vec<(u64, String)>,
    /// Rows that were taken over what was known.
    changed: Vec<(u64, String)>,
    /// The rows that were kept out.
    bad_rows: String,
    /// Words about the file as a whole that keep nothing out.
    notes: Vec<String>,
}

fn both(text: &Text) -> String {
    format!("{} / {}", text.en, text.zh)
}

impl Outcome {
    fn of<T>(file: &FileRows<T>) -> Self {
        let words = |row: &RowDiffers| (row.row, both(&row.text()));
        let mut outcome = Self {
            counted: file.counted(),
            lines: file.different.iter().map(words).collect(),
            changed: file.changed.iter().map(words).collect(),
            bad_rows: file.bad_rows(),
            notes: Vec::new(),
        };
        for told in &file.told {
            let sheet = told.sheet.as_ref().map(|sheet| format!("[{sheet}] ")).unwrap_or_default();
            let column = if told.column.is_empty() { String::new() } else { format!("{}: ", told.column) };
            let words = format!("{sheet}{column}{}", both(&told.reason));
            match u64::try_from(told.line) {
                Ok(line) if line > 0 => outcome.lines.push((line, words)),
                _ => outcome.notes.push(words),
            }
        }
        outcome
    }
}

/// Reads the file and brings its rows in.
pub fn run(what: What, file: &Path, data: Data, manner: &Manner) -> Result<(), Failure> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file).map_err(|error| Failure::Unable(format!("{name}: {error}")))?;
    let is_geojson = is_geojson(file, &bytes);
    if is_geojson && !matches!(what, What::Areas | What::Lane) {
        return Err(Failure::Unable(format!(
            "{name}: only areas are read from GeoJSON; send a table / 只有区域边界可用 GeoJSON 导入,请提供表格文件"
        )));
    }
    let opened = open(&data, None, None)?;
    let mut outcome = bring_in(&opened.office, what, is_geojson, &name, &bytes, manner.correct)?;
    outcome.lines.sort();
    for note in &outcome.notes {
        println!("{name}: {note}");
    }
    for (line, change) in &outcome.changed {
        println!("  {name}:{line}: changed / 已更改: {change}");
    }
    let sum = outcome.counted.line();
    let line = sum.as_ref().unwrap_or_else(|line| line);
    println!("{name}: {}\n{name}:{}", line.en, line.zh);
    write_bad_rows(file, manner, &outcome.bad_rows)?;
    if sum.is_err() {
        return Err(Failure::Unable(format!("{name}: {}", both(line))));
    }
    if outcome.lines.is_empty() {
        return Ok(());
    }
    Err(Failure::Found(outcome.lines.iter().map(|(line, why)| format!("\n  {name}:{line}: {why}")).collect()))
}

/// A boundary file by its name in any case, or by what it begins with.
fn is_geojson(file: &Path, bytes: &[u8]) -> bool {
    let named = file.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    let begins = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start().first() == Some(&b'{');
    matches!(named.as_deref(), Some("geojson")) || (matches!(named.as_deref(), Some("json")) && begins)
}

/// Writes the rows that were kept out, for nobody else to read: they hold what the file held. Where no place was named, a
/// folder that takes no files is told and nothing else.
fn write_bad_rows(file: &Path, manner: &Manner, rows: &str) -> Result<(), Failure> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if rows.is_empty() {
        return Ok(());
    }
    let place = manner.bad.clone().unwrap_or_else(|| file.with_extension("bad.csv"));
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&place)
        .and_then(|mut out| out.write_all(rows.as_bytes()));
    let place = place.display();
    match written {
        Ok(()) => println!("{place}: rows kept out, with reasons / 未录入的行及原因"),
        Err(error) if manner.bad.is_some() => return Err(Failure::Unable(format!("{place}: {error}"))),
        Err(error) => println!("{place}: {error}; name another place with --bad / 无法写入,请用 --bad 指定位置"),
    }
    Ok(())
}

/// Reads a file of a kind and brings it in, in parts.
struct Importing<'a> {
    office: &'a Office,
    name: &'a str,
    bytes: &'a [u8],
    correct: bool,
}

fn bring_in(
    office: &Office,
    what: What,
    is_geojson: bool,
    name: &str,
    bytes: &[u8],
    correct: bool,
) -> Result<Outcome, Failure> {
    let source = name.to_owned();
    let importing = Importing { office, name, bytes, correct };
    match what {
        What::Areas if is_geojson => importing.boundaries(),
        What::Areas => importing.table(areas::read_areas, BATCH_MAX, move |unit, call, areas, origin| {
            areas::import_areas_of(unit, call, areas::ImportAreas { source: source.clone(), areas }, origin)
        }),
        What::Households => {
            importing.table(people::read_households, BATCH_MAX, move |unit, call, households, origin| {
                let request = people::ImportHouseholds { source: source.clone(), households };
                people::import_households_of(unit, call, request, origin)
            })
        }
        What::People => importing.people(source),
        What::Places => importing.table(places::read_places, BATCH_MAX, move |unit, call, places, origin| {
            places::import_places_of(unit, call, places::ImportPlaces { source: source.clone(), places }, origin)
        }),
        What::Vehicles => importing.table(places::read_vehicles, BATCH_MAX, move |unit, call, vehicles, origin| {
            let request = places::ImportVehicles { source: source.clone(), vehicles };
            places::import_vehicles_of(unit, call, request, origin)
        }),
        What::Facilities => {
            importing.table(isolation::read_facilities, isolation::FACILITIES_MAX, isolation::import_facilities_of)
        }
        What::Sites => importing.table(sites::read_sites, sites::IMPORT_MAX, |unit, call, rows, origin| {
            sites::import_sites_of(unit, call, rows, origin).map(sites::SitesImported::counted)
        }),
        What::Lane => import_lane(office, name, bytes),
    }
}

impl Importing<'_> {
    fn unreadable(&self, reason: &Text) -> Failure {
        Failure::Found(format!("{}: {}", self.name, both(reason)))
    }

    fn table<T: Clone + Send + 'static>(
        &self,
        read: impl Fn(&[u8]) -> Result<FileRows<T>, Unreadable>,
        batch_max: usize,
        import: impl Fn(&mut Unit<'_>, &Call, Vec<T>, &Origin) -> Result<Imported, Refusal> + Clone + Send + 'static,
    ) -> Result<Outcome, Failure> {
        let mut file = read(self.bytes).map_err(|Unreadable(reason)| self.unreadable(&reason))?;
        let rows = std::mem::take(&mut file.rows);
        let lines = file.lines.clone();
        let mut start = 0;
        for batch in rows.chunks(batch_max) {
            let origin = Origin {
                lines: lines[start..start + batch.len()].to_vec(),
                repeats: Vec::new(),
                correct: self.correct,
            };
            start += batch.len();
            self.batch(&mut file, batch.to_vec(), origin, import.clone())?;
        }
        Ok(Outcome::of(&file))
    }

    /// People, whose rows without reference and identity are counted over the whole file.
    fn people(&self, source: String) -> Result<Outcome, Failure> {
        let mut file = people::read_people(self.bytes).map_err(|Unreadable(reason)| self.unreadable(&reason))?;
        let rows = std::mem::take(&mut file.rows);
        let (lines, repeats) = (file.lines.clone(), people::repeats(&rows));
        let mut start = 0;
        for batch in rows.chunks(BATCH_MAX) {
            let part = start..start + batch.len();
            let origin = Origin {
                lines: lines[part.clone()].to_vec(),
                repeats: repeats[part.clone()].to_vec(),
                correct: self.correct,
            };
            start = part.end;
            let source = source.clone();
            self.batch(&mut file, batch.to_vec(), origin, move |unit, call, people, origin| {
                let request = people::ImportPeople { source: source.clone(), by_reference: true, people };
                people::import_people_of(unit, call, request, origin)
            })?;
        }
        Ok(Outcome::of(&file))
    }

    fn batch<T: Send + 'static>(
        &self,
        file: &mut FileRows<T>,
        batch: Vec<T>,
        origin: Origin,
        import: impl Fn(&mut Unit<'_>, &Call, Vec<T>, &Origin) -> Result<Imported, Refusal> + Send + 'static,
    ) -> Result<(), Failure> {
        let mut call = self.office.system_call();
        let done = self.office.store.write(&self.office.store.system(), move |unit| {
            call.now = unit.now();
            import(unit, &call, batch, &origin)
        });
        match done {
            Ok(done) => file.note(&done.answer),
            Err(error) => {
                // What went in before stands; the same file again goes on from there.
                let sum = file.counted();
                let failure = Failure::from(error);
                let (Failure::Unable(why) | Failure::Found(why)) = failure;
                return Err(Failure::Unable(format!(
                    "{}: {why}\n  {} rows are in; import the same file again to go on / 已录入 {} 行,再次导入同一文件即可继续",
                    self.name, sum.taken, sum.taken
                )));
            }
        }
        Ok(())
    }

    fn boundaries(&self) -> Result<Outcome, Failure> {
        let text = std::str::from_utf8(self.bytes).map_err(|_| {
            let zh = "GeoJSON 须为 UTF-8 编码(RFC 7946),请另存为 UTF-8。";
            self.unreadable(&Text::new(zh, "GeoJSON is in UTF-8 (RFC 7946); save it as UTF-8."))
        })?;
        let parsed = areas::parse_boundaries_geojson(text);
        if let [bad] = parsed.bad.as_slice()
            && bad.line == 0
        {
            return Err(self.unreadable(&bad.reason));
        }
        let mut outcome = Outcome::default();
        outcome.counted.content = (parsed.rows.len() + parsed.bad.len()) as i64;
        outcome.counted.told = parsed.bad.len() as i64;
        outcome.lines.extend(parsed.bad.iter().map(|bad| (bad.line, both(&bad.reason))));
        for (batch, lines) in parsed.rows.chunks(BATCH_MAX).zip(parsed.lines.chunks(BATCH_MAX)) {
            let origin = Origin { lines: lines.to_vec(), ..Origin::default() };
            let request = areas::ImportBoundaries { source: self.name.to_owned(), boundaries: batch.to_vec() };
            let mut call = self.office.system_call();
            let done = self.office.store.write(&self.office.store.system(), move |unit| {
                call.now = unit.now();
                areas::import_boundaries_of(unit, &call, request, &origin)
            })?;
            let done = done.answer;
            outcome.counted.taken += done.added + done.changed.len() as i64;
            outcome.counted.same += done.same;
            outcome.counted.told += done.told.len() as i64;
            outcome.changed.extend(done.changed.iter().map(|row| (row.row, both(&row.text()))));
            outcome.lines.extend(done.told.iter().map(|told| (told.row, both(&told.reason))));
        }
        Ok(outcome)
    }
}

/// What a lane noted: each record that did not simply go in is told with its line.
fn import_lane(office: &Office, name: &str, bytes: &[u8]) -> Result<Outcome, Failure> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Failure::Unable(format!("{name}: this is no file of a lane / 这不是采样通道的记录文件")))?;
    let file = lanes::read_file(text).map_err(|why| Failure::Unable(format!("{} / {}", why.en, why.zh)))?;
    let mut outcome = Outcome::default();
    outcome.counted.content = (file.records.len() + file.bad.len()) as i64;
    outcome.counted.told = file.bad.len() as i64;
    outcome.lines.extend(file.bad.iter().map(|(line, why)| (*line, both(why))));
    for part in file.records.chunks(lanes::RECORDS_MAX) {
        let records = part.iter().map(|(_, record)| record.clone()).collect();
        let (request, mut call) = (lanes::MergeRecords { sheet: file.sheet, records }, office.system_call());
        let merged = office.store.write(&office.store.system(), move |unit| {
            call.now = unit.now();
            lanes::merge_records(unit, &call, request)
        })?;
        for (answer, (line, _)) in merged.answer.records.iter().zip(part) {
            if answer.state == lanes::RecordState::Quarantined {
                outcome.counted.told += 1;
                outcome.lines.push((*line, told(answer)));
            } else {
                outcome.counted.taken += 1;
                if answer.state == lanes::RecordState::Flagged || answer.state == lanes::RecordState::Waiting {
                    println!("  {line}: {}", told(answer));
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

fn told(answer: &lanes::RecordAnswer) -> String {
    let flags: Vec<String> = answer.flags.iter().map(|flag| format!("{} {}", flag.word(), flag.zh())).collect();
    let why = answer.why.as_ref().map(|why| format!(" {} / {}", why.en, why.zh)).unwrap_or_default();
    format!("{} {} {}{why}", answer.state.word(), answer.state.zh(), flags.join(", "))
}
