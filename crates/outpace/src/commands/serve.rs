//! `outpace serve`: the server on a data folder.

use std::net::SocketAddr;

use outpace_access::actors;
use outpace_core::Timestamp;
use outpace_custody::destruction;
use outpace_store::snapshot::WORTH_ENTRIES;

use super::{Failure, block_on, open};
use crate::Data;

/// Serves until Ctrl-C.
pub fn run(data: Data, listen: SocketAddr, pack: Option<String>, drill_from: Option<String>) -> Result<(), Failure> {
    let drill_from = drill_from.map(|text| local_time(&text)).transpose()?;
    let opened = open(&data, pack, drill_from)?;
    // A destruction that was interrupted after its commit goes on before anybody is served.
    destruction::finish_all(&opened.office)?;
    let given = std::env::var("OUTPACE_ADMIN_PASSWORD").ok();
    let printed = given.is_none();
    if let Some(password) = actors::first_administrator(&opened.office.store, given)? {
        println!("First start / 首次启动: sign in as / 登录名: admin");
        if printed {
            println!("Password, shown once / 密码(只显示这一次): {password}");
        }
    }
    let store = opened.office.store.clone();
    let ended = block_on(async move {
        let running = outpace_server::start(opened, listen).await?;
        println!("Outpace: http://{}  (Ctrl-C ends / 按 Ctrl-C 结束)", running.address);
        until_interrupted(running).await
    });
    store.keep_snapshot(WORTH_ENTRIES)?;
    ended
}

/// China has one offset; a drill elsewhere names its hours in its own scenario.
const OFFSET_MINUTES: i64 = 480;

fn local_time(text: &str) -> Result<Timestamp, Failure> {
    Timestamp::parse_local(text, OFFSET_MINUTES)
        .ok_or_else(|| Failure::Unable(format!("--drill-from {text}: write it as 2022-04-13T01:00")))
}

/// Waits for Ctrl-C, or for the signal by which service managers end a program.
pub async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut asked = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = asked.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Waits until somebody ends the program, or for the server to fail.
pub async fn until_interrupted(running: outpace_server::Running) -> Result<(), Failure> {
    tokio::select! {
        interrupted = interrupted() => interrupted.map_err(Failure::from),
        ended = running.task => match ended {
            Ok(served) => served.map_err(Failure::from),
            Err(error) => Err(Failure::Unable(format!("the server stopped: {error}"))),
        },
    }
}
