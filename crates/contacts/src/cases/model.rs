//! What a case is, and what it may become.

use outpace_core::{AreaId, CaseId, PersonId, Seq, Timestamp, TubeCode};
use outpace_policy::CaseClass;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

outpace_registry::words! {
    /// Where a case stands.
    #[schema(as = CaseStage)]
    pub enum Stage {
        /// Suspected (疑似).
        Suspected = "suspected",
        /// One positive single sample, not yet reviewed (初筛阳性).
        Preliminary = "preliminary",
        /// Confirmed (确诊).
        Confirmed = "confirmed",
        /// Infected without symptoms (无症状).
        Asymptomatic = "asymptomatic",
        /// Positive again after discharge (复阳).
        PositiveAgain = "positive_again",
        /// Discharged (出院). Over.
        Discharged = "discharged",
        /// Died (死亡). Over.
        Died = "died",
        /// It was none: a void plate, a contaminated sample, a negative review (排除). Over.
        Excluded = "excluded",
    }
}

impl Stage {
    /// Whether a case in this stage is a reason for anything.
    #[must_use]
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Discharged | Self::Died | Self::Excluded)
    }

    /// The steps that a case may take: the one place that says so.
    #[must_use]
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Suspected => &[Self::Preliminary, Self::Confirmed, Self::Asymptomatic, Self::Died, Self::Excluded],
            Self::Preliminary => &[Self::Confirmed, Self::Asymptomatic, Self::Died, Self::Excluded],
            // A correction of type goes either way.
            Self::Confirmed => &[Self::Asymptomatic, Self::Discharged, Self::Died, Self::Excluded],
            Self::Asymptomatic => &[Self::Confirmed, Self::Discharged, Self::Died, Self::Excluded],
            Self::PositiveAgain => &[Self::Confirmed, Self::Discharged, Self::Died, Self::Excluded],
            // Someone found positive after this is another case.
            Self::Discharged | Self::Died | Self::Excluded => &[],
        }
    }

    /// The class of the policy's tables; `None` for a case that is over.
    #[must_use]
    pub fn class(self) -> Option<CaseClass> {
        match self {
            Self::Suspected => Some(CaseClass::Suspected),
            Self::Preliminary => Some(CaseClass::Preliminary),
            Self::Confirmed => Some(CaseClass::Confirmed),
            Self::Asymptomatic => Some(CaseClass::Asymptomatic),
            Self::PositiveAgain => Some(CaseClass::PositiveAgain),
            Self::Discharged | Self::Died | Self::Excluded => None,
        }
    }

    /// Its Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Suspected => "疑似病例",
            Self::Preliminary => "初筛阳性",
            Self::Confirmed => "确诊病例",
            Self::Asymptomatic => "无症状感染者",
            Self::PositiveAgain => "复阳人员",
            Self::Discharged => "出院",
            Self::Died => "死亡",
            Self::Excluded => "排除",
        }
    }

    pub(crate) fn next_words(self) -> String {
        let words: Vec<_> = self.next().iter().map(|stage| stage.word()).collect();
        if words.is_empty() { "nothing more".to_owned() } else { words.join(", ") }
    }

    pub(crate) fn next_zh(self) -> String {
        let words: Vec<_> = self.next().iter().map(|stage| stage.zh()).collect();
        if words.is_empty() { "无".to_owned() } else { words.join("、") }
    }
}

outpace_registry::words! {
    /// How a case or contact was found: the words of the field dictionary in use in 2022.
    pub enum FoundHow {
        /// Active screening of an area or a group (主动筛查).
        ActiveScreening = "active_screening",
        /// Testing of people in quarantine (隔离筛查).
        Quarantine = "quarantine",
        /// Fever clinic or ward (发热门诊).
        FeverClinic = "fever_clinic",
        /// Co-investigation letter from another province (省外协查).
        LetterProvince = "letter_province",
        /// Co-investigation letter from another city (市外协查).
        LetterCity = "letter_city",
        /// Co-investigation letter from another district (区外协查).
        LetterDistrict = "letter_district",
        /// Tracing of a case (流调).
        Tracing = "tracing",
    }
}

outpace_registry::words! {
    /// How ill a case is.
    pub enum Severity {
        /// Mild (轻型).
        Mild = "mild",
        /// Common (普通型).
        Common = "common",
        /// Severe (重型).
        Severe = "severe",
        /// Critical (危重型).
        Critical = "critical",
    }
}

/// The moments of a case that the rules speak of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CaseDates {
    /// First symptoms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onset_at: Option<Timestamp>,
    /// The positive sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampled_at: Option<Timestamp>,
    /// The last negative sample before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_negative_at: Option<Timestamp>,
    /// When the case was isolated: exposures end here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolated_at: Option<Timestamp>,
}

/// One infection of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Case {
    /// Its number.
    pub id: CaseId,
    /// Who.
    pub person: PersonId,
    /// The grid the person lives in.
    pub area: AreaId,
    /// The class of the policy's tables; for a case that is over, the last one.
    #[schema(value_type = String)]
    pub class: CaseClass,
    /// Where it stands.
    pub stage: Stage,
    /// How ill; `None` where nobody has said.
    pub severity: Option<Severity>,
    /// How it was found.
    pub found_how: FoundHow,
    /// When the positive result, or the suspicion, was known.
    pub found_at: Timestamp,
    /// First symptoms.
    pub onset_at: Option<Timestamp>,
    /// The positive sample.
    pub sampled_at: Option<Timestamp>,
    /// The last negative sample before it.
    pub last_negative_at: Option<Timestamp>,
    /// From when contacts count, by the pack that was in force when the dates were recorded.
    pub infectious_from: Timestamp,
    /// When the case was isolated.
    pub isolated_at: Option<Timestamp>,
    /// The tube of the positive sample.
    pub tube: Option<TubeCode>,
    /// By when the network report is due.
    pub report_due_at: Timestamp,
    /// When the network report was made; `None` while it is owed.
    pub reported_at: Option<Timestamp>,
    /// By when the investigation of the county is due.
    pub investigation_due_at: Timestamp,
    /// Why the case was excluded.
    pub excluded_because: Option<String>,
    /// The fact that opened it.
    pub opened_seq: Seq,
    /// The newest fact about it.
    pub changed_seq: Seq,
}

/// One step of the report up the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CaseReport {
    /// Key of the receiver in the jurisdiction's profile.
    pub to: String,
    /// By when.
    pub due_at: Timestamp,
    /// When it was told; `None` while it is owed.
    #[serde(default)]
    pub reported_at: Option<Timestamp>,
    /// Its number there.
    #[serde(default)]
    pub reference: Option<String>,
}

impl CaseReport {
    /// Whether it was told late, or is owed past its deadline.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.reported_at.unwrap_or(now) > self.due_at
    }
}

/// Who infected whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainLink {
    /// The later case.
    pub infectee: CaseId,
    /// The earlier one.
    pub infector: CaseId,
    /// On what grounds.
    pub grounds: String,
    /// The fact that says so.
    pub seq: Seq,
    /// Whether it cannot be as recorded.
    pub flagged: bool,
}
