//! What can be done with a site and its lanes. All of it is intention: it can be refused.

use outpace_access::Call;
use outpace_core::{AreaId, LaneId, Refusal, SiteId, TeamId, Text, Timestamp};
use outpace_orders::Subject;
use outpace_orders::notices::{self, Audience, NewNotice};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{HoursSet, LaneSet, LanesAdded, SamplersPosted, SiteMoved, SiteSet};
use super::model::{LANES_MAX, Lane, OpenState, Site};
use super::store;
use crate::errors::{ScreeningError, said, some_of, within};

/// Longest reason, in characters.
const REASON_MAX: usize = 200;
/// Minutes of a day.
pub(super) const DAY_MINUTES: i64 = 1_440;

/// Opens or closes a site.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetSite {
    /// Which.
    pub site: SiteId,
    /// Open or closed.
    pub state: OpenState,
    /// Why.
    pub reason: String,
}

/// Opens or closes a lane.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetLane {
    /// Which.
    pub lane: LaneId,
    /// Open or closed.
    pub state: OpenState,
    /// Why.
    pub reason: String,
}

/// Sets opening hours.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetHours {
    /// Which site.
    pub site: SiteId,
    /// Local minute of the day at which it opens, 0 to 1,440.
    pub opens_minute: i64,
    /// Local minute of the day at which it closes; before the opening minute: on the next day.
    pub closes_minute: i64,
}

/// Moves a site.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MoveSite {
    /// Which.
    pub site: SiteId,
    /// The grid it moves to.
    pub area: AreaId,
    /// Longitude, WGS-84 degrees.
    #[serde(default)]
    pub lon: Option<f64>,
    /// Latitude, WGS-84 degrees.
    #[serde(default)]
    pub lat: Option<f64>,
    /// From when.
    pub from: Timestamp,
    /// Why.
    pub reason: String,
}

/// Adds lanes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AddLanes {
    /// To which site.
    pub site: SiteId,
    /// How many.
    pub lanes: i64,
    /// People an hour each; absent: as the pack plans.
    #[serde(default)]
    pub people_per_hour: Option<i64>,
    /// Samplers that stand at each when no shift says otherwise.
    #[serde(default)]
    pub samplers: i64,
}

/// The lanes that were added.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LaneIds {
    /// Their ids, by number.
    pub lanes: Vec<LaneId>,
}

/// Posts samplers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Post {
    /// To which lanes.
    pub lanes: Vec<LaneId>,
    /// How many each; 0 takes them away.
    pub samplers: i64,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The team they come from.
    #[serde(default)]
    pub team: Option<TeamId>,
}

fn known_site(unit: &mut Unit<'_>, call: &Call, site: SiteId) -> Result<Site, Refusal> {
    let known = store::site(unit.tx(), site)?.ok_or(ScreeningError::UnknownSite { site })?;
    call.covers(known.spec.area)?;
    Ok(known)
}

/// Passes an area that is a grid, or stands for an unknown one.
pub(super) fn grid(area: AreaId) -> Result<AreaId, ScreeningError> {
    area.level().map(|_| area.unknown_grid()).ok_or(ScreeningError::NotAnArea { area })
}

/// Opens or closes a site. The same state again changes nothing.
///
/// # Errors
/// An unknown site, one outside the actor's area, no reason.
pub fn set_site(unit: &mut Unit<'_>, call: &Call, request: SetSite) -> Result<Site, Refusal> {
    said("reason", &request.reason, REASON_MAX)?;
    let known = known_site(unit, call, request.site)?;
    if known.state != request.state {
        unit.record(SiteSet { site: request.site, state: request.state, reason: request.reason })?;
    }
    Ok(Site { state: request.state, ..known })
}

/// Opens or closes a lane. The same state again changes nothing.
///
/// # Errors
/// An unknown lane, one outside the actor's area, opening it at a closed site, no reason.
pub fn set_lane(unit: &mut Unit<'_>, call: &Call, request: SetLane) -> Result<Lane, Refusal> {
    said("reason", &request.reason, REASON_MAX)?;
    let known = store::lane(unit.tx(), request.lane)?.ok_or(ScreeningError::UnknownLane { lane: request.lane })?;
    let site = known_site(unit, call, known.site)?;
    if request.state == OpenState::Open && site.state == OpenState::Closed {
        return Err(ScreeningError::SiteClosed { site: site.id }.into());
    }
    if known.state != request.state {
        unit.record(LaneSet { lane: request.lane, state: request.state, reason: request.reason })?;
    }
    Ok(Lane { state: request.state, ..known })
}

