//! Follow-up work that fails again and again, in the hands of people: tried again at once, or set aside. Both are facts with who
//! and why. Work that may concern a positive is set aside by two persons: one proposes, another one confirms.

mod facts;
mod store;

use outpace_access::Call;
use outpace_core::trigger::RESPOND;
use outpace_core::{ActorId, PersonId, Refusal, Timestamp, Trigger};
use outpace_store::{Capability, Job, Tx, Unit, jobs};

pub use facts::{JobRetried, JobSetAside, SetAsideProposed};

/// Characters of a reason.
const REASON_CHARACTERS: std::ops::RangeInclusive<usize> = 2..=500;
/// Jobs that a list holds at most.
const LISTED_MAX: i64 = 1_000;

/// A job, and how it stands with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The job.
    pub job: Job,
    /// What the last try failed with; empty for one that never failed.
    pub error: String,
    /// Whether two persons set it aside.
    pub needs_two: bool,
    /// Who proposed to set it aside, and why.
    pub proposed: Option<Proposed>,
}

/// A first person's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// Who.
    pub by: ActorId,
    /// Who they are in the registry, where that is known.
    pub person: Option<PersonId>,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What came of a word to set a job aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// It waits for a second person.
    Proposed,
    /// It is set aside.
    Done,
}

/// Tables, folds.
#[must_use]
pub fn capability() -> Capability {
    store::join(Capability::new("jobs"))
}

/// Jobs that wait or fail, the most urgent first.
///
/// # Errors
/// What the store refused.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Listed>, Refusal> {
    let failing = jobs::failing(tx)?;
    let waiting = jobs::waiting(tx, LISTED_MAX)?;
    let mut listed = Vec::with_capacity(waiting.len());
    for job in waiting {
        let error = failing.iter().find(|(one, _)| one.id == job.id).map(|(_, error)| error.clone());
        let proposed = store::proposed(tx, job.id)?;
        listed.push(Listed { needs_two: needs_two(&job), error: error.unwrap_or_default(), proposed, job });
    }
    Ok(listed)
}

/// Whether setting a job aside may leave a positive unanswered. What cannot be read may.
fn needs_two(job: &Job) -> bool {
    if job.kind != RESPOND {
        return false;
    }
    !matches!(
        serde_json::from_str(&job.payload),
        Ok(Trigger::Place(_) | Trigger::Zone(_) | Trigger::Area(_) | Trigger::Assessment(_))
    )
}

fn known(unit: &mut Unit<'_>, id: i64) -> Result<Listed, Refusal> {
    let found = list(unit.tx())?.into_iter().find(|one| one.job.id == id);
    found.ok_or_else(|| {
        Refusal::unknown(
            "unknown_job",
            "job",
            id,
            format!("没有第 {id} 号后续处置,可能已完成;请用 outpace admin jobs 查看。"),
            format!("There is no job {id}; it may be done. `outpace admin jobs` lists those that wait."),
        )
    })
}

fn reason_given(reason: &str) -> Result<String, Refusal> {
    let reason = reason.trim();
    if REASON_CHARACTERS.contains(&reason.chars().count()) {
        return Ok(reason.to_owned());
    }
    let (least, most) = (REASON_CHARACTERS.start(), REASON_CHARACTERS.end());
    Err(Refusal::rule(
        "reason",
        "reason",
        "",
        format!("请写明原因,{least} 至 {most} 个字。"),
        format!("Give a reason of {least} to {most} characters."),
    ))
}

/// Lets a job be tried again at once.
///
/// # Errors
/// 404 for a job that does not stand, 422 without a reason.
pub fn retry(unit: &mut Unit<'_>, _: &Call, job: i64, reason: &str) -> Result<(), Refusal> {
    let reason = reason_given(reason)?;
    let Listed { job, .. } = known(unit, job)?;
    let attempts = job.attempts;
    jobs::try_now(unit, job.id)?;
    unit.record(JobRetried { job: job.id, kind: job.kind, payload: job.payload, attempts, reason })?;
    Ok(())
}

