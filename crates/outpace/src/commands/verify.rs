//! `outpace rebuild` and `outpace admin verify`: does what is stored follow from what happened?

use std::path::PathBuf;

use clap::Subcommand;
use outpace_access::{Empty, actors};
use outpace_store::{Hash, journal};

use super::{Failure, backup, custody, keys, open_existing};
use crate::Data;

/// What to look after.
#[derive(Subcommand)]
pub enum Command {
    /// Check the hash chain, the conservation law, and every restriction in force: by the rules, and row by row against the
    /// journal.
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
    /// Make new keys for everything in the vault, seal it again in small steps, and destroy the old keys. Servers go on
    /// meanwhile; a rotation that was interrupted goes on where it is started again.
    RotateKeys {
        #[command(flatten)]
        data: Data,
    },
    /// Show what is held by class and month and when it falls due (--dry-run), or carry out an order to destroy it. The officer
    /// whom the profile names orders it in the page or by /api/custody/order-destruction; whoever carries it out is another
    /// person, an administrator, with the token of a sign-in (OUTPACE_TOKEN, or asked). Stop the servers first.
    Retain {
        #[command(flatten)]
        data: Data,
        /// Only show.
        #[arg(long, conflicts_with = "order")]
        dry_run: bool,
        /// The order's number.
        #[arg(long, value_name = "NUMBER", required_unless_present = "dry_run")]
        order: Option<i64>,
        /// Where the attestation is written.
        #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
        attestation: Option<PathBuf>,
    },
    /// Check an attestation of a destruction: the signature, and with --data that the journal has it and nothing is left.
    Attest {
        /// The attestation.
        file: PathBuf,
        /// The public key that was written down beforehand.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// The data folder that it is about.
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// Where that journal stands.
        #[arg(long = "db", value_name = "URL", env = "OUTPACE_DB", hide_env_values = true, default_value = "sqlite:")]
        place: outpace_store::Place,
    },
    /// Look for identities in every byte of files and folders: names, numbers, addresses, one text a line in FILE.
    Leaks {
        /// Files and folders to look into.
        #[arg(long = "data", value_name = "PATH", required = true)]
        places: Vec<PathBuf>,
        /// What to look for.
        #[arg(long, value_name = "FILE")]
        identities: PathBuf,
    },
    /// Open an export with its passphrase (asked), before its end.
    OpenExport {
        /// The export.
        file: PathBuf,
        /// Where the list is written, readable by its owner only.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Seal the key files under a passphrase (OUTPACE_VAULT_PASSPHRASE_NEW, or asked), or change it. Stop the servers first.
    SealKeys {
        #[command(flatten)]
        data: Data,
        /// Lay them open instead.
        #[arg(long)]
        open: bool,
    },
    /// Give an account another password at the machine itself, shown once: when the only administrator forgot it. Its second
    /// factor stays. Stop the servers first.
    NewPassword {
        /// The login name.
        name: String,
        /// Why, for whoever reads it later.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        data: Data,
    },
    /// Take back an account's second factor at the machine itself: when the only administrator lost the phone. The account
    /// sets up another at its next sign-in, with its password.
    ResetSecondFactor {
        /// The login name.
        name: String,
        /// Why, for whoever reads it later.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        data: Data,
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
        Command::RotateKeys { data } => keys::rotate(data),
        Command::SealKeys { data, open } => keys::seal(data, open),
        Command::Retain { data, order: Some(order), attestation: Some(file), .. } => {
            custody::retain(&data, order, &file)
        }
        Command::Retain { data, .. } => custody::due(&data),
        Command::Attest { file, key, data, place } => custody::attest(&file, key.as_deref(), data, place),
        Command::Leaks { places, identities } => custody::leaks(&places, &identities),
        Command::OpenExport { file, to } => custody::open_export(&file, &to),
        Command::NewPassword { name, reason, data } => new_password(&data, &name, reason),
        Command::ResetSecondFactor { name, reason, data } => reset_second_factor(&data, &name, reason),
    }
}

fn new_password(data: &Data, name: &str, reason: String) -> Result<(), Failure> {
    let opened = open_existing(data)?;
    let password = actors::new_password_here(&opened.office.store, name, reason)?;
    println!("{name}: 新密码,只显示这一次 / the new password, shown once: {password}");
    Ok(())
}

fn reset_second_factor(data: &Data, name: &str, reason: String) -> Result<(), Failure> {
    let opened = open_existing(data)?;
    let done = actors::reset_second_factor_here(&opened.office.store, name, reason);
    done.map_err(|refusal| Failure::Unable(refusal.to_string()))?;
    println!("{name}:已撤销,下次登录时重新登记。/ taken back; another is set up at the next sign-in.");
    Ok(())
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
    if chain.destroyed > 0 {
        println!("without content, destroyed / 已销毁内容: {}", chain.destroyed);
        for ((kind, month), entries) in store.read(outpace_store::destroy::gone)? {
            println!("  {kind} {month}: {entries}");
        }
    }
    findings.extend(chain.broken);
    findings.extend(store.read(outpace_custody::destruction::uncovered)?);
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
    let office = &opened.office;
    let measures = store.read(|tx| outpace_response::verify::verify(office, tx, &call, Empty {}))?;
    println!("measures in force / 在行措施: {} recomputed / 已复核", measures.checked);
    findings
        .extend(measures.unfounded.iter().map(|one| format!("{} {} ({}): {}", one.word, one.id, one.key, one.why.en)));
    if findings.is_empty() {
        println!("all follows from the journal / 全部与日志一致");
        return Ok(());
    }
    Err(Failure::Found(findings.iter().map(|finding| format!("\n  {finding}")).collect()))
}
