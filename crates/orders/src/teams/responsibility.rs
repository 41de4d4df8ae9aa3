//! Responsibility lists: who answers for an area, a compound, a micro-grid, a household in home quarantine.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{HouseholdId, Refusal};
use outpace_store::{Tx, Unit};

use super::facts::{ResponsibilityEnded, ResponsibilityGiven};
use super::model::{Duty, Holder, Post, Responsibility};
use super::store;
use crate::Subject;
use crate::errors::{OrdersError, SHORT_CHARACTERS_MAX, said};

/// Fills posts of a list; whoever stood there before is replaced. Answers the list as it stands then.
///
/// # Errors
/// No holder, a post that the list does not have, a subject that is none.
pub fn give(
    unit: &mut Unit<'_>,
    _: &Call,
    duty: Duty,
    subject: &Subject,
    holders: BTreeMap<Post, Holder>,
) -> Result<Responsibility, Refusal> {
    let posts = duty.posts();
    if let Some(post) = holders.keys().find(|post| !posts.contains(post)) {
        let (zh, en): (Vec<_>, Vec<_>) = posts.iter().map(|post| (post.name().zh, post.name().en)).unzip();
        return Err(OrdersError::rule(
            "post",
            "holders",
            crate::words::word(post),
            format!("“{}”名单的岗位为:{}。", duty.name().zh, zh.join("、")),
            format!("The list {} has the posts: {}.", duty.name().en, en.join(", ")),
        )
        .into());
    }
    if holders.is_empty() || *subject == Subject::None {
        return Err(OrdersError::rule(
            "holders",
            "holders",
            holders.len(),
            "请给出对象和至少一名责任人。",
            "Name the subject and at least one holder.",
        )
        .into());
    }
    unit.record(ResponsibilityGiven { duty, subject: subject.clone(), holders })?;
    let lists = store::responsible_for(unit.tx(), subject)?;
    let found = lists.into_iter().find(|list| list.duty == duty);
    Ok(found.unwrap_or_else(|| store::complete(duty, subject.clone(), BTreeMap::new())))
}

/// Takes a subject off a list. One that does not stand there stays as it is.
///
/// # Errors
/// No reason.
pub fn end(unit: &mut Unit<'_>, _: &Call, duty: Duty, subject: &Subject, reason: &str) -> Result<(), Refusal> {
    said("reason", reason, SHORT_CHARACTERS_MAX)?;
    if store::responsible_for(unit.tx(), subject)?.iter().any(|list| list.duty == duty) {
        unit.record(ResponsibilityEnded { duty, subject: subject.clone(), reason: reason.to_owned() })?;
    }
    Ok(())
}

/// Of these households, the ones whose five-to-one team is incomplete, with the posts that are empty.
///
/// # Errors
/// What the store refused.
pub fn five_to_one_gaps(
    tx: &mut Tx<'_>,
    households: &[HouseholdId],
) -> outpace_store::Result<Vec<(HouseholdId, Vec<Post>)>> {
    let mut gaps = Vec::new();
    for household in households {
        let lists = store::responsible_for(tx, &Subject::Household(*household))?;
        let missing = match lists.into_iter().find(|list| list.duty == Duty::FiveToOne) {
            Some(list) => list.missing,
            None => Duty::FiveToOne.posts().to_vec(),
        };
        if !missing.is_empty() {
            gaps.push((*household, missing));
        }
    }
    Ok(gaps)
}
