//! What the capabilities above the orders say in a briefing. Pure: from the moment that the page shows, and the price
//! of everything in force.

use outpace_core::{Text, Timestamp};
use outpace_orders::briefing::{Part, Section};
use outpace_response::plan::Price;

use crate::live::model::{Live, RoundShown, VerbCount};

/// The sections, in the order in which they are read within their part.
pub(super) fn all(live: &Live, in_force: &Price) -> Vec<Section> {
    vec![
        cases(live),
        rounds(live),
        conservation(live),
        zones(live),
        closures(live),
        person_days(live, in_force),
        verbs(live),
        isolation(live),
        trucks(live),
        supplies(live),
        late(live),
        waiting_plan(live),
        promises(live),
    ]
}

/// A count, by thousands: `344,472`.
fn number(number: i64) -> Text {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = if number < 0 { "−".to_owned() } else { String::new() };
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    Text::new(grouped.clone(), grouped)
}

fn at(live: &Live, moment: i64) -> Text {
    let words = Timestamp(moment).local(live.offset_minutes);
    Text::new(words.clone(), words)
}

fn heads<const N: usize>(titles: [(&str, &str); N]) -> Vec<Text> {
    titles.iter().map(|(zh, en)| Text::new(*zh, *en)).collect()
}

fn cases(live: &Live) -> Section {
    let of = &live.cases;
    let all = of.preliminary + of.confirmed + of.asymptomatic + of.excluded;
    let line = Text::new(
        format!(
            "初筛阳性 {},确诊 {},无症状感染者 {},排除 {}。",
            of.preliminary, of.confirmed, of.asymptomatic, of.excluded
        ),
        format!(
            "{} preliminary positive, {} confirmed, {} without symptoms, {} excluded.",
            of.preliminary, of.confirmed, of.asymptomatic, of.excluded
        ),
    );
    let lines = if all > 0 { vec![line] } else { Vec::new() };
    Section::lines(Part::Found, Text::new("感染者", "Infected"), lines)
}

fn rounds(live: &Live) -> Section {
    let row = |round: &RoundShown| {
        let open = round.state == "open";
        vec![
            round.name.clone(),
            Text::new(if open { "进行中" } else { "已结束" }, if open { "open" } else { "closed" }),
            number(round.due),
            number(round.sampled),
            number(round.missing),
            number(round.absent + round.exempt + round.quarantine),
        ]
    };
    let columns = heads([
        ("轮次", "Round"),
        ("状态", "State"),
        ("应采", "Due"),
        ("已采", "Sampled"),
        ("未采", "Missing"),
        ("外出、豁免、隔离", "Away, exempt, in quarantine"),
    ]);
    Section::table(Part::Found, Text::new("核酸与抗原", "Screening"), columns, live.rounds.iter().map(row).collect())
}

fn conservation(live: &Live) -> Section {
    let law = &live.conservation;
    let (sealed, received, resulted) = (law.sealed, law.received, law.resulted);
    let tubes = Text::new(
        format!(
            "采样管:封管 {sealed},接收 {received},出结果 {resulted},待检 {},申报遗失 {};差额 {}。",
            law.pending, law.lost, law.difference
        ),
        format!(
            "Tubes: {sealed} sealed, {received} received, {resulted} with a result, {} pending, {} declared lost; \
             difference {}.",
            law.pending, law.lost, law.difference
        ),
    );
    let people = Text::new(
        format!("人员转运:差额 {}。", law.people_difference),
        format!("People moved: difference {}.", law.people_difference),
    );
    Section::lines(Part::Found, Text::new("守恒", "Conservation"), vec![tubes, people])
}

/// The name of a level of zone or risk.
fn level(key: &str) -> Text {
    match key {
        "lockdown" => Text::new("封控区", "lockdown"),
        "control" => Text::new("管控区", "control"),
        "precaution" => Text::new("防范区", "precaution"),
        "high" => Text::new("高风险", "high risk"),
        "medium" => Text::new("中风险", "medium risk"),
        "low" => Text::new("低风险", "low risk"),
        other => Text::new(other, other),
    }
}

/// The place of a zone without its level, which stands in a column of its own.
fn place(name: &Text) -> Text {
    let bare = |words: &str| words.split([':', '\u{ff1a}']).next().unwrap_or(words).to_owned();
    Text::new(bare(&name.zh), bare(&name.en))
}

