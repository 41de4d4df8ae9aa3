//! What the playbook says about a kind of order.
//!
//! The kinds that code issues by itself are named as [`IssuedKind`]s, each crate's in a list of its own; whoever opens a
//! folder compares them with the playbook ([`missing`]), so that nothing can fail at night because a file lacks a row.
//! An order of a kind that the playbook lacks, or about something else than the kind says, is refused.

use outpace_access::Rulebook;
use outpace_core::{BoxCode, Text, TubeCode};
use outpace_policy::{Effect, FieldKind, FormField, OrderKind, Playbook, SubjectKind};
use serde_json::Value;

use crate::Subject;
use crate::errors::OrdersError;
use crate::orders::{Form, Order, Report};

/// The longest answer to a text field, in characters.
pub const ANSWER_CHARACTERS_MAX: usize = 4_000;

/// A kind that code issues by itself, with what such an order is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuedKind {
    /// Its key in the playbook.
    pub key: &'static str,
    /// What it is about.
    pub subject: SubjectKind,
}

/// The kinds that this crate issues.
pub const KINDS: &[IssuedKind] = &[
    crate::conflicts::SETTLE_CONFLICT,
    crate::teams::RELIEVE_SHIFT,
    crate::teams::MEMBERS_TO_VILLAGE,
    crate::glass::REVIEW,
];

/// Of some kinds those that a playbook lacks or means for something else, each with what is wrong.
#[must_use]
pub fn missing(playbook: &Playbook, issued: &[IssuedKind]) -> Vec<Text> {
    let wrong = |kind: &IssuedKind| match playbook.kind(kind.key).map(|known| known.subject) {
        Some(subject) if subject == kind.subject => None,
        Some(subject) => Some(Text::new(
            format!("任务手册中“{}”的对象为“{}”,应为“{}”", kind.key, subject.zh(), kind.subject.zh()),
            format!("playbook kind `{}`: subject is `{}`, needs `{}`", kind.key, subject.key(), kind.subject.key()),
        )),
        None => Some(Text::new(
            format!("任务手册缺少“{}”(对象:{})", kind.key, kind.subject.zh()),
            format!("playbook kind `{}` about `{}` is missing", kind.key, kind.subject.key()),
        )),
    };
    issued.iter().filter_map(wrong).collect()
}

/// Whether a subject is what a kind is about. A measure may be one of a person, of a class or place, or a zone; zones,
/// closures and lots may be named by their ground as long as they have no number of their own.
#[must_use]
pub fn fits_subject(asked: SubjectKind, subject: &Subject) -> bool {
    match asked {
        SubjectKind::Jurisdiction => *subject == Subject::None,
        SubjectKind::Measure => {
            matches!(subject, Subject::Restriction(_) | Subject::Closure(_) | Subject::Zone(_))
        }
        SubjectKind::Zone => matches!(subject, Subject::Zone(_) | Subject::Area(_) | Subject::Place(_)),
        SubjectKind::PlaceClass => matches!(subject, Subject::PlaceClass(_) | Subject::Area(_)),
        SubjectKind::Lot => matches!(subject, Subject::Lot(_) | Subject::Place(_)),
        other => subject.kind() == other.key(),
    }
}

/// What holds for an order of a kind when it is issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The kind's key as the playbook spells it.
    pub key: String,
    /// The task force that answers for it.
    pub task_force: Option<String>,
    /// Minutes from issue to deadline.
    pub minutes: i64,
    /// Minutes between two steps of escalation.
    pub escalation_minutes: u32,
    /// Whether somebody else must verify it.
    pub verify: bool,
    /// The clause that the deadline comes from.
    pub clause: Option<String>,
}

/// A key as playbooks spell it.
#[must_use]
pub fn spelled(key: &str) -> String {
    key.replace('_', "-")
}

/// The kind with this key, `hold-place` and `hold_place` alike.
#[must_use]
pub fn find<'a>(playbook: &'a Playbook, key: &str) -> Option<&'a OrderKind> {
    playbook.kind(key).or_else(|| playbook.kind(&spelled(key)))
}

