//! Sampling sites and their lanes.

use outpace_core::{AreaId, LaneId, SiteId, Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::words;

words! {
    /// Who a site is for. The two are never mixed: people with fever or an abnormal status have sites of their own.
    pub enum SiteKind {
        /// People without fever and with a green status.
        Ordinary = "ordinary" / "普通",
        /// People with fever or an abnormal status.
        Abnormal = "abnormal" / "发热及异常状态",
    }
}

words! {
    /// Whether a site or a lane works.
    pub enum OpenState {
        /// Works.
        Open = "open" / "开放",
        /// Does not work.
        Closed = "closed" / "关闭",
    }
}

/// The most lanes a site may have: a label's two digits.
pub const LANES_MAX: i64 = 99;

/// What is told of a site when it is set up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SiteSpec {
    /// The jurisdiction's own key for the site, unique: setting it up twice gives the first one back.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// Who it is for.
    pub kind: SiteKind,
    /// The grid it stands in.
    pub area: AreaId,
    /// Longitude, WGS-84 degrees.
    pub lon: Option<f64>,
    /// Latitude, WGS-84 degrees.
    pub lat: Option<f64>,
    /// Local minute of the day at which it opens, 0 to 1,440.
    pub opens_minute: i64,
    /// Local minute of the day at which it closes; before the opening minute: on the next day.
    pub closes_minute: i64,
}

/// A sampling site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// What was told of it, as it stands now.
    pub spec: SiteSpec,
    /// Whether it works.
    pub state: OpenState,
    /// How many lanes it has.
    pub lanes: i64,
    /// Samplers on post now, by standing number or shift.
    pub samplers: i64,
}

/// One registration desk and swab booth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lane {
    /// Its id.
    pub id: LaneId,
    /// The site it belongs to.
    pub site: SiteId,
    /// Its number at the site, from 1.
    pub number: i64,
    /// People an hour that it is planned with.
    pub people_per_hour: i64,
    /// Samplers that stand there when no shift says otherwise.
    pub samplers: i64,
    /// Whether it works.
    pub state: OpenState,
}

/// A stretch of time in which a lane has so many samplers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Shift {
    /// The lane.
    pub lane: LaneId,
    /// How many samplers.
    pub samplers: i64,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl SiteSpec {
    /// Whether the opening hours contain a local minute of the day.
    #[must_use]
    pub fn opens_at_minute(&self, minute: i64) -> bool {
        if self.opens_minute <= self.closes_minute {
            (self.opens_minute..self.closes_minute).contains(&minute)
        } else {
            minute >= self.opens_minute || minute < self.closes_minute
        }
    }
}
