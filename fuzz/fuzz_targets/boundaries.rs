//! Boundaries as GeoJSON, and the areas of a drill's folder: what is taken names an area of the tree and is GeoJSON again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outpace_registry::areas::parse_boundaries_geojson;

fuzz_target!(|text: &str| {
    let parsed = parse_boundaries_geojson(text);
    for row in &parsed.rows {
        assert!(row.area.level().is_some());
        // Written and read again it is the same, to the last of its six decimals.
        let again = format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"code":{}}},"geometry":{}}}]}}"#,
            row.area, row.geometry
        );
        assert_eq!(parse_boundaries_geojson(&again).rows, std::slice::from_ref(row));
    }
    let _ = outpace_drill::population::read_areas(text.as_bytes());
});
