//! Why the store could not do what it was asked.

use outpace_core::ValueError;
use thiserror::Error;
use tokio_postgres::error::SqlState;

use super::Trouble;

/// Why the store could not do what it was asked. Never shown to a person at a screen.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The engine refused or failed.
    #[error("database: {}", told(&**.0))]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The batch that this command stood in was not confirmed by the engine.
    #[error("the engine did not confirm the batch")]
    Uncommitted,
    /// The engine takes no writes for now; nothing of the command was done.
    #[error("the engine takes no writes: {}", .0.key())]
    Paused(Trouble),
    /// Follow-up work was finished by another server meanwhile.
    #[error("job {0} was done by another server")]
    JobDone(i64),
    /// A column held something unexpected.
    #[error("column {column} of `{sql}`: {source}")]
    Column {
        /// The statement.
        sql: String,
        /// Position of the column from 0.
        column: usize,
        /// What was expected and found.
        source: ValueError,
    },
    /// A payload could not be written or read.
    #[error("payload of {kind}: {source}")]
    Payload {
        /// The kind of fact or job.
        kind: String,
        /// The reason.
        source: serde_json::Error,
    },
    /// A fact of a kind that no capability folds.
    #[error("no capability knows facts of the kind {0}")]
    UnknownKind(String),
    /// The queue of the writer is full, or the writer has stopped.
    #[error("the writer is busy")]
    Busy,
    /// The folder, its key file or its settings.
    #[error("{0}")]
    Folder(String),
    /// The vault could not seal or open a value.
    #[error("vault: {0}")]
    Vault(String),
    /// The journal does not fit itself.
    #[error("journal: {0}")]
    Broken(String),
    /// A command panicked; it changed nothing.
    #[error("a command stopped unexpectedly: {0}")]
    Panic(String),
}

/// An error with everything that caused it, and what to do where that is known: a driver says "db error" and no more.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    let code = error.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::code);
    if let Some(advice) = code.and_then(advice) {
        text.push_str("; ");
        text.push_str(advice);
    }
    text
}

/// What to do about what a PostgreSQL server says, in both languages.
fn advice(code: &SqlState) -> Option<&'static str> {
    let advices: [(&SqlState, &str); 9] = [
        (
            &SqlState::INVALID_PASSWORD,
            "用户名或密码不对,请核对 --db 的 URL · wrong user or password: check the URL of --db",
        ),
        (
            &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            "服务器不许此用户从本机连接,请核对 pg_hba.conf · the server does not let this user in from here: see its pg_hba.conf",
        ),
        (
            &SqlState::INVALID_CATALOG_NAME,
            "没有这个数据库,请先 createdb · there is no such database: createdb it first",
        ),
        (
            &SqlState::INSUFFICIENT_PRIVILEGE,
            "权限不足,请授予此用户在该库建立模式的权限 · missing rights: GRANT CREATE ON DATABASE … TO this user",
        ),
        (&SqlState::DISK_FULL, "数据库的磁盘已满,请腾出空间 · the database's disk is full: make room"),
        (
            &SqlState::TOO_MANY_CONNECTIONS,
            "数据库连接已用完,请提高 max_connections · the database's connections are used up: raise max_connections",
        ),
        (&SqlState::CANNOT_CONNECT_NOW, "数据库正在启动或关闭,请稍候 · the database is starting or stopping: wait"),
        (
            &SqlState::READ_ONLY_SQL_TRANSACTION,
            "这是备库或只读库,请在 URL 中写主库 · this is a stand-by: name the primary in the URL",
        ),
        (&SqlState::UNDEFINED_FILE, "数据库缺少文件,请检查其日志 · the database misses a file: see its log"),
    ];
    advices.into_iter().find(|(known, _)| *known == code).map(|(_, advice)| advice)
}

/// Result of everything that touches the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Trouble::note(Trouble::of_file(&error));
        Self::Engine(Box::new(error))
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        Trouble::note(Trouble::of_server(&error));
        Self::Engine(Box::new(error))
    }
}

impl StoreError {
    /// Why the engine takes no writes, where that is what the error says.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Paused(trouble) => Some(*trouble),
            Self::Engine(source) => {
                let file = source.downcast_ref::<rusqlite::Error>().and_then(Trouble::of_file);
                file.or_else(|| source.downcast_ref::<tokio_postgres::Error>().and_then(Trouble::of_server))
            }
            _ => None,
        }
    }
}

/// What goes on while nothing can be written, and what to do; the end of every such answer.
const STILL_ZH: &str = "健康状态、通告和查询照常;采样请用离线通道表,恢复后再传;本次提交请稍后原样重发。";
const STILL_EN: &str = "Status, notices and all reading go on; lanes go on with their offline sheets and send them later. \
                        Send the same again in a while.";

impl From<StoreError> for outpace_core::Refusal {
    /// What will pass is told to the caller; everything else is logged here, once, and told as our failure.
    fn from(error: StoreError) -> Self {
        if let Some(trouble) = error.trouble() {
            let why = trouble.text();
            return Self::new(
                503,
                "writing_paused",
                "",
                trouble.key(),
                format!("目前不能写入({}),未作任何更改。{STILL_ZH}", why.zh),
                format!("Nothing can be written now ({}); nothing was changed. {STILL_EN}", why.en),
            );
        }
        match error {
            StoreError::Busy => Self::new(
                503,
                "busy",
                "",
                "",
                format!("系统繁忙,未作任何更改。{STILL_ZH}"),
                format!("The system is busy; nothing was changed. {STILL_EN}"),
            ),
            StoreError::Uncommitted => Self::new(
                503,
                "unconfirmed",
                "",
                "",
                "数据库没有确认这次写入,请原样再发一次;同一记录不会写入两次。",
                "The database did not confirm this. Send the same again: a record is never written twice.",
            ),
            error => {
                tracing::error!(%error, "the store failed");
                Self::internal()
            }
        }
    }
}
