//! Reads the file: first its shape, then what its keys and hours refer to. Pure but for the text it is given.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use outpace_core::{AreaId, Text, Timestamp};
use serde::Deserialize;
use toml::Spanned;

use super::errors::ScenarioError;
use super::model::*;
use crate::laboratory::Truth;
use crate::population::{PlaceClass, RiverSide};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    scenario: RawScenario,
    #[serde(default)]
    resource: Vec<RawResource>,
    #[serde(default)]
    hospital: Vec<RawFacility>,
    #[serde(default)]
    facility: Vec<RawFacility>,
    #[serde(default)]
    laboratory: Vec<RawLaboratory>,
    #[serde(default)]
    assessment: Vec<RawAssessment>,
    behaviour: Behaviour,
    truth: Truth,
    #[serde(default)]
    step: Vec<RawStep>,
    rates: Rates,
    #[serde(default)]
    checkpoint: Vec<RawCheckpoint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScenario {
    id: String,
    title: Text,
    county: AreaId,
    profile: String,
    pack: String,
    utc_offset_minutes: i64,
    seed: u64,
    opens: Spanned<String>,
    start: Spanned<String>,
    mark_24h: Spanned<String>,
    end: Spanned<String>,
    areas: String,
    boundaries: String,
    river: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawResource {
    key: Spanned<String>,
    name: Text,
    amount: Spanned<i64>,
    from: Spanned<String>,
    #[serde(default)]
    assumed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFacility {
    key: Spanned<String>,
    name: Text,
    area: Spanned<i64>,
    beds: Spanned<i64>,
    lon: f64,
    lat: f64,
    #[serde(default)]
    #[allow(dead_code, reason = "a label for the reader of the file")]
    assumed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLaboratory {
    key: Spanned<String>,
    name: Text,
    area: AreaId,
    tubes_per_hour: Spanned<i64>,
    turnaround_minutes: i64,
    leg_minutes: i64,
    from: Spanned<String>,
    #[serde(default)]
    #[allow(dead_code, reason = "a label for the reader of the file")]
    assumed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAssessment {
    key: Spanned<String>,
    name: Text,
    at: Spanned<String>,
    finding: Finding,
    #[serde(default)]
    areas: Vec<Spanned<i64>>,
    side: Option<RiverSide>,
    #[serde(default)]
    places: Vec<NamedPlace>,
    #[serde(default)]
    classes: Vec<PlaceClass>,
    text: Text,
    valid_days: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    key: Spanned<StepKey>,
    name: Text,
    at: Spanned<String>,
    #[serde(default)]
    minutes: i64,
    #[serde(default)]
    needs: Vec<Spanned<StepKey>>,
    #[serde(default)]
    uses: BTreeMap<Spanned<String>, Spanned<i64>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheckpoint {
    key: Spanned<String>,
    name: Text,
    at: Spanned<String>,
    kind: FigureKind,
    reported: Figure,
    #[serde(default)]
    compare: Compare,
    measure: Spanned<String>,
}

/// Where an error is: the file and its text.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
    offset_minutes: i64,
}

impl Source<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
    }

    fn wrong(&self, at: usize, key: &str, problem: impl Into<String>) -> ScenarioError {
        ScenarioError::Malformed {
            file: self.file.to_owned(),
            line: self.line(at),
            key: key.to_owned(),
            problem: problem.into(),
        }
    }

    fn moment(&self, key: &str, value: &Spanned<String>) -> Result<Timestamp, ScenarioError> {
        Timestamp::parse_local(value.get_ref(), self.offset_minutes).ok_or_else(|| {
            let told = value.get_ref();
            let problem =
                format!("“{told}”不是时间,应形如 2022-04-13T01:30 / {told:?} is no hour; write 2022-04-13T01:30");
            self.wrong(value.span().start, key, problem)
        })
    }

    fn positive(&self, key: &str, value: &Spanned<i64>) -> Result<i64, ScenarioError> {
        let told = *value.get_ref();
        if told > 0 {
            return Ok(told);
        }
        Err(self.wrong(value.span().start, key, format!("{told}:须为正数 / must be positive")))
    }

    fn area(&self, key: &str, value: &Spanned<i64>, county: AreaId) -> Result<AreaId, ScenarioError> {
        let area = AreaId(*value.get_ref());
        if county.contains(area) {
            return Ok(area);
        }
        let problem = format!("{area} 不是 {county} 内的区域代码 / is no area code inside {county}");
        Err(self.wrong(value.span().start, key, problem))
    }

    fn once(&self, seen: &mut BTreeSet<String>, table: &str, key: &Spanned<String>) -> Result<(), ScenarioError> {
        if seen.insert(format!("{table}.{}", key.get_ref())) {
            return Ok(());
        }
        let problem = format!("“{}”出现两次 / {:?} stands here twice", key.get_ref(), key.get_ref());
        Err(self.wrong(key.span().start, &format!("{table}.key"), problem))
    }
}

/// Reads a scenario from its text.
///
/// # Errors
/// The first mistake, with line and key.
pub(super) fn read(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let raw: RawFile = toml::from_str(text).map_err(|error| shape_error(file, text, &error))?;
    let source = Source { file, text, offset_minutes: raw.scenario.utc_offset_minutes };
    let head = &raw.scenario;
    let starts_at = source.moment("scenario.start", &head.start)?;
    let ends_at = source.moment("scenario.end", &head.end)?;
    if ends_at <= starts_at {
        return Err(source.wrong(head.end.span().start, "scenario.end", "须晚于开始时间 / must lie after the start"));
    }
    let county = head.county;
    let resources = resources(&source, &raw.resource)?;
    let steps = steps(&source, &raw.step, &resources, (starts_at, ends_at))?;
    Ok(Scenario {
        folder: PathBuf::new(),
        id: head.id.clone(),
        title: head.title.clone(),
        county,
        profile: head.profile.clone(),
        pack: head.pack.clone(),
        utc_offset_minutes: head.utc_offset_minutes,
        seed: head.seed,
        opens_at: source.moment("scenario.opens", &head.opens)?,
        starts_at,
        mark_24h_at: source.moment("scenario.mark_24h", &head.mark_24h)?,
        ends_at,
        files: Files { areas: head.areas.clone(), boundaries: head.boundaries.clone(), river: head.river.clone() },
        hospitals: facilities(&source, "hospital", &raw.hospital, county)?,
        facilities: facilities(&source, "facility", &raw.facility, county)?,
        laboratories: laboratories(&source, &raw.laboratory)?,
        assessments: assessments(&source, &raw.assessment, county)?,
        checkpoints: checkpoints(&source, &raw.checkpoint, &resources)?,
        resources,
        behaviour: raw.behaviour,
        steps,
        rates: raw.rates,
        truth: raw.truth,
    })
}

/// What serde and TOML say, with the line and the key of it.
fn shape_error(file: &str, text: &str, error: &toml::de::Error) -> ScenarioError {
    let source = Source { file, text, offset_minutes: 0 };
    let at = error.span().map_or(0, |span| span.start);
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let key = line.split('=').next().unwrap_or_default().trim().to_owned();
    source.wrong(at, &key, error.message().to_owned())
}

fn resources(source: &Source<'_>, raw: &[RawResource]) -> Result<Vec<Resource>, ScenarioError> {
    let mut seen = BTreeSet::new();
    let read = raw.iter().map(|one| {
        source.once(&mut seen, "resource", &one.key)?;
        Ok(Resource {
            key: one.key.get_ref().clone(),
            name: one.name.clone(),
            amount: source.positive("resource.amount", &one.amount)?,
            from: source.moment("resource.from", &one.from)?,
            assumed: one.assumed,
        })
    });
    read.collect()
}

fn facilities(
    source: &Source<'_>,
    table: &str,
    raw: &[RawFacility],
    county: AreaId,
) -> Result<Vec<Facility>, ScenarioError> {
    let mut seen = BTreeSet::new();
    let read = raw.iter().map(|one| {
        source.once(&mut seen, table, &one.key)?;
        Ok(Facility {
            key: one.key.get_ref().clone(),
            name: one.name.clone(),
            area: source.area(&format!("{table}.area"), &one.area, county)?,
            beds: source.positive(&format!("{table}.beds"), &one.beds)?,
            lon: one.lon,
            lat: one.lat,
        })
    });
    read.collect()
}

fn laboratories(source: &Source<'_>, raw: &[RawLaboratory]) -> Result<Vec<Laboratory>, ScenarioError> {
    let mut seen = BTreeSet::new();
    let read = raw.iter().map(|one| {
        source.once(&mut seen, "laboratory", &one.key)?;
        Ok(Laboratory {
            key: one.key.get_ref().clone(),
            name: one.name.clone(),
            area: one.area,
            tubes_per_hour: source.positive("laboratory.tubes_per_hour", &one.tubes_per_hour)?,
            turnaround_minutes: one.turnaround_minutes,
            leg_minutes: one.leg_minutes,
            from: source.moment("laboratory.from", &one.from)?,
        })
    });
    read.collect()
}

fn assessments(source: &Source<'_>, raw: &[RawAssessment], county: AreaId) -> Result<Vec<Assessment>, ScenarioError> {
    let mut seen = BTreeSet::new();
    let read = raw.iter().map(|one| {
        source.once(&mut seen, "assessment", &one.key)?;
        if one.areas.is_empty() && one.places.is_empty() && one.side.is_none() {
            let problem = "缺少范围:写 areas、side 或 places / has no scope; give areas, side or places";
            return Err(source.wrong(one.key.span().start, "assessment.areas", problem));
        }
        let areas: Result<Vec<AreaId>, ScenarioError> =
            one.areas.iter().map(|area| source.area("assessment.areas", area, county)).collect();
        Ok(Assessment {
            key: one.key.get_ref().clone(),
            name: one.name.clone(),
            at: source.moment("assessment.at", &one.at)?,
            finding: one.finding,
            areas: areas?,
            side: one.side,
            places: one.places.clone(),
            classes: one.classes.clone(),
            text: one.text.clone(),
            valid_days: source.positive("assessment.valid_days", &one.valid_days)?,
        })
    });
    read.collect()
}

fn steps(
    source: &Source<'_>,
    raw: &[RawStep],
    resources: &[Resource],
    (starts_at, ends_at): (Timestamp, Timestamp),
) -> Result<Vec<Step>, ScenarioError> {
    let mut before = BTreeSet::new();
    let mut steps = Vec::new();
    for one in raw {
        let at = source.moment("step.at", &one.at)?;
        if at < starts_at || at > ends_at {
            let problem = format!("{} 不在演练时间内 / lies outside the drill", one.at.get_ref());
            return Err(source.wrong(one.at.span().start, "step.at", problem));
        }
        for need in &one.needs {
            // Only steps above may be named, so that nothing can wait for itself.
            if !before.contains(need.get_ref()) {
                let problem = format!("{:?}:前面没有这一步 / no step above bears this name", need.get_ref());
                return Err(source.wrong(need.span().start, "step.needs", problem));
            }
        }
        let uses = uses(source, &one.uses, resources)?;
        if !before.insert(*one.key.get_ref()) {
            return Err(source.wrong(one.key.span().start, "step.key", "出现两次 / stands here twice"));
        }
        let needs = one.needs.iter().map(|need| *need.get_ref()).collect();
        steps.push(Step { key: *one.key.get_ref(), name: one.name.clone(), at, minutes: one.minutes, needs, uses });
    }
    Ok(steps)
}

fn uses(
    source: &Source<'_>,
    raw: &BTreeMap<Spanned<String>, Spanned<i64>>,
    resources: &[Resource],
) -> Result<BTreeMap<String, i64>, ScenarioError> {
    let mut uses = BTreeMap::new();
    for (key, amount) in raw {
        let wanted = source.positive("step.uses", amount)?;
        let Some(resource) = resources.iter().find(|resource| resource.key == *key.get_ref()) else {
            let problem = format!("没有资源“{}” / no resource is called {:?}", key.get_ref(), key.get_ref());
            return Err(source.wrong(key.span().start, "step.uses", problem));
        };
        if wanted > resource.amount {
            let problem = format!(
                "{} 需要 {wanted},只有 {} / needs {wanted}, there are {}",
                resource.key, resource.amount, resource.amount
            );
            return Err(source.wrong(amount.span().start, "step.uses", problem));
        }
        uses.insert(key.get_ref().clone(), wanted);
    }
    Ok(uses)
}

fn checkpoints(
    source: &Source<'_>,
    raw: &[RawCheckpoint],
    resources: &[Resource],
) -> Result<Vec<CheckpointSpec>, ScenarioError> {
    let mut seen = BTreeSet::new();
    let read = raw.iter().map(|one| {
        source.once(&mut seen, "checkpoint", &one.key)?;
        let measure = measure(source, &one.measure, resources)?;
        if one.kind == FigureKind::Outcome && matches!(measure, Measure::Given(_)) {
            let problem = "给定的数不能作为结果计分 / what was given cannot be scored as an outcome";
            return Err(source.wrong(one.measure.span().start, "checkpoint.measure", problem));
        }
        Ok(CheckpointSpec {
            key: one.key.get_ref().clone(),
            name: one.name.clone(),
            at: source.moment("checkpoint.at", &one.at)?,
            kind: one.kind,
            reported: one.reported.clone(),
            compare: one.compare,
            measure,
        })
    });
    read.collect()
}

fn measure(source: &Source<'_>, told: &Spanned<String>, resources: &[Resource]) -> Result<Measure, ScenarioError> {
    let word = told.get_ref();
    let unknown = |problem: String| source.wrong(told.span().start, "checkpoint.measure", problem);
    if let Some(key) = word.strip_prefix("given:") {
        if resources.iter().any(|resource| resource.key == key) {
            return Ok(Measure::Given(key.to_owned()));
        }
        return Err(unknown(format!("没有资源“{key}” / no resource is called {key:?}")));
    }
    let question: Result<Question, _> =
        serde::de::Deserialize::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(word));
    question.map(Measure::Asked).map_err(|error| unknown(error.to_string()))
}
