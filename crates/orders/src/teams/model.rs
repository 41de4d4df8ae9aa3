//! Units, teams, shifts, and who answers for whom.

use std::collections::BTreeMap;

use outpace_core::{ActorId, AreaId, PersonId, TeamId, Text, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Subject;

/// An organisation that sends people: a county bureau, a hospital, a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkUnit {
    /// Its key, unique in the jurisdiction.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// People that it can send.
    pub people: u32,
    /// The village it is paired with (包联村).
    #[serde(default)]
    pub village: Option<AreaId>,
}

/// Where a team stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeamState {
    /// Formed, waiting.
    Ready,
    /// Sent to an area, not there yet.
    Deployed,
    /// There.
    InPlace,
    /// Relieved, resting.
    Resting,
    /// Dissolved.
    StoodDown,
}

impl TeamState {
    /// The one table of steps.
    #[must_use]
    pub fn allows(self, next: Self) -> bool {
        match self {
            Self::Ready => matches!(next, Self::Deployed | Self::Resting | Self::StoodDown),
            Self::Deployed => matches!(next, Self::Deployed | Self::InPlace | Self::Resting | Self::StoodDown),
            Self::InPlace => matches!(next, Self::Deployed | Self::Resting | Self::StoodDown),
            // Rest ends by sending the team out again, which is refused before it has rested.
            Self::Resting => matches!(next, Self::Deployed | Self::StoodDown),
            Self::StoodDown => false,
        }
    }

    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::Ready => Text::new("待命", "ready"),
            Self::Deployed => Text::new("已派出", "deployed"),
            Self::InPlace => Text::new("已到位", "in place"),
            Self::Resting => Text::new("休整", "resting"),
            Self::StoodDown => Text::new("已解散", "stood down"),
        }
    }
}

/// People who do orders together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Team {
    /// Its number.
    pub id: TeamId,
    /// Its key, unique in the jurisdiction.
    pub key: String,
    /// Its name.
    pub name: Text,
    /// The task force it belongs to.
    pub task_force: Option<String>,
    /// Units that its people come from.
    pub units: Vec<String>,
    /// How many people.
    pub people: u32,
    /// Members who are known one by one; the others are only counted.
    pub members: Vec<PersonId>,
    /// Where it stands.
    pub state: TeamState,
    /// Where it is sent.
    pub area: Option<AreaId>,
    /// When it was sent there.
    pub deployed_at: Option<Timestamp>,
    /// When it arrived.
    pub arrived_at: Option<Timestamp>,
    /// How many people arrived.
    pub people_arrived: Option<u32>,
    /// When its shift began.
    pub shift_starts_at: Option<Timestamp>,
    /// When its shift ends.
    pub shift_ends_at: Option<Timestamp>,
    /// Until when it rests.
    pub rests_until: Option<Timestamp>,
}

/// Which list of answerable people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponsibleDuty)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Three-level guarantee (三级包保): county, township and village leader of an area.
    ThreeLevel,
    /// Five-to-one (五包一): five roles look after a household in home quarantine.
    FiveToOne,
    /// A leader for a compound or place.
    Compound,
    /// A team for a micro-grid.
    MicroGrid,
}

impl Duty {
    /// Every list.
    pub const ALL: [Self; 4] = [Self::ThreeLevel, Self::FiveToOne, Self::Compound, Self::MicroGrid];

    /// The posts that a complete list fills, as the seeds of the mission and the community guides name them.
    #[must_use]
    pub fn posts(self) -> &'static [Post] {
        match self {
            Self::ThreeLevel => &[Post::CountyLeader, Post::TownshipLeader, Post::VillageLeader],
            Self::FiveToOne => {
                &[Post::GridWorker, Post::CommunityWorker, Post::Doctor, Post::PoliceOfficer, Post::Volunteer]
            }
            Self::Compound => &[Post::CompoundLeader],
            Self::MicroGrid => &[Post::MicroGridLeader],
        }
    }

    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::ThreeLevel => Text::new("三级包保", "three-level guarantee"),
            Self::FiveToOne => Text::new("五包一", "five-to-one"),
            Self::Compound => Text::new("小区包保", "compound leader"),
            Self::MicroGrid => Text::new("微网格包保", "micro-grid team"),
        }
    }
}

/// One post of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponsiblePost)]
#[serde(rename_all = "snake_case")]
pub enum Post {
    /// Leader of the county.
    CountyLeader,
    /// Leader of the township.
    TownshipLeader,
    /// Leader of the village or community.
    VillageLeader,
    /// Grid worker.
    GridWorker,
    /// Community worker.
    CommunityWorker,
    /// Doctor of the primary-care clinic.
    Doctor,
    /// Police officer.
    PoliceOfficer,
    /// Volunteer.
    Volunteer,
    /// Leader of a compound.
    CompoundLeader,
    /// Leader of a micro-grid.
    MicroGridLeader,
}

impl Post {
    /// Name for people.
    #[must_use]
    pub fn name(self) -> Text {
        match self {
            Self::CountyLeader => Text::new("县级包保人", "county leader"),
            Self::TownshipLeader => Text::new("乡镇包保人", "township leader"),
            Self::VillageLeader => Text::new("村(社区)包保人", "village leader"),
            Self::GridWorker => Text::new("网格员", "grid worker"),
            Self::CommunityWorker => Text::new("社区工作者", "community worker"),
            Self::Doctor => Text::new("基层医务人员", "primary-care doctor"),
            Self::PoliceOfficer => Text::new("民警", "police officer"),
            Self::Volunteer => Text::new("志愿者", "volunteer"),
            Self::CompoundLeader => Text::new("小区包保人", "compound leader"),
            Self::MicroGridLeader => Text::new("微网格长", "micro-grid leader"),
        }
    }
}

/// Who fills a post. Never a name: names live in the vault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(as = ResponsibleHolder)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Holder {
    /// Somebody with an account.
    Actor(ActorId),
    /// Somebody in the registry.
    Person(PersonId),
    /// A team.
    Team(TeamId),
    /// A post of a unit, such as `health-bureau/deputy`.
    Title(String),
}

/// Who answers for one subject under one list, and which posts are still empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Responsibility {
    /// Which list.
    pub duty: Duty,
    /// For whom or what.
    pub subject: Subject,
    /// Who fills which post.
    pub holders: BTreeMap<Post, Holder>,
    /// Posts that nobody fills.
    pub missing: Vec<Post>,
}
