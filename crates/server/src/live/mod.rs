//! What the page shows: one value, composed from what every capability says of itself, sent when something changed.
//!
//! One task keeps it for everyone who watches: it waits for a commit, composes at most twice a second on a reading
//! connection, and hands the same text to every listener. Registration is never slowed by how many people watch.

mod compose;
pub mod model;

use std::sync::Arc;
use std::time::Duration;

use outpace_core::Refusal;

use crate::app::Server;

pub use compose::conservation;
pub(crate) use compose::live as moment;

/// At most two a second.
const PAUSE: Duration = Duration::from_millis(500);

/// Keeps the value up to date for as long as the server runs; composes nothing while nobody watches.
pub(crate) async fn keep(server: Server) {
    loop {
        if server.live.receiver_count() > 0 {
            let shown = server.clone();
            match tokio::task::spawn_blocking(move || text(&shown)).await {
                Ok(Ok(live)) => {
                    server.live.send_replace(live);
                }
                Ok(Err(refusal)) => tracing::error!(%refusal, "the live value could not be composed"),
                Err(error) => tracing::error!(%error, "composing the live value stopped"),
            }
            tokio::time::sleep(PAUSE).await;
        }
        server.changed.notified().await;
    }
}

fn text(server: &Server) -> Result<Arc<str>, Refusal> {
    let call = server.office.system_call();
    let (scenario, timeline) = {
        let scene = server.scene.read();
        (scene.scenario.clone(), scene.timeline.clone())
    };
    let live = server.office.store.read(|tx| compose::live(tx, &call, scenario, timeline))?;
    serde_json::to_string(&live).map(Arc::from).map_err(|error| {
        tracing::error!(%error, "the live value could not be written");
        Refusal::internal()
    })
}
