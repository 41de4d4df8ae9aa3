//! Asking: by the person, by who acts for them, by staff on paper.

use outpace_access::Call;
use outpace_core::{AreaId, PersonId, Refusal, RequestId, RestrictionId, Text};
use outpace_orders::{Form, NewOrder, OrderState, Subject, issue};
use outpace_registry::Person;
use outpace_store::Unit;
use outpace_store::vault::Keys;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{RequestMade, RequestOrdered};
use super::model::{About, AskedBy, Request, RequestKind};
use super::{ANSWER_APPEAL, ANSWER_CORRECTION, store};
use crate::errors::{ResidentsError, WORDS_MAX};
use crate::whose;

/// The class of the vault's keys that seal what people write in requests.
pub const CLASS: &str = "request";
/// Requests of one person that may wait for an answer at the same time: enough for a grievance, too few for a flood.
pub const OPEN_MAX: usize = 20;
/// Requests that one look of the clock orders anew at most.
const REORDERED_MAX: i64 = 500;

/// Appeals against a measure.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AskAppeal {
    /// For whom; oneself where absent.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// The measure.
    pub restriction: RestrictionId,
    /// Why, in one's own words; may be empty: nobody must argue to be heard.
    #[serde(default)]
    pub words: String,
}

/// Asks that something held about a person be corrected.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AskCorrection {
    /// About whom; oneself where absent.
    #[serde(default)]
    pub person: Option<PersonId>,
    /// What.
    pub about: About,
    /// What is wrong, and what would be right.
    pub words: String,
}

/// A request that staff write down for somebody who cannot write or has no telephone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OnPaper {
    /// For whom.
    pub person: PersonId,
    /// The measure, for an appeal.
    #[serde(default)]
    pub restriction: Option<RestrictionId>,
    /// What shall be corrected, for a correction.
    #[serde(default)]
    pub about: Option<About>,
    /// What the person said; it was read back to them.
    #[serde(default)]
    pub words: String,
}

/// What is asked, whoever asks it.
struct New {
    kind: RequestKind,
    restriction: Option<RestrictionId>,
    about: Option<About>,
    words: String,
    asked_by: AskedBy,
}

fn asked_by(unit: &mut Unit<'_>, call: &Call, person: PersonId) -> Result<AskedBy, ResidentsError> {
    Ok(if whose::own(unit.tx(), call)? == person { AskedBy::Own } else { AskedBy::Guardian })
}

/// Appeals against a measure; while one against the same measure waits, answers that one.
///
/// # Errors
/// Somebody else's file, a measure that is not the person's, too many words, too many open requests.
pub fn appeal(unit: &mut Unit<'_>, call: &Call, request: AskAppeal) -> Result<Request, Refusal> {
    let person = whose::asked(unit.tx(), call, request.person)?;
    let asked_by = asked_by(unit, call, person)?;
    let AskAppeal { restriction, words, .. } = request;
    let new = New { kind: RequestKind::Appeal, restriction: Some(restriction), about: None, words, asked_by };
    ask(unit, call, person, new)
}

/// Asks for a correction.
///
/// # Errors
/// Somebody else's file, no words or too many, too many open requests.
pub fn ask_correction(unit: &mut Unit<'_>, call: &Call, request: AskCorrection) -> Result<Request, Refusal> {
    let person = whose::asked(unit.tx(), call, request.person)?;
    let asked_by = asked_by(unit, call, person)?;
    let AskCorrection { about, words, .. } = request;
    let new = New { kind: RequestKind::Correction, restriction: None, about: Some(about), words, asked_by };
    ask(unit, call, person, new)
}

/// Writes down what somebody asks who cannot do it themselves.
///
/// # Errors
/// An unknown person, one outside the actor's area, neither or both of measure and correction named; as [`appeal`].
pub fn on_paper(unit: &mut Unit<'_>, call: &Call, request: OnPaper) -> Result<Request, Refusal> {
    let unknown = ResidentsError::UnknownPerson(request.person);
    outpace_registry::person(unit.tx(), request.person)?.filter(|person| call.sees(person.area)).ok_or(unknown)?;
    let kind = match (request.restriction, request.about) {
        (Some(_), None) => RequestKind::Appeal,
        (None, Some(_)) => RequestKind::Correction,
        _ => return Err(ResidentsError::Words("restriction").into()),
    };
    let OnPaper { person, restriction, about, words } = request;
    ask(unit, call, person, New { kind, restriction, about, words, asked_by: AskedBy::Paper })
}

