//! Brings the county into the registry, and keeps which id each made-up reference got.

use outpace_core::{AreaId, AreaLevel};
use serde::Serialize;
use serde_json::{Value, json};

use crate::client::{CallError, Staff, list};
use crate::population::{AreaRow, CareTag, HouseholdRef, PersonRef, PlaceRef, Population, RiverSide, Sex, VehicleRef};
use crate::scenario::Scenario;

/// Rows of one request: the registry takes at most 20,000.
const BATCH: usize = 20_000;
const SOURCE: &str = "drill population";

/// What the registry calls everybody and everything.
#[derive(Debug, Default)]
pub struct Register {
    people: Vec<i64>,
    households: Vec<i64>,
    places: Vec<i64>,
    vehicles: Vec<i64>,
    /// Person references by id, for what the system tells us about people.
    by_id: std::collections::BTreeMap<i64, PersonRef>,
}

impl Register {
    /// A person's id.
    #[must_use]
    pub fn person(&self, reference: PersonRef) -> i64 {
        self.people.get(reference.index()).copied().unwrap_or(0)
    }

    /// The person behind an id.
    #[must_use]
    pub fn person_ref(&self, id: i64) -> Option<PersonRef> {
        self.by_id.get(&id).copied()
    }

    /// A household's id.
    #[must_use]
    pub fn household(&self, reference: HouseholdRef) -> i64 {
        self.households.get(reference.index()).copied().unwrap_or(0)
    }

    /// A place's id.
    #[must_use]
    pub fn place(&self, reference: PlaceRef) -> i64 {
        self.places.get(reference.index()).copied().unwrap_or(0)
    }

    /// A vehicle's id.
    #[must_use]
    pub fn vehicle(&self, reference: VehicleRef) -> i64 {
        self.vehicles.get(reference.index()).copied().unwrap_or(0)
    }
}

/// A vehicle that staff use, beside those in which people ride.
#[derive(Debug, Clone, Serialize)]
pub struct NewVehicle {
    /// `bus`, `ambulance`, `truck` or `courier`.
    pub kind: &'static str,
    /// Its plate.
    pub plate: String,
    /// Chinese name.
    pub name: String,
    /// English name.
    pub name_en: String,
    /// Seats for passengers.
    pub seats: i64,
    /// Drivers.
    pub drivers: i64,
    /// Whether its windows stay shut.
    pub sealed: bool,
}

/// Brings areas in: the city's from the file, and the grids of the county.
///
/// # Errors
/// What the registry refused.
pub async fn import_areas(
    administrator: &Staff,
    scenario: &Scenario,
    rows: &[AreaRow],
    county: &Population,
) -> Result<(), CallError> {
    let of_file = rows.iter().filter(|row| row.code.level().is_some()).map(area);
    let grids = county.grids.iter().map(|grid| {
        json!({
            "id": grid.area, "parent": grid.parent, "level": AreaLevel::Grid, "name": grid.name_zh,
            "name_en": grid.name_en, "lon": grid.lon, "lat": grid.lat, "seat_approximate": true,
            "residents": grid.people,
        })
    });
    let areas: Vec<Value> = of_file.chain(grids).collect();
    administrator.tell("/api/registry/import-areas", &json!({ "source": scenario.files.areas, "areas": areas })).await
}

fn area(row: &AreaRow) -> Value {
    let community = row.name.contains("社区");
    let kind = (row.level == AreaLevel::Village).then_some(if community { "community" } else { "village" });
    let side = row.river_side.map(|side| match side {
        RiverSide::East => "east",
        RiverSide::West => "west",
    });
    let approximate = row.seat_source == Some(crate::population::SeatSource::Approximate);
    let english = row.english();
    json!({
        "id": row.code, "parent": row.parent, "level": row.level, "name": row.name, "name_en": english,
        "lon": row.lon, "lat": row.lat, "seat_approximate": approximate, "river_side": side, "kind": kind,
        "residents": row.population,
    })
}

/// Brings boundaries in over the areas, and the river where the registry takes it.
///
/// # Errors
/// What the registry refused.
pub async fn import_boundaries(administrator: &Staff, scenario: &Scenario, geojson: &str) -> Result<(), CallError> {
    let collection: Value = serde_json::from_str(geojson).unwrap_or_default();
    let boundaries: Vec<Value> = list(&collection, "/features").iter().filter_map(boundary).collect();
    let body = json!({ "source": scenario.files.boundaries, "boundaries": boundaries });
    administrator.tell("/api/registry/import-boundaries", &body).await
}

fn boundary(feature: &Value) -> Option<Value> {
    let code = feature.pointer("/properties/code")?;
    let code = code.as_i64().or_else(|| code.as_str()?.parse().ok())?;
    Some(json!({ "area": AreaId(code), "geometry": feature.get("geometry")?.to_string() }))
}

