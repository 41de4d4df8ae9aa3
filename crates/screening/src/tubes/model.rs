//! Tubes and the people in them.
//!
//! A tube has a number (from a counter, so that new rows always go to the end of their table) and a code (printed on
//! it). Its people have positions from 1. Tables are keyed by number and position; the code is looked up once per
//! request.

use outpace_core::{AreaId, BoxCode, LaboratoryId, LaneId, PersonId, RoundId, SiteId, Timestamp, TubeCode};
use outpace_policy::SamplePriority;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::laboratory::Outcome;
use crate::rounds::Class;
use crate::words::words;

words! {
    /// Why a tube is taken. Decides its place in the laboratory's queue and, outside a round, its pool size.
    pub enum Purpose {
        /// A round.
        Round = "round" / "区域筛查",
        /// Retest of a member of a positive pool, or of an antigen positive.
        Retest = "retest" / "复核",
        /// A contact on a test day.
        Contact = "contact" / "密接次密接",
        /// Someone in quarantine on a test day.
        Quarantine = "quarantine" / "隔离人员",
        /// Key groups.
        KeyGroup = "key_group" / "重点人群",
        /// Routine, by interval.
        Routine = "routine" / "常规",
    }
}

words! {
    /// Where a tube is on its way. Each tube is at exactly one of these.
    pub enum Stage {
        /// People are still being sampled into it.
        Open = "open" / "采样中",
        /// Sealed, at its site.
        Sealed = "sealed" / "已封管",
        /// In a box, not yet taken by anyone.
        Boxed = "boxed" / "已装箱",
        /// Under way.
        Travelling = "travelling" / "转运中",
        /// At a laboratory, no result yet.
        Received = "received" / "待检",
        /// Negative, positive or inconclusive.
        Resulted = "resulted" / "已出结果",
        /// Tested without a valid result (invalid, or excluded).
        Invalid = "invalid" / "无效",
        /// Declared lost.
        Lost = "lost" / "丢失",
    }
}

impl Stage {
    /// Whether a laboratory has it or has had it.
    #[must_use]
    pub fn is_received(self) -> bool {
        matches!(self, Self::Received | Self::Resulted | Self::Invalid)
    }

    /// Whether it is done with: nothing more is awaited.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Resulted | Self::Invalid | Self::Lost)
    }

    /// Sealed and between site and laboratory.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Sealed | Self::Boxed | Self::Travelling)
    }
}

words! {
    /// What was strange about an observation. It is kept all the same.
    pub enum Flag {
        /// More people in the tube than its pool allows.
        OverPool = "over_pool" / "超过混采人数",
        /// A tube for one household holds people of several.
        MixedHouseholds = "mixed_households" / "一户一管内有多户人员",
        /// The person was already sampled in this round.
        TwiceInRound = "twice_in_round" / "同一轮次重复采样",
        /// The tube's code was in use before, at another lane or round or with other content.
        TubeSeenBefore = "tube_seen_before" / "管码已被使用",
        /// Registered into a tube that was sealed.
        AfterSeal = "after_seal" / "封管后登记",
        /// The position was taken by someone else.
        PositionTaken = "position_taken" / "管内序号已被占用",
        /// The person's code could not be read, or names nobody.
        UnknownPerson = "unknown_person" / "身份未识别",
        /// The person was at another site a few minutes before.
        TwoSites = "two_sites" / "短时间内在两处采样",
        /// The person was sampled into another tube a few minutes before.
        InTwoTubes = "in_two_tubes" / "短时间内在两管采样",
        /// Somebody else's code was shown: the sampler said that year of birth and sex were not the person's. The swab is
        /// nobody's until it is known whose it was.
        NotOwnCode = "not_own_code" / "出示他人健康码",
        /// The device's clock runs ahead of ours.
        ClockAhead = "clock_ahead" / "设备时钟超前",
        /// The round had been closed.
        AfterClose = "after_close" / "轮次结束后登记",
        /// The lane or its site was closed.
        LaneClosed = "lane_closed" / "通道或采样点未开放",
        /// The tube first came up in a box or at the laboratory, without a registration.
        Unregistered = "unregistered" / "无采样登记",
        /// It was packed, received or tested without having been sealed here.
        SealImplied = "seal_implied" / "未见封管记录",
        /// It was tested without having been received here.
        ReceiptImplied = "receipt_implied" / "未见接收记录",
        /// It turned up after it was declared lost.
        FoundAgain = "found_again" / "丢失后找回",
        /// It was packed while it lay in another box, or after it had arrived.
        BoxChanged = "box_changed" / "重复装箱",
        /// A result contradicts an earlier one.
        ResultsContradict = "results_contradict" / "结果矛盾",
    }
}

words! {
    /// Why a person in a tube has no file: closed words, because free text would carry identities into the journal.
    pub enum NoFile {
        /// The code could not be read.
        CodeUnreadable = "code_unreadable" / "健康码无法识别",
        /// The person had no code and no document.
        NoDocument = "no_document" / "未带证件",
        /// The registry does not know the person.
        NotRegistered = "not_registered" / "未建档",
    }
}

