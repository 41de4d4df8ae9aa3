//! Restrictions: who is under one and why, tests due, the extension of a hold, what others imposed.

use outpace_access::{Call, Routes};
use outpace_core::{Permission, PersonId, Refusal, RestrictionId, Timestamp};
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limit_of;
use crate::restrictions::commands::ObserveRestriction;
use crate::restrictions::{
    self, Certificate, ExtendHold, Filter, ObservedRestriction, Restriction, RestrictionKind, TestDue, store,
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .query("/api/isolation/restrictions", Permission::IsolationRead.by_area(), "Restrictions in force", list)
        .query(
            "/api/isolation/person",
            Permission::IsolationRead.by_area(),
            "What limited a person, why and until when, and their certificates",
            person,
        )
        .query(
            "/api/isolation/observed",
            Permission::IsolationRead.by_area(),
            "Restrictions that others imposed",
            observed,
        )
        .query(
            "/api/isolation/tests-due",
            Permission::IsolationRead.by_area(),
            "Tests of restricted people due by a day",
            tests,
        )
        .query("/api/isolation/retests-due", Permission::IsolationRead.by_area(), "People whose hold lapsed", retests)
        .command(
            "/api/isolation/extend-hold",
            Permission::PlanApprove.by_area(),
            "Extend the hold of a person, once",
            extend,
        )
        .command(
            "/api/isolation/observe-restriction",
            Permission::MeasuresObserve.by_area(),
            "Record a restriction that others imposed",
            observe,
        )
        .command(
            "/api/isolation/record-tests",
            Permission::FacilityWork.by_area(),
            "Note that restricted people were sampled",
            record_tests,
        )
}

/// Which restrictions.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct RestrictionsQuery {
    /// Of people who live in this area; the actor's own where absent.
    pub area: Option<outpace_core::AreaId>,
    /// Of this kind.
    pub kind: Option<RestrictionKind>,
    /// After this number.
    pub after: Option<i64>,
    /// At most so many, 1,000 at the most.
    pub limit: Option<i64>,
}

/// Restrictions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RestrictionList {
    /// In order of number.
    pub restrictions: Vec<Restriction>,
}

fn list(tx: &mut Tx<'_>, call: &Call, query: RestrictionsQuery) -> Result<RestrictionList, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let filter = Filter {
        area: Some(area),
        kind: query.kind,
        after: query.after.map(RestrictionId),
        limit: Some(limit_of(query.limit)),
    };
    Ok(RestrictionList { restrictions: restrictions::in_force(tx, &filter)? })
}

/// One person.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = RestrictedPersonQuery)]
pub struct PersonQuery {
    /// Who.
    pub person: PersonId,
}

/// What limited a person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = RestrictedPerson)]
pub struct PersonAnswer {
    /// Every restriction, oldest first.
    pub restrictions: Vec<Restriction>,
    /// Certificates of release.
    pub certificates: Vec<Certificate>,
}

fn person(tx: &mut Tx<'_>, call: &Call, query: PersonQuery) -> Result<PersonAnswer, Refusal> {
    restrictions::commands::home(tx, call, query.person)?;
    Ok(PersonAnswer {
        restrictions: restrictions::history_of(tx, query.person)?,
        certificates: restrictions::certificates_of(tx, query.person)?,
    })
}

/// A page.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = ObservedQuery)]
pub struct PageQuery {
    /// After this number.
    pub after: Option<i64>,
    /// At most so many, 1,000 at the most.
    pub limit: Option<i64>,
}

/// Restrictions that others imposed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ObservedList {
    /// In order of number.
    pub observed: Vec<ObservedRestriction>,
}

fn observed(tx: &mut Tx<'_>, call: &Call, query: PageQuery) -> Result<ObservedList, Refusal> {
    let after = RestrictionId(query.after.unwrap_or(0));
    Ok(ObservedList { observed: store::observed(tx, call.actor.area, after, limit_of(query.limit))? })
}

/// Tests due by when.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct TestsQuery {
    /// A moment of the local day; today where absent.
    pub at: Option<Timestamp>,
}

/// Tests due.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TestList {
    /// In order of day.
    pub tests: Vec<TestDue>,
}

fn tests(tx: &mut Tx<'_>, call: &Call, query: TestsQuery) -> Result<TestList, Refusal> {
    let day = query.at.unwrap_or(call.now).local_day(call.offset_minutes());
    Ok(TestList { tests: restrictions::tests_due(tx, day, call.actor.area)? })
}

/// Somebody whose hold lapsed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RetestDue {
    /// Who.
    pub person: PersonId,
    /// The hold.
    pub restriction: RestrictionId,
    /// When it lapsed.
    pub since: Timestamp,
}

/// People whose hold lapsed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RetestList {
    /// Longest first.
    pub due: Vec<RetestDue>,
}

fn retests(tx: &mut Tx<'_>, call: &Call, _: outpace_access::Empty) -> Result<RetestList, Refusal> {
    let mut due = Vec::new();
    for (person, restriction, since) in restrictions::retests_due(tx)? {
        if restrictions::commands::home(tx, call, person).is_ok() {
            due.push(RetestDue { person, restriction, since });
        }
    }
    Ok(RetestList { due })
}

fn extend(unit: &mut Unit<'_>, call: &Call, request: ExtendHold) -> Result<Restriction, Refusal> {
    restrictions::extend_hold(unit, call, request)
}

/// The restriction that was recorded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ObservedAnswer {
    /// Its number.
    pub restriction: RestrictionId,
}

fn observe(unit: &mut Unit<'_>, call: &Call, request: ObserveRestriction) -> Result<ObservedAnswer, Refusal> {
    Ok(ObservedAnswer { restriction: restrictions::observe(unit, call, request)? })
}

/// Who was sampled.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct TestsRequest {
    /// People.
    pub people: Vec<PersonId>,
    /// When; now where absent.
    pub sampled_at: Option<Timestamp>,
}

/// What was due.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TestsAnswer {
    /// Tests that were due and count as taken now.
    pub taken: usize,
    /// People whose lapsed hold had made a retest due.
    pub retested: usize,
}

fn record_tests(unit: &mut Unit<'_>, call: &Call, request: TestsRequest) -> Result<TestsAnswer, Refusal> {
    for person in &request.people {
        restrictions::commands::home(unit.tx(), call, *person)?;
    }
    let at = request.sampled_at.unwrap_or(call.now).min(call.now);
    Ok(TestsAnswer {
        taken: restrictions::record_tests(unit, call, &request.people, at)?,
        retested: restrictions::retested(unit, call, &request.people)?,
    })
}
