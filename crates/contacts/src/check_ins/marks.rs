//! Which check-ins of a device are here: a high-water mark and the gaps below it. Pure.

use std::collections::BTreeMap;

use super::model::DeviceMarks;

/// Gaps of one device at most. A device that sends in order has none, or one.
pub const GAPS_MAX: usize = 1_000;

/// The counters of one device that have come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    mark: i64,
    /// By the first counter of a gap: the last one.
    gaps: BTreeMap<i64, i64>,
}

impl From<&DeviceMarks> for Marks {
    fn from(marks: &DeviceMarks) -> Self {
        Self { mark: marks.mark, gaps: marks.gaps.iter().copied().collect() }
    }
}

impl From<&Marks> for DeviceMarks {
    fn from(marks: &Marks) -> Self {
        Self { mark: marks.mark, gaps: marks.gaps.iter().map(|(first, last)| (*first, *last)).collect() }
    }
}

impl Marks {
    /// Notes a counter, from 1. Answers whether it is new.
    pub fn note(&mut self, counter: i64) -> bool {
        if counter > self.mark {
            if counter > self.mark + 1 {
                self.gaps.insert(self.mark + 1, counter - 1);
            }
            self.mark = counter;
            return true;
        }
        let gap = self.gaps.range(..=counter).next_back().map(|(first, last)| (*first, *last));
        let Some((first, last)) = gap.filter(|(_, last)| counter <= *last) else { return false };
        self.gaps.remove(&first);
        if first < counter {
            self.gaps.insert(first, counter - 1);
        }
        if counter < last {
            self.gaps.insert(counter + 1, last);
        }
        true
    }

    /// Gaps so far.
    #[must_use]
    pub fn gaps(&self) -> usize {
        self.gaps.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_counter_is_new_once_in_whatever_order_they_come(counters in proptest::collection::vec(1_i64..60, 0..120)) {
            let (mut marks, mut seen) = (Marks::default(), BTreeSet::new());
            for counter in counters {
                prop_assert_eq!(marks.note(counter), seen.insert(counter), "{}", counter);
                let kept = DeviceMarks::from(&marks);
                prop_assert_eq!(&Marks::from(&kept), &marks);
                let here: BTreeSet<i64> = (1..=kept.mark)
                    .filter(|counter| !kept.gaps.iter().any(|(first, last)| (first..=last).contains(&counter)))
                    .collect();
                prop_assert_eq!(&here, &seen);
            }
        }
    }
}
