//! `outpace admin retain`, `attest`, `leaks`, `open-export`, and `outpace export people`.

use std::path::{Path, PathBuf};

use outpace_access::{Empty, actors, admit};
use outpace_core::{Actor, Clock, Permission};
use outpace_custody::attest::Attestation;
use outpace_custody::destruction::{self, keys_of};
use outpace_custody::exports::{self, MakeExport, file};
use outpace_custody::leaks::Wanted;
use outpace_server::{Opened, SteadyClock};
use outpace_store::{Keys, Place, destroy, journal};

use super::export::write_private;
use super::keys::asked;
use super::{Failure, open_existing};
use crate::Data;

/// The variable that holds the token of a sign-in.
const TOKEN: &str = "OUTPACE_TOKEN";

/// Who sits at the machine: somebody with a sign-in that is good now, second factor and all.
fn at_the_machine(opened: &Opened) -> Result<Actor, Failure> {
    let token = match std::env::var(TOKEN) {
        Ok(token) if !token.is_empty() => zeroize::Zeroizing::new(token),
        _ => asked("Token of your sign-in / 您登录后的令牌: ")?,
    };
    actors::by_token(&opened.office, token.trim())
        .ok_or_else(|| Failure::Unable("令牌无效或已过期 / the token is not good, or not any more".to_owned()))
}

/// Shows what is held, and when it ends.
pub fn due(data: &Data) -> Result<(), Failure> {
    let opened = open_existing(data)?;
    let (office, call) = (&opened.office, opened.office.system_call());
    let answer = office.store.read(|tx| destruction::due(tx, &call, Empty {}))?;
    let backups = Keys::of_backups(&data.folder)?;
    println!("class / 类别        month / 月份  facts / 事实  people, households / 人、户  due / 到期");
    for row in &answer.rows {
        let due = match row.due_at {
            Some(at) if row.is_due => format!("{at} now / 已到期"),
            Some(at) => at.to_string(),
            None => "the clock stands / 未开始计算".to_owned(),
        };
        println!(
            "{:<10} {:<6} {}  {:>10}  {:>10}  {due}",
            row.part.class, row.class_zh, row.part.month, row.entries, row.values
        );
        let keys = [keys_of(office.store.keys(), &row.part), keys_of(&backups, &row.part)].concat();
        println!("    {} d / 天, {}; keys / 密钥: {}", row.days, row.clause, keys.join(", "));
    }
    if answer.emergency {
        println!("an emergency is on: nothing is destroyed / 应急响应期间不销毁");
    }
    Ok(())
}

/// Carries out an order.
pub fn retain(data: &Data, order: i64, to: &Path) -> Result<(), Failure> {
    let opened = open_existing(data)?;
    let finished = destruction::finish_all(&opened.office)?;
    if !finished.is_empty() {
        println!("finished what was interrupted / 已完成上次中断的销毁: {}", finished.len());
    }
    let actor = at_the_machine(&opened)?;
    let attestation = if finished.contains(&order) {
        destruction::attestation(&opened.office, order)?
    } else {
        destruction::carry_out(&opened.office, actor, order)?
    };
    let text = serde_json::to_string_pretty(&attestation).map_err(|error| Failure::Unable(error.to_string()))?;
    write_private(to, format!("{text}\n").as_bytes())?;
    told(&attestation, None)?;
    println!("attestation / 销毁证明: {}", to.display());
    println!(
        "destroy the older copies of the key files too, and take a backup / 请同时销毁密钥文件的旧副本,并重新备份"
    );
    Ok(())
}

fn told(attestation: &Attestation, key: Option<&str>) -> Result<outpace_custody::attest::Statement, Failure> {
    let statement = attestation.checked(key).ok_or_else(|| {
        Failure::Found(
            "签名不符,或不是所给的公钥 / the signature does not hold, or the key is not the one given".to_owned(),
        )
    })?;
    let entries: i64 = statement.what.gone.iter().map(|gone| gone.entries).sum();
    println!("jurisdiction / 辖区: {}{}", statement.area, if statement.drill { " (drill / 演练)" } else { "" });
    println!("ordered by / 下令: {} {} {}", statement.ordered_by.account, statement.ordered_at, statement.reason);
    println!("carried out by / 执行: {} {}", statement.carried_out_by.account, statement.carried_out_at);
    if let Some(at) = statement.finished_at {
        println!("keys, memory and files clean / 密钥、内存与文件已清理: {at}");
    }
    for part in &statement.what.parts {
        println!("  {} {}", part.class, part.month);
    }
    println!(
        "facts / 事实: {entries}, identities / 身份: {}, left / 残留: {}",
        statement.what.values, statement.rows_left
    );
    println!("keys / 密钥: {}", statement.what.keys.join(", "));
    println!("keys of backups / 备份密钥: {}", statement.what.backup_keys.join(", "));
    println!("journal / 日志: {} {}", statement.seq, statement.hash);
    println!("public key / 公钥: {}", attestation.key);
    println!("the signature holds / 签名有效");
    Ok(statement)
}

