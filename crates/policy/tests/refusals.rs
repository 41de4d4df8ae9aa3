//! What the loader refuses, and that it names file, line and key.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::sync::LazyLock;

use outpace_policy::*;
use proptest::prelude::*;

const LAYER: &str = "policies/control-plan-ed8.toml";

/// Read once for all generated cases of a property.
static SHIPPED: LazyLock<Library> = LazyLock::new(Library::embedded);

fn day() -> Date {
    "2022-04-13".parse().unwrap()
}

fn shipped(name: &str) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(name)).unwrap()
}

/// Findings after replacing one text in the control plan of the 8th edition.
fn after(from: &str, to: &str) -> Vec<Finding> {
    let text = shipped(LAYER);
    assert!(text.contains(from), "the layer no longer says {from}");
    Library::embedded().with_file(LAYER, &text.replacen(from, to, 1)).pack("cn-2021-ed8", day()).unwrap_err()
}

/// The finding of a kind at a key, in the layer and at the line where `needle` now stands.
fn found(findings: &[Finding], kind: FindingKind, key: &str) -> Finding {
    let hit = findings.iter().find(|finding| finding.kind == kind && finding.key == key);
    hit.unwrap_or_else(|| panic!("no {kind:?} at {key} in {findings:#?}")).clone()
}

#[test]
fn an_unknown_key_is_named_with_file_and_line() {
    let findings = after("[lookback]", "[lookback]\ncontact_dais = { value = 2, clause = \"x\", confidence = \"H\" }");
    let finding = found(&findings, FindingKind::UnknownKey, "lookback.contact_dais");
    let line = shipped(LAYER).lines().position(|line| line == "[lookback]").unwrap() + 2;
    assert_eq!((finding.place.file.as_str(), finding.place.line), (LAYER, line));
    assert!(finding.message.contains("contact_days"), "{finding}");
}

#[test]
fn a_value_without_a_clause_is_refused() {
    let findings = after("clause = \"8th ed., close contact: tests 1, 4, 7, 14\", ", "");
    found(&findings, FindingKind::Unsourced, "quarantine.close_contact.test_days.clause");
}

#[test]
fn a_weak_value_without_its_mark_is_refused() {
    let findings = after("(GK, M)\", confidence = \"GK\", unverified = true", "(GK, M)\", confidence = \"GK\"");
    found(&findings, FindingKind::Unsourced, "lookback.contact_days");
}

#[test]
fn a_test_after_the_end_of_quarantine_is_refused_at_its_line() {
    let findings = after("[1, 4, 7, 14]", "[1, 4, 7, 15]");
    let finding = found(&findings, FindingKind::Contradiction, "quarantine.close_contact.test_days");
    let line = shipped(LAYER).lines().position(|line| line.starts_with("test_days")).unwrap() + 1;
    assert_eq!((finding.place.file.as_str(), finding.place.line), (LAYER, line));
}

#[test]
fn days_that_do_not_increase_are_refused() {
    found(&after("[1, 4, 7, 14]", "[1, 7, 4, 14]"), FindingKind::Contradiction, "quarantine.close_contact.test_days");
}

#[test]
fn a_zone_may_not_end_before_its_own_last_test() {
    let findings = after("[1, 4, 7, 10, 14]", "[1, 4, 7, 10, 15]");
    found(&findings, FindingKind::Contradiction, "zones.lockdown.lift.no_case_days");
}

#[test]
fn a_negative_window_and_a_word_outside_the_list_are_both_reported() {
    let text = shipped(LAYER).replacen("contact_days = { value = 2", "contact_days = { value = -2", 1).replacen(
        "place = { value = \"facility\"",
        "place = { value = \"hotel\"",
        1,
    );
    let findings = Library::embedded().with_file(LAYER, &text).pack("cn-2021-ed8", day()).unwrap_err();
    found(&findings, FindingKind::WrongType, "lookback.contact_days.value");
    let place = found(&findings, FindingKind::WrongType, "quarantine.close_contact.place.value");
    assert!(place.message.contains("facility"), "{place}");
}

#[test]
fn two_rests_of_the_county_overlap_and_a_missing_one_is_a_gap() {
    let overlap = after("value = \"contacts_hard_to_trace\"", "value = \"rest_of_county\"");
    assert!(found(&overlap, FindingKind::Contradiction, "zones").message.contains("overlap"));
    let gap = after("value = \"rest_of_county\"", "value = \"assessment\"");
    assert!(found(&gap, FindingKind::Contradiction, "zones").message.contains("gap"));
}

#[test]
fn a_row_that_can_never_apply_is_refused() {
    let text = shipped("policies/operations.toml").replacen(
        "class_below = { value = \"close\"",
        "class_below = { value = \"casual\"",
        1,
    );
    let library = Library::embedded().with_file("policies/operations.toml", &text);
    let findings = library.pack("cn-2021-ed8", day()).unwrap_err();
    found(&findings, FindingKind::Contradiction, "contacts.settings.household.class_below");
}

#[test]
fn a_value_that_no_layer_gives_is_missing() {
    let text: String = shipped("policies/operations.toml")
        .lines()
        .filter(|line| !line.starts_with("person_hours"))
        .fold(String::new(), |mut text, line| {
            text.push_str(line);
            text.push('\n');
            text
        });
    let library = Library::embedded().with_file("policies/operations.toml", &text);
    let findings = library.pack("cn-2021-ed8", day()).unwrap_err();
    let finding = found(&findings, FindingKind::Missing, "holds.person_hours");
    assert_eq!(finding.place.file, "policies/operations.toml");
}

