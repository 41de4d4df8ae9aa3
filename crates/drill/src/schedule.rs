//! When each step of the day may begin: after the steps that it needs, with the people and vehicles that it uses, and
//! (where the drill keeps to the report) not before the reported hour. Pure; the player tells it when a step is done.

use std::collections::BTreeMap;

use outpace_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::scenario::{Resource, Step, StepKey};

/// How fast the day is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// At the hours that the report gives.
    #[default]
    Reported,
    /// As early as the same staff, vehicles, stock and laboratories allow, each plan approved when it stands ready.
    AtOnce,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running(Timestamp),
    Done(Timestamp, Timestamp),
}

/// A step cannot be begun or ended now: a mistake of the player.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It is not ready: a need is not done, or something it uses is not there.
    #[error("步骤 {0:?} 尚不能开始 / step {0:?} cannot begin yet")]
    NotReady(StepKey),
    /// It does not run.
    #[error("步骤 {0:?} 未在进行 / step {0:?} is not running")]
    NotRunning(StepKey),
}

/// The schedule of a day.
#[derive(Debug, Clone)]
pub struct Schedule {
    pace: Pace,
    steps: Vec<Step>,
    states: BTreeMap<StepKey, State>,
    free: BTreeMap<String, i64>,
    there_from: BTreeMap<String, Timestamp>,
}

impl Schedule {
    /// A schedule in which nothing has begun.
    #[must_use]
    pub fn new(pace: Pace, steps: &[Step], resources: &[Resource]) -> Self {
        Self {
            pace,
            steps: steps.to_vec(),
            states: steps.iter().map(|step| (step.key, State::Waiting)).collect(),
            free: resources.iter().map(|resource| (resource.key.clone(), resource.amount)).collect(),
            there_from: resources.iter().map(|resource| (resource.key.clone(), resource.from)).collect(),
        }
    }

    /// The steps that may begin at a moment, in the order of the day. Beginning one may use up what another needs.
    #[must_use]
    pub fn ready(&self, now: Timestamp) -> Vec<StepKey> {
        self.steps.iter().filter(|step| self.may_begin(step, now)).map(|step| step.key).collect()
    }

    fn may_begin(&self, step: &Step, now: Timestamp) -> bool {
        let hour_has_come = self.pace == Pace::AtOnce || now >= step.at;
        let there = step.uses.iter().all(|(resource, amount)| {
            let from = self.there_from.get(resource).copied().unwrap_or(Timestamp(i64::MAX));
            now >= from && self.free.get(resource).copied().unwrap_or(0) >= *amount
        });
        self.states.get(&step.key) == Some(&State::Waiting)
            && hour_has_come
            && there
            && step.needs.iter().all(|need| self.done_at(*need).is_some_and(|done| done <= now))
    }

    /// Begins a step: what it uses is taken.
    ///
    /// # Errors
    /// [`ScheduleError::NotReady`].
    pub fn begin(&mut self, key: StepKey, now: Timestamp) -> Result<(), ScheduleError> {
        let step = self.steps.iter().find(|step| step.key == key).cloned().ok_or(ScheduleError::NotReady(key))?;
        if !self.may_begin(&step, now) {
            return Err(ScheduleError::NotReady(key));
        }
        for (resource, amount) in &step.uses {
            *self.free.entry(resource.clone()).or_default() -= amount;
        }
        self.states.insert(key, State::Running(now));
        Ok(())
    }

    /// Ends a step: what it used is free again.
    ///
    /// # Errors
    /// [`ScheduleError::NotRunning`].
    pub fn end(&mut self, key: StepKey, now: Timestamp) -> Result<(), ScheduleError> {
        let Some(State::Running(begun)) = self.states.get(&key).copied() else {
            return Err(ScheduleError::NotRunning(key));
        };
        let uses = self.steps.iter().find(|step| step.key == key).map(|step| step.uses.clone()).unwrap_or_default();
        for (resource, amount) in uses {
            *self.free.entry(resource).or_default() += amount;
        }
        self.states.insert(key, State::Done(begun, now));
        Ok(())
    }

    /// The steps that run.
    #[must_use]
    pub fn running(&self) -> Vec<StepKey> {
        let running = |step: &&Step| matches!(self.states.get(&step.key), Some(State::Running(_)));
        self.steps.iter().filter(running).map(|step| step.key).collect()
    }

    /// When a step began.
    #[must_use]
    pub fn begun_at(&self, key: StepKey) -> Option<Timestamp> {
        match self.states.get(&key)? {
            State::Waiting => None,
            State::Running(begun) | State::Done(begun, _) => Some(*begun),
        }
    }

