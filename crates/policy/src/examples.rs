//! Example cases (`*.cases.toml`): what is given, what must follow. They stand beside the layers, are written by
//! people who know the rules, and are run by the tests and by `outpace policy check`.

use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::civil::Date;

use crate::Pack;
use crate::follow::{Aboard, LiftFacts};
use crate::model::*;
use crate::node::{Finding, FindingKind, Kind, Node, find};
use crate::part::{Part, Scalar, child, only, shown};

closed! {
    /// What an example asks.
    pub enum Question: "question" {
        /// A value of the pack, its layer and confidence.
        Value = "value" / "取值",
        /// The days of a quarantine.
        Quarantine = "quarantine" / "隔离日程",
        /// The class that an exposure gives.
        Exposure = "exposure" / "接触判定",
        /// The class of someone aboard a vehicle.
        Aboard = "aboard" / "同乘判定",
        /// Whether a zone may be lifted.
        Lift = "lift" / "解除条件",
        /// Who may share a tube.
        Pool = "pool" / "混采规模",
        /// By when a result is promised.
        Promise = "promise" / "出报告时间",
        /// Sites, samplers and hours of a round.
        Round = "round" / "轮次规模",
        /// Whether a test before discharge counts.
        Discharge = "discharge" / "出院检测",
    }
}

section! {
    /// The fixed part of an example.
    pub struct Example {
        /// A sentence.
        name: String,
        /// Id of the pack.
        pack: String,
        /// The day.
        date: Date,
        /// What is asked.
        ask: Question,
    }
}

/// Answers by name, as text.
type Answers = BTreeMap<&'static str, String>;

/// Finds the pack of an id and a day.
type PackOf<'a> = &'a mut dyn FnMut(&str, Date) -> Option<Rc<Pack>>;

/// Runs every example of a file.
pub(crate) fn run(file: &Node, pack: PackOf<'_>, findings: &mut Vec<Finding>) {
    only(file, "", &["case"], findings);
    let Some(list) = find(file, "case") else { return };
    let Kind::List(rows) = &list.kind else {
        findings.push(list.finding(FindingKind::WrongType, "case", "expected [[case]] tables"));
        return;
    };
    for (at, row) in rows.iter().enumerate() {
        run_one(row, &format!("case[{at}]"), pack, findings);
    }
}

fn run_one(row: &Node, key: &str, pack: PackOf<'_>, findings: &mut Vec<Finding>) {
    let (given, expected) = (find(row, "given"), find(row, "expect"));
    let mut fixed = row.clone();
    if let Kind::Table(table) = &mut fixed.kind {
        table.remove("given");
        table.remove("expect");
    }
    let Some(example) = Example::read(&fixed, key, findings) else { return };
    let (Some(given), Some(expected)) = (given, expected.and_then(Node::table)) else {
        findings.push(row.finding(FindingKind::Missing, key, "needs the tables `given` and `expect`"));
        return;
    };
    let Some(pack) = pack(&example.pack, example.date) else {
        let message = format!("there is no valid pack `{}` on {}", example.pack, example.date);
        findings.push(row.finding(FindingKind::Missing, key, message));
        return;
    };
    let Some(answers) = answer(&pack, example.ask, given, &format!("{key}.given"), findings) else { return };
    for (name, node) in expected {
        let (wanted, found) = (shown(node), answers.get(name.as_str()));
        if found.is_some_and(|found| *found == wanted) {
            continue;
        }
        let known = answers.keys().copied().collect::<Vec<_>>().join(", ");
        let message = match found {
            Some(found) => format!("{}: expected {wanted}, found {found}", example.name),
            None => format!("no answer of this name; known: {known}"),
        };
        findings.push(node.finding(FindingKind::Example, &format!("{key}.expect.{name}"), message));
    }
}

