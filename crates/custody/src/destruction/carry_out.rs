//! Carrying out an order: the second person, at the machine.

use std::collections::BTreeMap;

use outpace_access::{Call, Office};
use outpace_core::{Actor, AreaLevel, Refusal, Role};
use outpace_policy::DataClass;
use outpace_registry::people::identity::found_by;
use outpace_registry::{Sex, each_person_in};
use outpace_store::destroy::{Destroyed, DestructionStep, Part, Step};
use outpace_store::{Tx, Unit, journal, vault};

use super::commands::{all_due, at_peace};
use super::{StandingOrder, store};
use crate::attest::{self, Attestation, Statement, Who};
use crate::{CustodyError, class_of};

/// Cells of the counts for science that fewer people than this are in are left out.
pub const CELL_PEOPLE_MIN: i64 = 10;
/// Years of birth that share a cell.
const CELL_YEARS: i64 = 20;

/// Carries out an order and attests it. `actor` is who sits at the machine: an administrator, and not who ordered it.
///
/// # Errors
/// An unknown order, one that was carried out; the one who ordered it; somebody who is no administrator; an emergency; a
/// part that no longer is due. What the store or the disk refused.
pub fn carry_out(office: &Office, actor: Actor, order: i64) -> Result<Attestation, Refusal> {
    let known = office.store.read(|tx| store::order(tx, order))?;
    let standing = known.ok_or(CustodyError::Unknown { field: "order", id: order })?;
    let parts: Vec<Part> = standing.parts.iter().cloned().map(Part::from).collect();
    let (call, again) = (office.call(actor.clone()), standing.clone());
    office.store.destroy(&actor, parts, class_of, move |unit| {
        let mut call = call;
        call.now = unit.now();
        may_carry_out(unit, &call, &again)?;
        let counts = counts(unit.tx(), &again)?;
        Ok::<_, Refusal>((again.order, counts))
    })?;
    finish_all(office)?;
    attestation(office, order)
}

/// Attests that an order was carried out, as often as somebody asks: what is left is counted anew each time.
///
/// # Errors
/// An unknown order, one that was not carried out yet, one of whose steps is still open.
pub fn attestation(office: &Office, order: i64) -> Result<Attestation, Refusal> {
    let statement = office.store.read(|tx| statement(office, tx, order))?;
    Ok(attest::sign(office.store.keys(), &statement)?)
}

/// What is attested of an order.
pub(super) fn statement(office: &Office, tx: &mut Tx<'_>, order: i64) -> Result<Statement, Refusal> {
    let standing = store::order(tx, order)?.ok_or(CustodyError::Unknown { field: "order", id: order })?;
    let done = store::destruction_of(tx, order)?.ok_or(CustodyError::State {
        code: "not_carried_out",
        field: "order",
        value: order.to_string(),
        zh: "该销毁令尚未执行,还没有销毁证明。".to_owned(),
        en: "The order was not carried out yet; there is nothing to attest.".to_owned(),
    })?;
    let open = done.open_steps();
    if !open.is_empty() {
        let words: Vec<&str> = open.iter().map(|step| step.word()).collect();
        return Err(CustodyError::State {
            code: "not_finished",
            field: "order",
            value: order.to_string(),
            zh: format!("销毁尚未完成,还差:{}。请停止其他服务后重新启动,或再执行一次 outpace admin retain。", said_zh(&open)),
            en: format!(
                "The destruction is not finished; still to do: {}. Stop the other servers and start again, or run outpace admin retain once more.",
                words.join(", ")
            ),
        }
        .into());
    }
    let held = outpace_store::destroy::held(tx, class_of)?;
    let of = |counts: &BTreeMap<Part, i64>, part| counts.get(part).copied().unwrap_or(0);
    let rows_left = done.what.parts.iter().map(|part| of(&held.entries, part) + of(&held.values, part)).sum();
    Ok(Statement {
        format: attest::FORMAT,
        area: office.store.area(),
        drill: office.store.is_drill(),
        order,
        reason: standing.reason,
        ordered_by: Who::of(tx, standing.ordered_by)?,
        ordered_at: standing.ordered_at,
        carried_out_by: Who::of(tx, done.actor)?,
        carried_out_at: done.at,
        finished_at: done.finished_at(),
        rows_left,
        seq: done.seq.0,
        hash: journal::hash_at(tx, done.seq)?.ok_or_else(Refusal::internal)?.to_string(),
        what: done.what,
    })
}

