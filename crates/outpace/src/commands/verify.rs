//! `outpace rebuild` and `outpace admin verify`: does what is stored follow from what happened?

use std::path::PathBuf;

use clap::Subcommand;
use outpace_access::Empty;
use outpace_store::{Hash, journal};

use super::{Failure, backup, open_existing};
use crate::Data;

/// What to look after.
#[derive(Subcommand)]
pub enum Command {
    /// Check the hash chain, the conservation law, and every restriction in force.
    Verify {
        #[command(flatten)]
        data: Data,
        /// A head that somebody wrote down (from an answer or a briefing): it must stand in the chain.
        #[arg(long, value_name = "HEAD")]
        witness: Option<String>,
    },
    /// Copy the journal into an empty folder while servers write. The keys (`vault.keys`) are not in it: keep them apart.
    Backup {
        #[command(flatten)]
        data: Data,
        /// An empty folder; made when absent.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
    },
    /// Fill an empty place from a backup, on either engine, and compare with the hashes it was taken with.
    Restore {
        #[command(flatten)]
        data: Data,
        /// The backup.
        #[arg(long, value_name = "FOLDER")]
        from: PathBuf,
        /// Leave the sealed identities out and make new keys: when the old keys are lost.
        #[arg(long)]
        without_identities: bool,
    },
}

/// Folds the journal again.
pub fn rebuild(data: Data) -> Result<(), Failure> {
    let opened = open_existing(&data)?;
    let rebuilt = opened.office.store.rebuild()?;
    println!(
        "entries / 事实条数: {}\nbefore / 之前: {}\nafter  / 之后: {}",
        rebuilt.entries, rebuilt.before, rebuilt.after
    );
    if rebuilt.changed.is_empty() {
        println!("the same / 一致");
        return Ok(());
    }
    Err(Failure::Found(format!("tables that did not follow from the journal: {}", rebuilt.changed.join(", "))))
}

/// Carries it out.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Verify { data, witness } => verify(data, witness),
        Command::Backup { data, to } => backup::take(&data, &to),
        Command::Restore { data, from, without_identities } => backup::restore(&from, &data, without_identities),
    }
}

fn verify(data: Data, witness: Option<String>) -> Result<(), Failure> {
    let witness = match witness {
        Some(text) => Some(
            Hash::parse(&text)
                .ok_or_else(|| Failure::Unable(format!("--witness {text}: a head has 64 hexadecimal digits")))?,
        ),
        None => None,
    };
    let opened = open_existing(&data)?;
    let store = &opened.office.store;
    let mut findings = Vec::new();
    let chain = store.read(|tx| journal::verify(tx, witness))?;
    println!("chain / 哈希链: {} entries, head {} {}", chain.entries, chain.head.seq, chain.head.hash);
    findings.extend(chain.broken);
    if chain.witness_found == Some(false) {
        findings.push("the witness does not stand in the chain: the journal was cut or replaced".to_owned());
    }
    let tubes = store.read(outpace_server::live::conservation)?;
    println!("conservation / 守恒: tubes {}, people {}", tubes.difference, tubes.people_difference);
    if tubes.difference != 0 || tubes.people_difference != 0 {
        findings.push(format!(
            "the conservation law is off by {} tubes, {} people",
            tubes.difference, tubes.people_difference
        ));
    }
    let call = opened.office.system_call();
    let measures = store.read(|tx| outpace_response::pages::verify(tx, &call, Empty {}))?;
    println!("measures in force / 在行措施: {} recomputed / 已复核", measures.checked);
    findings
        .extend(measures.unfounded.iter().map(|one| format!("{} {} ({}): {}", one.word, one.id, one.key, one.why.en)));
    if findings.is_empty() {
        println!("all follows from the journal / 全部与日志一致");
        return Ok(());
    }
    Err(Failure::Found(findings.iter().map(|finding| format!("\n  {finding}")).collect()))
}
