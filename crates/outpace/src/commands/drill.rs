//! `outpace drill DIR`: a data folder marked as a drill's, the server on it, the player against the server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;
use outpace_access::actors;
use outpace_drill::{Options, play, scenario::Scenario, schedule};
use outpace_server::office::Opening;

use super::serve::{interrupted, until_interrupted};
use outpace_store::Place;

use super::{Failure, block_on};

/// When plans are approved.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Pace {
    /// At the hours that the page reports.
    Reported,
    /// As soon as each plan stands ready.
    AtOnce,
}

/// What to play, and how.
#[derive(clap::Args)]
pub struct Arguments {
    /// The scenario's folder, such as drills/qingxu-2022.
    scenario: PathBuf,
    /// When plans are approved.
    #[arg(long, value_enum, default_value = "reported")]
    pace: Pace,
    /// The policy pack; the scenario's own where nothing is said.
    #[arg(long, value_name = "ID")]
    pack: Option<String>,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write every made-up identity of the scenario, one text a line: what `outpace admin leaks` looks for.
    #[arg(long, value_name = "FILE")]
    identities: Option<PathBuf>,
    /// Keep the server up afterwards, until Ctrl-C.
    #[arg(long)]
    serve: bool,
    /// Where to listen while playing with --serve.
    #[arg(long, default_value = "127.0.0.1:8088")]
    listen: SocketAddr,
    /// The data folder, emptied before; a temporary one where nothing is said.
    #[arg(long = "data", value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Where the journal stands; the drill's own is emptied before, as the folder is.
    #[arg(long = "db", value_name = "URL", env = "OUTPACE_DB", hide_env_values = true, default_value = "sqlite:")]
    place: Place,
}

/// A drill starts on an empty folder. Only a drill's own folder is emptied; anything else is refused.
fn fresh(place: &Place, folder: &PathBuf) -> Result<(), Failure> {
    match outpace_store::writer::folder_kind(place, folder)? {
        Some((_, true)) => {
            outpace_store::writer::discard_drill(place, folder)?;
            if folder.exists() { Ok(std::fs::remove_dir_all(folder)?) } else { Ok(()) }
        }
        Some((_, false)) => {
            Err(Failure::Unable(format!("{} holds real data; choose another folder", folder.display())))
        }
        None if folder.exists() && std::fs::read_dir(folder)?.next().is_some() => {
            Err(Failure::Unable(format!("{} is not empty and no drill's; choose another folder", folder.display())))
        }
        None => Ok(()),
    }
}

/// Plays, prints, keeps serving if asked.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let scenario = Scenario::load(&arguments.scenario).map_err(|error| Failure::Unable(error.to_string()))?;
    if let Some(file) = &arguments.identities {
        let texts = outpace_drill::identities(&scenario).map_err(|error| Failure::Unable(error.to_string()))?;
        std::fs::write(file, texts)?;
    }
    let temporary = std::env::temp_dir().join(format!("outpace-drill-{}", std::process::id()));
    let kept = arguments.folder.is_some();
    let folder = arguments.folder.clone().unwrap_or(temporary);
    fresh(&arguments.place, &folder)?;
    let opened = outpace_server::open(Opening {
        folder: folder.clone(),
        place: arguments.place.clone(),
        profile: Some(scenario.profile.clone()),
        pack: Some(arguments.pack.clone().unwrap_or_else(|| scenario.pack.clone())),
        date: None,
        drill_from: Some(scenario.opens_at),
    })?;
    let given = std::env::var("OUTPACE_ADMIN_PASSWORD").ok();
    let password = actors::first_administrator(&opened.office.store, given)?
        .ok_or_else(|| Failure::Unable("the drill's folder already has accounts".to_owned()))?;
    let done = block_on(session(&arguments, opened, password));
    if !kept {
        std::fs::remove_dir_all(&folder)?;
    }
    done
}

async fn session(arguments: &Arguments, opened: outpace_server::Opened, password: String) -> Result<(), Failure> {
    let listen = if arguments.serve { arguments.listen } else { SocketAddr::from(([127, 0, 0, 1], 0)) };
    let running = outpace_server::start(opened, listen, None).await?;
    let base = format!("http://{}", running.address);
    if arguments.serve {
        println!("Outpace: {base}  (watch while it plays / 演练进行中可打开查看)");
    }
    let options = Options {
        scenario_dir: arguments.scenario.clone(),
        pace: match arguments.pace {
            Pace::Reported => schedule::Pace::Reported,
            Pace::AtOnce => schedule::Pace::AtOnce,
        },
        pack: arguments.pack.clone(),
        progress: true,
    };
    let report = tokio::select! {
        report = play(&base, &password, options) => report.map_err(|error| Failure::Unable(error.to_string()))?,
        stopped = interrupted() => {
            stopped?;
            return Err(Failure::Unable("演练被中断 / the drill was interrupted".to_owned()));
        }
    };
    println!("{}", report.table());
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| Failure::Unable(error.to_string()))?;
        std::fs::write(file, text + "\n")?;
    }
    if arguments.serve {
        println!("Outpace: {base}  (Ctrl-C ends / 按 Ctrl-C 结束)");
        until_interrupted(running).await?;
    }
    if report.ok() {
        Ok(())
    } else {
        Err(Failure::Found("the drill missed checkpoints or broke a law; see the table".to_owned()))
    }
}