fn may_carry_out(unit: &mut Unit<'_>, call: &Call, standing: &StandingOrder) -> Result<(), CustodyError> {
    let fresh =
        store::order(unit.tx(), standing.order)?.ok_or(CustodyError::Unknown { field: "order", id: standing.order })?;
    if let Some(at) = fresh.carried_out_at {
        return Err(CustodyError::State {
            code: "carried_out",
            field: "order",
            value: standing.order.to_string(),
            zh: format!("该销毁令已于 {at} 执行。"),
            en: format!("The order was carried out at {at}."),
        });
    }
    if call.actor.id == fresh.ordered_by {
        return Err(CustodyError::Forbidden {
            value: call.actor.id.to_string(),
            zh: "下令的人不能自己执行,须由另一人在机器旁执行。",
            en: "Who ordered it cannot carry it out; a second person does, at the machine.",
        });
    }
    if call.actor.role != Role::Administrator {
        return Err(CustodyError::Forbidden {
            value: call.actor.id.to_string(),
            zh: "由系统管理员在机器旁执行。",
            en: "An administrator carries it out, at the machine.",
        });
    }
    at_peace(unit)?;
    all_due(unit, call, &fresh.parts)
}

/// Counts for science before people are gone: by township, twenty years of birth and sex; small cells are left out, and how
/// many of them is said.
fn counts(tx: &mut Tx<'_>, standing: &StandingOrder) -> Result<BTreeMap<String, i64>, CustodyError> {
    let mut cells: BTreeMap<String, i64> = BTreeMap::new();
    if standing.parts.iter().any(|part| part.class == DataClass::Identity.key()) {
        let everywhere = outpace_core::AreaId(tx.jurisdiction());
        each_person_in(tx, everywhere, |person| {
            let township = person.area.at(AreaLevel::Township).unwrap_or(everywhere);
            let from = person.birth_year.div_euclid(CELL_YEARS) * CELL_YEARS;
            let sex = match person.sex {
                Sex::Female => "female",
                Sex::Male => "male",
            };
            let cell = format!("people/{township}/born-{from}-{}/{sex}", from + CELL_YEARS - 1);
            *cells.entry(cell).or_default() += 1;
        })?;
    }
    let all = cells.len();
    cells.retain(|_, people| *people >= CELL_PEOPLE_MIN);
    let left_out = (all - cells.len()) as i64;
    if all > 0 {
        cells.insert(format!("cells-under-{CELL_PEOPLE_MIN}-left-out"), left_out);
    }
    Ok(cells)
}

/// The steps in Chinese.
fn said_zh(steps: &[Step]) -> String {
    let word = |step: &Step| match step {
        Step::Keys => "删除密钥",
        Step::Memory => "重读内存",
        Step::Lookups => "更换查找密钥",
        Step::Files => "清理数据文件",
    };
    steps.iter().map(word).collect::<Vec<_>>().join("、")
}

/// Does what is still to be done of every destruction: each step that is not recorded, in their order, and records it.
/// Answers the orders that were finished by it. Called after carrying one out, and at every start before anybody is served:
/// an interrupted step is done again, which changes nothing where it was done.
///
/// # Errors
/// What the disk or the engine refused; what was done before stands, and calling again goes on.
pub fn finish_all(office: &Office) -> Result<Vec<i64>, Refusal> {
    let mut finished = Vec::new();
    for done in office.store.read(store::destructions)? {
        let open = done.open_steps();
        for step in &open {
            take(office, &done.what, *step)?;
            let recorded = DestructionStep { destruction: done.seq, step: *step };
            office.store.write(&office.store.system(), move |unit| unit.record(recorded).map(|_| ()))?;
        }
        if !open.is_empty() {
            finished.push(done.what.order);
        }
    }
    Ok(finished)
}

fn take(office: &Office, what: &Destroyed, step: Step) -> Result<(), Refusal> {
    match step {
        Step::Keys => office.store.destroy_keys(what)?,
        Step::Memory => office.store.forget_memory()?,
        // Where no identity went, what the others are found by need not change.
        Step::Lookups if what.values == 0 => {}
        Step::Lookups => {
            vault::rotate(&office.store, found_by)?;
        }
        Step::Files => office.store.scrub_files()?,
    }
    Ok(())
}
