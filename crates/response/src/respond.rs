//! The job that makes the response look again: reads the closure of what changed, decides and plans on the reading
//! side, then makes one short write: opens cases that single samples ask for, records the plan with the picture it
//! rests on, starts what needs nobody, and leaves the rest waiting for an officer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use outpace_access::Call;
use outpace_contacts as contacts;
use outpace_core::trigger::RESPOND;
use outpace_core::{CaseId, PlanId, Refusal, Seq, Text, Timestamp, Trigger};
use outpace_isolation::LiftReason;
use outpace_orders::{self as orders, NewOrder, Subject as About};
use outpace_policy::{OrderTrigger, SubjectKind};
use outpace_store::{Job, Result, Store, StoreError, Tx, Unit, jobs};

use crate::apply::{self, carry_out};
use crate::closure::Reach;
use crate::decide::decide;
use crate::extra::{self, Extra};
use crate::facts::{Agreed, PlanComputed};
use crate::items::{Key, What};
use crate::load::{load, rules};
use crate::plan::{Action, AtOnce, Line, Needs, Plan, Planned, plan};
use crate::situation::{Fleet, Outcome, Single, Situation};
use crate::{book, store};

/// Triggers that one look answers together.
const TRIGGERS_MAX: i64 = 1_000;

/// What a look found, ready to be written.
struct Look {
    /// Journal's end before the look: what is newer was not seen.
    basis: Seq,
    triggers: Vec<Trigger>,
    jobs: Vec<i64>,
    opening: Vec<contacts::cases::OpenCase>,
    excluding: Vec<CaseId>,
    discharging: Vec<Discharge>,
    plan: Plan,
    reach: Reach,
    why: BTreeMap<Key, LiftReason>,
    beds_short: i64,
    extras: Vec<Extra>,
    fleet: Fleet,
    people: usize,
    started: Instant,
}

/// A case that an expert group let go, not yet recorded as such.
struct Discharge {
    case: CaseId,
    at: Timestamp,
    reason: Text,
}

/// Does the work of a job of the kind `respond`, together with all others that wait.
///
/// # Errors
/// What the store or a capability refused; the job is tried again.
pub fn respond(office: &Store, job: &Job) -> Result<()> {
    let started = Instant::now();
    let waiting = office.read(|tx| jobs::waiting(tx, TRIGGERS_MAX))?;
    if !waiting.iter().any(|one| one.id == job.id) {
        // An earlier look has answered this one too.
        return Ok(());
    }
    let mine: Vec<&Job> = waiting.iter().filter(|one| one.kind == RESPOND).collect();
    let triggers: BTreeSet<Trigger> = mine.iter().filter_map(|one| serde_json::from_str(&one.payload).ok()).collect();
    let triggers: Vec<Trigger> = triggers.into_iter().collect();
    let jobs = mine.iter().map(|one| one.id).collect();
    let call = book::system_call(office)?;
    let basis = office.head().seq;
    let look = office.read(|tx| look(tx, &call, triggers, jobs, basis, started)).map_err(refused)?;
    let rules = call.rules.clone();
    office
        .write(&office.system(), move |unit| {
            let call = Call { now: unit.now(), rules, ..call };
            write(unit, &call, look)
        })
        .map_err(refused)?;
    Ok(())
}

fn refused(refusal: Refusal) -> StoreError {
    StoreError::Broken(refusal.to_string())
}

/// Reads, decides, plans.
fn look(
    tx: &mut Tx<'_>,
    call: &Call,
    triggers: Vec<Trigger>,
    jobs: Vec<i64>,
    basis: Seq,
    started: Instant,
) -> Result<Look, Refusal> {
    let (situation, reach) = load(tx, call, &triggers)?;
    let loaded_ms = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
    tracing::debug!(loaded_ms, people = situation.people.len(), "a situation was loaded");
    let opening = cases_to_open(tx, &situation)?;
    let excluding = cases_to_exclude(tx)?;
    let discharging = cases_to_discharge(tx, &situation)?;
    let rules = rules(call);
    let desired = decide(&situation, &rules, call.now);
    let plan = plan(&situation, &desired, &reach, &rules, call.now);
    let why = why_lifted(&situation, &plan);
    let extras = extra::found(tx, call, &triggers, &desired)?;
    let beds_short = plan.price.beds - situation.fleet.beds_free;
    let (people, fleet) = (situation.people.len(), situation.fleet);
    Ok(Look {
        basis,
        triggers,
        jobs,
        opening,
        excluding,
        discharging,
        plan,
        reach,
        why,
        beds_short,
        extras,
        fleet,
        people,
        started,
    })
}

