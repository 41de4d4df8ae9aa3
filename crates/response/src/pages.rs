//! What officers and the live page read: plans, the plan that waits, assessments, the counts.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{ActorId, AssessmentId, PlanId, Refusal, Role, Text, Timestamp, Trigger};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::ResponseError;
use crate::load;
use crate::plan::{Language, Line, Needs, Plan, Price, render, total};
use crate::situation::{Finding, Scope};
use crate::store;

/// Plans on a page at most.
const PLANS_MAX: i64 = 1_000;

/// Which plans to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct PlansQuery {
    /// Only plans before this one.
    #[serde(default)]
    pub before: Option<PlanId>,
    /// How many; 1 to 1,000, 50 where nothing is said.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// A computed plan in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanRow {
    /// Its number.
    pub plan: PlanId,
    /// What made the response look.
    pub trigger: Text,
    /// When.
    pub computed_at: Timestamp,
    /// The newest fact it knew.
    pub basis: i64,
    /// The pack.
    pub pack: String,
    /// What it costs.
    pub price: Price,
    /// Its lines in words.
    pub titles: Vec<Text>,
    /// How long the machine took, from the start of the look to the write, in milliseconds.
    pub wall_ms: Option<i64>,
    /// People who had to be looked at.
    pub people: Option<i64>,
}

/// Computed plans, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlansAnswer {
    /// The plans.
    pub plans: Vec<PlanRow>,
}

fn named(trigger: &Trigger) -> Text {
    let both = |zh: &str, en: &str, id: &dyn std::fmt::Display| Text::new(format!("{zh} {id}"), format!("{en} {id}"));
    match trigger {
        Trigger::Tube(code) => both("阳性管", "positive tube", code),
        Trigger::Person(id) => both("人员", "person", id),
        Trigger::Case(id) => both("病例", "case", id),
        Trigger::Place(id) => both("场所", "place", id),
        Trigger::Assessment(id) => both("研判", "assessment", id),
        Trigger::Zone(id) => both("管控区", "zone", id),
        Trigger::Area(id) => both("区域", "area", id),
        Trigger::Everything => Text::new("全面复核", "a look at everything"),
    }
}

/// Triggers that are named in a list before the rest is counted.
const TRIGGERS_NAMED: usize = 4;

fn triggers(all: &[Trigger]) -> Text {
    let first: Vec<Text> = all.iter().take(TRIGGERS_NAMED).map(named).collect();
    let joined = |of: fn(&Text) -> &str, by: &str| first.iter().map(of).collect::<Vec<_>>().join(by);
    let text = Text::new(joined(|text| &text.zh, "、"), joined(|text| &text.en, ", "));
    match all.len().saturating_sub(TRIGGERS_NAMED) {
        0 => text,
        more => Text::new(format!("{} 等,另 {more} 项", text.zh), format!("{} and {more} more", text.en)),
    }
}

/// Lists computed plans.
///
/// # Errors
/// What the store refused.
pub fn plans(tx: &mut Tx<'_>, _: &Call, query: PlansQuery) -> Result<PlansAnswer, Refusal> {
    let limit = query.limit.unwrap_or(50).clamp(1, PLANS_MAX);
    let rows = store::plans(tx, query.before, limit)?;
    let plans = rows.into_iter().map(|row| PlanRow {
        plan: row.id,
        trigger: triggers(&row.triggers),
        computed_at: row.computed_at,
        basis: row.basis.0,
        pack: row.pack,
        price: row.price,
        titles: row.titles,
        wall_ms: row.wall_ms,
        people: row.people,
    });
    Ok(PlansAnswer { plans: plans.collect() })
}

/// How the plan that waits is shown.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct PlanQuery {
    /// Whether the lines come with all their items; without, at most 20 of each.
    #[serde(default)]
    pub full: bool,
}

/// Items of a line that are shown unless all are asked for.
const ITEMS_SHOWN: usize = 20;

