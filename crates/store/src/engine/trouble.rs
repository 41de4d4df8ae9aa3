//! Why an engine takes no writes for now: what passes by itself or by somebody's hand, not what a command did wrong.

use std::cell::Cell;

use outpace_core::refusal::Text;
use rusqlite::ErrorCode;
use tokio_postgres::error::SqlState;

thread_local! {
    static NOTED: Cell<Option<Trouble>> = const { Cell::new(None) };
}

/// Why the engine takes no writes for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No space is left: the disk is full, or a quota.
    Full,
    /// The disk answers with errors.
    Disk,
    /// The database may only be read: a stand-by server, a file system mounted for reading.
    ReadOnly,
    /// The database server does not answer.
    Away,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Full, Self::Disk, Self::ReadOnly, Self::Away];

    /// A stable word: `full`, `disk`, `read_only`, `away`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Disk => "disk",
            Self::ReadOnly => "read_only",
            Self::Away => "away",
        }
    }

    /// What is wrong, for the person at the screen.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Full => Text::new("磁盘空间已满", "the disk is full"),
            Self::Disk => Text::new("磁盘读写出错", "the disk answers with errors"),
            Self::ReadOnly => Text::new("数据库目前只读", "the database may only be read"),
            Self::Away => Text::new("数据库没有响应", "the database does not answer"),
        }
    }

    /// What the file's engine complains of; `None` where a statement was wrong.
    pub(crate) fn of_file(error: &rusqlite::Error) -> Option<Self> {
        match error.sqlite_error_code()? {
            ErrorCode::DiskFull => Some(Self::Full),
            ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Some(Self::Disk),
            ErrorCode::ReadOnly => Some(Self::ReadOnly),
            ErrorCode::CannotOpen => Some(Self::Away),
            _ => None,
        }
    }

    /// What the server's engine complains of; `None` where a statement was wrong.
    pub(crate) fn of_server(error: &tokio_postgres::Error) -> Option<Self> {
        let Some(code) = error.code() else { return error.is_closed().then_some(Self::Away) };
        let away = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::CONNECTION_FAILURE,
        ];
        match code {
            code if *code == SqlState::DISK_FULL => Some(Self::Full),
            code if *code == SqlState::IO_ERROR => Some(Self::Disk),
            code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => Some(Self::ReadOnly),
            code if away.contains(code) => Some(Self::Away),
            _ => None,
        }
    }

    /// Remembers what an engine complained of on this thread: a command may hand its error on as something else, and the
    /// writer must know of it all the same.
    pub(crate) fn note(found: Option<Self>) {
        if found.is_some() {
            NOTED.set(found);
        }
    }

    /// What was noted on this thread and not taken yet.
    pub(crate) fn noted() -> Option<Self> {
        NOTED.get()
    }

    /// Takes what was noted on this thread since it was last taken.
    pub(crate) fn take_noted() -> Option<Self> {
        NOTED.take()
    }
}
