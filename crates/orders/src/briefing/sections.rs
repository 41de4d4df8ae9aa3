//! Our own sections of a briefing: command, orders, conflicts, teams, notices, targets. Pure.

use outpace_core::time::MINUTE_MS;
use outpace_core::{Text, Timestamp};

use super::gather::{Gathered, OrderLine};
use super::model::{Part, Section};
use crate::notices::{Audience, Notice};
use crate::orders::Counts;
use crate::teams::TeamState;

/// The sections, in the order of their parts.
#[must_use]
pub fn own_sections(facts: &Gathered) -> Vec<Section> {
    vec![
        command(facts),
        meeting(facts),
        teams(facts),
        conflicts(facts),
        given_back(facts),
        done_counts(facts),
        done_orders(facts),
        published(facts),
        overdue(facts),
        unanswered(facts),
        tired(facts),
        targets(facts, true),
        next_orders(facts),
        targets(facts, false),
        by(facts, Part::TaskForces),
        by(facts, Part::Areas),
    ]
}

fn at(facts: &Gathered, moment: Timestamp) -> String {
    moment.local(facts.offset_minutes)
}

fn same(words: impl Into<String>) -> Text {
    let words = words.into();
    Text::new(words.clone(), words)
}

fn number(number: i64) -> Text {
    same(number.to_string())
}

fn heads(titles: &[(&str, &str)]) -> Vec<Text> {
    titles.iter().map(|(zh, en)| Text::new(*zh, *en)).collect()
}

fn command(facts: &Gathered) -> Section {
    let state = &facts.command;
    let mut lines = Vec::new();
    let mode = state.mode.name();
    lines.push(match (state.level.map(|level| level.name()), state.since.map(|since| at(facts, since))) {
        (Some(level), Some(since)) => Text::new(
            format!("{}状态,{},自 {since} 起。", mode.zh, level.zh),
            format!("In {} at {}, since {since}.", mode.en, level.en),
        ),
        (None, Some(since)) => {
            Text::new(format!("{}状态,自 {since} 起。", mode.zh), format!("In {}, since {since}.", mode.en))
        }
        _ => Text::new(format!("{}状态。", mode.zh), format!("In {}.", mode.en)),
    });
    let (forces, duty) = (state.task_forces.len(), state.duty.len());
    lines.push(Text::new(
        format!("{forces} 个专班运转,{duty} 名指挥长或副指挥长在岗。"),
        format!("{forces} task forces at work; {duty} commanders or deputies on duty."),
    ));
    for (duty, subjects) in &facts.responsibilities {
        let name = duty.name();
        lines.push(Text::new(
            format!("{}:{subjects} 个对象已落实责任人。", name.zh),
            format!("{}: {subjects} subjects have somebody who answers for them.", name.en),
        ));
    }
    Section::lines(Part::Command, Text::new("响应状态", "State of the response"), lines)
}

fn meeting(facts: &Gathered) -> Section {
    let lines = facts.meeting.iter().flat_map(|meeting| {
        let held = at(facts, meeting.held_at);
        let head = Text::new(format!("{held} 召开调度会。"), format!("Dispatch meeting held at {held}."));
        std::iter::once(head).chain(meeting.decisions.clone())
    });
    Section::lines(Part::Command, Text::new("每日调度", "Dispatch meeting"), lines.collect())
}

fn teams(facts: &Gathered) -> Section {
    let rows = facts
        .teams
        .iter()
        .map(|(state, counts)| vec![state.name(), number(i64::from(counts.teams)), number(i64::from(counts.people))]);
    let columns = heads(&[("状态", "State"), ("队伍", "Teams"), ("人数", "People")]);
    let mut section = Section::table(Part::Command, Text::new("力量", "People at work"), columns, rows.collect());
    let in_place = facts.teams.get(&TeamState::InPlace).copied().unwrap_or_default();
    if in_place.teams > 0 {
        let (teams, people) = (in_place.teams, in_place.people);
        section.lines.push(Text::new(
            format!("{teams} 支队伍 {people} 人已到位。"),
            format!("{teams} teams with {people} people are in place."),
        ));
    }
    section
}

