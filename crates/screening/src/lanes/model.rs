//! The lane sheet and the records that come back: what is written into them, and what becomes of each record.

use outpace_core::{AreaId, LaneId, PersonId, RoundId, Seq, SheetId, SiteId, Text, Timestamp, TubeCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tubes::{Flag, NoFile};
use crate::words::words;

/// What a sheet begins with; another number when its meaning changes.
pub const SHEET_FORMAT: &str = "outpace-lane-sheet/1";
/// What a file of records begins with.
pub const RECORDS_FORMAT: &str = "outpace-lane-records/1";

/// What a lane needs to work without a network. Data, no code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LaneSheet {
    /// [`SHEET_FORMAT`].
    pub format: String,
    /// Its number; every record names it.
    pub sheet: SheetId,
    /// The jurisdiction whose journal the records go into.
    pub jurisdiction: AreaId,
    /// The round that is sampled.
    pub round: RoundId,
    /// Its name.
    pub round_name: Text,
    /// The site.
    pub site: SiteId,
    /// Its name.
    pub site_name: Text,
    /// The lane.
    pub lane: LaneId,
    /// Its number at the site, from 1.
    pub lane_number: i64,
    /// Who may share a tube, and when it is closed.
    pub lock: LockRule,
    /// Whom to warn of.
    pub guards: Guards,
    /// With what records are signed and identities sealed.
    pub keys: SheetKeys,
    /// When it was issued, by the office's clock.
    pub issued_at: Timestamp,
    /// When it ends; records made later are kept all the same.
    pub ends_at: Timestamp,
}

/// Who may share a tube, and when it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LockRule {
    /// People in a tube at most; full: seal it.
    pub people_max: i64,
    /// Whether one household may share a tube, whatever its size.
    pub household: bool,
    /// Minutes after the first swab within which the tube must have left the lane, by the pack.
    pub leave_within_minutes: i64,
}

/// Whom to warn of before the swab: people of the areas that the lane serves, by number, without a name.
///
/// `rows` is hexadecimal; each row has 12 bytes: the person's number (8, big-endian), the year of birth less
/// [`BORN_FROM`] (1), bits (1: see [`guard_bits`]), and the mark of the identity number (2, big-endian; 0: none). Rows are sorted
/// by person. The mark is the beginning of HMAC-SHA256 under `mark_key`, shared by hundreds of possible numbers with the
/// same birth and sex, so that nobody can be found out from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Guards {
    /// The areas.
    pub areas: Vec<AreaId>,
    /// How many rows.
    pub people: i64,
    /// The rows, in hexadecimal.
    pub rows: String,
    /// The key of the marks, in hexadecimal; another on every sheet.
    pub mark_key: String,
}

/// The year that a row's year of birth counts from.
pub const BORN_FROM: i64 = 1_870;

/// The bits of a guard's row.
pub mod guard_bits {
    /// A woman or a girl.
    pub const FEMALE: u8 = 1;
    /// Already sampled in this round.
    pub const SAMPLED: u8 = 2;
    /// Exempt.
    pub const EXEMPT: u8 = 4;
    /// In quarantine or isolation, or under another measure: belongs to the lane for abnormal status, or is tested there.
    pub const QUARANTINED: u8 = 8;
    /// Registered as absent.
    pub const ABSENT: u8 = 16;
    /// The round does not cover the person.
    pub const NOT_DUE: u8 = 32;
}

/// With what records are signed and identities sealed. Whoever has the sheet can sign, so it is kept as a key is; nobody
/// but the office can open what was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SheetKeys {
    /// HMAC-SHA256 key of this sheet's records, in hexadecimal.
    pub record: String,
    /// The office's X25519 key for HPKE (RFC 9180: DHKEM X25519, HKDF-SHA256, AES-256-GCM), in hexadecimal.
    pub seal: String,
}

/// A sheet with its signature. What is signed is the text, byte by byte, so that nothing depends on how JSON is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedSheet {
    /// The [`LaneSheet`] as JSON text.
    pub sheet: String,
    /// Ed25519 over that text, in hexadecimal.
    pub signature: String,
    /// The office's public key, in hexadecimal; compare it with `/api/screening/lanes/key`.
    pub key: String,
    /// The office's clock as it signed: a device that gets the sheet at once knows from it how wrong its own clock is.
    pub signed_at: Timestamp,
}

