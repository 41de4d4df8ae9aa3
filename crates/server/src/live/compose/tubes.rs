//! Rounds, sites, and the first four verbs: sample, send, test, report.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{AreaId, Refusal, RoundId, SiteId, Timestamp};
use outpace_screening::flow::stages::{self, FlowQuery};
use outpace_screening::flow::{BalanceQuery, By, LateKind, LateQuery, LateTube, balance_by, late_counts, late_tubes};
use outpace_screening::laboratory::outlooks;
use outpace_screening::rounds::{Method, Round, RoundState};
use outpace_screening::sites::{self, OpenState, SiteKind};
use outpace_screening::tubes::Stage;
use outpace_screening::{all_rounds, coverage, flow, lanes, sampled_total};
use outpace_store::Tx;

use crate::live::model::{FlowShown, LaboratoryShown, LateCount, LateTubeShown, RoundShown, SiteShown, VerbCount};

/// Rounds shown, newest first.
const ROUNDS_MAX: i64 = 12;
/// Late tubes shown, and laboratories.
const FLOW_MAX: i64 = 12;
/// Sites shown.
const SITES_MAX: i64 = 2_000;

/// Rounds that were opened, newest first.
pub(super) fn rounds(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<RoundShown>, Refusal> {
    let mut shown = Vec::new();
    for round in all_rounds(tx, None, ROUNDS_MAX)? {
        if let Some(opened_at) = round.opened_at {
            shown.push(one_round(tx, &round, opened_at.0, now)?);
        }
    }
    Ok(shown)
}

fn whole(tx: &mut Tx<'_>, round: RoundId) -> Result<coverage::Coverage, Refusal> {
    // A round may cover people who live anywhere, so every grid there is.
    Ok(coverage::of(tx, round, (AreaId(0), AreaId(i64::MAX)))?)
}

fn one_round(tx: &mut Tx<'_>, round: &Round, opened_at: i64, now: Timestamp) -> Result<RoundShown, Refusal> {
    let people = whole(tx, round.id)?;
    let promised = round.forecast.as_ref().map(|forecast| forecast.last_result_at.0);
    Ok(RoundShown {
        id: round.id.0,
        name: round.spec.name.clone(),
        state: if round.state == RoundState::Closed { "closed" } else { "open" }.to_owned(),
        method: if round.spec.method == Method::Antigen { "antigen" } else { "pcr" }.to_owned(),
        due: people.sampled + people.missing,
        sampled: people.sampled,
        missing: people.missing,
        exempt: people.exempt,
        absent: people.absent,
        quarantine: people.quarantined,
        opened_at,
        closes_at: round.closed_at.or(Some(round.spec.ends_at)).map(|at| at.0),
        last_result_at: promised,
        promise_at: promised,
        unsynced_lanes: lanes::unsynced::unsynced(tx, Some(round.id), now)?.len() as i64,
    })
}

/// Sample, send, test, report. Late is what has passed the pack's hours or the promise.
pub(super) fn verbs(tx: &mut Tx<'_>, call: &Call, rounds: &[RoundShown]) -> Result<[VerbCount; 4], Refusal> {
    let answer = stages::flow(tx, call, FlowQuery::default())?;
    let rows: BTreeMap<Stage, (i64, i64)> =
        answer.stages.iter().map(|row| (row.stage, (row.tubes, row.people))).collect();
    let tubes = |stages: &[Stage]| stages.iter().filter_map(|stage| rows.get(stage)).map(|row| row.0).sum::<i64>();
    let late_by = |due: fn(&stages::WaveRow) -> i64, count: fn(&stages::WaveRow) -> i64| -> i64 {
        answer.waves.iter().filter(|wave| due(wave) < call.now.0).map(count).sum()
    };
    let missing = |state: &str| rounds.iter().filter(|round| round.state == state).map(|round| round.missing).sum();
    let pending = tubes(&[Stage::Received]);
    Ok([
        VerbCount {
            verb: "sample".to_owned(),
            waiting: missing("open"),
            under_way: rows.get(&Stage::Open).map_or(0, |row| row.1),
            done: sampled_total(tx)?,
            late: missing("closed"),
        },
        VerbCount {
            verb: "send".to_owned(),
            waiting: tubes(&[Stage::Sealed]),
            under_way: tubes(&[Stage::Boxed, Stage::Travelling]),
            done: tubes(&[Stage::Received, Stage::Resulted, Stage::Invalid]),
            late: late_by(|wave| wave.laboratory_due_at.0, |wave| wave.not_received),
        },
        VerbCount {
            verb: "test".to_owned(),
            waiting: 0,
            under_way: pending,
            done: tubes(&[Stage::Resulted, Stage::Invalid]),
            late: 0,
        },
        VerbCount {
            verb: "report".to_owned(),
            waiting: pending,
            under_way: 0,
            done: tubes(&[Stage::Resulted]),
            late: late_by(|wave| wave.result_due_at.0, |wave| wave.not_resulted),
        },
    ])
}

/// Tubes that are late with their last signatures, and the load of the laboratories.
pub(super) fn flow(tx: &mut Tx<'_>, call: &Call) -> Result<FlowShown, Refusal> {
    let counts: BTreeMap<LateKind, i64> = late_counts(tx, call.rules.profile.area)?.into_iter().collect();
    let late = LateKind::ALL
        .iter()
        .map(|kind| LateCount { kind: kind.word().to_owned(), tubes: counts.get(kind).copied().unwrap_or(0) });
    let late: Vec<LateCount> = late.collect();
    let tubes = match late.iter().any(|count| count.tubes > 0) {
        true => late_tubes(tx, call, LateQuery { limit: Some(FLOW_MAX), ..LateQuery::default() })?.tubes,
        false => Vec::new(),
    };
    Ok(FlowShown { late, tubes: tubes.into_iter().map(late_shown).collect(), laboratories: laboratories(tx, call)? })
}

fn late_shown(late: LateTube) -> LateTubeShown {
    LateTubeShown {
        tube: late.tube.to_string(),
        kind: late.kind.word().to_owned(),
        due_at: late.due_at.0,
        people: late.people,
        custody: late.custody.place.word().to_owned(),
        place: late.place,
        signed_by: late.signed_by,
        signed_at: late.custody.at.0,
        leg: late.custody.leg,
        in_box: late.custody.in_box.map(|code| code.to_string()),
    }
}

/// Laboratories that work or have something, those with most to do first.
fn laboratories(tx: &mut Tx<'_>, call: &Call) -> Result<Vec<LaboratoryShown>, Refusal> {
    let query = BalanceQuery { by: By::Laboratory, area: None, round: None, after: None, limit: None };
    let rows = balance_by(tx, call, query)?.rows;
    let late: BTreeMap<String, i64> = rows.into_iter().map(|row| (row.key, row.late)).collect();
    let mut shown: Vec<LaboratoryShown> = outlooks(tx, call.now)?
        .into_iter()
        .map(|(_, outlook)| LaboratoryShown {
            id: outlook.laboratory.0,
            name: outlook.name,
            pending: outlook.pending,
            on_the_way: outlook.on_the_way,
            per_hour: outlook.tubes_per_hour,
            real_per_hour: outlook.real_per_hour,
            late: late.get(&outlook.laboratory.to_string()).copied().unwrap_or(0),
            last_result_at: outlook.last_result_at.map(|at| at.0),
        })
        .filter(|one| one.per_hour > 0 || one.pending > 0)
        .collect();
    shown.sort_by_key(|one| (std::cmp::Reverse(one.pending), one.id));
    shown.truncate(FLOW_MAX as usize);
    Ok(shown)
}

/// Sites that are open, with how many people they have sampled.
pub(super) fn sites(tx: &mut Tx<'_>, call: &Call) -> Result<Vec<SiteShown>, Refusal> {
    let sampled = flow::people_by_site(tx)?;
    let mut shown = Vec::new();
    for site in sites::sites_in(tx, call.rules.profile.area, SiteId(0), SITES_MAX)? {
        let (Some(lon), Some(lat)) = (site.spec.lon, site.spec.lat) else { continue };
        if site.state != OpenState::Open {
            continue;
        }
        shown.push(SiteShown {
            id: site.id.0,
            name: site.spec.name,
            lon,
            lat,
            kind: if site.spec.kind == SiteKind::Abnormal { "fever" } else { "ordinary" }.to_owned(),
            sampled: sampled.get(&site.id).copied().unwrap_or(0),
        });
    }
    Ok(shown)
}
