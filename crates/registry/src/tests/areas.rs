use super::*;
use crate::areas::{
    ImportBoundaries, areas_under, import_boundaries, parse_areas_csv, parse_boundaries_geojson, store::codes_under,
};
use crate::{RiverSide, population_of};
use proptest::prelude::*;

const CSV: &str = "code,name,parent,level,population,lon,lat,seat_source,river_side\n\
    140121,清徐县,1401,county,344472,112.35,37.6,known,\n\
    140121203206,甲村,140121203,village,1200,112.47,37.59,approximate,east\n\
    12,,,,,,,,\n\
    123,三位,,,,,,,\n\
    140121204,丙,,,many,,,,\n\
    140121205,丁,,,,,,,north\n";

#[test]
fn areas_are_read_and_bad_rows_named_with_their_line() {
    let parsed = parse_areas_csv(CSV);
    assert_eq!(parsed.rows.len(), 2);
    assert_eq!(parsed.rows[1].river_side, Some(RiverSide::East));
    assert!(parsed.rows[1].seat_approximate && !parsed.rows[0].seat_approximate);
    assert_eq!(parsed.rows[0].residents, Some(344_472));
    let lines: Vec<u64> = parsed.bad.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [4, 5, 6, 7]);
    assert!(parsed.bad[3].reason.en.contains("east, west"), "{:?}", parsed.bad[3]);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(parse_areas_csv("\u{feff}code,name\n1401,太原市\n").rows.len(), 1);
}

#[test]
fn areas_stand_under_each_other() {
    let house = House::open();
    let villages = house.read(|tx| areas_under(tx, COUNTY, AreaLevel::Village));
    assert_eq!(villages.iter().map(|area| area.id).collect::<Vec<_>>(), [OTHER_VILLAGE, VILLAGE]);
    assert_eq!(villages[1].parent, Some(AreaId(140_121_203)));
    assert_eq!(villages[1].name_en, "甲村", "without an English name the Chinese one stands");
    let own = house.read(|tx| areas_under(tx, VILLAGE, AreaLevel::Village));
    assert_eq!(own.len(), 1);
    assert_eq!(house.read(|tx| areas_under(tx, VILLAGE, AreaLevel::County)), []);
}

#[test]
fn an_area_imported_again_gets_the_new_row() {
    let house = House::open();
    let areas = vec![area(VILLAGE.0, "新名")];
    house.act(|unit, call| import_areas(unit, call, ImportAreas { source: "again".to_owned(), areas })).unwrap();
    assert_eq!(house.read(|tx| crate::area(tx, VILLAGE)).unwrap().name, "新名");
    house.assert_rebuilds();
}

#[test]
fn a_code_that_is_none_is_refused_and_named() {
    let house = House::empty();
    let areas = vec![area(14_012, "五位")];
    let refusal =
        house.act(|unit, call| import_areas(unit, call, ImportAreas { source: "test".to_owned(), areas })).unwrap_err();
    assert_eq!((refusal.code.as_str(), refusal.value.as_str()), ("area_code", "14012"));
}

#[test]
fn real_boundaries_are_imported_over_known_areas_and_come_out_as_a_map() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/areas/taiyuan_districts_osm_wgs84.geojson");
    let Ok(text) = std::fs::read_to_string(&file) else {
        eprintln!("skipped: {} is absent", file.display());
        return;
    };
    let parsed = parse_boundaries_geojson(&text);
    assert_eq!((parsed.rows.len(), parsed.bad.len()), (10, 0));
    let house = House::open();
    let all = parsed.rows.clone();
    let request = ImportBoundaries { source: "osm".to_owned(), boundaries: all };
    let refusal = house.act(|unit, call| import_boundaries(unit, call, request)).unwrap_err();
    assert_eq!(refusal.code, "unknown_area", "nine districts were never imported");
    let known: Vec<_> = parsed.rows.into_iter().filter(|boundary| boundary.area == COUNTY).collect();
    let request = ImportBoundaries { source: "osm".to_owned(), boundaries: known };
    house.act(|unit, call| import_boundaries(unit, call, request)).unwrap();
    let query = crate::areas::BoundariesQuery { under: Some(AreaId(1401)), level: AreaLevel::County };
    let map = house.ask(|tx, call| crate::areas::boundaries(tx, call, query)).unwrap();
    assert_eq!((map.kind.as_str(), map.features.len()), ("FeatureCollection", 1));
    assert_eq!(map.features[0]["properties"]["code"], 140_121);
    assert_eq!(map.features[0]["geometry"]["type"], "Polygon");
    house.assert_rebuilds();
}

