//! Sign-ins that live by a clock of their own, as in a drill, whose clock jumps and stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_access::actors::totp;
use outpace_core::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use outpace_core::{Clock, Timestamp};
use serde_json::json;

use crate::desk::{
    Desk, Hand, PASSWORD, acts, add_account, administrator, ask, nobody, open, page, program, sampler, sign_in,
};

/// Four years after the clock of the journal.
fn real() -> Arc<Hand> {
    Arc::new(Hand(AtomicI64::new(1_780_000_000_000)))
}

fn desk(real: &Arc<Hand>) -> Desk {
    let Desk { office, clock, folder } = Desk::new();
    Desk { office: office.signing_in_by(real.clone()), clock, folder }
}

#[tokio::test]
async fn a_session_of_a_drill_lives_by_the_real_time_alone() {
    let real = real();
    let desk = desk(&real);
    let (admin, cookie) = sampler(&desk).await;
    desk.wait(30 * DAY_MS);
    assert_eq!(acts(&desk, &page(&cookie)).await, 200, "the drill's clock ends nothing");
    real.0.fetch_add(59 * MINUTE_MS, Ordering::SeqCst);
    assert_eq!(acts(&desk, &page(&cookie)).await, 200, "an hour has not passed");
    // Another server on the same folder knows since when it stands.
    let Desk { office, clock, folder } = desk;
    drop(office);
    let office = open(&folder, clock.clone()).signing_in_by(real.clone());
    let desk = Desk { office, clock, folder };
    assert_eq!(ask(&desk, &program(&admin), "/api/test/manage", json!({})).await.status, 200);
    let rebuilt = desk.office.store.rebuild().unwrap();
    assert!(rebuilt.changed.is_empty(), "{:?}", rebuilt.changed);
    real.0.fetch_add(12 * HOUR_MS, Ordering::SeqCst);
    assert_eq!(ask(&desk, &program(&admin), "/api/test/manage", json!({})).await.status, 401, "a long shift is over");
    assert_eq!(acts(&desk, &page(&cookie)).await, 401, "nobody was there for an hour");
}

#[tokio::test]
async fn a_code_on_a_drill_is_that_of_a_real_phone() {
    let real = real();
    let desk = desk(&real);
    let token = sign_in(&desk, &nobody(), "admin", PASSWORD, None).await.token();
    let secret = ask(&desk, &program(&token), "/api/access/enrol", json!({})).await.body["secret"].clone();
    let secret = totp::read_base32(secret.as_str().unwrap()).unwrap();
    let shown = |at: Timestamp| json!({ "code": totp::code(&secret, totp::step_of(at)) });
    let (who, path) = (program(&token), "/api/access/confirm-enrolment");
    assert_eq!(
        ask(&desk, &who, path, shown(desk.clock.now())).await.code(),
        (401, "wrong_code"),
        "by the drill's clock"
    );
    assert_eq!(ask(&desk, &who, path, shown(real.now())).await.status, 200, "by the phone's");
}

/// A lock that stood by the drill's clock would stand for ever once the drill is over.
#[tokio::test]
async fn who_mistyped_on_a_drill_waits_by_the_real_time() {
    let real = real();
    let desk = desk(&real);
    for _ in 0..4 {
        assert_eq!(sign_in(&desk, &nobody(), "admin", "mistyped every time", None).await.status, 401);
    }
    assert_eq!(sign_in(&desk, &nobody(), "admin", PASSWORD, None).await.status, 429);
    real.0.fetch_add(15 * MINUTE_MS, Ordering::SeqCst);
    assert_eq!(sign_in(&desk, &nobody(), "admin", PASSWORD, None).await.status, 200);
}

/// A password that was lost before it was handed over is made anew; nobody takes an account over that way.
#[tokio::test]
async fn a_first_password_is_replaced_until_somebody_signed_in() {
    let desk = Desk::new();
    let (admin, _) = administrator(&desk).await;
    let account = add_account(&desk, &admin, "tracer-1", "tracer").await;
    let path = "/api/access/replace-first-password";
    let another = |password: &str| json!({ "actor": account, "password": password });
    let short = ask(&desk, &program(&admin), path, another("short")).await;
    assert_eq!(short.status, 422, "{}", short.body);
    let listed = ask(&desk, &program(&admin), "/api/access/actors", json!({})).await.body;
    let of = |listed: &serde_json::Value| {
        let actors = listed["actors"].as_array().unwrap().clone();
        actors.into_iter().find(|one| one["name"] == "tracer-1").unwrap()["signed_in"].clone()
    };
    assert_eq!(of(&listed), false);
    assert_eq!(ask(&desk, &program(&admin), path, another("another first password")).await.status, 200);
    let old = sign_in(&desk, &nobody(), "tracer-1", "a long enough password", None).await;
    assert_eq!(old.code(), (401, "wrong_sign_in"));
    let token = sign_in(&desk, &nobody(), "tracer-1", "another first password", None).await.token();
    let listed = ask(&desk, &program(&admin), "/api/access/actors", json!({})).await.body;
    assert_eq!(of(&listed), true);
    let late = ask(&desk, &program(&admin), path, another("an account taken over")).await;
    assert_eq!(late.code(), (409, "signed_in_before"));
    assert_eq!(ask(&desk, &program(&token), path, another("by somebody else")).await.status, 403);
}
