//! Which people go in which vehicle to which facility. Pure: greedy first fit by stop, loads spread evenly over the
//! vehicles that are needed, a ward and their guardian always together, contacts and cases always apart.

use std::collections::BTreeMap;

use outpace_core::{FacilityId, PersonId, Refusal, VehicleId};
use outpace_policy::{Pack, TransferVehicle};
use outpace_registry::{Vehicle, VehicleKind};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{NewTrip, PassengerKind, Stop};
use super::store;
use crate::facilities::{FacilityKind, free_beds};
use crate::ids::TransferId;
use crate::rooms::single_room;
use crate::transfers::waiting;

/// People planned at once.
pub const RIDERS_MAX: i64 = 20_000;

/// What the pack says about trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TripRules {
    /// Share of a bus's seats that is used, percent.
    pub bus_load_percent: u32,
    /// Cases in a vehicle.
    pub cases_per_vehicle: u32,
    /// What contacts are moved with.
    pub contacts_by: TransferVehicle,
    /// What cases are moved with.
    pub cases_by: TransferVehicle,
    /// Drivers per vehicle, at least.
    pub drivers_min: u32,
    /// Drivers per vehicle, at most.
    pub drivers_max: u32,
    /// Whether everyone has a room alone.
    pub single_room: bool,
}

impl TripRules {
    /// The rules of a pack.
    #[must_use]
    pub fn of(pack: &Pack) -> Self {
        let transfer = &pack.transfer;
        Self {
            bus_load_percent: transfer.bus_load_percent.value,
            cases_per_vehicle: transfer.cases_per_vehicle.value,
            contacts_by: transfer.contacts_by.value,
            cases_by: transfer.cases_by.value,
            drivers_min: transfer.drivers_per_vehicle_min.value,
            drivers_max: transfer.drivers_per_vehicle_max.value,
            single_room: pack.facility.single_room.value,
        }
    }

    /// How many people of a kind a vehicle may carry: the pack's share of a bus's seats; cases one by one.
    #[must_use]
    pub fn places(&self, vehicle: &Vehicle, kind: PassengerKind) -> i64 {
        self.places_of(vehicle.kind, vehicle.seats, kind)
    }

    fn places_of(&self, vehicle: VehicleKind, seats: i64, kind: PassengerKind) -> i64 {
        if kind == PassengerKind::Case {
            return i64::from(self.cases_per_vehicle);
        }
        if vehicle == VehicleKind::Ambulance { 1.min(seats) } else { seats * i64::from(self.bus_load_percent) / 100 }
    }

    fn carries(&self, vehicle: VehicleKind, kind: PassengerKind) -> bool {
        let by = if kind == PassengerKind::Case { self.cases_by } else { self.contacts_by };
        match by {
            TransferVehicle::Bus => matches!(vehicle, VehicleKind::Bus | VehicleKind::LineBus),
            TransferVehicle::Ambulance => vehicle == VehicleKind::Ambulance,
        }
    }
}

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rider {
    /// Their transfer.
    pub transfer: TransferId,
    /// Who.
    pub person: PersonId,
    /// As a contact or as a case.
    pub kind: PassengerKind,
    /// Where they board.
    pub stop: Stop,
    /// Where they must go, if it was said.
    pub to: Option<FacilityId>,
    /// Whom they accompany.
    pub guardian_of: Option<PersonId>,
}

/// A vehicle that may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// Which.
    pub vehicle: VehicleId,
    /// What it is.
    pub kind: VehicleKind,
    /// Its seats.
    pub seats: i64,
    /// Drivers that are there for it.
    pub drivers: u32,
}

/// A facility that takes people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Which.
    pub facility: FacilityId,
    /// What it is for.
    pub kind: FacilityKind,
    /// People it can still take.
    pub rooms_free: i64,
}

/// One trip as it could be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TripDraft {
    /// The trip: give it to `open_trip` as it is.
    pub trip: NewTrip,
    /// People in it.
    pub people: i64,
    /// People it may carry.
    pub places: i64,
}

