//! What a locked area or place needs to live and to be tested, so that it is on its way before the doors close.

use outpace_core::Text;
use outpace_policy::Sourced;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::lines::Line;
use crate::decide::Rules;
use crate::items::What;

/// Something that a locked place needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Supply {
    /// What, as a key: `household_pack`, `antigen_kit`, `tube`.
    pub item: String,
    /// What, in words.
    pub name: Text,
    /// How many a day; 0 where it is not needed every day.
    pub per_day: i64,
    /// How many in all, as long as the zone lasts at least.
    pub quantity: i64,
    /// The clause that the number comes from.
    pub clause: String,
}

/// What the zone of a line needs, by the line's own price; nothing where nobody is locked in.
pub(super) fn of_line(line: &Line, rules: &Rules<'_>) -> Vec<Supply> {
    let row = line.items.iter().find_map(|item| match &item.what {
        What::Zone { level, .. } => rules.pack.zone(*level).filter(|row| row.locked.value),
        _ => None,
    });
    let Some(row) = row else { return Vec::new() };
    let packs = &rules.pack.home_care.packs_per_household_day;
    let daily = line.households * i64::from(packs.value);
    let (kits, tubes) = (&rules.pack.antigen.kits_per_person, &row.test_days);
    let price = &line.price;
    let all = [
        supply("household_pack", ("生活物资包", "household packs"), daily, price.household_packs, packs),
        supply("antigen_kit", ("抗原试剂", "antigen kits"), 0, price.kits, kits),
        supply("tube", ("采样管", "sampling tubes"), 0, price.tubes, tubes),
    ];
    all.into_iter().filter(|supply| supply.quantity > 0).collect()
}

fn supply<T>(item: &str, (zh, en): (&str, &str), per_day: i64, quantity: i64, source: &Sourced<T>) -> Supply {
    let name = Text::new(zh, en);
    Supply { item: item.to_owned(), name, per_day, quantity, clause: source.cite().to_string() }
}
