//! Fills the drafted households from the pool of people: children with parents of a fitting age, brothers and sisters
//! close in age, grandparents a generation older, couples near each other, and the rest alone or with relatives.
//!
//! The pool is drawn without putting back, so ages and sexes of the whole keep to the tables exactly. What is bent
//! when the pool runs low is only who lives with whom. Every minor is placed as a child before anyone else is, and a
//! household with children always has its core, so no child is ever alone.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::model::{HouseholdKind, Role, Sex};
use super::pool::{Pool, Someone};
use super::shapes::Draft;

/// From this age a person counts as an adult here.
pub(super) const ADULT_YEARS: u8 = 18;
const OLDEST: u8 = 99;
/// Years between a mother and her eldest child at home, and between parents and grandmother.
const GENERATION_YEARS: f64 = 26.5;
const GENERATION_SPREAD_YEARS: f64 = 4.0;
/// Years by which husbands are older.
const HUSBAND_OLDER_YEARS: f64 = 2.0;
const HUSBAND_SPREAD_YEARS: f64 = 2.5;
/// Share of one-person households whose person is 65 or older, so that one in seven of that age lives alone, as the
/// census of 2020 finds in China at large. An assumption for this county.
const SINGLE_OLD_SHARE: f64 = 0.15;
/// Couples without children are at least this old, where the pool allows it.
const COUPLE_YEARS_MIN: u8 = 22;
/// A partner further away in age than this is a relative and not a partner.
const COUPLE_GAP_YEARS: i32 = 14;

/// A person placed in a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) someone: Someone,
    pub(super) role: Role,
}

/// Fills the drafts; the members of each, in the order of the drafts.
pub(super) fn fill(drafts: &[Draft], pool: &mut Pool, random: &mut ChaCha8Rng) -> Vec<Vec<Member>> {
    let mut filled: Vec<Vec<Member>> =
        drafts.iter().map(|draft| Vec::with_capacity(usize::from(draft.shape.size()))).collect();
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.shuffle(random);
    place_children(drafts, &order, pool, random, &mut filled);
    let with_children = |index: &&usize| drafts[**index].shape.children > 0;
    let lodgers = |index: &&usize| drafts[**index].kind == HouseholdKind::Dormitory;
    let single = |index: &&usize| !lodgers(index) && drafts[**index].shape.size() == 1;
    for &index in order.iter().filter(lodgers) {
        place_lodgers(drafts[index], pool, random, &mut filled[index]);
    }
    for &index in order.iter().filter(with_children) {
        place_parents(drafts[index], pool, random, &mut filled[index]);
    }
    for &index in order.iter().filter(|index| drafts[**index].shape.elders > 0 && !with_children(index)) {
        let first = pool.any(random, 28, 50);
        place_couple(drafts[index], first, pool, random, &mut filled[index]);
        place_elders(drafts[index], pool, random, &mut filled[index]);
    }
    for &index in order.iter().filter(single) {
        let (youngest, oldest) = if random.random_bool(SINGLE_OLD_SHARE) { (65, OLDEST) } else { (ADULT_YEARS, 64) };
        let someone = pool.any(random, youngest, oldest).or_else(|| pool.any(random, 0, OLDEST));
        push(&mut filled[index], someone, Role::Core);
    }
    for &index in &order {
        if !filled[index].is_empty() {
            continue;
        }
        let youngest = if drafts[index].shape.core > 1 { COUPLE_YEARS_MIN } else { ADULT_YEARS };
        let first = pool.any(random, youngest, OLDEST).or_else(|| pool.any(random, ADULT_YEARS, OLDEST));
        place_couple(drafts[index], first, pool, random, &mut filled[index]);
    }
    for (draft, members) in drafts.iter().zip(&mut filled) {
        while members.len() < usize::from(draft.shape.size()) {
            let Some(someone) = pool.any(random, 0, OLDEST) else { break };
            push(members, Some(someone), Role::Other);
        }
    }
    filled
}

fn push(members: &mut Vec<Member>, someone: Option<Someone>, role: Role) {
    members.extend(someone.map(|someone| Member { someone, role }));
}

// All minors, then young adults who still live with their parents, until every child's place is taken. Families with
// several children choose first, so that brothers and sisters are close in age.
fn place_children(
    drafts: &[Draft],
    order: &[usize],
    pool: &mut Pool,
    random: &mut ChaCha8Rng,
    filled: &mut [Vec<Member>],
) {
    let places: u32 = drafts.iter().map(|draft| u32::from(draft.shape.children)).sum();
    let mut children = Pool::empty();
    for _ in 0..places {
        let minor = pool.any(random, 0, ADULT_YEARS - 1);
        let child = minor.or_else(|| grown_child(pool, random)).or_else(|| pool.any(random, ADULT_YEARS, OLDEST));
        if let Some(child) = child {
            children.put(child);
        }
    }
    let many = order.iter().filter(|index| drafts[**index].shape.children > 1);
    let one = order.iter().filter(|index| drafts[**index].shape.children == 1);
    for &index in many.chain(one) {
        let mut last: Option<Someone> = None;
        for _ in 0..drafts[index].shape.children {
            let child = match last {
                None => children.any(random, 0, OLDEST),
                Some(elder) => sibling(elder, &mut children, random),
            };
            push(&mut filled[index], child, Role::Child);
            last = child.or(last);
        }
    }
}