fn answer(pack: &Pack, ask: Question, given: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Answers> {
    match ask {
        Question::Value => value(pack, given, key, findings),
        Question::Quarantine => quarantine(pack, given, key, findings),
        Question::Exposure => exposure(pack, given, key, findings),
        Question::Aboard => aboard(pack, given, key, findings),
        Question::Lift => lift(pack, given, key, findings),
        Question::Pool | Question::Promise | Question::Round => screening(pack, ask, given, key, findings),
        Question::Discharge => {
            only(given, key, &["ct_tenths"], findings);
            let ct = child::<Option<u32>>(given, key, "ct_tenths", findings)?;
            Some(Answers::from([("counts", pack.discharge.test_passes(ct).to_string())]))
        }
    }
}

section! {
    /// Given: a key.
    pub struct KeyGiven {
        /// Key of the value.
        key: String,
    }
}

fn value(pack: &Pack, given: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Answers> {
    let asked = KeyGiven::read(given, key, findings)?.key;
    let Some(line) = pack.lines().into_iter().find(|line| line.key == asked) else {
        return Some(Answers::from([("exists", "false".to_owned())]));
    };
    let mut answers = Answers::from([("exists", "true".to_owned()), ("value", line.value)]);
    if let Some(source) = line.source {
        answers.insert("layer", source.layer.clone());
        answers.insert("confidence", source.confidence.shown());
        answers.insert("unverified", source.unverified.to_string());
    }
    Some(answers)
}

section! {
    /// Given: a class and its day 0.
    pub struct QuarantineGiven {
        /// Class of the person.
        class: QuarantineClass,
        /// Day 0.
        day_zero: Date,
    }
}

fn quarantine(pack: &Pack, given: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Answers> {
    let given = QuarantineGiven::read(given, key, findings)?;
    let rules = pack.quarantine_of(given.class);
    let dates = rules.dates(given.day_zero);
    Some(Answers::from([
        ("applies", rules.applies().to_string()),
        ("place", rules.place.value.shown()),
        ("home_phase", rules.home_phase.value.shown()),
        ("tests", dates.tests.shown()),
        ("first_phase_ends", dates.first_phase_ends.shown()),
        ("home_tests", dates.home_tests.shown()),
        ("ends", dates.ends.shown()),
    ]))
}

section! {
    /// Given: an exposure.
    pub struct ExposureGiven {
        /// Where.
        setting: Setting,
        /// How long.
        minutes: u32,
    }
}

fn exposure(pack: &Pack, given: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Answers> {
    let given = ExposureGiven::read(given, key, findings)?;
    let class = pack.contacts.settings.get(given.setting).class_for(given.minutes);
    let ring = &pack.contacts.second_ring;
    let second = ring.determined.value && ring.settings.value.contains(&given.setting);
    let second = if second { ContactClass::ContactOfContact } else { ContactClass::None };
    Some(Answers::from([("class", class.value.shown()), ("of_a_close_contact", second.shown())]))
}

section! {
    /// Given: who sat where.
    pub struct AboardGiven {
        /// Vehicle.
        vehicle: VehicleKind,
        /// Rows apart.
        rows_apart: Option<u32>,
        /// Same carriage.
        same_carriage: Option<bool>,
        /// Same compartment.
        same_compartment: Option<bool>,
        /// Crew who served.
        serving_crew: Option<bool>,
    }
}

fn aboard(pack: &Pack, given: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Answers> {
    let given = AboardGiven::read(given, key, findings)?;
    let seat = Aboard {
        rows_apart: given.rows_apart,
        same_carriage: given.same_carriage == Some(true),
        same_compartment: given.same_compartment == Some(true),
        serving_crew: given.serving_crew == Some(true),
    };
    Some(Answers::from([("class", pack.vehicles.get(given.vehicle).class_for(seat).shown())]))
}

section! {
    /// Given: what is known of a zone.
    pub struct LiftGiven {
        /// Level of the zone.
        level: ZoneLevel,
        /// Days since the last case.
        days_without_case: u32,
        /// Days since the last contact's exposure.
        last_contact_days: Option<u32>,
        /// The last contact's tests are negative.
        last_contact_negative: Option<bool>,
        /// Days since an all-negative round.
        negative_round_days: Option<u32>,
        /// Everyone negative on the last day.
        negative_on_last_day: Option<bool>,
        /// Days since the step down.
        days_since_step_down: Option<u32>,
        /// Levels of which zones still stand.
        standing: Vec<ZoneLevel>,
    }
}

fn lift(pack: &Pack, given: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Answers> {
    let given = LiftGiven::read(given, key, findings)?;
    let Some(zone) = pack.zone(given.level) else {
        return Some(Answers::from([("level_exists", "false".to_owned())]));
    };
    let facts = LiftFacts {
        days_without_case: given.days_without_case,
        last_contact_days: given.last_contact_days,
        last_contact_negative: given.last_contact_negative == Some(true),
        negative_round_days: given.negative_round_days,
        negative_on_last_day: given.negative_on_last_day == Some(true),
        days_since_step_down: given.days_since_step_down,
        standing: given.standing,
    };
    let missing = zone.lift.missing(&facts);
    Some(Answers::from([
        ("level_exists", "true".to_owned()),
        ("may_lift", missing.is_empty().to_string()),
        ("missing", missing.shown()),
        ("becomes", zone.lift.step_down.value.shown()),
    ]))
}

fn screening(pack: &Pack, ask: Question, given: &Node, key: &str, findings: &mut Vec<Finding>) -> Option<Answers> {
    let rules = &pack.screening;
    let name = match ask {
        Question::Pool => "group",
        Question::Promise => "sampled_hour",
        _ => "people",
    };
    only(given, key, &[name], findings);
    Some(match ask {
        Question::Pool => {
            let pool = rules.pools.get(child::<PoolGroup>(given, key, name, findings)?);
            let household = pool.household_tube.value.to_string();
            Answers::from([("people_max", pool.people_max.value.shown()), ("household_tube", household)])
        }
        Question::Promise => {
            let promised = rules.promised_by(child::<u32>(given, key, name, findings)?);
            Answers::from([("days_later", promised.days_later.shown()), ("hour", promised.hour.shown())])
        }
        _ => {
            let people = u64::from(child::<u32>(given, key, name, findings)?);
            Answers::from([
                ("hours", rules.hours_for(people).shown()),
                ("samplers", rules.samplers_for(people).to_string()),
                ("sites", rules.sites_for(people).to_string()),
            ])
        }
    })
}