/// Brings households, places, vehicles and people in; answers what each is called.
///
/// # Errors
/// What the registry refused.
pub async fn import_people(administrator: &Staff, county: &Population) -> Result<Register, CallError> {
    let places: Vec<Value> = county
        .places
        .iter()
        .map(|place| {
            json!({
                "reference": place.place_ref, "class": place.class, "name": place.name_zh, "name_en": place.name_en,
                "area": place.area, "lon": place.lon, "lat": place.lat, "part_of": place.part_of, "staff": place.staff,
            })
        })
        .collect();
    let vehicles: Vec<Value> = county
        .vehicles
        .iter()
        .map(|vehicle| {
            json!({
                "reference": vehicle.vehicle_ref, "kind": "line_bus", "plate": vehicle.plate, "name": vehicle.name_zh,
                "name_en": vehicle.name_en, "seats": vehicle.seats, "drivers": 1, "sealed": true,
            })
        })
        .collect();
    let mut register = Register {
        households: import_households(administrator, county).await?,
        places: import(administrator, "places", places.into_iter()).await?,
        vehicles: import(administrator, "vehicles", vehicles.into_iter()).await?,
        ..Register::default()
    };
    register.people = import(administrator, "people", county.person_rows().map(Person::of)).await?;
    register.by_id = register.people.iter().enumerate().map(|(index, id)| (*id, PersonRef::at(index))).collect();
    Ok(register)
}

/// Brings the vehicles in that staff use; answers their ids in order.
///
/// # Errors
/// What the registry refused.
pub async fn import_vehicles(administrator: &Staff, vehicles: Vec<NewVehicle>) -> Result<Vec<i64>, CallError> {
    let body = json!({ "source": "drill fleet", "vehicles": vehicles });
    let answer: Value = administrator.post("/api/registry/import-vehicles", &body).await?;
    Ok(ids(&answer))
}

/// Households, cut where a grid ends: who lets a home lives in the same grid, and must not come in a later batch.
async fn import_households(administrator: &Staff, county: &Population) -> Result<Vec<i64>, CallError> {
    let rows: Vec<(AreaId, Value)> = county
        .household_rows()
        .map(|row| {
            let landlord = row.landlord_ref;
            (
                row.area,
                json!({ "reference": row.household_ref, "area": row.area, "kind": row.kind, "landlord": landlord }),
            )
        })
        .collect();
    let mut ids = Vec::with_capacity(rows.len());
    let mut batch: Vec<Value> = Vec::new();
    for grid in rows.chunk_by(|one, other| one.0 == other.0) {
        if batch.len() + grid.len() > BATCH {
            ids.extend(import(administrator, "households", std::mem::take(&mut batch).into_iter()).await?);
        }
        batch.extend(grid.iter().map(|(_, row)| row.clone()));
    }
    ids.extend(import(administrator, "households", batch.into_iter()).await?);
    Ok(ids)
}

async fn import<Row: Serialize>(
    administrator: &Staff,
    noun: &str,
    rows: impl Iterator<Item = Row>,
) -> Result<Vec<i64>, CallError> {
    let path = format!("/api/registry/import-{noun}");
    let mut all = Vec::new();
    for batch in crate::population::batches(rows, BATCH) {
        let count = batch.len();
        let body = json_of(noun, &batch);
        let answer: Value = administrator.post(&path, &body).await?;
        let ids = ids(&answer);
        if ids.len() != count {
            return Err(CallError::Lacks { path, field: "ids".to_owned() });
        }
        all.extend(ids);
    }
    Ok(all)
}

fn json_of<'a, Row: Serialize>(noun: &str, batch: &'a [Row]) -> Batch<'a, Row> {
    let (households, places, vehicles, people) = match noun {
        "households" => (Some(batch), None, None, None),
        "places" => (None, Some(batch), None, None),
        "vehicles" => (None, None, Some(batch), None),
        _ => (None, None, None, Some(batch)),
    };
    Batch { source: SOURCE, by_reference: people.is_some().then_some(true), households, places, vehicles, people }
}

/// One request, written straight from the rows: a county in `Value`s would be held twice.
#[derive(Serialize)]
struct Batch<'a, Row> {
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_reference: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    households: Option<&'a [Row]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    places: Option<&'a [Row]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicles: Option<&'a [Row]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<&'a [Row]>,
}

fn ids(answer: &Value) -> Vec<i64> {
    list(answer, "/ids").iter().filter_map(Value::as_i64).collect()
}

/// A person as the registry takes them in.
#[derive(Serialize)]
struct Person {
    reference: PersonRef,
    household: HouseholdRef,
    born: String,
    sex: Sex,
    tags: Vec<CareTag>,
    workplace: Option<PlaceRef>,
    school: Option<PlaceRef>,
    room: Option<String>,
    vehicle: Option<VehicleRef>,
    absent: bool,
    name: String,
    id_number: String,
    phone: Option<String>,
    address: String,
}

impl Person {
    fn of(row: crate::population::PersonRow) -> Self {
        let identity = row.identity;
        Self {
            reference: row.person_ref,
            household: row.household_ref,
            born: row.birth_date,
            sex: row.sex,
            tags: row.tags,
            workplace: row.workplace_ref,
            school: row.school_ref,
            room: row.room_ref.map(|room| format!("room-{}", room.0)),
            vehicle: row.vehicle_ref,
            absent: !row.present,
            name: identity.name,
            id_number: identity.id_number,
            phone: identity.phone,
            address: identity.address,
        }
    }
}
