//! Sessions of the page: whose they are, how long they last, what ends them, and what opens none.

use outpace_core::time::MINUTE_MS;
use serde_json::json;

use crate::desk::{Desk, acts, ask, credentials, enter, nobody, page, program, sampler, sign_in};

#[tokio::test]
async fn the_page_acts_by_its_cookie_and_another_site_never_does() {
    let desk = Desk::new();
    let (_, cookie) = sampler(&desk).await;
    assert!(cookie.starts_with("__Host-outpace="));
    assert_eq!(acts(&desk, &page(&cookie)).await, 200);
    let without = |name: &str| {
        let mut who = page(&cookie);
        who.headers.retain(|(header, _)| *header != name);
        who
    };
    let with = |name: &'static str, value: &str| {
        let mut who = without(name);
        who.headers.push((name, value.to_owned()));
        who
    };
    let mut told_nothing = without("origin");
    told_nothing.headers.retain(|(header, _)| *header != "sec-fetch-site");
    for forged in [
        with("origin", "https://evil.example"),
        with("origin", "null"),
        with("sec-fetch-site", "cross-site"),
        with("sec-fetch-site", "same-site"),
        with("host", "evil.example"),
        without("content-type"),
        told_nothing,
    ] {
        let answer = ask(&desk, &forged, "/api/test/act", json!({})).await;
        assert_eq!(answer.code(), (403, "other_site"), "{:?}", forged.headers);
    }
    assert_eq!(ask(&desk, &with("content-type", "text/plain"), "/api/test/act", json!({})).await.status, 415);
    // The same guard stands before the sign-in itself: nobody is signed in as somebody else from another site.
    let mut evil = page("");
    evil.headers.iter_mut().find(|(name, _)| *name == "origin").unwrap().1 = "https://evil.example".to_owned();
    let body = credentials("sampler-1", "a long enough password", None, "cookie");
    let answer = ask(&desk, &evil, "/api/access/sign-in", body).await;
    assert_eq!((answer.code(), &answer.cookie), ((403, "other_site"), &None));
}

#[tokio::test]
async fn a_session_that_was_offered_before_the_sign_in_is_never_taken_over() {
    let desk = Desk::new();
    let (_, first) = sampler(&desk).await;
    // One that somebody made up, and one of somebody else's that is good.
    let made_up = enter(&desk, &page("__Host-outpace=0123456789abcdef")).await;
    assert!(!made_up.contains("0123456789abcdef"));
    let second = enter(&desk, &page(&first)).await;
    assert_ne!(first, second);
    assert_eq!((acts(&desk, &page(&first)).await, acts(&desk, &page(&second)).await), (401, 200));
    assert_eq!(acts(&desk, &page("__Host-outpace=0123456789abcdef")).await, 401);
}

#[tokio::test]
async fn tokens_and_cookies_that_were_tampered_with_open_nothing() {
    let desk = Desk::new();
    let (admin, cookie) = sampler(&desk).await;
    for at in [0, 31, 63] {
        let mut letters: Vec<char> = admin.chars().collect();
        letters[at] = if letters[at] == '0' { '1' } else { '0' };
        let changed: String = letters.into_iter().collect();
        assert_eq!(ask(&desk, &program(&changed), "/api/test/manage", json!({})).await.status, 401);
    }
    let value = cookie.split_once('=').unwrap().1;
    for forged in [
        format!("__Host-outpace={}", value.to_uppercase()),
        format!("__Host-outpace={value}0"),
        format!("__Host-outpace={}", &value[1..]),
        // The name that counts without TLS does not count over it: anybody on the network could have set it.
        format!("outpace-local={value}"),
        // A program's token is no page's session.
        format!("__Host-outpace={admin}"),
    ] {
        assert_eq!(acts(&desk, &page(&forged)).await, 401, "{forged}");
    }
    // The hash that tables and facts hold opens nothing either.
    let hash = blake3::hash(admin.as_bytes()).to_hex().to_string();
    assert_eq!(ask(&desk, &program(&hash), "/api/test/manage", json!({})).await.status, 401);
}

#[tokio::test]
async fn a_page_left_alone_ends_before_its_time_and_one_in_use_at_its_time() {
    let desk = Desk::new();
    let (_, cookie) = sampler(&desk).await;
    desk.wait(59 * MINUTE_MS);
    assert_eq!(acts(&desk, &page(&cookie)).await, 200);
    // What a page reads by itself shows nobody who sits there.
    desk.wait(40 * MINUTE_MS);
    let own = ask(&desk, &page(&cookie), "/api/access/own", json!({})).await;
    assert!(own.body["signed_in"].is_object());
    desk.wait(20 * MINUTE_MS);
    assert_eq!(acts(&desk, &page(&cookie)).await, 401);
    let mut held = enter(&desk, &page("")).await;
    for _ in 0..23 {
        desk.wait(30 * MINUTE_MS);
        let renewed = ask(&desk, &page(&held), "/api/access/renew", json!({})).await;
        assert_eq!(renewed.status, 200, "{}", renewed.body);
        held = renewed.cookie.unwrap();
    }
    desk.wait(30 * MINUTE_MS - 1);
    assert_eq!(acts(&desk, &page(&held)).await, 200);
    desk.wait(1);
    assert_eq!(acts(&desk, &page(&held)).await, 401);
}

