//! The area tree as arithmetic. GB/T 2260 codes are prefixes of each other: province 2 digits, city 4, county 6,
//! township 9, village or community 12; we add the grid with 15. So "is inside" is a division, and "everything
//! inside" is a range of numbers, with no tree to walk and no recursive query.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

use crate::value::{FromValue, Value, ValueError};

/// A node of the area tree: its code as a number, 2 to 15 digits. People and places always stand at a grid
/// (15 digits; grid 000 of a village where the grid is not known).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct AreaId(pub i64);

/// Which step of the tree a code stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AreaLevel {
    /// Province, 2 digits.
    Province,
    /// City (prefecture), 4 digits.
    City,
    /// County or district, 6 digits.
    County,
    /// Subdistrict, town or township, 9 digits.
    Township,
    /// Village or community, 12 digits.
    Village,
    /// Grid, 15 digits.
    Grid,
}

impl AreaLevel {
    /// Digits of a code on this level.
    #[must_use]
    pub fn digits(self) -> u32 {
        match self {
            Self::Province => 2,
            Self::City => 4,
            Self::County => 6,
            Self::Township => 9,
            Self::Village => 12,
            Self::Grid => 15,
        }
    }

    const ALL: [Self; 6] = [Self::Province, Self::City, Self::County, Self::Township, Self::Village, Self::Grid];
}

impl AreaId {
    /// The level, or `None` for a number that is no area code.
    #[must_use]
    pub fn level(self) -> Option<AreaLevel> {
        if self.0 <= 0 {
            return None;
        }
        let digits = self.0.ilog10() + 1;
        AreaLevel::ALL.into_iter().find(|level| level.digits() == digits)
    }

    /// The area of the given level that this one lies in (itself on its own level); `None` below it.
    #[must_use]
    pub fn at(self, level: AreaLevel) -> Option<Self> {
        let own = self.level()?.digits();
        own.checked_sub(level.digits()).map(|drop| Self(self.0 / 10_i64.pow(drop)))
    }

    /// The next area up; `None` for a province.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let level = self.level()?;
        AreaLevel::ALL.into_iter().rev().find(|upper| *upper < level).and_then(|upper| self.at(upper))
    }

    /// Whether `inner` is this area or lies inside it.
    #[must_use]
    pub fn contains(self, inner: Self) -> bool {
        match (self.level(), inner.level()) {
            (Some(level), Some(_)) => inner.at(level) == Some(self),
            _ => false,
        }
    }

    /// The first and last grid code inside, both included: `WHERE area BETWEEN $1 AND $2`.
    /// An invalid code gives an empty range.
    #[must_use]
    pub fn grids(self) -> (Self, Self) {
        match self.level() {
            Some(level) => {
                let scale = 10_i64.pow(AreaLevel::Grid.digits() - level.digits());
                (Self(self.0 * scale), Self(self.0 * scale + (scale - 1)))
            }
            None => (Self(1), Self(0)),
        }
    }

    /// Grid 000 of this area: where people stand whose grid is not known. Grids stay as they are.
    #[must_use]
    pub fn unknown_grid(self) -> Self {
        self.grids().0
    }
}

impl fmt::Display for AreaId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

impl From<AreaId> for Value<'_> {
    fn from(area: AreaId) -> Self {
        Value::Int(area.0)
    }
}

impl FromValue for AreaId {
    fn from_value(value: Value<'_>) -> Result<Self, ValueError> {
        i64::from_value(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_village_lies_in_its_county_and_no_other() {
        let village = AreaId(140_121_203_206);
        assert_eq!(village.level(), Some(AreaLevel::Village));
        assert_eq!(village.at(AreaLevel::County), Some(AreaId(140_121)));
        assert_eq!(village.parent(), Some(AreaId(140_121_203)));
        assert!(AreaId(1401).contains(village) && !AreaId(140_105).contains(village));
        assert_eq!(village.grids(), (AreaId(140_121_203_206_000), AreaId(140_121_203_206_999)));
    }

    proptest! {
        #[test]
        fn containing_and_the_grid_range_say_the_same(grid in 100_000_000_000_000_i64..1_000_000_000_000_000, other in 10_i64..1_000_000) {
            let (grid, other) = (AreaId(grid), AreaId(other));
            let (first, last) = other.grids();
            prop_assert_eq!(other.contains(grid), other.level().is_some() && first <= grid && grid <= last);
        }
    }
}
