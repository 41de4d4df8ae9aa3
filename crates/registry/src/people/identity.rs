//! Who a person is: sealed in the vault, found by keyed hash, masked unless someone says what for.
//!
//! Masked answers (张*, 1401**********1234) let a worker check that the right person stands there. A look in clear is
//! the command [`reveal`], which needs a purpose and records `registry.identity_revealed`; everyone can ask who looked.

use outpace_access::Call;
use outpace_core::{ActorId, AreaId, HouseholdId, PersonId, Refusal, Seq, Timestamp};
use outpace_store::vault::{self, ToKeep};
use outpace_store::{Fact, StoreError, Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::{Zeroize, Zeroizing};

use super::model::{HouseholdContact, Person};
use super::{limit, store};
use crate::RegistryError;

/// The class of the vault's keys that seal identities; retention is by class and month.
pub const CLASS: &str = "identity";
/// Field numbers of the vault's look-up.
pub(super) const BY_ID_NUMBER: i64 = 1;
const BY_PHONE: i64 = 2;
pub(super) const BY_NAME_AND_BIRTH: i64 = 3;
const HOUSEHOLD_PHONE: i64 = 4;
const HOUSEHOLD_NAME: i64 = 5;
/// Weights and check characters of ID numbers after GB 11643-1999.
const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
const PURPOSE_CHARACTERS: std::ops::RangeInclusive<usize> = 4..=200;
const LOOKS_MAX: i64 = 200;

/// What the vault holds of one person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Identity {
    /// Name.
    pub name: String,
    /// Date of birth, `1953-02-11`.
    pub born: String,
    /// Number of the identity card or of another document.
    pub id_number: String,
    /// Telephone number; children and some of the old have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Exact address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Drop for Identity {
    fn drop(&mut self) {
        for text in [&mut self.name, &mut self.born, &mut self.id_number] {
            text.zeroize();
        }
        self.phone.zeroize();
        self.address.zeroize();
    }
}

impl std::fmt::Debug for Identity {
    /// Says only whose kind of value it is: an identity must not reach a log by way of a debug line.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Identity {{ {} {} }}", masked_name(&self.name), masked_number(&self.id_number))
    }
}

/// Someone saw an identity in clear.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IdentityRevealed {
    /// Whose.
    pub person: PersonId,
    /// What for, in the words of who looked.
    pub purpose: String,
}

impl Fact for IdentityRevealed {
    const KIND: &'static str = "registry.identity_revealed";
}

/// One look at an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Look {
    /// The fact.
    pub seq: Seq,
    /// Who looked.
    pub actor: ActorId,
    /// When.
    pub at: Timestamp,
    /// What for.
    pub purpose: String,
}

/// Letters and digits in capitals: spaces and hyphens do not tell numbers apart.
pub(super) fn normal_number(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect())
}

pub(super) fn name_and_birth(name: &str, born: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{}|{}", name.trim(), born.trim()))
}

/// Whether a number can be that of an identity card (its check character fits) or of another document.
#[must_use]
pub fn is_id_number(text: &str) -> bool {
    let number = normal_number(text);
    let digits: Vec<char> = number.chars().collect();
    if digits.len() != 18 || !digits[..17].iter().all(char::is_ascii_digit) {
        return (5..=20).contains(&digits.len()) && digits.iter().all(char::is_ascii_alphanumeric);
    }
    let sum: u32 = digits.iter().filter_map(|digit| digit.to_digit(10)).zip(ID_WEIGHTS).map(|(a, b)| a * b).sum();
    ID_CHECKS[(sum % 11) as usize] == digits[17]
}

/// Checks what can be checked without asking anyone.
///
/// # Errors
/// The field that cannot be right.
pub fn check(identity: &Identity) -> Result<(), RegistryError> {
    if identity.name.trim().is_empty() {
        return Err(RegistryError::Value {
            field: "name",
            value: String::new(),
            zh: "请填写姓名。",
            en: "Give a name.",
        });
    }
    birth_year(&identity.born)?;
    if !is_id_number(&identity.id_number) {
        return Err(RegistryError::Value {
            field: "id_number",
            value: masked_number(&identity.id_number),
            zh: "证件号不正确:身份证号为 18 位且校验位须相符;其他证件为 5 至 20 位字母数字。",
            en: "This is no ID number: 18 characters with the right check character, or 5 to 20 letters and digits of another document.",
        });
    }
    Ok(())
}

