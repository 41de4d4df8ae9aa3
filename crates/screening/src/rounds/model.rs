//! Rounds: what they cover, who is due, how many share a tube.

use outpace_core::{AreaId, PersonId, PlaceId, RoundId, SiteId, Text, Timestamp};
use outpace_policy::PoolGroup;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::person_set::PersonSet;
use crate::rounds::forecast::Forecast;
use crate::words::words;

words! {
    /// How people are tested.
    pub enum Method {
        /// Nucleic acid, in tubes.
        Pcr = "pcr" / "核酸",
        /// Antigen self-test, with kits.
        Antigen = "antigen" / "抗原",
    }
}

words! {
    /// Where a round stands.
    pub enum RoundState {
        /// Planned: can be looked at and forecast.
        Planned = "planned" / "待开启",
        /// Open: people are sampled.
        Open = "open" / "进行中",
        /// Closed: who did not come stands on the door list.
        Closed = "closed" / "已结束",
    }
}

words! {
    /// How a person stood to a round when it opened (or since, by a recorded change).
    pub enum Class {
        /// Due.
        Due = "due" / "应检",
        /// Registered here but not present.
        Absent = "absent" / "不在本地",
        /// Exempt, with a reason.
        Exempt = "exempt" / "免检",
        /// In facility quarantine or isolation: tested there.
        Quarantined = "quarantined" / "集中隔离",
    }
}

/// Whom a round covers. Areas, the workers of places, and single people add up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Scope {
    /// Everyone registered in these areas.
    pub areas: Vec<AreaId>,
    /// Everyone who works at these places, wherever they live.
    pub places: Vec<PlaceId>,
    /// These people.
    pub people: Vec<PersonId>,
}

impl Scope {
    /// Whether it names nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.areas.is_empty() && self.places.is_empty() && self.people.is_empty()
    }
}

/// What is told of a round when it is planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundSpec {
    /// Natural key: planning the same key twice gives the first round back.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// How people are tested.
    pub method: Method,
    /// Whom it covers.
    pub scope: Scope,
    /// When sampling begins.
    pub starts_at: Timestamp,
    /// When sampling ends.
    pub ends_at: Timestamp,
    /// A pool group for the whole round (key groups, a locked place); absent: by the zone each site stands in.
    pub group: Option<PoolGroup>,
    /// The round that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<super::follow::Follows>,
}

/// A round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Its id.
    pub id: RoundId,
    /// What it is.
    pub spec: RoundSpec,
    /// Where it stands.
    pub state: RoundState,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The forecast that was published last.
    pub forecast: Option<Forecast>,
}

/// How many may share a tube at a site, for one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SitePool {
    /// The site.
    pub site: SiteId,
    /// The rule.
    pub pool: Pool,
}

/// How many may share a tube, and by which group's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// The pack's group.
    pub group: PoolGroup,
    /// People in a tube at most.
    pub people_max: i64,
    /// Whether one household may share a tube, whatever its size.
    pub household: bool,
}

/// The people of one grid as a round sees them when it opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterGrid {
    /// The grid they live in.
    pub grid: AreaId,
    /// Due.
    #[serde(default, skip_serializing_if = "PersonSet::is_empty")]
    pub due: PersonSet,
    /// Not present.
    #[serde(default, skip_serializing_if = "PersonSet::is_empty")]
    pub absent: PersonSet,
    /// Exempt.
    #[serde(default, skip_serializing_if = "PersonSet::is_empty")]
    pub exempt: PersonSet,
    /// In facility quarantine or isolation.
    #[serde(default, skip_serializing_if = "PersonSet::is_empty")]
    pub quarantined: PersonSet,
}

impl RosterGrid {
    /// Everyone of the grid with the class they are in.
    pub fn everyone(&self) -> impl Iterator<Item = (PersonId, Class)> + '_ {
        let of = |class: Class, set: &'_ PersonSet| set.iter().map(move |person| (person, class)).collect::<Vec<_>>();
        [
            of(Class::Due, &self.due),
            of(Class::Absent, &self.absent),
            of(Class::Exempt, &self.exempt),
            of(Class::Quarantined, &self.quarantined),
        ]
        .into_iter()
        .flatten()
    }

    /// How many are registered.
    #[must_use]
    pub fn registered(&self) -> i64 {
        (self.due.len() + self.absent.len() + self.exempt.len() + self.quarantined.len()) as i64
    }
}
