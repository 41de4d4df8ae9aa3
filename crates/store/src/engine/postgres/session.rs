//! One connection: statements prepared once, requests sent ahead of their answers where nobody needs the answer yet.

use std::collections::{HashMap, VecDeque};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use outpace_core::{AreaId, Value};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, RowStream, Statement};

use super::cells::{Parameter, fits, type_of};
use super::dialect;
use super::tls::Terms;
use super::wire::Wire;
use crate::engine::{Connection, Result, Row, Rows, StoreError, Sums};

/// Requests that may be under way before their answers are read: bounded, so that neither side's buffers fill up.
const AHEAD_MAX: usize = 256;
/// Rows that go into one array.
const ROWS_MAX: usize = 4_096;
/// Announcements are at least so far apart; listeners read the tail anyway.
const ANNOUNCE_EVERY: Duration = Duration::from_millis(20);

/// Columns in SQLite's words; tables of all jurisdictions, not their partitions.
const DESCRIBE: &str = "
SELECT c.relname || '.' || a.attname || ' ' ||
  CASE format_type(a.atttypid, NULL) WHEN 'bytea' THEN 'BLOB' ELSE upper(format_type(a.atttypid, NULL)) END ||
  CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END ||
  COALESCE(' KEY ' || array_position(k.conkey, a.attnum)::text, '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
WHERE n.nspname = $1 AND c.relkind IN ('p', 'r')
ORDER BY c.relname COLLATE \"C\", a.attname COLLATE \"C\"";

type Ahead = Pin<Box<dyn Future<Output = Result<u64, tokio_postgres::Error>> + Send>>;
type Answer<T> = Result<T, tokio_postgres::Error>;

pub(super) struct Session {
    client: Arc<Client>,
    wire: Wire,
    statements: HashMap<String, Statement>,
    /// Sent, not answered yet, oldest first.
    ahead: VecDeque<Ahead>,
    /// This transaction only reads: nobody needs to wait for its end.
    reading: bool,
    /// A statement failed, so that this transaction can only be undone.
    failed: bool,
    schema: String,
    area: i64,
    lock: i64,
    announced: Option<Instant>,
}

impl Session {
    /// Connects to a host, by its place in the URL.
    pub(super) fn connect(config: &Config, number: usize, terms: &Terms) -> Result<Self> {
        let (client, wire) = Wire::connect(config, number, terms)?;
        Ok(Self {
            client: Arc::new(client),
            wire,
            statements: HashMap::new(),
            ahead: VecDeque::new(),
            reading: false,
            failed: false,
            schema: String::new(),
            area: 0,
            lock: 0,
            announced: None,
        })
    }

    /// Looks for tables among the jurisdiction's partitions first, then among those of all.
    pub(super) fn stand_in(&mut self, schema: &str, area: AreaId) -> Result<()> {
        self.schema = schema.to_owned();
        self.area = area.0;
        let name = blake3::hash(format!("outpace {schema} {}", area.0).as_bytes());
        let mut eight = [0; 8];
        eight.copy_from_slice(&name.as_bytes()[..8]);
        self.lock = i64::from_le_bytes(eight);
        let name = format!("SET application_name = 'outpace {}'", self.own_schema());
        self.run_script(&format!("{}; {name}", self.path()))
    }

    fn path(&self) -> String {
        format!("SET search_path = {}, {}", self.own_schema(), self.schema)
    }

    /// The schema of the jurisdiction's partitions.
    fn own_schema(&self) -> String {
        format!("{}_{}", self.schema, self.area)
    }

    /// The channel on which a journal's growth is announced. Unlike schemas, channels are shared by the database.
    fn channel(&self) -> String {
        self.own_schema()
    }

    pub(super) fn listen(&mut self) -> Result<()> {
        self.run_script(&format!("LISTEN {}", self.channel()))
    }

    /// Whether this server takes writes: a stand-by, and one that was set to reading, do not.
    pub(super) fn takes_writes(&mut self) -> Result<bool> {
        let mut takes = false;
        let asked = "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'";
        self.query(asked, &[], &mut |row| {
            takes = row.get(0)?;
            Ok(())
        })?;
        Ok(takes)
    }

    pub(super) fn has_table(&mut self, table: &str) -> Result<bool> {
        let mut found = false;
        self.query("SELECT to_regclass($1) IS NOT NULL", &[Value::Text(table)], &mut |row| {
            found = row.get(0)?;
            Ok(())
        })?;
        Ok(found)
    }

    /// Runs statements that are not prepared: settings, schema.
    pub(super) fn run_script(&mut self, sql: &str) -> Result<()> {
        self.settle_ahead()?;
        let client = Arc::clone(&self.client);
        let done = self.wire.wait(client.batch_execute(sql))?;
        self.noted(done)
    }

    fn noted<T>(&mut self, answer: Answer<T>) -> Result<T> {
        self.failed |= answer.is_err();
        answer.map_err(StoreError::from)
    }

    /// The statement of a text, prepared for the types of these values.
    fn prepared(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            let params = statement.params();
            if params.len() == values.len() && values.iter().zip(params).all(|(value, kind)| fits(value, kind)) {
                return Ok(statement.clone());
            }
        }
        let types: Vec<Type> = values.iter().map(type_of).collect();
        self.prepare(sql, &types)
    }

    fn prepare(&mut self, sql: &str, types: &[Type]) -> Result<Statement> {
        self.settle_ahead()?;
        let client = Arc::clone(&self.client);
        let prepared = self.wire.wait(client.prepare_typed(sql, types))?;
        let statement = self.noted(prepared)?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Sends a statement and does not wait for its answer.
    fn send(&mut self, sql: &str, values: &[Value<'_>]) -> Result<()> {
        let statement = self.prepared(sql, values)?;
        self.send_prepared(statement, values.iter().map(Parameter::from).collect())
    }

    fn send_prepared<P>(&mut self, statement: Statement, parameters: Vec<P>) -> Result<()>
    where
        P: ToSql + Send + Sync + 'static,
    {
        if self.ahead.len() >= AHEAD_MAX {
            self.settle_ahead()?;
        }
        let client = Arc::clone(&self.client);
        let mut answer: Ahead = Box::pin(async move {
            let parameters = parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync));
            client.execute_raw(&statement, parameters.collect::<Vec<_>>()).await
        });
        match self.wire.nudge(answer.as_mut()) {
            Some(done) => self.noted(done).map(|_| ()),
            None => {
                self.ahead.push_back(answer);
                Ok(())
            }
        }
    }

    /// Waits for everything that was sent ahead; answers how many rows it changed.
    fn settle_ahead(&mut self) -> Result<u64> {
        let (mut changed, mut first) = (0, None);
        while let Some(answer) = self.ahead.pop_front() {
            let done = self.wire.wait(answer)?;
            match self.noted(done) {
                Ok(count) => changed += count,
                Err(error) => first = first.or(Some(error)),
            }
        }
        first.map_or(Ok(changed), Err)
    }

    /// Runs a statement without values that changes no rows, and waits.
    fn run(&mut self, sql: &str) -> Result<()> {
        self.send(sql, &[])?;
        self.settle_ahead().map(|_| ())
    }

    fn begin(&mut self, sql: &str) -> Result<()> {
        self.settle_ahead()?;
        self.failed = false;
        self.send(sql, &[])
    }

    /// Waits for a reading statement, and first for what was sent before it.
    fn stream(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<RowStream> {
        let parameters: Vec<Parameter> = values.iter().map(Parameter::from).collect();
        let client = Arc::clone(&self.client);
        let asked = client.query_raw(statement, parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)));
        let mut asked = pin!(asked);
        // Sent before the answers of what went ahead are read: one way to the server and back for all of it.
        let early = self.wire.nudge(asked.as_mut());
        self.settle_ahead()?;
        let answer = match early {
            Some(answer) => answer,
            None => self.wire.wait(asked)?,
        };
        self.noted(answer)
    }

    /// One insert of all rows as arrays, where the statement allows it.
    fn insert_arrays(&mut self, sql: &str, columns: Vec<Vec<Parameter>>, plain: &Statement) -> Result<bool> {
        let names: Vec<&str> = plain.params().iter().map(Type::name).collect();
        let Some(text) = dialect::insert_arrays(sql, &names) else { return Ok(false) };
        let statement = match self.statements.get(&text) {
            Some(statement) => statement.clone(),
            None => self.prepare(&text, &[])?,
        };
        self.send_prepared(statement, columns)?;
        Ok(true)
    }
}

