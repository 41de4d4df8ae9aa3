//! What happened to boxes. The entry's actor is the signature.

use outpace_core::{BoxCode, LaboratoryId, SiteId, VehicleId};
use outpace_store::Fact;
use serde::{Deserialize, Serialize};

use super::model::Receiver;
use crate::tubes::Flag;

/// A tube that was packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Its number.
    pub tube: i64,
    /// What was strange about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
}

/// Tubes were packed into a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxPacked {
    /// The box.
    pub code: BoxCode,
    /// The site.
    pub site: Option<SiteId>,
    /// The tubes.
    pub tubes: Vec<Packed>,
}

impl Fact for BoxPacked {
    const KIND: &'static str = "screening.box_packed";
}

/// Boxes were handed over: the giver's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxesGiven {
    /// The number of the hand-over.
    pub leg: i64,
    /// The boxes.
    pub boxes: Vec<BoxCode>,
    /// Who is to take them.
    pub to: Receiver,
    /// Which laboratory.
    pub laboratory: Option<LaboratoryId>,
    /// The vehicle.
    pub vehicle: Option<VehicleId>,
}

impl Fact for BoxesGiven {
    const KIND: &'static str = "screening.boxes_given";
}

/// Boxes were taken over: the taker's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoxesTaken {
    /// The number of the hand-over.
    pub leg: i64,
    /// The boxes that were there.
    pub boxes: Vec<BoxCode>,
    /// Who took them.
    pub to: Receiver,
    /// Which laboratory.
    pub laboratory: Option<LaboratoryId>,
}

impl Fact for BoxesTaken {
    const KIND: &'static str = "screening.boxes_taken";
}
