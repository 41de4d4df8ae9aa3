//! Everybody of the drill has the least role that can do their part. What each part did stands in the drill's own
//! `permissions.json`: `scripts/judge` compares it with every drill that is played, and here it is compared with what roles
//! may do, by the tables that decide it: permissions by role and task force, approvers by the profile, owners of orders by
//! the playbook.

use std::collections::BTreeSet;

use outpace_access::matrix;
use outpace_core::{Actor, ActorId, ActorKind, Permission, Role};
use outpace_policy::{Library, Profile};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use utoipa::PartialSchema;

use crate::county::COUNTY;

const PARTS: &str = include_str!("../../../../drills/qingxu-2022/permissions.json");

/// As whom a part is done.
#[derive(Debug, Clone, Deserialize)]
struct Badge {
    role: String,
    task_force: Option<String>,
    post: Option<String>,
    entry: String,
}

/// What a part did.
#[derive(Debug, Clone, Deserialize)]
struct Part {
    badge: Badge,
    permissions: BTreeSet<Permission>,
    named_for: BTreeSet<String>,
}

fn parts() -> Vec<Part> {
    serde_json::from_str(PARTS).unwrap()
}

fn word<W: DeserializeOwned>(key: &str) -> W {
    serde_json::from_value(json!(key)).unwrap()
}

fn profile() -> Profile {
    Library::embedded().profile("qingxu").unwrap()
}

fn somebody(role: Role, task_force: Option<&str>) -> Actor {
    let task_force = task_force.map(str::to_owned);
    Actor { task_force, ..Actor::new(ActorId(1), ActorKind::Account, role, COUNTY) }
}

/// Every permission that there is.
fn every() -> Vec<Permission> {
    let schema = serde_json::to_value(Permission::schema()).unwrap();
    serde_json::from_value(schema["enum"].clone()).unwrap()
}

fn may(profile: &Profile, actor: &Actor) -> BTreeSet<Permission> {
    every().into_iter().filter(|permission| matrix::permits(profile, actor, *permission)).collect()
}

/// Who may approve each of the measures that a plan's word stands for: `zone_lockdown` is one, `closure` is of a place or of a
/// class of places.
fn approves(profile: &Profile, role: Role, word: &str) -> bool {
    let what = word.trim_start_matches("zone_");
    let is_one = |key: &str| key == what || key.split('_').next() == Some(what) || key.rsplit('_').next() == Some(what);
    let rules: Vec<_> = profile.approvals.iter().filter(|(measure, _)| is_one(measure.key())).collect();
    assert!(!rules.is_empty(), "{word} is no measure");
    rules.iter().all(|(_, rules)| rules.approvers.contains(&role) || rules.deputies.contains(&role))
}

/// Whether the office's data name this role for all of it: who approves a measure, who owns a kind of order.
fn is_named(profile: &Profile, role: Role, named_for: &BTreeSet<String>) -> bool {
    named_for.iter().all(|what| match what.split_once(':') {
        Some(("order", owner)) => word::<Role>(owner) == role,
        Some(("approves", measure)) => approves(profile, role, measure),
        _ => panic!("{what} is no task that data name a role for"),
    })
}

/// Whom else the part could have been given to: every other role, and heads of every task force where none leads it.
fn others(profile: &Profile, part: &Part) -> Vec<Actor> {
    let own: Role = word(&part.badge.role);
    let roles = Role::ALL.into_iter().filter(|role| *role != own && *role != Role::TaskForceHead);
    let heads = profile.task_forces.iter().filter(|_| own != Role::TaskForceHead);
    let heads = heads.map(|force| somebody(Role::TaskForceHead, Some(&force.key)));
    roles.map(|role| somebody(role, None)).chain(heads).collect()
}

fn could(profile: &Profile, other: &Actor, part: &Part) -> bool {
    part.permissions.is_subset(&may(profile, other)) && is_named(profile, other.role, &part.named_for)
}

