//! The plan that waits for a yes; where none waits, what the newest look changed by itself.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{Refusal, Role, Text};
use outpace_response::items::Because;
use outpace_response::pages::{self, CurrentPlan, PlanQuery, PlansQuery, WaitingLine};
use outpace_response::plan::{Action, Price};
use outpace_store::Tx;

use super::clauses;
use crate::live::model::{PlanLineShown, PlanShown, PriceShown};

/// Lines shown.
const LINES_MAX: usize = 200;

/// The plan as the page shows it; `None` before the first.
pub(super) fn plan(tx: &mut Tx<'_>, call: &Call) -> Result<Option<PlanShown>, Refusal> {
    let current = pages::current(tx, call, PlanQuery::default())?;
    let newest =
        pages::plans(tx, call, PlansQuery { limit: Some(1), ..PlansQuery::default() })?.plans.into_iter().next();
    let Some(newest) = newest else { return Ok(None) };
    if current.lines.is_empty() {
        return Ok(Some(PlanShown {
            id: newest.plan.0,
            version: newest.plan.0,
            trigger: newest.trigger,
            state: "applied".to_owned(),
            ready_at: newest.computed_at.0,
            waits_for: None,
            deputy_at: None,
            price: price(&newest.price),
            lines: Vec::new(),
        }));
    }
    Ok(Some(waiting(current, newest.trigger)))
}

fn waiting(current: CurrentPlan, trigger: Text) -> PlanShown {
    let since = current.lines.iter().map(|line| line.waits_since).min();
    let deputy_at = current.lines.iter().filter_map(|line| line.timeout_at).min();
    let roles: BTreeMap<Role, ()> =
        current.lines.iter().flat_map(|line| line.may_answer.iter().map(|role| (*role, ()))).collect();
    PlanShown {
        id: current.plan.0,
        version: current.plan.0,
        trigger,
        state: "waiting".to_owned(),
        ready_at: since.map_or(0, |since| since.0),
        waits_for: (!roles.is_empty()).then(|| joined(roles.keys().map(|role| role_name(*role)))),
        deputy_at: deputy_at.map(|at| at.0),
        price: price(&current.price),
        lines: current.lines.into_iter().take(LINES_MAX).map(line).collect(),
    }
}

fn line(waiting: WaitingLine) -> PlanLineShown {
    let blocked = !waiting.line.missing_carers.is_empty();
    let missing = waiting.line.missing_carers.len();
    let affected = &waiting.line.price.affected;
    PlanLineShown {
        action: match waiting.line.action {
            Action::Add => "add",
            Action::Change => "change",
            Action::Lift => "lift",
        }
        .to_owned(),
        what: waiting.line.title,
        people: affected.locked
            + affected.controlled
            + affected.precaution
            + affected.facility
            + affected.home
            + affected.held,
        needs: blocked.then(|| {
            Text::new(
                format!("先为 {missing} 名无人照护者指定照护人"),
                format!("name carers for {missing} people first"),
            )
        }),
        state: if blocked { "blocked" } else { "waiting" }.to_owned(),
        clause: clause(&waiting.line.because),
    }
}

fn price(price: &Price) -> PriceShown {
    PriceShown {
        locked: price.affected.locked,
        controlled: price.affected.controlled,
        precaution: price.affected.precaution,
        facility: price.affected.facility,
        home: price.affected.home,
        held: price.affected.held,
        person_days: price.person_days,
        person_days_on_judgement: price.person_days_on_judgement,
        beds: price.beds,
        vehicles: price.vehicles,
        tubes: price.tubes,
        orders: price.orders,
    }
}

fn joined(names: impl Iterator<Item = Text>) -> Text {
    let names: Vec<Text> = names.collect();
    let zh: Vec<&str> = names.iter().map(|name| name.zh.as_str()).collect();
    let en: Vec<&str> = names.iter().map(|name| name.en.as_str()).collect();
    Text::new(zh.join("、"), en.join(", "))
}

fn role_name(role: Role) -> Text {
    match role {
        Role::Commander => Text::new("指挥长", "commander"),
        Role::Deputy => Text::new("副指挥长", "deputy"),
        Role::TaskForceHead => Text::new("专班负责人", "task force head"),
        other => Text::new(format!("{other:?}"), format!("{other:?}")),
    }
}

/// The first clause that a line rests on, as its document cites it.
fn clause(because: &[Because]) -> Text {
    let cited = because.iter().find_map(|because| because.clause.as_ref());
    cited.map_or_else(|| Text::new("", ""), |cited| clauses::words(&format!("{} · {}", cited.layer, cited.clause)))
}
