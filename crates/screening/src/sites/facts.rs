//! What happened to sites and lanes.

use outpace_core::{AreaId, LaneId, SiteId, TeamId, Timestamp};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{Lane, OpenState, SiteSpec};

/// A site that was set up, with its lanes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewSite {
    /// Its id.
    pub site: SiteId,
    /// What was told of it.
    pub spec: SiteSpec,
    /// Whether it works from the start.
    pub state: OpenState,
    /// Its lanes.
    pub lanes: Vec<Lane>,
}

/// Sites were set up: one by hand, or many from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SitesAdded {
    /// The sites.
    pub sites: Vec<NewSite>,
}

impl Fact for SitesAdded {
    const KIND: &'static str = "screening.sites_added";
}

/// Lanes were added to a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanesAdded {
    /// The lanes.
    pub lanes: Vec<Lane>,
}

impl Fact for LanesAdded {
    const KIND: &'static str = "screening.lanes_added";
}

/// A site opened or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSet {
    /// Which.
    pub site: SiteId,
    /// Its state now.
    pub state: OpenState,
    /// Why.
    pub reason: String,
}

impl Fact for SiteSet {
    const KIND: &'static str = "screening.site_set";
}

/// A lane opened or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneSet {
    /// Which.
    pub lane: LaneId,
    /// Its state now.
    pub state: OpenState,
    /// Why.
    pub reason: String,
}

impl Fact for LaneSet {
    const KIND: &'static str = "screening.lane_set";
}

/// A site moves, with notice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SiteMoved {
    /// Which.
    pub site: SiteId,
    /// The grid it stands in from then on.
    pub area: AreaId,
    /// Longitude, WGS-84 degrees.
    pub lon: Option<f64>,
    /// Latitude, WGS-84 degrees.
    pub lat: Option<f64>,
    /// From when.
    pub from: Timestamp,
    /// Why.
    pub reason: String,
}

impl Fact for SiteMoved {
    const KIND: &'static str = "screening.site_moved";
}

/// Opening hours changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursSet {
    /// Which site.
    pub site: SiteId,
    /// Local minute of the day at which it opens.
    pub opens_minute: i64,
    /// Local minute of the day at which it closes.
    pub closes_minute: i64,
}

impl Fact for HoursSet {
    const KIND: &'static str = "screening.hours_set";
}

/// Samplers were posted to lanes for a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplersPosted {
    /// The lanes.
    pub lanes: Vec<LaneId>,
    /// How many each.
    pub samplers: i64,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The team they come from.
    pub team: Option<TeamId>,
}

impl Fact for SamplersPosted {
    const KIND: &'static str = "screening.samplers_posted";
}
