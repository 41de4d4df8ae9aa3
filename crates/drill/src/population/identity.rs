//! Made-up identities that no real person can have: a name that begins with 试 ("trial", no surname) and goes on with
//! the stems and branches of the calendar, an ID number of the region 000000, a phone number that begins with 101
//! (mobile numbers begin with 13 to 19), and an address that is in the county but on a lane called 试. They are made
//! when asked for, so a population in memory holds none.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Population;
use super::model::{Household, HouseholdKind, Person, PersonRef, Sex};
use super::streams::Small;

/// What the vault is to hold of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Made-up name.
    pub name: String,
    /// Made-up ID number: region 000000, the right date of birth, a right check character.
    pub id_number: String,
    /// Made-up phone number; children under 10 and some of the old have none.
    pub phone: Option<String>,
    /// Address.
    pub address: String,
}

/// How every made-up name begins.
pub const NAME_MARK: char = '试';
/// The region code that every made-up ID number begins with; no region has it.
pub const ID_REGION: &str = "000000";
/// How every made-up phone number begins; no mobile network has it.
pub const PHONE_PREFIX: &str = "101";

const STEMS: [char; 10] = ['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸'];
const BRANCHES: [char; 12] = ['子', '丑', '寅', '卯', '辰', '巳', '午', '未', '申', '酉', '戌', '亥'];
const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
/// Weights and check characters of GB 11643-1999.
const ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// From this age on people have a phone of their own.
const PHONE_YEARS_MIN: u8 = 10;
/// From this age one in five has none. An assumption.
const PHONE_YEARS_OLD: u8 = 70;
const HOMES_PER_LANE: u16 = 20;
const FLOORS: u16 = 6;
const HOMES_PER_FLOOR: u16 = 2;
const UNITS_PER_BUILDING: u16 = 4;

impl Population {
    /// The made-up identity of a person, the same for the same seed.
    #[must_use]
    pub fn identity(&self, reference: PersonRef) -> Identity {
        let person = self.person(reference);
        Identity {
            name: self.name(reference, person),
            id_number: id_number(person.born, person.sex, person.birth_number),
            phone: self.phone(reference, person),
            address: self.address(self.household(person.household)),
        }
    }

    // Families share the stem, as they would a surname; lodgers do not.
    fn name(&self, reference: PersonRef, person: &Person) -> String {
        let family = self.household(person.household).kind == HouseholdKind::Family;
        let key = if family { person.household.0 } else { reference.0 };
        let mut shared = Small::keyed(self.seed, "surname", u64::from(key), u64::from(family));
        let mut own = Small::keyed(self.seed, "given name", u64::from(reference.0), 0);
        let given = [pick(&mut own, &BRANCHES), pick(&mut own, &DIGITS), pick(&mut own, &DIGITS)];
        [NAME_MARK, pick(&mut shared, &STEMS)].into_iter().chain(given).collect()
    }

    fn phone(&self, reference: PersonRef, person: &Person) -> Option<String> {
        let age = person.age_on(self.day);
        let mut own = Small::keyed(self.seed, "phone", u64::from(reference.0), 0);
        let has_one = age >= PHONE_YEARS_MIN && !(age >= PHONE_YEARS_OLD && own.percent(20));
        has_one.then(|| format!("{PHONE_PREFIX}{:08}", reference.0))
    }

    /// The address of a household: a flat in a community, a house on a lane in a village, a room in a dormitory.
    #[must_use]
    pub fn address(&self, household: &Household) -> String {
        let village = &self.villages[usize::from(household.village)];
        let place = format!("清徐县{}{}", village.township_name, village.plain_name());
        let number = household.number - 1;
        if household.kind == HouseholdKind::Dormitory {
            return format!("{place}物流园宿舍{:03}室", number + 1);
        }
        let grid = household.grid.0 % 1000;
        if !village.community {
            return format!("{place}试{grid}巷{}排{}号", number / HOMES_PER_LANE + 1, number % HOMES_PER_LANE + 1);
        }
        let (stair, home) = (number / (FLOORS * HOMES_PER_FLOOR), number % (FLOORS * HOMES_PER_FLOOR));
        let (building, unit) = (stair / UNITS_PER_BUILDING + 1, stair % UNITS_PER_BUILDING + 1);
        let (floor, door) = (home / HOMES_PER_FLOOR + 1, home % HOMES_PER_FLOOR + 1);
        format!("{place}试{grid}小区{building}号楼{unit}单元{floor}{door:02}室")
    }
}

fn pick(random: &mut Small, of: &[char]) -> char {
    of[random.below(u32::try_from(of.len()).unwrap_or(1)) as usize]
}

fn id_number(born: Date, sex: Sex, number: u16) -> String {
    // The last digit of the sequence is odd for men. 500 of one sex and day fit; more would repeat.
    let sequence = number % 500 * 2 + u16::from(sex == Sex::Male);
    let body = format!("{ID_REGION}{:04}{:02}{:02}{sequence:03}", born.year(), born.month(), born.day());
    let sum: u32 = body.chars().filter_map(|digit| digit.to_digit(10)).zip(ID_WEIGHTS).map(|(a, b)| a * b).sum();
    format!("{body}{}", ID_CHECKS[(sum % 11) as usize])
}

impl Population {
    /// Every made-up text that says who somebody is (names, ID numbers, telephone numbers, addresses), each once: what no
    /// byte outside the vault may hold.
    #[must_use]
    pub fn secrets(&self) -> std::collections::BTreeSet<String> {
        let mut secrets = std::collections::BTreeSet::new();
        for index in 0..u32::try_from(self.people.len()).unwrap_or(u32::MAX) {
            let Identity { name, id_number, phone, address } = self.identity(PersonRef(index));
            secrets.extend([name, id_number, address]);
            secrets.extend(phone);
        }
        secrets
    }
}
