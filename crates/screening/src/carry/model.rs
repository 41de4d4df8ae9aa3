//! Boxes, legs, and where a tube was last signed.

use outpace_core::{ActorId, BoxCode, LaboratoryId, SiteId, Timestamp, VehicleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::words;

words! {
    /// Where a box is.
    pub enum BoxState {
        /// Packed, at its site.
        Packed = "packed" / "已装箱",
        /// Given by one, not yet signed for by the other.
        Given = "given" / "已交出待签收",
        /// With whoever took it.
        Carried = "carried" / "转运中",
        /// At a laboratory.
        Received = "received" / "已送达",
    }
}

words! {
    /// Who takes a box.
    pub enum Receiver {
        /// A courier.
        Courier = "courier" / "转运人员",
        /// A laboratory.
        Laboratory = "laboratory" / "实验室",
    }
}

/// A transport box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TubeBox {
    /// Its code.
    pub code: BoxCode,
    /// The site where it was packed; absent where it first came up at a hand-over.
    pub site: Option<SiteId>,
    /// Where it is.
    pub state: BoxState,
    /// Who signed last.
    pub holder: ActorId,
    /// When.
    pub signed_at: Timestamp,
    /// The hand-over it is in, or was last.
    pub leg: Option<i64>,
    /// The laboratory that took it in.
    pub laboratory: Option<LaboratoryId>,
    /// Tubes in it.
    pub tubes: i64,
}

/// A hand-over: given by one, taken by another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Leg {
    /// Its number.
    pub leg: i64,
    /// Who is to take it.
    pub to: Receiver,
    /// Which laboratory, where it is one.
    pub laboratory: Option<LaboratoryId>,
    /// The vehicle.
    pub vehicle: Option<VehicleId>,
    /// Who gave; absent where only the taker signed.
    pub given_by: Option<ActorId>,
    /// When.
    pub given_at: Option<Timestamp>,
    /// Who took.
    pub taken_by: Option<ActorId>,
    /// When.
    pub taken_at: Option<Timestamp>,
    /// The boxes.
    pub boxes: Vec<BoxCode>,
}

words! {
    /// Where something was last signed.
    pub enum CustodyPlace {
        /// At the lane, still open.
        Lane = "lane" / "采样通道",
        /// At the site.
        Site = "site" / "采样点",
        /// Given, not yet taken.
        HandOver = "hand_over" / "交接中",
        /// With a courier.
        Courier = "courier" / "转运人员",
        /// At a laboratory.
        Laboratory = "laboratory" / "实验室",
    }
}

/// Where a tube was last signed, by whom, when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Custody {
    /// Where.
    pub place: CustodyPlace,
    /// Who signed; absent at the lane, where the registration names the device.
    pub holder: Option<ActorId>,
    /// When.
    pub at: Timestamp,
    /// The box.
    pub in_box: Option<BoxCode>,
    /// The site.
    pub site: Option<SiteId>,
    /// The laboratory.
    pub laboratory: Option<LaboratoryId>,
    /// The hand-over that its box is in, or was last.
    #[serde(default)]
    pub leg: Option<i64>,
}