impl Connection for Session {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize> {
        let statement = self.prepared(sql, values)?;
        let parameters: Vec<Parameter> = values.iter().map(Parameter::from).collect();
        let client = Arc::clone(&self.client);
        let asked = client.execute_raw(&statement, parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)));
        let mut asked = pin!(asked);
        let early = self.wire.nudge(asked.as_mut());
        self.settle_ahead()?;
        let answer = match early {
            Some(answer) => answer,
            None => self.wire.wait(asked)?,
        };
        self.noted(answer).map(rows_of)
    }

    fn post(&mut self, sql: &str, values: &[Value<'_>]) -> Result<()> {
        self.send(sql, values)
    }

    fn add(&mut self, sums: &'static Sums, jurisdiction: i64, key: &[Value<'_>], amounts: &[i64]) -> Result<()> {
        sums.write(self, jurisdiction, key, amounts)
    }

    fn execute_many(&mut self, sql: &str, rows: &mut Rows<'_>) -> Result<usize> {
        self.settle_ahead()?;
        self.post_many(sql, rows)?;
        self.settle_ahead().map(rows_of)
    }

    fn post_many(&mut self, sql: &str, rows: &mut Rows<'_>) -> Result<()> {
        let mut all: Vec<Vec<Parameter>> = Vec::new();
        let mut plain: Option<Statement> = None;
        rows(&mut |values| {
            // A first row with a NULL must not decide a type that a later row contradicts.
            let unfit = |statement: &Statement| values.iter().zip(statement.params()).any(|(v, kind)| !fits(v, kind));
            if plain.as_ref().is_none_or(unfit) {
                plain = Some(self.prepared(sql, values)?);
            }
            all.push(values.iter().map(Parameter::from).collect());
            Ok(())
        })?;
        let Some(plain) = plain else { return Ok(()) };
        let mut all = all.into_iter().peekable();
        while all.peek().is_some() {
            let chunk: Vec<Vec<Parameter>> = all.by_ref().take(ROWS_MAX).collect();
            let columns = (0..plain.params().len())
                .map(|column| chunk.iter().map(|row| row[column].clone()).collect())
                .collect::<Vec<Vec<Parameter>>>();
            if chunk.len() == 1 || !self.insert_arrays(sql, columns, &plain)? {
                for row in chunk {
                    self.send_prepared(plain.clone(), row)?;
                }
            }
        }
        Ok(())
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let statement = self.prepared(sql, values)?;
        let mut rows = Box::pin(self.stream(&statement, values)?);
        loop {
            let next = self.wire.wait(std::future::poll_fn(|context| next_row(rows.as_mut(), context)))?;
            match next {
                None => return Ok(()),
                Some(row) => {
                    let row = self.noted(row)?;
                    each(&Row::new(&row, sql))?;
                }
            }
        }
    }

    fn migrate(&mut self, sql: &str) -> Result<()> {
        let all = blake3::hash(format!("outpace migrates {}", self.schema).as_bytes());
        let lock = i32::from_le_bytes([all.as_bytes()[0], all.as_bytes()[1], all.as_bytes()[2], all.as_bytes()[3]]);
        let script = format!(
            "SELECT pg_advisory_xact_lock({lock}, 0); CREATE SCHEMA IF NOT EXISTS {schema};
             SET search_path = {schema};\n{}{};",
            dialect::schema(sql),
            self.path(),
            schema = self.schema,
        );
        self.run_script(&script)
    }

    fn settle(&mut self) -> Result<()> {
        let mut missing = Vec::new();
        let (schema, own) = (self.schema.clone(), self.own_schema());
        self.query(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind = 'p' AND NOT EXISTS (
               SELECT 1 FROM pg_class p JOIN pg_namespace o ON o.oid = p.relnamespace
               WHERE o.nspname = $2 AND p.relname = c.relname)
             ORDER BY c.relname",
            &[Value::Text(&schema), Value::Text(&own)],
            &mut |row| {
                missing.push(row.get::<String>(0)?);
                Ok(())
            },
        )?;
        let mut script = format!("CREATE SCHEMA IF NOT EXISTS {own};\n");
        for table in missing {
            let values = format!("FOR VALUES IN ({})", self.area);
            script.push_str(&format!("CREATE TABLE {own}.{table} PARTITION OF {schema}.{table} {values};\n"));
        }
        self.run_script(&script)
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        let mut columns = Vec::new();
        self.query(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
             ORDER BY attname COLLATE \"C\"",
            &[Value::Text(table)],
            &mut |row| {
                columns.push(row.get(0)?);
                Ok(())
            },
        )?;
        Ok(columns)
    }

    fn describe(&mut self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        let schema = self.schema.clone();
        self.query(DESCRIBE, &[Value::Text(&schema)], &mut |row| {
            lines.push(row.get(0)?);
            Ok(())
        })?;
        Ok(lines)
    }

    fn check(&mut self, sql: &str) -> Result<()> {
        let client = Arc::clone(&self.client);
        self.wire.wait(client.prepare(sql))??;
        Ok(())
    }

    fn begin_writing(&mut self) -> Result<()> {
        self.reading = false;
        self.begin("BEGIN ISOLATION LEVEL READ COMMITTED")?;
        let lock = self.lock;
        self.query("SELECT pg_advisory_xact_lock($1) IS NULL", &[Value::Int(lock)], &mut |_| Ok(()))
    }

    fn begin_reading(&mut self) -> Result<()> {
        self.reading = true;
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    fn still_open(&mut self) -> Result<()> {
        // Outside a transaction, and in one that failed, the server refuses a mark; a commit it would answer all the same.
        self.run("SAVEPOINT still_open").map_err(|error| {
            tracing::warn!(%error, "the transaction was lost");
            StoreError::Uncommitted
        })
    }

    fn commit(&mut self) -> Result<()> {
        // Sent with what is still under way; the server turns the commit of a failed transaction into a rollback
        // without a word, so what failed is asked here.
        self.send("COMMIT", &[])?;
        if self.reading {
            return Ok(());
        }
        self.settle_ahead()?;
        if self.failed {
            return Err(StoreError::Uncommitted);
        }
        Ok(())
    }

    fn rollback(&mut self) -> Result<()> {
        // What is still under way belongs to what is given up.
        let _ = self.settle_ahead();
        self.run("ROLLBACK")?;
        self.failed = false;
        Ok(())
    }

    fn savepoint(&mut self) -> Result<()> {
        self.send("SAVEPOINT command", &[])
    }

    fn release(&mut self) -> Result<()> {
        self.send("RELEASE SAVEPOINT command", &[])
    }

    fn undo(&mut self) -> Result<()> {
        // What failed since the mark is undone with the rest; what failed before it shows when the mark is missing.
        let _ = self.settle_ahead();
        self.run("ROLLBACK TO SAVEPOINT command")?;
        self.failed = false;
        self.send("RELEASE SAVEPOINT command", &[])
    }

    fn announce(&mut self) {
        if self.announced.is_some_and(|at| at.elapsed() < ANNOUNCE_EVERY) {
            return;
        }
        self.announced = Some(Instant::now());
        let script = format!("BEGIN; SET LOCAL synchronous_commit = off; NOTIFY {}; COMMIT", self.channel());
        if let Err(error) = self.run_script(&script) {
            tracing::warn!(%error, "the journal's growth could not be announced");
        }
    }

    fn wait(&mut self, at_most: Duration) -> Result<()> {
        // The end of the last look was sent and not waited for.
        self.settle_ahead()?;
        self.wire.idle(at_most)?;
        self.wire.notified = false;
        Ok(())
    }

    fn gather(&mut self) -> Result<()> {
        let mut tables = Vec::new();
        let own = self.own_schema();
        self.query(
            "SELECT relname FROM pg_stat_user_tables WHERE schemaname = $1 AND n_mod_since_analyze > 0 ORDER BY relname",
            &[Value::Text(&own)],
            &mut |row| {
                tables.push(format!("{own}.{}", row.get::<String>(0)?));
                Ok(())
            },
        )?;
        if tables.is_empty() { Ok(()) } else { self.run_script(&format!("ANALYZE {}", tables.join(", "))) }
    }

    fn scrub(&mut self) -> Result<()> {
        let own = self.own_schema();
        let tables = {
            let mut tables = Vec::new();
            self.query(
                "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename",
                &[Value::Text(&own)],
                &mut |row| {
                    tables.push(row.get::<String>(0)?);
                    Ok(())
                },
            )?;
            tables
        };
        // Each table into a new file; one statement at a time, for it stands outside any transaction.
        for table in tables {
            self.run_script(&format!("VACUUM FULL {own}.{table}"))?;
        }
        // The old files are emptied at the next checkpoint. Only some roles may ask for one: then it comes by itself.
        if let Err(error) = self.run_script("CHECKPOINT") {
            tracing::warn!(%error, "the engine empties the old files at its own next checkpoint");
        }
        Ok(())
    }

    fn is_lost(&self) -> bool {
        self.wire.is_lost()
    }
}

fn rows_of(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn next_row(
    rows: Pin<&mut RowStream>,
    context: &mut std::task::Context<'_>,
) -> std::task::Poll<Option<Answer<tokio_postgres::Row>>> {
    futures_core::Stream::poll_next(rows, context)
}
