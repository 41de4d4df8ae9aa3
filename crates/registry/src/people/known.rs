//! Whom a row may be about, and in which columns it differs from what is known of them.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::{AreaId, HouseholdId, PersonId, PlaceId, VehicleId};
use outpace_store::{Unit, vault};

use super::facts::ImportedPerson;
use super::identity::{BY_NAME_AND_BIRTH, Identity, of, subjects_spelled};
use super::import::{ImportPerson, New};
use super::model::{CareTag, Sex};
use super::{spelling, store};
use crate::RegistryError;
use crate::rows::About;

/// What is said of somebody beside who they are and where they are for a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Content {
    pub(super) household: HouseholdId,
    pub(super) birth_year: i64,
    pub(super) sex: Sex,
    pub(super) workplace: Option<PlaceId>,
    pub(super) school: Option<PlaceId>,
    pub(super) room: Option<String>,
    pub(super) vehicle: Option<VehicleId>,
}

impl Content {
    /// The column of a reference under which nobody is known.
    pub(super) const REFERENCE: &str = "reference";

    fn of(person: &ImportedPerson) -> Self {
        Self {
            household: person.household,
            birth_year: person.birth_year,
            sex: person.sex,
            workplace: person.workplace,
            school: person.school,
            room: person.room.clone(),
            vehicle: person.vehicle,
        }
    }
}

/// Somebody who is known, from the registry or from an earlier row.
pub(super) struct Known {
    pub(super) area: AreaId,
    content: Content,
    tags: BTreeSet<CareTag>,
    present: bool,
    identity: Option<Identity>,
}

impl Known {
    /// Somebody of the registry; `None` where nobody has this id.
    pub(super) fn read(unit: &mut Unit<'_>, id: PersonId) -> Result<Option<Self>, RegistryError> {
        let Some(person) = store::person(unit.tx(), id)? else { return Ok(None) };
        let content = Content {
            household: person.household,
            birth_year: person.birth_year,
            sex: person.sex,
            workplace: person.workplace,
            school: person.school,
            room: person.room,
            vehicle: person.vehicle,
        };
        let identity = of(unit, id)?;
        Ok(Some(Self { area: person.area, content, tags: person.tags, present: person.present, identity }))
    }

    /// Somebody of an earlier row.
    pub(super) fn of(person: &ImportedPerson, identity: Option<&Identity>) -> Self {
        Self {
            area: person.area,
            content: Content::of(person),
            tags: person.tags.clone(),
            present: !person.absent,
            identity: identity.cloned(),
        }
    }

    /// Whether an identity with the same number may be this one: neither name nor day of birth says otherwise.
    pub(super) fn may_be(&self, other: &Identity) -> bool {
        let Some(own) = &self.identity else { return true };
        let differ =
            |one: &str, two: &str| !one.is_empty() && !two.is_empty() && *spelling::name(one) != *spelling::name(two);
        !differ(&own.name, &other.name) && spelling::date(&own.born) == spelling::date(&other.born)
    }

    /// The columns in which a row says something else. What a row leaves out contradicts nothing.
    pub(super) fn differs(&self, row: &ImportPerson, new: &New) -> Vec<&'static str> {
        let (content, known) = (Content::of(&new.person), &self.content);
        let mut fields = Vec::new();
        let mut note = |differs: bool, field| {
            if differs {
                fields.push(field);
            }
        };
        let own = self.identity.as_ref();
        let born = own.is_some_and(|own| spelling::date(&own.born) != spelling::date(&row.born));
        note(content.household != known.household, "household");
        note(content.birth_year != known.birth_year || born, "born");
        note(content.sex != known.sex, "sex");
        note(!row.tags.is_empty() && row.tags != self.tags, "tags");
        note(content.workplace.is_some() && content.workplace != known.workplace, "workplace");
        note(content.school.is_some() && content.school != known.school, "school");
        note(content.room.is_some() && content.room != known.room, "room");
        note(content.vehicle.is_some() && content.vehicle != known.vehicle, "vehicle");
        note(row.absent && self.present, "absent");
        if let Some(given) = &new.identity {
            let empty = String::new();
            let name = own.map_or(&empty, |own| &own.name);
            let number = own.map_or(&empty, |own| &own.id_number);
            let phone = own.and_then(|own| own.phone.as_deref()).unwrap_or_default();
            let address = own.and_then(|own| own.address.as_deref()).unwrap_or_default();
            let differ = |given: &str, known: &str, spelled: fn(&str) -> zeroize::Zeroizing<String>| {
                !given.is_empty() && *spelled(given) != *spelled(known)
            };
            note(differ(&given.name, name, spelling::name), "name");
            note(differ(&given.id_number, number, spelling::number), "id_number");
            note(differ(given.phone.as_deref().unwrap_or_default(), phone, spelling::phone), "phone");
            note(differ(given.address.as_deref().unwrap_or_default(), address, spelling::name), "address");
        }
        fields
    }
}

/// People who are known without a number, looked up once for each household.
#[derive(Default)]
pub(super) struct People {
    nameless: BTreeMap<Content, Vec<About>>,
    read: BTreeSet<HouseholdId>,
}

impl People {
    /// Somebody of the same name and day of birth in the same household, whom no other number tells apart.
    pub(super) fn namesake(
        &self,
        unit: &mut Unit<'_>,
        person: &ImportedPerson,
        identity: &Identity,
    ) -> Result<Option<PersonId>, RegistryError> {
        if identity.name.is_empty() {
            return Ok(None);
        }
        let spelled = spelling::name_and_birth_spelled(&identity.name, &identity.born);
        for id in subjects_spelled(unit, BY_NAME_AND_BIRTH, spelled)?.into_iter().filter(|id| *id > 0).map(PersonId) {
            let home = store::person(unit.tx(), id)?.map(|person| person.household);
            if home != Some(person.household) {
                continue;
            }
            let number = of(unit, id)?.map(|own| spelling::number(&own.id_number)).unwrap_or_default();
            if number.is_empty() || identity.id_number.is_empty() || *number == *spelling::number(&identity.id_number) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Everybody without an identity of whom the same is said, those of the registry first.
    pub(super) fn nameless(
        &mut self,
        unit: &mut Unit<'_>,
        person: &ImportedPerson,
    ) -> Result<&mut Vec<About>, RegistryError> {
        if self.read.insert(person.household) {
            let keys = unit.keys();
            for id in store::household_members(unit.tx(), person.household)? {
                if vault::open(unit.tx(), keys, id.0).is_ok_and(|sealed| sealed.is_none())
                    && let Some(known) = Known::read(unit, id)?
                {
                    self.nameless.entry(known.content).or_default().push(About::Id(id.0));
                }
            }
        }
        Ok(self.nameless.entry(Content::of(person)).or_default())
    }
}