/// Single samples that are positive and belong to no case yet.
fn cases_to_open(tx: &mut Tx<'_>, situation: &Situation) -> Result<Vec<contacts::cases::OpenCase>, Refusal> {
    let mut opening = Vec::new();
    for (person, singles) in &situation.singles {
        let positive = |single: &&Single| single.outcome == Outcome::Positive && !single.antigen && !single.excluded;
        let Some(single) = singles.iter().filter(positive).max_by_key(|single| (single.sampled_at, single.seq)) else {
            continue;
        };
        let mut known = false;
        for id in contacts::cases::case_ids_of(tx, *person)? {
            let case = contacts::case(tx, id)?;
            known |= case.is_some_and(|case| {
                case.stage.is_active() || case.tube == single.tube || case.sampled_at >= Some(single.sampled_at)
            });
        }
        if !known {
            let last_negative = singles
                .iter()
                .filter(|one| one.outcome == Outcome::Negative && !one.antigen && one.sampled_at < single.sampled_at);
            opening.push(contacts::cases::OpenCase {
                person: *person,
                stage: contacts::Stage::Preliminary,
                found_how: contacts::FoundHow::ActiveScreening,
                found_at: Some(single.resulted_at),
                dates: contacts::cases::CaseDates {
                    sampled_at: Some(single.sampled_at),
                    last_negative_at: last_negative.map(|one| one.sampled_at).max(),
                    ..contacts::cases::CaseDates::default()
                },
                tube: single.tube.clone(),
                evidence: None,
            });
        }
    }
    Ok(opening)
}

/// Preliminary cases whose one positive sample was taken back.
fn cases_to_exclude(tx: &mut Tx<'_>) -> Result<Vec<CaseId>, Refusal> {
    let taken_back: BTreeSet<_> = outpace_screening::laboratory::suspects(tx)?
        .into_iter()
        .filter(|suspect| suspect.outcome.is_none())
        .map(|suspect| suspect.tube)
        .collect();
    if taken_back.is_empty() {
        return Ok(Vec::new());
    }
    let cases = contacts::cases::active_cases(tx)?.into_iter();
    let preliminary = cases.filter(|case| case.stage == contacts::Stage::Preliminary);
    let hung = preliminary.filter(|case| case.tube.as_ref().is_some_and(|tube| taken_back.contains(tube)));
    Ok(hung.map(|case| case.id).collect())
}

/// Cases whose discharge an expert group agreed to: that is recorded on the case itself, so that it stands when the
/// assessment has run out.
fn cases_to_discharge(tx: &mut Tx<'_>, situation: &Situation) -> Result<Vec<Discharge>, Refusal> {
    let mut discharging = Vec::new();
    for (id, case) in situation.cases.iter().filter(|(_, case)| case.discharged_at.is_none()) {
        let Some((_, agreed)) = situation.discharge_agreed(*id, case) else { continue };
        let known = contacts::case(tx, *id)?;
        if known.is_some_and(|known| known.stage.next().contains(&contacts::Stage::Discharged)) {
            discharging.push(Discharge { case: *id, at: agreed.signed_at, reason: agreed.reason.clone() });
        }
    }
    Ok(discharging)
}

