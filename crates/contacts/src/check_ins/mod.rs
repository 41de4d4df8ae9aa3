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
//! A forwarded picture of a code puts nobody at a place. A device of the place saw who came; or a telephone read a code
//! that the place's screen showed just then, or a printed one that is borne out by where the person was shortly before
//! ([`codes`], `proof`). Any other check-in is kept as a [`Signal`]: it raises the question who passes pictures on, and
//! nothing that decides about people ever reads it.

pub mod codes;
mod facts;
mod filing;
mod marks;
mod model;
mod printing;
mod proof;
pub(crate) mod store;
mod take;

pub use facts::{CheckInRow, CheckInsFiled, CheckInsTaken, PlaceCodePrinted};
pub use filing::{FILE_ROWS, file_older_than};
pub use marks::{GAPS_MAX, Marks};
pub use model::{CheckIns, DeviceMarks, NewCheckIn, Signal, SignalReason, Taken};
pub use printing::{
    CodeOfPlace, PlaceCodes, PrintedCode, ShownCode, SignalsAnswer, SignalsQuery, place_codes, print_code, signals,
};
pub use store::{device_marks, signals_at, signals_of};
pub use take::{CHECK_INS_MAX, People, take, take_own};

pub(crate) use filing::{file, join as join_filing};
pub(crate) use store::{CODES_SCHEMA, SCHEMA, fold};
