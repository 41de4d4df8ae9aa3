//! The commands, one file each.

pub mod backup;
pub mod bench;
pub mod custody;
pub mod drill;
pub mod export;
pub mod import;
pub mod keys;
pub mod plan;
pub mod policy;
pub mod serve;
pub mod verify;

use outpace_core::Timestamp;
use outpace_server::Opened;
use outpace_server::office::Opening;
use outpace_store::StoreError;

use crate::Data;

/// Why a command did not end well.
pub enum Failure {
    /// It ran, and found something that is not as it should be.
    Found(String),
    /// It could not be carried out.
    Unable(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Unable(error.to_string())
    }
}

impl From<outpace_core::Refusal> for Failure {
    fn from(refusal: outpace_core::Refusal) -> Self {
        Self::Unable(refusal.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Unable(error.to_string())
    }
}

/// Opens a folder as what it is: a drill's folder as a drill's, anything else as a real one.
pub fn open(data: &Data, pack: Option<String>, drill_from: Option<Timestamp>) -> Result<Opened, Failure> {
    keys::unlock(data)?;
    let kind = outpace_store::writer::folder_kind(&data.place, &data.folder)?;
    let drill_from = drill_from.or_else(|| kind.is_some_and(|(_, drill)| drill).then_some(Timestamp(0)));
    let opening = Opening {
        folder: data.folder.clone(),
        place: data.place.clone(),
        profile: data.profile.clone(),
        pack,
        date: None,
        drill_from,
    };
    Ok(outpace_server::open(opening)?)
}

/// Opens a folder that must already be there.
pub fn open_existing(data: &Data) -> Result<Opened, Failure> {
    if outpace_store::writer::folder_kind(&data.place, &data.folder)?.is_none() {
        let folder = data.folder.display();
        return Err(Failure::Unable(format!("{folder} holds no journal; `outpace serve --data {folder}` makes one")));
    }
    open(data, None, None)
}

/// Runs a future to its end on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(future)
}
