//! How often somebody may knock: growing delays for a name and for an address that fail to sign in, and a bucket for
//! each address at the routes that are open to everyone. All in memory, all bounded; time comes from the store's clock.
//!
//! A delay for a name alone would let a stranger keep a commander out by failing on purpose. So a name is counted apart
//! where it has signed in from an address before: the stranger's failures delay strangers.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

use outpace_core::time::{DAY_MS, MINUTE_MS};
use outpace_core::{Refusal, Timestamp};
use parking_lot::Mutex;

/// Failures of a name before it must wait.
const NAME_FREE: u32 = 3;
/// Failures of an address before it must wait: an office behind one address has many who mistype.
const ADDRESS_FREE: u32 = 20;
/// Failures of a name in a row after which its account counts as locked.
pub(crate) const LOCKED_FAILURES: u32 = 10;
/// The longest wait, and how long a lock stands.
pub(crate) const WAIT_MS_MAX: i64 = 15 * MINUTE_MS;
/// The first wait; each further failure doubles it.
const WAIT_MS_FIRST: i64 = 1_000;
/// After a day without a failure nothing is held against anybody.
const FORGOTTEN_AFTER_MS: i64 = DAY_MS;
/// Names, addresses, and pairs that are remembered; beyond, what was heard longest ago is forgotten.
const REMEMBERED_MAX: usize = 16_384;
/// Attempts to sign in that an address may make at once, and how many come back a second.
const SIGN_INS: Bucket = Bucket { most: 120, per_second: 1 };
/// Requests to public routes that an address may make at once, and how many come back a second: a village may stand
/// behind one address.
const PUBLIC: Bucket = Bucket { most: 600, per_second: 100 };

/// A key that names are counted by. The name itself is not kept: people type passwords there by mistake.
type NameKey = [u8; 32];

#[derive(Debug, Clone, Copy)]
struct Bucket {
    most: i64,
    per_second: i64,
}

/// What was tried in vain, and when last.
#[derive(Debug, Clone, Copy)]
struct Tries {
    failures: u32,
    last: Timestamp,
}

/// What is left in a bucket, in thousandths of a request.
#[derive(Debug, Clone, Copy)]
struct Level {
    left: i64,
    last: Timestamp,
}

trait Heard {
    fn last(&self) -> Timestamp;
}

impl Heard for Tries {
    fn last(&self) -> Timestamp {
        self.last
    }
}

impl Heard for Level {
    fn last(&self) -> Timestamp {
        self.last
    }
}

impl Heard for Timestamp {
    fn last(&self) -> Timestamp {
        *self
    }
}

/// A map that forgets what was heard longest ago when it is full.
struct Bounded<K, V>(HashMap<K, V>);

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash + Copy, V: Heard> Bounded<K, V> {
    fn entry(&mut self, key: K, fresh: V) -> &mut V {
        if self.0.len() >= REMEMBERED_MAX && !self.0.contains_key(&key) {
            // An eighth at once, so that a full map is not searched through at every request.
            let mut heard: Vec<Timestamp> = self.0.values().map(Heard::last).collect();
            let at = heard.len() / 8;
            let (_, oldest, _) = heard.select_nth_unstable(at);
            let oldest = *oldest;
            self.0.retain(|_, value| value.last() > oldest);
        }
        self.0.entry(key).or_insert(fresh)
    }
}

#[derive(Default)]
struct Book {
    names: Bounded<NameKey, Tries>,
    addresses: Bounded<IpAddr, Tries>,
    /// Where a name has signed in from.
    known: Bounded<NameKey, Timestamp>,
    sign_ins: Bounded<IpAddr, Level>,
    public: Bounded<IpAddr, Level>,
}

/// Who tried what how often.
#[derive(Default)]
pub(crate) struct Watch(Mutex<Book>);

/// One attempt under way: counted as a failure until it is known to be none, so that many at once gain nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    name: NameKey,
    pair: NameKey,
    /// Whether the name has signed in from this address before.
    pub(crate) known: bool,
    address: IpAddr,
    /// Failures of the name in a row, with this one.
    pub(crate) failures: u32,
}

fn wait_ms(failures: u32, free: u32) -> i64 {
    match failures.saturating_sub(free) {
        0 => 0,
        _ if failures >= LOCKED_FAILURES && free == NAME_FREE => WAIT_MS_MAX,
        over => WAIT_MS_FIRST.saturating_mul(1 << (over - 1).min(20)).min(WAIT_MS_MAX),
    }
}

impl Tries {
    fn none(now: Timestamp) -> Self {
        Self { failures: 0, last: now }
    }

    /// Milliseconds that are still to be waited.
    fn wait(&self, free: u32, now: Timestamp) -> i64 {
        (wait_ms(self.failures, free) - now.since(self.last)).max(0)
    }