fn ask(unit: &mut Unit<'_>, call: &Call, id: PersonId, new: New) -> Result<Request, Refusal> {
    let person = outpace_registry::person(unit.tx(), id)?.ok_or(ResidentsError::UnknownPerson(id))?;
    let length = new.words.trim().chars().count();
    if length > WORDS_MAX || (length == 0 && new.kind == RequestKind::Correction) {
        return Err(ResidentsError::Words("words").into());
    }
    if let Some(restriction) = new.restriction {
        let found = outpace_isolation::restrictions::restriction(unit.tx(), restriction)?;
        found.filter(|found| found.person == id).ok_or(ResidentsError::UnknownRestriction(restriction))?;
        if let Some(open) = store::open_appeal(unit.tx(), id, restriction)? {
            return read(unit, open.id);
        }
    }
    let open = store::of(unit.tx(), id)?.iter().filter(|row| row.request.answered_at.is_none()).count();
    if open >= OPEN_MAX {
        return Err(Refusal::conflict(
            "requests_open",
            "person",
            open,
            format!("已有 {open} 项请求待答复,请等待答复后再提。"),
            format!("{open} requests wait for an answer already; wait for one first."),
        ));
    }
    let request = RequestId(unit.next(RequestId::COUNTER)?);
    let order = order(unit, call, request, &person, new.kind, new.restriction)?;
    let (keys, key_name) = (unit.keys(), Keys::name_for(CLASS, call.now));
    keys.ensure(&key_name)?;
    let sealed = hex::encode(keys.seal(&key_name, request.0, new.words.trim().as_bytes())?);
    let due_at = outpace_orders::orders::by_id(unit.tx(), order)?.map_or(call.now, |order| order.deadline_at);
    let New { kind, restriction, about, asked_by, .. } = new;
    unit.record(RequestMade {
        request,
        kind,
        person: id,
        restriction,
        about,
        key_name,
        sealed,
        asked_by,
        order,
        due_at,
    })?;
    read(unit, request)
}

pub(super) fn read(unit: &mut Unit<'_>, id: RequestId) -> Result<Request, Refusal> {
    let keys = unit.keys();
    let row = store::by_id(unit.tx(), id)?.ok_or(ResidentsError::UnknownRequest(id))?;
    Ok(store::opened(keys, row))
}

fn order(
    unit: &mut Unit<'_>,
    call: &Call,
    request: RequestId,
    person: &Person,
    kind: RequestKind,
    restriction: Option<RestrictionId>,
) -> Result<outpace_core::OrderId, Refusal> {
    let (issued, subject, because) = match (kind, restriction) {
        (RequestKind::Appeal, Some(restriction)) => (
            ANSWER_APPEAL,
            Subject::Restriction(restriction),
            Text::new(
                format!(
                    "人员 {} 对管控措施 {restriction} 提出申诉(编号 {request}),须由未参与决定的人答复。",
                    person.id
                ),
                format!(
                    "Person {} appeals against measure {restriction} (number {request}); somebody who did not decide it answers.",
                    person.id
                ),
            ),
        ),
        _ => (
            ANSWER_CORRECTION,
            Subject::Person(person.id),
            Text::new(
                format!("人员 {} 请求更正其档案(编号 {request})。", person.id),
                format!("Person {} asks that something held about them be corrected (number {request}).", person.id),
            ),
        ),
    };
    let area: AreaId = person.area;
    issue(
        unit,
        call,
        NewOrder {
            key: format!("request:{request}"),
            kind: issued.key.to_owned(),
            subject,
            area,
            task_force: None,
            team: None,
            deadline_at: None,
            because,
            clause: None,
            cause: None,
            form: Form::new(),
        },
    )
}

/// Sends back the orders that were reported as done although nobody answered, and issues again those that were closed: a
/// request cannot be lost by ticking off its order.
///
/// # Errors
/// What the store refused.
pub fn tick(unit: &mut Unit<'_>, call: &Call) -> Result<(), Refusal> {
    for kind in RequestKind::ALL {
        for row in store::open(unit.tx(), *kind, RequestId(0), REORDERED_MAX)? {
            let request = row.request;
            let known = outpace_orders::orders::by_id(unit.tx(), request.order)?;
            let state = known.as_ref().map(|known| known.state);
            if known.is_some_and(|known| !known.is_closed() && known.state != OrderState::CannotBeDone) {
                if state == Some(OrderState::Done) {
                    let reason = "no answer was given to the person";
                    outpace_orders::orders::fail_verification(unit, call, request.order, reason)?;
                }
                continue;
            }
            let person = outpace_registry::person(unit.tx(), request.person)?;
            let person = person.ok_or(ResidentsError::UnknownPerson(request.person))?;
            let order = order(unit, call, request.id, &person, request.kind, request.restriction)?;
            if order != request.order {
                unit.record(RequestOrdered { request: request.id, order })?;
            }
        }
    }
    Ok(())
}
