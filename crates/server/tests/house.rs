//! The laws of the house that no single crate can hold: who may depend on whom, what stands in which file, every
//! route with its permission, no route that works without one.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use outpace_access::matrix;
use outpace_core::{Need, Permission, Role, Timestamp};
use outpace_server::app;
use outpace_server::every_route::{every_kind, every_route};
use outpace_server::office::Opening;
use tower::ServiceExt;

/// Lowest first; a crate may use what stands before it.
const ORDER: [&str; 20] = [
    "core",
    "files",
    "policy",
    "store",
    "access",
    "registry",
    "orders",
    "supplies",
    "zoning",
    "isolation",
    "contacts",
    "screening",
    "status",
    "custody",
    "response",
    "residents",
    "server",
    "drill",
    "bench",
    "outpace",
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_arrows_only_point_down() {
    for (rank, name) in ORDER.iter().enumerate() {
        let text = std::fs::read_to_string(crates().join(name).join("Cargo.toml")).unwrap();
        let own = text.split("[dev-dependencies]").next().unwrap();
        for line in own.lines().filter_map(|line| line.strip_prefix("outpace-")) {
            let used = line.split(['.', ' ', '=']).next().unwrap();
            let used_rank = ORDER.iter().position(|other| *other == used).unwrap();
            assert!(used_rank < rank, "{name} uses {used}, which stands above it");
        }
    }
}

#[test]
fn the_drill_knows_only_the_contract() {
    let text = std::fs::read_to_string(crates().join("drill/Cargo.toml")).unwrap();
    let used: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("outpace-")).collect();
    assert_eq!(used, ["core.workspace = true"]);
}

#[test]
fn only_the_clock_reads_the_machines_time_and_no_pure_crate_draws_random_numbers() {
    let mut found = Vec::new();
    for name in [
        "core",
        "policy",
        "registry",
        "orders",
        "supplies",
        "zoning",
        "isolation",
        "contacts",
        "screening",
        "status",
        "custody",
        "response",
        "residents",
        "server",
    ] {
        sources(&crates().join(name).join("src"), &mut found);
    }
    for file in found.iter().filter(|file| !file.ends_with("server/src/clock.rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        for word in ["SystemTime::now", "Utc::now", "getrandom::fill"] {
            assert!(!text.contains(word), "{} says {word}", file.display());
        }
    }
}

#[test]
fn every_kind_that_code_issues_is_in_the_playbook_and_about_the_same_thing() {
    let playbook = outpace_policy::Library::embedded().playbook().unwrap();
    let lacking = outpace_orders::kinds::missing(&playbook, &every_kind());
    assert!(lacking.is_empty(), "{lacking:?}");
    for kind in every_kind() {
        let known = playbook.kind(kind.key).unwrap();
        assert!(!known.fields.is_empty(), "{} has no form", kind.key);
        let words = known.checklist.iter().flat_map(|line| [&line.zh, &line.en]);
        assert!(words.chain([&known.name_zh, &known.name_en]).all(|word| !word.is_empty()), "{}", kind.key);
    }
}

/// Every crate's sources but the drill's, which speaks HTTP, with the tests left out.
fn sources_of_the_house() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for name in ORDER.iter().filter(|name| **name != "drill") {
        sources(&crates().join(name).join("src"), &mut found);
    }
    let is_test = |path: &PathBuf| path.iter().any(|part| part == "tests" || part == "tests.rs" || part == "laws");
    found.retain(|path| !is_test(path));
    found.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn no_kind_of_order_is_issued_that_is_not_on_the_page_of_every_kind() {
    let listed: BTreeSet<&str> = every_kind().iter().map(|kind| kind.key).collect();
    let mut declared = BTreeSet::new();
    for (file, text) in sources_of_the_house() {
        for part in text.split("IssuedKind { key: \"").skip(1) {
            declared.insert(part.split('"').next().unwrap().to_owned());
        }
        // Whatever is issued takes its kind from such a constant, from the playbook, or from whoever asks.
        for order in text.split("NewOrder {").skip(1) {
            let kind = order.lines().find(|line| line.trim_start().starts_with("kind")).unwrap_or_default();
            assert!(!kind.contains('"'), "{} issues a kind that no list has: {}", file.display(), kind.trim());
        }
    }
    assert_eq!(declared.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed);
}

