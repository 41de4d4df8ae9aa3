//! What sign-in and permission cost: the check alone, and registration with and without it in the same run, over the same
//! server in this process, so that nothing else differs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderValue, header};
use outpace_access::actors::{AddDevice, add_device};
use outpace_access::{Office, Peer, Routes, admit};
use outpace_core::{Permission, Refusal, Role};
use outpace_screening::tubes::register_tube;
use outpace_server::app;
use outpace_server::office::{Opening, open};
use outpace_store::Place;
use tokio::net::TcpListener;

use crate::city::{self, City, code, tube};
use crate::load::{Asked, Load, Maker, Measured, Pace, offer};
use crate::report::Row;
use crate::works::{Bench, accepted, body};
use crate::{BenchError, Options};

/// Microseconds that a check may take.
const CHECK_US_MAX: f64 = 20.0;
/// What of the rate without sign-in must be left with it.
const LEFT_MIN: f64 = 0.9;
/// People of the city that is registered at the most, a share of them in each turn.
const PEOPLE_MAX: i64 = 1_200_000;
/// Turns of the comparison, half of them with sign-in: a machine is never twice the same.
const TURNS: i64 = 8;
/// Longer than any turn takes.
const TURN_S_MAX: u64 = 600;
/// Tokens that are known while one is looked up: lanes, laboratories, gates and staff of a city.
const TOKENS: usize = 5_000;
/// Checks timed at once: a clock is slower than a check.
const AT_ONCE: usize = 1_000;
const ROUNDS: usize = 500;
/// Where the same command stands without sign-in, in this process only.
const OPEN: &str = "/bench/tubes";

fn opening(folder: &std::path::Path) -> Opening {
    Opening {
        folder: folder.to_owned(),
        place: Place::Folder,
        profile: Some("taiyuan".to_owned()),
        pack: None,
        date: None,
        drill_from: None,
    }
}

/// Times the check of a request's token and permission.
pub(crate) fn check(bench: &Bench<'_>) -> Result<Row, BenchError> {
    let folder = bench.options.folder.join("access");
    let office = open(opening(&folder))?.office;
    let tokens = devices(&office)?;
    let requests: Vec<HeaderMap> = tokens
        .iter()
        .map(|token| HeaderValue::from_str(&format!("Bearer {token}")))
        .map(|value| value.map(|value| HeaderMap::from_iter([(header::AUTHORIZATION, value)])))
        .collect::<Result<_, _>>()
        .map_err(|error| BenchError::Http(error.to_string()))?;
    let peer = Peer { address: SocketAddr::from(([10, 0, 0, 1], 1)), tls: true };
    let mut measured = Measured::default();
    let began = Instant::now();
    for round in 0..ROUNDS {
        let since = Instant::now();
        for number in 0..AT_ONCE {
            let headers = &requests[(round * AT_ONCE + number * 7) % requests.len()];
            let need = Permission::ScreeningSample.by_area();
            admit::permit(&office, headers, Some(&peer), need, true).map_err(refused)?;
        }
        measured.latencies_us.push(u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    measured.latencies_us.sort_unstable();
    measured.seconds = began.elapsed().as_secs_f64();
    measured.count = (ROUNDS * AT_ONCE) as i64;
    drop(office);
    std::fs::remove_dir_all(&folder)?;
    let mut row = bench.row("sign-in check and permission, one call", &measured);
    // A thousand calls in so many milliseconds are one call in so many microseconds; rows tell milliseconds.
    row.p50_ms /= 1_000.0;
    row.p99_ms /= 1_000.0;
    let ok = row.p99_ms * 1_000.0 <= CHECK_US_MAX;
    let found = format!("{:.2} µs, p99 {:.2} µs", row.p50_ms * 1e3, row.p99_ms * 1e3);
    Ok(Row { target: format!("≤ {CHECK_US_MAX} µs a call (found {found}, {TOKENS} tokens known)"), ok, ..row })
}

fn refused(refusal: Refusal) -> BenchError {
    BenchError::Http(refusal.to_string())
}

fn devices(office: &Office) -> Result<Vec<String>, BenchError> {
    let area = office.store.area();
    let call = office.system_call();
    let made = office.store.write(&office.store.system(), move |unit| {
        let add = |number| AddDevice { name: format!("lane {number}"), role: Role::Sampler, area, post: None };
        (0..TOKENS)
            .map(|number| add_device(unit, &call, add(number)).map(|device| device.token))
            .collect::<Result<Vec<_>, Refusal>>()
    });
    Ok(made.map_err(refused)?.answer)
}

/// Registers tubes with and without sign-in, in turns.
pub(crate) async fn compare(bench: &Bench<'_>) -> Result<Row, BenchError> {
    let folder = bench.options.folder.join("signed");
    let (at, people) = (folder.clone(), bench.options.people.min(PEOPLE_MAX));
    let write = move || city::write(&at, Place::Folder, people, 0);
    let city = tokio::task::spawn_blocking(write).await.map_err(|error| BenchError::Http(error.to_string()))??;
    let opened = open(opening(&folder))?;
    let unsigned = Routes::new().command(OPEN, Permission::Public.open(), "Register without sign-in", register_tube);
    let router = app::router(opened.clone()).merge(unsigned.mount(opened.office));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let city = Arc::new(city);
    let mut sums: BTreeMap<bool, Measured> = BTreeMap::new();
    let mut fine = true;
    for turn in 0..TURNS {
        // Without, with, with, without: whatever grows over the run hurts both alike.
        let signed = matches!(turn % 4, 1 | 2);
        let load = load(bench.options, address, if signed { &city.lane_tokens } else { &[] });
        let measured = offer(&load, maker(&city, turn, if signed { "/api/screening/tubes" } else { OPEN })).await?;
        fine &= accepted(&measured)?;
        let sum = sums.entry(signed).or_default();
        sum.count += measured.count;
        sum.seconds += measured.seconds;
        sum.latencies_us.extend(measured.latencies_us);
        sum.latencies_us.sort_unstable();
    }
    server.abort();
    let (with, without) = (sums.remove(&true).unwrap_or_default(), sums.remove(&false).unwrap_or_default());
    std::fs::remove_dir_all(&folder)?;
    let ratio = with.rate() / without.rate().max(1e-9);
    Ok(Row {
        baseline: Some("the same server and command without sign-in"),
        baseline_rate_per_s: Some(without.rate()),
        ratio: Some(ratio),
        target: format!("{:.0} % of the rate without sign-in", LEFT_MIN * 100.0),
        ok: fine && ratio >= LEFT_MIN,
        ..bench.row("registration with sign-in and permission", &with)
    })
}

fn load(options: &Options, address: SocketAddr, tokens: &[String]) -> Load {
    Load {
        address,
        tokens: tokens.to_vec(),
        connections: options.connections,
        lasts: Duration::from_secs(TURN_S_MAX),
        pace: Pace::Closed,
    }
}

/// Tubes of a turn's share of the city, each once.
fn maker(city: &Arc<City>, turn: i64, path: &'static str) -> Maker {
    let city = Arc::clone(city);
    let share = city.tubes() * turn / TURNS..city.tubes() * (turn + 1) / TURNS;
    Arc::new(move |number| {
        let number = share.start + number;
        let lane = city.lanes[usize::try_from(number).unwrap_or(0) % city.lanes.len()];
        let people = city.members(number);
        let request = tube(city.round, lane, &code("S", number), &people);
        let asked = Asked { path: path.to_owned(), body: Some(body(&request)), count: people.len() as i64 };
        (number < share.end).then_some(asked)
    })
}
