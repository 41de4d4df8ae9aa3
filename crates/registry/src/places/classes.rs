//! Names of the classes of places that people read.

use outpace_core::Text;

/// The name of a class of places; its own words where we know none.
#[must_use]
pub fn class_name(class: &str) -> Text {
    let (zh, en) = match class {
        "logistics_park" => ("快递物流园", "logistics parks"),
        "distribution_centre" => ("分拨中心", "distribution centres"),
        "courier_outlet" => ("邮政、快递网点", "post and parcel outlets"),
        "restaurant" => ("餐馆(堂食)", "restaurants (eating in)"),
        "market" => ("农贸市场", "markets"),
        "supermarket" => ("超市", "supermarkets"),
        "shop" => ("商店", "shops"),
        "bus_station" => ("客运站", "bus stations"),
        "school" => ("学校", "schools"),
        "kindergarten" => ("幼儿园", "kindergartens"),
        "factory" => ("工厂", "factories"),
        "workplace" => ("工作单位", "workplaces"),
        "office" => ("机关单位", "offices"),
        "clinic" => ("诊所", "clinics"),
        "hospital" => ("医院", "hospitals"),
        "pharmacy" => ("药店", "pharmacies"),
        "hotel" => ("宾馆", "hotels"),
        "barber" => ("理发店", "barbers"),
        "bank" => ("银行网点", "banks"),
        "bathhouse" => ("洗浴场所", "bathhouses"),
        "petrol_station" => ("加油站", "petrol stations"),
        "care_home" => ("养老机构", "care homes"),
        "health_centre" => ("卫生院", "health centres"),
        other => return Text::new(other, other.replace('_', " ")),
    };
    Text::new(zh, en)
}