/// The year of a date of birth.
///
/// # Errors
/// A text that is no date.
pub fn birth_year(born: &str) -> Result<i64, RegistryError> {
    born.trim().parse::<outpace_policy::Date>().map(|date| i64::from(date.year())).map_err(|_| RegistryError::Value {
        field: "born",
        value: born.to_owned(),
        zh: "出生日期须写作 1953-02-11。",
        en: "Write the date of birth as 1953-02-11.",
    })
}

fn sealed_json(subject: i64, value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    serde_json::to_vec(value)
        .map(Zeroizing::new)
        .map_err(|source| StoreError::Payload { kind: format!("vault subject {subject}"), source })
}

/// What somebody is found by.
fn fields_of(identity: &Identity) -> Vec<(i64, Zeroizing<String>)> {
    // Someone known from a lane alone may have given only a number, or only a name.
    let mut fields = Vec::with_capacity(3);
    if !identity.id_number.is_empty() {
        fields.push((BY_ID_NUMBER, normal_number(&identity.id_number)));
    }
    if !identity.name.is_empty() {
        fields.push((BY_NAME_AND_BIRTH, name_and_birth(&identity.name, &identity.born)));
    }
    fields.extend(identity.phone.as_ref().map(|phone| (BY_PHONE, normal_number(phone))));
    fields
}

pub(super) fn to_keep(person: PersonId, identity: &Identity) -> Result<ToKeep, StoreError> {
    Ok(ToKeep { subject: person.0, plain: sealed_json(person.0, identity)?, fields: fields_of(identity) })
}

/// The subject of a household in the vault: people have the positive numbers, households the negative ones.
fn household_subject(household: HouseholdId) -> i64 {
    -household.0
}

/// What a household is found by.
fn fields_of_contact(contact: &HouseholdContact) -> Vec<(i64, Zeroizing<String>)> {
    let phones = [&contact.landlord_phone, &contact.tenant_phone].into_iter().flatten();
    let names = [&contact.landlord_name, &contact.tenant_name].into_iter().flatten();
    phones
        .map(|phone| (HOUSEHOLD_PHONE, normal_number(phone)))
        .chain(names.map(|name| (HOUSEHOLD_NAME, Zeroizing::new(name.trim().to_owned()))))
        .collect()
}

pub(super) fn contact_to_keep(household: HouseholdId, contact: &HouseholdContact) -> Result<ToKeep, StoreError> {
    let subject = household_subject(household);
    Ok(ToKeep { subject, plain: sealed_json(subject, contact)?, fields: fields_of_contact(contact) })
}

fn opened<T: serde::de::DeserializeOwned>(subject: i64, plain: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(plain)
        .map_err(|source| StoreError::Payload { kind: format!("vault subject {subject}"), source })
}

/// What an opened value of the vault is found by: what [`vault::rotate`] makes look-up hashes of again.
///
/// # Errors
/// A value that is neither a person's nor a household's.
pub fn found_by(subject: i64, plain: &[u8]) -> Result<Vec<(i64, Zeroizing<String>)>, StoreError> {
    Ok(if subject > 0 {
        fields_of(&opened::<Identity>(subject, plain)?)
    } else {
        fields_of_contact(&opened::<HouseholdContact>(subject, plain)?)
    })
}

pub(super) fn read_identity(unit: &mut Unit<'_>, person: PersonId) -> Result<Option<Identity>, StoreError> {
    let keys = unit.keys();
    own_identity(unit.tx(), keys, person)
}

/// Who a person is, in clear; `None` where nothing is kept or its key was destroyed. For exports, which record who looked
/// themselves.
///
/// # Errors
/// What the store refused.
pub fn of(unit: &mut Unit<'_>, person: PersonId) -> Result<Option<Identity>, StoreError> {
    match read_identity(unit, person) {
        Err(StoreError::Vault(_)) => Ok(None),
        other => other,
    }
}

/// The first character of a name, then stars: 张*.
#[must_use]
pub fn masked_name(name: &str) -> String {
    let mut characters = name.trim().chars();
    let first = characters.next().map(String::from).unwrap_or_default();
    first + &"*".repeat(characters.count().min(4))
}

