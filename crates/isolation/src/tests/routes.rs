use std::collections::BTreeSet;

use outpace_access::openapi::document;

#[test]
fn every_route_stands_once_and_its_types_have_names_of_their_own() {
    let both = || outpace_zoning::routes().and(crate::routes());
    let paths: BTreeSet<&str> = both().list().iter().map(|route| route.path).collect();
    assert_eq!(paths.len(), both().list().len());
    let document = document(&both(), "0");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in ["ExtendPlaceHold", "ExtendPersonHold", "RestrictionCause", "ClosureTarget", "PersonTransfer"] {
        assert!(schemas.contains_key(name), "{name} is missing");
    }
    assert!(!schemas.contains_key("ExtendHold"));
}