/// The terms of an order of a kind about something. The task force asked for holds if the profile has it, else the
/// kind's own if the profile has that, else none: then the command answers for the order.
///
/// # Errors
/// A kind that the playbook does not have, or that is about something else.
pub fn terms(rules: &Rulebook, key: &str, subject: &Subject, task_force: Option<&str>) -> Result<Terms, OrdersError> {
    let Some(kind) = find(&rules.playbook, key) else { return Err(unknown(&rules.playbook, key)) };
    if !fits_subject(kind.subject, subject) {
        let (zh, en) = (kind.subject.zh(), kind.subject.key());
        return Err(OrdersError::rule(
            "wrong_subject",
            "subject",
            format!("{} {}", subject.kind(), subject.id()),
            format!("“{}”任务的对象须为{zh}。", kind.name_zh),
            format!("An order \"{}\" is about a {en}.", kind.name_en),
        ));
    }
    let known = |force: &&str| rules.profile.task_force(force).is_some();
    let asked = task_force.filter(known);
    let due = kind.deadline.due_in(&rules.pack);
    Ok(Terms {
        key: kind.key.clone(),
        task_force: asked.or(Some(kind.task_force.as_str()).filter(known)).map(str::to_owned),
        minutes: i64::from(due.minutes),
        escalation_minutes: kind.escalation_minutes.max(1),
        verify: kind.verify,
        clause: due.source.map(|source| source.to_string()),
    })
}

/// That a playbook has no such kind, with those that it has.
fn unknown(playbook: &Playbook, key: &str) -> OrdersError {
    let known = playbook.kinds.keys().cloned().collect::<Vec<_>>().join(", ");
    OrdersError::rule(
        "unknown_kind",
        "kind",
        key,
        format!("任务手册没有此类任务;可用:{known}。"),
        format!("The playbook has no such kind; it has: {known}."),
    )
}

/// The name of a kind for people; its key where the playbook does not know it.
#[must_use]
pub fn title(rules: &Rulebook, key: &str) -> Text {
    name(&rules.playbook, key)
}

/// As [`title`], for whoever has the playbook alone.
#[must_use]
pub fn name(playbook: &Playbook, key: &str) -> Text {
    find(playbook, key).map_or_else(|| Text::new(key, key), |kind| Text::new(&kind.name_zh, &kind.name_en))
}

/// The name of a task force for people.
#[must_use]
pub fn task_force_name(rules: &Rulebook, key: &str) -> Text {
    rules.profile.task_force(key).map_or_else(|| Text::new(key, key), |force| Text::new(&force.name_zh, &force.name_en))
}

/// The lines of a kind's checklist.
#[must_use]
pub fn checklist(rules: &Rulebook, key: &str) -> Vec<Text> {
    let lines = find(&rules.playbook, key).map(|kind| kind.checklist.as_slice()).unwrap_or_default();
    lines.iter().map(|line| Text::new(&line.zh, &line.en)).collect()
}

/// What finishing an order of this kind records.
#[must_use]
pub fn effects<'a>(rules: &'a Rulebook, key: &str) -> &'a [Effect] {
    find(&rules.playbook, key).map(|kind| kind.effects.as_slice()).unwrap_or_default()
}

/// Passes a report whose ticks and answers the kind knows.
///
/// # Errors
/// A line or a field that the kind does not have, an answer of the wrong type.
pub fn check_answers(rules: &Rulebook, order: &Order, report: &Report) -> Result<(), OrdersError> {
    let Some(kind) = find(&rules.playbook, &order.kind) else { return Ok(()) };
    let lines = kind.checklist.len();
    if let Some(line) = report.ticked.iter().find(|line| usize::try_from(**line).is_ok_and(|line| line >= lines)) {
        return Err(OrdersError::rule(
            "checklist_line",
            "ticked",
            line,
            format!("该任务清单共 {lines} 项,编号从 0 开始。"),
            format!("The checklist has {lines} lines, numbered from 0."),
        ));
    }
    for (key, answer) in &report.result {
        let Some(field) = kind.fields.iter().find(|field| field.key == *key) else {
            let known = kind.fields.iter().map(|field| field.key.as_str()).collect::<Vec<_>>().join(", ");
            return Err(OrdersError::rule(
                "unknown_field",
                format!("result.{key}"),
                answer,
                format!("该任务表单没有此项;可填:{known}。"),
                format!("The form has no such field; it has: {known}."),
            ));
        };
        if !fits(field, answer) {
            return Err(misfit(field, answer));
        }
    }
    Ok(())
}

