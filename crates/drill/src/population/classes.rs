//! The classes of place that the population fills. Taiyuan issues place codes for 39 classes; these are the ones
//! that a county's daily life needs, under names of our own.

use serde::{Deserialize, Serialize};

macro_rules! classes {
    ($($name:ident $zh:literal $en:literal,)*) => {
        /// A class of place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum PlaceClass { $(#[doc = $zh] $name,)* }

        impl PlaceClass {
            /// Its Chinese name.
            #[must_use]
            pub fn zh(self) -> &'static str { match self { $(Self::$name => $zh,)* } }

            /// Its English name, capitalised.
            #[must_use]
            pub fn en(self) -> &'static str { match self { $(Self::$name => $en,)* } }
        }
    };
}

classes! {
    LogisticsPark "快递物流园" "Parcel logistics park",
    DistributionCentre "分拨中心" "Distribution centre",
    CourierOutlet "快递网点" "Courier outlet",
    GovernmentUnit "县直单位" "County unit",
    TownshipOffice "乡镇机关" "Township office",
    VillageOffice "村委会" "Village office",
    Kindergarten "幼儿园" "Kindergarten",
    PrimarySchool "小学" "Primary school",
    MiddleSchool "初中" "Middle school",
    HighSchool "高中" "High school",
    Hospital "县级医院" "County hospital",
    HealthCentre "卫生院" "Health centre",
    VillageClinic "卫生室" "Village clinic",
    Pharmacy "药店" "Pharmacy",
    CareHome "养老院" "Care home",
    Shop "便利店" "Shop",
    Supermarket "超市" "Supermarket",
    Market "农贸市场" "Market",
    Restaurant "餐馆" "Restaurant",
    Barber "理发店" "Barber",
    Bathhouse "浴室" "Bathhouse",
    Bank "银行网点" "Bank branch",
    Hotel "宾馆" "Hotel",
    PetrolStation "加油站" "Petrol station",
    BusStation "客运站" "Bus station",
    Factory "工厂" "Factory",
    ConstructionSite "建筑工地" "Construction site",
}