/// The role with the fewest rights, strictly fewer than its own, that could have done the part, if there is one.
fn lesser(profile: &Profile, part: &Part) -> Option<Actor> {
    let own = may(profile, &somebody(word(&part.badge.role), part.badge.task_force.as_deref()));
    let is_less = |other: &Actor| {
        let theirs = may(profile, other);
        theirs.is_subset(&own) && theirs != own
    };
    let found = others(profile, part).into_iter().filter(|other| is_less(other) && could(profile, other, part));
    found.min_by_key(|other| may(profile, other).len())
}

#[test]
fn everybody_signs_in_and_whose_role_is_grave_with_a_second_factor() {
    let profile = profile();
    for part in parts() {
        let grave = profile.access.second_factor_roles.contains(&word(&part.badge.role));
        match part.badge.entry.as_str() {
            "second_factor" => {}
            "password" => assert!(!grave, "{part:?} lacks a second factor"),
            "device" => assert!(!grave, "{part:?} is a device"),
            entry => panic!("{part:?} did it by {entry}"),
        }
    }
    for (post, role) in
        [("lane", "sampler"), ("laboratory", "laboratory"), ("vehicle", "driver"), ("vehicle", "courier")]
    {
        let found =
            parts().into_iter().find(|part| part.badge.post.as_deref() == Some(post) && part.badge.role == role);
        assert_eq!(found.map(|part| part.badge.entry).as_deref(), Some("device"), "{role} at a {post}");
    }
}

#[test]
fn everybody_has_the_least_role_that_can_do_their_part() {
    let profile = profile();
    for part in parts() {
        let own = somebody(word(&part.badge.role), part.badge.task_force.as_deref());
        assert!(could(&profile, &own, &part), "{part:?} is more than the role may");
        let found = lesser(&profile, &part);
        assert!(found.is_none(), "{part:?} could be done by {found:?}");
    }
}

#[test]
fn nobody_has_a_grave_role_for_what_another_could_do() {
    let profile = profile();
    let is_grave = |role: Role| profile.access.second_factor_roles.contains(&role);
    let grave: Vec<Part> = parts().into_iter().filter(|part| is_grave(word(&part.badge.role))).collect();
    for part in &grave {
        let found =
            others(&profile, part).into_iter().find(|other| !is_grave(other.role) && could(&profile, other, part));
        assert!(found.is_none(), "{part:?} could be done by {found:?}");
    }
    let roles: Vec<&str> = grave.iter().map(|part| part.badge.role.as_str()).collect();
    assert_eq!(roles, ["administrator", "commander"], "who has a grave role has a part");
}

/// The judge of roles finds one that is too wide: a site's manager who only carries boxes, a commander who only reads.
#[test]
fn a_role_that_is_wider_than_its_part_is_found() {
    let profile = profile();
    let part = |role: &str, permissions: &[Permission], named_for: &[&str]| Part {
        badge: Badge { role: role.to_owned(), task_force: None, post: None, entry: "password".to_owned() },
        permissions: permissions.iter().copied().collect(),
        named_for: named_for.iter().map(|what| (*what).to_owned()).collect(),
    };
    let found = |part: &Part| lesser(&profile, part).map(|other| (other.role, other.task_force));
    let carrying = part("site_manager", &[Permission::ScreeningCarry], &[]);
    assert_eq!(found(&carrying), Some((Role::Courier, None)));
    let approving = [Permission::PlanRead, Permission::PlanApprove];
    let holds = part("commander", &approving, &["approves:place_hold"]);
    assert_eq!(found(&holds).map(|(role, _)| role), Some(Role::TaskForceHead), "heads approve short holds as well");
    let lockdown = part("commander", &approving, &["approves:place_hold", "approves:zone_lockdown"]);
    assert_eq!(found(&lockdown), None, "the profile names nobody below the commander for a lockdown");
}