/// The first and last four characters of a number: 1401**********1234. Short ones keep the last two. What only separates
/// groups is left out: a number spread out by hyphens would show all of itself at both ends.
#[must_use]
pub fn masked_number(number: &str) -> String {
    let digits: Vec<char> = number.chars().filter(|letter| letter.is_alphanumeric()).collect();
    let (head, tail) = if digits.len() >= 15 {
        (4, 4)
    } else if digits.len() >= 11 {
        (3, 2)
    } else {
        (0, 2)
    };
    let hidden = digits.len().saturating_sub(head + tail);
    let stars = std::iter::repeat_n('*', hidden);
    digits.iter().take(head).copied().chain(stars).chain(digits.iter().skip(head + hidden).copied()).collect()
}

/// Whom to look for: by an ID number, a telephone number, or a name with a date of birth. The first one given counts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Find {
    /// Number of an identity card or another document.
    pub id_number: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Name; needs `born`.
    pub name: Option<String>,
    /// Date of birth, `1953-02-11`.
    pub born: Option<String>,
}

/// A person who was found, masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundPerson {
    /// The person.
    pub person: Person,
    /// 张*
    pub name: String,
    /// 1401**********1234
    pub id_number: String,
    /// 101******34
    pub phone: Option<String>,
}

/// Who was found, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// At most 10 people in the actor's area.
    pub people: Vec<FoundPerson>,
}

fn subjects(unit: &mut Unit<'_>, request: &Find) -> Result<Vec<i64>, RegistryError> {
    let keys = unit.keys();
    let (field, text) = match request {
        Find { id_number: Some(number), .. } => (BY_ID_NUMBER, normal_number(number)),
        Find { phone: Some(phone), .. } => (BY_PHONE, normal_number(phone)),
        Find { name: Some(name), born: Some(born), .. } => (BY_NAME_AND_BIRTH, name_and_birth(name, born)),
        _ => return Err(RegistryError::NothingToFind),
    };
    Ok(vault::find(unit.tx(), keys, field, &text)?)
}

/// A person that there is not.
const NOBODY: i64 = 0;

/// Finds people by what the vault can look up. A command only because the vault's keys stand with the writer: it
/// records nothing.
///
/// # Errors
/// Nothing to search by; more finds or misses in an hour than one person at work has; more people than can be told apart.
pub fn find(unit: &mut Unit<'_>, call: &Call, request: Find) -> Result<Found, Refusal> {
    limit::begin(unit, call)?;
    let mut people = Vec::new();
    let mut known: Vec<i64> = subjects(unit, &request)?.into_iter().filter(|subject| *subject > 0).collect();
    if known.is_empty() {
        // Who is registered elsewhere is told by nothing from who is registered nowhere: both are looked up.
        known.push(NOBODY);
    }
    for subject in known {
        let Some(person) = super::seen(unit.tx(), call, PersonId(subject))? else { continue };
        if let Some(identity) = read_identity(unit, person.id)? {
            people.push(FoundPerson {
                person,
                name: masked_name(&identity.name),
                id_number: masked_number(&identity.id_number),
                phone: identity.phone.as_deref().map(masked_number),
            });
        }
    }
    limit::end(unit, call, people.len())?;
    Ok(Found { people })
}

/// Which household to look for: by the name or telephone number of its landlord or tenant, or of who lives there.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct FindHousehold {
    /// Telephone number of the landlord, the tenant or a member.
    pub phone: Option<String>,
    /// Name of the landlord or the tenant.
    pub name: Option<String>,
}

/// A household that was found: the living map's answer, masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundHousehold {
    /// The household.
    pub household: super::model::Household,
    /// Who lives there.
    pub members: Vec<PersonId>,
    /// The landlord, masked; `None` where nothing is kept.
    pub landlord: Option<String>,
    /// The tenant, masked.
    pub tenant: Option<String>,
}

/// Households that were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundHouseholds {
    /// At most 10 households in the actor's area.
    pub households: Vec<FoundHousehold>,
}