/// One thing that happened at a lane, as its device noted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LaneRecord {
    /// The sheet.
    pub sheet: SheetId,
    /// The device: a random text of its own, 8 to 40 letters, digits or hyphens.
    pub device: String,
    /// The device's own counter under this sheet, from 1 without gaps: with sheet and device it names the record for
    /// ever.
    pub counter: i64,
    /// When, by the device's clock.
    pub at: Timestamp,
    /// By how much the device's clock ran ahead of the office's when it last heard from it, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_ms: Option<i64>,
    /// What happened.
    pub what: What,
}

/// What happened at a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Somebody was sampled into a tube.
    Swab {
        /// The code on the tube.
        tube: TubeCode,
        /// Who it was.
        who: Who,
        /// What the sampler said about the year of birth and the sex shown: the person's own or not; absent: not asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        own: Option<bool>,
    },
    /// A swab that was noted before was not taken, or of somebody else.
    Undo {
        /// The counter of the swab.
        counter: i64,
    },
    /// A tube was sealed.
    Seal {
        /// The code on the tube.
        tube: TubeCode,
    },
    /// The lane is done with the sheet: nothing comes after.
    Done,
}

impl What {
    /// The word of the kind.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Swab { .. } => "swab",
            Self::Undo { .. } => "undo",
            Self::Seal { .. } => "seal",
            Self::Done => "done",
        }
    }

    /// The tube it is about.
    #[must_use]
    pub fn tube(&self) -> Option<&TubeCode> {
        match self {
            Self::Swab { tube, .. } | Self::Seal { tube } => Some(tube),
            Self::Undo { .. } | Self::Done => None,
        }
    }
}

/// Who was sampled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Who {
    /// A health code was read: it holds the person's number and nothing else.
    Code {
        /// Whose code.
        person: PersonId,
    },
    /// An identity card was scanned, or name and birth were typed: sealed for the office.
    Sealed {
        /// The box.
        sealed: SealedBox,
    },
    /// Nobody could tell.
    Nobody {
        /// Why.
        #[serde(default)]
        no_file: Option<NoFile>,
        /// The number of the paper slip.
        #[serde(default)]
        slip: Option<String>,
    },
}

/// An identity that only the office can open (HPKE base mode); bound to its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SealedBox {
    /// The encapsulated key, in hexadecimal.
    pub key: String,
    /// What was sealed, in hexadecimal.
    pub text: String,
}

/// A record with its signature, as it travels: the text byte by byte as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedRecord {
    /// The [`LaneRecord`] as JSON text.
    pub record: String,
    /// HMAC-SHA256 over that text under the sheet's key, in hexadecimal.
    pub mac: String,
}

words! {
    /// What became of a record.
    pub enum RecordState {
        /// It stands in the tables.
        Merged = "merged" / "已合并",
        /// It had come before, here or by another way.
        AlreadyThere = "already_there" / "此前已收到",
        /// It is kept and waits: for records before it, or for its tube to be sealed.
        Waiting = "waiting" / "已收到,待前序记录",
        /// It stands in the tables with a flag, and an order settles it.
        Flagged = "flagged" / "已保留并标记",
        /// The lane took it back before its tube was sealed.
        Undone = "undone" / "已由通道撤销",
        /// It could not be read as this sheet's: refused, its bytes kept, and an order settles it.
        Quarantined = "quarantined" / "签名不符,原文已留存",
    }
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordAnswer {
    /// Where it stood in the request, from 1; the line of a file.
    pub line: i64,
    /// The device; empty where the record could not be read.
    pub device: String,
    /// The counter; 0 where the record could not be read.
    pub counter: i64,
    /// What became of it.
    pub state: RecordState,
    /// What was strange about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// Why, where it is not plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
}

/// What is here of a device's records under a sheet: what it need not keep any longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceRecords {
    /// The device.
    pub device: String,
    /// The highest counter that came.
    pub highest: i64,
    /// Counters below it that have not come, at most [`MISSING_TOLD_MAX`].
    pub missing: Vec<i64>,
    /// By how much its moments were moved to put its clock right, milliseconds.
    pub shifted_ms: i64,
}

/// Missing counters that are told one by one.
pub const MISSING_TOLD_MAX: usize = 100;

/// A sheet as the office knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SheetRow {
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
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When everything from it was here, or it was written off.
    pub returned_at: Option<Timestamp>,
    /// Records that came from it.
    pub records: i64,
    /// The fact that issued it.
    pub seq: Seq,
}
