//! PostgreSQL 15 and later: many journals in one database, each in partitions of its own.
//!
//! The tables stand in one schema (`outpace`, or `?schema=` of the URL), partitioned by the jurisdiction. The partitions
//! of a jurisdiction stand in a schema of their own, `outpace_140121`, under the same names, and a journal's
//! connections look there first: every statement goes straight to the city's own partitions, with their own indexes,
//! statistics and vacuum, while a province reads over all of them in `outpace`.

mod cells;
mod dialect;
mod session;
mod wire;

use outpace_core::AreaId;
use tokio_postgres::Config;

use super::{Connection, Database, Result, StoreError};
use session::Session;

/// The schema where nothing else is said.
const SCHEMA: &str = "outpace";
/// What every session promises: an answer means it is on disk; plans depend on no value, as on SQLite; a server that
/// vanished without a word loses the writer's lock within half a minute.
const SETTINGS: &str = "SET synchronous_commit = on; SET jit = off; SET plan_cache_mode = force_generic_plan;
    SET client_min_messages = warning; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;";

/// A database on a server, seen by one jurisdiction.
pub struct Server {
    config: Config,
    schema: String,
    area: AreaId,
}

impl Server {
    /// What a URL names, for an area's journal.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub fn new(url: &str, area: AreaId) -> Result<Self> {
        let (url, schema) = without_schema(url);
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if schema.is_empty() || schema.len() > 40 || !schema.chars().all(plain) {
            return Err(StoreError::Folder(format!(
                "--db: schema={schema}: 小写字母、数字和下划线 · lower-case letters, digits and underscores, at most 40"
            )));
        }
        let config: Config = url.parse()?;
        Ok(Self { config, schema, area })
    }

    fn open(&self) -> Result<Session> {
        let mut session = Session::connect(&self.config)?;
        session.run_script(SETTINGS)?;
        session.stand_in(&self.schema, self.area)?;
        Ok(session)
    }
}

/// Takes `schema=` out of a URL, since the driver knows no such option.
fn without_schema(url: &str) -> (String, String) {
    let Some((address, options)) = url.split_once('?') else { return (url.to_owned(), SCHEMA.to_owned()) };
    let (ours, others): (Vec<&str>, Vec<&str>) = options.split('&').partition(|option| option.starts_with("schema="));
    let schema = ours.first().and_then(|option| option.strip_prefix("schema=")).unwrap_or(SCHEMA);
    let rest = if others.is_empty() { address.to_owned() } else { format!("{address}?{}", others.join("&")) };
    (rest, schema.to_owned())
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
