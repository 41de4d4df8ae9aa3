//! The bare limit: the same request, the same rows under the same keys, a journal entry of the same size with its hash,
//! group commit with the same safety; no sign-in, no check, no guard, no tally, no order. Whatever the real handler
//! costs above this, the checks cost.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use outpace_server::office::{Opening, open};
use outpace_store::Place;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::BenchError;

/// Requests that share a commit at the most, as in the store.
const BATCH_MAX: usize = 512;
/// Requests that may wait, as in the store.
const QUEUE_MAX: usize = 4_096;
const JURISDICTION: i64 = 1_401;

/// A tube as it is told: only what the rows hold.
#[derive(Debug, Deserialize)]
pub struct Told {
    tube: String,
    lane: i64,
    round: i64,
    people: Vec<ToldSwab>,
}

#[derive(Debug, Deserialize)]
struct ToldSwab {
    person: i64,
}

/// What is answered: as much as the real handler answers.
#[derive(Debug, Serialize)]
pub struct Answer {
    tube: String,
    number: i64,
    people: i64,
    people_max: i64,
    stage: &'static str,
    placed: Vec<AnswerSwab>,
    repeated: bool,
}

#[derive(Debug, Serialize)]
struct AnswerSwab {
    position: i64,
    person: i64,
}

/// Writes tubes and nothing else.
pub struct Writer {
    connection: Connection,
    number: i64,
    hash: [u8; 32],
    entry_bytes: usize,
}

impl Writer {
    /// Makes the tables in an empty folder, as the real store does, and opens them with its settings.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, entry_bytes: usize) -> Result<Self, BenchError> {
        let opening = Opening {
            folder: folder.to_owned(),
            place: Place::Folder,
            profile: Some("taiyuan".to_owned()),
            pack: None,
            date: None,
            drill_from: None,
        };
        drop(open(opening)?);
        let connection = Connection::open(folder.join("outpace.sqlite"))?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.busy_timeout(std::time::Duration::from_secs(30))?;
        connection.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000;",
        )?;
        let number = connection.query_row("SELECT MAX(seq) FROM journal", [], |row| row.get(0))?;
        Ok(Self { connection, number, hash: [0; 32], entry_bytes })
    }

    /// Writes a batch of tubes in one transaction.
    ///
    /// # Errors
    /// What the engine refused.
    pub fn write(&mut self, tubes: &[Told]) -> Result<i64, BenchError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let first = self.number + 1;
        for tube in tubes {
            self.number += 1;
            self.one(tube)?;
        }
        self.connection.execute_batch("COMMIT")?;
        Ok(first)
    }

    fn one(&mut self, tube: &Told) -> Result<(), BenchError> {
        let (number, people) = (self.number, tube.people.len() as i64);
        let mut payload = vec![b' '; self.entry_bytes];
        payload.iter_mut().zip(tube.tube.bytes()).for_each(|(to, from)| *to = from);
        let digest = *blake3::hash(&payload).as_bytes();
        self.hash = *blake3::Hasher::new().update(&self.hash).update(&digest).finalize().as_bytes();
        let connection = &self.connection;
        connection
            .prepare_cached(
                "INSERT INTO journal (j, seq, kind, occurred_at, recorded_at, actor, cause, salt, payload, digest, hash)
                 VALUES (?1, ?2, 'screening.swabs_taken', ?2, ?2, 1, NULL, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![JURISDICTION, number, &digest[..16], payload, digest, self.hash])?;
        connection
            .prepare_cached(
                "INSERT INTO tube (j, number, code, round, site, lane, purpose, people_max, household, people,
                   first_taken_at, wave, sealed_at, stage, box, laboratory, received_at, outcome, tested_at, results,
                   rank, ambient_due_at, laboratory_due_at, result_due_at, homes, flags)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, 'round', 10, 0, ?6, ?2, 0, ?2, 'sealed', NULL, NULL, NULL, NULL, NULL, 0,
                   3, ?2, ?2, ?2, '[[140101001001001,10,0]]', '')",
            )?
            .execute(params![JURISDICTION, number, tube.tube, tube.round, tube.lane, people])?;
        connection.prepare_cached("INSERT INTO tube_code (j, code, number) VALUES (?1, ?2, ?3)")?.execute(params![
            JURISDICTION,
            tube.tube,
            number
        ])?;
        let mut swab = connection.prepare_cached(
            "INSERT INTO sample (j, tube, position, person, taken_at, slip, flags) VALUES (?1, ?2, ?3, ?4, ?5, NULL, '')",
        )?;
        for (position, one) in tube.people.iter().enumerate() {
            swab.execute(params![JURISDICTION, number, position as i64 + 1, one.person, number])?;
        }
        Ok(())
    }
}