    fn count(&mut self, now: Timestamp) {
        let forgotten = now.since(self.last) >= FORGOTTEN_AFTER_MS;
        self.failures = if forgotten { 1 } else { self.failures.saturating_add(1) };
        self.last = now;
    }
}

impl Level {
    /// Takes one; answers the milliseconds until one comes back where none is left.
    fn take(&mut self, bucket: Bucket, now: Timestamp) -> Result<(), i64> {
        let back = now.since(self.last).max(0).saturating_mul(bucket.per_second);
        self.left = self.left.saturating_add(back).min(bucket.most * 1_000);
        self.last = now;
        if self.left < 1_000 {
            return Err((1_000 - self.left) / bucket.per_second);
        }
        self.left -= 1_000;
        Ok(())
    }
}

/// Where an address stands for: one of IPv4, the 64 bits that one household or office is given of IPv6.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        four => four,
    }
}

impl Watch {
    /// Lets an attempt to sign in begin, or says how long to wait.
    pub(crate) fn begin(&self, name: &str, address: IpAddr, now: Timestamp) -> Result<Attempt, Refusal> {
        let address = neighbourhood(address);
        let name = *blake3::hash(name.as_bytes()).as_bytes();
        let mut hasher = blake3::Hasher::new_keyed(&name);
        hasher.update(address.to_string().as_bytes());
        let pair = *hasher.finalize().as_bytes();
        let mut book = self.0.lock();
        let full = Level { left: SIGN_INS.most * 1_000, last: now };
        book.sign_ins.entry(address, full).take(SIGN_INS, now).map_err(too_many)?;
        let known = book.known.0.contains_key(&pair);
        let counted = if known { pair } else { name };
        let own = book.names.entry(counted, Tries::none(now)).wait(NAME_FREE, now);
        let theirs = book.addresses.entry(address, Tries::none(now)).wait(ADDRESS_FREE, now);
        if own.max(theirs) > 0 {
            return Err(must_wait(own.max(theirs)));
        }
        book.addresses.entry(address, Tries::none(now)).count(now);
        let tries = book.names.entry(counted, Tries::none(now));
        tries.count(now);
        let failures = tries.failures;
        Ok(Attempt { name: counted, pair, known, address, failures })
    }

    /// It was the account's holder: nothing is held against the name any more.
    pub(crate) fn succeeded(&self, attempt: &Attempt, now: Timestamp) {
        let mut book = self.0.lock();
        book.names.0.remove(&attempt.name);
        *book.known.entry(attempt.pair, now) = now;
        if let Some(tries) = book.addresses.0.get_mut(&attempt.address) {
            tries.failures = tries.failures.saturating_sub(1);
        }
    }

    /// It was neither: the password was right and more is asked for.
    pub(crate) fn take_back(&self, attempt: &Attempt) {
        let mut book = self.0.lock();
        let Book { names, addresses, .. } = &mut *book;
        let both = [names.0.get_mut(&attempt.name), addresses.0.get_mut(&attempt.address)];
        for tries in both.into_iter().flatten() {
            tries.failures = tries.failures.saturating_sub(1);
        }
    }

    /// Forgets what was tried with a name: an administrator lets it in again.
    pub(crate) fn forgive(&self, name: &str) {
        self.0.lock().names.0.remove(blake3::hash(name.as_bytes()).as_bytes());
    }

    /// Counts a request to a route that is open to everyone.
    pub(crate) fn public(&self, address: IpAddr, now: Timestamp) -> Result<(), Refusal> {
        let full = Level { left: PUBLIC.most * 1_000, last: now };
        self.0.lock().public.entry(neighbourhood(address), full).take(PUBLIC, now).map_err(too_many)
    }
}

/// Whole seconds, rounded up: what Retry-After says.
fn seconds(ms: i64) -> i64 {
    (ms.max(1) + 999) / 1_000
}

/// 429: the value is the seconds to wait.
fn must_wait(ms: i64) -> Refusal {
    let wait = seconds(ms);
    Refusal::new(
        429,
        "sign_in_delayed",
        "name",
        wait,
        format!("登录失败次数过多,请在 {wait} 秒后再试;如非本人操作,请告知管理员。"),
        format!(
            "Too many attempts to sign in failed; try again in {wait} s. If they were not yours, tell the administrator."
        ),
    )
}

/// 429 for an account that is locked, whoever asks from where it is not known.
pub(crate) fn locked(ms: i64) -> Refusal {
    must_wait(ms)
}

