//! Whom a lane meant when it could not ask us: matched by what the vault can look up, registered where nobody matches.
//!
//! No human sees anything here: what a lane told goes from its sealed box into the vault, and only the id comes out.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::{AreaId, HouseholdId, PersonId, Refusal, Trigger, trigger};
use outpace_store::{StoreError, Unit, vault};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::facts::{HouseholdsImported, ImportedHousehold, ImportedPerson, PeopleImported};
use super::identity::{
    self, BY_ID_NUMBER, BY_NAME_AND_BIRTH, Identity, birth_year, is_id_number, name_and_birth, normal_number,
    read_identity,
};
use super::model::{HouseholdKind, Sex};
use crate::RegistryError;

/// The source of people who are known from a lane alone.
const AT_A_LANE: &str = "lane";
/// Where an 18-character identity number holds the date of birth, and the digit that is odd for men (GB 11643-1999).
const BORN_AT: std::ops::Range<usize> = 6..14;
const SEX_AT: usize = 16;

/// Who somebody is, as a lane took it down: off an identity card, or typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Number of the identity card or another document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_number: Option<String>,
    /// Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Date of birth, `1953-02-11`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<String>,
    /// Sex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Drop for Told {
    fn drop(&mut self) {
        for text in [&mut self.id_number, &mut self.name, &mut self.born, &mut self.phone] {
            text.zeroize();
        }
    }
}

impl std::fmt::Debug for Told {
    /// Says only what was told, never what it was.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let told = [self.id_number.is_some(), self.name.is_some(), self.born.is_some(), self.phone.is_some()];
        write!(out, "Told {{ id_number, name, born, phone: {told:?} }}")
    }
}

impl Told {
    /// The date of birth: as told, else the one that the identity number holds.
    #[must_use]
    pub fn born(&self) -> Option<String> {
        if self.born.as_deref().is_some_and(|born| birth_year(born).is_ok()) {
            return self.born.as_deref().map(|born| born.trim().to_owned());
        }
        let number = self.card()?;
        let digits = number.get(BORN_AT)?;
        Some(format!("{}-{}-{}", digits.get(..4)?, digits.get(4..6)?, digits.get(6..8)?))
            .filter(|born| birth_year(born).is_ok())
    }

    /// The sex: as told, else the one that the identity number holds.
    #[must_use]
    pub fn sex(&self) -> Option<Sex> {
        let of_card = || {
            let digit = self.card()?.chars().nth(SEX_AT)?.to_digit(10)?;
            Some(if digit % 2 == 1 { Sex::Male } else { Sex::Female })
        };
        self.sex.or_else(of_card)
    }

    /// The number of an identity card, 18 characters with the right check character.
    fn card(&self) -> Option<String> {
        let number = normal_number(self.id_number.as_deref()?);
        (number.len() == 18 && is_id_number(&number)).then(|| number.to_string())
    }
}

/// Who it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    /// Somebody registered.
    Known(PersonId),
    /// Nobody registered before: this person is new.
    Arrived(PersonId),
    /// Several people answer to it, or too little was told to register anybody.
    Unclear,
}

/// Finds whom a lane meant; registers the person where nobody is known by it and enough was told.
///
/// # Errors
/// What the store refused; never a rule, for the person was there.
pub fn match_or_register(unit: &mut Unit<'_>, call: &Call, area: AreaId, told: &Told) -> Result<Matched, Refusal> {
    let found = candidates(unit, told)?;
    match found.as_slice() {
        [one] => return Ok(Matched::Known(*one)),
        [] => {}
        _ => return Ok(Matched::Unclear),
    }
    match (told.born(), told.sex()) {
        (Some(born), Some(sex)) if told.id_number.is_some() || told.name.is_some() => {
            register(unit, call, area, told, (&born, sex)).map(Matched::Arrived)
        }
        _ => Ok(Matched::Unclear),
    }
}

