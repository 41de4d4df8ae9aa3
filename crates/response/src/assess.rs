//! Signing, withdrawing and listing assessments (研判), and naming carers: facts that decide() uses like any other.

use outpace_access::Call;
use outpace_core::trigger::RESPOND;
use outpace_core::{ActorId, AssessmentId, PersonId, Refusal, Seq, Text, Timestamp, Trigger};
use outpace_policy::ContactClass;
use outpace_store::{Tx, Unit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::ResponseError;
use crate::facts::{AssessmentSigned, AssessmentWithdrawn, CarerNamed};
use crate::situation::{Finding, Scope};
use crate::store;

/// The longest that an assessment may count, in days; then it is signed anew.
pub const ASSESSMENT_DAYS_MAX: i64 = 30;
/// Characters of a reason or of one piece of evidence.
pub const WORDS_MAX: usize = 1_000;
/// Pieces of evidence, and parts of a scope of one kind.
pub const PARTS_MAX: usize = 2_000;

/// An assessment to sign.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Assess {
    /// What it is about.
    pub scope: Scope,
    /// What it found.
    pub finding: Finding,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// The reason, as those affected will read it.
    pub reason: Text,
    /// What it rests on.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Others who signed with the one who records it.
    #[serde(default)]
    pub signers: Vec<ActorId>,
    /// When it was signed, if that was before now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// What was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assessed {
    /// Its number.
    pub assessment: AssessmentId,
}

fn words(field: &'static str, text: &str) -> Result<(), ResponseError> {
    let length = text.trim().chars().count();
    if (1..=WORDS_MAX).contains(&length) { Ok(()) } else { Err(ResponseError::Words(field)) }
}

/// Those affected read either language: neither is left out.
fn both(field: &'static str, text: &Text) -> Result<(), ResponseError> {
    words(field, &text.zh).and(words(field, &text.en))
}

/// Signs an assessment. The same finding and scope signed again while the first stands answers the first.
///
/// # Errors
/// A scope that lacks what the finding speaks of, unknown areas, places or people, no reason, an end that is not ahead.
pub fn assess(unit: &mut Unit<'_>, call: &Call, request: Assess) -> Result<Assessed, Refusal> {
    both("reason", &request.reason)?;
    for piece in &request.evidence {
        words("evidence", piece)?;
    }
    let latest = call.now.plus_days(ASSESSMENT_DAYS_MAX);
    if request.expires_at <= call.now || request.expires_at > latest {
        return Err(ResponseError::Expiry(ASSESSMENT_DAYS_MAX).into());
    }
    check_scope(unit.tx(), call, &request)?;
    let same = store::assessments(unit.tx())?
        .into_iter()
        .find(|(_, known)| known.counts(call.now) && known.finding == request.finding && known.scope == request.scope);
    if let Some((assessment, _)) = same {
        return Ok(Assessed { assessment });
    }
    let id = AssessmentId(unit.next(AssessmentId::COUNTER)?);
    let mut signers = vec![call.actor.id];
    signers.extend(request.signers.iter().filter(|signer| **signer != call.actor.id));
    let at = request.occurred_at.filter(|at| *at <= call.now).unwrap_or(call.now);
    let Assess { scope, finding, expires_at, reason, evidence, .. } = request;
    unit.record_at(AssessmentSigned { id, scope, finding, expires_at, reason, evidence, signers }, at)?;
    unit.enqueue(RESPOND, &Trigger::Assessment(id))?;
    Ok(Assessed { assessment: id })
}

fn check_scope(tx: &mut Tx<'_>, call: &Call, request: &Assess) -> Result<(), Refusal> {
    let scope = &request.scope;
    let many = [scope.areas.len(), scope.places.len(), scope.people.len(), scope.cases.len()];
    if many.into_iter().any(|count| count > PARTS_MAX) {
        return Err(ResponseError::Scope("at most 2,000 parts").into());
    }
    let missing = match &request.finding {
        Finding::Zone { level } => {
            if call.pack().zone(*level).is_none() {
                return Err(ResponseError::UnknownLevel(level.key()).into());
            }
            (scope.areas.is_empty() && scope.places.is_empty()).then_some("areas or places")
        }
        Finding::PeopleAreContacts { class, .. } => {
            let nobody = scope.people.is_empty() && scope.places.is_empty();
            (nobody || *class == ContactClass::None).then_some("people or places, and a class")
        }
        Finding::PeopleAreNoContacts => scope.people.is_empty().then_some("people"),
        Finding::HoldPlaces | Finding::HoldGoods { .. } => scope.places.is_empty().then_some("places"),
        Finding::ChainUnclear | Finding::NoCommunitySpread => scope.areas.is_empty().then_some("areas"),
        Finding::CloseClasses { classes } => {
            (scope.areas.is_empty() || classes.is_empty()).then_some("areas and classes")
        }
        Finding::DischargeAgreed => scope.cases.is_empty().then_some("cases"),
    };
    if let Some(missing) = missing {
        return Err(ResponseError::Scope(missing).into());
    }
    covered(tx, call, scope)?;
    for area in &scope.areas {
        if area.level().is_none() {
            return Err(ResponseError::UnknownArea(*area).into());
        }
    }
    check_cases(tx, call, request)
}

