//! What the edge counts: requests by route and status, how long they took, refusals by code and field. Labels hold
//! nothing of a person, and never grow with what callers send.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use outpace_core::Refusal;
use parking_lot::RwLock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Different refusals that are counted apart; what comes beyond is counted together.
const REFUSALS_APART_MAX: usize = 2_000;
/// What they are counted under then.
const OTHER: &str = "other";

/// A route and the status it answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: u16,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    route: &'static str,
}

/// Why somebody was refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    code: String,
    field: String,
}

/// Marks an answer as a refusal, so that what stands around the routes can count it too.
#[derive(Debug, Clone)]
pub struct RefusedAs {
    code: String,
    field: String,
}

impl RefusedAs {
    pub(crate) fn of(refusal: &Refusal) -> Self {
        // The way to a malformed field may lead over keys that somebody typed.
        let field = if refusal.code == "malformed" { "" } else { refusal.field.as_str() };
        Self { code: refusal.code.clone(), field: field.to_owned() }
    }
}

fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
}

/// The edge's counters, and the registry on which every part of the server puts its own. Clones share it.
#[derive(Clone)]
pub struct Figures {
    answered: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram, fn() -> Histogram>,
    refused: Family<Refused, Counter>,
    through_glass: Counter,
    apart: Arc<AtomicUsize>,
    registry: Arc<RwLock<Registry>>,
}

impl Default for Figures {
    fn default() -> Self {
        let figures = Self {
            answered: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            refused: Family::default(),
            through_glass: Counter::default(),
            apart: Arc::default(),
            registry: Arc::new(RwLock::new(Registry::with_prefix("outpace"))),
        };
        figures.register(|registry| {
            registry.register("requests", "Requests answered, by route and status", figures.answered.clone());
            registry.register("request_seconds", "Time from the request's head to its answer", figures.seconds.clone());
            registry.register("refusals", "Refusals, by their code and the field they name", figures.refused.clone());
            registry.register("glass_uses", "Requests made by break-glass access", figures.through_glass.clone());
        });
        figures
    }
}

impl Figures {
    /// Lets a part of the server put its own figures beside these.
    pub fn register(&self, put: impl FnOnce(&mut Registry)) {
        put(&mut self.registry.write());
    }

    /// All figures in the text that Prometheus reads.
    ///
    /// # Errors
    /// When a figure cannot be written.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry.read())?;
        Ok(text)
    }

    /// The counters of one route. They are found once, at its first request, so that no request costs a look-up and
    /// no route that nobody uses costs a line.
    #[must_use]
    pub(crate) fn of(&self, route: &'static str) -> Arc<RouteFigures> {
        Arc::new(RouteFigures { route, own: OnceLock::new(), all: self.clone() })
    }

    /// Counts a refusal.
    pub fn refused(&self, refusal: &Refusal) {
        self.count(RefusedAs::of(refusal));
    }

    /// Counts a request made by break-glass access.
    pub(crate) fn looked_through_glass(&self) {
        self.through_glass.inc();
    }

    /// Counts an answer that is marked as a refusal.
    pub fn marked(&self, answer: &axum::response::Response) {
        if let Some(mark) = answer.extensions().get::<RefusedAs>() {
            self.count(mark.clone());
        }
    }

    fn count(&self, mark: RefusedAs) {
        let labels = Refused { code: mark.code, field: plain(&mark.field) };
        if let Some(known) = self.refused.get(&labels) {
            known.inc();
            return;
        }
        let other = || Refused { code: OTHER.to_owned(), field: OTHER.to_owned() };
        let room = self.apart.fetch_add(1, Ordering::Relaxed) < REFUSALS_APART_MAX;
        self.refused.get_or_create(&if room { labels } else { other() }).inc();
    }
}

/// A field without what tells one row from another: `people[3].code` is `people[].code`.
fn plain(field: &str) -> String {
    field.chars().filter(|letter| !letter.is_ascii_digit()).take(80).collect()
}

/// The counters of one route.
pub(crate) struct RouteFigures {
    route: &'static str,
    own: OnceLock<(Counter, Histogram)>,
    all: Figures,
}

impl RouteFigures {
    pub(crate) fn answered(&self, status: u16, took: Duration) {
        let route = self.route;
        let (done, seconds) = self.own.get_or_init(|| {
            let done = self.all.answered.get_or_create_owned(&Answered { route, status: 200 });
            (done, self.all.seconds.get_or_create_owned(&Asked { route }))
        });
        seconds.observe(took.as_secs_f64());
        if status == 200 {
            done.inc();
        } else {
            self.all.answered.get_or_create(&Answered { route: self.route, status }).inc();
        }
    }

    pub(crate) fn refused(&self, refusal: &Refusal) {
        self.all.refused(refusal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callers_send_never_makes_more_than_so_many_lines() {
        let figures = Figures::default();
        for number in 0..3_000 {
            figures.refused(&Refusal::rule(&format!("code{number}"), "people[17].code", "", "", ""));
        }
        figures.refused(&Refusal::rule("code1", "people[18].code", "", "", ""));
        let text = figures.text().unwrap_or_default();
        assert!(text.contains("outpace_refusals_total{code=\"code1\",field=\"people[].code\"} 2"), "{text}");
        assert!(text.contains("outpace_refusals_total{code=\"other\",field=\"other\"} 1000"), "{text}");
    }

    #[test]
    fn a_route_stands_there_from_the_first_with_its_status_and_time() {
        let figures = Figures::default();
        let route = figures.of("/api/test/look");
        route.answered(200, Duration::from_millis(3));
        route.answered(403, Duration::from_millis(1));
        let text = figures.text().unwrap_or_default();
        for line in [
            "outpace_requests_total{route=\"/api/test/look\",status=\"200\"} 1",
            "outpace_requests_total{route=\"/api/test/look\",status=\"403\"} 1",
            "outpace_request_seconds_count{route=\"/api/test/look\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
