//! The words everything else is written in: ids, time, the area code, who acts, why something is refused.
//!
//! Nothing here reads a clock, a file or a random number, and nothing here knows a table or a route.
//! Start with [`ids`], then [`refusal`]: every intention that cannot be ends as one of those.

pub mod actor;
pub mod area;
pub mod ids;
pub mod refusal;
pub mod time;
pub mod trigger;
pub mod value;

pub use actor::{Actor, ActorKind, Need, Permission, Role, Scope};
pub use area::{AreaId, AreaLevel};
pub use ids::*;
pub use refusal::{Refusal, Text};
pub use time::{Clock, Timestamp};
pub use trigger::Trigger;
pub use value::{FromValue, Value, ValueError};
