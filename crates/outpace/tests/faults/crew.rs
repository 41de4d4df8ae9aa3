//! Samplers at their lanes: they register tube after tube, and send the same again until they have an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use outpace_bench::city::{City, code, tube};
use parking_lot::{Mutex, RwLock};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::house::Tubes;

/// People in a tube here: fewer than a pool holds, so that a small city lasts longer.
pub const TUBE: i64 = 3;
/// A tube that nobody acknowledged for so long fails the test.
const PATIENCE: Duration = Duration::from_secs(90);
/// Every so-manieth tube is sent once more after its answer.
const AGAIN: i64 = 7;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// The journal's head, where the answer names one.
    pub head: Option<(i64, String)>,
    pub retry_after: Option<String>,
}

/// Someone with a token who asks a server.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    token: String,
}

impl Caller {
    pub fn new(token: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Self { http, token: token.to_owned() }
    }

    /// Posts a command; `None` where no answer came.
    pub async fn post(&self, at: SocketAddr, path: &str, body: &impl Serialize) -> Option<Answer> {
        self.read(self.http.post(format!("http://{at}{path}")).json(body)).await
    }

    /// Posts bytes as they are.
    pub async fn post_bytes(&self, at: SocketAddr, path: &str, body: Vec<u8>) -> Option<Answer> {
        let request = self.http.post(format!("http://{at}{path}")).header("content-type", "application/json");
        self.read(request.body(body)).await
    }

    /// Asks a query.
    pub async fn get(&self, at: SocketAddr, path: &str) -> Option<Answer> {
        self.read(self.http.get(format!("http://{at}{path}"))).await
    }

    /// Posts a command that must be answered with success.
    pub async fn done(&self, at: SocketAddr, path: &str, body: &impl Serialize) -> Value {
        let answer = self.post(at, path, body).await.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Asks a query that must be answered with success.
    pub async fn look(&self, at: SocketAddr, path: &str) -> Value {
        let answer = self.get(at, path).await.expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    async fn read(&self, request: reqwest::RequestBuilder) -> Option<Answer> {
        let answer = request.bearer_auth(&self.token).send().await.ok()?;
        let text = |name: &str| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
        let head = text("x-outpace-seq").and_then(|seq| seq.parse().ok()).zip(text("x-outpace-head"));
        let (status, retry_after) = (answer.status().as_u16(), text("retry-after"));
        // Cut off in the middle is no answer.
        let body = answer.bytes().await.ok()?;
        Some(Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null), head, retry_after })
    }
}

/// What a server acknowledged: this tube, with these people, in a journal with this head.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    pub code: String,
    pub people: Vec<i64>,
    pub seq: i64,
    pub head: String,
}

struct Shared {
    city: City,
    addresses: RwLock<Vec<SocketAddr>>,
    ended: AtomicBool,
    resting: AtomicBool,
    next: AtomicI64,
    acknowledged: Mutex<Vec<Acknowledged>>,
    /// How often somebody was told to come back, and the last time in what words.
    turned_away: Mutex<(usize, Option<Value>)>,
    /// Answers that a sampler should never see.
    wrong: Mutex<Vec<String>>,
    pause: Duration,
}

/// Samplers under way.
pub struct Crew {
    shared: Arc<Shared>,
    work: JoinSet<()>,
}

impl Crew {
    /// Begins to register at these servers, over so many clients, each with a pause between two tubes.
    pub fn begin(city: &City, addresses: Vec<SocketAddr>, clients: usize, pause: Duration) -> Self {
        let shared = Arc::new(Shared {
            city: city.clone(),
            addresses: RwLock::new(addresses),
            ended: AtomicBool::new(false),
            resting: AtomicBool::new(false),
            next: AtomicI64::new(0),
            acknowledged: Mutex::default(),
            turned_away: Mutex::default(),
            wrong: Mutex::default(),
            pause,
        });
        let mut work = JoinSet::new();
        for client in 0..clients {
            work.spawn(Arc::clone(&shared).work(client));
        }
        Self { shared, work }
    }

    /// The servers now stand there.
    pub fn go_to(&self, addresses: Vec<SocketAddr>) {
        *self.shared.addresses.write() = addresses;
    }

    /// Lets samplers finish the tube in hand and begin no other, or go on.
    pub fn rest(&self, resting: bool) {
        self.shared.resting.store(resting, Ordering::SeqCst);
    }

