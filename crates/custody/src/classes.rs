//! Which class of data a fact is. What says nothing of residents (areas, places, sites, accounts by function, rules, the
//! switch of the command, goods, what was destroyed) is of no class and kept.

use outpace_policy::DataClass;

use DataClass as C;

/// Kinds that are another class than the rest of their capability, or none.
const KINDS: &[(&str, Option<DataClass>)] = &[
    ("access.account_locked", Some(C::Audit)),
    ("access.account_unlocked", Some(C::Audit)),
    ("access.glass_broken", Some(C::Audit)),
    ("access.glass_used", Some(C::Audit)),
    ("registry.areas_imported", None),
    ("registry.boundaries_imported", None),
    ("registry.places_imported", None),
    ("registry.vehicles_imported", None),
    ("registry.identity_revealed", Some(C::Audit)),
    ("registry.person_tagged", Some(C::Health)),
    ("command.verbal_recorded", Some(C::Audit)),
    ("command.meeting_held", Some(C::Audit)),
    ("isolation.facilities_imported", None),
    ("isolation.rooms_ready", None),
    ("isolation.facility_closed", None),
    ("isolation.checks_made", Some(C::Health)),
    ("contacts.case_opened", Some(C::Health)),
    ("contacts.case_stage_changed", Some(C::Health)),
    ("contacts.case_dates_set", Some(C::Health)),
    ("contacts.case_excluded", Some(C::Health)),
    ("contacts.case_reported", Some(C::Health)),
    ("contacts.visits_recorded", Some(C::Movement)),
    ("contacts.visit_excluded", Some(C::Movement)),
    ("contacts.check_ins_taken", Some(C::Movement)),
    ("contacts.check_ins_filed", Some(C::Movement)),
    ("contacts.departure_recorded", Some(C::Movement)),
    ("contacts.return_recorded", Some(C::Movement)),
    ("screening.sites_added", None),
    ("screening.lanes_added", None),
    ("screening.site_set", None),
    ("screening.lane_set", None),
    ("screening.site_moved", None),
    ("screening.hours_set", None),
    ("screening.laboratory_set", None),
    ("screening.interval_set", None),
    ("screening.interval_ended", None),
    // Sealed boxes with identities are inside: they go when identities go.
    ("screening.lane_records_taken", Some(C::Identity)),
    ("screening.lane_records_quarantined", Some(C::Identity)),
    ("supplies.stock_delivered", Some(C::Request)),
    ("custody.export_made", Some(C::Audit)),
    ("custody.export_fetched", Some(C::Audit)),
    ("custody.export_ended", Some(C::Audit)),
];

/// The class of a capability's kinds, by the word before the point.
const CAPABILITIES: &[(&str, Option<DataClass>)] = &[
    ("registry", Some(C::Identity)),
    ("screening", Some(C::Sample)),
    ("contacts", Some(C::Contact)),
    ("isolation", Some(C::Measure)),
    ("zoning", Some(C::Measure)),
    ("response", Some(C::Measure)),
    ("orders", Some(C::Measure)),
    ("notices", Some(C::Measure)),
    ("teams", Some(C::Measure)),
    ("status", Some(C::Sample)),
    ("residents", Some(C::Request)),
    ("access", None),
    ("command", None),
    ("custody", None),
    ("policy", None),
    ("supplies", None),
    ("vault", None),
];

/// The class of a kind of fact; `None` for what is kept. A kind of a capability that nobody named here is kept as long as
/// the audit and no longer.
#[must_use]
pub fn data_class(kind: &str) -> Option<DataClass> {
    if let Some((_, class)) = KINDS.iter().find(|(known, _)| *known == kind) {
        return *class;
    }
    let capability = kind.split('.').next().unwrap_or_default();
    CAPABILITIES.iter().find(|(known, _)| *known == capability).map_or(Some(C::Audit), |(_, class)| *class)
}

/// The key of a kind's class, as the store asks for it.
#[must_use]
pub fn class_of(kind: &str) -> Option<&'static str> {
    data_class(kind).map(DataClass::key)
}
