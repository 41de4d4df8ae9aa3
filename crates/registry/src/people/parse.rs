//! Reading households and people from CSV. Pure.

use std::collections::BTreeSet;

use outpace_core::{AreaId, Refusal, Text};

use super::identity::{birth_year, is_id_number, masked_number};
use super::import::{ImportHousehold, ImportPerson};
use super::model::{CareTag, HouseholdContact, HouseholdKind, Sex};
use crate::tables::{Fields, Parsed, read_csv};

/// Reads households: columns `reference`, `area`, and as far as they are known `kind` (family, dormitory; family when
/// empty), `landlord` (a reference), `landlord_name`, `landlord_phone`, `tenant_name`, `tenant_phone`, `address`.
#[must_use]
pub fn parse_households_csv(text: &str) -> Parsed<ImportHousehold> {
    read_csv(text, |fields| {
        let text = |column| fields.text(column).map(str::to_owned);
        let contact = HouseholdContact {
            landlord_name: text("landlord_name"),
            landlord_phone: text("landlord_phone"),
            tenant_name: text("tenant_name"),
            tenant_phone: text("tenant_phone"),
            address: text("address"),
        };
        let kind = fields.word("kind", HouseholdKind::from_word, &HouseholdKind::all_words())?;
        Ok(ImportHousehold {
            reference: fields.read("reference")?,
            area: AreaId(fields.need_read("area")?),
            kind: kind.unwrap_or(HouseholdKind::Family),
            landlord: fields.read("landlord")?,
            contact: (contact != HouseholdContact::default()).then_some(contact),
        })
    })
}

/// Reads people: columns `household` (a reference), `born`, `sex`, and as far as they are known `reference`, `tags`
/// (separated by `;`), `workplace`, `school`, `vehicle` (references), `room`, `absent`, `name`, `id_number`, `phone`,
/// `address`.
#[must_use]
pub fn parse_people_csv(text: &str) -> Parsed<ImportPerson> {
    read_csv(text, read_person)
}

fn read_person(fields: &Fields<'_>) -> Result<ImportPerson, Text> {
    let text = |column| fields.text(column).map(str::to_owned);
    let born = fields.need("born")?.to_owned();
    birth_year(&born).map_err(|error| Refusal::from(error).text)?;
    let id_number = text("id_number");
    if let Some(number) = id_number.as_deref().filter(|number| !is_id_number(number)) {
        let masked = masked_number(number);
        return Err(Text::new(
            format!("证件号 {masked} 校验不符。"),
            format!("The ID number {masked} does not check."),
        ));
    }
    fields.need("sex")?;
    let sex = fields.word("sex", Sex::from_word, &Sex::all_words())?;
    Ok(ImportPerson {
        reference: fields.read("reference")?,
        household: fields.need_read("household")?,
        born,
        sex: sex.ok_or_else(|| Text::new("缺少性别。", "The sex is missing."))?,
        tags: read_tags(fields)?,
        workplace: fields.read("workplace")?,
        school: fields.read("school")?,
        room: text("room"),
        vehicle: fields.read("vehicle")?,
        absent: fields.yes("absent")?.unwrap_or(false),
        name: text("name"),
        id_number,
        phone: text("phone"),
        address: text("address"),
    })
}

fn read_tags(fields: &Fields<'_>) -> Result<BTreeSet<CareTag>, Text> {
    let tags = fields.text("tags").unwrap_or_default().split([';', ',']).map(str::trim).filter(|tag| !tag.is_empty());
    tags.map(|tag| {
        CareTag::from_word(tag).ok_or_else(|| {
            let all = CareTag::all_words();
            Text::new(format!("标签“{tag}”不在可用值之内:{all}。"), format!("{tag:?} is no care tag; one of: {all}."))
        })
    })
    .collect()
}
