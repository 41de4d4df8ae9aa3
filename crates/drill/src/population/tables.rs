//! The census facts that the population is drawn from, each with its source. They are facts, written by hand as
//! numbers; what is an assumption and not a fact stands with the process that uses it and says so.

/// The oldest age that is kept apart.
pub const AGE_MAX: usize = 99;

/// People of Shanxi by single year of age, 0 to 83, then 84 and older together, as sampled households of the census.
/// Source: Mistry and others 2021, mixing-patterns, Shanxi (Apache-2.0).
pub const SHANXI_AGES: [u32; 85] = [
    5240, 6936, 7917, 7322, 6456, 6242, 6112, 6385, 6384, 6607, 6853, 7077, 7593, 8150, 8800, 9397, 10140, 11231,
    10926, 10907, 11084, 11225, 11805, 11485, 11208, 10878, 10403, 9740, 9752, 9446, 9173, 8933, 8743, 9158, 9846,
    10752, 11630, 12184, 12302, 12572, 12440, 11955, 11969, 11534, 11227, 11219, 11175, 10295, 10017, 9750, 9049, 8832,
    8278, 8281, 8034, 7994, 7901, 7584, 7168, 6623, 6063, 5510, 5093, 4750, 4353, 3971, 3655, 3326, 3087, 2847, 2988,
    2932, 2949, 2711, 2476, 2323, 2143, 2137, 1994, 1708, 1449, 1274, 1107, 935, 3548,
];

/// People of Taiyuan in 2020 by broad age: first and last age, people. Source: seventh national census, bulletin of
/// Taiyuan (60 and older 854,501, of whom 65 and older 564,480).
pub const TAIYUAN_AGE_GROUPS: [(usize, usize, u32); 4] =
    [(0, 14, 824_735), (15, 59, 3_624_825), (60, 64, 290_021), (65, AGE_MAX, 564_480)];

/// Men and women of China in 2019 by five years of age, 0–4 to 95–99. Source: United Nations, World Population
/// Prospects 2019 (CC BY 3.0 IGO).
pub const CHINA_MEN_WOMEN: [(u32, u32); 20] = [
    (45_106_267, 39_934_767),
    (46_319_087, 40_225_712),
    (45_044_032, 38_648_113),
    (44_286_173, 38_535_391),
    (46_956_410, 41_620_012),
    (54_633_535, 49_681_080),
    (65_544_747, 61_670_474),
    (49_370_823, 46_920_301),
    (51_155_493, 48_766_184),
    (62_836_913, 60_442_592),
    (60_946_291, 59_710_325),
    (47_588_180, 46_379_016),
    (38_607_054, 38_368_062),
    (35_185_041, 36_260_434),
    (19_746_314, 21_631_501),
    (11_801_212, 13_715_744),
    (6_808_650, 9_097_473),
    (2_787_103, 4_583_542),
    (748_881, 1_525_990),
    (140_322, 386_612),
];

/// Family households of Shanxi by number of people, 1 to 9, then 10 and more. Source: sixth national census, 2010,
/// table 1-10.
pub const SHANXI_HOUSEHOLD_SIZES: [u32; 10] =
    [1_110_999, 2_261_482, 2_873_579, 2_259_616, 1_108_760, 499_172, 139_959, 44_545, 18_635, 13_460];

/// Mean size of a family household of Taiyuan in 2020. Source: seventh national census, bulletin of Taiyuan.
pub const TAIYUAN_MEAN_HOUSEHOLD: f64 = 2.45;

/// Each year beyond 83 has this share of the year before it; splits the open last age. An assumption.
const OLD_AGE_SHARE: f64 = 0.8;

/// Share of each age in the population: the shape of Shanxi within each broad group, the group totals of Taiyuan
/// in 2020. Sums to 1.
#[must_use]
pub fn age_shares() -> [f64; AGE_MAX + 1] {
    let mut shares = [0.0; AGE_MAX + 1];
    for (share, people) in shares.iter_mut().zip(SHANXI_AGES) {
        *share = f64::from(people);
    }
    let open = SHANXI_AGES.len() - 1;
    let steps: Vec<f64> =
        (open..=AGE_MAX).scan(1.0, |step, _| Some(std::mem::replace(step, *step * OLD_AGE_SHARE))).collect();
    let old = f64::from(SHANXI_AGES[open]) / steps.iter().sum::<f64>();
    for (share, step) in shares[open..].iter_mut().zip(steps) {
        *share = old * step;
    }
    let total: f64 = TAIYUAN_AGE_GROUPS.iter().map(|&(_, _, people)| f64::from(people)).sum();
    for (first, last, people) in TAIYUAN_AGE_GROUPS {
        let shape: f64 = shares[first..=last].iter().sum();
        for share in &mut shares[first..=last] {
            *share *= f64::from(people) / total / shape;
        }
    }
    shares
}

/// Share of men among the people of an age in years.
#[must_use]
pub fn men_share(age: usize) -> f64 {
    let (men, women) = CHINA_MEN_WOMEN[(age / 5).min(CHINA_MEN_WOMEN.len() - 1)];
    f64::from(men) / (f64::from(men) + f64::from(women))
}

/// Share of family households with 1, 2, … 10 people: the table of Shanxi, each size weighted by `tilt`^size, with the
/// tilt chosen so that the mean is that of Taiyuan in 2020 (the table is ten years older, and households shrank).
#[must_use]
pub fn household_size_shares() -> [f64; 10] {
    let tilted = |tilt: f64| {
        let mut shares = [0.0; 10];
        let mut weight = 1.0;
        for (share, households) in shares.iter_mut().zip(SHANXI_HOUSEHOLD_SIZES) {
            weight *= tilt;
            *share = f64::from(households) * weight;
        }
        let total: f64 = shares.iter().sum();
        shares.map(|share| share / total)
    };
    let (mut low, mut high) = (0.1, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if mean_size(&tilted(middle)) > TAIYUAN_MEAN_HOUSEHOLD {
            high = middle;
        } else {
            low = middle;
        }
    }
    tilted(low)
}

/// Mean size of a distribution over 1, 2, … 10.
#[must_use]
pub fn mean_size(shares: &[f64; 10]) -> f64 {
    shares.iter().zip(1_u32..).map(|(share, size)| share * f64::from(size)).sum()
}

/// Whole numbers that are as near to `shares` of `total` as can be and sum to it exactly (largest remainder; equal
/// remainders go to the earlier place).
#[must_use]
pub fn whole_numbers(shares: &[f64], total: u32) -> Vec<u32> {
    let sum: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares.iter().map(|share| share / sum * f64::from(total)).collect();
    let mut counts: Vec<u32> = exact.iter().map(|value| floor(*value)).collect();
    let missing = total.saturating_sub(counts.iter().sum());
    let mut order: Vec<usize> = (0..exact.len()).collect();
    order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()).then(a.cmp(&b)));
    for &index in order.iter().cycle().take(missing as usize) {
        counts[index] += 1;
    }
    counts
}

/// The whole part of a number between 0 and the largest `u32`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the caller's values are counts of people")]
pub(super) fn floor(value: f64) -> u32 {
    value.floor().clamp(0.0, f64::from(u32::MAX)) as u32
}
