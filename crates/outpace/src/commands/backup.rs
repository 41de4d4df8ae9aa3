//! `outpace admin backup` and `outpace admin restore`.

use std::path::Path;
use std::sync::Arc;

use outpace_core::Clock;
use outpace_server::SteadyClock;
use outpace_server::every_route::every_capability;
use outpace_store::vault::{BACKUP_FILE, VAULT_FILE};
use outpace_store::{Settings, backup};

use super::{Failure, keys};
use crate::Data;

/// Copies the journal into an empty folder, while servers write.
pub fn take(data: &Data, to: &Path) -> Result<(), Failure> {
    keys::unlock(data)?;
    let manifest =
        backup::take(&data.place, &data.folder, to, &every_capability(), SteadyClock::of_this_machine().now())?;
    let rows: i64 = manifest.files.iter().map(|file| file.rows).sum();
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    println!("backup / 备份: {}", to.display());
    println!("head / 日志头: {} {}", manifest.head_seq, manifest.head_hash);
    println!("rows / 行数: {rows}, bytes / 字节: {bytes}, files / 文件: {}", manifest.files.len());
    println!(
        "keep apart / 另行保管: {} ({})",
        [VAULT_FILE, BACKUP_FILE].map(|file| data.folder.join(file).display().to_string()).join(", "),
        if manifest.keys_needed.is_empty() { "lookup".to_owned() } else { manifest.keys_needed.join(", ") }
    );
    Ok(())
}

/// Fills an empty place from a backup.
pub fn restore(from: &Path, data: &Data, without_identities: bool) -> Result<(), Failure> {
    keys::unlock(data)?;
    let manifest = backup::manifest(from)?;
    let settings = Settings {
        folder: data.folder.clone(),
        place: data.place.clone(),
        area: manifest.area,
        drill: manifest.drill,
        clock: Arc::new(SteadyClock::of_this_machine()),
    };
    let restored = backup::restore(from, &settings, &every_capability(), !without_identities)?;
    println!("entries / 事实条数: {}", restored.entries);
    println!("head / 日志头: {} {}", restored.manifest.head_seq, restored.manifest.head_hash);
    println!("read models as they were / 与备份时一致的数据表: {}", restored.same);
    if !restored.not_compared.is_empty() {
        println!("in another shape now / 结构已更新: {}", restored.not_compared.join(", "));
    }
    if restored.destroyed > 0 || restored.unopened > 0 {
        println!(
            "destroyed since, left out / 备份后已销毁、未恢复: {} facts / 事实, {} identities / 身份",
            restored.destroyed, restored.unopened
        );
    }
    if restored.changed.is_empty() || restored.destroyed > 0 {
        return Ok(());
    }
    Err(Failure::Found(format!(
        "restored as the journal has it; these tables had been changed by hand: {}",
        restored.changed.join(", ")
    )))
}
