//! Reading households and people from an office's file. Pure.

use std::collections::BTreeSet;

use outpace_core::{Refusal, Text};
use outpace_files::{Column, Unreadable};

use super::households::ImportHousehold;
use super::identity::{birth_year, is_id_number, masked_number};
use super::import::ImportPerson;
use super::model::{CareTag, HouseholdContact, HouseholdKind, Sex};
use crate::rows::told_text;
use crate::tables::{Fields, FileRows, Parsed, parse_rows, read_rows};

/// Columns of a file of households.
pub const HOUSEHOLD_COLUMNS: &[Column] = &[
    Column::needed("reference", &["户编号", "户号", "编号", "家庭编号"]),
    Column::needed("area", &["区划代码", "区域代码", "村代码", "社区代码", "网格代码", "网格"]),
    Column::optional("kind", &["户类型", "类型"]),
    Column::optional("landlord", &["房东户编号"]),
    Column::optional("landlord_name", &["房东姓名", "房东"]),
    Column::optional("landlord_phone", &["房东电话", "房东手机"]),
    Column::optional("tenant_name", &["租户姓名", "租客姓名", "承租人"]),
    Column::optional("tenant_phone", &["租户电话", "租客电话"]),
    Column::optional("address", &["地址", "住址", "详细地址"]),
];

/// Columns of a file of people.
pub const PERSON_COLUMNS: &[Column] = &[
    Column::optional("reference", &["编号", "人员编号"]),
    Column::needed("household", &["户编号", "户号", "家庭编号"]),
    Column::needed("born", &["出生日期", "出生年月日", "生日", "date of birth", "birth date"]),
    Column::needed("sex", &["性别", "gender"]),
    Column::optional("tags", &["照护标签", "照护需求", "特殊人群"]),
    Column::optional("workplace", &["工作单位编号"]),
    Column::optional("school", &["学校编号"]),
    Column::optional("room", &["班级", "班组"]),
    Column::optional("vehicle", &["车辆编号"]),
    Column::optional("absent", &["外出", "是否外出", "不在本地"]),
    Column::optional("name", &["姓名", "名字"]),
    Column::optional(
        "id_number",
        &["证件号码", "证件号", "身份证号", "身份证号码", "身份证", "公民身份号码", "id card", "id no"],
    ),
    Column::optional("phone", &["手机", "手机号", "手机号码", "电话", "联系电话", "电话号码", "telephone", "mobile"]),
    Column::optional("address", &["地址", "住址", "现住址", "居住地址", "详细地址"]),
];

/// Reads a file of households, see [`HOUSEHOLD_COLUMNS`]. `area` is a code of the tree, `kind` family (where it is empty)
/// or dormitory, `landlord` a reference.
///
/// # Errors
/// What makes the whole file unreadable.
pub fn read_households(bytes: &[u8]) -> Result<FileRows<ImportHousehold>, Unreadable> {
    read_rows(bytes, HOUSEHOLD_COLUMNS, read_household)
}

/// Reads a text of households, as [`read_households`] reads a file.
#[must_use]
pub fn parse_households_csv(text: &str) -> Parsed<ImportHousehold> {
    parse_rows(text, HOUSEHOLD_COLUMNS, read_household)
}

fn household_kind(text: &str) -> Option<HouseholdKind> {
    match text {
        "家庭" | "家庭户" => Some(HouseholdKind::Family),
        "宿舍" | "集体户" | "集体宿舍" => Some(HouseholdKind::Dormitory),
        word => HouseholdKind::from_word(&word.to_ascii_lowercase()),
    }
}

