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

use super::{Connection, Database, Result};
use address::Address;
use session::Session;
use tls::Terms;

/// What every session promises: an answer means it is on disk; plans depend on no value, as on SQLite; a server that
/// vanished without a word loses the writer's lock within half a minute.
const SETTINGS: &str = "SET synchronous_commit = on; SET jit = off; SET plan_cache_mode = force_generic_plan;
    SET client_min_messages = warning; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;";

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

    fn open(&self) -> Result<Session> {
        let mut session = Session::connect(&self.config, &self.terms)?;
        session.run_script(SETTINGS)?;
        session.stand_in(&self.schema, self.area)?;
        Ok(session)
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
