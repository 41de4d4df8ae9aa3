//! In what order a device's records take effect. Pure: the same records give the same steps, in whatever order, how often
//! and in how many parts they came.
//!
//! Records take effect by the device's counter. One beyond a gap waits until the gap is filled; a swab waits until its
//! tube is sealed, so that the lane can still take it back. Nothing waits any longer once the lane is done or the sheet
//! was written off.

use std::collections::{BTreeMap, BTreeSet};

use outpace_core::TubeCode;

/// A record as far as its order matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Noted {
    pub(super) counter: i64,
    pub(super) act: Act,
    /// Whether it waits; otherwise it took effect before.
    pub(super) waits: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Swab(TubeCode),
    Undo(i64),
    Seal(TubeCode),
    Done,
}

/// What takes effect now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// These swabs into a tube, in this order, and the record that sealed it after them.
    Tube { tube: TubeCode, swabs: Vec<i64>, seal: Option<i64> },
    /// A swab was taken back before its tube was sealed.
    Undone { undo: i64, swab: i64 },
    /// A swab is taken back that stands in the tables already, or that nobody noted.
    UndoneLate { undo: i64, swab: i64 },
    /// The lane is done.
    Done { counter: i64 },
}

/// The steps that records allow; they are sorted by counter. `close`: nothing more will come, whatever is missing.
pub(super) fn steps(records: &[Noted], close: bool) -> Vec<Step> {
    let mut walk = Walk::default();
    let mut next = 1;
    for record in records {
        if record.counter != next && !close {
            break;
        }
        next = record.counter + 1;
        walk.record(record);
    }
    if close {
        walk.flush();
    }
    walk.steps
}

#[derive(Default)]
struct Walk {
    steps: Vec<Step>,
    /// Swabs of tubes that are not sealed.
    open: Vec<(TubeCode, Vec<i64>)>,
    sealed: BTreeSet<TubeCode>,
    done: bool,
}

impl Walk {
    fn record(&mut self, record: &Noted) {
        let counter = record.counter;
        match &record.act {
            Act::Swab(tube) if record.waits => {
                if self.done || self.sealed.contains(tube) {
                    self.steps.push(Step::Tube { tube: tube.clone(), swabs: vec![counter], seal: None });
                } else {
                    match self.open.iter_mut().find(|(known, _)| known == tube) {
                        Some((_, swabs)) => swabs.push(counter),
                        None => self.open.push((tube.clone(), vec![counter])),
                    }
                }
            }
            Act::Swab(_) => {}
            Act::Undo(swab) if record.waits => {
                let (undo, swab) = (counter, *swab);
                let step =
                    if self.take_back(swab) { Step::Undone { undo, swab } } else { Step::UndoneLate { undo, swab } };
                self.steps.push(step);
            }
            Act::Undo(_) => {}
            Act::Seal(tube) => {
                self.sealed.insert(tube.clone());
                let swabs = self.take_open(tube);
                let seal = record.waits.then_some(counter);
                // A swab that came after its tube's seal took effect (the sheet was written off meanwhile) is not lost.
                if seal.is_some() || !swabs.is_empty() {
                    self.steps.push(Step::Tube { tube: tube.clone(), swabs, seal });
                }
            }
            Act::Done => {
                self.flush();
                self.done = true;
                if record.waits {
                    self.steps.push(Step::Done { counter });
                }
            }
        }
    }

    fn take_back(&mut self, swab: i64) -> bool {
        for (_, swabs) in &mut self.open {
            if let Some(at) = swabs.iter().position(|counter| *counter == swab) {
                swabs.remove(at);
                return true;
            }
        }
        false
    }

    fn take_open(&mut self, tube: &TubeCode) -> Vec<i64> {
        match self.open.iter().position(|(known, _)| known == tube) {
            Some(at) => self.open.remove(at).1,
            None => Vec::new(),
        }
    }