/// People who answer to what was told: by number alone where one was told and is known; by name and date of birth
/// otherwise, narrowed by the telephone where several share them. Never by telephone alone: families share one.
fn candidates(unit: &mut Unit<'_>, told: &Told) -> Result<Vec<PersonId>, StoreError> {
    let keys = unit.keys();
    if let Some(number) = &told.id_number {
        let by_number = vault::find(unit.tx(), keys, BY_ID_NUMBER, &normal_number(number))?;
        let by_number: Vec<PersonId> = by_number.into_iter().filter(|id| *id > 0).map(PersonId).collect();
        if !by_number.is_empty() {
            return Ok(by_number);
        }
    }
    let (Some(name), Some(born)) = (&told.name, told.born()) else { return Ok(Vec::new()) };
    let subjects = vault::find(unit.tx(), keys, BY_NAME_AND_BIRTH, &name_and_birth(name, &born))?;
    let mut found = Vec::new();
    for person in subjects.into_iter().filter(|id| *id > 0).map(PersonId) {
        // Another number than the one told is another person of the same name and day.
        let other = |known: &Identity| {
            told.id_number.as_deref().is_some_and(|number| {
                !known.id_number.is_empty() && *normal_number(number) != *normal_number(&known.id_number)
            })
        };
        match read_identity(unit, person) {
            Ok(Some(known)) if !other(&known) => found.push((person, known.phone.clone())),
            // Its key was destroyed: nothing speaks against it.
            Err(_) => found.push((person, None)),
            Ok(_) => {}
        }
    }
    if found.len() > 1 && told.phone.is_some() {
        let same =
            |phone: &Option<String>| phone.as_deref().map(normal_number) == told.phone.as_deref().map(normal_number);
        let narrowed: Vec<PersonId> =
            found.iter().filter(|(_, phone)| same(phone)).map(|(person, _)| *person).collect();
        if !narrowed.is_empty() {
            return Ok(narrowed);
        }
    }
    Ok(found.into_iter().map(|(person, _)| person).collect())
}

fn register(
    unit: &mut Unit<'_>,
    _: &Call,
    area: AreaId,
    told: &Told,
    (born, sex): (&str, Sex),
) -> Result<PersonId, Refusal> {
    let area = identity::grid(area).unwrap_or_else(|_| area.unknown_grid());
    let household = HouseholdId(unit.next(HouseholdId::COUNTER)?);
    let home = ImportedHousehold { reference: None, area, kind: HouseholdKind::Family, landlord: None };
    unit.record(HouseholdsImported { source: AT_A_LANE.to_owned(), first: household, households: vec![home] })?;
    let person = PersonId(unit.next(PersonId::COUNTER)?);
    let known = Identity {
        name: told.name.clone().unwrap_or_default(),
        born: born.to_owned(),
        id_number: told.id_number.clone().unwrap_or_default(),
        phone: told.phone.clone(),
        address: None,
    };
    vault::keep_many(unit, identity::CLASS, &[identity::to_keep(person, &known)?])?;
    let row = ImportedPerson {
        reference: None,
        household,
        area,
        birth_year: birth_year(born).map_err(Refusal::from)?,
        sex,
        tags: BTreeSet::new(),
        workplace: None,
        school: None,
        room: None,
        vehicle: None,
        absent: false,
    };
    unit.record(PeopleImported { source: AT_A_LANE.to_owned(), first: person, people: vec![row] })?;
    unit.enqueue(trigger::RESPOND, &Trigger::Person(person))?;
    Ok(person)
}

/// Hands over the identity number of each of these people, for making marks that cannot be turned back into numbers.
/// People without an identity, or whose key was destroyed, are passed over.
///
/// # Errors
/// What the engine refused.
pub fn each_id_number(
    unit: &mut Unit<'_>,
    people: &[PersonId],
    mut each: impl FnMut(PersonId, &str),
) -> Result<(), RegistryError> {
    for person in people {
        match read_identity(unit, *person) {
            Ok(Some(known)) if !known.id_number.is_empty() => each(*person, &normal_number(&known.id_number)),
            Ok(_) | Err(StoreError::Vault(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_tells_birth_and_sex() {
        let mut told = Told::default();
        told.id_number = Some("11010519491231002X".to_owned());
        assert_eq!((told.born().as_deref(), told.sex()), (Some("1949-12-31"), Some(Sex::Female)));
        let mut wrong = Told::default();
        wrong.id_number = Some("110105194912310021".to_owned());
        assert_eq!((wrong.born(), wrong.sex()), (None, None), "a wrong check character tells nothing");
        let shown = format!("{told:?}");
        assert!(!shown.contains("1949"), "{shown}");
    }
}