    /// What was acknowledged after the first so many.
    pub fn acknowledged_after(&self, known: usize) -> Vec<Acknowledged> {
        self.shared.acknowledged.lock()[known..].to_vec()
    }

    /// The newest head that anybody was told.
    pub fn witness(&self) -> Option<String> {
        let acknowledged = self.shared.acknowledged.lock();
        acknowledged.iter().max_by_key(|one| one.seq).map(|one| one.head.clone())
    }

    /// How often somebody was told to come back, and the last words.
    pub fn turned_away(&self) -> (usize, Option<Value>) {
        self.shared.turned_away.lock().clone()
    }

    /// Waits until more than so many tubes are acknowledged.
    pub async fn until_more_than(&self, known: usize) {
        let began = Instant::now();
        while self.shared.acknowledged.lock().len() <= known {
            assert!(began.elapsed() < PATIENCE, "no tube was acknowledged: {:?}", self.shared.wrong.lock());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets everybody send what they have in hand until it is acknowledged, and go home.
    pub async fn end(self) -> Vec<Acknowledged> {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.work.join_all().await;
        let wrong = std::mem::take(&mut *self.shared.wrong.lock());
        assert!(wrong.is_empty(), "answers that no sampler should see: {wrong:#?}");
        std::mem::take(&mut *self.shared.acknowledged.lock())
    }
}

impl Shared {
    async fn work(self: Arc<Self>, client: usize) {
        let caller = Caller::new(&self.city.lane_tokens[client % self.city.lane_tokens.len()]);
        let lane = self.city.lanes[client % self.city.lanes.len()];
        while !self.ended.load(Ordering::SeqCst) {
            if self.resting.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            let people: Vec<i64> = (number * TUBE + 1..=number * TUBE + TUBE).collect();
            if people.iter().any(|person| *person > self.city.people) {
                return;
            }
            let code = code("K", number);
            let request = tube(self.city.round, lane, &code, &people);
            self.register(&caller, client, &request, &code, &people).await;
            tokio::time::sleep(self.pause).await;
        }
    }

    /// Sends a tube until it is acknowledged, and some of them once more.
    async fn register(&self, caller: &Caller, client: usize, request: &impl Serialize, code: &str, people: &[i64]) {
        let Some((answer, seq, head)) = self.until_answered(caller, client, request).await else { return };
        if answer["people"] != people.len() || answer["stage"] != "sealed" {
            self.wrong.lock().push(answer.to_string());
        }
        let one = Acknowledged { code: code.to_owned(), people: people.to_vec(), seq, head };
        self.acknowledged.lock().push(one);
        if people[0] / TUBE % AGAIN == 0
            && let Some((again, ..)) = self.until_answered(caller, client, request).await
            && (again["repeated"] != true || again["number"] != answer["number"])
        {
            self.wrong.lock().push(format!("sent again, it was taken for new: {again}"));
        }
    }

    async fn until_answered(
        &self,
        caller: &Caller,
        client: usize,
        request: &impl Serialize,
    ) -> Option<(Value, i64, String)> {
        let began = Instant::now();
        for attempt in 0.. {
            let at = {
                let addresses = self.addresses.read();
                addresses[(client + attempt) % addresses.len()]
            };
            match caller.post(at, "/api/screening/tubes", request).await {
                Some(Answer { status: 200, body, head: Some((seq, head)), .. }) => return Some((body, seq, head)),
                // A server that is away, full, or not sure.
                Some(Answer { status: 503, retry_after: Some(_), body, .. }) => {
                    let mut turned_away = self.turned_away.lock();
                    *turned_away = (turned_away.0 + 1, Some(body));
                }
                None => {}
                Some(answer) => {
                    self.wrong.lock().push(format!("{answer:?}"));
                    return None;
                }
            }
            if began.elapsed() > PATIENCE {
                self.wrong.lock().push(format!("no answer in {PATIENCE:?}"));
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        None
    }
}

/// How many of the acknowledged samples stand in the tables exactly as acknowledged, and how many stand there twice.
pub fn compare(acknowledged: &[Acknowledged], tubes: &Tubes) -> (i64, i64) {
    let found = acknowledged.iter().filter_map(|one| {
        let there = tubes.get(&one.code)?;
        Some(one.people.iter().filter(|person| there.contains(person)).count() as i64)
    });
    let mut everybody: Vec<i64> = tubes.values().flatten().copied().collect();
    let all = everybody.len();
    everybody.sort_unstable();
    everybody.dedup();
    (found.sum(), (all - everybody.len()) as i64)
}
