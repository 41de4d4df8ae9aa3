//! The board as bytes, for a snapshot of memory: filling it from every sample of every round takes a city half a minute.

use outpace_core::{AreaId, PersonId};
use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::model::{Mark, ZoneMark};
use crate::slots::Slots;

/// Changes whenever the bytes change their meaning.
pub(crate) const NAME: &str = "status.board.2";

/// Everything of a board but its slots.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Rest {
    /// Home grids, in the order of their positions.
    pub(crate) grids: Vec<AreaId>,
    pub(crate) zones: Vec<ZoneMark>,
    pub(crate) marks: Vec<(PersonId, Vec<Mark>)>,
}

/// The length of the rest in JSON, the rest, then the slots.
pub(crate) fn saved(board: &Board) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(&board.rest()).ok()?;
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.extend(json);
    board.slots().save(&mut bytes);
    Some(bytes)
}

/// The board from a snapshot; `None` for bytes that are none.
pub(crate) fn loaded(bytes: &[u8]) -> Option<Board> {
    let (length, bytes) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let rest: Rest = serde_json::from_slice(bytes.get(..length)?).ok()?;
    Some(Board::of(Slots::load(&bytes[length..])?, rest))
}