#[test]
fn a_boundary_keeps_six_decimals_and_needs_a_code() {
    let text = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{"code":140121},"geometry":{"type":"Polygon","coordinates":
            [[[112.123456789,37.5],[112.2,37.5],[112.2,37.6],[112.123456789,37.5]]]}},
        {"type":"Feature","properties":{},"geometry":null},
        {"type":"Feature","properties":{"adcode":"140121"},"geometry":{"type":"Point","coordinates":[112.1,37.5]}}]}"#;
    let parsed = parse_boundaries_geojson(text);
    assert!(parsed.rows[0].geometry.contains("112.123457"), "{}", parsed.rows[0].geometry);
    assert_eq!(parsed.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(parse_boundaries_geojson("no json").bad[0].line, 0);
}

/// Found by `make fuzz`: Rust reads `inf` as a number, and JSON has no word for it.
#[test]
fn coordinates_are_degrees_in_every_file() {
    for wrong in ["inf", "NaN", "181", "1e308"] {
        let parsed = parse_areas_csv(&format!("code,name,lon\n1401,太原市,{wrong}\n1402,大同市,113.3\n"));
        assert_eq!((parsed.rows.len(), parsed.bad[0].line), (1, 2), "{wrong}");
        let parsed = crate::places::parse_places_csv(&format!("class,name,area,lat\noffice,a,1401,{wrong}\n"));
        assert!(parsed.rows.is_empty() && parsed.bad[0].reason.en.contains("degrees"), "{wrong}");
    }
    let polygon = |coordinates: &str| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"code":1401}},"geometry":
               {{"type":"Polygon","coordinates":{coordinates},"more":"words"}}}}]}}"#
        )
    };
    for wrong in ["[]", "[[]]", "[[[1e300,1],[2,2],[3,3],[1e300,1]]]", "[[[112,37],[112,200],[113,37],[112,37]]]"] {
        assert_eq!(parse_boundaries_geojson(&polygon(wrong)).bad.len(), 1, "{wrong}");
    }
    let parsed = parse_boundaries_geojson(&polygon("[[[112,37,812.5],[112,38,1],[113,37,0],[112,37,812.5]]]"));
    let flat = r#"{"type":"Polygon","coordinates":[[[112.0,37.0],[112.0,38.0],[113.0,37.0],[112.0,37.0]]]}"#;
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&parsed.rows[0].geometry), read(flat));
}

#[test]
fn nobody_registered_counts_as_zero() {
    let house = House::open();
    assert_eq!(house.read(|tx| population_of(tx, VILLAGE)), crate::Population::default());
}

proptest! {
    #[test]
    fn the_codes_under_an_area_are_those_it_contains(area in 10_i64..1_000_000, inner in 100_000_000_i64..1_000_000_000) {
        let (area, inner) = (AreaId(area), AreaId(inner));
        let (first, last) = codes_under(area, AreaLevel::Township);
        prop_assert_eq!(area.contains(inner), first <= inner.0 && inner.0 <= last);
    }

    #[test]
    fn no_text_makes_the_readers_fail(text in ".{0,200}") {
        let _ = parse_areas_csv(&text);
        let _ = parse_boundaries_geojson(&text);
        let _ = crate::people::parse_people_csv(&text);
        let _ = crate::people::parse_households_csv(&text);
        let _ = crate::places::parse_places_csv(&text);
        let _ = crate::places::parse_vehicles_csv(&text);
    }
}