/// A swab as the lane tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Swab {
    /// Whose; absent when it could not be read.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// When it was taken; absent: now.
    #[serde(default)]
    pub taken_at: Option<Timestamp>,
    /// Where the person is absent: why.
    #[serde(default)]
    pub no_file: Option<NoFile>,
    /// Where the person is absent: the number of the paper slip on which the lane noted who it was.
    #[serde(default)]
    pub slip: Option<String>,
    /// What the sampler said about the year of birth and the sex that the check showed: the person's own or not; absent:
    /// not asked.
    #[serde(default)]
    pub own: Option<bool>,
}

impl Swab {
    /// Whose it is as far as anybody can tell: a code that the sampler saw to be somebody else's tells nothing.
    #[must_use]
    pub fn whose(&self) -> Option<PersonId> {
        self.person.filter(|_| self.own != Some(false))
    }

    /// Whose code was shown, where it was somebody else's.
    #[must_use]
    pub fn shown(&self) -> Option<PersonId> {
        self.person.filter(|_| self.own == Some(false))
    }
}

/// How a swab counts for the coverage of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// The first swab of someone on the roster, who stood there in this class.
    Seat(Class),
    /// Another swab of someone who was already sampled in the round.
    Again,
    /// Someone the round does not cover, or a swab outside any round.
    Outside,
    /// Nobody knows whose.
    Unknown,
}

/// So many people of a home grid, counted in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// Where they live; grid 000 of the jurisdiction where nobody knows.
    pub grid: AreaId,
    /// How they count.
    pub counts: Counts,
    /// How many.
    pub people: i64,
}

/// A tube as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tube {
    /// Its number.
    pub number: i64,
    /// Its code.
    pub code: TubeCode,
    /// The round; absent outside any.
    pub round: Option<RoundId>,
    /// The site; absent for a tube that nobody registered.
    pub site: Option<SiteId>,
    /// The lane.
    pub lane: Option<LaneId>,
    /// Why it was taken.
    pub purpose: Purpose,
    /// People it may hold.
    pub people_max: i64,
    /// Whether one household may share it, whatever its size.
    pub household: bool,
    /// People in it.
    pub people: i64,
    /// When its first swab was taken.
    pub first_taken_at: Timestamp,
    /// When it was sealed.
    pub sealed_at: Option<Timestamp>,
    /// Where it is.
    pub stage: Stage,
    /// The box that it was last packed into.
    pub in_box: Option<BoxCode>,
    /// The laboratory that has it.
    pub laboratory: Option<LaboratoryId>,
    /// When it arrived there.
    pub received_at: Option<Timestamp>,
    /// The result that stands.
    pub outcome: Option<Outcome>,
    /// When the standing result was obtained.
    pub tested_at: Option<Timestamp>,
    /// Place in the laboratory's queue by the pack; 0 goes first.
    pub rank: i64,
    /// When it should leave ambient temperature at the latest.
    pub ambient_due_at: Timestamp,
    /// When it should be at the laboratory at the latest.
    pub laboratory_due_at: Timestamp,
    /// When its result is promised.
    pub result_due_at: Timestamp,
    /// What was strange about it.
    pub flags: Vec<Flag>,
}

impl Tube {
    /// Whether it was taken for one person: a positive in it is that person's.
    #[must_use]
    pub fn is_single(&self) -> bool {
        self.people == 1
    }
}

/// One person's place in a tube.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Position from 1.
    pub position: i64,
    /// Who; absent where nobody knows.
    pub person: Option<PersonId>,
    /// When the swab was taken.
    pub taken_at: Timestamp,
    /// The paper slip, where nobody knows.
    pub slip: Option<String>,
    /// What was strange about it.
    pub flags: Vec<Flag>,
}

/// What a tube's purpose means to the laboratory.
#[must_use]
pub fn priority_of(purpose: Purpose, group: outpace_policy::PoolGroup) -> SamplePriority {
    use outpace_policy::PoolGroup;
    match (purpose, group) {
        (Purpose::Retest, _) => SamplePriority::Retest,
        (Purpose::Contact, _) => SamplePriority::Contact,
        (Purpose::Quarantine, _) => SamplePriority::Quarantine,
        (Purpose::KeyGroup, _) => SamplePriority::KeyGroup,
        (Purpose::Routine, _) => SamplePriority::Routine,
        (Purpose::Round, PoolGroup::Lockdown | PoolGroup::High) => SamplePriority::LockedArea,
        (Purpose::Round, PoolGroup::Control) => SamplePriority::Control,
        (Purpose::Round, PoolGroup::Quarantine) => SamplePriority::Quarantine,
        (Purpose::Round, PoolGroup::KeyGroup) => SamplePriority::KeyGroup,
        (Purpose::Round, _) => SamplePriority::Routine,
    }
}

/// Flags as they stand in a TEXT column: words with commas.
#[must_use]
pub(crate) fn flags_text(flags: &[Flag]) -> String {
    flags.iter().map(|flag| flag.word()).collect::<Vec<_>>().join(",")
}

/// The flags of a TEXT column.
#[must_use]
pub(crate) fn flags_of(text: &str) -> Vec<Flag> {
    text.split(',').filter_map(Flag::parse).collect()
}
