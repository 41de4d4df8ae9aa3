//! Of which class an exposure makes someone. Pure.

use outpace_core::Timestamp;
use outpace_core::time::MINUTE_MS;
use outpace_policy::{Citation, ContactClass, ContactRules, Setting};
use std::sync::Arc;

/// The class that an exposure gives by the pack, with the clause.
#[must_use]
pub fn class_of(
    rules: &ContactRules,
    setting: Setting,
    from: Timestamp,
    to: Timestamp,
) -> (ContactClass, Arc<Citation>) {
    let minutes = u32::try_from((to.since(from) / MINUTE_MS).max(0)).unwrap_or(u32::MAX);
    let class = rules.settings.get(setting).class_for(minutes);
    (class.value, class.cite())
}

/// How strict a class is: 0 is the strictest.
#[must_use]
pub fn rank(class: ContactClass) -> i64 {
    match class {
        ContactClass::Close => 0,
        ContactClass::ContactOfContact => 1,
        ContactClass::OutbreakVenue => 2,
        ContactClass::Casual => 3,
        ContactClass::None => 4,
    }
}