/// Sets a job aside, or proposes it where a second person has to confirm.
///
/// # Errors
/// 404 for a job that does not stand, 422 without a reason, 409 where the same person proposed it.
pub fn set_aside(unit: &mut Unit<'_>, call: &Call, job: i64, reason: &str) -> Result<Aside, Refusal> {
    let reason = reason_given(reason)?;
    let Listed { job, error, needs_two, proposed } = known(unit, job)?;
    let Job { id, kind, payload, attempts, .. } = job;
    if needs_two {
        let Some(first) = &proposed else {
            let person = call.actor.person;
            unit.record(SetAsideProposed { job: id, kind, payload, attempts, error, person, reason })?;
            return Ok(Aside::Proposed);
        };
        let same_person = first.person.is_some() && first.person == call.actor.person;
        if first.by == call.actor.id || same_person {
            return Err(Refusal::conflict(
                "second_person_needed",
                "actor",
                "",
                "该事项可能涉及阳性人员,须由另一人确认后方可搁置。",
                "This may concern a positive: another person has to confirm before it is set aside.",
            ));
        }
    }
    unit.finish_job(id)?;
    let proposed_by = proposed.map(|first| first.by);
    unit.record(JobSetAside { job: id, kind, payload, attempts, error, proposed_by, reason })?;
    Ok(Aside::Done)
}

#[cfg(test)]
mod tests {
    use outpace_core::{PersonId, PlaceId, Role};
    use outpace_store::{StoreError, testing};

    use super::*;
    use crate::tests::{House, officer};

    fn fails(house: &House, kind: &'static str, payload: &Trigger) -> i64 {
        let payload = payload.clone();
        // Nobody else may answer it before it has failed.
        let _at_rest = testing::jobs_at_rest(&house.store);
        house.store.write(&house.store.system(), move |unit| unit.enqueue(kind, &payload)).unwrap();
        let jobs = house.store.read(|tx| jobs::waiting(tx, 10)).unwrap();
        let job = jobs.last().unwrap().clone();
        house.store.note_failure(&job, "made to fail").unwrap();
        job.id
    }

    fn aside(house: &House, id: i64, job: i64) -> Result<Aside, Refusal> {
        house.act(officer(id, Role::Commander), move |unit, call| set_aside(unit, call, job, "checked by hand"))
    }

    #[test]
    fn a_positive_is_set_aside_by_two_different_persons_only() {
        let house = House::of(1);
        let job = fails(&house, RESPOND, &Trigger::Person(PersonId(1)));
        assert_eq!(aside(&house, 1, job).unwrap(), Aside::Proposed);
        assert_eq!(aside(&house, 1, job).unwrap_err().code, "second_person_needed");
        let listed = house.store.read(list).unwrap();
        let (error, first) = (listed[0].error.as_str(), listed[0].proposed.as_ref().unwrap());
        assert_eq!(
            (listed.len(), error, first.by, first.reason.as_str()),
            (1, "made to fail", ActorId(1), "checked by hand")
        );
        assert_eq!(aside(&house, 2, job).unwrap(), Aside::Done);
        assert_eq!(house.store.read(list).unwrap(), []);
        assert_eq!(aside(&house, 2, job).unwrap_err().code, "unknown_job");
        let facts: Result<i64, StoreError> = house.store.read(|tx| {
            tx.number("SELECT COUNT(*) FROM journal WHERE kind IN ('jobs.set_aside_proposed', 'jobs.set_aside')", &[])
        });
        assert_eq!(facts.unwrap(), 2, "both words are facts");
        let rebuilt = house.store.rebuild().unwrap();
        assert_eq!(rebuilt.before, rebuilt.after);
    }

    #[test]
    fn a_person_with_two_accounts_is_one_person() {
        let house = House::of(1);
        let job = fails(&house, RESPOND, &Trigger::Everything);
        let same = |id| outpace_core::Actor { person: Some(PersonId(3)), ..officer(id, Role::Commander) };
        let word = |id| house.act(same(id), move |unit, call| set_aside(unit, call, job, "checked by hand"));
        assert_eq!(word(1).unwrap(), Aside::Proposed);
        assert_eq!(word(2).unwrap_err().code, "second_person_needed");
    }

    #[test]
    fn what_concerns_nobody_is_set_aside_by_one_and_each_word_has_a_reason() {
        let house = House::of(1);
        let job = fails(&house, RESPOND, &Trigger::Place(PlaceId(1)));
        let silent = house.act(officer(1, Role::Commander), move |unit, call| set_aside(unit, call, job, " "));
        assert_eq!(silent.unwrap_err().code, "reason");
        assert_eq!(aside(&house, 1, job).unwrap(), Aside::Done);
        assert_eq!(house.store.read(list).unwrap(), []);
    }

    #[test]
    fn a_job_is_tried_again_at_once_where_a_person_says_so() {
        let house = House::of(1);
        let job = fails(&house, RESPOND, &Trigger::Place(PlaceId(1)));
        house.store.work_off().unwrap();
        assert_eq!(house.store.read(list).unwrap().len(), 1, "it rests after its failure");
        house
            .act(officer(1, Role::Commander), move |unit, call| retry(unit, call, job, "the cause is mended"))
            .unwrap();
        house.store.work_off().unwrap();
        assert_eq!(house.store.read(list).unwrap(), []);
    }
}
