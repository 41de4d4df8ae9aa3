//! Commands as they wait in the writer's queue: what to run, whom to answer, and since when.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use outpace_core::Actor;

use crate::engine::{Result, StoreError};
use crate::journal::Head;
use crate::unit::Unit;
use crate::writer::Committed;

/// One queued command, its types erased.
pub(crate) trait Task: Send {
    fn actor(&self) -> Actor;
    /// When it was queued.
    fn queued(&self) -> Instant;
    /// Runs the command. Answers whether its facts are to be kept.
    fn run(&mut self, unit: &mut Unit<'_>) -> bool;
    /// Answers the caller.
    fn answer(self: Box<Self>, outcome: Result<Head>);
}

struct Command<F, T, E, D> {
    actor: Actor,
    queued: Instant,
    command: Option<F>,
    outcome: Option<Result<T, E>>,
    done: D,
}

impl<F, T, E, D> Task for Command<F, T, E, D>
where
    F: FnOnce(&mut Unit<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
    D: FnOnce(Result<Committed<T>, E>) + Send,
{
    fn actor(&self) -> Actor {
        self.actor.clone()
    }

    fn queued(&self) -> Instant {
        self.queued
    }

    fn run(&mut self, unit: &mut Unit<'_>) -> bool {
        let Some(command) = self.command.take() else { return false };
        let outcome = catch_unwind(AssertUnwindSafe(|| command(unit))).unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Err(E::from(StoreError::Panic(text)))
        });
        let kept = outcome.is_ok();
        self.outcome = Some(outcome);
        kept
    }

    fn answer(self: Box<Self>, outcome: Result<Head>) {
        let answer = match (self.outcome, outcome) {
            // A batch that failed took with it what this command saw: not even a refusal may rest on that.
            (_, Err(error)) => Err(E::from(error)),
            (Some(outcome), Ok(head)) => outcome.map(|answer| Committed { answer, head }),
            (None, Ok(_)) => Err(E::from(StoreError::Busy)),
        };
        (self.done)(answer);
    }
}

pub(crate) fn new_task<T, E>(
    actor: &Actor,
    command: impl FnOnce(&mut Unit<'_>) -> Result<T, E> + Send + 'static,
    done: impl FnOnce(Result<Committed<T>, E>) + Send + 'static,
) -> Box<dyn Task>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    Box::new(Command {
        actor: actor.clone(),
        queued: Instant::now(),
        command: Some(command),
        outcome: None::<Result<T, E>>,
        done,
    })
}