/// A line that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingLine {
    /// The line.
    pub line: Line,
    /// How many items it has.
    pub count: i64,
    /// The plan in which it last changed.
    pub plan: PlanId,
    /// Since when it waits.
    pub waits_since: Timestamp,
    /// When the next deputy may answer.
    pub timeout_at: Option<Timestamp>,
    /// Roles that may answer now.
    pub may_answer: Vec<Role>,
    /// Who has said yes already, where two persons are needed.
    pub said_yes: Vec<ActorId>,
    /// Whether it comes with another line and is not answered by itself.
    pub follows: bool,
    /// Whether the caller may answer it now.
    pub mine: bool,
    /// Why not, where they may not.
    pub why_not: Option<Text>,
}

/// The plan that waits for officers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CurrentPlan {
    /// The newest plan: the number to answer with. 0 while there is none.
    pub plan: PlanId,
    /// The lines that wait, and those that come with them.
    pub lines: Vec<WaitingLine>,
    /// What they cost together.
    pub price: Price,
    /// The plan as text, Chinese and English.
    pub text: Text,
}

/// The plan that waits for officers.
///
/// # Errors
/// What the store refused.
pub fn current(tx: &mut Tx<'_>, call: &Call, query: PlanQuery) -> Result<CurrentPlan, Refusal> {
    let newest = store::plans(tx, None, 1)?.first().map_or(PlanId(0), |row| row.id);
    let mut lines = Vec::new();
    let mut whole = Plan::default();
    for standing in store::waiting(tx)? {
        let said_yes = store::said_yes(tx, &standing.line.key)?;
        let may_answer: Vec<Role> = match &standing.line.needs {
            Needs::Approval { approvers, deputies, .. } => {
                let stepped_in = usize::try_from(standing.deputies).unwrap_or(0);
                approvers.iter().chain(deputies.iter().take(stepped_in)).copied().collect()
            }
            _ => Vec::new(),
        };
        let follows = matches!(standing.line.needs, Needs::Follows { .. });
        let role_fits = may_answer.contains(&call.actor.role);
        let said = said_yes.contains(&call.actor.id);
        let why_not = if said {
            Some(Text::new("您已同意,等待另一人", "you have agreed; another person has to"))
        } else if follows {
            Some(Text::new("随所属条目一并执行", "it comes with the line that it belongs to"))
        } else if !role_fits {
            Some(Text::new("您的角色不能批准此行", "your role may not answer this line"))
        } else {
            None
        };
        whole.lines.push(standing.line.clone());
        let mut line = standing.line;
        let count = i64::try_from(line.items.len()).unwrap_or(i64::MAX);
        if !query.full {
            line.items.truncate(ITEMS_SHOWN);
        }
        lines.push(WaitingLine {
            line,
            count,
            plan: standing.plan,
            waits_since: standing.waits_since,
            timeout_at: standing.timeout_at,
            may_answer,
            said_yes,
            follows,
            mine: role_fits && !said,
            why_not,
        });
    }
    whole.lines.sort_by_key(|line| (!line.waits(), line.key.clone()));
    whole.price = total(whole.lines.iter().map(|line| &line.price));
    let rules = load::rules(call);
    let text = Text::new(render(&whole, &rules, Language::Chinese), render(&whole, &rules, Language::English));
    Ok(CurrentPlan { plan: newest, lines, price: whole.price, text })
}

/// An assessment as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssessmentView {
    /// Its number.
    pub assessment: AssessmentId,
    /// What it is about.
    pub scope: Scope,
    /// What it found.
    pub finding: Finding,
    /// The reason.
    pub reason: Text,
    /// What it rests on.
    pub evidence: Vec<String>,
    /// Who signed.
    pub signers: Vec<ActorId>,
    /// When.
    pub signed_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// Where a response stands, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SituationAnswer {
    /// Cases that care lasts for, by stage.
    pub cases: BTreeMap<String, i64>,
    /// Assessments that count.
    pub assessments: Vec<AssessmentView>,
    /// Items that the response put in force, by kind.
    pub in_force: BTreeMap<String, i64>,
    /// Lines that wait for an officer.
    pub lines_waiting: i64,
    /// Pools that stand as positive.
    pub positive_pools: i64,
}

