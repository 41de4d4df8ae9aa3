//! Orders and notices.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{OrderId, Refusal, ZoneId};
use outpace_orders as orders;
use outpace_orders::notices::{Audience as Told, NewNotice};
use outpace_orders::{NewOrder, Subject as About};
use outpace_policy::SubjectKind;
use outpace_store::Unit;

use super::{Order, applied};
use crate::facts::Applied;
use crate::items::{Audience, Subject, What};
use crate::plan::Planned;
use crate::store;

fn subject(subject: &Subject) -> About {
    match subject {
        Subject::Jurisdiction => About::None,
        Subject::Person(id) => About::Person(*id),
        Subject::Household(id) => About::Household(*id),
        Subject::Case(id) => About::Case(*id),
        Subject::Tube(code) => About::Tube(code.clone()),
        Subject::Place(id) => About::Place(*id),
        Subject::Area(id) => About::Area(*id),
    }
}

/// What an order is about. An order that comes with a zone, a class or goods names those, where its kind asks for them.
fn about(unit: &mut Unit<'_>, call: &Call, kind: &str, item: &Planned, plain: &Subject) -> Result<About, Refusal> {
    let asked = call.rules.playbook.kind(kind).map(|kind| kind.subject);
    let with = match &item.with {
        Some(key) => store::applied(unit.tx(), key)?,
        None => None,
    };
    Ok(match (asked, with.map(|held| (held.what, held.id))) {
        (Some(SubjectKind::Zone), Some((What::Zone { .. }, id))) => About::Zone(ZoneId(id)),
        (Some(SubjectKind::PlaceClass), Some((What::Closure { class, .. }, _))) => About::PlaceClass(class),
        (Some(SubjectKind::Lot), Some((What::GoodsHold { goods, .. }, _))) => About::Lot(goods),
        _ => subject(plain),
    })
}

/// Issues orders and publishes notices.
pub(super) fn put(unit: &mut Unit<'_>, call: &Call, order: &Order<'_>, done: &mut Vec<Applied>) -> Result<(), Refusal> {
    for item in &order.items {
        let id = match &item.what {
            What::Order { kind, subject, area, deadline_at } => {
                let about = about(unit, call, kind, item, subject)?;
                let because = order.line.because.first();
                let new = NewOrder {
                    key: item.key.0.clone(),
                    kind: kind.clone(),
                    subject: about,
                    area: *area,
                    task_force: None,
                    team: None,
                    deadline_at: Some(*deadline_at),
                    because: because.map_or_else(|| order.line.title.clone(), |because| because.text.clone()),
                    clause: because.and_then(|because| because.clause.as_ref()).map(|clause| clause.clause.clone()),
                    cause: item.facts.last().copied(),
                    form: BTreeMap::new(),
                };
                orders::issue(unit, call, new)?.0
            }
            What::Notice { kind, audience, area, title, body } => {
                let told = match audience {
                    Audience::Public => Told::Public,
                    Audience::Receivers(receivers) => Told::Receivers(receivers.clone()),
                };
                let reference = item.about.as_ref().map_or(About::Area(*area), subject);
                let because = order.line.because.first().and_then(|because| because.clause.as_ref());
                let new = NewNotice {
                    key: Some(item.key.0.clone()),
                    kind: kind.clone(),
                    audience: told,
                    area: *area,
                    title: title.clone(),
                    body: body.clone(),
                    reference,
                    clause: because.map(|clause| clause.clause.clone()),
                    deadline_at: None,
                };
                orders::notices::publish(unit, call, new)?.0
            }
            _ => continue,
        };
        done.push(applied(item, id));
    }
    Ok(())
}

/// Cancels orders that nothing asks for any more. What was told stays told.
pub(super) fn lift(unit: &mut Unit<'_>, call: &Call, order: &Order<'_>) -> Result<(), Refusal> {
    for item in &order.items {
        if let (What::Order { .. }, Some(id)) = (&item.what, item.id) {
            orders::cancel(unit, call, OrderId(id), "依据已不存在 / its reason fell")?;
        }
    }
    Ok(())
}
