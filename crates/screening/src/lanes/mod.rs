//! Capture without a network: a lane is given a signed sheet beforehand, notes what happens under it, and hands the
//! records over later, in one go or in parts, in any order, twice if in doubt.
//!
//! - [`sheet`]: what a sheet holds and how it is signed. Data, no code; people by number, never by name.
//! - [`merge`]: records are checked, kept, and take effect in the order of the device's counter ([`steps`] decides that,
//!   purely); [`settle`] puts them into the tables. A wrong clock is put right ([`clock`]), an identity is opened, matched
//!   and forgotten, a signature that is wrong sends the bytes into quarantine.
//! - [`unsynced`]: lanes from which not everything is here, on whose account nobody is held to a missed test.

mod clock;
mod facts;
mod file;
pub mod keys;
mod merge;
pub mod model;
mod settle;
mod sheet;
mod steps;
pub(crate) mod store;
pub mod unsynced;

pub use facts::{
    LaneConnectionChanged, LaneRecordCame, LaneRecordsQuarantined, LaneRecordsTaken, LaneSheetIssued, LaneSheetReturned,
};
pub use file::{RecordsFile, RecordsHead, read_file, write_file};
pub use merge::{MergeAnswer, MergeRecords, RECORDS_MAX, WriteOff, merge_records, write_off};
pub use model::{
    DeviceRecords, LaneRecord, LaneSheet, RecordAnswer, RecordState, SealedBox, SheetRow, SignedRecord, SignedSheet,
    What, Who,
};
pub use sheet::{GUARDED_MAX, HOURS, HOURS_MAX, IssueSheet, ROW_BYTES, issue_sheet, read_sheet};
pub(crate) use store::{SCHEMA, join};
pub use unsynced::{SetConnection, UnsyncedAnswer, UnsyncedLane, UnsyncedQuery, set_connection, unsynced_lanes};

use outpace_access::{Empty, Routes};
use outpace_core::{Permission, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The office's public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SheetKey {
    /// Ed25519, in hexadecimal: sheets are signed with it.
    pub key: String,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let (sample, manage) = (Permission::ScreeningSample, Permission::ScreeningManage);
    Routes::new()
        .look(
            "/api/screening/lanes/key",
            Permission::Public.open(),
            "The public key by which a device tells that a lane sheet is the office's",
            |office, _, _: Empty| Ok(SheetKey { key: keys::public_key(office.store.keys()).map_err(Refusal::from)? }),
        )
        .command(
            "/api/screening/lanes/sheet",
            sample.by_area(),
            "Issue a signed sheet for a lane to work without a network",
            issue_sheet,
        )
        .command(
            "/api/screening/lanes/records",
            sample.by_area(),
            "Hand over what a lane noted without a network",
            merge_records,
        )
        .command(
            "/api/screening/lanes/connection",
            sample.by_area(),
            "Say that a lane is without a network, or back",
            set_connection,
        )
        .command(
            "/api/screening/lanes/write-off",
            manage.by_area(),
            "Write a lane sheet off: nothing more will come",
            write_off,
        )
        .query(
            "/api/screening/lanes/unsynced",
            Permission::ScreeningRead.by_area(),
            "Lanes from which not everything is here",
            unsynced_lanes,
        )
}