/// Why what is lifted ends, where more is known than that nothing asks for it: the fact it rested on was excluded.
fn why_lifted(situation: &Situation, plan: &Plan) -> BTreeMap<Key, LiftReason> {
    let mut excluded: BTreeSet<Seq> = BTreeSet::new();
    for tube in situation.tubes.values().filter(|tube| tube.excluded) {
        excluded.extend(&tube.facts);
    }
    for case in situation.cases.values().filter(|case| !case.counts()) {
        excluded.extend(&case.facts);
    }
    let lifted = plan.lines.iter().filter(|line| line.action == Action::Lift).flat_map(|line| &line.items);
    lifted
        .filter_map(|item| {
            let person = match item.what {
                What::Hold { person, .. } | What::Confine { person, .. } => person,
                _ => return None,
            };
            let is_case = situation.case_of(person).is_some_and(|(id, case)| situation.is_in_care(id, case));
            let fact = item.facts.iter().find(|fact| excluded.contains(fact));
            match fact {
                Some(fact) => Some((item.key.clone(), LiftReason::Excluded(*fact))),
                None if is_case => Some((item.key.clone(), LiftReason::Superseded)),
                None => None,
            }
        })
        .collect()
}

/// The short write.
fn write(unit: &mut Unit<'_>, call: &Call, look: Look) -> Result<(), Refusal> {
    for job in &look.jobs {
        unit.finish_job(*job)?;
    }
    let stale = store::newest_answer(unit.tx())? > look.basis;
    if stale || !look.opening.is_empty() || !look.excluding.is_empty() || !look.discharging.is_empty() {
        // A case changes everything that was just decided, and so does an answer that came in between: look again.
        for Discharge { case, at, reason } in look.discharging {
            let reason = format!("专家组同意出院:{} / the expert group agreed: {}", reason.zh, reason.en);
            let (stage, occurred_at) = (contacts::Stage::Discharged, Some(at));
            let step = contacts::cases::ChangeStage { case, stage, severity: None, reason, occurred_at };
            contacts::change_stage(unit, call, step)?;
        }
        for case in look.opening {
            contacts::open_case(unit, call, case)?;
        }
        for case in look.excluding {
            let reason = "唯一阳性结果已排除 / its only positive result was taken back".to_owned();
            contacts::exclude_case(unit, call, contacts::cases::ExcludeCase { case, reason, occurred_at: None })?;
        }
        for trigger in &look.triggers {
            unit.enqueue(RESPOND, trigger)?;
        }
        return Ok(());
    }
    extra::settle(unit, call, &look.extras)?;
    record(unit, call, look)
}

/// Records the plan if it says anything new, and starts what needs nobody.
fn record(unit: &mut Unit<'_>, call: &Call, look: Look) -> Result<(), Refusal> {
    let standing = store::waiting(unit.tx())?;
    let known: BTreeMap<&str, &store::Standing> = standing.iter().map(|one| (one.line.key.as_str(), one)).collect();
    let (at_once, waits): (Vec<&Line>, Vec<&Line>) =
        look.plan.lines.iter().partition(|line| matches!(line.needs, Needs::AtOnce(_)));
    let (new, kept) = merged(call, &known, &waits, &look);
    let fresh: Vec<Line> = new
        .into_iter()
        .filter(|line| known.get(line.key.as_str()).is_none_or(|old| !old.line.says_the_same(line)))
        .collect();
    let gone: Vec<String> = known.keys().filter(|key| !kept.contains(**key)).map(|key| (*key).to_owned()).collect();
    let startable = at_once.iter().any(|line| line.items.iter().any(|item| item.blocked_by.is_none()));
    if fresh.is_empty() && gone.is_empty() && !startable {
        return Ok(());
    }
    let worse = fresh
        .iter()
        .filter(|line| known.get(line.key.as_str()).is_some_and(|old| is_worse(line, &old.line)))
        .map(|line| line.key.clone())
        .collect();
    let id = PlanId(unit.next(PlanId::COUNTER)?);
    let (basis, price) = (look.basis, look.plan.price);
    let titles = look.plan.lines.iter().map(|line| line.title.clone()).collect();
    let pack = call.pack().id.clone();
    let day = rules(call).day(call.now);
    let triggers = look.triggers;
    unit.record(PlanComputed { id, triggers, basis, pack, lines: fresh, worse, gone, price, day, titles })?;
    start(unit, call, id, &at_once, &look.why)?;
    if look.beds_short > 0 {
        beds_short(unit, call, look.beds_short)?;
    }
    let wall_ms = i64::try_from(look.started.elapsed().as_millis()).unwrap_or(i64::MAX);
    tracing::info!(plan = id.0, wall_ms, people = look.people, "a plan was computed");
    store::note_timing(unit.tx(), id, wall_ms, i64::try_from(look.people).unwrap_or(i64::MAX))?;
    Ok(())
}

