//! PostgreSQL 15 and later: many journals in one database, each in partitions of its own.
//!
//! The tables stand in one schema (`outpace`, or `?schema=` of the URL), partitioned by the jurisdiction. The partitions
//! of a jurisdiction stand in a schema of their own, `outpace_140121`, under the same names, and a journal's
//! connections look there first: every statement goes straight to the city's own partitions, with their own indexes,
//! statistics and vacuum, while a province reads over all of them in `outpace`.

mod address;
mod cells;
mod dialect;
mod session;
mod tls;
mod wire;

use outpace_core::AreaId;
use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;

use super::{Connection, Database, Result, StoreError};
use address::Address;
use session::Session;
use tls::Terms;

/// What every session promises: an answer means it is on disk; plans depend on no value, as on SQLite; a server that
/// vanished without a word loses the writer's lock within half a minute.
/// Time limits that a DBA set for short statements of other programs do not apply: folding a journal again takes minutes.
const SETTINGS: &str = "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
    SET idle_session_timeout = 0; SET synchronous_commit = on; SET jit = off; SET plan_cache_mode = force_generic_plan;
    SET client_min_messages = warning; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;";

/// No host of the URL is a server that can be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "--db 中的 {hosts} 台数据库主机都只能读取(均为备库?),没有可写的主库:请先提升一台为主库 · none of the {hosts} hosts in --db \
     takes writes (all of them stand-bys?): promote one of them"
)]
struct NoServer {
    hosts: usize,
}

/// A database on a server, seen by one jurisdiction.
pub struct Server {
    config: Config,
    terms: Terms,
    schema: String,
    area: AreaId,
}

impl Server {
    /// What a URL names, for an area's journal.
    ///
    /// # Errors
    /// When the URL, or the authority's file that it names, cannot be read.
    pub fn new(url: &str, area: AreaId) -> Result<Self> {
        let Address { config, schema, mode, root } = Address::read(url)?;
        Ok(Self { config, terms: Terms::read(mode, root.as_deref())?, schema, area })
    }

    /// A session on the first host of the URL that takes writes. With several hosts a stand-by is passed over, for reading
    /// too: what was just written must be read. With one host, or with `target_session_attrs=any`, whoever answers is taken,
    /// and a server that takes no writes pauses the writer. `target_session_attrs=read-only` names a copy for reading.
    fn open(&self) -> Result<Session> {
        let hosts = self.config.get_hosts().len().max(1);
        let wanted = match self.config.get_target_session_attrs() {
            TargetSessionAttrs::ReadWrite => Some(true),
            TargetSessionAttrs::ReadOnly => Some(false),
            _ => (hosts > 1).then_some(true),
        };
        let mut failed = None;
        for number in 0..hosts {
            match self.open_at(number, wanted) {
                Ok(Some(session)) => return Ok(session),
                // A host that was passed over says less than one that failed.
                Ok(None) => failed = failed.or_else(|| Some(StoreError::Engine(Box::new(NoServer { hosts })))),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| StoreError::Engine(Box::new(NoServer { hosts }))))
    }

    /// A session on one host; `None` where it takes writes and should not, or the other way round.
    fn open_at(&self, number: usize, wanted: Option<bool>) -> Result<Option<Session>> {
        let mut session = Session::connect(&self.config, number, &self.terms)?;
        session.run_script(SETTINGS)?;
        if let Some(wanted) = wanted
            && session.takes_writes()? != wanted
        {
            return Ok(None);
        }
        session.stand_in(&self.schema, self.area)?;
        Ok(Some(session))
    }
}

impl Database for Server {
    fn exists(&self) -> Result<bool> {
        self.open()?.has_table("folder")
    }

    fn open_writer(&self) -> Result<Box<dyn Connection>> {
        Ok(Box::new(self.open()?))
    }

    fn open_reader(&self) -> Result<Box<dyn Connection>> {
        Ok(Box::new(self.open()?))
    }

    fn discard(&self) -> Result<()> {
        let (schema, area) = (&self.schema, self.area.0);
        self.open()?.run_script(&format!(
            "DROP SCHEMA IF EXISTS {schema}_{area} CASCADE; DELETE FROM {schema}.folder WHERE j = {area};"
        ))
    }

    fn open_listener(&self) -> Result<Box<dyn Connection>> {
        let mut session = self.open()?;
        session.listen()?;
        Ok(Box::new(session))
    }
}