fn too_many(ms: i64) -> Refusal {
    let wait = seconds(ms);
    Refusal::new(
        429,
        "too_many_requests",
        "address",
        wait,
        format!("来自该地址的请求过多,请在 {wait} 秒后再试。"),
        format!("Too many requests came from this address; try again in {wait} s."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 7));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 8));

    /// Fails until it must wait; answers how often it could, and the wait in seconds.
    fn knock(watch: &Watch, name: &str, from: IpAddr, now: Timestamp) -> (u32, i64) {
        for times in 0.. {
            if let Err(refusal) = watch.begin(name, from, now) {
                return (times, refusal.value.parse().unwrap());
            }
        }
        unreachable!()
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let watch = Watch::default();
        let mut now = Timestamp(1_000_000);
        assert_eq!(knock(&watch, "admin", HERE, now), (4, 1));
        for expected in [2, 4, 8, 16, 32, 900, 900] {
            now = Timestamp(now.0 + watch.begin("admin", HERE, now).unwrap_err().value.parse::<i64>().unwrap() * 1_000);
            assert_eq!(knock(&watch, "admin", HERE, now), (1, expected));
        }
    }

    #[test]
    fn many_at_once_gain_nothing() {
        let watch = std::sync::Arc::new(Watch::default());
        let tries: Vec<_> = (0..32)
            .map(|_| {
                let watch = watch.clone();
                std::thread::spawn(move || watch.begin("admin", HERE, Timestamp(5)).is_ok())
            })
            .collect();
        let passed = tries.into_iter().map(|one| one.join().unwrap()).filter(|passed| *passed).count();
        assert_eq!(passed, 4);
    }

    #[test]
    fn a_stranger_who_fails_on_purpose_keeps_nobody_out_where_the_account_is_known() {
        let watch = Watch::default();
        let now = Timestamp(1_000_000);
        let own = watch.begin("commander", HERE, now).unwrap();
        watch.succeeded(&own, now);
        knock(&watch, "commander", THERE, now);
        assert!(watch.begin("commander", THERE, now).is_err());
        let again = watch.begin("commander", HERE, now).unwrap();
        assert!(again.known);
        watch.succeeded(&again, now);
        assert!(knock(&watch, "commander", HERE, now).0 <= 4);
    }

    #[test]
    fn one_address_that_tries_every_name_waits_as_well() {
        let watch = Watch::default();
        let passed =
            (0..60).filter(|number| watch.begin(&format!("name-{number}"), HERE, Timestamp(9)).is_ok()).count();
        assert_eq!(passed, 21);
        assert!(watch.begin("name-1", THERE, Timestamp(9)).is_ok());
    }

    #[test]
    fn nothing_is_held_against_a_name_after_a_day_and_after_a_pardon() {
        let watch = Watch::default();
        let now = Timestamp(1_000_000);
        knock(&watch, "admin", HERE, now);
        assert_eq!(watch.begin("admin", HERE, Timestamp(now.0 + DAY_MS)).unwrap().failures, 1);
        knock(&watch, "admin", HERE, Timestamp(now.0 + DAY_MS));
        watch.forgive("admin");
        assert!(watch.begin("admin", HERE, Timestamp(now.0 + DAY_MS)).is_ok());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let watch = Watch::default();
        for number in 0..40_000_u32 {
            let from = IpAddr::V4(std::net::Ipv4Addr::from_bits(number));
            let _ = watch.begin(&number.to_string(), from, Timestamp(i64::from(number)));
            let _ = watch.public(from, Timestamp(i64::from(number)));
        }
        let book = watch.0.lock();
        for size in [book.names.0.len(), book.addresses.0.len(), book.sign_ins.0.len(), book.public.0.len()] {
            assert!((1..=REMEMBERED_MAX).contains(&size), "{size}");
        }
    }

    #[test]
    fn addresses_of_one_household_count_as_one() {
        let six = |text: &str| neighbourhood(text.parse().unwrap());
        assert_eq!(six("2001:db8:1:2::5"), six("2001:db8:1:2:ffff::9"));
        assert_ne!(six("2001:db8:1:2::5"), six("2001:db8:1:3::5"));
        assert_eq!(six("::ffff:10.0.0.7"), HERE);
    }

    proptest! {
        #[test]
        fn a_bucket_never_gives_more_than_it_holds_and_what_came_back(gaps in proptest::collection::vec(0_i64..2_000, 1..400)) {
            let watch = Watch::default();
            let (mut now, mut given) = (Timestamp(0), 0_i64);
            for gap in &gaps {
                now = Timestamp(now.0 + gap);
                for _ in 0..5 {
                    given += i64::from(watch.public(HERE, now).is_ok());
                }
            }
            prop_assert!(given <= PUBLIC.most + now.0 * PUBLIC.per_second / 1_000);
            prop_assert!(given >= (gaps.len() as i64 * 5).min(PUBLIC.most));
        }
    }
}
