//! `outpace admin jobs`: follow-up work that waits or fails; trying it again; setting it aside.

use clap::Subcommand;
use outpace_access::admit;
use outpace_core::{Permission, Refusal};
use outpace_response::set_aside::{self, Aside, Listed};

use super::custody::at_the_machine;
use super::{Failure, open_existing};
use crate::Data;

/// What to do with follow-up work.
#[derive(Subcommand)]
pub enum Command {
    /// List what waits and what fails, the most urgent first.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Try a job again at once. Asks for the token of a sign-in (OUTPACE_TOKEN, or asked).
    Retry {
        /// The job's number.
        job: i64,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        data: Data,
    },
    /// Set a job aside, so that it is not tried any more. One that may concern a positive takes two persons, each with the token
    /// of their own sign-in: the first proposes, the second confirms.
    SetAside {
        /// The job's number.
        job: i64,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        data: Data,
    },
}

/// Carries it out.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::List { data } => list(&data),
        Command::Retry { job, reason, data } => retry(&data, job, reason),
        Command::SetAside { job, reason, data } => aside(&data, job, reason),
    }
}

fn list(data: &Data) -> Result<(), Failure> {
    let opened = open_existing(data)?;
    let listed = opened.office.store.read(set_aside::list)?;
    if listed.is_empty() {
        println!("nothing waits / 没有等待的后续处置");
        return Ok(());
    }
    let mut failing = 0;
    for Listed { job, error, needs_two, proposed } in &listed {
        println!(
            "{} {} {} since / 始于 {} failed / 失败 {}",
            job.id, job.kind, job.payload, job.queued_at, job.attempts
        );
        if !error.is_empty() {
            failing += 1;
            println!("    {error}");
        }
        if let Some(first) = proposed {
            println!("    proposed by / 提议人 {} {}: {}", first.by, first.at, first.reason);
        }
        if *needs_two && !error.is_empty() {
            println!("    set aside by two persons only / 须两人方可搁置");
        }
    }
    if failing > 0 {
        return Err(Failure::Found(format!("{failing} jobs fail / {failing} 项后续处置失败")));
    }
    Ok(())
}

fn retry(data: &Data, job: i64, reason: String) -> Result<(), Failure> {
    act(data, move |unit, call| set_aside::retry(unit, call, job, &reason))?;
    println!("{job}: tried again at once / 立即重试");
    Ok(())
}

fn aside(data: &Data, job: i64, reason: String) -> Result<(), Failure> {
    match act(data, move |unit, call| set_aside::set_aside(unit, call, job, &reason))? {
        Aside::Proposed => println!("{job}: proposed; a second person confirms / 已提议,须另一人确认"),
        Aside::Done => println!("{job}: set aside / 已搁置"),
    }
    Ok(())
}

/// Does something as whoever sits at the machine. What is left of a person's follow-up work is the command's to decide.
fn act<T: Send + 'static>(
    data: &Data,
    command: impl FnOnce(&mut outpace_store::Unit<'_>, &outpace_access::Call) -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Failure> {
    let opened = open_existing(data)?;
    let office = &opened.office;
    let actor = at_the_machine(&opened)?;
    admit::authorise(office, &actor, Permission::CommandDecide.whole())?;
    let mut call = office.call(actor.clone());
    let done = office.store.write(&actor, move |unit| {
        call.now = unit.now();
        command(unit, &call)
    })?;
    Ok(done.answer)
}
