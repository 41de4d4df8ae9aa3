//! The jurisdiction profile: who approves what, who steps in when no answer comes, to whom things are reported.

use outpace_core::{AreaId, Permission, Role};
use serde::Deserialize as _;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as Unread, StrDeserializer};

use crate::node::Node;
use crate::part::Scalar;
use crate::{Every, Measure};

section! {
    /// Who decides in one city or county.
    pub struct Profile {
        /// Id, such as `qingxu`.
        id: String,
        /// Chinese name.
        name_zh: String,
        /// English name.
        name_en: String,
        /// The area that this profile governs.
        area: AreaId,
        /// The areas one step below.
        inner_areas: Vec<AreaId>,
        /// Minutes east of Greenwich; China has one zone, 480.
        utc_offset_minutes: i32,
        /// Number of commanders in chief; any of them may decide, all of them see it.
        commanders: u32,
        /// Number of tackle teams that go out to the townships; 0 where none are reported.
        tackle_teams: u32,
        /// True where a grave measure needs two different persons.
        two_persons_for_grave: bool,
        /// True where a suspicious result is taken back only when a second person has signed as well.
        two_persons_for_exclusion: bool,
        /// True where what only releases people is applied without an approval.
        release_without_approval: bool,
        /// Approvals given by word of mouth.
        verbal: VerbalRules,
        /// Who approves each measure.
        approvals: Every<Measure, ApprovalRules>,
        /// Who orders that data be destroyed once their days are over; somebody else carries it out at the machine.
        destruction: ApprovalRules,
        /// Measures that may start before anyone approved, if the pack allows it too.
        at_once: Vec<Measure>,
        /// How people and devices sign in.
        access: AccessRules,
        /// Access for a short time that a role or an area does not give.
        break_glass: BreakGlass,
        /// To whom a positive is reported, from the nearest upwards.
        reporting_chain: Vec<ReportStep>,
        /// The task forces that the emergency switch starts.
        task_forces: Vec<TaskForce>,
    }
}

section! {
    /// How people and devices sign in.
    pub struct AccessRules {
        /// Roles that sign in with a second factor: whoever approves grave measures, and administrators.
        second_factor_roles: Vec<Role>,
        /// Minutes without a request after which a browser's session ends.
        session_idle_minutes: u32,
        /// Hours after which a sign-in ends, whatever is done with it.
        session_hours_max: u32,
        /// Hours for which a device's token holds, unless it is renewed.
        device_token_hours: u32,
    }
}

section! {
    /// Approvals given by word of mouth, recorded later.
    pub struct VerbalRules {
        /// True where they count.
        allowed: bool,
        /// Minutes within which they must be recorded.
        record_within_minutes: u32,
    }
}

section! {
    /// Access for a short time that a role or an area does not give (应急查阅).
    pub struct BreakGlass {
        /// Minutes after which it ends by itself.
        minutes: u32,
        /// What can be had so.
        permissions: Vec<Permission>,
    }
}

section! {
    /// Who approves one measure.
    pub struct ApprovalRules {
        /// Roles of which any may approve.
        approvers: Vec<Role>,
        /// Roles that may when the time-out has passed without an answer, in order.
        deputies: Vec<Role>,
        /// Minutes without an answer after which the next deputy may decide.
        timeout_minutes: u32,
    }
}

section! {
    /// One step of the reporting chain.
    pub struct ReportStep {
        /// Key of the receiver, such as `city-command`.
        to: String,
        /// Chinese name.
        name_zh: String,
        /// English name.
        name_en: String,
        /// Minutes from the positive result within which it is told.
        within_minutes: u32,
    }
}

section! {
    /// A task force (专班).
    pub struct TaskForce {
        /// Key, used by playbooks.
        key: String,
        /// Chinese name.
        name_zh: String,
        /// English name.
        name_en: String,
        /// True where a report of the time names it; false where the name is ours.
        reported: bool,
        /// What its head may do beyond what every head may: lead its orders and read the board.
        may: Vec<Permission>,
    }
}

impl Profile {
    /// Who approves a measure.
    #[must_use]
    pub fn approval(&self, measure: Measure) -> &ApprovalRules {
        self.approvals.get(measure)
    }

    /// True where the measure may start before anyone approved, as far as the profile goes.
    #[must_use]
    pub fn starts_at_once(&self, measure: Measure) -> bool {
        self.at_once.contains(&measure)
    }

    /// The task force with this key.
    #[must_use]
    pub fn task_force(&self, key: &str) -> Option<&TaskForce> {
        self.task_forces.iter().find(|force| force.key == key)
    }
}

impl Scalar for AreaId {
    fn parse(node: &Node) -> Result<Self, String> {
        let code = i64::from(u32::parse(node)?);
        let area = Self(code);
        area.level().map(|_| area).ok_or_else(|| format!("{code} is not an area code (2, 4, 6 or 9 digits)"))
    }
    fn shown(&self) -> String {
        self.0.to_string()
    }
}
scalar_part!(AreaId);

impl Scalar for Permission {
    fn parse(node: &Node) -> Result<Self, String> {
        let text = node.text().ok_or_else(|| "expected the key of a permission".to_owned())?;
        let read: StrDeserializer<'_, Unread> = text.into_deserializer();
        Self::deserialize(read).map_err(|error| format!("`{text}` is not a permission: {error}"))
    }
    fn shown(&self) -> String {
        // The key is the name in small letters, its words joined by underscores.
        let mut key = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !key.is_empty() {
                key.push('_');
            }
            key.extend(letter.to_lowercase());
        }
        key
    }
}
scalar_part!(Permission);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_permission_is_the_one_that_is_read() {
        let read: StrDeserializer<'_, Unread> = Permission::IsolationManage.shown().leak().into_deserializer();
        assert_eq!(Permission::deserialize(read).unwrap(), Permission::IsolationManage);
    }
}

/// The roles of the core that may own orders and approve measures, with the keys that its JSON uses.
const ROLES: &[(&str, Role)] = &[
    ("system", Role::System),
    ("administrator", Role::Administrator),
    ("commander", Role::Commander),
    ("deputy", Role::Deputy),
    ("task_force_head", Role::TaskForceHead),
    ("tracer", Role::Tracer),
    ("laboratory", Role::Laboratory),
    ("sampler", Role::Sampler),
    ("site_manager", Role::SiteManager),
    ("courier", Role::Courier),
    ("grid_worker", Role::GridWorker),
    ("facility_staff", Role::FacilityStaff),
    ("driver", Role::Driver),
    ("gatekeeper", Role::Gatekeeper),
    ("hospital", Role::Hospital),
    ("supplies", Role::Supplies),
    ("publisher", Role::Publisher),
    ("auditor", Role::Auditor),
    ("resident", Role::Resident),
];

impl Scalar for Role {
    fn parse(node: &Node) -> Result<Self, String> {
        let keys = || ROLES.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ");
        let text = node.text().ok_or_else(|| format!("expected one of: {}", keys()))?;
        let found = ROLES.iter().find(|(key, _)| *key == text).map(|(_, role)| *role);
        found.ok_or_else(|| format!("`{text}` is not a role; one of: {}", keys()))
    }
    fn shown(&self) -> String {
        ROLES.iter().find(|(_, role)| role == self).map_or_else(String::new, |(key, _)| (*key).to_owned())
    }
}
scalar_part!(Role);