fn conflicts(facts: &Gathered) -> Section {
    let rows = facts.conflicts.iter().map(|conflict| {
        vec![number(conflict.id.0), same(at(facts, conflict.found_at)), conflict.what.clone(), number(conflict.order.0)]
    });
    let columns =
        heads(&[("编号", "Number"), ("发现时间", "Found at"), ("情况", "What was seen"), ("任务单", "Order")]);
    let mut section =
        Section::table(Part::Found, Text::new("待处理的数据冲突", "Conflicts to be settled"), columns, rows.collect());
    let open = facts.conflicts_open;
    if open > 0 {
        section.lines.push(Text::new(format!("共 {open} 项待处理。"), format!("{open} wait to be settled.")));
    }
    section
}

fn given_back(facts: &Gathered) -> Section {
    let all = &facts.tallies.all;
    let mut lines = Vec::new();
    let mut say = |count: i64, zh: &str, en: &str| {
        if count > 0 {
            lines.push(Text::new(format!("{count} 项任务{zh}。"), format!("{count} orders {en}.")));
        }
    };
    say(all.declined, "被退回,尚未改派", "were given back and have no new owner yet");
    say(all.cannot_be_done, "无法完成,尚未改派", "cannot be done and have no new owner yet");
    say(all.failed_verification, "核验不通过", "failed verification");
    Section::lines(Part::Found, Text::new("退单与无法完成", "Given back or impossible"), lines)
}

fn done_counts(facts: &Gathered) -> Section {
    let all = &facts.tallies.all;
    let (issued, done, verified, cancelled) = (all.issued, all.done, all.verified, all.cancelled);
    if issued == 0 {
        return Section::lines(Part::Done, Text::new("任务单", "Orders"), Vec::new());
    }
    let line = Text::new(
        format!("共下达 {issued} 项,完成 {done} 项,核验 {verified} 项,取消 {cancelled} 项。"),
        format!("{issued} issued; {done} done, {verified} verified, {cancelled} cancelled."),
    );
    Section::lines(Part::Done, Text::new("任务单", "Orders"), vec![line])
}

fn order_row(facts: &Gathered, line: &OrderLine, moment: Timestamp) -> Vec<Text> {
    vec![number(line.order.id.0), line.title.clone(), line.area.clone(), line.owner.clone(), same(at(facts, moment))]
}

fn done_orders(facts: &Gathered) -> Section {
    let rows = facts.done.iter().map(|line| order_row(facts, line, line.order.done_at.unwrap_or(facts.at)));
    let columns =
        heads(&[("编号", "Number"), ("任务", "Order"), ("区域", "Area"), ("责任方", "Owner"), ("完成时间", "Done at")]);
    Section::table(Part::Done, Text::new("最近完成", "Done most recently"), columns, rows.collect())
}

fn published(facts: &Gathered) -> Section {
    let public = |notice: &&Notice| notice.audience == Audience::Public;
    let rows = facts
        .notices
        .iter()
        .filter(public)
        .map(|notice| vec![number(notice.id.0), same(at(facts, notice.published_at)), notice.title.clone()]);
    let columns = heads(&[("编号", "Number"), ("发布时间", "Published at"), ("标题", "Title")]);
    let mut section = Section::table(Part::Done, Text::new("通告", "Public notices"), columns, rows.collect());
    let written: Vec<_> =
        facts.notices.iter().filter(|notice| matches!(notice.audience, Audience::Person(_))).collect();
    if !written.is_empty() {
        let handed = written.iter().filter(|notice| notice.delivered > 0).count();
        let all = written.len();
        section.lines.push(Text::new(
            format!("书面告知 {all} 份,已送达 {handed} 份。"),
            format!("{all} written notices to persons, {handed} handed over."),
        ));
    }
    section
}

