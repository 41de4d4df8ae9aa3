//! `outpace export`: the signed sheet with which a lane works without a network; lists with names that must leave; what
//! others imposed beyond the rules.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use outpace_access::Empty;
use outpace_core::{AreaId, LaneId, RoundId};
use outpace_screening::lanes::{IssueSheet, issue_sheet};
use outpace_screening::{round_by_key, sites};
use outpace_store::Tx;

use outpace_custody::exports::{Content, MakeExport};

use super::{Failure, custody, open_existing};
use crate::Data;

/// What to write.
#[derive(Subcommand)]
pub enum Command {
    /// Issue a signed lane sheet into a file, so that the lane can work without a network.
    ///
    /// Load the file on the lane's device. The sheet names the round, who may share a tube, whom to warn of (by number,
    /// never by name), and holds the key that signs the lane's records: keep the file as you keep a key. While the sheet
    /// is out nobody in the township of its site is held to a missed test of that round. Bring the records back with
    /// `outpace import lane FILE`, or from the device when the network is up again.
    Lane {
        #[command(flatten)]
        data: Data,
        /// The round: its number or its key. It must be open.
        #[arg(long, value_name = "ROUND")]
        round: String,
        /// The site: its number or its key.
        #[arg(long, value_name = "SITE")]
        site: String,
        /// The lane's number at the site, from 1.
        #[arg(long, value_name = "NUMBER")]
        lane: i64,
        /// Areas whose people the lane serves; the village of the site where nothing is said.
        #[arg(long = "area", value_name = "CODE")]
        areas: Vec<i64>,
        /// Hours that the sheet holds, 1 to 72.
        #[arg(long, value_name = "HOURS")]
        hours: Option<i64>,
        /// The file to write. Readable by its owner only.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Let a list with names leave: a letter's people, the roster of a village, the doors of a round.
    ///
    /// The file is sealed under a passphrase that is shown once, holds its purpose and its end, and is recorded with who made
    /// it. You sign in with the token of a sign-in (OUTPACE_TOKEN, or asked). `outpace admin open-export` opens it.
    People {
        #[command(flatten)]
        data: Data,
        /// The people of this co-investigation letter.
        #[arg(long, value_name = "NUMBER", conflicts_with_all = ["roster", "doors"])]
        letter: Option<i64>,
        /// Everyone registered in this village, community or grid.
        #[arg(long, value_name = "CODE", conflicts_with = "doors")]
        roster: Option<i64>,
        /// Who was due in this round and did not come.
        #[arg(long, value_name = "ROUND", requires = "area")]
        doors: Option<i64>,
        /// Where, for --doors.
        #[arg(long, value_name = "CODE")]
        area: Option<i64>,
        /// What for.
        #[arg(long, value_name = "TEXT")]
        purpose: String,
        /// Hours until it ends, 1 to 168.
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        hours: i64,
        /// The file to write. Readable by its owner only.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Extra layers and overdue measures (加码、超期) by township: what others imposed that no rule asks for, that is
    /// stricter than the pack, or that is kept after its clock has ended, with people and person-days.
    ExtraLayers {
        #[command(flatten)]
        data: Data,
        /// Also write everything, measure by measure, as JSON into a file.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
}

/// Writes it.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Lane { data, round, site, lane, areas, hours, to } => {
            lane_sheet(data, (round, site, lane), areas, hours, to)
        }
        Command::ExtraLayers { data, json } => extra_layers(&data, json),
        Command::People { data, letter, roster, doors, area, purpose, hours, to } => {
            let content = match (letter, roster, doors, area) {
                (Some(letter), ..) => Content::Letter(letter),
                (_, Some(area), ..) => Content::Roster(AreaId(area)),
                (_, _, Some(round), Some(area)) => Content::Doors { round: RoundId(round), area: AreaId(area) },
                _ => return Err(Failure::Unable("--letter, --roster, or --doors with --area / 三者择一".to_owned())),
            };
            custody::export_people(&data, MakeExport { content, purpose, hours }, &to)
        }
    }
}

fn extra_layers(data: &Data, json: Option<PathBuf>) -> Result<(), Failure> {
    let opened = open_existing(data)?;
    let call = opened.office.system_call();
    let found = opened.office.store.read(|tx| outpace_response::extra::extra_layers(tx, &call, Empty {}))?;
    let line = |what: &str, sum: outpace_response::extra::Sum| {
        println!("  {what}: {} / {} / {}", sum.measures, sum.people, sum.person_days);
    };
    println!("measures / people / person-days · 措施数 / 人数 / 人日");
    for area in &found.areas {
        println!("{} {} {}", area.area, area.name.zh, area.name.en);
        line("not asked for · 未要求", area.not_asked);
        line("stricter than the pack · 严于方案", area.stricter);
        line("kept after the clock · 超期", area.kept_after);
    }
    line("all · 合计", found.total);
    if let Some(file) = json {
        let text = serde_json::to_string_pretty(&found).map_err(|error| Failure::Unable(error.to_string()))?;
        write_private(&file, text.as_bytes())?;
        println!("{}", file.display());
    }
    Ok(())
}

fn lane_sheet(
    data: Data,
    (round, site, lane): (String, String, i64),
    areas: Vec<i64>,
    hours: Option<i64>,
    to: PathBuf,
) -> Result<(), Failure> {
    let opened = open_existing(&data)?;
    let office = opened.office;
    let (round, lane) = office.store.read(|tx| found(tx, &round, &site, lane))?;
    let request = IssueSheet { round, lane, areas: areas.into_iter().map(AreaId).collect(), hours };
    let mut call = office.system_call();
    let issued = office.store.write(&office.store.system(), move |unit| {
        call.now = unit.now();
        issue_sheet(unit, &call, request)
    })?;
    let text = serde_json::to_string(&issued.answer).map_err(|error| Failure::Unable(error.to_string()))?;
    write_private(&to, text.as_bytes())?;
    println!("{}: lane sheet of lane {lane} / 通道 {lane} 的离线通道单", to.display());
    println!("public key / 公钥: {}", issued.answer.key);
    Ok(())
}

fn found(tx: &mut Tx<'_>, round: &str, site: &str, lane: i64) -> Result<(RoundId, LaneId), Failure> {
    let round_id = match round.parse() {
        Ok(id) => Some(RoundId(id)),
        Err(_) => round_by_key(tx, round)?.map(|round| round.id),
    };
    let round_id = round_id.ok_or_else(|| unknown("round", "轮次", round))?;
    let site_id = match site.parse().map(outpace_core::SiteId) {
        Ok(id) => sites::site(tx, id)?,
        Err(_) => sites::site_by_key(tx, site)?,
    };
    let site_id = site_id.ok_or_else(|| unknown("site", "采样点", site))?.id;
    let lanes = sites::lanes_of(tx, site_id)?;
    let found = lanes.into_iter().find(|known| known.number == lane).map(|known| known.id);
    Ok((round_id, found.ok_or_else(|| unknown("lane", "通道", &lane.to_string()))?))
}

fn unknown(what: &str, zh: &str, value: &str) -> Failure {
    Failure::Unable(format!("there is no {what} {value} / 没有{zh} {value}"))
}

/// Writes a file that only its owner can read: it holds a key.
pub fn write_private(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let told = |error: std::io::Error| Failure::Unable(format!("{}: {error}", file.display()));
    let mut open = options.open(file).map_err(told)?;
    open.write_all(bytes).and_then(|()| open.sync_all()).map_err(told)
}