/// Checks an attestation, alone or against the journal.
pub fn attest(file: &Path, key: Option<&str>, data: Option<PathBuf>, place: Place) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file)?;
    let attestation: Attestation = serde_json::from_str(&text)
        .map_err(|error| Failure::Unable(format!("{}: 不是销毁证明 / no attestation: {error}", file.display())))?;
    let statement = told(&attestation, key)?;
    let Some(folder) = data else { return Ok(()) };
    let opened = open_existing(&Data { folder: folder.clone(), place, profile: None })?;
    let store = &opened.office.store;
    let mut findings = Vec::new();
    let verified = store.read(|tx| journal::verify(tx, outpace_store::Hash::parse(&statement.hash)))?;
    if verified.witness_found != Some(true) {
        findings.push("the destruction does not stand in this journal / 日志中没有该销毁记录".to_owned());
    }
    findings.extend(verified.broken);
    let held = store.read(|tx| destroy::held(tx, outpace_custody::class_of))?;
    let standing =
        statement.what.parts.iter().filter(|part| held.entries.contains_key(part) || held.values.contains_key(part));
    findings.extend(standing.map(|part| format!("{} {}: still there / 仍有残留", part.class, part.month)));
    let (vault, backups) = (store.keys().names(), Keys::of_backups(&folder)?.names());
    let left = statement.what.keys.iter().filter(|key| vault.contains(key));
    let left = left.chain(statement.what.backup_keys.iter().filter(|key| backups.contains(key)));
    findings.extend(left.map(|key| format!("{key}: the key is still there / 密钥仍在")));
    if findings.is_empty() {
        println!("the journal says the same, nothing is left / 与日志一致,无残留");
        return Ok(());
    }
    Err(Failure::Found(findings.iter().map(|finding| format!("\n  {finding}")).collect()))
}

/// Looks for identities.
pub fn leaks(places: &[PathBuf], identities: &Path) -> Result<(), Failure> {
    let wanted = Wanted::read(identities)?;
    let searched = wanted.search(places)?;
    println!(
        "looked for / 查找: {} texts ({} too short / 过短), in / 范围: {} files, {} bytes",
        wanted.texts, wanted.too_short, searched.files, searched.bytes
    );
    if searched.leaks.is_empty() {
        println!("none found / 未发现");
        return Ok(());
    }
    let told = searched
        .leaks
        .iter()
        .map(|leak| format!("\n  {}: {} times / 处, at bytes / 位置 {:?}", leak.file.display(), leak.times, leak.at));
    Err(Failure::Found(format!("identities in clear / 发现明文身份:{}", told.collect::<String>())))
}

/// Opens an export.
pub fn open_export(from: &Path, to: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(from)?;
    let label = file::label(&text)?;
    println!("export {} of / 导出 {}: {}, {} people / 人", label.export, label.export, label.purpose, label.people);
    println!("until / 有效期至: {}", label.until);
    let passphrase = asked("Passphrase / 口令: ")?;
    let (_, plain) = file::open(&text, &passphrase, SteadyClock::of_this_machine().now())?;
    write_private(to, &plain)?;
    println!("{}: destroy it when it has done its work / 用毕请销毁", to.display());
    Ok(())
}

/// Lets a list with names leave.
pub fn export_people(data: &Data, request: MakeExport, to: &Path) -> Result<(), Failure> {
    let opened = open_existing(data)?;
    let office = &opened.office;
    let actor = at_the_machine(&opened)?;
    // By the same place that decides for the route: a head may what the profile lets the task force do.
    admit::authorise(office, &actor, Permission::IdentityExport.by_area())?;
    let mut call = office.call(actor.clone());
    let asking = call.clone();
    let ready = office.store.read(|tx| exports::prepare(tx, &asking, request))?;
    let made = office.store.write(&actor, move |unit| {
        call.now = unit.now();
        exports::make(unit, &call, ready)
    })?;
    write_private(to, made.answer.file.as_bytes())?;
    println!(
        "{}: {} people / 人, until / 有效期至 {}",
        to.display(),
        made.answer.export.people,
        made.answer.export.until
    );
    println!("passphrase, shown once; send it another way / 口令,只显示这一次,请另行传递: {}", made.answer.passphrase);
    Ok(())
}
