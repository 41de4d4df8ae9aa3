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
    assert_eq!(house.act(|unit, call| import_places(unit, call, request)).unwrap().ids, [1, 2]);
    let vehicles =
        parse_vehicles_csv("reference,kind,plate,seats,sealed\n1,bus,演A0001,40,是\n2,ambulance,演A0002,1,\n");
    assert_eq!(vehicles.bad, []);
    let request = ImportVehicles { source: "test".to_owned(), vehicles: vehicles.rows };
    assert_eq!(house.act(|unit, call| import_vehicles(unit, call, request)).unwrap().ids, [1, 2]);
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
    let refusal = house
        .act(|unit, call| import_places(unit, call, ImportPlaces { source: "test".to_owned(), places }))
        .unwrap_err();
    assert_eq!(refusal.field, "class");
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
    assert_eq!((answer.ids, answer.added, answer.already), (vec![1, 3], 1, 1));
    let bus = house.read(|tx| vehicle(tx, VehicleId(1))).unwrap();
    assert_eq!((bus.kind, bus.seats, bus.sealed), (VehicleKind::Bus, 40, true));
    house.assert_rebuilds();
}
