//! Queues for work that costs much memory or time (heavy reads, password hashing): so many at once, so many of one caller,
//! a bounded number that wait, served in a fair order.
//!
//! Who waits is ordered by rank, then by how many of the same caller were there before, then by arrival. So one caller with
//! a hundred requests delays another by one turn and not by a hundred. When the queue is full, the last in this order gives
//! way to a newcomer that comes before it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use outpace_core::{ActorId, Refusal};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// For whom work is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    /// An account or a device.
    Actor(ActorId),
    /// An address of somebody who has not signed in; for IPv6 the 64 bits that one household or office is given.
    Address(IpAddr),
}

impl Who {
    /// Somebody who has not signed in, from an address.
    pub(crate) fn at(address: IpAddr) -> Self {
        Self::Address(neighbourhood(address))
    }
}

/// What an address stands for: one of IPv4, the 64 bits that one household or office is given of IPv6.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        four => four,
    }
}

/// The bounds of a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Turns at the same time.
    pub(crate) at_once: usize,
    /// Of these, of one caller.
    pub(crate) of_one_at_once: usize,
    /// Requests that wait for a turn.
    pub(crate) waiting: usize,
    /// Of these, of one caller.
    pub(crate) of_one_waiting: usize,
    /// How long one may wait.
    pub(crate) wait: Duration,
}

/// Rank, how many of the same caller were there before, arrival.
type Order = (u32, usize, u64);

struct Waiting {
    who: Who,
    wake: oneshot::Sender<()>,
}

#[derive(Default)]
struct State {
    arrivals: u64,
    /// Turns that were given and not given back, by arrival.
    running: HashSet<u64>,
    /// Turns of each caller: running, waiting.
    of: HashMap<Who, (usize, usize)>,
    waiting: BTreeMap<Order, Waiting>,
}

impl State {
    fn counts(&mut self, who: Who) -> &mut (usize, usize) {
        self.of.entry(who).or_default()
    }

    fn forget_if_gone(&mut self, who: Who) {
        if self.of.get(&who) == Some(&(0, 0)) {
            self.of.remove(&who);
        }
    }

    fn remove(&mut self, order: &Order) -> Option<Waiting> {
        let waiting = self.waiting.remove(order)?;
        self.counts(waiting.who).1 -= 1;
        self.forget_if_gone(waiting.who);
        Some(waiting)
    }

    /// Gives free turns to those who wait, in their order, past callers that have as many as they may.
    fn dispatch(&mut self, bounds: &Bounds) {
        while self.running.len() < bounds.at_once {
            let may = |waiting: &Waiting| self.of.get(&waiting.who).is_none_or(|of| of.0 < bounds.of_one_at_once);
            let Some(order) = self.waiting.iter().find(|(_, waiting)| may(waiting)).map(|(order, _)| *order) else {
                return;
            };
            if let Some(waiting) = self.remove(&order) {
                self.counts(waiting.who).0 += 1;
                self.running.insert(order.2);
                // Who stopped waiting in this moment gives the turn back when its own half is dropped.
                let _ = waiting.wake.send(());
            }
        }
    }
}

/// A queue; clones are the same queue.
#[derive(Clone)]
pub(crate) struct Turns {
    bounds: Bounds,
    /// What is refused when too many wait: of one caller (true), of all (false).
    full: fn(bool) -> Refusal,
    state: Arc<Mutex<State>>,
}

/// A turn, running or waiting; given back when dropped.
pub(crate) struct Turn {
    turns: Turns,
    who: Who,
    order: Order,
}

impl Turns {
    pub(crate) fn new(bounds: Bounds, full: fn(bool) -> Refusal) -> Self {
        Self { bounds, full, state: Arc::default() }
    }

    /// Waits for a turn. A smaller rank comes first.
    ///
    /// # Errors
    /// What the queue refuses with when it is full or nothing came free in time.
    pub(crate) async fn turn(&self, who: Who, rank: u32) -> Result<Turn, Refusal> {
        let (turn, told) = self.enter(who, rank)?;
        if let Some(told) = told {
            match tokio::time::timeout(self.bounds.wait, told).await {
                Ok(Ok(())) => {}
                // The sender went away: somebody before us took the last place.
                Ok(Err(_)) | Err(_) => return Err((self.full)(false)),
            }
        }
        Ok(turn)
    }

