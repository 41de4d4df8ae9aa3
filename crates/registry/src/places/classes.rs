//! Classes of places: their words, and their names that people read. The list is closed: orders and closures name
//! classes, and a class that nobody knows would be in none of them.

use outpace_core::Text;

/// Each class with its Chinese and English name.
pub(crate) const CLASSES: &[(&str, &str, &str)] = &[
    ("logistics_park", "快递物流园", "logistics parks"),
    ("distribution_centre", "分拨中心", "distribution centres"),
    ("courier_outlet", "邮政、快递网点", "post and parcel outlets"),
    ("restaurant", "餐馆(堂食)", "restaurants (eating in)"),
    ("market", "农贸市场", "markets"),
    ("supermarket", "超市", "supermarkets"),
    ("shop", "商店", "shops"),
    ("bus_station", "客运站", "bus stations"),
    ("school", "学校", "schools"),
    ("kindergarten", "幼儿园", "kindergartens"),
    ("factory", "工厂", "factories"),
    ("workplace", "工作单位", "workplaces"),
    ("office", "机关单位", "offices"),
    ("clinic", "诊所", "clinics"),
    ("hospital", "医院", "hospitals"),
    ("pharmacy", "药店", "pharmacies"),
    ("hotel", "宾馆", "hotels"),
    ("barber", "理发店", "barbers"),
    ("bank", "银行网点", "banks"),
    ("bathhouse", "洗浴场所", "bathhouses"),
    ("petrol_station", "加油站", "petrol stations"),
    ("care_home", "养老机构", "care homes"),
    ("health_centre", "卫生院", "health centres"),
    ("village_clinic", "卫生室", "village clinics"),
    ("government_unit", "县直单位", "county units"),
    ("township_office", "乡镇机关", "township offices"),
    ("village_office", "村委会", "village offices"),
    ("primary_school", "小学", "primary schools"),
    ("middle_school", "初中", "middle schools"),
    ("high_school", "高中", "high schools"),
    ("construction_site", "建筑工地", "construction sites"),
];

/// The name of a class of places; its own words where we know none.
#[must_use]
pub fn class_name(class: &str) -> Text {
    match CLASSES.iter().find(|(word, ..)| *word == class) {
        Some((_, zh, en)) => Text::new(*zh, *en),
        None => Text::new(class, class.replace('_', " ")),
    }
}

/// The class that a text names: by its word, or by its Chinese or English name.
pub(crate) fn class_of(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let named = |(word, zh, en): &&(&str, &str, &str)| {
        word.eq_ignore_ascii_case(text) || *zh == text || en.eq_ignore_ascii_case(text)
    };
    CLASSES.iter().find(named).map(|(word, ..)| *word)
}
