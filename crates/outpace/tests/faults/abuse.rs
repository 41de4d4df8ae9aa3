//! Connections that say nothing, and requests that no honest client sends: whoever works beside them goes on.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crew::Caller;
use crate::form::{Toll, amount, engine, on_sqlite};
use crate::house::{House, Served};

/// A request beside the abuse is answered in this time.
const SOON: Duration = Duration::from_secs(5);
/// Bytes of the largest request.
const LARGE: usize = 100 * 1024 * 1024;
/// Memory that a server may take on while it is abused, in MB.
const MEMORY_MB: u64 = 400;
/// Memory that a connection that says nothing may hold, in KB.
const SILENT_KB: u64 = 64;

/// Registers a tube and reads it again, as a lane beside would.
async fn works_beside(house: &House, at: SocketAddr, toll: &mut Toll) {
    let number = toll.acknowledged / 3;
    let people: Vec<i64> = (number * 3 + 1..=number * 3 + 3).collect();
    let code = format!("BESIDE-{number}");
    let request = json!(outpace_bench::city::tube(house.city.round, house.city.lanes[0], &code, &people));
    let began = Instant::now();
    Caller::new(&house.city.lane_tokens[0]).done(at, "/api/screening/tubes", &request).await;
    toll.acknowledged += 3;
    let office = Caller::new(&house.city.office_token);
    let seen = office.look(at, &format!("/api/screening/tube?tube={code}")).await;
    assert!(began.elapsed() < SOON, "a lane waited {:?}", began.elapsed());
    toll.found += seen["people"].as_array().unwrap().len() as i64;
}

fn memory_mb(served: &Served) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_keep_nobody_waiting() {
    if !on_sqlite() {
        return;
    }
    let house = House::on_sqlite();
    let served = house.serve();
    let at = served.address();
    let mut toll = Toll::of("connections that say nothing", engine());
    let before = memory_mb(&served);
    let starts: [&[u8]; 4] = [
        b"",
        b"POST /api/screening/tubes HTT",
        b"GET /api/health HTTP/1.1\r\nhost: here\r\n",
        b"POST /api/screening/tubes HTTP/1.1\r\nhost: here\r\ncontent-length: 1000\r\n\r\n{",
    ];
    let mut silent = Vec::new();
    for number in 0..amount(600, 10_000) {
        let mut stream = TcpStream::connect(at).unwrap_or_else(|error| {
            panic!("connection {number}: {error}; `ulimit -n` must allow as many files as there are connections")
        });
        // A server may send silent ones away; that is not what this is about.
        let _ = stream.write_all(starts[number % starts.len()]);
        silent.push(stream);
        toll.kills += 1;
        if number % 500 == 0 {
            works_beside(&house, at, &mut toll).await;
        }
    }
    for _ in 0..10 {
        works_beside(&house, at, &mut toll).await;
    }
    let grown = memory_mb(&served).saturating_sub(before);
    let may = 50 + silent.len() as u64 * SILENT_KB / 1_024;
    assert!(grown < may, "{grown} MB for {} silent connections, not {may}", silent.len());
    drop(silent);
    works_beside(&house, at, &mut toll).await;
    toll.settle();
}

/// Sends a head and then a body, as far as the server takes it; answers status line and body of what came back.
fn send(at: SocketAddr, token: &str, length: &str, chunk: &[u8], chunks: usize) -> Option<String> {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST /api/screening/tubes HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\n{length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..chunks {
        if stream.write_all(chunk).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    // A server that closes with our bytes unread may cut its own answer off.
    let _ = stream.read_to_end(&mut answer);
    (!answer.is_empty()).then(|| String::from_utf8_lossy(&answer).into_owned())
}

fn is_a_clear_refusal(status: u16, body: &Value) -> bool {
    let said = |name: &str| body[name].as_str().is_some_and(|text| text.len() > 10);
    (400..500).contains(&status) && body["field"].is_string() && said("zh") && said("en")
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_too_large_too_deep_or_not_text_are_refused_and_nobody_else_notices() {
    let house = House::of_this_turn();
    let served = house.serve();
    let at = served.address();
    let token = house.city.lane_tokens[0].clone();
    let mut toll = Toll::of("100 MB, depth 10,000, not UTF-8", engine());
    let before = memory_mb(&served);
    for _ in 0..amount(1, 10) {
        let chunk = vec![b'['; 1024 * 1024];
        let (announced, to) = (format!("content-length: {LARGE}"), token.clone());
        let large = tokio::task::spawn_blocking(move || send(at, &to, &announced, &chunk, LARGE / (1024 * 1024)));
        works_beside(&house, at, &mut toll).await;
        let told = large.await.unwrap();
        assert!(told.as_ref().is_none_or(|told| told.starts_with("HTTP/1.1 413")), "{told:?}");
        // The same in pieces, without saying how much there will be.
        let mut piece = format!("{:x}\r\n", 1024 * 1024).into_bytes();
        piece.extend(std::iter::repeat_n(b' ', 1024 * 1024));
        piece.extend(b"\r\n");
        let to = token.clone();
        let large = tokio::task::spawn_blocking(move || send(at, &to, "transfer-encoding: chunked", &piece, 100));
        works_beside(&house, at, &mut toll).await;
        let told = large.await.unwrap();
        assert!(told.as_ref().is_none_or(|told| told.starts_with("HTTP/1.1 413")), "{told:?}");

        let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
        let inside = [br#"{"tube":"X","lane":1,"people":"#.as_slice(), &deep("[", "]"), b"}"].concat();
        let bodies: [Vec<u8>; 7] = [
            deep("[", "]"),
            deep(r#"{"tube":"#, "}"),
            inside,
            b"{\"tube\":\"\xff\xfe\",\"lane\":1,\"people\":[{}]}".to_vec(),
            b"\xc3\x28".to_vec(),
            b"{\"tube\":\"A\\ud800\",\"lane\":1,\"people\":[{}]}".to_vec(),
            b"{\"tube\":\"A\0B\",\"lane\":1,\"people\":[{}]}".to_vec(),
        ];
        // A character that JSON can write and a database's text cannot hold, where no label is.
        let exclusion = json!({
            "laboratory": house.city.laboratory, "tubes": ["BESIDE-0"], "reason": "void_plate", "finding": "plate\0void",
        });
        let laboratory = Caller::new(&house.city.laboratory_token);
        let told = laboratory.post(at, "/api/screening/results/exclude", &exclusion).await.expect("an answer");
        assert!(is_a_clear_refusal(told.status, &told.body), "{told:?}");
        let caller = Caller::new(&token);
        for body in bodies {
            let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            let told = caller.post_bytes(at, "/api/screening/tubes", body).await.expect("an answer");
            assert!(is_a_clear_refusal(told.status, &told.body), "{start}: {told:?}");
            toll.kills += 1;
        }
        let told = caller.get(at, "/api/screening/tube?tube=%ff%fe").await.expect("an answer");
        assert!(is_a_clear_refusal(told.status, &told.body), "{told:?}");
        works_beside(&house, at, &mut toll).await;
        toll.kills += 4;
    }
    let grown = memory_mb(&served).saturating_sub(before);
    assert!(grown < MEMORY_MB, "{grown} MB more than before");
    assert!(!house.log().contains("panicked"), "{}", house.log());
    toll.settle();
}
