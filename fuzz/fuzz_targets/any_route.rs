//! Every route of a busy county, asked by anybody: the request that the rights tests ask with a few values twisted, or any bytes.
//! The answer stays below 500 and a refusal says why in both languages; follow-up work never gets stuck on what was taken in;
//! and what the tables hold afterwards is what the journal says.
#![no_main]

#[path = "../../crates/server/tests/rights/county.rs"]
#[allow(dead_code)]
mod county;
#[path = "../../crates/server/tests/rights/request.rs"]
#[allow(dead_code)]
mod request;

use std::cell::RefCell;

use axum::body::{Bytes, to_bytes};
use axum::response::IntoResponse;
use county::{BUSY, COUNTY, County, actor, who_may};
use libfuzzer_sys::fuzz_target;
use outpace_core::{Actor, Refusal, Role};
use outpace_fuzz::{Draws, twist};
use request::Requests;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Requests after which the county is compared with its journal and another one takes its place.
const REQUESTS_MAX: u32 = 1_000;

struct House {
    runtime: Runtime,
    county: County,
    requests: Requests,
    asked: u32,
}

impl House {
    fn open() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let county = runtime.block_on(County::busy());
        let requests = Requests::of(&county.routes, county.now());
        Self { runtime, county, requests, asked: 0 }
    }

    fn ask(&mut self, mut draws: Draws<'_>) {
        let routes = self.county.routes.list();
        let route = &routes[draws.below(routes.len())];
        let permission = route.need.permission;
        // Mostly whoever may, so that the handler is reached.
        let role = match draws.byte() {
            at @ 0..32 => Role::ALL[usize::from(at) % Role::ALL.len()],
            _ if permission == outpace_core::Permission::Public => Role::Resident,
            _ => who_may(permission),
        };
        let asking: Actor = actor(role, if draws.byte() % 4 == 0 { BUSY } else { COUNTY });
        let input = if draws.byte() % 8 == 0 {
            Bytes::copy_from_slice(draws.rest())
        } else {
            let mut request = self.requests.make(route.path, route.is_command);
            twist(&mut request, &mut draws);
            if route.is_command { request.to_string() } else { as_query(&request) }.into()
        };
        let shown = || format!("{} as {role:?}: {}", route.path, String::from_utf8_lossy(&input));
        let (status, body) = self.runtime.block_on(async {
            let answer = route.answer(&self.county.opened.office, asking, input.clone()).await;
            let answer = answer.unwrap_or_else(IntoResponse::into_response);
            (answer.status().as_u16(), to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await.unwrap())
        });
        // Whether the server is ready is no question of what was asked.
        assert!(status < 500 || route.path == "/readyz", "{}: {status} {}", shown(), String::from_utf8_lossy(&body));
        if (400..500).contains(&status) {
            let problem: Value = serde_json::from_slice(&body).unwrap();
            assert!(problem["zh"].is_string() && problem["en"].is_string(), "{}: {problem}", shown());
        } else if route.is_command {
            let store = &self.county.opened.office.store;
            store.work_off().unwrap_or_else(|error| panic!("{}: {error}", shown()));
            let stuck = store.read(outpace_store::jobs::stuck).unwrap();
            assert!(stuck.is_empty(), "{}: {stuck:?}", shown());
        }
    }

    /// What was taken in left nothing that the journal does not say.
    fn close(self) {
        let rebuilt = self.county.opened.office.store.rebuild();
        let rebuilt = rebuilt.map_err(Refusal::from).unwrap();
        assert!(rebuilt.changed.is_empty(), "{:?}", rebuilt.changed);
    }
}

/// As a query string, each value whatever it is.
fn as_query(request: &Value) -> String {
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let fields = request.as_object().into_iter().flatten().map(|(name, value)| match value {
        Value::String(text) => format!("{}={}", escaped(name), escaped(text)),
        other => format!("{}={}", escaped(name), escaped(&other.to_string())),
    });
    fields.collect::<Vec<_>>().join("&")
}

thread_local! {
    static HOUSE: RefCell<Option<House>> = const { RefCell::new(None) };
}

fuzz_target!(|bytes: &[u8]| {
    HOUSE.with_borrow_mut(|house| {
        let open = house.get_or_insert_with(House::open);
        open.ask(Draws::from(bytes));
        open.asked += 1;
        if open.asked == REQUESTS_MAX {
            house.take().into_iter().for_each(House::close);
        }
    });
});
