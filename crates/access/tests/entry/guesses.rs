//! Who guesses waits, learns nothing from the time an answer takes, and drowns nobody.

use std::net::SocketAddr;

use outpace_core::Clock;
use outpace_core::time::HOUR_MS;
use serde_json::json;

use crate::desk::{Desk, ask, futures, nobody, program, sampler, sign_in};

/// Whether a name exists is not to be told from how long the answer takes: both pay for a password.
#[tokio::test]
async fn a_name_that_nobody_has_takes_as_long_as_one_that_somebody_has() {
    let desk = Desk::new();
    sampler(&desk).await;
    let mut took = [Vec::new(), Vec::new()];
    for number in 0..7_u8 {
        for (which, name) in ["sampler-1", "nobody-here"].into_iter().enumerate() {
            // An address and a name's patience of their own for each try, so that none is delayed.
            desk.wait(24 * HOUR_MS);
            let mut who = nobody();
            who.from = SocketAddr::from(([10, 1, number, u8::try_from(which).unwrap()], 1));
            let since = std::time::Instant::now();
            assert_eq!(sign_in(&desk, &who, name, "a wrong password", None).await.status, 401);
            took[which].push(since.elapsed());
        }
    }
    let [known, unknown] = took.map(|mut all| {
        all.sort_unstable();
        all[0]
    });
    // The fastest of seven: an answer without a password hashed is a hundred times faster, whatever else the machine does.
    let (less, more) = (known.min(unknown), known.max(unknown));
    assert!(more < less * 3, "somebody {known:?}, nobody {unknown:?}");
}

#[tokio::test]
async fn who_fails_too_often_waits_ever_longer_and_the_administrator_sees_and_ends_it() {
    let desk = Desk::new();
    let (admin, _) = sampler(&desk).await;
    let mut thief = nobody();
    thief.from = "10.6.6.6:1".parse().unwrap();
    let mut waited = Vec::new();
    for _ in 0..40 {
        let answer = sign_in(&desk, &thief, "sampler-1", "a wrong password", None).await;
        if answer.status == 429 {
            let seconds: i64 = answer.retry_after.unwrap().parse().unwrap();
            assert_eq!(answer.body["code"], "sign_in_delayed");
            waited.push(seconds);
            desk.wait(seconds * 1_000);
        }
        if waited.len() == 8 {
            break;
        }
    }
    assert_eq!(waited, [1, 2, 4, 8, 16, 32, 900, 900]);
    let listed = || async {
        let answer = ask(&desk, &program(&admin), "/api/access/actors", json!({})).await;
        answer.body["actors"].as_array().unwrap().iter().find(|one| one["name"] == "sampler-1").unwrap().clone()
    };
    let told = sign_in(&desk, &thief, "sampler-1", "a wrong password", None).await;
    assert_eq!(told.status, 401);
    let locked = loop {
        let seen = listed().await;
        if !seen["locked_until"].is_null() {
            break seen;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    assert!(locked["locked_until"].as_i64().unwrap() > desk.clock.now().0, "{locked}");
    // From elsewhere nobody gets in, even with the right password; from where the account is known its holder does.
    let mut elsewhere = nobody();
    elsewhere.from = "10.9.9.9:1".parse().unwrap();
    let right = "a long enough password";
    assert_eq!(sign_in(&desk, &elsewhere, "sampler-1", right, None).await.status, 429);
    assert_eq!(sign_in(&desk, &nobody(), "sampler-1", right, None).await.status, 200);
    let pardon = json!({ "actor": locked["actor"]["id"] });
    assert_eq!(ask(&desk, &program(&admin), "/api/access/unlock", pardon).await.status, 200);
    assert!(listed().await["locked_until"].is_null());
    assert_eq!(sign_in(&desk, &elsewhere, "sampler-1", right, None).await.status, 200);
}

#[tokio::test]
async fn many_guesses_at_once_gain_no_more_than_one_after_the_other() {
    let desk = Desk::new();
    sampler(&desk).await;
    let mut thief = nobody();
    thief.from = "10.6.6.6:1".parse().unwrap();
    let tries = (0..24).map(|_| sign_in(&desk, &thief, "sampler-1", "a wrong password", None));
    let answers = futures(tries).await;
    let compared = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!((compared, answers.iter().filter(|answer| answer.status == 429).count()), (4, 20));
}

#[tokio::test]
async fn one_address_cannot_drown_the_routes_that_are_open_to_everyone() {
    let desk = Desk::new();
    let mut refused = None;
    for _ in 0..700 {
        let answer = ask(&desk, &nobody(), "/api/test/public", json!({})).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!((refused.code(), refused.retry_after.as_deref()), ((429, "too_many_requests"), Some("1")));
    let (zh, en) = (refused.body["zh"].as_str().unwrap(), refused.body["en"].as_str().unwrap());
    assert!(zh.contains('秒') && en.contains("again in 1 s"), "{zh} {en}");
    let mut other = nobody();
    other.from = "10.0.0.8:1".parse().unwrap();
    assert_eq!(ask(&desk, &other, "/api/test/public", json!({})).await.status, 200);
    desk.wait(1_000);
    assert_eq!(ask(&desk, &nobody(), "/api/test/public", json!({})).await.status, 200);
}
