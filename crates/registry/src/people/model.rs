//! People and households as every capability sees them: without names.

use std::collections::BTreeSet;

use outpace_core::{AreaId, HouseholdId, PersonId, PlaceId, VehicleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroize;

crate::words! {
    /// Sex as registered.
    pub enum Sex {
        /// 男
        Male = "male",
        /// 女
        Female = "female",
    }
}

crate::words! {
    /// A need for care that must not be forgotten when an area is locked.
    pub enum CareTag {
        /// 65 or older and alone in the household (独居老人).
        LivingAloneOld = "living_alone_old",
        /// Younger than one year (婴儿).
        Infant = "infant",
        /// Pregnant (孕妇).
        Pregnant = "pregnant",
        /// In labour (临产).
        InLabour = "in_labour",
        /// On haemodialysis (血液透析).
        Dialysis = "dialysis",
        /// In a course of chemotherapy (放化疗).
        Chemotherapy = "chemotherapy",
        /// Shortly after an operation (术后).
        AfterSurgery = "after_surgery",
        /// Depends on medicine for a chronic illness (慢病用药).
        ChronicMedicine = "chronic_medicine",
        /// Disabled (残疾).
        Disabled = "disabled",
    }
}

impl CareTag {
    /// The tag's bit in the table.
    fn bit(self) -> i64 {
        1 << self as i64
    }

    /// A set of tags as one number, for the table.
    #[must_use]
    pub fn bits(tags: &BTreeSet<Self>) -> i64 {
        tags.iter().map(|tag| tag.bit()).sum()
    }

    /// The set behind the number. Bits that no tag has are passed over.
    #[must_use]
    pub fn of_bits(bits: i64) -> BTreeSet<Self> {
        if bits == 0 {
            return BTreeSet::new();
        }
        Self::ALL.iter().copied().filter(|tag| bits & tag.bit() != 0).collect()
    }
}

crate::words! {
    /// What kind of household.
    pub enum HouseholdKind {
        /// A family, or a person alone.
        Family = "family",
        /// A room of a dormitory.
        Dormitory = "dormitory",
    }
}

/// People who live together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Household {
    /// Its id.
    pub id: HouseholdId,
    /// The grid it stands in.
    pub area: AreaId,
    /// Family or dormitory room.
    pub kind: HouseholdKind,
    /// The household that lets the home to this one; `None` where it owns it or that is not known.
    pub landlord: Option<HouseholdId>,
}

/// Whom to ask about a household: who lets the home, who rents it. Sealed in the vault.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HouseholdContact {
    /// Name of the landlord.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landlord_name: Option<String>,
    /// Telephone number of the landlord.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landlord_phone: Option<String>,
    /// Name of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_name: Option<String>,
    /// Telephone number of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_phone: Option<String>,
    /// The address as people write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Drop for HouseholdContact {
    fn drop(&mut self) {
        let texts = [&mut self.landlord_name, &mut self.landlord_phone, &mut self.tenant_name, &mut self.tenant_phone];
        texts.into_iter().chain([&mut self.address]).for_each(Zeroize::zeroize);
    }
}

impl std::fmt::Debug for HouseholdContact {
    /// Says nothing of whom it names: an identity must not reach a log by way of a debug line.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("HouseholdContact { … }")
    }
}

/// One person, without name, number or address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// The person's id: opaque, dense from 1.
    pub id: PersonId,
    /// Where the person lives now.
    pub household: HouseholdId,
    /// The grid of that household.
    pub area: AreaId,
    /// Year of birth.
    pub birth_year: i64,
    /// Sex as registered.
    pub sex: Sex,
    /// Care needs.
    pub tags: BTreeSet<CareTag>,
    /// Where the person works.
    pub workplace: Option<PlaceId>,
    /// Where the person goes to school or kindergarten.
    pub school: Option<PlaceId>,
    /// The room of the workplace or school: a class, a team.
    pub room: Option<String>,
    /// The bus or shuttle usually taken.
    pub vehicle: Option<VehicleId>,
    /// Whether the person is in the jurisdiction.
    pub present: bool,
}

impl Person {
    /// Age in a year, as far as the year of birth tells: the age reached in it.
    #[must_use]
    pub fn age_in(&self, year: i64) -> i64 {
        (year - self.birth_year).max(0)
    }
}