    fn flush(&mut self) {
        let mut open = std::mem::take(&mut self.open);
        // By the first swab that stands: one that was taken back must not decide the order.
        open.sort_by_key(|(_, swabs)| swabs.first().copied());
        for (tube, swabs) in open {
            if !swabs.is_empty() {
                self.steps.push(Step::Tube { tube, swabs, seal: None });
            }
        }
    }
}

/// Counters below the highest that have not come.
pub(super) fn missing(counters: &BTreeSet<i64>, most: usize) -> Vec<i64> {
    let highest = counters.last().copied().unwrap_or(0);
    (1..highest).filter(|counter| !counters.contains(counter)).take(most).collect()
}

/// The acts of records by counter, for looking one up.
pub(super) fn by_counter(records: &[Noted]) -> BTreeMap<i64, &Act> {
    records.iter().map(|record| (record.counter, &record.act)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn act() -> impl Strategy<Value = Act> {
        let tube = (0_u8..3).prop_map(|tube| TubeCode(format!("T-{tube}")));
        prop_oneof![
            6 => tube.clone().prop_map(Act::Swab),
            1 => (1_i64..30).prop_map(Act::Undo),
            2 => tube.prop_map(Act::Seal),
        ]
    }

    /// Every counter that a step names.
    fn named(step: &Step) -> Vec<i64> {
        match step {
            Step::Tube { swabs, seal, .. } => swabs.iter().copied().chain(*seal).collect(),
            Step::Undone { undo, swab } => vec![*undo, *swab],
            Step::UndoneLate { undo, .. } => vec![*undo],
            Step::Done { counter } => vec![*counter],
        }
    }

    proptest! {
        /// However the records come, the steps are the same, each once, and with the last of them none waits.
        #[test]
        fn steps_do_not_depend_on_how_records_come(
            acts in proptest::collection::vec(act(), 1..30), order in any::<proptest::sample::Index>(), parts in 1_usize..6,
        ) {
            let mut all: Vec<Noted> = acts
                .into_iter()
                .chain([Act::Done])
                .enumerate()
                .map(|(index, act)| Noted { counter: index as i64 + 1, act, waits: true })
                .collect();
            let whole = steps(&all, false);
            let turn = order.index(all.len());
            all.rotate_left(turn);
            let (mut came, mut taken): (Vec<Noted>, Vec<Step>) = (Vec::new(), Vec::new());
            for part in all.chunks(all.len().div_ceil(parts)) {
                came.extend(part.iter().cloned());
                came.sort_by_key(|record| record.counter);
                let now = steps(&came, false);
                let effective: BTreeSet<i64> = now.iter().flat_map(named).collect();
                for record in came.iter_mut().filter(|record| effective.contains(&record.counter)) {
                    record.waits = false;
                }
                taken.extend(now);
            }
            prop_assert_eq!(&taken, &whole);
            prop_assert!(came.iter().all(|record| !record.waits));
            let times: Vec<i64> = taken.iter().flat_map(named).collect();
            let once: BTreeSet<i64> = times.iter().copied().collect();
            prop_assert_eq!(times.len(), once.len(), "a record took effect twice");
        }
    }

    #[test]
    fn what_lies_beyond_a_gap_waits_until_it_is_filled_or_given_up() {
        let swab = |counter: i64| Noted { counter, act: Act::Swab("A".into()), waits: true };
        let seal = Noted { counter: 4, act: Act::Seal("A".into()), waits: true };
        assert_eq!(steps(&[swab(1), swab(3), seal.clone()], false), []);
        let all = Step::Tube { tube: "A".into(), swabs: vec![1, 2, 3], seal: Some(4) };
        assert_eq!(steps(&[swab(1), swab(2), swab(3), seal.clone()], false), [all]);
        let rest = Step::Tube { tube: "A".into(), swabs: vec![1, 3], seal: Some(4) };
        assert_eq!(steps(&[swab(1), swab(3), seal], true), [rest]);
        assert_eq!(missing(&[1, 3, 6].into(), 9), [2, 4, 5]);
    }
}
