//! Divides each village into grids of some hundreds of households, the area of one grid worker, and numbers the homes.

use outpace_core::AreaId;

use super::model::{Grid, Household, HouseholdKind, Village};

/// Households that a grid aims at; a village is cut into equal grids as near to this as can be.
pub const GRID_HOUSEHOLDS: usize = 350;
/// The number of the park's own grid in its village, apart from those of the villagers.
pub const PARK_GRID_NUMBER: i64 = 901;
/// Degrees between one grid and the next on the spiral around the village's seat; about 150 metres at the first.
const SPIRAL_DEGREES: f64 = 0.001_4;
/// The golden angle, which spreads points of a spiral evenly, in radians.
const GOLDEN_ANGLE: f64 = 2.399_963;
/// Where the park stands from its village's seat, in degrees (about 700 metres north-east). An assumption.
const PARK_OFFSET_DEGREES: (f64, f64) = (0.006, 0.004);

/// Gives each household its grid and number and lists the grids by code. Households stand village by village, in each
/// village families first and dormitory rooms last.
pub(super) fn divide(villages: &[Village], households: &mut [Household]) -> Vec<Grid> {
    let mut grids = Vec::new();
    for village in households.chunk_by_mut(|a, b| a.village == b.village) {
        let Some(first) = village.first() else { continue };
        let of = &villages[usize::from(first.village)];
        let families = village.iter().filter(|household| household.kind == HouseholdKind::Family).count();
        let (families, rooms) = village.split_at_mut(families);
        let count = ((families.len() + GRID_HOUSEHOLDS / 2) / GRID_HOUSEHOLDS).max(1);
        let mut rest = families;
        for number in 1..=count {
            let share = rest.len() / (count - number + 1);
            let (here, later) = rest.split_at_mut(share);
            rest = later;
            let step = f64::from(u32::try_from(number).unwrap_or(u32::MAX)) - 1.0;
            let (sine, cosine) = (step * GOLDEN_ANGLE).sin_cos();
            let away = SPIRAL_DEGREES * step.sqrt();
            grids.push(settle(of, i64::try_from(number).unwrap_or(0), (away * cosine, away * sine), here));
        }
        if !rooms.is_empty() {
            grids.push(settle(of, PARK_GRID_NUMBER, PARK_OFFSET_DEGREES, rooms));
        }
    }
    grids
}

fn settle(village: &Village, number: i64, offset: (f64, f64), households: &mut [Household]) -> Grid {
    let area = AreaId(village.area.0 * 1000 + number);
    let mut people = 0;
    for (household, door) in households.iter_mut().zip(1_u16..) {
        household.grid = area;
        household.number = door;
        people += u32::from(household.size);
    }
    let (name, english) = (village.plain_name(), &village.english);
    let (name_zh, name_en) = if number == PARK_GRID_NUMBER {
        (format!("{name}物流园网格"), format!("{english} park grid"))
    } else {
        (format!("{name}第{number}网格"), format!("{english} grid {number}"))
    };
    Grid {
        area,
        parent: village.area,
        name_zh,
        name_en,
        lon: degrees(village.lon + offset.0),
        lat: degrees(village.lat + offset.1),
        households: u32::try_from(households.len()).unwrap_or(u32::MAX),
        people,
    }
}

/// Coordinates to five decimals, about a metre: more would only pretend.
pub(super) fn degrees(value: f64) -> f64 {
    (value * 100_000.0).round() / 100_000.0
}
