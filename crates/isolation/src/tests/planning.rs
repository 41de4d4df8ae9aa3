use std::collections::BTreeSet;

use outpace_core::{AreaId, FacilityId, PersonId, VehicleId};
use outpace_policy::TransferVehicle;
use outpace_registry::VehicleKind;
use proptest::prelude::*;

use super::{House, Size};
use crate::trips::{Carrier, PassengerKind, Rider, Space, Stop, TripRules, open_trips, plan_trips, ready_trips};
use crate::{FacilityKind, TransferId};

const RULES: TripRules = TripRules {
    bus_load_percent: 50,
    cases_per_vehicle: 1,
    contacts_by: TransferVehicle::Bus,
    cases_by: TransferVehicle::Ambulance,
    drivers_min: 2,
    drivers_max: 3,
    single_room: true,
};

fn rider(number: i64, kind: PassengerKind) -> Rider {
    Rider {
        transfer: TransferId(number),
        person: PersonId(number),
        kind,
        stop: Stop { area: AreaId(140_121_203_206_001), place: None },
        to: None,
        guardian_of: None,
    }
}

fn carrier(number: i64, kind: VehicleKind, seats: i64) -> Carrier {
    Carrier { vehicle: VehicleId(number), kind, seats, drivers: 2 }
}

fn site(number: i64, rooms_free: i64) -> Space {
    Space { facility: FacilityId(number), kind: FacilityKind::QuarantineSite, rooms_free }
}

#[test]
fn three_hundred_and_twenty_seven_workers_go_in_seventeen_buses_of_nineteen_or_twenty() {
    let people: Vec<Rider> = (1..=327).map(|number| rider(number, PassengerKind::Contact)).collect();
    let buses: Vec<Carrier> = (1..=20).map(|number| carrier(number, VehicleKind::Bus, 40)).collect();
    let plan = plan_trips(&people, &buses, &[site(1, 500)], &RULES);
    assert_eq!(plan.trips.len(), 17);
    assert!(plan.trips.iter().all(|draft| (19..=20).contains(&draft.people)));
    assert_eq!(plan.trips.iter().map(|draft| draft.people).sum::<i64>(), 327);
    assert!(plan.without_bed.is_empty() && plan.without_vehicle.is_empty());
}

#[test]
fn who_has_no_bed_or_no_vehicle_is_named() {
    let people: Vec<Rider> = (1..=10).map(|number| rider(number, PassengerKind::Contact)).collect();
    let plan = plan_trips(&people, &[carrier(1, VehicleKind::Bus, 10)], &[site(1, 8)], &RULES);
    assert_eq!((plan.trips.len(), plan.trips[0].people), (1, 5));
    assert_eq!((plan.without_bed.len(), plan.without_vehicle.len()), (2, 3));
}

#[test]
fn a_draft_can_be_opened_as_it_is() {
    let house = House::of(Size { people: 327, buses: 17, seats: 40, rooms: 500, beds_per_room: 1 });
    let everyone: Vec<i64> = (1..=327).collect();
    let started = std::time::Instant::now();
    house.order(&everyone, PassengerKind::Contact);
    let rules = TripRules::of(&house.rules.pack);
    let plan = house.store.read(|tx| ready_trips(tx, &rules)).unwrap();
    assert_eq!((plan.trips.len(), plan.without_bed.len(), plan.without_vehicle.len()), (17, 0, 0));
    let trips = plan.trips.into_iter().map(|draft| draft.trip).collect();
    let ids = house.system(move |unit, call| open_trips(unit, call, trips)).unwrap();
    eprintln!("327 people ordered, planned and given beds in {} ms", started.elapsed().as_millis());
    assert_eq!(ids.len(), 17);
    let again = house.store.read(|tx| ready_trips(tx, &rules)).unwrap();
    assert!(again.trips.is_empty(), "nobody is planned twice");
    house.check_laws();
}

fn any_rider() -> impl Strategy<Value = (bool, i64, Option<i64>, Option<i64>)> {
    (any::<bool>(), 0_i64..4, prop::option::of(1_i64..4), prop::option::of(1_i64..40))
}

proptest! {
    #[test]
    fn no_trip_is_over_full_mixed_or_parts_a_child_from_their_guardian(
        drawn in prop::collection::vec(any_rider(), 0..40),
        vehicles in prop::collection::vec((any::<bool>(), 0_i64..50, 0_u32..4), 0..12),
        rooms in prop::collection::vec((any::<bool>(), 0_i64..30), 0..4),
    ) {
        let people: Vec<Rider> = (1..).zip(drawn).map(|(number, (case, stop, to, guardian_of))| Rider {
            kind: if case { PassengerKind::Case } else { PassengerKind::Contact },
            stop: Stop { area: AreaId(140_121_203_206_001 + stop), place: None },
            to: to.map(FacilityId),
            guardian_of: guardian_of.map(PersonId),
            ..rider(number, PassengerKind::Contact)
        }).collect();
        let carriers: Vec<Carrier> = (1..).zip(vehicles).map(|(number, (ambulance, seats, drivers))| Carrier {
            drivers,
            ..carrier(number, if ambulance { VehicleKind::Ambulance } else { VehicleKind::Bus }, seats)
        }).collect();
        let spaces: Vec<Space> = (1..).zip(rooms).map(|(number, (hospital, rooms_free))| Space {
            kind: if hospital { FacilityKind::Hospital } else { FacilityKind::QuarantineSite },
            ..site(number, rooms_free)
        }).collect();
        let plan = plan_trips(&people, &carriers, &spaces, &RULES);
        let mut seen: BTreeSet<TransferId> = BTreeSet::new();
        let mut used: BTreeSet<VehicleId> = BTreeSet::new();
        for draft in &plan.trips {
            prop_assert!(used.insert(draft.trip.vehicle), "a vehicle goes once");
            let space = spaces.iter().find(|space| space.facility == draft.trip.facility).unwrap();
            prop_assert_eq!(space.kind.takes(), draft.trip.kind);
            let aboard: Vec<&Rider> = draft.trip.transfers.iter()
                .map(|id| people.iter().find(|rider| rider.transfer == *id).unwrap()).collect();
            let counted = aboard.iter().filter(|rider| draft.trip.kind == PassengerKind::Contact || rider.guardian_of.is_none());
            prop_assert!(i64::try_from(counted.count()).unwrap() <= draft.places.max(1));
            for rider in &aboard {
                prop_assert!(seen.insert(rider.transfer), "nobody is in two trips");
                prop_assert!(rider.kind == draft.trip.kind || rider.guardian_of.is_some(), "contacts and cases go apart");
            }
        }
        for space in &spaces {
            let given: usize = plan.trips.iter().filter(|draft| draft.trip.facility == space.facility)
                .map(|draft| draft.trip.transfers.len()).sum();
            prop_assert!(i64::try_from(given).unwrap() <= space.rooms_free);
        }
        for id in plan.without_bed.iter().chain(&plan.without_vehicle) {
            prop_assert!(seen.insert(*id));
        }
        prop_assert_eq!(seen.len(), people.len(), "everyone is in a trip or named as left");
    }
}
