//! Second factors: set up before anything else, each code once, taken back by somebody else.

use outpace_access::actors::totp;
use serde_json::json;

use crate::desk::{Desk, PASSWORD, add_account, administrator, ask, code, enrol, futures, nobody, program, sign_in};

#[tokio::test]
async fn an_account_that_needs_a_second_factor_can_do_nothing_but_set_one_up() {
    let desk = Desk::new();
    let first = sign_in(&desk, &nobody(), "admin", PASSWORD, None).await;
    assert_eq!(first.body["second_factor"], "to_enrol");
    let token = first.token();
    let refused = ask(&desk, &program(&token), "/api/test/manage", json!({})).await;
    assert_eq!(refused.code(), (403, "second_factor_required"));
    let early = ask(&desk, &program(&token), "/api/access/confirm-enrolment", json!({ "code": "123456" })).await;
    assert_eq!(early.code(), (409, "nothing_enrolled"));
    let (enrolled, secret) = enrol(&desk, &token).await;
    assert_eq!(ask(&desk, &program(&enrolled), "/api/test/manage", json!({})).await.status, 200);
    // What was handed out before the second factor is worth nothing any more.
    assert_eq!(ask(&desk, &program(&token), "/api/access/own", json!({})).await.status, 401);
    assert!(ask(&desk, &nobody(), "/api/access/own", json!({})).await.body["signed_in"].is_null());
    let again = ask(&desk, &program(&enrolled), "/api/access/enrol", json!({})).await;
    assert_eq!(again.code(), (409, "enrolled_already"));
    let desk = desk.again();
    assert_eq!(sign_in(&desk, &nobody(), "admin", PASSWORD, None).await.code(), (401, "code_needed"));
    desk.wait(totp::STEP_MS);
    let with = sign_in(&desk, &nobody(), "admin", PASSWORD, Some(&code(&desk, &secret, 0))).await;
    assert_eq!(with.body["second_factor"], "given");
    assert_eq!(ask(&desk, &program(&with.token()), "/api/test/manage", json!({})).await.status, 200);
}

#[tokio::test]
async fn a_code_counts_once_also_when_it_comes_twice_at_the_same_time() {
    let desk = Desk::new();
    let (_, secret) = administrator(&desk).await;
    // The code of the enrolment was used by it.
    let used = sign_in(&desk, &nobody(), "admin", PASSWORD, Some(&code(&desk, &secret, 0))).await;
    assert_eq!(used.code(), (401, "wrong_code"));
    desk.wait(10 * totp::STEP_MS);
    let one = code(&desk, &secret, 0);
    let who = nobody();
    let tries = (0..3).map(|_| sign_in(&desk, &who, "admin", PASSWORD, Some(&one)));
    let mut told = Vec::new();
    for answer in futures(tries).await {
        told.push(answer.status);
    }
    told.sort_unstable();
    assert_eq!(told, [200, 401, 401]);
    // A phone's clock may be half a minute off, and an older code than the last is never taken.
    desk.wait(10 * totp::STEP_MS);
    assert_eq!(sign_in(&desk, &who, "admin", PASSWORD, Some(&code(&desk, &secret, 2))).await.status, 401);
    assert_eq!(sign_in(&desk, &who, "admin", PASSWORD, Some(&code(&desk, &secret, -2))).await.status, 401);
    assert_eq!(sign_in(&desk, &who, "admin", PASSWORD, Some(&code(&desk, &secret, 1))).await.status, 200);
    assert_eq!(sign_in(&desk, &who, "admin", PASSWORD, Some(&code(&desk, &secret, 0))).await.status, 401);
}

#[tokio::test]
async fn a_lost_second_factor_is_taken_back_by_another_administrator_and_never_by_oneself() {
    let desk = Desk::new();
    let (admin, _) = administrator(&desk).await;
    let other = add_account(&desk, &admin, "admin-2", "administrator").await;
    let token = sign_in(&desk, &nobody(), "admin-2", "a long enough password", None).await.token();
    let (second, _) = enrol(&desk, &token).await;
    let path = "/api/access/reset-second-factor";
    let lost = |actor: i64| json!({ "actor": actor, "reason": "the phone is lost" });
    assert_eq!(ask(&desk, &program(&second), path, lost(other)).await.code(), (422, "not_oneself"));
    let unsaid = json!({ "actor": other, "reason": " " });
    assert_eq!(ask(&desk, &program(&admin), path, unsaid).await.code(), (422, "reason_length"));
    assert_eq!(ask(&desk, &program(&admin), path, lost(other)).await.status, 200);
    assert_eq!(ask(&desk, &program(&second), "/api/test/manage", json!({})).await.status, 401);
    assert_eq!(ask(&desk, &program(&admin), path, lost(other)).await.code(), (409, "nothing_enrolled"));
    let anew = sign_in(&desk, &nobody(), "admin-2", "a long enough password", None).await;
    assert_eq!(anew.body["second_factor"], "to_enrol");
}
