//! A person's status with everything it follows from: measures in force, and the test that they owe.

use outpace_access::Call;
use outpace_core::{AreaId, PersonId, Refusal, RoundId, Text, Timestamp};
use outpace_status::Colour;
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::ResponseError;

/// Whose status to show.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StatusQuery {
    /// Whose.
    pub person: PersonId,
}

/// A measure on a person, as the person reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeasureOn {
    /// How.
    pub kind: Text,
    /// Why.
    pub reason: Text,
    /// By which clause.
    pub clause: String,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
}

/// A person's status, with everything it follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusAnswer {
    /// Whose.
    pub person: PersonId,
    /// Colour and reasons, by the same rules as the board's.
    pub status: Colour,
    /// Measures in force on the person.
    pub measures: Vec<MeasureOn>,
    /// A test that the person owes, where they do.
    pub retest: Option<RetestDue>,
}

/// A test that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RetestDue {
    /// The round that was missed; none where a hold lapsed without a result.
    pub round: Option<RoundId>,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: Text,
    /// Whether it is held against the person: never while the failure is ours.
    pub counts: bool,
    /// What failed on our side.
    pub ours: Vec<Text>,
}

/// The status of a person.
///
/// # Errors
/// An unknown person, or one outside the actor's area.
pub fn status_of(tx: &mut Tx<'_>, call: &Call, query: StatusQuery) -> Result<StatusAnswer, Refusal> {
    let person = outpace_registry::seen(tx, call, query.person)?.ok_or(ResponseError::UnknownPerson(query.person))?;
    let restrictions = outpace_isolation::in_force_of(tx, query.person)?;
    let status = outpace_status::table::colour_of(tx, query.person, person.area, call.now, call.pack())?;
    let retest = retest_of(tx, query.person, person.area)?;
    let measures = restrictions
        .into_iter()
        .map(|restriction| MeasureOn {
            kind: restriction.kind.name(),
            reason: restriction.ground.reason,
            clause: restriction.ground.clause,
            starts_at: restriction.starts_at,
            ends_at: restriction.ends_at,
        })
        .collect();
    Ok(StatusAnswer { person: query.person, status, measures, retest })
}

/// The test that a person owes: after a hold that lapsed, which is our failure, or a round that they missed.
fn retest_of(tx: &mut Tx<'_>, person: PersonId, home: AreaId) -> Result<Option<RetestDue>, Refusal> {
    let lapsed = outpace_isolation::restrictions::retests_due(tx)?.into_iter().find(|(id, _, _)| *id == person);
    if let Some((_, _, since)) = lapsed {
        let reason = Text::new("临时管控到期未复核,请尽快补采", "a hold ended without a result; please be sampled");
        let ours = vec![Text::new("未按时复核,责任在我方", "the retest was not made in time: our failure")];
        return Ok(Some(RetestDue { round: None, since, reason, counts: false, ours }));
    }
    let missed = outpace_screening::coverage::missed_round(tx, person, home)?;
    Ok(missed.map(|missed| RetestDue {
        round: Some(missed.round),
        since: missed.since,
        reason: Text::new(
            format!("“{}”应检未检,请尽快补采", missed.name.zh),
            format!("was due in \"{}\" and not sampled; please be sampled", missed.name.en),
        ),
        counts: missed.counts(),
        ours: missed.ours.iter().map(|ours| ours.text()).collect(),
    }))
}
