//! Where people meet, and the vehicles that carry them.

mod classes;
mod facts;
mod http;
mod import;
mod model;
mod parse;
mod store;

pub use classes::class_name;
pub use facts::{ImportedPlace, ImportedVehicle, PlacesImported, VehiclesImported};
pub use http::{
    PlaceQuery, PlacesAnswer, PlacesQuery, VehiclesAnswer, VehiclesQuery, one_place, places, routes, vehicles,
};
pub use import::{ImportPlaces, ImportVehicles, import_places, import_vehicles};
pub use model::{Place, Vehicle, VehicleKind};
pub use parse::{parse_places_csv, parse_vehicles_csv};
pub use store::{place, places_in, places_of_class, vehicle, vehicles_of_kind};

pub(crate) use store::{SCHEMA, fold};
