//! Alarms leave the house: a receiver over HTTP gets them signed and again after it failed, a program gets them in its
//! environment, and whoever may read what the command reads sees them.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use outpace_server::alarms::{self, BackupMark, Wanted, Webhook, keep_mark};
use outpace_store::{Place, testing};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{figure, get, limits, open, serve, sign_in, until_ready};

const KEY: &[u8] = b"only for this test";

/// A receiver that fails the first time; answers each request's head and body.
async fn received(listener: &TcpListener, status: &str) -> (String, Vec<u8>) {
    let (mut stream, _) = tokio::time::timeout(Duration::from_secs(30), listener.accept()).await.unwrap().unwrap();
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4_096];
        let read = stream.read(&mut piece).await.unwrap();
        bytes.extend_from_slice(&piece[..read]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if bytes.len() >= end + 4 + length.unwrap() {
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return (head, bytes[end + 4..].to_vec());
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_else(|| panic!("{name}: {head}"))
}

/// Refuses a message that somebody without the key may have made up.
fn verify(head: &str, body: &[u8]) {
    let moment = header(head, "x-outpace-timestamp");
    let told = header(head, "x-outpace-signature").strip_prefix("sha256=").unwrap();
    let tag: Vec<u8> =
        (0..told.len()).step_by(2).map(|at| u8::from_str_radix(&told[at..at + 2], 16).unwrap()).collect();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, KEY);
    let signed = [moment.as_bytes(), b".", body].concat();
    ring::hmac::verify(&key, &signed, &tag).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(moment.parse().unwrap()) < 60, "{moment}");
}

/// A program that writes down what it was given.
fn gateway(folder: &Path) -> (PathBuf, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let (program, told) = (folder.join("gateway"), folder.join("told"));
    let text = format!("#!/bin/sh\n{{ env | sort; cat; }} > {0}.new && mv {0}.new {0}\n", told.display());
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    (program, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_match_wakes_a_receiver_a_program_and_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let beside = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), Place::Folder);
    let address = serve(&opened, limits()).await.address;
    until_ready(address).await;
    let token = sign_in(address).await;
    let head = opened.office.store.head();
    let made_at = opened.office.store.now();
    keep_mark(folder.path(), &BackupMark { made_at, head_seq: head.seq.0, head_hash: "0".repeat(64) }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (program, told) = gateway(beside.path());
    let url = format!("http://{}/alarm?from=outpace", listener.local_addr().unwrap());
    let webhook = Webhook::new(&url, KEY.to_vec(), None).unwrap();
    alarms::keep(
        &opened.office,
        Wanted {
            webhook: Some(webhook),
            command: Some(program),
            every: Some(Duration::from_millis(100)),
            ..Wanted::default()
        },
    );
    // The first delivery fails, and the same message comes again.
    let (first_head, first) = received(&listener, "503 Service Unavailable").await;
    let (head_again, again) = received(&listener, "204 No Content").await;
    assert_eq!(first, again);
    assert!(first_head.starts_with("post /alarm?from=outpace http/1.1"), "{first_head}");
    verify(&first_head, &first);
    verify(&head_again, &again);
    let message: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!(
        (message["alarm"].as_str(), message["event"].as_str(), message["drill"].as_bool()),
        (Some("head_mismatch"), Some("raised"), Some(false))
    );
    let number = head.seq.0.to_string();
    assert!(message["zh"].as_str().unwrap().contains(&number) && message["en"].as_str().unwrap().contains(&number));

    let begun = Instant::now();
    while !told.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the program was not run");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let told = std::fs::read_to_string(told).unwrap();
    assert!(told.contains("OUTPACE_ALARM_ALARM=head_mismatch\n") && told.contains("不符"), "{told}");
    assert!(!told.contains("CARGO_"), "our own environment is not passed on: {told}");

    let (status, _, body) = get(address, "/api/alarms", &token).await;
    let listed: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, listed["alarms"][0]["alarm"].as_str()), (200, Some("head_mismatch")), "{body}");
    assert_eq!(get(address, "/api/alarms", "").await.0, 401);
    assert_eq!(figure(address, "outpace_alarms{alarm=\"head_mismatch\"}").await, 1.0);
    assert_eq!(figure(address, "outpace_alarm_sends_total{channel=\"webhook\",outcome=\"failed\"}").await, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_up_work_that_failed_every_time_raises_an_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path(), Place::Folder);
    let store = &opened.office.store;
    let sql = format!(
        "INSERT INTO job (j, id, kind, payload, queued_at, attempts) VALUES ({}, 1000000, 'nobody', '{{}}', 0, 5)",
        store.area().0
    );
    testing::by_hand(store, &sql).unwrap();
    let address = serve(&opened, limits()).await.address;
    until_ready(address).await;
    let token = sign_in(address).await;
    alarms::keep(&opened.office, Wanted { every: Some(Duration::from_millis(100)), ..Wanted::default() });
    let begun = Instant::now();
    while figure(address, "outpace_alarms{alarm=\"response_behind\"}").await < 1.0 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let body = get(address, "/api/alarms", &token).await.2;
    assert!(body.contains("须有人处理") && body.contains("wait for a person"), "{body}");
}