fn zones(live: &Live) -> Section {
    let rows = live.zones.iter().map(|zone| {
        let mut stands = level(&zone.level);
        if let Some(risk) = zone.risk.as_deref().map(level) {
            stands = Text::new(format!("{}、{}", stands.zh, risk.zh), format!("{}, {}", stands.en, risk.en));
        }
        vec![place(&zone.name), stands, number(zone.population), at(live, zone.from)]
    });
    let columns = heads([("区域", "Area"), ("等级", "Level"), ("人口", "People"), ("起始", "Since")]);
    let title = Text::new("在管区域", "Zones in force");
    let mut section = Section::table(Part::Done, title, columns, rows.collect());
    // Zones of a level share their conditions: told once.
    let mut told: Vec<Text> = Vec::new();
    for zone in &live.zones {
        let of = level(&zone.level);
        let when = &zone.lift_when;
        let line = Text::new(format!("{}:{}", of.zh, when.zh), format!("{}: {}", of.en, when.en));
        if !told.contains(&line) {
            told.push(line);
        }
    }
    section.lines = told;
    section
}

fn closures(live: &Live) -> Section {
    let lines = live.closures.iter().map(|closure| {
        Text::new(
            format!("{}停业:{}。{}", closure.class.zh, closure.area_name.zh, closure.reason.zh),
            format!("{} closed in {}. {}", closure.class.en, closure.area_name.en, closure.reason.en),
        )
    });
    Section::lines(Part::Done, Text::new("停业场所", "Closed places"), lines.collect())
}

fn person_days(live: &Live, price: &Price) -> Section {
    let affected = &price.affected;
    let mut lines = Vec::new();
    if price.person_days + price.person_days_precaution > 0 {
        let (days, judged) = (price.person_days, price.person_days_on_judgement);
        lines.push(Text::new(
            format!(
                "受影响人数:封控 {},管控 {},防范 {},集中隔离 {},居家 {},临时管控 {}。",
                affected.locked,
                affected.controlled,
                affected.precaution,
                affected.facility,
                affected.home,
                affected.held
            ),
            format!(
                "People: {} locked, {} controlled, {} in precaution areas, {} in facilities, {} at home, {} held.",
                affected.locked,
                affected.controlled,
                affected.precaution,
                affected.facility,
                affected.home,
                affected.held
            ),
        ));
        lines.push(Text::new(
            format!("至各自解除共 {days} 人日,其中按研判 {judged} 人日,按规则 {} 人日。", days - judged),
            format!("Until each ends: {days} person-days, {judged} on judgement, {} by rule.", days - judged),
        ));
    }
    if live.holds.people + live.holds.places > 0 {
        let (people, places) = (live.holds.people, live.holds.places);
        lines.push(Text::new(
            format!("临时管控:{people} 人、{places} 处。"),
            format!("Holds: {people} people, {places} places."),
        ));
    }
    Section::lines(Part::Done, Text::new("管控代价", "What the measures cost"), lines)
}

/// The name of a verb, and what it is counted in.
fn verb(key: &str) -> (Text, Text) {
    let (people, tubes) = (Text::new("人", "people"), Text::new("管", "tubes"));
    match key {
        "sample" => (Text::new("采样", "Sample"), people),
        "send" => (Text::new("送样", "Send"), tubes),
        "test" => (Text::new("检测", "Test"), tubes),
        "report" => (Text::new("报告", "Report"), tubes),
        "transfer" => (Text::new("转运", "Transfer"), people),
        "take_in" => (Text::new("收治", "Take in"), people),
        other => (Text::new(other, other), people),
    }
}

fn verbs(live: &Live) -> Section {
    let row = |step: &VerbCount| {
        let (name, unit) = verb(&step.verb);
        vec![name, unit, number(step.done), number(step.under_way), number(step.waiting), number(step.late)]
    };
    let busy = live.verbs.iter().any(|step| step.done + step.under_way + step.waiting > 0);
    let rows = if busy { live.verbs.iter().map(row).collect() } else { Vec::new() };
    let columns = heads([
        ("环节", "Verb"),
        ("单位", "Counted in"),
        ("已完成", "Done"),
        ("进行中", "Under way"),
        ("待办", "Waiting"),
        ("超时", "Late"),
    ]);
    Section::table(Part::Done, Text::new("采送检报转收", "The six verbs"), columns, rows)
}

