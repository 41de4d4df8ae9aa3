//! Who gets which bed: a room for everyone, but for those who may share one.

use outpace_core::{BedId, FacilityId, Refusal};
use outpace_store::Tx;

use crate::errors::IsolationError;
use crate::facilities::{FacilityKind, store};

/// Whether everyone at a facility has a room alone: the pack's rule is one for quarantine sites. Hospitals and shelters
/// put cases together.
pub(crate) fn single_room(rule: bool, kind: FacilityKind) -> bool {
    rule && kind == FacilityKind::QuarantineSite
}

/// People who may share a room: a ward with the guardians who go along. Everybody else is a party of one.
pub(crate) struct Party<T> {
    /// Who.
    pub people: Vec<T>,
}

/// A bed for each person of each party, party by party, none of them given twice. Under the single-room rule each party
/// gets a room alone; one that has too few beds for it is followed by further rooms.
///
/// # Errors
/// When the facility has too few free rooms.
pub(crate) fn assign_beds<T>(
    tx: &mut Tx<'_>,
    facility: FacilityId,
    single_room: bool,
    parties: &[Party<T>],
) -> Result<Vec<BedId>, Refusal> {
    let people: usize = parties.iter().map(|party| party.people.len()).sum();
    let rooms = store::free_rooms(tx, facility, single_room, i64::try_from(people).unwrap_or(i64::MAX))?;
    let free: usize = if single_room { rooms.len() } else { rooms.iter().map(Vec::len).sum() };
    let mut rooms = rooms.into_iter();
    let mut beds: Vec<BedId> = Vec::with_capacity(people);
    // What is left of the last room; with the rule it is not given to the next party.
    let mut open: Vec<BedId> = Vec::new();
    for party in parties {
        if single_room {
            open.clear();
        }
        for _ in &party.people {
            if open.is_empty() {
                open = rooms.next().ok_or(IsolationError::NoBeds { facility, free, needed: people })?;
                open.reverse();
            }
            let bed = open.pop().ok_or(IsolationError::NoBeds { facility, free, needed: people })?;
            beds.push(bed);
        }
    }
    Ok(beds)
}
