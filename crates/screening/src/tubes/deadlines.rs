//! The deadlines of a sample, by the pack: ambient temperature, arrival at the laboratory, promised result.

use outpace_access::Call;
use outpace_core::Timestamp;
use outpace_core::time::HOUR_MS;

use super::facts::Opening;
use super::model::{Purpose, priority_of};
use crate::rounds::Pool;

/// The deadlines of a sample taken at a moment, by the pack.
pub(crate) fn opening_at(call: &Call, purpose: Purpose, pool: Pool, first: Timestamp) -> Opening {
    let screening = &call.pack().screening;
    let priority = priority_of(purpose, pool.group);
    let order = &screening.priority.value;
    let rank = order.iter().position(|known| *known == priority).unwrap_or(order.len()) as i64;
    let offset = call.offset_minutes();
    let day = first.local_day(offset);
    let hour = first.since(Timestamp::start_of_local_day(day, offset)) / HOUR_MS;
    let promised = screening.promised_by(u32::try_from(hour).unwrap_or(0));
    let promised_at = Timestamp::start_of_local_day(day + i64::from(promised.days_later), offset)
        .plus_hours(i64::from(promised.hour));
    let never_after = first.plus_hours(i64::from(screening.promise.hours_max.value));
    Opening {
        purpose,
        people_max: pool.people_max,
        household: pool.household,
        rank,
        ambient_due_at: first.plus_hours(i64::from(screening.ambient_hours_max.value)),
        laboratory_due_at: first.plus_hours(i64::from(screening.to_laboratory_hours_max.value)),
        result_due_at: promised_at.min(never_after),
    }
}