/// Counts of what the response knows and holds in force.
///
/// # Errors
/// What the store refused.
pub fn situation(tx: &mut Tx<'_>, _: &Call, _: outpace_access::Empty) -> Result<SituationAnswer, Refusal> {
    let mut cases: BTreeMap<String, i64> = BTreeMap::new();
    for case in outpace_contacts::cases::active_cases(tx)? {
        *cases.entry(case.stage.word().to_owned()).or_default() += 1;
    }
    let mut assessments = Vec::new();
    for (assessment, one) in store::assessments(tx)? {
        let (signers, evidence) = store::signers(tx, assessment)?;
        assessments.push(AssessmentView {
            assessment,
            scope: one.scope,
            finding: one.finding,
            reason: one.reason,
            evidence,
            signers,
            signed_at: one.signed_at,
            expires_at: one.expires_at,
        });
    }
    let mut in_force: BTreeMap<String, i64> = BTreeMap::new();
    for (_, held) in store::applied_all(tx)?.into_iter().filter(|(_, held)| !load::is_work(&held.what)) {
        *in_force.entry(held.what.word()).or_default() += 1;
    }
    let lines_waiting = store::waiting(tx)?.iter().filter(|standing| standing.line.waits()).count();
    let mut positive_pools = 0;
    for suspect in outpace_screening::laboratory::suspects(tx)? {
        let positive = suspect.outcome == Some(outpace_screening::laboratory::Outcome::Positive);
        if positive && outpace_screening::tube(tx, &suspect.tube)?.is_some_and(|tube| !tube.is_single()) {
            positive_pools += 1;
        }
    }
    Ok(SituationAnswer {
        cases,
        assessments,
        in_force,
        lines_waiting: i64::try_from(lines_waiting).unwrap_or(i64::MAX),
        positive_pools,
    })
}

/// Another pack to compare with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WhatIfQuery {
    /// The pack; the one in force where nothing is said.
    #[serde(default)]
    pub pack: Option<String>,
    /// The day whose layers apply, `YYYY-MM-DD`; the pack's own newest day where nothing is said.
    #[serde(default)]
    pub date: Option<String>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Side {
    /// The pack.
    pub pack: String,
    /// What everything that it asks for costs, whatever is in force.
    pub price: Price,
    /// How it differs from what is in force, as text.
    pub text: Text,
    /// Lines of that difference.
    pub lines: i64,
}

/// Prices side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhatIfAnswer {
    /// Under the rules in force.
    pub now: Side,
    /// Under the other pack.
    pub other: Option<Side>,
}

/// Decides the whole situation under the rules in force and, where asked, under another pack, and prices both.
///
/// # Errors
/// An unknown pack or date.
pub fn what_if(tx: &mut Tx<'_>, call: &Call, query: WhatIfQuery) -> Result<WhatIfAnswer, Refusal> {
    let now = side(tx, call)?;
    let Some(pack) = query.pack else { return Ok(WhatIfAnswer { now, other: None }) };
    let unknown = || ResponseError::UnknownPack(pack.clone());
    let date = match &query.date {
        Some(date) => date.parse().map_err(|_| unknown())?,
        None => call.pack().date,
    };
    let book = crate::book::read(&pack, date, &call.rules.profile.id).map_err(|error| {
        tracing::warn!(%error, "a pack for comparison could not be read");
        unknown()
    })?;
    let other = Call { rules: std::sync::Arc::new(book), ..call.clone() };
    Ok(WhatIfAnswer { now, other: Some(side(tx, &other)?) })
}

fn side(tx: &mut Tx<'_>, call: &Call) -> Result<Side, Refusal> {
    let rules = load::rules(call);
    let (situation, reach) = load::load(tx, call, &[Trigger::Everything])?;
    let desired = crate::decide(&situation, &rules, call.now);
    let plan = crate::plan(&situation, &desired, &reach, &rules, call.now);
    let text = Text::new(render(&plan, &rules, Language::Chinese), render(&plan, &rules, Language::English));
    Ok(Side {
        pack: call.pack().id.clone(),
        price: crate::plan::price(&situation, &desired, &rules, call.now),
        text,
        lines: i64::try_from(plan.lines.len()).unwrap_or(i64::MAX),
    })
}
