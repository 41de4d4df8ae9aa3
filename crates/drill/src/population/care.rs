//! Who needs more care: the tags of people who must not be forgotten when an area is locked. Living alone and old
//! and infant follow from age and household; the other rates are planning assumptions of the right size, not census
//! facts, and stand beside their reason.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::model::Sex;

/// A need for care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CareTag {
    /// 65 or older and alone in the household.
    LivingAloneOld,
    /// Younger than one year.
    Infant,
    /// Pregnant.
    Pregnant,
    /// On haemodialysis, about three times a week.
    Dialysis,
    /// In a course of chemotherapy.
    Chemotherapy,
    /// Within two weeks after an operation.
    AfterSurgery,
    /// Depends on medicine for a chronic illness.
    ChronicMedicine,
}

impl CareTag {
    /// All tags, in a fixed order.
    pub const ALL: [Self; 7] = [
        Self::LivingAloneOld,
        Self::Infant,
        Self::Pregnant,
        Self::Dialysis,
        Self::Chemotherapy,
        Self::AfterSurgery,
        Self::ChronicMedicine,
    ];
}

/// The tags of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CareTags(u8);

impl CareTags {
    /// Whether the person has this need.
    #[must_use]
    pub fn has(self, tag: CareTag) -> bool {
        self.0 & (1 << tag as u8) != 0
    }

    /// The needs, in a fixed order.
    pub fn iter(self) -> impl Iterator<Item = CareTag> {
        CareTag::ALL.into_iter().filter(move |tag| self.has(*tag))
    }

    fn add(&mut self, tag: CareTag) {
        self.0 |= 1 << tag as u8;
    }
}

/// From this age someone living alone is counted as old.
pub const OLD_AGE_YEARS: u8 = 65;
/// Births of Shanxi in 2021, about 7 in 1,000 people, times nine months, over the share of women of 20 to 39
/// (about 13 %): 4 % of them are pregnant.
pub const PREGNANT_SHARE: f64 = 0.04;
/// Haemodialysis in China about 2020: some 500 in a million, among adults more.
pub const DIALYSIS_SHARE: f64 = 0.000_65;
/// New cancers of China, about 3 in 1,000 a year, a quarter of them in chemotherapy at any time; most are over 40.
pub const CHEMOTHERAPY_SHARE_FROM_40: f64 = 0.001_2;
/// Operations of China, about 5 in 100 people a year, times two weeks.
pub const AFTER_SURGERY_SHARE: f64 = 0.001_9;
/// Adults on daily medicine for blood pressure, sugar, heart or lungs, by age: up to this age, share.
pub const CHRONIC_MEDICINE_SHARES: [(u8, f64); 4] = [(17, 0.004), (44, 0.05), (59, 0.24), (u8::MAX, 0.52)];

/// What the tags of a person depend on.
pub(super) struct Circumstances {
    pub(super) age: u8,
    pub(super) sex: Sex,
    pub(super) alone: bool,
    pub(super) lodger: bool,
}

/// Draws the tags of one person. Every call uses the same number of draws, so that one person's tags do not move
/// another's. Lodgers of the park work every day: they get none that would keep them from it.
pub(super) fn draw(random: &mut ChaCha8Rng, of: &Circumstances) -> CareTags {
    let chances: [f64; 5] = [random.random(), random.random(), random.random(), random.random(), random.random()];
    let mut tags = CareTags::default();
    if of.age == 0 {
        tags.add(CareTag::Infant);
    }
    if of.alone && of.age >= OLD_AGE_YEARS {
        tags.add(CareTag::LivingAloneOld);
    }
    let adult = of.age >= 18 && !of.lodger;
    let of_childbearing_age = of.sex == Sex::Female && (20..40).contains(&of.age);
    if adult && of_childbearing_age && chances[0] < PREGNANT_SHARE {
        tags.add(CareTag::Pregnant);
    }
    if adult && chances[1] < DIALYSIS_SHARE {
        tags.add(CareTag::Dialysis);
    }
    if adult && of.age >= 40 && chances[2] < CHEMOTHERAPY_SHARE_FROM_40 {
        tags.add(CareTag::Chemotherapy);
    }
    if !of.lodger && chances[3] < AFTER_SURGERY_SHARE {
        tags.add(CareTag::AfterSurgery);
    }
    let chronic = CHRONIC_MEDICINE_SHARES.iter().find(|(to, _)| of.age <= *to).map_or(0.0, |(_, share)| *share);
    if chances[4] < chronic {
        tags.add(CareTag::ChronicMedicine);
    }
    tags
}
