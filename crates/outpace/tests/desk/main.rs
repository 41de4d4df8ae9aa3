//! What is done at the machine itself: lists that leave, and destruction by a second person. The real program, on a folder that
//! a server wrote before.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

mod desk;

use outpace_custody::attest::{Attestation, Statement};
use outpace_custody::exports::file;
use serde_json::{Value, json};

use desk::{Desk, NAME, PHONE, VILLAGE, code, told};

/// Code 2: it could not be carried out.
const UNABLE: Option<i32> = Some(2);
/// Code 1: something was found that is not as it should be.
const FOUND: Option<i32> = Some(1);

#[test]
fn a_list_with_names_leaves_by_somebody_who_may_and_is_sealed_until_its_end() {
    let desk = Desk::empty();
    let served = desk.serve(None);
    let administrator = served.furnished();
    let auditor = served.account(&administrator, "auditor-1", "auditor", None);
    let tracing = served.account(&administrator, "head-tracing", "task_force_head", Some("tracing"));
    let testing = served.account(&administrator, "head-testing", "task_force_head", Some("testing"));
    let commander = served.without_second_factor(&administrator, "commander-1", "commander");
    served.stop();
    let (list, village) = (desk.file("list"), VILLAGE.to_string());
    let export = |token: &str, hours: &str| {
        let words =
            ["export", "people", "--roster", &village, "--purpose", "入户核查", "--hours", hours, "--to", &list];
        desk.on_data(&words, token, "")
    };
    // Nobody, an invented token, roles that may not, a head of another task force, a grave role without its second factor.
    for token in ["", "invented", &administrator.token, &testing.token, &commander.token] {
        let refused = export(token, "24");
        assert_eq!(code(&refused), UNABLE, "{}", told(&refused));
        assert!(!desk.has("list"), "{}", told(&refused));
    }
    let refused = export(&tracing.token, "999");
    assert_eq!(code(&refused), UNABLE, "{}", told(&refused));
    let made = export(&tracing.token, "24");
    assert!(made.status.success(), "{}", told(&made));
    let said = told(&made);
    let passphrase = said.lines().find_map(|line| line.split_once("另行传递: ")).unwrap().1.trim();
    let sealed = desk.read("list");
    assert!(!sealed.contains(NAME) && !sealed.contains(PHONE) && !said.contains(NAME), "{said}");
    let label = file::label(&sealed).unwrap();
    assert_eq!((label.people, label.purpose.as_str()), (2, "入户核查"));

    let open = |to: &str, passphrase: &str| {
        desk.run(&["admin", "open-export", &list, "--to", &desk.file(to)], "", &format!("{passphrase}\n"))
    };
    assert_eq!(code(&open("wrong", "not the passphrase")), UNABLE);
    assert!(!desk.has("wrong"));
    let opened = open("plain", passphrase);
    assert!(opened.status.success(), "{}", told(&opened));
    let plain = desk.read("plain");
    assert!(plain.contains(NAME) && plain.contains(PHONE), "{plain}");
    // What left is known to the auditor, with who let it and what for.
    let served = desk.serve(None);
    let known = served.get(&auditor.token, "/api/custody/exports");
    assert_eq!(known["exports"].as_array().unwrap().len(), 1, "{known}");
    let known = &known["exports"][0]["export"];
    assert_eq!((&known["made_by"], &known["purpose"]), (&json!(tracing.id), &json!("入户核查")));
}

/// An outbreak of April, at whose end somebody waits until the days of identities are over.
fn ended() -> (Desk, desk::Person, desk::Person, i64) {
    let desk = Desk::empty();
    let served = desk.serve(Some("2022-04-13T01:00"));
    let administrator = served.furnished();
    let commander = served.account(&administrator, "commander-1", "commander", None);
    let turn = |mode: &str| {
        let level = (mode == "emergency").then_some("two");
        let reason = json!({ "zh": "演练用理由", "en": "a reason for the test" });
        served.post(
            &commander.token,
            "/api/command/switch",
            &json!({ "mode": mode, "level": level, "reason": reason }),
        );
    };
    turn("emergency");
    turn("peacetime");
    served.stop();
    let served = desk.serve(Some("2022-06-20T08:00"));
    let (administrator, commander) = (served.again(&administrator), served.again(&commander));
    let identity = json!([{ "class": "identity", "month": "2022-04" }]);
    let order = json!({ "parts": identity, "reason": "保存期已满" });
    let ordered = served.post(&commander.token, "/api/custody/order-destruction", &order);
    let order = ordered["order"].as_i64().unwrap();
    served.stop();
    (desk, administrator, commander, order)
}

#[test]
fn what_the_commander_ordered_is_destroyed_by_an_administrator_at_the_machine_and_by_nobody_else() {
    let (desk, administrator, commander, order) = ended();
    let (file, order) = (desk.file("attestation"), order.to_string());
    let retain = |token: &str, order: &str| {
        desk.on_data(&["admin", "retain", "--order", order, "--attestation", &file], token, "")
    };
    let shown = desk.on_data(&["admin", "retain", "--dry-run"], "", "");
    assert!(shown.status.success() && told(&shown).contains("identity"), "{}", told(&shown));
    // Who ordered it, nobody, an invented token, another order: refused, and everything is still there.
    let before = desk.head();
    for (token, order) in
        [(commander.token.as_str(), order.as_str()), ("", &order), ("invented", &order), (&administrator.token, "99")]
    {
        let refused = retain(token, order);
        assert_eq!(code(&refused), UNABLE, "{}", told(&refused));
        assert_eq!((desk.head(), desk.has("attestation")), (before.clone(), false));
    }
    let done = retain(&administrator.token, &order);
    assert!(done.status.success(), "{}", told(&done));
    let again = retain(&administrator.token, &order);
    assert_eq!(code(&again), UNABLE, "{}", told(&again));

    let attestation: Attestation = serde_json::from_str(&desk.read("attestation")).unwrap();
    let statement: Statement = attestation.checked(None).unwrap();
    assert_eq!((statement.ordered_by.id.0, statement.carried_out_by.id.0), (commander.id, administrator.id));
    assert_eq!((statement.what.values, statement.rows_left), (2, 0));
    let attest = |file: &str| desk.on_data(&["admin", "attest", file], "", "");
    let held = attest(&file);
    assert!(held.status.success(), "{}", told(&held));
    let changed: Value =
        serde_json::from_str(&desk.read("attestation").replace("\\\"values\\\":2", "\\\"values\\\":1")).unwrap();
    std::fs::write(desk.file("changed"), changed.to_string()).unwrap();
    assert_eq!(code(&attest(&desk.file("changed"))), FOUND);
    let verified = desk.on_data(&["admin", "verify"], "", "");
    assert!(verified.status.success(), "{}", told(&verified));
}
