//! How many connections there may be, from all addresses and from one, and which connection gives way when there are more.
//!
//! A connection is *silent* until its first whole request, *idle* between two requests, and *busy* from a request's head
//! until the last piece of its answer is handed on. Only silent and idle ones give way, the longest-waiting first; the
//! client of an idle one connects again and loses nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use outpace_access::Figures;
use outpace_core::Refusal;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;

/// Files that are kept for the database, the data folder and the log.
const FILES_KEPT: usize = 256;
/// More open files than this serve nobody.
const FILES_MAX: u64 = 65_536;
/// Files that a process may open where the machine does not say.
const FILES_WHERE_UNKNOWN: u64 = 1_024;
/// Connections on the smallest machine.
const CONNECTIONS_MIN: usize = 64;
/// One address may hold this part of all connections: a quarter.
const ADDRESS_SHARE: usize = 4;
/// One address may hold so many on any machine: an office behind one address, each browser with six.
const OF_ONE_ADDRESS_MIN: usize = 64;

/// How many connections there may be, and how long they may say nothing.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time. When there are more, the one that waits longest without a request in flight gives way.
    pub connections_max: usize,
    /// Of these, such as have not sent one whole request yet: beyond, the one that has been silent longest makes room.
    pub silent_max: usize,
    /// How long the first request's head may take.
    pub first_request_within: Duration,
    /// How long a connection may stay between two requests, and how long a later request's head may take.
    pub next_request_within: Duration,
}

impl Limits {
    /// What this machine can hold: raises the number of open files as far as the machine allows.
    #[must_use]
    pub fn of_machine() -> Self {
        let files = usize::try_from(raise_open_files()).unwrap_or(usize::MAX);
        let connections_max = files.saturating_sub(FILES_KEPT).max(CONNECTIONS_MIN);
        Self {
            connections_max,
            silent_max: connections_max / 2,
            first_request_within: Duration::from_secs(10),
            next_request_within: Duration::from_secs(75),
        }
    }

    /// Connections that one address may hold: a quarter of all, at least 64. This machine's own addresses have no bound of
    /// their own, since a reverse proxy here speaks for everybody.
    #[must_use]
    pub fn of_one_address_max(&self) -> usize {
        (self.connections_max / ADDRESS_SHARE).max(OF_ONE_ADDRESS_MIN)
    }
}

/// Lets the process open as many files as the machine allows it; answers how many these are.
fn raise_open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(FILES_MAX).min(FILES_MAX);
    let now = limit.current.unwrap_or(FILES_MAX);
    if now >= wanted {
        return now.min(FILES_MAX);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!(%error, now, wanted, "the number of open files could not be raised");
            limit.current.unwrap_or(FILES_WHERE_UNKNOWN)
        }
    }
}

/// A connection that may give way.
struct Waiter {
    leave: Arc<Notify>,
    address: IpAddr,
}

#[derive(Default)]
struct OfAddress {
    open: usize,
    /// Stamps of its silent and idle connections.
    waiting: BTreeSet<u64>,
}

/// All connections. A stamp is given whenever a connection begins to wait, so a smaller stamp has waited longer.
#[derive(Default)]
struct Open {
    count: usize,
    stamps: u64,
    silent: BTreeMap<u64, Waiter>,
    idle: BTreeMap<u64, Waiter>,
    addresses: HashMap<IpAddr, OfAddress>,
}

impl Open {
    fn wait(&mut self, silent: bool, slot: &ConnectionSlot) {
        self.stamps += 1;
        let stamp = self.stamps;
        slot.stamp.store(stamp, Ordering::Relaxed);
        let waiter = Waiter { leave: slot.leave.clone(), address: slot.address };
        let list = if silent { &mut self.silent } else { &mut self.idle };
        list.insert(stamp, waiter);
        self.addresses.entry(slot.address).or_default().waiting.insert(stamp);
    }

    fn take(&mut self, stamp: u64) -> Option<Waiter> {
        let waiter = self.silent.remove(&stamp).or_else(|| self.idle.remove(&stamp))?;
        if let Some(of) = self.addresses.get_mut(&waiter.address) {
            of.waiting.remove(&stamp);
        }
        Some(waiter)
    }

    fn longest_waiting(&self) -> Option<u64> {
        let first = |list: &BTreeMap<u64, Waiter>| list.keys().next().copied();
        first(&self.silent).into_iter().chain(first(&self.idle)).min()
    }

