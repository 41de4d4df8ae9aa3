//! Issuing a lane sheet: what the lane may do, whom to warn of, signed.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::time::HOUR_MS;
use outpace_core::{AreaId, AreaLevel, LaneId, PersonId, Refusal, RoundId, SheetId, SiteId, Text, Timestamp};
use outpace_isolation::{Filter, in_force};
use outpace_registry::people::matching::each_id_number;
use outpace_registry::{self as registry, Sex};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::LaneSheetIssued;
use super::model::{
    BORN_FROM, Guards, LaneSheet, LockRule, SHEET_FORMAT, SheetKeys, SheetRow, SignedSheet, guard_bits,
};
use super::{keys, store};
use crate::desk::{Desk, Seat, load_seats};
use crate::errors::{ScreeningError, within};
use crate::rounds::{self, Class, Method, Pool, Round, RoundState, verbs};
use crate::sites;

/// Hours that a sheet holds where nothing is said: a network may stay down for a day.
pub const HOURS: i64 = 24;
/// Hours that a sheet may hold at most.
pub const HOURS_MAX: i64 = 72;
/// People of whom one sheet warns at most: what a device searches without a pause.
pub const GUARDED_MAX: usize = 50_000;

/// Asks for a sheet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct IssueSheet {
    /// The round; it must be open.
    pub round: RoundId,
    /// The lane.
    pub lane: LaneId,
    /// The areas that it serves, of whose people the sheet warns; absent: the village of the site.
    #[serde(default)]
    pub areas: Vec<AreaId>,
    /// Hours that it holds; absent: 24.
    #[serde(default)]
    pub hours: Option<i64>,
}

/// Issues a sheet for a lane in a round. One that is out and has not ended is given again, with the guards of now.
///
/// # Errors
/// An unknown round or lane, a round that is not open or has no tubes, areas outside the actor's own or with too many people, hours out
/// of range.
pub fn issue_sheet(unit: &mut Unit<'_>, call: &Call, request: IssueSheet) -> Result<SignedSheet, Refusal> {
    let round =
        rounds::round(unit.tx(), request.round)?.ok_or(ScreeningError::UnknownRound { round: request.round })?;
    if round.state != RoundState::Open {
        return Err(ScreeningError::RoundNotOpen { round: round.id }.into());
    }
    if round.spec.method == Method::Antigen {
        return Err(ScreeningError::WrongMethod { round: round.id }.into());
    }
    let unknown = ScreeningError::UnknownLane { lane: request.lane };
    let lane = sites::lane(unit.tx(), request.lane)?.ok_or_else(|| unknown.clone())?;
    let site = sites::site(unit.tx(), lane.site)?.ok_or(unknown)?;
    call.covers(site.spec.area)?;
    let hours = request.hours.unwrap_or(HOURS);
    within("hours", hours, 1, HOURS_MAX)?;
    let areas = served(call, &request.areas, site.spec.area)?;
    let row = match store::current(unit.tx(), round.id, lane.id, call.now)? {
        Some(row) => row,
        None => issue(unit, call, (&round, lane.id), (site.id, site.spec.area), areas, hours)?,
    };
    let guards = guards(unit, &round, row.sheet, &row.areas)?;
    let pool = pool(unit, call, &round, site.id, site.spec.area)?;
    let screening = &call.pack().screening;
    let sheet = LaneSheet {
        format: SHEET_FORMAT.to_owned(),
        sheet: row.sheet,
        jurisdiction: AreaId(unit.tx().jurisdiction()),
        round: round.id,
        round_name: round.spec.name.clone(),
        site: site.id,
        site_name: site.spec.name.clone(),
        lane: lane.id,
        lane_number: lane.number,
        lock: LockRule {
            people_max: pool.people_max,
            household: pool.household,
            leave_within_minutes: i64::from(screening.ambient_hours_max.value) * 60,
        },
        guards,
        keys: SheetKeys {
            record: hex::encode(*keys::record_key(unit.keys(), row.sheet)?),
            seal: keys::seal_key(unit.keys())?,
        },
        issued_at: row.issued_at,
        ends_at: row.ends_at,
    };
    let text = crate::words::json(&sheet)?;
    let (signature, key) = (keys::sign(unit.keys(), &text)?, keys::public_key(unit.keys())?);
    Ok(SignedSheet { sheet: text, signature, key, signed_at: call.now })
}

fn served(call: &Call, asked: &[AreaId], site: AreaId) -> Result<Vec<AreaId>, Refusal> {
    if asked.is_empty() {
        return Ok(vec![site.at(AreaLevel::Village).unwrap_or(site)]);
    }
    let areas: BTreeSet<AreaId> = asked.iter().copied().collect();
    for area in &areas {
        area.level().ok_or(ScreeningError::NotAnArea { area: *area })?;
        call.covers(*area)?;
    }
    Ok(areas.into_iter().collect())
}

