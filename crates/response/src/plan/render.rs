//! The plan as text, in the manner of `terraform plan`: one sign a line, then why and who has to agree.

use std::fmt::Write;

use outpace_core::Text;
use outpace_orders::kinds;
use outpace_registry::places::class_name;

use super::{Action, AtOnce, Line, Needs, Plan, Price};
use crate::decide::Rules;
use crate::items::{Confinement, What};
use crate::situation::{Situation, ZoneScope};

/// The language of a rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Chinese.
    Chinese,
    /// English.
    English,
}

impl Language {
    fn pick(self, text: &Text) -> &str {
        match self {
            Self::Chinese => &text.zh,
            Self::English => &text.en,
        }
    }

    fn say(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }
}

/// What a line is about, in words.
pub(super) fn title(situation: &Situation, rules: &Rules<'_>, line: &Line) -> Text {
    let count = line.items.len();
    let Some(first) = line.items.first() else { return Text::new("", "") };
    let name = |scope: ZoneScope| {
        situation.grounds.get(&scope).map_or_else(
            || (scope.to_string(), scope.to_string()),
            |ground| (ground.name.clone(), ground.name_en.clone()),
        )
    };
    match &first.what {
        What::Hold { .. } => Text::new(format!("就地临时管控 {count} 人"), format!("hold in place: {count} people")),
        What::Confine { kind, class, .. } => {
            let (zh, en) = match kind {
                Confinement::Isolation => ("隔离治疗", "isolation"),
                Confinement::FacilityQuarantine => ("集中隔离", "facility quarantine"),
                Confinement::HomeQuarantine => ("居家隔离", "home quarantine"),
                Confinement::HomeMonitoring => ("居家健康监测", "home monitoring"),
            };
            let class_zh = class.map_or("感染者", |class| class.zh());
            let class_en = class.map_or_else(|| "cases".to_owned(), |class| class.key().replace('_', " "));
            Text::new(format!("{zh} {count} 人({class_zh})"), format!("{en}: {count} people ({class_en})"))
        }
        What::Zone { scope, level, .. } => {
            let (zh, en) = name(*scope);
            Text::new(format!("{zh}:{}", level.zh()), format!("{en}: {} area", level.key()))
        }
        What::Closure { area, class } => {
            let (zh, en) = name(ZoneScope::Area(*area));
            let class = class_name(class);
            Text::new(format!("{zh}:{}停业", class.zh), format!("{en}: close {}", class.en))
        }
        What::PlaceHold { place, .. } => {
            let (zh, en) = name(ZoneScope::Place(*place));
            Text::new(format!("{zh}:场所临时管控"), format!("{en}: hold the place"))
        }
        What::GoodsHold { place, goods } => {
            let (zh, en) = name(ZoneScope::Place(*place));
            Text::new(format!("{zh}:封存 {goods}"), format!("{en}: hold goods ({goods})"))
        }
        What::Order { kind, .. } => {
            let kind = kinds::name(rules.playbook, kind);
            Text::new(format!("任务单 × {count}:{}", kind.zh), format!("orders × {count}: {}", kind.en))
        }
        What::Notice { title, .. } => {
            Text::new(format!("通告 × {count}:{}", title.zh), format!("notices × {count}: {}", title.en))
        }
    }
}

/// The whole plan as text.
#[must_use]
pub fn render(plan: &Plan, rules: &Rules<'_>, language: Language) -> String {
    let mut out = String::new();
    let count =
        |action| plan.lines.iter().filter(|line| line.action == action).map(|line| line.items.len()).sum::<usize>();
    let (add, change, lift) = (count(Action::Add), count(Action::Change), count(Action::Lift));
    let without = plan.without_reason.len();
    let head = match language {
        Language::Chinese => format!("计划:新增 {add},调整 {change},解除 {lift};无依据在执行 {without}。"),
        Language::English => {
            format!("Plan: {add} to add, {change} to change, {lift} to lift; {without} in force without a reason.")
        }
    };
    push(&mut out, &head);
    for line in &plan.lines {
        render_line(&mut out, line, rules, language);
    }
    for one in &plan.without_reason {
        let overdue = if one.overdue { language.say("(超期)", " (overdue)") } else { "" };
        let extra = if one.asked_for { "" } else { language.say("(加码)", " (extra layer)") };
        push(&mut out, &format!("! {}{overdue}{extra}", one.key));
    }
    render_price(&mut out, &plan.price, language);
    out
}

fn push(out: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{line}");
}