fn isolation(live: &Live) -> Section {
    let (trips, beds) = (&live.trips, &live.beds);
    let mut lines = Vec::new();
    let ordered = trips.waiting + trips.under_way + trips.admitted + trips.excused;
    if ordered > 0 {
        lines.push(Text::new(
            format!(
                "应转运 {ordered} 人:待转 {},在途 {},已入住 {},免转 {}。",
                trips.waiting, trips.under_way, trips.admitted, trips.excused
            ),
            format!(
                "{ordered} people ordered to move: {} waiting, {} under way, {} admitted, {} excused.",
                trips.waiting, trips.under_way, trips.admitted, trips.excused
            ),
        ));
    }
    if beds.total > 0 {
        lines.push(Text::new(
            format!("床位 {} 张:空余 {},预留 {},在住 {}。", beds.total, beds.free, beds.reserved, beds.occupied),
            format!("{} beds: {} free, {} reserved, {} occupied.", beds.total, beds.free, beds.reserved, beds.occupied),
        ));
    }
    Section::lines(Part::Done, Text::new("隔离与床位", "Isolation and beds"), lines)
}

fn trucks(live: &Live) -> Section {
    let trucks = &live.trucks;
    let line = Text::new(
        format!("物资车 {} 辆,到达 {} 辆,卸完 {} 辆。", trucks.expected, trucks.arrived, trucks.unloaded),
        format!("{} trucks announced, {} arrived, {} unloaded.", trucks.expected, trucks.arrived, trucks.unloaded),
    );
    let lines = if trucks.expected > 0 { vec![line] } else { Vec::new() };
    Section::lines(Part::Done, Text::new("到货", "Deliveries"), lines)
}

fn supplies(live: &Live) -> Section {
    let rows = live.supplies.iter().map(|supply| {
        let lasts = match supply.days_left {
            Some(days) => Text::new(format!("{days:.1} 天"), format!("{days:.1} days")),
            None => Text::new("尚无消耗", "not used yet"),
        };
        let unit = &supply.unit;
        let name = Text::new(format!("{}({})", supply.name.zh, unit.zh), format!("{} ({})", supply.name.en, unit.en));
        vec![name, number(supply.on_hand), number(supply.came_in), number(supply.went_out), lasts]
    });
    let columns = heads([("物资", "Item"), ("在库", "On hand"), ("入库", "In"), ("出库", "Out"), ("可用", "Lasts")]);
    Section::table(Part::Done, Text::new("物资", "Supplies"), columns, rows.collect())
}

fn late(live: &Live) -> Section {
    let mut lines = Vec::new();
    for step in live.verbs.iter().filter(|step| step.late > 0) {
        let (name, unit) = verb(&step.verb);
        lines.push(Text::new(
            format!("{}超时 {} {}。", name.zh, step.late, unit.zh),
            format!("{}: {} {} late.", name.en, step.late, unit.en),
        ));
    }
    if live.holds.lapsed > 0 {
        let lapsed = live.holds.lapsed;
        lines.push(Text::new(
            format!("{lapsed} 项临时管控到期未复检,计为我方失误。"),
            format!("{lapsed} holds lapsed without a retest: our failure."),
        ));
    }
    Section::lines(Part::Late, Text::new("超时环节", "Steps that are late"), lines)
}

fn waiting_plan(live: &Live) -> Section {
    let mut lines = Vec::new();
    if let Some(plan) = live.plan.as_ref().filter(|plan| plan.state == "waiting") {
        let (since, price, of) = (at(live, plan.ready_at), &plan.price, plan.id);
        let office = plan.waits_for.clone().unwrap_or_else(|| Text::new("批准人", "an approver"));
        let (days, judged) = (price.person_days, price.person_days_on_judgement);
        lines.push(Text::new(
            format!("方案 {of} 自 {} 起等待{}批准:{days} 人日,其中按研判 {judged} 人日。", since.zh, office.zh),
            format!(
                "Plan {of} waits for the {} since {}: {days} person-days, {judged} on judgement.",
                office.en, since.en
            ),
        ));
        lines.extend(plan.lines.iter().map(|line| line.what.clone()));
    }
    Section::lines(Part::Next, Text::new("待批方案", "The plan that waits for a yes"), lines)
}

fn promises(live: &Live) -> Section {
    let due = live.rounds.iter().filter(|round| round.state == "open").filter_map(|round| {
        let promised = at(live, round.promise_at?);
        Some(Text::new(
            format!("{}:承诺 {} 前出齐结果。", round.name.zh, promised.zh),
            format!("{}: all results promised by {}.", round.name.en, promised.en),
        ))
    });
    Section::lines(Part::Next, Text::new("出结果承诺", "Results promised"), due.collect())
}
