//! The one way in which the drill talks to the system: HTTP with JSON, as any staff's device would.
//!
//! An [`Api`] is the address with its connections kept open; a [`Staff`] is someone signed in there, in one role. A
//! refusal comes back with the path and what the system said, so that a failed drill reads like a failed shift.

use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use outpace_core::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::parts::{Badge, Parts};

/// Requests under way at the same time.
pub const LANES: usize = 16;
/// How often a busy system is asked again before the drill gives up.
const TRIES_MAX: u32 = 40;
/// The id of who has not signed in.
const NOBODY: i64 = 0;
const TIMEOUT: Duration = Duration::from_secs(120);

/// A request that did not end well.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The system answered that it would not.
    #[error("{path}: {status}: {problem}")]
    Refused {
        /// The path asked.
        path: String,
        /// The HTTP status.
        status: u16,
        /// What the system said.
        problem: String,
    },
    /// The system did not answer, or not in the words of the contract.
    #[error("{path}: {source}")]
    Broken {
        /// The path asked.
        path: String,
        /// What went wrong.
        source: reqwest::Error,
    },
    /// The answer lacks what the contract promises.
    #[error("{path}: 应答缺少 {field} / the answer lacks {field}")]
    Lacks {
        /// The path asked.
        path: String,
        /// What is missing.
        field: String,
    },
    /// A task of the player itself stopped.
    #[error("播放程序的一项任务中断 / a task of the player stopped: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

impl CallError {
    /// The status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// The address of a system, and the connections to it.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: Arc<str>,
    lanes: Arc<Semaphore>,
    /// The drill's clock, by which authenticators make their codes.
    clock_ms: Arc<AtomicI64>,
    /// Everybody who acts by a device's token.
    devices: Arc<Mutex<Vec<Staff>>>,
    /// What each part of the staff did.
    parts: Parts,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Api({})", self.base)
    }
}

impl Api {
    /// An API at an address such as `http://127.0.0.1:8088`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn at(base: &str) -> Result<Self, CallError> {
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(LANES)
            .timeout(TIMEOUT)
            .build()
            .map_err(|source| CallError::Broken { path: base.to_owned(), source })?;
        let base = Arc::from(base.trim_end_matches('/'));
        let lanes = Arc::new(Semaphore::new(LANES));
        Ok(Self { http, base, lanes, clock_ms: Arc::default(), devices: Arc::default(), parts: Parts::default() })
    }

    /// Tells where the drill's clock stands.
    pub fn set_clock(&self, now: Timestamp) {
        self.clock_ms.store(now.0, Ordering::Relaxed);
    }

    /// Where the drill's clock stands.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        Timestamp(self.clock_ms.load(Ordering::Relaxed))
    }

    /// A device that acts by a token, and renews it.
    #[must_use]
    pub fn device(&self, token: String, id: i64, badge: Badge) -> Staff {
        let device = self.staff(token, id, badge);
        self.devices.lock().unwrap_or_else(PoisonError::into_inner).push(device.clone());
        device
    }

    /// Every device so far.
    #[must_use]
    pub fn devices(&self) -> Vec<Staff> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Someone who acts by a token, known to the system by an actor's id.
    #[must_use]
    pub fn staff(&self, token: String, id: i64, badge: Badge) -> Staff {
        self.parts.entered(id, badge);
        Staff { api: self.clone(), token: Arc::new(RwLock::new(Some(token))), id }
    }

    /// What each part of the staff did with success.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Someone who has not signed in.
    #[must_use]
    pub fn anyone(&self) -> Staff {
        Staff { api: self.clone(), token: Arc::default(), id: NOBODY }
    }
}

/// Someone signed in.
#[derive(Clone)]
pub struct Staff {
    api: Api,
    /// Shared by all copies: whoever signs in again does so for all of them.
    token: Arc<RwLock<Option<String>>>,
    id: i64,
}

/// Without the token.
impl std::fmt::Debug for Staff {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Staff({})", self.id)
    }
}

impl Staff {
    /// The system that they are signed in to.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The actor's id: what a signature says.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Notes that this was done as the one whom the office's data name for it.
    pub fn was_named(&self, what: &str) {
        self.api.parts.was_named(self.id, what);
    }

