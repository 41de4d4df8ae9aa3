//! From the lane to the laboratory: tubes into boxes, boxes through hand-overs that giver and taker both sign.

mod facts;
mod handover;
mod model;
mod pack;
pub(crate) mod store;

pub use facts::{BoxPacked, BoxesGiven, BoxesTaken, Packed};
pub use handover::{Give, Given, Take, Taken, give, take};
pub use model::{BoxState, Custody, CustodyPlace, Leg, Receiver, TubeBox};
pub(crate) use pack::order_key;
pub use pack::{PackBox, PackedBox, pack_box};
pub use store::{custody_of, leg, legs_open, tube_box};

use outpace_access::{Call, Routes};
use outpace_core::{BoxCode, Permission, Refusal, TubeCode};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::ScreeningError;
use crate::page_limit;

/// Which box.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoxQuery {
    /// Its code.
    #[serde(rename = "box")]
    pub code: BoxCode,
}

/// A box with its tubes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BoxView {
    /// The box.
    #[serde(rename = "box")]
    pub state: TubeBox,
    /// The tubes that lie in it, or came in it.
    pub tubes: Vec<TubeCode>,
}

/// Shows a box.
///
/// # Errors
/// An unknown box.
pub fn show_box(tx: &mut Tx<'_>, call: &Call, query: BoxQuery) -> Result<BoxView, Refusal> {
    let unknown = || ScreeningError::UnknownBox { code: query.code.clone() };
    let state = tube_box(tx, &query.code)?.ok_or_else(unknown)?;
    if !crate::reach::sees_box(tx, call, &state)? {
        return Err(unknown().into());
    }
    let tubes = store::tubes_in(tx, &query.code)?.into_iter().map(|row| row.tube.code).collect();
    Ok(BoxView { state, tubes })
}

/// Which hand-overs to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct LegsQuery {
    /// At most so many.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// Hand-overs that wait for the taker's signature, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LegsAnswer {
    /// The hand-overs.
    pub legs: Vec<Leg>,
}

/// Lists hand-overs that nobody has signed for yet.
///
/// # Errors
/// What the store refused.
pub fn list_legs(tx: &mut Tx<'_>, call: &Call, query: LegsQuery) -> Result<LegsAnswer, Refusal> {
    let mut legs = Vec::new();
    for leg in legs_open(tx, page_limit(query.limit))? {
        if crate::reach::sees_leg(tx, call, &leg)? {
            legs.push(leg);
        }
    }
    Ok(LegsAnswer { legs })
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let (carry, read) = (Permission::ScreeningCarry, Permission::ScreeningRead);
    Routes::new()
        .command("/api/screening/boxes/pack", carry.by_area(), "Pack tubes into a box", pack_box)
        .query("/api/screening/box", read.by_area(), "A box with its tubes", show_box)
        .command("/api/screening/hand-overs/give", carry.by_area(), "Hand boxes over: the giver's signature", give)
        .command("/api/screening/hand-overs/take", carry.by_area(), "Take boxes over: the taker's signature", take)
        .query("/api/screening/hand-overs", read.by_area(), "Hand-overs that nobody has signed for yet", list_legs)
}
