//! The households before anyone lives in them: how many of which size in each village, and who is to live together
//! in one of that size. Sizes follow the census table; the mix of shapes within a size is an assumption, chosen so that
//! couples, couples with children, three generations and old people alone all occur in plausible numbers.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::model::{HouseholdKind, Shift};
use super::tables::household_size_shares;

/// Who is to live in a household: how many in each role. The size is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) core: u8,
    pub(super) children: u8,
    pub(super) elders: u8,
    pub(super) others: u8,
}

/// A household to be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) village: u16,
    pub(super) kind: HouseholdKind,
    pub(super) shape: Shape,
    /// For a dormitory room: the shift that its lodgers work.
    pub(super) shift: Option<Shift>,
}

impl Shape {
    const fn new(core: u8, children: u8, elders: u8, others: u8) -> Self {
        Self { core, children, elders, others }
    }

    /// How many people.
    pub(super) fn size(self) -> u8 {
        self.core + self.children + self.elders + self.others
    }

    /// The same size with one child more, an adult less; `false` where no adult can be spared.
    pub(super) fn swap_in_child(&mut self) -> bool {
        let spare = if self.others > 0 {
            &mut self.others
        } else if self.elders > 0 {
            &mut self.elders
        } else if self.core > 1 {
            &mut self.core
        } else {
            return false;
        };
        *spare -= 1;
        self.children += 1;
        true
    }
}

// For each size: the shapes with their share in percent.
const OF_TWO: [(u32, Shape); 3] =
    [(72, Shape::new(2, 0, 0, 0)), (22, Shape::new(1, 1, 0, 0)), (6, Shape::new(1, 0, 0, 1))];
const OF_THREE: [(u32, Shape); 4] = [
    (80, Shape::new(2, 1, 0, 0)),
    (7, Shape::new(1, 2, 0, 0)),
    (6, Shape::new(2, 0, 1, 0)),
    (7, Shape::new(1, 1, 1, 0)),
];
const OF_FOUR: [(u32, Shape); 4] = [
    (60, Shape::new(2, 2, 0, 0)),
    (22, Shape::new(2, 1, 1, 0)),
    (8, Shape::new(2, 1, 0, 1)),
    (10, Shape::new(2, 0, 2, 0)),
];
const OF_FIVE: [(u32, Shape); 3] =
    [(50, Shape::new(2, 1, 2, 0)), (35, Shape::new(2, 2, 1, 0)), (15, Shape::new(2, 3, 0, 0))];

/// Drafts the family households of one village, so that they hold exactly `residents` people.
pub(super) fn families(random: &mut ChaCha8Rng, village: u16, residents: u32, drafts: &mut Vec<Draft>) {
    let shares = household_size_shares();
    let mut left = residents;
    while left > 0 {
        let drawn = draw_size(random, &shares);
        let size = u8::try_from(left).map_or(drawn, |rest| drawn.min(rest));
        left -= u32::from(size);
        let shape = draw_shape(random, size);
        drafts.push(Draft { village, kind: HouseholdKind::Family, shape, shift: None });
    }
}

fn draw_size(random: &mut ChaCha8Rng, shares: &[f64; 10]) -> u8 {
    let mut chance: f64 = random.random();
    for (size, share) in (1_u8..).zip(shares) {
        if chance < *share {
            return size;
        }
        chance -= share;
    }
    1
}

fn draw_shape(random: &mut ChaCha8Rng, size: u8) -> Shape {
    let mut percent: u32 = random.random_range(0..100);
    let shapes: &[(u32, Shape)] = match size {
        0 | 1 => return Shape::new(1, 0, 0, 0),
        2 => &OF_TWO,
        3 => &OF_THREE,
        4 => &OF_FOUR,
        5 => &OF_FIVE,
        // A couple, two of its parents, two or three children, and other relatives.
        _ => {
            let children = if size == 6 || percent < 50 { 2 } else { 3 };
            return Shape::new(2, children, 2, size - 4 - children);
        }
    };
    for &(share, shape) in shapes {
        if percent < share {
            return shape;
        }
        percent -= share;
    }
    shapes[0].1
}

/// Drafts dormitory rooms for `lodgers` workers of one shift, at most `beds` to a room.
pub(super) fn dormitory(village: u16, lodgers: u32, beds: u8, shift: Shift, drafts: &mut Vec<Draft>) {
    let mut left = lodgers;
    while left > 0 {
        let others = u8::try_from(left).map_or(beds, |rest| rest.min(beds));
        left -= u32::from(others);
        let shape = Shape::new(0, 0, 0, others);
        drafts.push(Draft { village, kind: HouseholdKind::Dormitory, shape, shift: Some(shift) });
    }
}

/// Makes sure that there is a place as a child for each of `minors`, by turning adults' places into children's where
/// there are too few. With the tables as they are this is never needed for a county, only for a handful of people.
pub(super) fn make_room_for_minors(drafts: &mut [Draft], minors: u32) {
    let mut places: u32 = drafts.iter().map(|draft| u32::from(draft.shape.children)).sum();
    while places < minors {
        let before = places;
        for draft in drafts.iter_mut().filter(|draft| draft.kind == HouseholdKind::Family) {
            if places < minors && draft.shape.swap_in_child() {
                places += 1;
            }
        }
        if places == before {
            return;
        }
    }
}
