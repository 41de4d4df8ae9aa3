//! Lists with names that must leave: a letter's people for another area, the roster of a village, the doors of a round.
//!
//! They leave as one kind of thing: a file bound to a purpose, sealed under a passphrase that is shown once, with an end. Each
//! is a fact (who, what, how many, what for, until when), each fetch another. What is kept here for fetching it again is
//! sealed once more under a key of its own in the vault, which is destroyed when the export ends.

mod commands;
mod csv;
pub mod file;
mod http;
mod store;

pub use commands::{Export, FetchExport, Fetched, MadeExport, MakeExport, fetch, make, of_person, prepare};
pub use csv::cell;
pub use http::{ExportRow, ExportsAnswer, ExportsQuery, OwnExportsQuery, exports, own_exports, routes};

pub(crate) use commands::tick;
pub(crate) use store::{SCHEMA, fold};

use outpace_core::{AreaId, PersonId, RoundId, Timestamp};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The counter that numbers exports.
pub const COUNTER: &str = "export";
/// People of one export at the most: a village with all its lodgers.
pub const PEOPLE_MAX: usize = 20_000;
/// Hours after which an export ends at the latest: a week.
pub const HOURS_MAX: i64 = 168;

/// What leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The people of a co-investigation letter, for the area it goes to.
    Letter(i64),
    /// Everyone registered in an area.
    Roster(AreaId),
    /// Who was due in a round and did not come, for those who go from door to door.
    Doors {
        /// The round.
        round: RoundId,
        /// The area.
        area: AreaId,
    },
}

/// An export was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportMade {
    /// Its number.
    pub export: i64,
    /// What left.
    pub content: Content,
    /// What for.
    pub purpose: String,
    /// Whose identities are in it: each can be told who looked.
    pub people: Vec<PersonId>,
    /// When it ends.
    pub until: Timestamp,
}

impl Fact for ExportMade {
    const KIND: &'static str = "custody.export_made";
}

/// An export was fetched again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFetched {
    /// Which.
    pub export: i64,
}

impl Fact for ExportFetched {
    const KIND: &'static str = "custody.export_fetched";
}

/// An export ended: its key is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportEnded {
    /// Which.
    pub export: i64,
}

impl Fact for ExportEnded {
    const KIND: &'static str = "custody.export_ended";
}

/// The name of the key under which an export is kept for fetching it again.
fn key_name(export: i64) -> String {
    format!("export-{export}")
}
