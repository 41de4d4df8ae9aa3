//! The passphrase of the key files, and `outpace admin rotate-keys` and `seal-keys`.

use std::io::{BufRead, IsTerminal, Write};

use outpace_registry::people::found_by;
use outpace_store::vault::{self, Keys, passphrase};
use zeroize::Zeroizing;

use super::{Failure, open_existing};
use crate::Data;

/// The variable that holds the passphrase.
const VARIABLE: &str = "OUTPACE_VAULT_PASSPHRASE";
/// The variable that holds the next one, for `seal-keys`.
const NEXT_VARIABLE: &str = "OUTPACE_VAULT_PASSPHRASE_NEW";

/// Gives the passphrase of a folder's key files: from the variable, or asked at the terminal where they are sealed. A plain key
/// file is sealed with the passphrase of the variable when it is opened.
pub fn unlock(data: &Data) -> Result<(), Failure> {
    match of_variable(VARIABLE)? {
        Some(text) => passphrase::give(text),
        None if Keys::are_sealed(&data.folder) && std::io::stdin().is_terminal() => {
            passphrase::give(asked("Passphrase of the key files / 密钥文件口令: ")?);
        }
        None => {}
    }
    Ok(())
}

fn of_variable(name: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    let Ok(text) = std::env::var(name).map(Zeroizing::new) else { return Ok(None) };
    if text.is_empty() {
        return Ok(None);
    }
    long_enough(&text, name)?;
    Ok(Some(text))
}

fn long_enough(text: &str, what: &str) -> Result<(), Failure> {
    let least = passphrase::CHARACTERS_MIN;
    if text.chars().count() >= least {
        return Ok(());
    }
    Err(Failure::Unable(format!("{what}: 口令至少 {least} 个字符 / a passphrase has at least {least} characters")))
}

/// Asks at the terminal; what is typed is not shown.
pub fn asked(question: &str) -> Result<Zeroizing<String>, Failure> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    eprint!("{question}");
    std::io::stderr().flush()?;
    let stdin = std::io::stdin();
    let told = |error: rustix::io::Errno| Failure::Unable(format!("the terminal: {error}"));
    let before = if stdin.is_terminal() { Some(tcgetattr(&stdin).map_err(told)?) } else { None };
    if let Some(before) = &before {
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Now, &silent).map_err(told)?;
    }
    let mut text = Zeroizing::new(String::new());
    let read = stdin.lock().read_line(&mut text);
    if let Some(before) = &before {
        tcsetattr(&stdin, OptionalActions::Now, before).map_err(told)?;
        eprintln!();
    }
    read?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// New keys for everything in the vault, while servers run.
pub fn rotate(data: Data) -> Result<(), Failure> {
    let opened = open_existing(&data)?;
    let rotated = vault::rotate(&opened.office.store, found_by)?;
    println!("sealed again / 已重新封存: {}", rotated.values);
    println!("keys in use / 在用密钥: {}", rotated.in_use.join(", "));
    println!("keys destroyed / 已销毁密钥: {}", rotated.destroyed.join(", "));
    if rotated.unopened > 0 {
        println!("not opened, their key was destroyed before / 密钥早已销毁、无法打开: {}", rotated.unopened);
    }
    println!(
        "copy it apart again, and destroy older copies / 请重新另行保管,并销毁旧副本: {}",
        data.folder.join(vault::VAULT_FILE).display()
    );
    Ok(())
}

/// The key files under another passphrase, or none.
pub fn seal(data: Data, open: bool) -> Result<(), Failure> {
    unlock(&data)?;
    let next = match (open, of_variable(NEXT_VARIABLE)?) {
        (true, _) => None,
        (false, Some(next)) => Some(next),
        (false, None) => {
            let next = asked("New passphrase / 新口令: ")?;
            long_enough(&next, "passphrase")?;
            if *next != *asked("Once more / 再输一次: ")? {
                return Err(Failure::Unable("两次输入不一致 / the two do not agree".to_owned()));
            }
            Some(next)
        }
    };
    Keys::seal_again(&data.folder, next.as_ref())?;
    println!("{}", if next.is_some() { "sealed / 已封存" } else { "laid open / 已解除封存" });
    Ok(())
}
