//! What is done at the machine, what is written down, and from what follows who may get in.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use outpace_access::actors;
use outpace_access::actors::totp;
use serde_json::json;

use crate::desk::{
    Desk, Hand, PASSWORD, acts, add_account, administrator, ask, code, enrol, nobody, open, page, program, sampler,
    sign_in,
};

#[test]
fn a_first_password_that_is_too_short_makes_no_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let office = open(&folder, Arc::new(Hand(AtomicI64::new(1_649_784_600_000))));
    let short = actors::first_administrator(&office.store, Some("short".to_owned()));
    assert!(short.unwrap_err().to_string().contains("at least 12 characters"));
    assert!(actors::first_administrator(&office.store, None).unwrap().is_some());
    // A folder that has one asks for no password any more.
    assert!(actors::first_administrator(&office.store, Some("short".to_owned())).unwrap().is_none());
}

#[tokio::test]
async fn nobody_ends_their_own_account_and_so_the_last_administrator_stays() {
    let desk = Desk::new();
    let (admin, _) = administrator(&desk).await;
    let why = |actor: i64| json!({ "actor": actor, "reason": "left the office" });
    let own = ask(&desk, &program(&admin), "/api/access/own", json!({})).await.body["signed_in"]["actor"]["id"]
        .as_i64()
        .unwrap();
    assert_eq!(ask(&desk, &program(&admin), "/api/access/disable", why(own)).await.code(), (422, "not_oneself"));
    let other = add_account(&desk, &admin, "sampler-2", "sampler").await;
    let token = sign_in(&desk, &nobody(), "sampler-2", "a long enough password", None).await.token();
    assert_eq!(ask(&desk, &program(&token), "/api/access/disable", why(own)).await.status, 403);
    assert_eq!(ask(&desk, &program(&admin), "/api/access/disable", why(other)).await.status, 200);
    assert_eq!(acts(&desk, &program(&token)).await, 401);
    let gone = sign_in(&desk, &nobody(), "sampler-2", "a long enough password", None).await;
    assert_eq!(gone.code(), (401, "wrong_sign_in"));
}

#[tokio::test]
async fn what_is_written_down_opens_nothing() {
    let desk = Desk::new();
    let (admin, secret) = administrator(&desk).await;
    let (encoded, digits) = (totp::base32(&secret), hex::encode(&secret));
    let Desk { office, folder, .. } = desk;
    drop(office);
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            for needle in [admin.as_bytes(), PASSWORD.as_bytes(), &secret, encoded.as_bytes(), digits.as_bytes()] {
                let found = bytes.windows(needle.len()).any(|part| part == needle);
                assert!(!found, "{} holds it", path.display());
            }
        }
    }
    assert!(files >= 2);
}

#[tokio::test]
async fn a_lost_phone_of_the_only_administrator_is_forgiven_at_the_machine() {
    let desk = Desk::new();
    let (admin, _) = administrator(&desk).await;
    let lost = |name: &str, reason: &str| actors::reset_second_factor_here(&desk.office.store, name, reason.to_owned());
    assert_eq!(lost("nobody-here", "lost").unwrap_err().code, "unknown_actor");
    assert_eq!(lost("admin", " ").unwrap_err().code, "reason_length");
    lost("admin", "the phone fell into the Fen").unwrap();
    assert_eq!(ask(&desk, &program(&admin), "/api/test/manage", json!({})).await.status, 401);
    let anew = sign_in(&desk, &nobody(), "admin", PASSWORD, None).await;
    assert_eq!(anew.body["second_factor"], "to_enrol");
}

#[tokio::test]
async fn a_forgotten_password_of_the_only_administrator_is_replaced_at_the_machine() {
    let desk = Desk::new();
    let (admin, secret) = administrator(&desk).await;
    let another = |name: &str, reason: &str| actors::new_password_here(&desk.office.store, name, reason.to_owned());
    assert_eq!(another("nobody-here", "forgotten").unwrap_err().code, "unknown_actor");
    assert_eq!(another("admin", " ").unwrap_err().code, "reason_length");
    let password = another("admin", "forgotten over the holiday").unwrap();
    assert_eq!(ask(&desk, &program(&admin), "/api/test/manage", json!({})).await.status, 401);
    desk.wait(60_000);
    assert_eq!(sign_in(&desk, &nobody(), "admin", PASSWORD, None).await.status, 401);
    // The password alone opens nothing: the second factor stayed.
    assert_eq!(sign_in(&desk, &nobody(), "admin", &password, None).await.status, 401);
    let shown = code(&desk, &secret, 0);
    assert_eq!(sign_in(&desk, &nobody(), "admin", &password, Some(&shown)).await.status, 200);
}

#[tokio::test]
async fn who_may_get_in_follows_from_the_journal_alone() {
    let desk = Desk::new();
    let (admin, cookie) = sampler(&desk).await;
    ask(&desk, &page(&cookie), "/api/access/renew", json!({})).await;
    let body = json!({ "name": "lane 7", "role": "sampler", "area": 140_121, "post": { "kind": "lane", "id": 7 } });
    let device = ask(&desk, &program(&admin), "/api/access/add-device", body).await;
    let renewed = ask(&desk, &program(&device.token()), "/api/access/renew", json!({})).await.token();
    ask(&desk, &program(&renewed), "/api/access/renew", json!({})).await;
    let whom = json!({ "actor": device.body["actor"]["id"], "reason": "lost" });
    ask(&desk, &program(&admin), "/api/access/disable", whom).await;
    add_account(&desk, &admin, "deputy-1", "deputy").await;
    let token = sign_in(&desk, &nobody(), "deputy-1", "a long enough password", None).await.token();
    let (deputy, _) = enrol(&desk, &token).await;
    ask(&desk, &program(&deputy), "/api/access/sign-out", json!({})).await;
    let rebuilt = desk.office.store.rebuild().unwrap();
    assert!(rebuilt.changed.is_empty(), "{:?}", rebuilt.changed);
    assert!(rebuilt.entries > 12);
}
