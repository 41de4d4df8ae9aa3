//! Where people stand on gates' lists: in an order that is shuffled anew for every period, under a key that only the office has.

use std::collections::VecDeque;
use std::sync::Arc;

use outpace_core::PersonId;
use parking_lot::RwLock;

/// Places that a list grows by.
pub(super) const BLOCK: usize = 1 << 16;
/// Orders that are kept: those of two periods, before and after the people grew by a block.
const KEPT: usize = 4;

/// Which order: the key of its period, and how many blocks of places it has.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct OrderOf {
    pub(super) key: [u8; 32],
    pub(super) blocks: u16,
}

/// Without the key.
impl std::fmt::Debug for OrderOf {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "OrderOf({} blocks)", self.blocks)
    }
}

/// One order: the place of every person by id.
#[derive(Debug)]
pub(super) struct Order {
    places: Vec<u32>,
}

impl Order {
    /// Shuffles all places under a key (Fisher and Yates, by BLAKE3's output stream). Nobody without the key can tell whose a place
    /// is, or which two places in two orders are one person's.
    fn shuffled(of: &OrderOf) -> Self {
        let count = usize::from(of.blocks) * BLOCK;
        let mut places: Vec<u32> = (0..).take(count).collect();
        let mut random = blake3::Hasher::new_keyed(&of.key).update(&of.blocks.to_le_bytes()).finalize_xof();
        let mut bytes = [0; 8];
        for last in (1..count).rev() {
            random.fill(&mut bytes);
            // The high half of the product: uniform but for one part in 2^38.
            let other = (u128::from(u64::from_le_bytes(bytes)) * (last as u128 + 1)) >> 64;
            places.swap(last, other as usize);
        }
        Self { places }
    }

    /// The place of a person; `None` for an id beyond the blocks.
    pub(super) fn place(&self, person: PersonId) -> Option<u32> {
        self.places.get(usize::try_from(person.0).ok()?).copied()
    }
}

/// The orders that were asked for last.
#[derive(Debug, Default)]
pub(super) struct Orders {
    kept: RwLock<VecDeque<(OrderOf, Arc<Order>)>>,
}

impl Orders {
    /// An order; it is shuffled where it is not kept.
    pub(super) fn get(&self, of: OrderOf) -> Arc<Order> {
        let known = |kept: &VecDeque<(OrderOf, Arc<Order>)>| {
            kept.iter().find(|(other, _)| *other == of).map(|(_, order)| order.clone())
        };
        if let Some(order) = known(&self.kept.read()) {
            return order;
        }
        // Under the lock: callers that ask meanwhile wait for this order and make no other.
        let mut kept = self.kept.write();
        if let Some(order) = known(&kept) {
            return order;
        }
        let order = Arc::new(Order::shuffled(&of));
        kept.push_back((of, order.clone()));
        if kept.len() > KEPT {
            kept.pop_front();
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_has_a_place_of_their_own_in_every_order() {
        let orders = Orders::default();
        let of = |key: u8| orders.get(OrderOf { key: [key; 32], blocks: 2 });
        let (one, same, other) = (of(1), of(1), of(2));
        let people = || (0..2 * BLOCK as i64).map(PersonId);
        let all: BTreeSet<u32> = people().filter_map(|person| one.place(person)).collect();
        assert_eq!(all.len(), 2 * BLOCK);
        assert_eq!(all.last(), Some(&(2 * BLOCK as u32 - 1)));
        assert!(Arc::ptr_eq(&one, &same));
        let stayed = people().filter(|person| one.place(*person) == other.place(*person)).count();
        assert!(stayed < 12, "{stayed} people have one place in both orders; 1 is expected");
        assert_eq!([one.place(PersonId(-1)), one.place(PersonId(2 * BLOCK as i64))], [None, None]);
    }
}
