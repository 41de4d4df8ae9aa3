//! Check-ins at places: a device scans a code, and a person was there from then on.
//!
//! A gate that takes a thousand people a minute must never wait for an index. What comes in is written once, at the end
//! of one table (`check_in_log`), and filed from there in sorted batches into two orders, by place and by person, both
//! hour by hour: the hour that is being filled is small and stands in memory, closed hours are never touched again.
//! Whoever reads looks at the filed hours and at the short tail that is not filed yet.
//!
//! A check-in is known by its device and the device's own counter. Sending twice, late, or in any order changes
//! nothing and loses nothing: each device has a high-water mark and the gaps below it. A wrong clock is no reason to
//! refuse: the device says what its clock shows when it sends, the difference is added, and the check-in is flagged.
//!
//! A forwarded picture of a code puts nobody at a place: the device names the place, and its own area must contain it.

mod facts;
mod filing;
mod marks;
mod model;
pub(crate) mod store;
mod take;

pub use facts::{CheckInRow, CheckInsFiled, CheckInsTaken};
pub use filing::{FILE_ROWS, file_older_than};
pub use marks::{GAPS_MAX, Marks};
pub use model::{CheckIns, DeviceMarks, NewCheckIn, Taken};
pub use store::device_marks;
pub use take::{CHECK_INS_MAX, People, take};

pub(crate) use filing::{file, join as join_filing};
pub(crate) use store::{SCHEMA, fold};