    /// When a step was done.
    #[must_use]
    pub fn done_at(&self, key: StepKey) -> Option<Timestamp> {
        match self.states.get(&key)? {
            State::Done(_, done) => Some(*done),
            State::Waiting | State::Running(_) => None,
        }
    }

    /// Steps that are not done, for the report of a drill that could not be finished.
    #[must_use]
    pub fn open(&self) -> Vec<StepKey> {
        self.steps.iter().map(|step| step.key).filter(|key| self.done_at(*key).is_none()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use outpace_core::Text;
    use outpace_core::time::MINUTE_MS;
    use proptest::prelude::*;

    use super::*;

    const KEYS: [StepKey; 6] = [
        StepKey::FirstPositive,
        StepKey::FirstResponse,
        StepKey::Emergency,
        StepKey::TeamsOut,
        StepKey::NightSampling,
        StepKey::Transfer,
    ];
    const BUSES: i64 = 5;

    fn step(index: usize, at: i64, minutes: i64, needs: &[usize], buses: i64) -> Step {
        Step {
            key: KEYS[index],
            name: Text::new("步", "step"),
            at: Timestamp(at * MINUTE_MS),
            minutes,
            needs: needs.iter().filter(|need| **need < index).map(|need| KEYS[*need]).collect(),
            uses: BTreeMap::from([("buses".to_owned(), buses)]),
        }
    }

    fn buses() -> Vec<Resource> {
        let name = Text::new("车", "buses");
        vec![Resource { key: "buses".to_owned(), name, amount: BUSES, from: Timestamp(10), assumed: false }]
    }

    /// Plays a schedule minute by minute; answers what ran in each minute.
    fn play(pace: Pace, steps: &[Step]) -> (Schedule, Vec<Vec<StepKey>>) {
        let mut schedule = Schedule::new(pace, steps, &buses());
        let mut log = Vec::new();
        for minute in 0..3_000 {
            let now = Timestamp(minute * MINUTE_MS);
            for key in schedule.running() {
                let minutes = steps.iter().find(|step| step.key == key).map_or(0, |step| step.minutes);
                if schedule.begun_at(key).is_some_and(|begun| begun.plus_minutes(minutes) <= now) {
                    schedule.end(key, now).unwrap();
                }
            }
            for key in schedule.ready(now) {
                // Another may have taken the last buses just now.
                let _ = schedule.begin(key, now);
            }
            log.push(schedule.running());
        }
        (schedule, log)
    }

    proptest! {
        #[test]
        fn no_step_runs_before_its_needs_or_its_hour_or_with_buses_that_others_have(
            drawn in proptest::collection::vec(
                (0_i64..200, 1_i64..90, proptest::collection::vec(0_usize..6, 0..3), 1..=BUSES), 6,
            ),
            at_once in any::<bool>(),
        ) {
            let pace = if at_once { Pace::AtOnce } else { Pace::Reported };
            let steps: Vec<Step> = drawn.iter().enumerate()
                .map(|(index, (at, minutes, needs, used))| step(index, *at, *minutes, needs, *used)).collect();
            let (schedule, log) = play(pace, &steps);
            prop_assert!(schedule.open().is_empty());
            for one in &steps {
                let begun = schedule.begun_at(one.key).unwrap();
                prop_assert!(one.needs.iter().all(|need| schedule.done_at(*need).unwrap() <= begun));
                prop_assert!(at_once || begun >= one.at);
                prop_assert!(begun >= Timestamp(10));
            }
            for running in log {
                let used: i64 = steps.iter().filter(|one| running.contains(&one.key)).map(|one| one.uses["buses"]).sum();
                prop_assert!(used <= BUSES);
            }
        }

        #[test]
        fn at_once_is_never_later_than_the_report_where_nothing_is_shared(
            drawn in proptest::collection::vec((0_i64..200, 1_i64..60, proptest::collection::vec(0_usize..6, 0..3)), 6),
        ) {
            let steps: Vec<Step> = drawn.iter().enumerate()
                .map(|(index, (at, minutes, needs))| Step { uses: BTreeMap::new(), ..step(index, *at, *minutes, needs, 1) })
                .collect();
            let (early, _) = play(Pace::AtOnce, &steps);
            let (late, _) = play(Pace::Reported, &steps);
            for one in &steps {
                prop_assert!(early.done_at(one.key) <= late.done_at(one.key));
            }
        }
    }

    #[test]
    fn a_step_that_does_not_run_cannot_end() {
        let mut schedule = Schedule::new(Pace::Reported, &[step(0, 0, 5, &[], 1)], &buses());
        assert_eq!(schedule.end(KEYS[0], Timestamp(0)), Err(ScheduleError::NotRunning(KEYS[0])));
        assert_eq!(schedule.begin(KEYS[0], Timestamp(0)), Err(ScheduleError::NotReady(KEYS[0])));
    }
}