/// Finds households by whom to ask: landlord, tenant, member. Records nothing, as [`find`].
///
/// # Errors
/// As [`find`].
pub fn find_household(unit: &mut Unit<'_>, call: &Call, request: FindHousehold) -> Result<FoundHouseholds, Refusal> {
    limit::begin(unit, call)?;
    let keys = unit.keys();
    let mut ids = std::collections::BTreeSet::new();
    match &request {
        FindHousehold { phone: Some(phone), .. } => {
            let phone = normal_number(phone);
            ids.extend(vault::find(unit.tx(), keys, HOUSEHOLD_PHONE, &phone)?.into_iter().map(|id| HouseholdId(-id)));
            for subject in vault::find(unit.tx(), keys, BY_PHONE, &phone)? {
                ids.extend(store::person(unit.tx(), PersonId(subject))?.map(|person| person.household));
            }
        }
        FindHousehold { name: Some(name), .. } => {
            let found = vault::find(unit.tx(), keys, HOUSEHOLD_NAME, name.trim())?;
            ids.extend(found.into_iter().map(|id| HouseholdId(-id)));
        }
        _ => return Err(RegistryError::NothingToFind.into()),
    }
    let mut households = Vec::new();
    for id in ids {
        let Some(household) = store::household(unit.tx(), id)? else { continue };
        if call.sees(household.area) {
            let contact = read_contact(unit, id)?;
            households.push(FoundHousehold {
                members: store::household_members(unit.tx(), id)?,
                household,
                landlord: contact.landlord_name.as_deref().map(masked_name),
                tenant: contact.tenant_name.as_deref().map(masked_name),
            });
        }
    }
    limit::end(unit, call, households.len())?;
    Ok(FoundHouseholds { households })
}

fn read_contact(unit: &mut Unit<'_>, household: HouseholdId) -> Result<HouseholdContact, StoreError> {
    let (keys, subject) = (unit.keys(), household_subject(household));
    let Some(plain) = vault::open(unit.tx(), keys, subject)? else { return Ok(HouseholdContact::default()) };
    opened(subject, &plain)
}

/// Whose identity, and what for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reveal {
    /// Whose.
    pub person: PersonId,
    /// What for: 4 to 200 characters. Recorded, and shown to the person.
    pub purpose: String,
}

/// Shows an identity in clear and records who looked and why.
///
/// # Errors
/// No purpose, an unknown person, one outside the actor's area, a destroyed identity.
pub fn reveal(unit: &mut Unit<'_>, call: &Call, request: Reveal) -> Result<Identity, Refusal> {
    let purpose = request.purpose.trim().to_owned();
    if !PURPOSE_CHARACTERS.contains(&purpose.chars().count()) {
        return Err(RegistryError::NoPurpose.into());
    }
    let unknown = RegistryError::Unknown { field: "person", id: request.person.0 };
    let person = super::seen(unit.tx(), call, request.person)?.ok_or(unknown)?;
    let identity = read_identity(unit, person.id)?.ok_or(RegistryError::NoIdentity(person.id))?;
    unit.record(IdentityRevealed { person: person.id, purpose })?;
    Ok(identity)
}

/// What the vault holds of a person, for that person: the caller has made sure that nobody else asks. No look is recorded,
/// as nobody needs a reason to know who they are.
///
/// # Errors
/// When the key was destroyed or the value does not open.
pub fn own_identity(tx: &mut Tx<'_>, keys: &vault::Keys, person: PersonId) -> Result<Option<Identity>, StoreError> {
    let Some(plain) = vault::open(tx, keys, person.0)? else { return Ok(None) };
    serde_json::from_slice(&plain)
        .map(Some)
        .map_err(|source| StoreError::Payload { kind: format!("vault subject {person}"), source })
}

/// Who looked at a person's identity, newest first, at most 200.
///
/// # Errors
/// What the engine refused.
pub fn looks_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Look>, StoreError> {
    store::looks(tx, person, LOOKS_MAX)
}

/// Whose looks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LooksQuery {
    /// The person.
    pub person: PersonId,
}

/// Who looked at an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Looks {
    /// The newest 200 looks, newest first.
    pub looks: Vec<Look>,
}

/// Who looked at a person's identity.
///
/// # Errors
/// An unknown person, one outside the actor's area.
pub fn looks_at(tx: &mut Tx<'_>, call: &Call, query: LooksQuery) -> Result<Looks, Refusal> {
    let unknown = RegistryError::Unknown { field: "person", id: query.person.0 };
    let person = super::seen(tx, call, query.person)?.ok_or(unknown)?;
    Ok(Looks { looks: store::looks(tx, person.id, LOOKS_MAX)? })
}

/// Where an area's people stand: a grid, or grid 000 of a village.
///
/// # Errors
/// A code above a village.
pub(super) fn grid(area: AreaId) -> Result<AreaId, RegistryError> {
    match area.level() {
        Some(outpace_core::AreaLevel::Grid | outpace_core::AreaLevel::Village) => Ok(area.unknown_grid()),
        _ => Err(RegistryError::AreaCode(area)),
    }
}
