//! Operations alarms: which are raised, since when, and what is to be sent about them.
//!
//! [`judge`] is pure: from what was seen and what stood before it says what stands now and what is to be told. The server
//! looks and sends; this part keeps what stands, shows it at `/api/alarms` and as figures.

mod board;
mod http;
mod judge;

use std::sync::Arc;

use outpace_core::{Text, Timestamp};
use parking_lot::RwLock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use board::{Board, Event, Raised, Turn};
pub use http::routes;
pub use judge::{Seen, SilentLaboratory, Thresholds, judge};

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The journal does not hold an entry that somebody kept the hash of.
    HeadMismatch,
    /// Follow-up work (a positive that waits for its measures) is too old, or failed every time.
    ResponseBehind,
    /// Deadlines, ends and releases were not looked at for too long.
    ClockBehind,
    /// Nothing can be written.
    WritingPaused,
    /// The disk of the data folder is nearly full.
    DiskLow,
    /// A laboratory received tubes and reported nothing for hours.
    LaboratorySilent,
    /// The last backup is too old, or there was none since the server started.
    BackupOld,
}

impl AlarmKind {
    /// All of them, gravest first.
    pub const ALL: [Self; 7] = [
        Self::HeadMismatch,
        Self::ResponseBehind,
        Self::ClockBehind,
        Self::WritingPaused,
        Self::DiskLow,
        Self::LaboratorySilent,
        Self::BackupOld,
    ];

    /// Its word in figures, webhooks and environments.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::HeadMismatch => "head_mismatch",
            Self::ResponseBehind => "response_behind",
            Self::ClockBehind => "clock_behind",
            Self::WritingPaused => "writing_paused",
            Self::DiskLow => "disk_low",
            Self::LaboratorySilent => "laboratory_silent",
            Self::BackupOld => "backup_old",
        }
    }

    /// Its name, for headings.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::HeadMismatch => Text::new("日志与留存的日志头不符", "The journal does not match a kept head"),
            Self::ResponseBehind => Text::new("处置落后", "The response is behind"),
            Self::ClockBehind => Text::new("时钟落后", "The clock is behind"),
            Self::WritingPaused => Text::new("写入已暂停", "Writing is paused"),
            Self::DiskLow => Text::new("磁盘空间不足", "The disk is nearly full"),
            Self::LaboratorySilent => Text::new("实验室无结果", "A laboratory is silent"),
            Self::BackupOld => Text::new("备份过旧", "The backup is old"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    alarm: &'static str,
}

/// What stands; clones share it.
#[derive(Clone, Default)]
pub struct Alarms {
    board: Arc<RwLock<Board>>,
    looked_at: Arc<RwLock<Option<Timestamp>>>,
    raised: Family<Labels, Gauge>,
}

impl Alarms {
    pub(crate) fn of(figures: &crate::Figures) -> Self {
        let alarms = Self::default();
        figures.register(|registry| {
            registry.register("alarms", "Alarms that are raised, by what they are about", alarms.raised.clone());
        });
        alarms.show();
        alarms
    }

    /// Takes in what was seen; answers what is to be told about it, gravest first.
    pub fn look(&self, seen: &Seen, thresholds: &Thresholds, now: Timestamp) -> Vec<Event> {
        let events = judge(&mut self.board.write(), seen, thresholds, now);
        *self.looked_at.write() = Some(now);
        self.show();
        events
    }

    fn show(&self) {
        let board = self.board.read();
        for kind in AlarmKind::ALL {
            let raised = board.raised().filter(|raised| raised.alarm == kind).count();
            self.raised.get_or_create(&Labels { alarm: kind.word() }).set(i64::try_from(raised).unwrap_or(i64::MAX));
        }
    }
}