/// Passes a report after which nothing is missing.
///
/// # Errors
/// A line that is not ticked, a required field without an answer.
pub fn check_complete(rules: &Rulebook, order: &Order, report: &Report) -> Result<(), OrdersError> {
    let Some(kind) = find(&rules.playbook, &order.kind) else { return Ok(()) };
    for (line, item) in (0_u32..).zip(&kind.checklist) {
        if !order.ticked.contains(&line) && !report.ticked.contains(&line) {
            return Err(OrdersError::rule(
                "checklist_open",
                "ticked",
                line,
                format!("清单第 {line} 项“{}”尚未完成;若无法全部完成,请按“部分完成”上报。", item.zh),
                format!(
                    "Line {line}, \"{}\", is not ticked; if it cannot be, report the order as partly done.",
                    item.en
                ),
            ));
        }
    }
    let answered = |form: &Form, key: &str| form.get(key).is_some_and(|answer| !answer.is_null());
    for field in kind.fields.iter().filter(|field| field.required) {
        if !answered(&report.result, &field.key) && !answered(&order.result, &field.key) {
            return Err(OrdersError::rule(
                "field_required",
                format!("result.{}", field.key),
                "",
                format!("请填写“{}”({})。", field.zh, field.kind.zh()),
                format!("\"{}\" is needed ({}).", field.en, field.kind.key()),
            ));
        }
    }
    Ok(())
}

fn fits(field: &FormField, answer: &Value) -> bool {
    let text = answer.as_str();
    let number = answer.as_i64();
    match field.kind {
        FieldKind::Text => text.is_some_and(|text| text.chars().count() <= ANSWER_CHARACTERS_MAX),
        FieldKind::Count | FieldKind::Time => number.is_some_and(|number| number >= 0),
        FieldKind::YesNo => answer.is_boolean(),
        FieldKind::Choice => text.is_some_and(|text| field.choices.iter().any(|choice| choice.key == text)),
        FieldKind::Person | FieldKind::Place | FieldKind::Facility | FieldKind::Vehicle => {
            number.is_some_and(|number| number > 0)
        }
        FieldKind::Area => number.is_some_and(|number| outpace_core::AreaId(number).level().is_some()),
        FieldKind::Tube => text.is_some_and(|text| TubeCode::from(text).is_well_formed()),
        FieldKind::Box => text.is_some_and(|text| BoxCode::from(text).is_well_formed()),
        // Who signs is known by an id, or by the post where the signer has no account; never by a name.
        FieldKind::Signature => {
            number.is_some_and(|number| number > 0) || text.is_some_and(|text| !text.trim().is_empty())
        }
    }
}

fn misfit(field: &FormField, answer: &Value) -> OrdersError {
    let choices = field.choices.iter().map(|choice| choice.key.as_str()).collect::<Vec<_>>().join(", ");
    let (zh, en) = match field.kind {
        FieldKind::Choice => (format!("须为:{choices}。"), format!("one of: {choices}.")),
        FieldKind::Time => ("须为毫秒时间戳。".to_owned(), "milliseconds since 1970.".to_owned()),
        FieldKind::Text => (
            format!("须为不超过 {ANSWER_CHARACTERS_MAX} 字的文本。"),
            format!("text of up to {ANSWER_CHARACTERS_MAX}."),
        ),
        FieldKind::YesNo => ("须为 true 或 false。".to_owned(), "true or false.".to_owned()),
        FieldKind::Tube | FieldKind::Box => {
            ("须为 1 至 40 位字母、数字或连字符。".to_owned(), "1 to 40 letters, digits, hyphens.".to_owned())
        }
        FieldKind::Signature => ("须为签字人编号或岗位。".to_owned(), "the signer's id or post.".to_owned()),
        _ => ("须为不小于 0 的整数或编号。".to_owned(), "a whole number from 0, or an id.".to_owned()),
    };
    OrdersError::rule(
        "field_type",
        format!("result.{}", field.key),
        answer,
        format!("“{}”({}):{zh}", field.zh, field.kind.zh()),
        format!("\"{}\" ({}): {en}", field.en, field.kind.key()),
    )
}
