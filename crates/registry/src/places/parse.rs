//! Reading places and vehicles from CSV. Pure.

use outpace_core::{AreaId, Text};

use super::facts::{ImportedPlace, ImportedVehicle};
use super::model::VehicleKind;
use crate::tables::{Parsed, read_csv};

/// Reads places: columns `class`, `name`, `area`, and as far as they are known `reference`, `name_en`, `lon`, `lat`,
/// `part_of` (a reference), `staff`.
#[must_use]
pub fn parse_places_csv(text: &str) -> Parsed<ImportedPlace> {
    read_csv(text, |fields| {
        Ok(ImportedPlace {
            reference: fields.read("reference")?,
            class: fields.need("class")?.to_owned(),
            name: fields.need("name")?.to_owned(),
            name_en: fields.text("name_en").unwrap_or_default().to_owned(),
            area: AreaId(fields.need_read("area")?),
            lon: fields.degrees("lon")?,
            lat: fields.degrees("lat")?,
            part_of: fields.read("part_of")?,
            staff: fields.read("staff")?.unwrap_or(0),
        })
    })
}

/// Reads vehicles: columns `kind`, `plate`, and as far as they are known `reference`, `name`, `name_en`, `seats`,
/// `drivers`, `sealed`.
#[must_use]
pub fn parse_vehicles_csv(text: &str) -> Parsed<ImportedVehicle> {
    read_csv(text, |fields| {
        fields.need("kind")?;
        let kind = fields.word("kind", VehicleKind::from_word, &VehicleKind::all_words())?;
        Ok(ImportedVehicle {
            reference: fields.read("reference")?,
            kind: kind.ok_or_else(|| Text::new("缺少车辆类别。", "The kind is missing."))?,
            plate: fields.need("plate")?.to_owned(),
            name: fields.text("name").unwrap_or_default().to_owned(),
            name_en: fields.text("name_en").unwrap_or_default().to_owned(),
            seats: fields.read("seats")?.unwrap_or(0),
            drivers: fields.read("drivers")?.unwrap_or(0),
            sealed: fields.yes("sealed")?.unwrap_or(false),
        })
    })
}