#[test]
fn every_path_is_used_once_and_says_what_it_is_for() {
    let mut seen = BTreeSet::new();
    for route in every_route().list() {
        assert!(seen.insert(route.path), "{} is mounted twice", route.path);
        // Where every collector and every balancer looks for them.
        let operating = ["/healthz", "/readyz", "/metrics"].contains(&route.path);
        assert!((operating || route.path.starts_with("/api/")) && !route.summary.is_empty(), "{}", route.path);
    }
    assert!(seen.len() > 150, "{} routes", seen.len());
}

#[test]
fn only_these_are_open_to_everyone() {
    let public: Vec<&str> = every_route()
        .list()
        .iter()
        .filter(|route| route.need.permission == Permission::Public)
        .map(|route| route.path)
        .collect();
    insta::assert_json_snapshot!(public);
}

#[test]
fn the_matrix_of_roles_and_routes() {
    let table: BTreeMap<&str, String> = every_route()
        .list()
        .iter()
        .map(|route| {
            let Need { permission, scope } = route.need;
            let allowed = Role::ALL.iter().filter(|role| matrix::allows(**role, permission));
            let allowed: Vec<String> = allowed.map(|role| format!("{role:?}")).collect();
            (route.path, format!("{permission:?}, {scope:?}: {}", allowed.join(" ")))
        })
        .collect();
    insta::assert_json_snapshot!(table);
}

fn office(folder: &Path, drill: bool) -> outpace_server::Opened {
    outpace_server::open(Opening {
        folder: folder.to_owned(),
        place: outpace_store::testing::place(folder),
        profile: None,
        pack: None,
        date: None,
        drill_from: drill.then(|| Timestamp::parse_local("2022-04-13T01:00", 480).unwrap()),
    })
    .unwrap()
}

async fn ask(opened: &outpace_server::Opened, method: &str, path: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from("{}"))
        .unwrap();
    let answer = app::router(opened.clone()).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn nothing_but_the_public_routes_answers_somebody_who_did_not_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let opened = office(folder.path(), false);
    for route in every_route().list().iter().filter(|route| route.need.permission != Permission::Public) {
        let method = if route.is_command { "POST" } else { "GET" };
        let (status, body) = ask(&opened, method, route.path).await;
        assert_eq!(status, 401, "{method} {} answered {body}", route.path);
    }
    assert_eq!(ask(&opened, "GET", "/api/live").await.0, 401);
    assert_eq!(ask(&opened, "GET", "/api/drill/report").await.0, 401);
}

#[tokio::test]
async fn an_empty_request_never_ends_in_our_failure() {
    let folder = tempfile::tempdir().unwrap();
    let opened = office(folder.path(), true);
    // A server that starts says of itself that it is not ready, with 503; the tests of operating look at that.
    for route in every_route().list().iter().filter(|route| !route.is_command && route.path != "/readyz") {
        let (status, body) = ask(&opened, "GET", route.path).await;
        assert!(status < 500, "GET {} answered {status}: {body}", route.path);
    }
}

#[tokio::test]
async fn the_clock_of_a_real_office_cannot_be_moved() {
    let folder = tempfile::tempdir().unwrap();
    let opened = office(folder.path(), false);
    assert!(opened.drill_clock.is_none());
    assert_eq!(ask(&opened, "POST", "/api/drill/scene").await.0, 401);
}

#[tokio::test]
async fn the_document_describes_every_route() {
    let folder = tempfile::tempdir().unwrap();
    let (status, body) = ask(&office(folder.path(), true), "GET", "/openapi.json").await;
    let document: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    for route in every_route().list() {
        assert!(document["paths"][route.path].is_object(), "{} is not described", route.path);
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut missing = BTreeSet::new();
    for part in body.split("#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        if !schemas.contains_key(name) {
            missing.insert(name);
        }
    }
    assert!(missing.is_empty(), "schemas that nothing defines: {missing:?}");
}

