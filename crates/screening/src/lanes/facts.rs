//! What happens to lane sheets and to the records that come back. None holds an identity: a record's sealed box never
//! enters the journal.

use outpace_core::{AreaId, LaneId, RoundId, SheetId, SiteId, Timestamp, TubeCode};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::RecordState;

/// A lane was given what it needs to work without a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneSheetIssued {
    /// Its number.
    pub sheet: SheetId,
    /// The round.
    pub round: RoundId,
    /// The site.
    pub site: SiteId,
    /// The lane.
    pub lane: LaneId,
    /// Where the site stands.
    pub area: AreaId,
    /// The areas that the lane serves.
    pub areas: Vec<AreaId>,
    /// People of whom the sheet warns.
    pub people: i64,
    /// When it ends.
    pub ends_at: Timestamp,
}

impl Fact for LaneSheetIssued {
    const KIND: &'static str = "screening.lane_sheet_issued";
}

/// One record that came, without who it was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneRecordCame {
    /// The device's counter.
    pub counter: i64,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// By how much that clock ran ahead, as the device knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_ms: Option<i64>,
    /// What happened, in a word.
    pub kind: String,
    /// The tube it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tube: Option<TubeCode>,
    /// The record that it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<i64>,
    /// Hash of its text, in hexadecimal.
    pub print: String,
}

/// Records of one device came: some at once into the tables, some to wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneRecordsTaken {
    /// The sheet.
    pub sheet: SheetId,
    /// The device.
    pub device: String,
    /// Records that are new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub came: Vec<LaneRecordCame>,
    /// What became of records, by counter: of these and of those that waited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<(i64, RecordState)>,
}

impl Fact for LaneRecordsTaken {
    const KIND: &'static str = "screening.lane_records_taken";
}

/// Records came that cannot be this sheet's, or that contradict one that came before. Their bytes are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneRecordsQuarantined {
    /// The sheet that they were sent under.
    pub sheet: SheetId,
    /// Hash of each, in hexadecimal, and why.
    pub records: Vec<(String, String)>,
}

impl Fact for LaneRecordsQuarantined {
    const KIND: &'static str = "screening.lane_records_quarantined";
}

/// Everything from a sheet is here, or somebody said that nothing more will come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneSheetReturned {
    /// The sheet.
    pub sheet: SheetId,
    /// Why it was written off; absent where the lane itself was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_off: Option<String>,
}

impl Fact for LaneSheetReturned {
    const KIND: &'static str = "screening.lane_sheet_returned";
}

/// A lane said that it goes on without a network, or that it is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneConnectionChanged {
    /// The lane.
    pub lane: LaneId,
    /// The round.
    pub round: RoundId,
    /// Where its site stands.
    pub area: AreaId,
    /// True: without a network from now on.
    pub offline: bool,
}

impl Fact for LaneConnectionChanged {
    const KIND: &'static str = "screening.lane_connection_changed";
}
