//! The server: every route on one page, live events, OpenAPI, the embedded page, the clock.
//!
//! - [`every_route`]: all routes of all capabilities, in one list.
//! - [`app`]: the axum application around them.
//! - [`briefing`]: what every capability says of itself, composed at any hour.
//! - [`clock`]: the present time, or a drill's own.
//! - [`timekeeper`]: what passes by itself: deadlines, ends, time-outs.
//! - [`live`]: what the page shows, as one value.
//! - [`listen`]: takes connections in, as many as fit, none that stays silent.
//! - [`tls`]: encrypted connections, with a certificate of one's own making where there is no other.
//! - [`office`]: opens a data folder with the rules in force.

pub mod app;
pub mod briefing;
pub mod clock;
mod drill;
mod embedded;
pub mod every_route;
mod headers;
mod line;
pub mod listen;
pub mod live;
mod mouth;
pub mod office;
pub mod timekeeper;
pub mod tls;
mod watcher;

pub use app::{Running, start};
pub use clock::{DrillClock, SteadyClock};
pub use office::{Opened, open};
