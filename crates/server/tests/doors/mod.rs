//! What one caller may take of what all share: connections, uploads, heavy reads, the hashing of passwords. Each test offers
//! what a single abuser can send to a server that listens, and asks whether somebody beside is served.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use outpace_server::listen::Limits;
use outpace_store::{Place, testing};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{PASSWORD, figure, get, limits, open, post, serve, sign_in, until_ready};

/// Somebody beside the abuse is answered in this time.
const SOON: Duration = Duration::from_secs(8);
const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

/// Sends a request on a connection that stays open; answers whether it was answered with 200.
async fn ask(stream: &mut TcpStream) -> bool {
    let mut answer = vec![0; 2_048];
    let asked = async {
        stream.write_all(HEALTH).await.ok()?;
        let read = stream.read(&mut answer).await.ok()?;
        Some(answer[..read].starts_with(b"HTTP/1.1 200"))
    };
    tokio::time::timeout(SOON, asked).await.ok().flatten().unwrap_or(false)
}

#[tokio::test(flavor = "multi_thread")]
async fn talkers_without_a_request_in_flight_make_room_and_a_request_under_way_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), Place::Folder);
    let most = 100;
    let address = serve(&opened, Limits { connections_max: most, silent_max: most / 2, ..limits() }).await.address;
    until_ready(address).await;
    // The oldest of all, in the middle of its body.
    let mut busy = TcpStream::connect(address).await.unwrap();
    let body = json!({ "name": "nobody", "password": "no password at all" }).to_string();
    let head = format!("POST /api/access/sign-in HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    busy.write_all(head.as_bytes()).await.unwrap();
    busy.write_all(&body.as_bytes()[..5]).await.unwrap();
    let mut talkers = Vec::new();
    for number in 1..most {
        let mut stream = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut stream).await, "connection {number}");
        talkers.push(stream);
    }
    for number in 0..50 {
        let (status, _, told) = get(address, "/healthz", "").await;
        assert_eq!(status, 200, "newcomer {number}: {told}");
    }
    assert!(figure(address, "outpace_connections_sent_away_total").await >= 1.0);
    let last = talkers.last_mut().unwrap();
    assert!(ask(last).await, "the one that was idle for the shortest time is still there");
    let mut gone = 0;
    for stream in &mut talkers[..10] {
        gone += usize::from(!ask(stream).await);
    }
    assert!(gone >= 1, "of those that were idle for the longest time some are gone");
    busy.write_all(&body.as_bytes()[5..]).await.unwrap();
    let mut answer = vec![0; 2_048];
    let read = busy.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 401"), "{}", String::from_utf8_lossy(&answer[..read]));
}

/// Announces 3 MB and sends a byte every three seconds; answers the status of what came back, and after how long.
async fn trickle(address: SocketAddr, token: String) -> (String, Duration) {
    let begun = Instant::now();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut hears, mut says) = stream.into_split();
    let head = format!(
        "POST /api/access/add-device HTTP/1.1\r\nhost: x\r\n{token}content-length: 3000000\r\n\r\n{{\"name\":\""
    );
    says.write_all(head.as_bytes()).await.unwrap();
    let drip = tokio::spawn(async move {
        while says.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
    });
    let mut answer = vec![0; 12];
    let heard = tokio::time::timeout(Duration::from_secs(40), hears.read_exact(&mut answer)).await;
    drip.abort();
    let status = if matches!(heard, Ok(Ok(_))) { String::from_utf8_lossy(&answer).into_owned() } else { String::new() };
    (status, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_trickle_block_no_other_upload_and_are_ended() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), Place::Folder);
    let address = serve(&opened, limits()).await.address;
    until_ready(address).await;
    let token = sign_in(address).await;
    let drops: Vec<_> = (0..32).map(|_| tokio::spawn(trickle(address, token.clone()))).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let large = json!({ "name": "x".repeat(3_000_000), "role": "sampler", "area": 1 }).to_string();
    let begun = Instant::now();
    let (status, _, told) = post(address, "/api/access/add-device", &token, large.as_bytes()).await;
    assert!((400..500).contains(&status), "read and refused for what it says: {status} {told}");
    assert!(begun.elapsed() < SOON, "an upload beside waited {:?}", begun.elapsed());
    for drop in drops {
        let (status, after) = drop.await.unwrap();
        assert_eq!(status, "HTTP/1.1 408", "after {after:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_thirty_heavy_reads_of_one_account_some_wait_and_the_others_are_told_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), testing::place(folder.path()));
    let address = serve(&opened, limits()).await.address;
    until_ready(address).await;
    let token = sign_in(address).await;
    let mut streams = Vec::new();
    for _ in 0..30 {
        streams.push(TcpStream::connect(address).await.unwrap());
    }
    let request =
        format!("GET /api/command/briefing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{token}\r\n").into_bytes();
    for stream in &mut streams {
        stream.write_all(&request).await.unwrap();
    }
    let (mut done, mut refused) = (0, 0);
    for mut stream in streams {
        let mut answer = String::new();
        tokio::time::timeout(Duration::from_secs(60), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        if answer.starts_with("HTTP/1.1 200") {
            done += 1;
        } else {
            let told = answer.to_ascii_lowercase();
            assert!(told.starts_with("http/1.1 429") && told.contains("retry-after: 5"), "{answer}");
            assert!(answer.contains("heavy_read_under_way") && answer.contains("您的账号"), "{answer}");
            refused += 1;
        }
    }
    assert!(done >= 1 && refused >= 1, "{done} done, {refused} refused");
    assert_eq!(get(address, "/api/command/briefing", &token).await.0, 200);
}

/// A sign-in that a proxy on this machine hands on for an address.
async fn sign_in_from(address: SocketAddr, from: &str, name: &str, password: &str) -> u16 {
    let body = json!({ "name": name, "password": password }).to_string();
    post(address, "/api/access/sign-in", &format!("x-forwarded-for: {from}\r\n"), body.as_bytes()).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn false_sign_ins_from_some_addresses_keep_nobody_from_elsewhere_waiting() {
    const ADDRESSES: usize = 20;
    const OF_EACH: usize = 15;
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), Place::Folder);
    let room = ADDRESSES * OF_EACH + 100;
    let address = serve(&opened, Limits { connections_max: room, silent_max: room, ..limits() }).await.address;
    until_ready(address).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let flood: Vec<_> = (0..ADDRESSES * OF_EACH)
        .map(|number| {
            let answered = answered.clone();
            tokio::spawn(async move {
                let (from, name) = (format!("10.0.0.{}", number % ADDRESSES), format!("name-{number}"));
                let status = sign_in_from(address, &from, &name, "a password that nobody has").await;
                answered.fetch_add(1, Ordering::Relaxed);
                status
            })
        })
        .collect();
    // The whole flood stands in the queue.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = answered.load(Ordering::Relaxed);
    assert_eq!(sign_in_from(address, "10.9.9.9", "admin", PASSWORD).await, 200);
    let meanwhile = answered.load(Ordering::Relaxed) - before;
    // One turn of each address at the most, and what was under way.
    assert!(meanwhile <= ADDRESSES + 4, "{meanwhile} false sign-ins were served first, {before} had been before");
    flood.iter().for_each(tokio::task::JoinHandle::abort);
}
