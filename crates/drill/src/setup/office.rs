//! Sets the county up before the day: office, registry, fleet, facilities, laboratories, units. All through the API.

use outpace_core::{AreaId, Role};
use serde_json::{Value, json};

use super::registry::{self, NewVehicle, Register};
use crate::client::{Api, CallError, Staff, list, number, side_by_side};
use crate::day::flow::{Courier, Flow, Laboratory};
use crate::laboratory::queue::Machines;
use crate::scenario::{Facility, Scenario};
use crate::staff::{Office, posted};

/// Seats of a bus of the transfer: with half of them used (the pack's rule) it takes twenty people.
const BUS_SEATS: i64 = 40;
/// Drivers of a bus: fleets of a county have two or three for each.
const BUS_DRIVERS: i64 = 2;
/// Buses that move single contacts beside the transfer of the park.
const SPARE_BUSES: usize = 2;

/// A vehicle with whoever drives it.
#[derive(Debug, Clone)]
pub struct Driven {
    /// Its id.
    pub vehicle: i64,
    /// Who signs for it.
    pub driver: Staff,
}

/// What stands ready when the day begins.
#[derive(Debug)]
pub struct Standing {
    /// Who works.
    pub office: Office,
    /// What everybody is called.
    pub register: Register,
    /// The way of the tubes.
    pub flow: Flow,
    /// Ambulances.
    pub ambulances: Vec<Driven>,
    /// Buses of the transfer, then the spare ones.
    pub buses: Vec<Driven>,
    /// How many of the buses are for the transfer.
    pub transfer_buses: usize,
    /// Trucks: their ids.
    pub trucks: Vec<i64>,
    /// Quarantine sites: their ids, in the order of the scenario.
    pub facilities: Vec<i64>,
}