/// What a program reads in the document it can send: words as JSON has them, not as the code calls them.
#[tokio::test]
async fn the_document_has_words_as_the_server_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let (_, body) = ask(&office(folder.path(), true), "GET", "/openapi.json").await;
    let document: serde_json::Value = serde_json::from_str(&body).unwrap();
    let (mut lists, mut wrong) = (0, Vec::new());
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let words: Vec<&str> =
            schema["enum"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
        lists += usize::from(!words.is_empty());
        if words.iter().any(|word| word.chars().any(char::is_uppercase)) {
            wrong.push(format!("{name}: {words:?}"));
        }
    }
    assert!(lists > 50, "only {lists} lists of words found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn the_briefing_is_printed_in_the_language_and_form_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let opened = office(folder.path(), true);
    let (status, body) = ask(&opened, "GET", "/api/command/briefing").await;
    let made: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    let head = opened.office.store.head().hash.to_string();
    assert_eq!(made["head"]["hash"], head.as_str());
    assert!(made["sections"].as_array().unwrap().iter().any(|section| section["title"]["en"] == "Conservation"));
    for (query, start, words) in [
        ("", "<!doctype html>", "守恒"),
        ("?language=en", "<!doctype html>", "Conservation"),
        ("?language=zh&form=markdown", "# 太原市清徐县疫情处置简报", "守恒"),
        ("?language=en&form=markdown", "# Briefing on the response in Qingxu", "Conservation"),
    ] {
        let (status, page) = ask(&opened, "GET", &format!("/api/command/print-briefing{query}")).await;
        assert_eq!(status, 200);
        assert!(page.starts_with(start) && page.contains(words) && page.contains(&head), "{query}: {page}");
    }
    let (status, body) = ask(&opened, "GET", "/api/command/print-briefing?language=fr").await;
    assert_eq!(status, 400, "{body}");
}

/// Words that only who somebody is has, in an answer.
const OF_AN_IDENTITY: [&str; 7] =
    ["id_number", "phone", "born", "landlord_phone", "tenant_phone", "landlord_name", "tenant_name"];

/// The names of all fields that a schema can hold, at any depth.
fn fields(
    schema: &serde_json::Value,
    all: &serde_json::Value,
    seen: &mut BTreeSet<String>,
    found: &mut BTreeSet<String>,
) {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next())
        && seen.insert(name.to_owned())
    {
        fields(&all["components"]["schemas"][name], all, seen, found);
    }
    match schema {
        serde_json::Value::Object(map) => {
            if let Some(properties) = map.get("properties").and_then(|properties| properties.as_object()) {
                found.extend(properties.keys().cloned());
            }
            map.values().for_each(|inner| fields(inner, all, seen, found));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|inner| fields(inner, all, seen, found)),
        _ => {}
    }
}

#[test]
fn no_answer_but_a_reveal_can_hold_an_identity_and_a_find_holds_it_masked() {
    let document = outpace_access::openapi::document(&every_route(), "0");
    let mut carrying = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let mut found = BTreeSet::new();
            fields(&operation["responses"]["200"], &document, &mut BTreeSet::new(), &mut found);
            let told: Vec<&str> = OF_AN_IDENTITY.into_iter().filter(|word| found.contains(*word)).collect();
            if !told.is_empty() {
                carrying.insert(path.as_str(), told);
            }
        }
    }
    let expected = BTreeMap::from([
        // A resident's own; no staff role reaches it.
        ("/api/mine/file", vec!["id_number", "phone", "born"]),
        ("/api/registry/find", vec!["id_number", "phone"]),
        ("/api/registry/reveal", vec!["id_number", "phone", "born"]),
    ]);
    assert_eq!(carrying, expected);
}