fn issue(
    unit: &mut Unit<'_>,
    call: &Call,
    (round, lane): (&Round, LaneId),
    (site, area): (SiteId, AreaId),
    areas: Vec<AreaId>,
    hours: i64,
) -> Result<SheetRow, Refusal> {
    let mut people = 0;
    for area in &areas {
        people += registry::population_of(unit.tx(), *area)?.registered;
    }
    if people > GUARDED_MAX as i64 {
        let count = usize::try_from(people).unwrap_or(usize::MAX);
        return Err(ScreeningError::TooMany { field: "areas", count, most: GUARDED_MAX }.into());
    }
    let sheet = SheetId(unit.next(SheetId::COUNTER)?);
    let ends_at = Timestamp(call.now.0 + hours * HOUR_MS);
    unit.record(LaneSheetIssued { sheet, round: round.id, site, lane, area, areas, people, ends_at })?;
    Ok(store::sheet(unit.tx(), sheet)?.ok_or(ScreeningError::UnknownSheet { sheet })?)
}

fn pool(unit: &mut Unit<'_>, call: &Call, round: &Round, site: SiteId, area: AreaId) -> Result<Pool, Refusal> {
    let of_round = unit.remembered(|desk: &Desk| desk.rounds.get(&round.id)?.pools.get(&site).copied()).flatten();
    match of_round {
        Some(pool) => Ok(pool),
        None => verbs::pool_at(unit.tx(), call, round.spec.group, area),
    }
}

/// Rows of everybody registered in the areas.
fn guards(unit: &mut Unit<'_>, round: &Round, sheet: SheetId, areas: &[AreaId]) -> Result<Guards, Refusal> {
    let mut people = Vec::new();
    for area in areas {
        registry::each_person_in(unit.tx(), *area, |person| people.push((person.id, person.birth_year, person.sex)))?;
    }
    people.sort_unstable_by_key(|(person, _, _)| *person);
    people.dedup_by_key(|(person, _, _)| *person);
    let confined: BTreeSet<PersonId> =
        in_force(unit.tx(), &Filter::default())?.into_iter().map(|restriction| restriction.person).collect();
    let seats = seats(unit, round.id, &people)?;
    let mark_key = keys::mark_key(unit.keys(), sheet)?;
    let ids: Vec<PersonId> = people.iter().map(|(person, _, _)| *person).collect();
    let mut marks = std::collections::BTreeMap::new();
    each_id_number(unit, &ids, |person, number| {
        marks.insert(person, keys::mark(&*mark_key, number));
    })
    .map_err(Refusal::from)?;
    let mut rows = Vec::with_capacity(people.len() * ROW_BYTES);
    for ((person, born, sex), seat) in people.iter().zip(seats) {
        rows.extend_from_slice(&person.0.to_be_bytes());
        rows.push(u8::try_from((born - BORN_FROM).clamp(0, 255)).unwrap_or_default());
        rows.push(bits(*sex, seat, confined.contains(person)));
        rows.extend_from_slice(&marks.get(person).copied().unwrap_or(0).to_be_bytes());
    }
    Ok(Guards {
        areas: areas.to_vec(),
        people: people.len() as i64,
        rows: hex::encode(rows),
        mark_key: hex::encode(*mark_key),
    })
}

/// Bytes of one row: number, year of birth, bits, mark.
pub const ROW_BYTES: usize = 12;

fn bits(sex: Sex, seat: Seat, confined: bool) -> u8 {
    let class = match seat.home {
        Some((_, Class::Exempt)) => guard_bits::EXEMPT,
        Some((_, Class::Quarantined)) => guard_bits::QUARANTINED,
        Some((_, Class::Absent)) => guard_bits::ABSENT,
        Some((_, Class::Due)) => 0,
        None => guard_bits::NOT_DUE,
    };
    let flag = |on: bool, bit: u8| if on { bit } else { 0 };
    class
        | flag(sex == Sex::Female, guard_bits::FEMALE)
        | flag(seat.tube.is_some(), guard_bits::SAMPLED)
        | flag(confined, guard_bits::QUARANTINED)
}

fn seats(unit: &mut Unit<'_>, round: RoundId, people: &[(PersonId, i64, Sex)]) -> Result<Vec<Seat>, Refusal> {
    let look = |desk: &Desk| {
        let seats = desk.rounds.get(&round)?.seats.as_ref()?;
        Some(people.iter().map(|(person, _, _)| seats.seat(*person)).collect::<Vec<_>>())
    };
    if let Some(seats) = unit.remembered(look).flatten() {
        return Ok(seats);
    }
    let all = load_seats(unit.tx(), round)?;
    Ok(people.iter().map(|(person, _, _)| all.seat(*person)).collect())
}

/// Reads a sheet as a device does: the signature first, then what it says.
///
/// # Errors
/// A signature that is not the office's, another format; both sentences say what to do.
pub fn read_sheet(signed: &SignedSheet, office_key: &str) -> Result<LaneSheet, Text> {
    let ours =
        signed.key.eq_ignore_ascii_case(office_key) && keys::is_signed(&signed.key, &signed.sheet, &signed.signature);
    if !ours {
        return Err(Text::new(
            "通道单签名不符,不能使用;请向指挥部重新领取。",
            "This lane sheet is not signed by the office and must not be used; ask for another one.",
        ));
    }
    let sheet: Option<LaneSheet> = serde_json::from_str(&signed.sheet).ok();
    sheet.filter(|sheet| sheet.format == SHEET_FORMAT).ok_or_else(|| {
        Text::new(
            format!("不是 {SHEET_FORMAT} 格式的通道单;请更新设备或重新领取。"),
            format!("This is no sheet of the format {SHEET_FORMAT}; update the device or ask for another one."),
        )
    })
}