/// Sets everything up.
///
/// # Errors
/// What the system refused.
pub async fn set_up(
    api: &Api,
    administrator: &Staff,
    office: Office,
    scenario: &Scenario,
    register: Register,
) -> Result<Standing, CallError> {
    let fleet = fleet(scenario);
    let ids = registry::import_vehicles(administrator, fleet.iter().map(|one| one.vehicle.clone()).collect()).await?;
    let of = |use_of: Use| -> Vec<i64> {
        fleet.iter().zip(&ids).filter(|(one, _)| one.use_of == use_of).map(|(_, id)| *id).collect()
    };
    let county = scenario.county;
    let ambulances = driven(api, administrator, "ambulance", &of(Use::Ambulance), Role::Driver, county).await?;
    let buses = driven(api, administrator, "bus", &of(Use::Bus), Role::Driver, county).await?;
    let couriers = driven(api, administrator, "courier", &of(Use::Courier), Role::Courier, county).await?;
    let couriers = couriers.into_iter().map(|one| Courier { staff: one.driver, vehicle: one.vehicle }).collect();
    let laboratories = laboratories(api, administrator, scenario).await?;
    let facilities = facilities(administrator, scenario).await?;
    register_units(&office, scenario).await?;
    Ok(Standing {
        office,
        register,
        flow: Flow::new(couriers, laboratories, scenario.rates.box_tubes_max),
        ambulances,
        transfer_buses: buses.len().saturating_sub(SPARE_BUSES),
        buses,
        trucks: of(Use::Truck),
        facilities,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Ambulance,
    Bus,
    Courier,
    Truck,
}

struct Wanted {
    use_of: Use,
    vehicle: NewVehicle,
}

fn fleet(scenario: &Scenario) -> Vec<Wanted> {
    let amount = |key: &str| usize::try_from(scenario.amount(key)).unwrap_or(0);
    let make = |use_of: Use, count: usize, kind: &'static str, zh: &str, en: &str, seats: i64, drivers: i64| {
        let one = move |number: usize, zh: &str, en: &str| Wanted {
            use_of,
            vehicle: NewVehicle {
                kind,
                plate: format!("演B{}{number:03}", kind.chars().next().unwrap_or('x').to_ascii_uppercase()),
                name: format!("{zh}{number}号"),
                name_en: format!("{en} {number}"),
                seats,
                drivers,
                sealed: use_of == Use::Bus,
            },
        };
        (1..=count).map(|number| one(number, zh, en)).collect::<Vec<Wanted>>()
    };
    let mut fleet = make(Use::Ambulance, amount("ambulances"), "ambulance", "负压救护车", "Ambulance", 1, 1);
    let buses = amount("buses") + SPARE_BUSES;
    fleet.extend(make(Use::Bus, buses, "bus", "转运公交", "Transfer bus", BUS_SEATS, BUS_DRIVERS));
    fleet.extend(make(Use::Courier, amount("couriers"), "courier", "样本转运车", "Courier car", 0, 1));
    fleet.extend(make(Use::Truck, amount("trucks"), "truck", "物资货车", "Supply truck", 0, 1));
    fleet
}

async fn driven(
    api: &Api,
    administrator: &Staff,
    word: &str,
    vehicles: &[i64],
    role: Role,
    county: AreaId,
) -> Result<Vec<Driven>, CallError> {
    let devices = vehicles.iter().zip(1..).map(|(vehicle, number)| {
        let (api, administrator, vehicle) = (api.clone(), administrator.clone(), *vehicle);
        let name = format!("{word} {number}");
        let post = Some(("vehicle", vehicle));
        async move { Ok(Driven { vehicle, driver: posted(api, administrator, name, role, county, post).await? }) }
    });
    side_by_side(devices.collect::<Vec<_>>()).await
}

async fn laboratories(api: &Api, administrator: &Staff, scenario: &Scenario) -> Result<Vec<Laboratory>, CallError> {
    let mut standing = Vec::new();
    for laboratory in &scenario.laboratories {
        let works = laboratory.from <= scenario.opens_at;
        let id = set_laboratory(administrator, laboratory, works).await?;
        let (name, post) = (laboratory.key.clone(), Some(("laboratory", id)));
        let staff = posted(api.clone(), administrator.clone(), name, Role::Laboratory, scenario.county, post).await?;
        let machines = Machines::new(laboratory.tubes_per_hour, laboratory.turnaround_minutes, laboratory.from);
        let (leg_minutes, from) = (laboratory.leg_minutes, laboratory.from);
        standing.push(Laboratory { id, staff, machines, leg_minutes, from });
    }
    Ok(standing)
}

/// Sets a laboratory up, or changes it: one that does not work yet has no capacity.
///
/// # Errors
/// What the system refused.
pub async fn set_laboratory(
    administrator: &Staff,
    laboratory: &crate::scenario::Laboratory,
    works: bool,
) -> Result<i64, CallError> {
    const SET: &str = "/api/screening/laboratories/set";
    let capacity = if works { laboratory.tubes_per_hour } else { 0 };
    let spec = json!({
        "key": laboratory.key, "name": laboratory.name, "area": laboratory.area, "tubes_per_hour": capacity,
        "turnaround_minutes": laboratory.turnaround_minutes, "leg_minutes": laboratory.leg_minutes,
    });
    let set: Value = administrator.post(SET, &json!({ "spec": spec })).await?;
    number(SET, &set, "/id")
}

async fn facilities(administrator: &Staff, scenario: &Scenario) -> Result<Vec<i64>, CallError> {
    const IMPORT: &str = "/api/isolation/import-facilities";
    let row = |facility: &Facility, kind: &str, ready: bool| {
        json!({
            "code": facility.key, "kind": kind, "name": facility.name.zh, "name_en": facility.name.en,
            "area": AreaId(facility.area.0).unknown_grid(), "place": null, "lon": facility.lon, "lat": facility.lat,
            "rooms": facility.beds, "beds_per_room": 1, "ready": ready,
        })
    };
    let sites = scenario.facilities.iter().map(|facility| row(facility, "quarantine_site", false));
    let hospitals = scenario.hospitals.iter().map(|facility| row(facility, "hospital", true));
    let rows: Vec<Value> = sites.chain(hospitals).collect();
    let imported: Value = administrator.post(IMPORT, &json!({ "facilities": rows })).await?;
    let ids: Vec<i64> = list(&imported, "/facilities").iter().filter_map(Value::as_i64).collect();
    Ok(ids.into_iter().take(scenario.facilities.len()).collect())
}

/// The key of the county unit with a number, from 1.
#[must_use]
pub fn unit_key(number: i64) -> String {
    format!("unit-{number:02}")
}

async fn register_units(office: &Office, scenario: &Scenario) -> Result<(), CallError> {
    let count = scenario.amount("county_units");
    let each = scenario.amount("county_staff").checked_div(count).unwrap_or(0);
    let units: Vec<Value> = (1..=count)
        .map(|number| {
            json!({
                "key": unit_key(number), "people": each + 20, "village": null,
                "name": { "zh": format!("县直单位{number}"), "en": format!("County unit {number}") },
            })
        })
        .collect();
    office.administrator.tell("/api/teams/register-units", &json!({ "units": units })).await
}
