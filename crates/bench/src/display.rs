//! What people and offices see: status, check-ins, coverage, alone and while the lanes are at their limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use outpace_contacts::check_ins::{CheckIns, NewCheckIn};
use outpace_core::{PersonId, Timestamp};

use crate::BenchError;
use crate::load::{Asked, Load, Maker, Measured, Pace, offer};
use crate::report::Row;
use crate::works::{Bench, accepted, body, empty};

/// Coverage requests a second of the open loop beside registration.
const COVERAGE_BESIDE: f64 = 200.0;
/// Status requests a second of the open loop, alone and beside registration.
const STATUS_BESIDE: f64 = 2_000.0;
/// Check-ins in a request: what a gate gathers in a second or two.
const CHECK_INS: i64 = 20;

impl Bench<'_> {
    /// Statuses of people all over the city, none twice in a row from the same page of memory.
    fn status_maker(&self) -> Maker {
        let people = self.city.people;
        Arc::new(move |number| {
            let person = number.wrapping_mul(48_271) % people + 1;
            Some(Asked { path: format!("/api/status/person?person={person}"), body: None, count: 1 })
        })
    }

    /// Status over HTTP beside a handler that does nothing.
    pub(crate) async fn status(&self) -> Result<Row, BenchError> {
        let office = std::slice::from_ref(&self.city.office_token);
        let load = self.load(office);
        let server = self.bare().await?;
        let limit = offer(&Load { address: server.address, ..self.load(&[]) }, empty()).await?;
        drop(server);
        let measured = offer(&load, self.status_maker()).await?;
        let fine = accepted(&limit)? && accepted(&measured)?;
        let ratio = measured.rate() / limit.rate();
        Ok(Row {
            baseline: Some("empty handler"),
            baseline_rate_per_s: Some(limit.rate()),
            ratio: Some(ratio),
            target: "60 % of an empty handler".to_owned(),
            ok: fine && ratio >= 0.6,
            ..self.row("status with reasons", &measured)
        })
    }

    pub(crate) async fn check_ins(&self) -> Result<Row, BenchError> {
        let city = Arc::clone(&self.city);
        let gates = city.places.len() as i64;
        let began = now();
        // A connection has one gate's token; the counters of a gate go on over its requests.
        let counters: Vec<AtomicI64> = (0..gates).map(|_| AtomicI64::new(0)).collect();
        let make: Maker = Arc::new(move |number| {
            let gate = usize::try_from(number % gates).unwrap_or(0);
            let first = counters[gate].fetch_add(CHECK_INS, Ordering::Relaxed);
            let check_ins = (1..=CHECK_INS).map(|index| NewCheckIn {
                counter: number * CHECK_INS + index,
                person: PersonId((number * CHECK_INS + index).wrapping_mul(48_271) % city.people + 1),
                at: Timestamp(began.0 + first),
                code: None,
            });
            let request = CheckIns { place: city.places[gate], sent_at: None, check_ins: check_ins.collect() };
            Some(Asked { path: "/api/status/check-ins".to_owned(), body: Some(body(&request)), count: CHECK_INS })
        });
        let measured = offer(&self.load(&self.city.gate_tokens), make).await?;
        let fine = accepted(&measured)?;
        Ok(self.floored("check-ins, twenty a request", &measured, fine, 30_000.0, "a second on disk"))
    }

    /// What offices and people see while the lanes are at their limit.
    pub(crate) async fn mixed(&self) -> Result<Vec<Row>, BenchError> {
        let office = std::slice::from_ref(&self.city.office_token);
        let watching = |rate: f64| Load { connections: 4, pace: Pace::Open(rate), ..self.load(office) };
        let (coverage, status) = (watching(COVERAGE_BESIDE), watching(STATUS_BESIDE));
        let coverage_alone = offer(&coverage, self.coverage_maker()).await?;
        let status_alone = offer(&status, self.status_maker()).await?;
        let lanes = self.load(&self.city.lane_tokens);
        let (first, coverage_beside) = tokio::join!(
            offer(&lanes, self.tubes("M", self.city.share(75, 82), "/api/screening/tubes")),
            offer(&coverage, self.coverage_maker())
        );
        let (second, status_beside) = tokio::join!(
            offer(&lanes, self.tubes("N", self.city.share(82, 98), "/api/screening/tubes")),
            offer(&status, self.status_maker())
        );
        let (first, coverage_beside, second, status_beside) = (first?, coverage_beside?, second?, status_beside?);
        for part in [&coverage_alone, &status_alone] {
            accepted(part)?;
        }
        let registered = |work: &str, measured: &Measured| -> Result<Row, BenchError> {
            let ok = accepted(measured)?;
            Ok(Row { target: "told, no target".to_owned(), ok, ..self.row(work, measured) })
        };
        let beside = |work: &str, alone: &Measured, measured: &Measured| {
            let ratio = measured.percentile_ms(0.99) / alone.percentile_ms(0.99).max(0.001);
            Row {
                baseline: Some("the same alone (ratio of p99)"),
                baseline_rate_per_s: Some(alone.rate()),
                ratio: Some(ratio),
                ..self.row(work, measured)
            }
        };
        let shown = beside("mixed: coverage at 200/s", &coverage_alone, &coverage_beside);
        let told = beside("mixed: status at 2,000/s", &status_alone, &status_beside);
        Ok(vec![
            registered("mixed: registration beside coverage", &first)?,
            Row {
                target: "p99 < 50 ms while lanes are saturated".to_owned(),
                ok: accepted(&coverage_beside)? && shown.p99_ms < 50.0,
                ..shown
            },
            registered("mixed: registration beside status", &second)?,
            Row {
                target: "p99 < 3 times its p99 alone".to_owned(),
                ok: accepted(&status_beside)? && told.ratio.is_some_and(|ratio| ratio < 3.0),
                ..told
            },
        ])
    }
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(0))
}