fn render_line(out: &mut String, line: &Line, rules: &Rules<'_>, language: Language) {
    let sign = match line.action {
        Action::Add => '+',
        Action::Change => '~',
        Action::Lift => '-',
    };
    let offset = rules.offset_minutes();
    let until = line.items.iter().filter_map(|item| item.ends_at).max();
    let until = until.map_or_else(String::new, |end| format!(" → {}", end.local(offset)));
    push(out, &format!("{sign} {}{until}", language.pick(&line.title)));
    for because in line.because.iter().take(2) {
        let clause = because.clause.as_ref().map_or_else(String::new, |clause| format!(" [{clause}]"));
        let judged = if because.judgement { language.say(" 〔研判〕", " (judgement)") } else { "" };
        push(out, &format!("    {} {}{judged}{clause}", language.say("因", "because"), language.pick(&because.text)));
    }
    push(out, &format!("    {}", needs(line, language)));
    for missing in &line.missing_carers {
        let text = match language {
            Language::Chinese => format!("    阻断:人员 {} 无人照护,须先确定监护人", missing.dependant),
            Language::English => {
                format!("    blocked: nobody would look after person {}; name someone first", missing.dependant)
            }
        };
        push(out, &text);
    }
    if line.population > 0 {
        let text = match language {
            Language::Chinese => format!("    {} 人,{} 户", line.population, line.households),
            Language::English => format!("    {} people in {} households", line.population, line.households),
        };
        push(out, &text);
    }
    for supply in &line.supplies {
        let daily = match (supply.per_day, language) {
            (0, _) => String::new(),
            (per_day, Language::Chinese) => format!("(每日 {per_day})"),
            (per_day, Language::English) => format!(" ({per_day} a day)"),
        };
        let head = language.say("需备", "needs");
        push(out, &format!("    {head} {} {}{daily}", language.pick(&supply.name), supply.quantity));
    }
    if !line.care.is_empty() {
        let out_count = line.care.iter().filter(|entry| entry.way_out).count();
        let text = match language {
            Language::Chinese => format!("    需照护 {} 人,其中须安排外出通道 {out_count} 人", line.care.len()),
            Language::English => format!("    {} residents need care, {out_count} of them a way out", line.care.len()),
        };
        push(out, &text);
    }
    if !line.leavers.is_empty() {
        let text = match language {
            Language::Chinese => format!("    回溯期内离开 {} 人", line.leavers.len()),
            Language::English => format!("    {} people left in the look-back window", line.leavers.len()),
        };
        push(out, &text);
    }
}

fn needs(line: &Line, language: Language) -> String {
    match &line.needs {
        Needs::AtOnce(why) => {
            let (zh, en) = match why {
                AtOnce::Release => ("立即执行:只解除限制", "at once: only releases"),
                AtOnce::Work => ("立即执行:不限制任何人", "at once: restricts nobody"),
                AtOnce::Urgent => ("立即执行:方案允许先行", "at once: the pack lets it start"),
                AtOnce::Approved => ("立即执行:在已批准范围内", "at once: within what was approved"),
            };
            language.say(zh, en).to_owned()
        }
        Needs::Approval { measure, approvers, persons, .. } => {
            let roles: Vec<String> = approvers.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
            match language {
                Language::Chinese => format!("待批准({}):{},须 {persons} 人", measure.zh(), roles.join("、")),
                Language::English => {
                    format!("waits for approval ({}): {}, {persons} person(s)", measure.key(), roles.join(" or "))
                }
            }
        }
        Needs::Follows { line } => match language {
            Language::Chinese => format!("随 {line} 执行"),
            Language::English => format!("comes with {line}"),
        },
    }
}

fn render_price(out: &mut String, price: &Price, language: Language) {
    let people = &price.affected;
    let text = match language {
        Language::Chinese => format!(
            "代价:封控 {} · 管控 {} · 防范 {} · 集中 {} · 居家 {} · 临时 {} 人;{} 人日(研判 {});床位 {} · 车辆 {} · 采样管 {} · 工时 {} · 试剂 {} · 物资包 {} · 任务 {}",
            people.locked,
            people.controlled,
            people.precaution,
            people.facility,
            people.home,
            people.held,
            price.person_days,
            price.person_days_on_judgement,
            price.beds,
            price.vehicles,
            price.tubes,
            price.staff_hours,
            price.kits,
            price.household_packs,
            price.orders,
        ),
        Language::English => format!(
            "Price: locked {} · controlled {} · precaution {} · facility {} · home {} · held {}; {} person-days ({} on judgement); beds {} · vehicles {} · tubes {} · staff-hours {} · kits {} · household packs {} · orders {}",
            people.locked,
            people.controlled,
            people.precaution,
            people.facility,
            people.home,
            people.held,
            price.person_days,
            price.person_days_on_judgement,
            price.beds,
            price.vehicles,
            price.tubes,
            price.staff_hours,
            price.kits,
            price.household_packs,
            price.orders,
        ),
    };
    push(out, &text);
}