/// What can be moved now, and who is left and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TripPlan {
    /// Trips.
    pub trips: Vec<TripDraft>,
    /// People for whom no facility has a free room.
    pub without_bed: Vec<TransferId>,
    /// People for whom no vehicle is left.
    pub without_vehicle: Vec<TransferId>,
}

/// A ward with those who go along: never parted.
struct Group {
    riders: Vec<Rider>,
    kind: PassengerKind,
    stop: Stop,
    to: Option<FacilityId>,
}

impl Group {
    /// Places it takes: guardians of cases sit beside, and do not count as cases.
    fn places(&self) -> i64 {
        let counted =
            self.riders.iter().filter(|rider| self.kind == PassengerKind::Contact || rider.guardian_of.is_none());
        i64::try_from(counted.count()).unwrap_or(i64::MAX)
    }

    fn rooms(&self) -> i64 {
        i64::try_from(self.riders.len()).unwrap_or(i64::MAX)
    }

    fn transfers(&self) -> impl Iterator<Item = TransferId> + '_ {
        self.riders.iter().map(|rider| rider.transfer)
    }
}

fn groups(people: &[Rider]) -> Vec<Group> {
    let by_person: BTreeMap<PersonId, &Rider> = people.iter().map(|rider| (rider.person, rider)).collect();
    let ward = |rider: &Rider| rider.guardian_of.filter(|of| by_person.contains_key(of) && *of != rider.person);
    let mut groups: BTreeMap<PersonId, Group> = BTreeMap::new();
    for rider in people.iter().filter(|rider| ward(rider).is_none()) {
        let (kind, stop, to) = (rider.kind, rider.stop, rider.to);
        groups.insert(rider.person, Group { riders: vec![rider.clone()], kind, stop, to });
    }
    for rider in people {
        let Some(of) = ward(rider) else { continue };
        match groups.get_mut(&of) {
            Some(group) => group.riders.push(rider.clone()),
            // Somebody who accompanies a guardian: on their own then.
            None => {
                let (kind, stop, to) = (rider.kind, rider.stop, rider.to);
                groups.insert(rider.person, Group { riders: vec![rider.clone()], kind, stop, to });
            }
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| (group.stop, group.riders.first().map(|rider| rider.transfer)));
    groups
}

/// Plans trips for people who wait. The same input gives the same plan; nobody is in two trips, no trip is over its
/// places, no facility over its rooms.
#[must_use]
pub fn plan_trips(people: &[Rider], vehicles: &[Carrier], beds: &[Space], rules: &TripRules) -> TripPlan {
    let mut plan = TripPlan::default();
    let mut rooms: BTreeMap<FacilityId, i64> = beds.iter().map(|space| (space.facility, space.rooms_free)).collect();
    let mut loads: BTreeMap<(PassengerKind, FacilityId), Vec<Group>> = BTreeMap::new();
    for group in groups(people) {
        let fits = |space: &&Space| {
            space.kind.takes() == group.kind
                && group.to.is_none_or(|to| to == space.facility)
                && rooms.get(&space.facility).is_some_and(|free| *free >= group.rooms())
        };
        match beds.iter().find(fits).map(|space| space.facility) {
            Some(facility) => {
                *rooms.entry(facility).or_default() -= group.rooms();
                loads.entry((group.kind, facility)).or_default().push(group);
            }
            None => plan.without_bed.extend(group.transfers()),
        }
    }
    let mut free: Vec<&Carrier> = vehicles.iter().collect();
    for ((kind, facility), groups) in loads {
        load(&mut plan, &mut free, rules, kind, facility, groups);
    }
    plan
}

/// Fills the fewest vehicles that can take all groups of one load, evenly.
fn load(
    plan: &mut TripPlan,
    free: &mut Vec<&Carrier>,
    rules: &TripRules,
    kind: PassengerKind,
    facility: FacilityId,
    groups: Vec<Group>,
) {
    let mut left = groups;
    while !left.is_empty() {
        let needed: i64 = left.iter().map(Group::places).sum();
        let usable: Vec<(usize, i64)> = free
            .iter()
            .enumerate()
            .filter(|(_, carrier)| rules.carries(carrier.kind, kind) && carrier.drivers >= drivers_min(rules, carrier))
            .map(|(at, carrier)| (at, rules.places_of(carrier.kind, carrier.seats, kind)))
            .filter(|(_, places)| *places > 0)
            .collect();
        let Some((at, places)) = usable.first().copied() else { break };
        let target = even_share(needed, &usable, places);
        let (taken, rest) = fill(left, target, places);
        left = rest;
        let carrier = free.remove(at);
        if taken.is_empty() {
            // The first group is larger than this vehicle; another may take it.
            continue;
        }
        plan.trips.push(draft(rules, carrier, kind, facility, places, &taken));
    }
    plan.without_vehicle.extend(left.iter().flat_map(Group::transfers));
}

fn drivers_min(rules: &TripRules, carrier: &Carrier) -> u32 {
    if carrier.kind == VehicleKind::Ambulance { 0 } else { rules.drivers_min }
}

/// What the next vehicle should carry so that the vehicles needed for all carry about the same.
fn even_share(needed: i64, usable: &[(usize, i64)], places: i64) -> i64 {
    let (mut vehicles, mut sum) = (0, 0);
    for (_, capacity) in usable {
        if sum >= needed {
            break;
        }
        vehicles += 1;
        sum += capacity;
    }
    let share = if vehicles == 0 { needed } else { (needed + vehicles - 1) / vehicles };
    share.min(places)
}

/// Takes groups in order of their stops up to the target; one that oversteps it may still fill the places.
fn fill(groups: Vec<Group>, target: i64, places: i64) -> (Vec<Group>, Vec<Group>) {
    let (mut taken, mut rest, mut sum) = (Vec::new(), Vec::new(), 0);
    for group in groups {
        if sum < target && sum + group.places() <= places {
            sum += group.places();
            taken.push(group);
        } else {
            rest.push(group);
        }
    }
    (taken, rest)
}

fn draft(
    rules: &TripRules,
    carrier: &Carrier,
    kind: PassengerKind,
    facility: FacilityId,
    places: i64,
    taken: &[Group],
) -> TripDraft {
    let mut stops: Vec<Stop> = taken.iter().map(|group| group.stop).collect();
    stops.dedup();
    let transfers: Vec<TransferId> = taken.iter().flat_map(Group::transfers).collect();
    let drivers = carrier.drivers.min(rules.drivers_max);
    let people = i64::try_from(transfers.len()).unwrap_or(i64::MAX);
    let vehicle = carrier.vehicle;
    TripDraft { trip: NewTrip { vehicle, facility, kind, drivers, stops, transfers, plan: None }, people, places }
}

/// What could be moved now: everyone who waits, every bus and ambulance that is free and clean, every free room.
///
/// # Errors
/// What the store refused.
pub fn ready_trips(tx: &mut Tx<'_>, rules: &TripRules) -> Result<TripPlan, Refusal> {
    let mut riders = Vec::new();
    for transfer in waiting(tx, RIDERS_MAX)? {
        let area = match transfer.from_place {
            Some(place) => outpace_registry::place(tx, place)?.map_or(transfer.area, |place| place.area),
            None => transfer.area,
        };
        riders.push(Rider {
            transfer: transfer.id,
            person: transfer.person,
            kind: transfer.kind,
            stop: Stop { area, place: transfer.from_place },
            to: transfer.to,
            guardian_of: transfer.guardian_of,
        });
    }
    let mut carriers = Vec::new();
    for kind in [VehicleKind::Bus, VehicleKind::Ambulance] {
        for vehicle in outpace_registry::vehicles_of_kind(tx, Some(kind))? {
            if store::run_of(tx, vehicle.id)?.is_none() {
                let drivers = u32::try_from(vehicle.drivers).unwrap_or(0);
                carriers.push(Carrier { vehicle: vehicle.id, kind: vehicle.kind, seats: vehicle.seats, drivers });
            }
        }
    }
    let spaces: Vec<Space> = free_beds(tx)?
        .into_iter()
        .map(|free| Space {
            facility: free.facility,
            kind: free.kind,
            rooms_free: if single_room(rules.single_room, free.kind) { free.rooms_free } else { free.beds_free },
        })
        .collect();
    Ok(plan_trips(&riders, &carriers, &spaces, rules))
}
