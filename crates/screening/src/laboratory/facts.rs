//! What happened at laboratories.

use std::collections::BTreeMap;

use outpace_core::{BoxCode, LaboratoryId, Timestamp};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::{LaboratorySpec, Outcome};
use super::plate::PlateCode;
use crate::tubes::Flag;
use crate::words::words;

words! {
    /// Why a tube is lost.
    pub enum LossReason {
        /// It was packed, and was not in the box.
        MissingInBox = "missing_in_box" / "箱内缺失",
        /// Broken or leaked.
        Broken = "broken" / "破损渗漏",
        /// Its label cannot be read.
        LabelUnreadable = "label_unreadable" / "标签无法识别",
        /// It stood too long and can no longer be tested.
        TooOld = "too_old" / "超时失效",
        /// Not found.
        NotFound = "not_found" / "下落不明",
    }
}

words! {
    /// Why a result is taken back.
    pub enum ExclusionReason {
        /// The controls of the plate failed.
        VoidPlate = "void_plate" / "质控失败整板作废",
        /// Contamination.
        Contamination = "contamination" / "污染",
        /// The tube was mixed up with another.
        MixedUp = "mixed_up" / "样本混淆",
        /// The result was entered for the wrong tube.
        WrongEntry = "wrong_entry" / "录入错误",
    }
}

/// A laboratory was set up, or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaboratorySet {
    /// Its id.
    pub laboratory: LaboratoryId,
    /// What holds now.
    pub spec: LaboratorySpec,
}

impl Fact for LaboratorySet {
    const KIND: &'static str = "screening.laboratory_set";
}

/// A tube that was scanned in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TubeIn {
    /// Its number.
    pub tube: i64,
    /// What was strange about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

/// A laboratory took tubes in: the taker's signature of their last leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TubesReceived {
    /// Which laboratory.
    pub laboratory: LaboratoryId,
    /// The box they came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_box: Option<BoxCode>,
    /// The tubes.
    pub tubes: Vec<TubeIn>,
}

impl Fact for TubesReceived {
    const KIND: &'static str = "screening.tubes_received";
}

/// Tubes were declared lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TubesLost {
    /// Their numbers.
    pub tubes: Vec<i64>,
    /// Why.
    pub reason: LossReason,
}

impl Fact for TubesLost {
    const KIND: &'static str = "screening.tubes_lost";
}

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// The tube's number.
    pub tube: i64,
    /// What was found.
    pub outcome: Outcome,
    /// Ct values by gene.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ct: BTreeMap<String, f64>,
    /// When, where it differs from the entry's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested_at: Option<Timestamp>,
    /// The plate it was read off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plate: Option<PlateCode>,
    /// What was strange about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

/// A laboratory reported results, a batch at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultsReported {
    /// Which laboratory.
    pub laboratory: LaboratoryId,
    /// The results.
    pub results: Vec<ResultRow>,
}

impl Fact for ResultsReported {
    const KIND: &'static str = "screening.results_reported";
}

/// Results of one tube that are taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExcludedResults {
    /// The tube's number.
    pub tube: i64,
    /// Which of its results.
    pub ordinals: Vec<i64>,
}

/// Results were taken back by a signed exclusion. The signer is the entry's actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultsExcluded {
    /// Why.
    pub reason: ExclusionReason,
    /// What the laboratory found, in its words.
    pub finding: String,
    /// The results.
    pub tubes: Vec<ExcludedResults>,
    /// Whose results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub laboratory: Option<LaboratoryId>,
    /// The plate that is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plate: Option<PlateCode>,
    /// The exclusion of which this is the second signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusion: Option<i64>,
}

impl Fact for ResultsExcluded {
    const KIND: &'static str = "screening.results_excluded";
}