/// Starts the lines that need nobody. Measures first, so that the work that comes with them finds them.
fn start(
    unit: &mut Unit<'_>,
    call: &Call,
    plan: PlanId,
    lines: &[&Line],
    why: &BTreeMap<Key, LiftReason>,
) -> Result<(), Refusal> {
    let mut lines = lines.to_vec();
    lines.sort_by_key(|line| matches!(line.needs, Needs::AtOnce(AtOnce::Work)));
    for line in lines {
        let items: Vec<Planned> = line.items.iter().filter(|item| item.blocked_by.is_none()).cloned().collect();
        if !items.is_empty() {
            carry_out(unit, call, &apply::Order { plan, line, items, why })?;
        }
    }
    Ok(())
}

/// Lines that wait after this look: what it decided, and of what waited before the items that it did not reach.
fn merged(
    call: &Call,
    known: &BTreeMap<&str, &store::Standing>,
    waits: &[&Line],
    look: &Look,
) -> (Vec<Line>, BTreeSet<String>) {
    let reach = &look.reach;
    let mut lines: BTreeMap<String, Line> = waits.iter().map(|line| (line.key.clone(), (*line).clone())).collect();
    for (key, old) in known {
        let unreached: Vec<Planned> = old.line.items.iter().filter(|item| !reaches(reach, item)).cloned().collect();
        if unreached.is_empty() {
            continue;
        }
        match lines.get_mut(*key) {
            Some(line) => {
                line.items.extend(unreached);
                line.items.sort_by(|a, b| a.key.cmp(&b.key));
                line.recount(&rules(call), call.now, look.fleet);
            }
            None => {
                let mut line = Line { items: unreached, ..old.line.clone() };
                if line.items.len() < old.line.items.len() {
                    line.recount(&rules(call), call.now, look.fleet);
                }
                lines.insert((*key).to_owned(), line);
            }
        }
    }
    let kept = lines.keys().cloned().collect();
    (lines.into_values().collect(), kept)
}

fn reaches(reach: &Reach, item: &Planned) -> bool {
    reach.decides_planned(&item.what, item.with.as_ref(), item.about.as_ref())
}

/// Whether a line asks more of people than the one of the same key that waited before.
pub(crate) fn is_worse(line: &Line, old: &Line) -> bool {
    let before: BTreeMap<&Key, &Planned> = old.items.iter().map(|item| (&item.key, item)).collect();
    let end = |item: &Planned| item.what.lasts_until(item.ends_at).map_or(i64::MAX, |end| end.0);
    line.items.iter().any(|item| {
        before.get(&item.key).is_none_or(|old| item.what.strictness() > old.what.strictness() || end(item) > end(old))
    })
}

/// More beds are needed than are free: the order to find them goes out at once.
fn beds_short(unit: &mut Unit<'_>, call: &Call, missing: i64) -> Result<(), Refusal> {
    // No site is known yet: only what is about the jurisdiction as a whole can be asked for.
    let started = call.rules.playbook.started_by(OrderTrigger::BedsShort);
    let about_all = started.filter(|kind| kind.subject == SubjectKind::Jurisdiction);
    let kinds: Vec<String> = about_all.map(|kind| kind.key.clone()).collect();
    for kind in kinds {
        let mut form = BTreeMap::new();
        form.insert("beds".to_owned(), serde_json::Value::from(missing));
        let text = Text::new(format!("缺隔离床位 {missing} 张"), format!("{missing} beds are missing"));
        let order = NewOrder {
            key: format!("order/{kind}/jurisdiction"),
            kind,
            subject: About::None,
            area: call.actor.area,
            task_force: None,
            team: None,
            deadline_at: None,
            because: text,
            clause: None,
            cause: None,
            form,
        };
        orders::issue(unit, call, order)?;
    }
    Ok(())
}

/// What is agreed with an item that still waits for a carer.
pub(crate) fn agreed(item: &Planned) -> Agreed {
    Agreed { key: item.key.clone(), strictness: item.what.strictness(), until: item.what.lasts_until(item.ends_at) }
}
