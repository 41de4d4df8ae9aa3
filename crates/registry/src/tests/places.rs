use super::*;
use crate::places::{
    ImportPlaces, ImportVehicles, ImportedPlace, import_places, import_vehicles, parse_places_csv, parse_vehicles_csv,
};
use crate::{VehicleKind, people_at_school, people_at_workplace, people_in_room, people_on_vehicle, place, vehicle};
use outpace_core::{PersonId, PlaceId, VehicleId};

const PLACES: &str = "reference,class,name,area,part_of,staff\n\
    10,logistics_park,试验物流园,140121203206901,,327\n\
    11,distribution_centre,试验分拨中心,140121203206901,10,277\n\
    12,Primary School,试验小学,140121203206001,,\n";

fn placed() -> House {
    let house = House::peopled();
    let places = parse_places_csv(PLACES).rows.into_iter().filter(|place| place.class != "Primary School").collect();
    let request = ImportPlaces { source: "test".to_owned(), places };
    assert_eq!(house.act(|unit, call| import_places(unit, call, request)).unwrap().ids, [Some(1), Some(2)]);
    let vehicles =
        parse_vehicles_csv("reference,kind,plate,seats,sealed\n1,bus,演A0001,40,是\n2,ambulance,演A0002,1,\n");
    assert_eq!(vehicles.bad, []);
    let request = ImportVehicles { source: "test".to_owned(), vehicles: vehicles.rows };
    assert_eq!(house.act(|unit, call| import_vehicles(unit, call, request)).unwrap().ids, [Some(1), Some(2)]);
    house
}

#[test]
fn places_know_their_part_and_their_grid() {
    let house = placed();
    let centre = house.read(|tx| place(tx, PlaceId(2))).unwrap();
    assert_eq!((centre.part_of, centre.staff), (Some(PlaceId(1)), 277));
    assert_eq!(centre.area, AreaId(140_121_203_206_901));
    let parks = house.read(|tx| crate::places_of_class(tx, "logistics_park", COUNTY));
    assert_eq!(parks.iter().map(|park| park.id.0).collect::<Vec<_>>(), [1]);
    assert_eq!(house.read(|tx| crate::places_in(tx, OTHER_VILLAGE)), []);
    house.assert_rebuilds();
}

#[test]
fn a_class_is_a_word() {
    let house = House::peopled();
    let places: Vec<ImportedPlace> = parse_places_csv(PLACES).rows;
    let done =
        house.act(|unit, call| import_places(unit, call, ImportPlaces { source: "test".to_owned(), places })).unwrap();
    assert_eq!(done.ids, [Some(1), Some(2), None]);
    assert!(done.told[0].reason.en.contains("no such class") && done.told[0].reason.en.contains("school"));
}

#[test]
fn people_are_found_at_work_at_school_in_a_room_and_on_the_bus() {
    let house = placed();
    let mut worker = someone(20, 1, "1980-01-02");
    (worker.workplace, worker.room, worker.vehicle) = (Some(11), Some("3".to_owned()), Some(1));
    let mut pupil = someone(21, 1, "2012-01-02");
    (pupil.school, pupil.room) = (Some(11), Some("3".to_owned()));
    house.import(vec![worker, pupil]).unwrap();
    assert_eq!(house.read(|tx| people_at_workplace(tx, PlaceId(2))), [PersonId(6)]);
    assert_eq!(house.read(|tx| people_at_school(tx, PlaceId(2))), [PersonId(7)]);
    assert_eq!(house.read(|tx| people_in_room(tx, PlaceId(2), "3")), [PersonId(6), PersonId(7)]);
    assert_eq!(house.read(|tx| people_in_room(tx, PlaceId(2), "4")), []);
    assert_eq!(house.read(|tx| people_on_vehicle(tx, VehicleId(1))), [PersonId(6)]);
    house.assert_rebuilds();
}

#[test]
fn a_plate_is_one_vehicle() {
    let house = placed();
    let again = parse_vehicles_csv("kind,plate,seats\nbus,演A0001,30\ntruck,演A0003,2\n").rows;
    let request = ImportVehicles { source: "again".to_owned(), vehicles: again };
    let answer = house.act(|unit, call| import_vehicles(unit, call, request)).unwrap();
    assert_eq!((answer.ids, answer.added, answer.already), (vec![Some(1), Some(3)], 1, 1));
    assert_eq!(answer.different[0].fields, ["seats"], "30 seats in the file, 40 here");
    let bus = house.read(|tx| vehicle(tx, VehicleId(1))).unwrap();
    assert_eq!((bus.kind, bus.seats, bus.sealed), (VehicleKind::Bus, 40, true));
    house.assert_rebuilds();
}

#[test]
fn a_plate_is_compared_without_dots_spaces_and_case() {
    let house = placed();
    let rows = parse_vehicles_csv(
        "reference,kind,plate,seats\n4,bus,演b0004,20\n5,bus,演B·0004,40\n6,bus,演 a-0001,40\n7,bus,,3\n8,bus,演A0008,-1\n",
    )
    .rows;
    let request = ImportVehicles { source: "test".to_owned(), vehicles: rows };
    let done = house.act(|unit, call| import_vehicles(unit, call, request)).unwrap();
    assert_eq!(done.ids, [None, None, Some(1), None], "the row without a plate is told by the reader");
    assert_eq!(done.told.iter().map(|told| told.row).collect::<Vec<_>>(), [1, 2, 4]);
    assert!(done.told[0].reason.zh.contains("1, 2"), "{:?}", done.told[0]);
    assert_eq!((done.same, done.different.len()), (1, 0));
}

#[test]
fn longitude_and_latitude_the_wrong_way_round_are_told() {
    let house = House::peopled();
    let rows = parse_places_csv(
        "class,name,area,lon,lat\nsupermarket,甲,140121203206,112.36,37.6\nsupermarket,乙,140121203206,37.6,112.36\n",
    );
    let lines: Vec<u64> = rows.bad.iter().map(|bad| bad.line).collect();
    let request = ImportPlaces { source: "test".to_owned(), places: rows.rows };
    let done = house.act(|unit, call| import_places(unit, call, request)).unwrap();
    assert_eq!(done.ids.len() + lines.len(), 2);
    assert_eq!((done.added, done.told.len() + lines.len()), (1, 1));
}

#[test]
fn a_place_without_a_reference_is_one_place_however_often_it_comes() {
    let house = House::peopled();
    let import = |staff: &str| {
        let text = format!("class,name,area,staff\nsupermarket,试 超市,140121203206001,{staff}\n");
        let request = ImportPlaces { source: "test".to_owned(), places: parse_places_csv(&text).rows };
        house.act(|unit, call| import_places(unit, call, request)).unwrap()
    };
    assert_eq!(import("4").added, 1);
    let again = import("4");
    assert_eq!((again.added, again.same), (0, 1));
    assert_eq!(import("5").different[0].fields, ["staff"]);
    assert_eq!(house.read(|tx| place(tx, PlaceId(1))).unwrap().staff, 4, "named, not overwritten");
}