    fn leave(&mut self, address: IpAddr) {
        self.count = self.count.saturating_sub(1);
        if let Some(of) = self.addresses.get_mut(&address) {
            of.open = of.open.saturating_sub(1);
            if of.open == 0 {
                self.addresses.remove(&address);
            }
        }
    }
}

/// Counts connections and makes room.
pub(crate) struct ConnectionLimiter {
    pub(crate) limits: Limits,
    pub(crate) figures: Figures,
    open: Mutex<Open>,
    shown_open: Gauge,
    sent_away: Counter,
}

impl ConnectionLimiter {
    pub(crate) fn new(limits: Limits, figures: Figures) -> Self {
        let limiter = Self {
            limits,
            figures,
            open: Mutex::default(),
            shown_open: Gauge::default(),
            sent_away: Counter::default(),
        };
        limiter.figures.register(|registry| {
            registry.register("connections", "Open connections", limiter.shown_open.clone());
            registry.register(
                "connections_sent_away",
                "Connections closed because no request was in flight on them while others waited",
                limiter.sent_away.clone(),
            );
        });
        limiter
    }

    /// A slot for a connection from an address; where there are too many, the longest-waiting one gives way.
    ///
    /// # Errors
    /// 503 when every connection, or every connection of this address, has a request in flight.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<ConnectionSlot, Refusal> {
        let address = neighbourhood(address);
        let slot = ConnectionSlot {
            limiter: self.clone(),
            address,
            leave: Arc::new(Notify::new()),
            stamp: AtomicU64::new(0),
            state: AtomicU8::new(SILENT),
        };
        let mut guard = self.open.lock();
        let open = &mut *guard;
        open.count += 1;
        let of = open.addresses.entry(address).or_default();
        of.open += 1;
        let of_one_max = self.limits.of_one_address_max();
        let too_many_here = !address.is_loopback() && of.open > of_one_max;
        let full = open.count > self.limits.connections_max;
        let gives_way = if too_many_here {
            of.waiting.first().copied()
        } else if full {
            open.longest_waiting()
        } else if open.silent.len() >= self.limits.silent_max {
            open.silent.keys().next().copied()
        } else {
            None
        };
        match gives_way.and_then(|stamp| open.take(stamp)) {
            Some(waiter) => {
                self.sent_away.inc();
                waiter.leave.notify_one();
            }
            None if too_many_here || full => {
                // Dropping the slot gives the place back, which takes the same lock.
                drop(guard);
                drop(slot);
                let most = if too_many_here { of_one_max } else { self.limits.connections_max };
                return Err(no_room(most, too_many_here));
            }
            None => {}
        }
        open.wait(true, &slot);
        self.show(open.count);
        drop(guard);
        Ok(slot)
    }

    fn show(&self, count: usize) {
        self.shown_open.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

/// No whole request came yet.
const SILENT: u8 = 0;
/// Between two requests.
const IDLE: u8 = 1;
/// From a request's head to the last piece of its answer.
const ANSWERING: u8 = 2;

/// One connection's place; given back when dropped.
pub(crate) struct ConnectionSlot {
    pub(crate) limiter: Arc<ConnectionLimiter>,
    /// Notified once when this connection must give way.
    pub(crate) leave: Arc<Notify>,
    address: IpAddr,
    stamp: AtomicU64,
    state: AtomicU8,
}

impl ConnectionSlot {
    /// A request's head is there: until its answer is out this connection does not give way.
    pub(crate) fn request_began(&self) {
        self.state.store(ANSWERING, Ordering::Relaxed);
        self.limiter.open.lock().take(self.stamp.load(Ordering::Relaxed));
    }

    /// The last piece of an answer was handed on. It may still wait in a buffer: a connection that gives way then sends it
    /// out before it closes.
    fn answer_ended(&self) {
        self.state.store(IDLE, Ordering::Relaxed);
        self.limiter.open.lock().wait(false, self);
    }

    /// Whether one whole request came.
    pub(crate) fn has_spoken(&self) -> bool {
        self.state.load(Ordering::Relaxed) != SILENT
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = self.limiter.open.lock();
        open.take(self.stamp.load(Ordering::Relaxed));
        open.leave(self.address);
        self.limiter.show(open.count);
    }
}

/// A request in flight; dropped when the last piece of its answer was handed on.
pub(crate) struct InFlight(pub(crate) Arc<ConnectionSlot>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.answer_ended();
    }
}

/// What an address stands for: one of IPv4, the 64 bits that one household or office is given of IPv6.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) if !six.is_loopback() => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        other => other,
    }
}

