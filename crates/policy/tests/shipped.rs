//! The data that ships with the binary: every pack, example, playbook and profile of it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use outpace_policy::*;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn pack(id: &str, day: &str) -> Pack {
    let shown = |findings: Vec<Finding>| findings.iter().map(|finding| format!("{finding}\n")).collect::<String>();
    Library::embedded().pack(id, date(day)).map_err(shown).unwrap()
}

#[test]
fn everything_shipped_is_free_of_findings() {
    let findings = Library::embedded().check();
    let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", text.join("\n"));
}

#[test]
fn the_library_in_the_binary_is_the_one_in_the_folders() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folders = Library::from_dir(&root).unwrap();
    assert_eq!(folders.pack_ids(), Library::embedded().pack_ids());
    assert_eq!(
        folders.pack("cn-2021-ed8", date("2022-04-13")),
        Library::embedded().pack("cn-2021-ed8", date("2022-04-13"))
    );
}

#[test]
fn weak_values_are_marked_in_every_shipped_pack() {
    for id in Library::embedded().pack_ids() {
        for line in pack(&id, "2022-12-01").lines() {
            let source = line.source.unwrap();
            assert!(source.unverified || !source.confidence.must_be_marked(), "{}", line.key);
            assert!(!source.clause.is_empty() && !source.layer.is_empty());
        }
    }
}

#[test]
fn the_drill_of_13_april_2022_has_the_layers_of_its_date() {
    let ids = |pack: &Pack| pack.layers.iter().map(|layer| layer.id.clone()).collect::<Vec<_>>();
    let of_the_day = ["operations", "national-practice", "screening-guide-ed3", "treatment-ed9"];
    let of_the_city = ["taiyuan-2022-02", "taiyuan-2022-04"];
    let expected = |control: &str| -> Vec<String> {
        of_the_day.iter().chain([&control]).chain(&of_the_city).map(ToString::to_string).collect()
    };
    assert_eq!(ids(&pack("cn-2021-ed8", "2022-04-13")), expected("control-plan-ed8"));
    assert_eq!(ids(&pack("cn-2022-ed9", "2022-04-13")), expected("control-plan-ed9"));
}

#[test]
fn a_value_cites_its_clause_and_layer() {
    let pack = pack("cn-2021-ed8", "2022-04-13");
    let days = &pack.quarantine_of(QuarantineClass::CloseContact).days;
    assert_eq!((days.value, days.layer(), days.confidence()), (14, "control-plan-ed8", Confidence::Medium));
    assert_eq!(days.cite().key, "quarantine.close_contact.days");
    assert!(days.clause().contains("14 d facility"));
}

#[test]
fn two_packs_differ_where_the_editions_differ() {
    let differences = compare(&pack("cn-2021-ed8", "2022-04-13"), &pack("cn-2022-ed9", "2022-04-13"));
    let of = |key: &str| differences.iter().find(|difference| difference.key == key);
    let days = of("quarantine.close_contact.days").unwrap();
    assert_eq!((days.left.as_ref().unwrap().value.as_str(), days.right.as_ref().unwrap().value.as_str()), ("14", "7"));
    assert!(of("zones.lockdown.locked").unwrap().right.is_none());
    assert!(of("screening.round_hours").is_none());
}

#[test]
fn the_hash_changes_with_a_clause_and_not_with_a_comment() {
    let name = "policies/control-plan-ed8.toml";
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join(name)).unwrap();
    let hash = |text: &str| {
        let library = Library::embedded().with_file(name, text);
        library.pack("cn-2021-ed8", date("2022-04-13")).unwrap().content_hash()
    };
    let shipped = pack("cn-2021-ed8", "2022-04-13").content_hash();
    assert_eq!(hash(&format!("# a remark\n{text}")), shipped);
    assert_ne!(hash(&text.replacen("7 d home monitoring", "7 d monitoring", 1)), shipped);
}

#[test]
fn showing_a_pack_gives_clauses_and_marks() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let name = "policies/packs/cn-2021-ed8.toml";
    let text = std::fs::read_to_string(root.join(name)).unwrap();
    let shown = Library::embedded().show_file(name, &text, Some(date("2022-04-13"))).unwrap();
    assert!(shown.contains("days = 14"), "{shown}");
    assert!(shown.contains("(unverified 未核实)"));
    let layer = std::fs::read_to_string(root.join("policies/twenty-articles.toml")).unwrap();
    let shown = Library::embedded().show_file("somewhere.toml", &layer, None).unwrap();
    assert!(shown.contains("days = 5    — Twenty Articles"), "{shown}");
}

#[test]
fn every_order_of_the_day_has_a_kind_with_a_deadline() {
    let library = Library::embedded();
    let (playbook, rules) = (library.playbook().unwrap(), pack("cn-2021-ed8", "2022-04-13").rules);
    assert!(playbook.kinds.values().all(|kind| kind.deadline.due_in(&rules).minutes > 0));
    let retest = playbook.kind("resample-member").unwrap().deadline.due_in(&rules);
    assert_eq!((retest.minutes, retest.source.unwrap().key.as_str()), (360, "pool_positive.retest_hours"));
    assert!(playbook.started_by(OrderTrigger::PoolPositive).any(|kind| kind.key == "resample-member"));
}

#[test]
fn qingxu_has_two_commanders_and_fourteen_task_forces() {
    let profile = Library::embedded().profile("qingxu").unwrap();
    assert_eq!((profile.commanders, profile.task_forces.len(), profile.inner_areas.len()), (2, 14, 9));
    assert_eq!(profile.task_forces.iter().filter(|force| force.reported).count(), 6);
    assert!(profile.starts_at_once(Measure::PlaceHold) && !profile.starts_at_once(Measure::Lockdown));
}

/// Every clause that a layer or pack of the folder cites.
fn cited() -> std::collections::BTreeSet<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut found = std::collections::BTreeSet::new();
    for folder in [root.clone(), root.join("packs")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(path).unwrap();
                let clauses = text.split("clause = \"").skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(clauses.map(str::to_owned));
            }
        }
    }
    found
}

#[test]
fn every_clause_has_chinese_words_and_no_words_are_left_over() {
    let library = Library::embedded();
    let translated: std::collections::BTreeSet<String> = library.clauses_in_chinese().map(str::to_owned).collect();
    let cited = cited();
    assert!(cited.len() > 200);
    assert_eq!(cited.difference(&translated).collect::<Vec<_>>(), Vec::<&String>::new(), "without Chinese words");
    assert_eq!(translated.difference(&cited).collect::<Vec<_>>(), Vec::<&String>::new(), "cited by no layer");
    for clause in &cited {
        let words = library.in_chinese(clause).unwrap();
        assert!(words.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter)), "{clause} = {words}");
    }
}

#[test]
fn whoever_may_approve_a_grave_measure_and_every_administrator_signs_in_with_a_second_factor() {
    let library = Library::embedded();
    let mut looked_at = 0;
    for id in library.profile_ids() {
        let profile = library.profile(&id).unwrap();
        let needed = &profile.access.second_factor_roles;
        assert!(needed.contains(&outpace_core::Role::Administrator), "{id}");
        for pack_id in library.pack_ids() {
            let pack = pack(&pack_id, "2022-12-01");
            for measure in Measure::ALL.iter().filter(|measure| pack.measures.get(**measure).grave.value) {
                let rules = profile.approval(*measure);
                for role in rules.approvers.iter().chain(&rules.deputies) {
                    looked_at += 1;
                    assert!(needed.contains(role), "{id}: {role:?} approves {measure:?} without a second factor");
                }
            }
        }
    }
    assert!(looked_at > 10);
}