#[test]
fn an_example_with_a_wrong_answer_is_a_finding() {
    let name = "policies/control-plan-ed8.cases.toml";
    let text = shipped(name).replacen("2022-05-01", "2022-05-02", 1);
    let findings = Library::embedded().check_file(name, &text);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!((findings[0].kind, findings[0].key.as_str()), (FindingKind::Example, "case[0].expect.ends"));
}

#[test]
fn our_own_defaults_may_not_pose_as_a_rule() {
    let name = "policies/operations.toml";
    let text = shipped(name).replacen(
        "confidence = \"GK\", unverified = true }\nextension_hours",
        "confidence = \"H\" }\nextension_hours",
        1,
    );
    assert_ne!(text, shipped(name));
    found(&Library::embedded().check_file(name, &text), FindingKind::Unsourced, "holds.warning_minutes");
}

#[test]
fn an_order_needs_one_deadline_and_a_known_effect() {
    let name = "playbooks/zones.toml";
    let text = shipped(name)
        .replacen("deadline = { minutes = 120 }", "deadline = { minutes = 120, rule = \"movements\" }", 1)
        .replacen("\"duties_done\"", "\"magic\"", 1);
    let findings = Library::embedded().check_file(name, &text);
    found(&findings, FindingKind::Contradiction, "seal-zone.deadline");
    found(&findings, FindingKind::WrongType, "daily-duties.effects[0]");
}

#[test]
fn a_profile_without_the_task_force_of_an_order_is_refused() {
    let name = "jurisdictions/qingxu.toml";
    let text = shipped(name).replacen("key = \"tracing\"", "key = \"tracers\"", 1);
    let findings = Library::embedded().check_file(name, &text);
    assert!(findings.iter().any(|finding| finding.message.contains("`tracing`")), "{findings:#?}");
}

#[test]
fn a_layer_that_is_no_toml_says_so_at_its_line() {
    let findings = after("[lookback]", "[lookback");
    let finding = findings.iter().find(|finding| finding.kind == FindingKind::Syntax).unwrap();
    let line = shipped(LAYER).lines().position(|line| line == "[lookback]").unwrap() + 1;
    assert_eq!((finding.place.file.as_str(), finding.place.line), (LAYER, line));
}

#[test]
fn unknown_ids_say_what_is_known() {
    let library = Library::embedded();
    assert!(library.pack("cn-1999", day()).unwrap_err()[0].message.contains("cn-2021-ed8"));
    assert!(library.profile("atlantis").unwrap_err()[0].message.contains("qingxu"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        let library = Library::from_files([("x.toml".to_owned(), text)]);
        let _ = library.check();
    }

    #[test]
    fn a_layer_cut_or_garbled_anywhere_never_panics(cut in 0usize..20_000, byte in any::<char>(), name in 0usize..4) {
        let name = [LAYER, "policies/operations.toml", "playbooks/zones.toml", "jurisdictions/qingxu.toml"][name];
        let text = shipped(name);
        let at = (0..=cut % text.len()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let garbled = format!("{}{byte}{}", &text[..at], &text[at..]);
        let library = SHIPPED.with_file(name, &garbled);
        let _ = library.pack("cn-2021-ed8", day());
        let _ = library.playbook();
        let _ = library.profile("qingxu");
    }

    #[test]
    fn merging_is_deterministic(first in 0i16..600, second in 0i16..600) {
        let library = &*SHIPPED;
        let on = |day: i16| library.pack("cn-2021-ed8", jiff_day(day)).unwrap();
        let (one, again, other) = (on(first), on(first), on(second));
        prop_assert_eq!(&one, &again);
        prop_assert_eq!(one.content_hash(), again.content_hash());
        // Another day gives another content exactly where other layers are in force.
        prop_assert_eq!(one.content_hash() == other.content_hash(), one.layers == other.layers);
    }

    #[test]
    fn tests_of_a_quarantine_lie_within_it(class in 0usize..8, offset in 0i16..600) {
        let library = &*SHIPPED;
        for id in library.pack_ids() {
            let pack = library.pack(&id, jiff_day(offset)).unwrap();
            let start = jiff_day(offset);
            let dates = pack.quarantine_of(QuarantineClass::ALL[class]).dates(start);
            prop_assert!(dates.tests.iter().all(|test| start < *test && *test <= dates.first_phase_ends));
            prop_assert!(dates.home_tests.iter().all(|test| dates.first_phase_ends < *test && *test <= dates.ends));
            prop_assert!(dates.tests.is_sorted() && dates.home_tests.is_sorted());
        }
    }

    #[test]
    fn more_days_never_take_a_lifting_away(days in 0u32..40, more in 0u32..10, round in 0u32..5, negative in any::<bool>()) {
        let pack = SHIPPED.pack("cn-2021-ed8", day()).unwrap();
        for zone in pack.zones.values() {
            let facts = LiftFacts {
                days_without_case: days,
                last_contact_days: Some(days),
                last_contact_negative: negative,
                negative_round_days: Some(round),
                ..LiftFacts::default()
            };
            let later = LiftFacts { days_without_case: days + more, last_contact_days: Some(days + more), ..facts.clone() };
            let (now, then) = (zone.lift.missing(&facts), zone.lift.missing(&later));
            prop_assert!(then.iter().all(|condition| now.contains(condition)));
        }
    }
}

/// A day so many days after the 8th edition.
fn jiff_day(days: i16) -> Date {
    days_after("2021-05-11".parse().unwrap(), u32::try_from(days).unwrap())
}