/// People a second that the same inserts reach without any HTTP, in commits of as many tubes as the store takes.
///
/// # Errors
/// What the engine refused.
pub fn raw_inserts(folder: &Path, entry_bytes: usize, tubes: i64) -> Result<f64, BenchError> {
    let mut writer = Writer::open(folder, entry_bytes)?;
    let began = Instant::now();
    let told = |number: i64| Told {
        tube: crate::city::code("RAW", number),
        lane: 1,
        round: 1,
        people: (number * 10 + 1..=number * 10 + 10).map(|person| ToldSwab { person }).collect(),
    };
    for first in (0..tubes).step_by(BATCH_MAX) {
        let batch: Vec<Told> = (first..tubes.min(first + BATCH_MAX as i64)).map(told).collect();
        writer.write(&batch)?;
    }
    Ok(tubes as f64 * 10.0 / began.elapsed().as_secs_f64())
}

type Waiting = (Told, tokio::sync::oneshot::Sender<Answer>);

fn keep_writing(mut writer: Writer, waiting: &Receiver<Waiting>) -> Result<(), BenchError> {
    while let Ok(first) = waiting.recv() {
        let (mut tubes, mut callers) = (vec![first.0], vec![first.1]);
        while tubes.len() < BATCH_MAX {
            let Ok((tube, caller)) = waiting.try_recv() else { break };
            tubes.push(tube);
            callers.push(caller);
        }
        let first = writer.write(&tubes)?;
        for (number, (tube, caller)) in (first..).zip(tubes.into_iter().zip(callers)) {
            let placed = (1..).zip(&tube.people).map(|(position, one)| AnswerSwab { position, person: one.person });
            let (people, placed) = (tube.people.len() as i64, placed.collect());
            let answer =
                Answer { tube: tube.tube, number, people, people_max: 10, stage: "sealed", placed, repeated: false };
            // Whoever hung up needs no answer.
            let _ = caller.send(answer);
        }
    }
    Ok(())
}

async fn bare_tube(State(queue): State<SyncSender<Waiting>>, body: Bytes) -> Result<Json<Answer>, StatusCode> {
    let told: Told = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let (send, receive) = tokio::sync::oneshot::channel();
    queue.try_send((told, send)).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    receive.await.map(Json).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

/// Serves the bare handlers until the process ends: `/empty` and `/tubes`.
///
/// # Errors
/// When the folder or the address cannot be used.
pub async fn serve(folder: &Path, entry_bytes: usize, listen: SocketAddr) -> Result<(), BenchError> {
    let writer = Writer::open(folder, entry_bytes)?;
    let (queue, waiting) = sync_channel(QUEUE_MAX);
    std::thread::spawn(move || {
        if let Err(error) = keep_writing(writer, &waiting) {
            eprintln!("outpace bench: {error}");
        }
    });
    let app = Router::new()
        .route("/empty", get(async || Json(serde_json::json!({ "ok": true }))))
        .route("/tubes", post(bare_tube))
        .with_state(queue);
    axum::serve(tokio::net::TcpListener::bind(listen).await?, app).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_writes_the_rows_that_registration_writes() {
        let folder = tempfile::tempdir().unwrap();
        assert!(raw_inserts(folder.path(), 300, 20).unwrap() > 0.0);
        let connection = Connection::open(folder.path().join("outpace.sqlite")).unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT COUNT(*) FROM tube"), 20);
        assert_eq!(count("SELECT COUNT(*) FROM tube_code"), 20);
        assert_eq!(count("SELECT COUNT(*) FROM sample"), 200);
        assert_eq!(count("SELECT MIN(LENGTH(payload)) FROM journal WHERE kind = 'screening.swabs_taken'"), 300);
    }
}
