//! Routes of places and vehicles.

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, Permission, PlaceId, Refusal};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::import::{import_places, import_vehicles};
use super::model::{Place, Vehicle, VehicleKind};
use super::store;
use crate::{RegistryError, page_limit};

/// The routes of places and vehicles.
#[must_use]
pub fn routes() -> Routes {
    Routes::new()
        .command("/api/registry/import-places", Permission::RegistryImport.whole(), "Bring in places", import_places)
        .command(
            "/api/registry/import-vehicles",
            Permission::RegistryImport.whole(),
            "Bring in vehicles",
            import_vehicles,
        )
        .query("/api/registry/place", Permission::RegistryRead.by_area(), "One place", one_place)
        .query(
            "/api/registry/places",
            Permission::RegistryRead.by_area(),
            "Places of an area, or of a class in it",
            places,
        )
        .query("/api/registry/vehicles", Permission::RegistryRead.open(), "Vehicles, or those of a kind", vehicles)
}

/// Which place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlaceQuery {
    /// The place.
    pub place: PlaceId,
}

/// One place.
///
/// # Errors
/// An unknown place, one outside the actor's area.
pub fn one_place(tx: &mut Tx<'_>, call: &Call, query: PlaceQuery) -> Result<Place, Refusal> {
    let unknown = RegistryError::Unknown { field: "place", id: query.place.0 };
    Ok(store::place(tx, query.place)?.filter(|place| call.sees(place.area)).ok_or(unknown)?)
}

/// Which places.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PlacesQuery {
    /// The area; the actor's own when absent.
    pub area: Option<AreaId>,
    /// Only this class.
    pub class: Option<String>,
    /// The last place of the page before.
    pub after: Option<PlaceId>,
    /// At most 1,000.
    pub limit: Option<i64>,
}

/// Places, by grid and id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlacesAnswer {
    /// The places.
    pub places: Vec<Place>,
}

/// Places of an area, or of a class in it.
///
/// # Errors
/// An area outside the actor's.
pub fn places(tx: &mut Tx<'_>, call: &Call, query: PlacesQuery) -> Result<PlacesAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let limit = usize::try_from(page_limit(query.limit)).unwrap_or(1);
    let all = match &query.class {
        Some(class) => store::places_of_class(tx, class, area)?,
        None => store::places_in(tx, area)?,
    };
    let after = match query.after {
        Some(after) => store::place(tx, after)?.map(|place| (place.area, place.id)),
        None => None,
    };
    let page = all.into_iter().filter(|place| after.is_none_or(|after| (place.area, place.id) > after));
    Ok(PlacesAnswer { places: page.take(limit).collect() })
}

/// Which vehicles.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VehiclesQuery {
    /// Only this kind.
    pub kind: Option<VehicleKind>,
}

/// Vehicles, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VehiclesAnswer {
    /// The vehicles.
    pub vehicles: Vec<Vehicle>,
}

/// Vehicles, or those of a kind.
///
/// # Errors
/// What the store refused.
pub fn vehicles(tx: &mut Tx<'_>, _: &Call, query: VehiclesQuery) -> Result<VehiclesAnswer, Refusal> {
    Ok(VehiclesAnswer { vehicles: store::vehicles_of_kind(tx, query.kind)? })
}