    fn enter(&self, who: Who, rank: u32) -> Result<(Turn, Option<oneshot::Receiver<()>>), Refusal> {
        let mut guard = self.state.lock();
        let (state, bounds) = (&mut *guard, &self.bounds);
        let (running, waiting) = state.of.get(&who).copied().unwrap_or_default();
        state.arrivals += 1;
        let order = (rank, running + waiting, state.arrivals);
        if state.running.len() < bounds.at_once && running < bounds.of_one_at_once {
            state.running.insert(state.arrivals);
            state.counts(who).0 += 1;
            return Ok((Turn { turns: self.clone(), who, order }, None));
        }
        if waiting >= bounds.of_one_waiting {
            return Err((self.full)(true));
        }
        if state.waiting.len() >= bounds.waiting {
            let last = state.waiting.keys().next_back().copied();
            match last.filter(|last| order < *last) {
                Some(last) => drop(state.remove(&last)),
                None => return Err((self.full)(false)),
            }
        }
        let (wake, told) = oneshot::channel();
        state.waiting.insert(order, Waiting { who, wake });
        state.counts(who).1 += 1;
        Ok((Turn { turns: self.clone(), who, order }, Some(told)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut guard = self.turns.state.lock();
        let state = &mut *guard;
        // Neither waiting nor running: it gave way to somebody before it.
        if state.remove(&self.order).is_some() || !state.running.remove(&self.order.2) {
            return;
        }
        state.counts(self.who).0 -= 1;
        state.forget_if_gone(self.who);
        state.dispatch(&self.turns.bounds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { at_once: 2, of_one_at_once: 1, waiting: 4, of_one_waiting: 3, wait: Duration::from_secs(5) };

    fn turns() -> Turns {
        Turns::new(BOUNDS, |of_one| Refusal::new(if of_one { 429 } else { 503 }, "full", "", 1, "满", "full"))
    }

    fn account(number: i64) -> Who {
        Who::Actor(ActorId(number))
    }

    /// Enters; answers the turn and whether it runs at once.
    fn enter(turns: &Turns, who: i64, rank: u32) -> Result<(Turn, Option<oneshot::Receiver<()>>), u16> {
        turns.enter(account(who), rank).map_err(|refusal| refusal.status)
    }

    fn woken(told: &mut Option<oneshot::Receiver<()>>) -> bool {
        told.as_mut().is_some_and(|told| told.try_recv().is_ok())
    }

    #[test]
    fn one_caller_runs_once_and_another_passes_its_queue() {
        let turns = turns();
        let (first, told) = enter(&turns, 1, 0).unwrap();
        assert!(told.is_none());
        let mut own: Vec<_> = (0..3).map(|_| enter(&turns, 1, 0).unwrap()).collect();
        assert_eq!(enter(&turns, 1, 0).err(), Some(429));
        let (_other, told) = enter(&turns, 2, 0).unwrap();
        assert!(told.is_none(), "a place is free, and nobody else of this caller runs");
        drop(first);
        assert!(woken(&mut own[0].1) && !woken(&mut own[1].1));
    }

    #[test]
    fn a_full_queue_lets_the_last_in_order_give_way() {
        let turns = turns();
        let running: Vec<_> = [1, 2].map(|who| enter(&turns, who, 0).unwrap()).into();
        let mut flood: Vec<_> = [3, 4, 5, 6].map(|who| enter(&turns, who, 9).unwrap()).into();
        assert_eq!(enter(&turns, 7, 9).err(), Some(503));
        let (_honest, mut told) = enter(&turns, 8, 1).unwrap();
        assert!(flood[3].1.as_mut().unwrap().try_recv() == Err(oneshot::error::TryRecvError::Closed));
        drop(flood.remove(3));
        drop(running);
        assert!(woken(&mut told) && woken(&mut flood[0].1) && !woken(&mut flood[1].1));
    }

    #[test]
    fn who_stops_waiting_leaves_nothing_behind() {
        let turns = turns();
        let all: Vec<_> = (0..6).filter_map(|who| enter(&turns, who, 0).ok()).collect();
        assert_eq!(all.len(), 6);
        drop(all);
        let state = turns.state.lock();
        assert!(state.running.is_empty() && state.waiting.is_empty() && state.of.is_empty());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_told() {
        let turns = Turns::new(Bounds { wait: Duration::from_millis(20), ..BOUNDS }, turns().full);
        let _running = [turns.turn(account(1), 0).await.unwrap(), turns.turn(account(2), 0).await.unwrap()];
        assert_eq!(turns.turn(account(3), 0).await.err().map(|refusal| refusal.status), Some(503));
        assert!(turns.state.lock().waiting.is_empty());
    }
}