#[tokio::test]
async fn a_renewed_session_outlives_the_server_and_its_old_cookie_ends_soon() {
    let desk = Desk::new();
    let (_, old) = sampler(&desk).await;
    desk.wait(50 * MINUTE_MS);
    let new = ask(&desk, &page(&old), "/api/access/renew", json!({})).await.cookie.unwrap();
    assert_eq!((acts(&desk, &page(&old)).await, acts(&desk, &page(&new)).await), (200, 200));
    desk.wait(MINUTE_MS);
    assert_eq!((acts(&desk, &page(&old)).await, acts(&desk, &page(&new)).await), (401, 200));
    let desk = desk.again();
    desk.wait(40 * MINUTE_MS);
    assert_eq!((acts(&desk, &page(&old)).await, acts(&desk, &page(&new)).await), (401, 200));
}

#[tokio::test]
async fn who_signs_out_is_out_and_who_signs_out_everywhere_is_out_everywhere() {
    let desk = Desk::new();
    let (_, here) = sampler(&desk).await;
    let there = enter(&desk, &page("")).await;
    let body = credentials("sampler-1", "a long enough password", None, "token");
    let script = program(&ask(&desk, &nobody(), "/api/access/sign-in", body).await.token());
    let own = ask(&desk, &page(&here), "/api/access/own", json!({})).await;
    assert_eq!(own.body["signed_in"]["tokens"].as_array().unwrap().len(), 3, "{}", own.body);
    let out = ask(&desk, &page(&here), "/api/access/sign-out", json!({})).await;
    assert_eq!((out.status, out.cookie.as_deref()), (200, Some("__Host-outpace=")));
    assert_eq!((acts(&desk, &page(&here)).await, acts(&desk, &page(&there)).await), (401, 200));
    assert_eq!(ask(&desk, &page(&there), "/api/access/sign-out-everywhere", json!({})).await.status, 200);
    assert_eq!((acts(&desk, &page(&there)).await, acts(&desk, &script).await), (401, 401));
}

#[tokio::test]
async fn an_account_has_a_bounded_number_of_sign_ins_and_the_oldest_makes_room() {
    let desk = Desk::new();
    let (_, first) = sampler(&desk).await;
    let mut newest = String::new();
    for _ in 0..32 {
        desk.wait(1_000);
        newest = enter(&desk, &page("")).await;
    }
    assert_eq!((acts(&desk, &page(&first)).await, acts(&desk, &page(&newest)).await), (401, 200));
    let own = ask(&desk, &page(&newest), "/api/access/own", json!({})).await;
    assert_eq!(own.body["signed_in"]["tokens"].as_array().unwrap().len(), 32);
}

#[tokio::test]
async fn another_password_ends_every_other_sign_in_and_needs_the_present_one() {
    let desk = Desk::new();
    let (_, here) = sampler(&desk).await;
    let there = enter(&desk, &page("")).await;
    let change = |old: &str, new: &str| json!({ "password": old, "new_password": new });
    let path = "/api/access/change-password";
    let wrong = ask(&desk, &page(&here), path, change("not the password", "another good password")).await;
    assert_eq!(wrong.code(), (401, "wrong_password"));
    for (new, told) in [("short", "password_short"), ("a long enough password", "same_password")] {
        let answer = ask(&desk, &page(&here), path, change("a long enough password", new)).await;
        assert_eq!(answer.code(), (422, told));
    }
    let done = ask(&desk, &page(&here), path, change("a long enough password", "another good password")).await;
    let renewed = done.cookie.unwrap();
    assert_eq!(acts(&desk, &page(&renewed)).await, 200);
    assert_eq!((acts(&desk, &page(&here)).await, acts(&desk, &page(&there)).await), (401, 401));
    let old = sign_in(&desk, &nobody(), "sampler-1", "a long enough password", None).await;
    assert_eq!(old.code(), (401, "wrong_sign_in"));
    assert_eq!(sign_in(&desk, &nobody(), "sampler-1", "another good password", None).await.status, 200);
}

#[tokio::test]
async fn over_a_network_without_tls_the_page_signs_nobody_in() {
    let desk = Desk::new();
    let (_, cookie) = sampler(&desk).await;
    let mut open = page("");
    open.tls = false;
    let body = credentials("sampler-1", "a long enough password", None, "cookie");
    assert_eq!(ask(&desk, &open, "/api/access/sign-in", body).await.code(), (403, "needs_tls"));
    let mut replayed = page(&cookie);
    replayed.tls = false;
    assert_eq!(acts(&desk, &replayed).await, 401);
}