/// Sets opening hours.
///
/// # Errors
/// An unknown site, one outside the actor's area, a minute that no day has.
pub fn set_hours(unit: &mut Unit<'_>, call: &Call, request: SetHours) -> Result<Site, Refusal> {
    within("opens_minute", request.opens_minute, 0, DAY_MINUTES)?;
    within("closes_minute", request.closes_minute, 0, DAY_MINUTES)?;
    let mut known = known_site(unit, call, request.site)?;
    if (known.spec.opens_minute, known.spec.closes_minute) != (request.opens_minute, request.closes_minute) {
        let (opens_minute, closes_minute) = (request.opens_minute, request.closes_minute);
        unit.record(HoursSet { site: request.site, opens_minute, closes_minute })?;
    }
    known.spec.opens_minute = request.opens_minute;
    known.spec.closes_minute = request.closes_minute;
    Ok(known)
}

/// Moves a site and tells the public.
///
/// # Errors
/// An unknown site, either place outside the actor's area, a number that is no area, no reason.
pub fn move_site(unit: &mut Unit<'_>, call: &Call, request: MoveSite) -> Result<Site, Refusal> {
    said("reason", &request.reason, REASON_MAX)?;
    let area = grid(request.area)?;
    call.covers(area)?;
    let mut known = known_site(unit, call, request.site)?;
    if known.spec.area == area && (known.spec.lon, known.spec.lat) == (request.lon, request.lat) {
        return Ok(known);
    }
    let from = request.from.local(call.offset_minutes());
    unit.record(SiteMoved {
        site: request.site,
        area,
        lon: request.lon,
        lat: request.lat,
        from: request.from,
        reason: request.reason.clone(),
    })?;
    let name = &known.spec.name;
    notices::publish(
        unit,
        call,
        NewNotice {
            key: None,
            kind: "site".to_owned(),
            audience: Audience::Public,
            area,
            title: Text::new(format!("采样点迁移:{}", name.zh), format!("Sampling site moves: {}", name.en)),
            body: Text::new(
                format!("{}自{from}起迁至新址(区域 {area})。原因:{}", name.zh, request.reason),
                format!("From {from}, {} is at its new place (area {area}). Reason: {}", name.en, request.reason),
            ),
            reference: Subject::Site(request.site),
            clause: None,
            deadline_at: None,
        },
    )?;
    known.spec.area = area;
    known.spec.lon = request.lon;
    known.spec.lat = request.lat;
    Ok(known)
}

/// New lanes of a site, numbered after those it has.
pub(super) fn new_lanes(
    unit: &mut Unit<'_>,
    site: SiteId,
    after: i64,
    count: i64,
    people_per_hour: i64,
    samplers: i64,
) -> Result<Vec<Lane>, Refusal> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let first = unit.next_many(LaneId::COUNTER, count)?;
    Ok((0..count)
        .map(|index| Lane {
            id: LaneId(first + index),
            site,
            number: after + index + 1,
            people_per_hour,
            samplers,
            state: OpenState::Open,
        })
        .collect())
}

/// Adds lanes to a site.
///
/// # Errors
/// An unknown site, one outside the actor's area, more lanes than a site can have.
pub fn add_lanes(unit: &mut Unit<'_>, call: &Call, request: AddLanes) -> Result<LaneIds, Refusal> {
    let known = known_site(unit, call, request.site)?;
    within("lanes", request.lanes, 1, LANES_MAX - known.lanes)?;
    let planned = i64::from(call.pack().screening.lane_people_per_hour.value);
    let people_per_hour = request.people_per_hour.unwrap_or(planned);
    within("people_per_hour", people_per_hour, 1, 1_000)?;
    within("samplers", request.samplers, 0, 20)?;
    let lanes = new_lanes(unit, known.id, known.lanes, request.lanes, people_per_hour, request.samplers)?;
    let ids = lanes.iter().map(|lane| lane.id).collect();
    unit.record(LanesAdded { lanes })?;
    Ok(LaneIds { lanes: ids })
}

/// Posts samplers to lanes for a stretch of time.
///
/// # Errors
/// Unknown lanes, lanes outside the actor's area, a stretch that ends before it begins.
pub fn post_samplers(unit: &mut Unit<'_>, call: &Call, request: Post) -> Result<LaneIds, Refusal> {
    some_of("lanes", &request.lanes, 10_000)?;
    within("samplers", request.samplers, 0, 20)?;
    if request.until <= request.from {
        let (starts_at, ends_at) = (request.from, request.until);
        return Err(ScreeningError::WindowBackwards { starts_at, ends_at }.into());
    }
    for lane in &request.lanes {
        let known = store::lane(unit.tx(), *lane)?.ok_or(ScreeningError::UnknownLane { lane: *lane })?;
        known_site(unit, call, known.site)?;
    }
    let Post { lanes, samplers, from, until, team } = request;
    unit.record(SamplersPosted { lanes: lanes.clone(), samplers, from, until, team })?;
    Ok(LaneIds { lanes })
}