fn overdue(facts: &Gathered) -> Section {
    let late = facts.owed.iter().filter(|line| line.order.deadline_at < facts.at);
    let rows = late.map(|line| {
        let mut row = order_row(facts, line, line.order.deadline_at);
        row.push(number(facts.at.since(line.order.deadline_at) / MINUTE_MS));
        row
    });
    let columns = heads(&[
        ("编号", "Number"),
        ("任务", "Order"),
        ("区域", "Area"),
        ("责任方", "Owner"),
        ("期限", "Deadline"),
        ("超时分钟", "Minutes late"),
    ]);
    let mut section =
        Section::table(Part::Late, Text::new("超时任务", "Overdue orders"), columns, rows.take(20).collect());
    let (now, ever) = (facts.tallies.all.overdue, facts.tallies.all.became_overdue);
    if ever > 0 {
        section.lines.push(Text::new(
            format!("现有 {now} 项超时;曾超时 {ever} 项。"),
            format!("{now} are overdue now; {ever} ever were."),
        ));
    }
    section
}

fn unanswered(facts: &Gathered) -> Section {
    let late = facts.notices.iter().filter(|notice| notice.unanswered > 0);
    let rows = late.map(|notice| {
        let (unanswered, receivers) = (i64::from(notice.unanswered), i64::from(notice.receivers));
        vec![number(notice.id.0), notice.title.clone(), number(unanswered), number(receivers)]
    });
    let columns = heads(&[("编号", "Number"), ("标题", "Title"), ("未确认", "Not confirmed"), ("接收方", "Receivers")]);
    Section::table(Part::Late, Text::new("未按时确认的消息", "Messages not confirmed in time"), columns, rows.collect())
}

fn tired(facts: &Gathered) -> Section {
    let title = Text::new("班次已满、尚未换班", "Shift over, not relieved");
    Section::lines(Part::Late, title, facts.teams_tired.clone())
}

fn targets(facts: &Gathered, late: bool) -> Section {
    let rows = facts.targets.iter().filter(|target| (target.due_at < facts.at) == late).map(|target| {
        let force = target.task_force.as_deref();
        let owner = match force {
            Some(key) => facts.names.get(key).cloned().unwrap_or_else(|| same(key)),
            None => Text::new("指挥长", "commanders"),
        };
        vec![target.what.clone(), owner, target.horizon.name(), same(at(facts, target.due_at))]
    });
    let columns = heads(&[("目标", "Target"), ("责任方", "Owner"), ("时限", "Horizon"), ("截止", "Due")]);
    let (part, title) = if late {
        (Part::Late, Text::new("未按期清零的目标", "Targets missed"))
    } else {
        (Part::Next, Text::new("待清零的目标", "Targets to be cleared"))
    };
    Section::table(part, title, columns, rows.collect())
}

fn next_orders(facts: &Gathered) -> Section {
    let next = facts.owed.iter().filter(|line| line.order.deadline_at >= facts.at);
    let rows = next.map(|line| order_row(facts, line, line.order.deadline_at)).take(20);
    let columns =
        heads(&[("编号", "Number"), ("任务", "Order"), ("区域", "Area"), ("责任方", "Owner"), ("期限", "Deadline")]);
    Section::table(Part::Next, Text::new("即将到期", "Due next"), columns, rows.collect())
}

fn by(facts: &Gathered, part: Part) -> Section {
    let counts = if part == Part::Areas { &facts.tallies.areas } else { &facts.tallies.task_forces };
    let row = |(key, counts): (&String, &Counts)| {
        let name = facts.names.get(key).cloned().unwrap_or_else(|| same(key));
        let stuck = counts.declined + counts.cannot_be_done + counts.failed_verification;
        let under_way = counts.accepted + counts.partly_done + stuck;
        let over = counts.done + counts.verified;
        vec![
            name,
            number(counts.issued),
            number(counts.open),
            number(under_way),
            number(over),
            number(counts.overdue),
            number(counts.cancelled),
        ]
    };
    let columns = heads(&[
        (if part == Part::Areas { "区域" } else { "专班" }, if part == Part::Areas { "Area" } else { "Task force" }),
        ("下达", "Issued"),
        ("待接", "Open"),
        ("在办", "Under way"),
        ("完成", "Done"),
        ("超时", "Overdue"),
        ("取消", "Cancelled"),
    ]);
    Section::table(part, Text::new("任务单", "Orders"), columns, counts.iter().map(row).collect())
}
