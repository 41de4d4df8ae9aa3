//! `outpace serve`: the server on a data folder.

use std::net::SocketAddr;
use std::path::PathBuf;

use outpace_access::actors;
use outpace_core::Timestamp;
use outpace_custody::destruction;
use outpace_server::tls::{Authority, Tls, TlsError};
use outpace_store::snapshot::WORTH_ENTRIES;

use super::{Failure, block_on, open};
use crate::Data;

/// What is asked of a server.
pub struct Wanted {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The policy pack.
    pub pack: Option<String>,
    /// When a drill's clock starts.
    pub drill_from: Option<String>,
    /// `self`, or a certificate and its key.
    pub tls: Vec<PathBuf>,
}

/// Serves until Ctrl-C.
pub fn run(data: Data, wanted: Wanted) -> Result<(), Failure> {
    let Wanted { listen, pack, drill_from, tls } = wanted;
    let drill_from = drill_from.map(|text| local_time(&text)).transpose()?;
    let opened = open(&data, pack, drill_from)?;
    // A destruction that was interrupted after its commit goes on before anybody is served.
    // Where that does not go yet, it stays unattested and is tried at the next start; nobody is kept from working for it.
    if let Err(refusal) = destruction::finish_all(&opened.office) {
        eprintln!("outpace: 上次中断的销毁尚未完成 / an interrupted destruction is not finished yet: {refusal}");
    }
    let tls = encrypted(&data, &tls, listen, opened.office.store.now())?;
    let given = std::env::var("OUTPACE_ADMIN_PASSWORD").ok();
    let printed = given.is_none();
    if let Some(password) = actors::first_administrator(&opened.office.store, given)? {
        println!("First start / 首次启动: sign in as / 登录名: admin");
        if printed {
            println!("Password, shown once / 密码(只显示这一次): {password}");
        }
        println!("登录后先用手机验证器扫码登记第二重验证,再请另设一位管理员。");
        println!("After signing in, set up an authenticator with your phone; then set up a second administrator.");
    }
    let store = opened.office.store.clone();
    let ended = block_on(async move {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let authority = tls.as_ref().and_then(|tls| tls.authority.clone().map(|own| (own, tls.names.clone())));
        let running = outpace_server::start(opened, listen, tls).await?;
        println!("Outpace: {scheme}://{}  (Ctrl-C ends / 按 Ctrl-C 结束)", running.address);
        match authority {
            Some((authority, names)) => tell_phones(running.address, &authority, &names),
            None if scheme == "http" && !running.address.ip().is_loopback() => warn_of_plain(),
            None => {}
        }
        until_interrupted(running).await
    });
    store.keep_snapshot(WORTH_ENTRIES)?;
    ended
}

/// TLS as it was asked for.
fn encrypted(data: &Data, asked: &[PathBuf], listen: SocketAddr, now: Timestamp) -> Result<Option<Tls>, Failure> {
    let unable = |error: TlsError| Failure::Unable(error.to_string());
    match asked {
        [] => Ok(None),
        [one] if one.as_os_str() == "self" => Tls::of_own(&data.folder, listen, now).map(Some).map_err(unable),
        [certificate, key] => Tls::of_files(certificate, key).map(Some).map_err(unable),
        _ => Err(Failure::Unable(
            "--tls:写 self,或证书与私钥两个文件 / write self, or two files, certificate and key".to_owned(),
        )),
    }
}

/// How phones come to trust a server that made its own certificate.
fn tell_phones(address: SocketAddr, authority: &Authority, names: &[String]) {
    let outside = names.iter().rev().find(|name| name.parse().is_ok_and(|one: std::net::IpAddr| !one.is_loopback()));
    let host = match outside.or_else(|| names.first()) {
        Some(name) if name.contains(':') => format!("[{name}]"),
        Some(name) => name.clone(),
        None => address.ip().to_string(),
    };
    let url = format!("https://{host}:{}", address.port());
    println!("\n手机信任本服务器(每部手机一次):");
    println!("  1. 手机接入同一网络,用浏览器打开 {url}/api/access/authority.crt,越过一次警告并下载。");
    println!(
        "  2. 安卓:设置 → 安全 → 加密与凭据 → 安装证书 → CA 证书。苹果:设置 → 已下载描述文件 → 安装,再到 通用 → 关于本机 → 证书信任设置 打开。"
    );
    println!("  3. 安装前核对 SHA-256 指纹;不一致就不要安装。然后打开 {url}。");
    println!("How phones trust this server (once for each phone):");
    println!(
        "  1. On the same network open {url}/api/access/authority.crt in the browser, pass the warning this once, download."
    );
    println!(
        "  2. Android: Settings, Security, Encryption & credentials, Install a certificate, CA certificate. iPhone: Settings,"
    );
    println!("     Profile downloaded, Install; then General, About, Certificate Trust Settings.");
    println!("  3. Compare the SHA-256 fingerprint before installing; if it differs, do not install. Then open {url}.");
    println!("  SHA-256: {}", authority.fingerprint);
    println!("  {}\n", names.join("  "));
}

fn warn_of_plain() {
    println!("注意:未加密。页面不能登录,口令可被同一网络的人看到:请用 --tls self 或 --tls 证书 私钥。");
    println!(
        "Not encrypted: the page signs nobody in, and others on the network read what programs send. Use --tls self or"
    );
    println!("--tls CERT KEY, or a proxy with TLS on this machine.");
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