// Of those of 18 and older the younger live with their parents more often: each year 18 % fewer.
fn grown_child(pool: &mut Pool, random: &mut ChaCha8Rng) -> Option<Someone> {
    let mut age = i32::from(ADULT_YEARS);
    while age < 35 && !random.random_bool(0.18) {
        age += 1;
    }
    let sex = if random.random_bool(0.6) { Sex::Male } else { Sex::Female };
    pool.near(sex, age, i32::from(ADULT_YEARS), 40)
}

fn sibling(of: Someone, children: &mut Pool, random: &mut ChaCha8Rng) -> Option<Someone> {
    let years: i32 = random.random_range(1..=5);
    let age = if random.random_bool(0.5) { i32::from(of.age) - years } else { i32::from(of.age) + years };
    let sex = if random.random_bool(0.5) { Sex::Male } else { Sex::Female };
    let (youngest, oldest) = ((i32::from(of.age) - 9).max(0), i32::from(of.age) + 9);
    children
        .near(sex, age, youngest, oldest)
        .or_else(|| children.near(sex.other(), age, youngest, oldest))
        .or_else(|| children.any(random, 0, OLDEST))
}

fn place_parents(draft: Draft, pool: &mut Pool, random: &mut ChaCha8Rng, members: &mut Vec<Member>) {
    let eldest = members.iter().map(|member| i32::from(member.someone.age)).max().unwrap_or(0);
    let age = eldest + rounded(random, GENERATION_YEARS, GENERATION_SPREAD_YEARS).clamp(19, 44);
    let adult = i32::from(ADULT_YEARS);
    let single_father = draft.shape.core == 1 && random.random_bool(0.3);
    let sex = if single_father { Sex::Male } else { Sex::Female };
    let (youngest, oldest) = ((eldest + 17).max(adult), eldest + 48);
    let parent = pool
        .near(sex, age, youngest, oldest)
        .or_else(|| pool.near(sex.other(), age, youngest, oldest))
        .or_else(|| pool.any(random, ADULT_YEARS, OLDEST));
    place_couple(draft, parent, pool, random, members);
    place_elders(draft, pool, random, members);
}

// The first of the core and, where the shape has two, a partner of the other sex near in age.
fn place_couple(
    draft: Draft,
    first: Option<Someone>,
    pool: &mut Pool,
    random: &mut ChaCha8Rng,
    members: &mut Vec<Member>,
) {
    push(members, first, Role::Core);
    let Some(first) = first.filter(|_| draft.shape.core > 1) else { return };
    let older = rounded(random, HUSBAND_OLDER_YEARS, HUSBAND_SPREAD_YEARS);
    let age = i32::from(first.age) + if first.sex == Sex::Female { older } else { -older };
    let adult = i32::from(ADULT_YEARS);
    let near = (age - COUPLE_GAP_YEARS).max(adult);
    match pool.near(first.sex.other(), age, near, age + COUPLE_GAP_YEARS) {
        Some(partner) => push(members, Some(partner), Role::Core),
        None => push(members, pool.near(first.sex, age, adult, i32::from(OLDEST)), Role::Other),
    }
}

fn place_elders(draft: Draft, pool: &mut Pool, random: &mut ChaCha8Rng, members: &mut Vec<Member>) {
    let core = members.iter().filter(|member| member.role == Role::Core);
    let Some(core_age) = core.map(|member| i32::from(member.someone.age)).max() else { return };
    let grandmother = core_age + rounded(random, GENERATION_YEARS, GENERATION_SPREAD_YEARS).clamp(18, 40);
    // One grandparent at home is more often the grandmother: women live longer.
    let mut sex = if random.random_bool(0.7) { Sex::Female } else { Sex::Male };
    for _ in 0..draft.shape.elders {
        let youngest = core_age + 17;
        let elder = pool
            .near(sex, grandmother, youngest, i32::from(OLDEST))
            .or_else(|| pool.near(sex.other(), grandmother, youngest, i32::from(OLDEST)));
        push(members, elder, Role::Elder);
        sex = sex.other();
    }
}

// Lodgers of a room are of one sex and 19 to 48 years old; two rooms of three are men's.
fn place_lodgers(draft: Draft, pool: &mut Pool, random: &mut ChaCha8Rng, members: &mut Vec<Member>) {
    let sex = if random.random_ratio(2, 3) { Sex::Male } else { Sex::Female };
    for _ in 0..draft.shape.size() {
        let age = random.random_range(19..=48);
        let lodger = pool.near(sex, age, 18, 58).or_else(|| pool.any(random, ADULT_YEARS, OLDEST));
        push(members, lodger, Role::Lodger);
    }
}

// A draw around `mean`, nearly normal: the sum of four even draws.
#[expect(clippy::cast_possible_truncation, reason = "years of a lifetime fit")]
fn rounded(random: &mut ChaCha8Rng, mean: f64, spread: f64) -> i32 {
    let sum: f64 = (0..4).map(|_| random.random::<f64>()).sum();
    // Four even draws on [0, 1) have mean 2 and a standard deviation of the square root of a third.
    (mean + (sum - 2.0) * 3.0_f64.sqrt() * spread).round() as i32
}