fn read_household(fields: &Fields<'_>) -> Result<ImportHousehold, Text> {
    let contact = HouseholdContact {
        landlord_name: fields.text("landlord_name")?,
        landlord_phone: fields.text("landlord_phone")?,
        tenant_name: fields.text("tenant_name")?,
        tenant_phone: fields.text("tenant_phone")?,
        address: fields.text("address")?,
    };
    let kind = fields.word("kind", household_kind, "family 家庭, dormitory 宿舍")?;
    Ok(ImportHousehold {
        reference: Some(fields.need_read("reference")?),
        area: fields.area("area")?,
        kind: kind.unwrap_or(HouseholdKind::Family),
        landlord: fields.read("landlord")?,
        contact: (contact != HouseholdContact::default()).then_some(contact),
    })
}

/// Reads a file of people, see [`PERSON_COLUMNS`]. `household`, `workplace`, `school` and `vehicle` are references, `tags`
/// are separated by `;`.
///
/// # Errors
/// What makes the whole file unreadable.
pub fn read_people(bytes: &[u8]) -> Result<FileRows<ImportPerson>, Unreadable> {
    read_rows(bytes, PERSON_COLUMNS, read_person)
}

/// Reads a text of people, as [`read_people`] reads a file.
#[must_use]
pub fn parse_people_csv(text: &str) -> Parsed<ImportPerson> {
    parse_rows(text, PERSON_COLUMNS, read_person)
}

fn sex_of(text: &str) -> Option<Sex> {
    match text.to_ascii_lowercase().as_str() {
        "男" | "男性" | "m" | "male" => Some(Sex::Male),
        "女" | "女性" | "f" | "female" => Some(Sex::Female),
        _ => None,
    }
}

fn read_person(fields: &Fields<'_>) -> Result<ImportPerson, Text> {
    let born = fields.date("born")?;
    birth_year(&born).map_err(|error| told_text(&Refusal::from(error)))?;
    let id_number = fields.text("id_number")?;
    if let Some(number) = id_number.as_deref().filter(|number| !is_id_number(number)) {
        let masked = masked_number(number);
        return Err(Text::new(
            format!("证件号 {masked} 校验不符。"),
            format!("The ID number {masked} does not check."),
        ));
    }
    fields.need("sex")?;
    let sex = fields.word("sex", sex_of, "male 男, female 女")?;
    Ok(ImportPerson {
        reference: fields.read("reference")?,
        household: fields.need_read("household")?,
        born,
        sex: sex.ok_or_else(|| Text::new("缺少性别。", "The sex is missing."))?,
        tags: read_tags(fields)?,
        workplace: fields.read("workplace")?,
        school: fields.read("school")?,
        room: fields.text("room")?,
        vehicle: fields.read("vehicle")?,
        absent: fields.yes("absent")?.unwrap_or(false),
        name: fields.text("name")?,
        id_number,
        phone: fields.text("phone")?,
        address: fields.text("address")?,
    })
}

/// Care needs by their words and by their Chinese names.
fn tag_of(text: &str) -> Option<CareTag> {
    Some(match text {
        "独居老人" => CareTag::LivingAloneOld,
        "婴儿" => CareTag::Infant,
        "孕妇" => CareTag::Pregnant,
        "临产" => CareTag::InLabour,
        "透析" | "血液透析" => CareTag::Dialysis,
        "化疗" | "放化疗" => CareTag::Chemotherapy,
        "术后" => CareTag::AfterSurgery,
        "慢病用药" | "慢性病" => CareTag::ChronicMedicine,
        "残疾" | "残疾人" => CareTag::Disabled,
        word => return CareTag::from_word(&word.to_ascii_lowercase()),
    })
}

fn read_tags(fields: &Fields<'_>) -> Result<BTreeSet<CareTag>, Text> {
    let text = fields.text("tags")?.unwrap_or_default();
    let tags = text.split([';', ',', ';', ',', '、', '|']).map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(|tag| {
        tag_of(tag).ok_or_else(|| {
            let all = CareTag::all_words();
            Text::new(format!("标签“{tag}”不在可用值之内:{all}。"), format!("{tag:?} is no care tag; one of: {all}."))
        })
    })
    .collect()
}