    /// The same person signed in again: with a second factor, or for another shift.
    pub fn enter_again(&self, token: String, badge: Badge) {
        self.api.parts.entered(self.id, badge);
        self.renew(token);
    }

    /// Goes on with another token.
    pub fn renew(&self, token: String) {
        // A poisoned lock holds a token as good as any.
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }

    fn token(&self) -> Option<String> {
        self.token.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Posts a command and reads its answer.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn post<A: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<A, CallError> {
        self.ask(path, || self.api.http.post(format!("{}{path}", self.api.base)).json(body)).await
    }

    /// Posts a command whose answer does not matter.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn tell(&self, path: &str, body: &impl Serialize) -> Result<(), CallError> {
        self.post::<Value>(path, body).await.map(|_| ())
    }

    /// Asks a query with parameters.
    ///
    /// # Errors
    /// A refusal, or no answer.
    pub async fn get<A: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<A, CallError> {
        let asked: Vec<String> = query.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
        let address = match asked.is_empty() {
            true => format!("{}{path}", self.api.base),
            false => format!("{}{path}?{}", self.api.base, asked.join("&")),
        };
        self.ask(path, || self.api.http.get(&address)).await
    }

    async fn ask<A: DeserializeOwned>(
        &self,
        path: &str,
        request: impl Fn() -> reqwest::RequestBuilder,
    ) -> Result<A, CallError> {
        let broken = |source| CallError::Broken { path: path.to_owned(), source };
        let mut tries = 0;
        loop {
            // The semaphore is never closed, so a permit always comes.
            let permit = self.api.lanes.clone().acquire_owned().await.ok();
            let mut asking = request();
            if let Some(token) = self.token() {
                asking = asking.bearer_auth(token);
            }
            let answer = asking.send().await.map_err(broken)?;
            let status = answer.status();
            if status.is_success() {
                self.api.parts.did(self.id, path);
                return answer.json().await.map_err(broken);
            }
            tries += 1;
            if status.as_u16() != 503 || tries >= TRIES_MAX {
                let problem = answer.text().await.unwrap_or_default();
                return Err(CallError::Refused { path: path.to_owned(), status: status.as_u16(), problem });
            }
            drop((answer, permit));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Percent-encodes what a query string cannot hold.
fn escape(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Runs requests side by side and answers in their order; stops at the first that fails.
///
/// # Errors
/// The first failure in the order of the requests.
pub async fn side_by_side<F, A>(requests: impl IntoIterator<Item = F>) -> Result<Vec<A>, CallError>
where
    F: Future<Output = Result<A, CallError>> + Send + 'static,
    A: Send + 'static,
{
    let mut running = JoinSet::new();
    let mut answers = Vec::new();
    for (number, request) in requests.into_iter().enumerate() {
        running.spawn(async move { (number, request.await) });
        if running.len() >= LANES * 2
            && let Some(done) = running.join_next().await
        {
            answers.push(done?);
        }
    }
    while let Some(done) = running.join_next().await {
        answers.push(done?);
    }
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// A number in an answer, such as `/id` or `/order/id`.
///
/// # Errors
/// [`CallError::Lacks`].
pub fn number(path: &str, answer: &Value, pointer: &str) -> Result<i64, CallError> {
    answer
        .pointer(pointer)
        .and_then(Value::as_i64)
        .ok_or_else(|| CallError::Lacks { path: path.to_owned(), field: pointer.to_owned() })
}

/// A text in an answer.
///
/// # Errors
/// [`CallError::Lacks`].
pub fn text(path: &str, answer: &Value, pointer: &str) -> Result<String, CallError> {
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| CallError::Lacks { path: path.to_owned(), field: pointer.to_owned() })
}

/// A list in an answer; empty where there is none.
#[must_use]
pub fn list<'a>(answer: &'a Value, pointer: &str) -> &'a [Value] {
    answer.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_query_cannot_hold_is_escaped() {
        assert_eq!(escape("a b&c=汾"), "a%20b%26c%3D%E6%B1%BE");
    }

    #[tokio::test]
    async fn answers_come_in_the_order_of_the_requests() {
        let slow_first = (0..40_u64).map(|number| async move {
            tokio::time::sleep(Duration::from_millis(40 - number)).await;
            Ok(number)
        });
        assert_eq!(side_by_side(slow_first).await.unwrap(), (0..40).collect::<Vec<u64>>());
    }
}
