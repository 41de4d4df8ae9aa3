//! The rulebook for work that no office calls: the job that responds reads which rules the journal says are in force
//! and takes them from the library that the binary carries.

use std::sync::{Arc, LazyLock};

use outpace_access::{Call, Rulebook, adoption};
use outpace_policy::{Date, Library};
use outpace_store::{Result, Store, StoreError};
use parking_lot::Mutex;

type Kept = Option<(String, Arc<Rulebook>)>;

static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(|| Mutex::new(None));

/// The rules in force, by the newest adoption of the journal.
///
/// # Errors
/// When no rules were adopted, or the binary does not carry them.
pub(crate) fn rulebook(store: &Store) -> Result<Arc<Rulebook>> {
    let adopted = store.read(adoption::current)?;
    let Some(adopted) = adopted else {
        return Err(StoreError::Folder("no rules were adopted in this folder".to_owned()));
    };
    let rules = adopted.rules;
    let name = format!("{}/{}/{}/{}", rules.pack, rules.date, rules.hash, rules.profile);
    let mut kept = KEPT.lock();
    if let Some((known, book)) = kept.as_ref()
        && *known == name
    {
        return Ok(book.clone());
    }
    let date: Date = rules.date.parse().map_err(|_| StoreError::Broken(format!("{} is no date", rules.date)))?;
    let book = Arc::new(read(&rules.pack, date, &rules.profile)?);
    *kept = Some((name, book.clone()));
    Ok(book)
}

/// Rules of the library that the binary carries.
///
/// # Errors
/// Every finding of the files, one a line.
pub(crate) fn read(pack: &str, date: Date, profile: &str) -> Result<Rulebook> {
    let library = Library::embedded();
    let told = |findings: Vec<outpace_policy::Finding>| {
        StoreError::Folder(findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    };
    Ok(Rulebook {
        pack: library.pack(pack, date).map_err(told)?,
        playbook: library.playbook().map_err(told)?,
        profile: library.profile(profile).map_err(told)?,
    })
}

/// A call by the system at this moment.
///
/// # Errors
/// As [`rulebook`].
pub(crate) fn system_call(store: &Store) -> Result<Call> {
    Ok(Call { actor: store.system(), now: store.now(), rules: rulebook(store)?, drill: store.is_drill() })
}