fn no_room(most: usize, of_one_address: bool) -> Refusal {
    if of_one_address {
        return Refusal::new(
            503,
            "too_many_connections_from_here",
            "connection",
            most,
            format!("您的网络地址已有 {most} 个正在处理请求的连接,暂时不能再接受;未作任何更改,请稍候重试。"),
            format!(
                "Your network address has {most} connections with requests in flight, and no more fit; nothing was changed. \
                 Try again in a moment."
            ),
        );
    }
    Refusal::new(
        503,
        "too_many_connections",
        "connection",
        most,
        format!("已有 {most} 个连接,暂时不能再接受;未作任何更改,请稍候重试,采样可先用离线通道表。"),
        format!(
            "{most} connections are open, and no more fit; nothing was changed. Try again in a moment; lanes go on offline."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limiter(connections_max: usize, silent_max: usize) -> Arc<ConnectionLimiter> {
        let second = Duration::from_secs(1);
        let limits = Limits { connections_max, silent_max, first_request_within: second, next_request_within: second };
        Arc::new(ConnectionLimiter::new(limits, Figures::default()))
    }

    fn from(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    /// One whole request, answered to its last byte.
    fn talk(slot: &Arc<ConnectionSlot>) {
        slot.request_began();
        drop(InFlight(slot.clone()));
    }

    fn must_leave(slot: &ConnectionSlot) -> bool {
        use std::task::{Context, Poll, Waker};
        let told = std::pin::pin!(slot.leave.notified());
        told.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn full_of_talkers_the_longest_idle_gives_way_and_a_busy_one_never() {
        let limiter = limiter(3, 2);
        let slots: Vec<_> = (1..=3)
            .map(|last| {
                let slot = Arc::new(limiter.enter(from(last)).unwrap());
                talk(&slot);
                slot
            })
            .collect();
        // The first is asked once more and its answer is under way; the second waits longest now.
        slots[0].request_began();
        let newcomer = Arc::new(limiter.enter(from(9)).unwrap());
        assert_eq!(slots.iter().map(|slot| must_leave(slot)).collect::<Vec<_>>(), [false, true, false]);
        newcomer.request_began();
        slots[2].request_began();
        assert_eq!(limiter.enter(from(9)).err().map(|one| one.code), Some("too_many_connections".to_owned()));
    }

    #[test]
    fn one_address_makes_room_for_itself_and_takes_no_place_of_others() {
        let limiter = limiter(4 * OF_ONE_ADDRESS_MIN, OF_ONE_ADDRESS_MIN);
        let other = Arc::new(limiter.enter(from(2)).unwrap());
        talk(&other);
        let own: Vec<_> = (0..OF_ONE_ADDRESS_MIN).map(|_| Arc::new(limiter.enter(from(1)).unwrap())).collect();
        own.iter().for_each(talk);
        let more = Arc::new(limiter.enter(from(1)).unwrap());
        assert!(must_leave(&own[0]) && !must_leave(&other));
        own.iter().chain([&more]).for_each(|slot| slot.request_began());
        assert_eq!(limiter.enter(from(1)).err().map(|one| one.code), Some("too_many_connections_from_here".to_owned()));
        assert!(limiter.enter(from(3)).is_ok());
        let here: Vec<_> = (0..2 * OF_ONE_ADDRESS_MIN).map(|_| limiter.enter(IpAddr::from([127, 0, 0, 1]))).collect();
        assert!(here.iter().all(Result::is_ok), "a reverse proxy on this machine speaks for many");
    }

    proptest! {
        #[test]
        fn whatever_comes_and_goes_the_count_is_right_and_nothing_is_left(acts in proptest::collection::vec((0_u8..5, 0_usize..40), 1..300)) {
            let limiter = limiter(20, 10);
            let mut slots: Vec<Arc<ConnectionSlot>> = Vec::new();
            for (act, number) in acts {
                match act {
                    0 | 1 => slots.extend(limiter.enter(from((number % 3) as u8)).ok().map(Arc::new)),
                    2 if number < slots.len() => talk(&slots[number]),
                    3 if number < slots.len() => slots[number].request_began(),
                    4 if number < slots.len() => drop(slots.swap_remove(number)),
                    _ => {}
                }
                prop_assert_eq!(limiter.open.lock().count, slots.len());
            }
            drop(slots);
            let open = limiter.open.lock();
            prop_assert!(open.count == 0 && open.silent.is_empty() && open.idle.is_empty() && open.addresses.is_empty());
        }
    }
}