/// Passes when everything that an assessment names lies in the actor's area.
fn covered(tx: &mut Tx<'_>, call: &Call, scope: &Scope) -> Result<(), Refusal> {
    for area in &scope.areas {
        call.covers(*area)?;
    }
    for place in &scope.places {
        let found = outpace_registry::place(tx, *place)?.ok_or(ResponseError::UnknownPlace(*place))?;
        call.covers(found.area)?;
    }
    for person in &scope.people {
        outpace_registry::seen(tx, call, *person)?.ok_or(ResponseError::UnknownPerson(*person))?;
    }
    for case in &scope.cases {
        outpace_contacts::cases::seen(tx, call, *case)?.ok_or(ResponseError::UnknownCase(*case))?;
    }
    Ok(())
}

/// Cases of the scope must be known; those to be discharged must be infections that stand.
fn check_cases(tx: &mut Tx<'_>, call: &Call, request: &Assess) -> Result<(), Refusal> {
    for id in &request.scope.cases {
        let found = outpace_contacts::cases::seen(tx, call, *id)?;
        let case = found.ok_or(ResponseError::UnknownCase(*id))?;
        let discharged = outpace_contacts::Stage::Discharged;
        let may = case.stage == discharged || case.stage.next().contains(&discharged);
        if request.finding == Finding::DischargeAgreed && !may {
            return Err(ResponseError::NotDischargeable(*id, case.stage.word()).into());
        }
    }
    Ok(())
}

/// Signs that a person is no contact by what is known now: what an appeal that was right becomes. It lasts as long as any
/// assessment may, which is longer than a quarantine with what follows it, and the response looks again.
///
/// # Errors
/// No reason; what the store refused.
pub fn clear_contact(
    unit: &mut Unit<'_>,
    call: &Call,
    person: PersonId,
    reason: Text,
    evidence: String,
) -> Result<Seq, Refusal> {
    both("reason", &reason)?;
    let id = AssessmentId(unit.next(AssessmentId::COUNTER)?);
    let scope = Scope { people: [person].into(), ..Scope::default() };
    let expires_at = call.now.plus_days(ASSESSMENT_DAYS_MAX);
    let (finding, signers, evidence) = (Finding::PeopleAreNoContacts, vec![call.actor.id], vec![evidence]);
    let seq = unit.record(AssessmentSigned { id, scope, finding, expires_at, reason, evidence, signers })?;
    unit.enqueue(RESPOND, &Trigger::Assessment(id))?;
    Ok(seq)
}

/// An assessment to take back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Withdraw {
    /// Which.
    pub assessment: AssessmentId,
    /// Why.
    pub reason: Text,
}

/// Takes an assessment back; whatever hung on it lifts. Twice is once.
///
/// # Errors
/// An unknown assessment, no reason.
pub fn withdraw(unit: &mut Unit<'_>, call: &Call, request: Withdraw) -> Result<Assessed, Refusal> {
    both("reason", &request.reason)?;
    let id = request.assessment;
    let known = store::assessment(unit.tx(), id)?.ok_or(ResponseError::UnknownAssessment(id))?;
    covered(unit.tx(), call, &known.scope).map_err(|_| ResponseError::UnknownAssessment(id))?;
    if !known.withdrawn {
        unit.record(AssessmentWithdrawn { id, reason: request.reason })?;
        unit.enqueue(RESPOND, &Trigger::Assessment(id))?;
    }
    Ok(Assessed { assessment: id })
}

/// Somebody to look after a dependant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NameCarer {
    /// The dependant.
    pub dependant: PersonId,
    /// Who looks after them, where that is a person of the registry.
    #[serde(default)]
    pub carer: Option<PersonId>,
    /// Whether that person goes along to the facility, of their own will; they count as exposed.
    #[serde(default)]
    pub goes_along: bool,
    /// In words, without names.
    pub words: String,
}

/// What was named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CarerAnswer {
    /// The dependant.
    pub dependant: PersonId,
}

/// Names who looks after a dependant, so that the carers who have to leave can.
///
/// # Errors
/// An unknown dependant or carer, no words.
pub fn name_carer(unit: &mut Unit<'_>, call: &Call, request: NameCarer) -> Result<CarerAnswer, Refusal> {
    words("words", &request.words)?;
    for person in [Some(request.dependant), request.carer].into_iter().flatten() {
        outpace_registry::seen(unit.tx(), call, person)?.ok_or(ResponseError::UnknownPerson(person))?;
    }
    let NameCarer { dependant, carer, goes_along, words } = request;
    unit.record(CarerNamed { dependant, carer, goes_along, words })?;
    unit.enqueue(RESPOND, &Trigger::Person(dependant))?;
    Ok(CarerAnswer { dependant })
}
