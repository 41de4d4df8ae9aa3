//! What a round asks of people beyond the lanes: the public notice of its hour, kits to be handed out, visits at the
//! doors of the missing.

use std::collections::BTreeMap;

use outpace_access::Call;
use outpace_core::{AreaId, AreaLevel, Refusal, Seq, Text, Timestamp};
use outpace_orders::kinds::IssuedKind;
use outpace_orders::notices::{self, Audience, NewNotice};
use outpace_orders::{Form, NewOrder, Subject, issue};
use outpace_store::Unit;

use crate::coverage;
use crate::desk::Desk;
use crate::kinds;
use crate::rounds::roster::outermost;
use crate::rounds::{Class, Forecast, Method, Round};

/// The area under which a round's notice and orders stand.
fn seat_of(call: &Call, round: &Round) -> AreaId {
    match outermost(&round.spec.scope.areas).as_slice() {
        [only] => *only,
        _ => call.actor.area.at(AreaLevel::County).unwrap_or(call.actor.area),
    }
}

/// Tells the public when sampling runs and when the last result will be there; for an antigen round, has kits handed
/// out grid by grid.
pub(crate) fn announce(unit: &mut Unit<'_>, call: &Call, round: &Round) -> Result<(), Refusal> {
    let Some(forecast) = &round.forecast else { return Ok(()) };
    let offset = call.offset_minutes();
    let at = |moment: Timestamp| moment.local(offset);
    let spec = &round.spec;
    let (from, until, last) = (at(spec.starts_at), at(spec.ends_at), at(forecast.last_result_at));
    publish(
        unit,
        call,
        round,
        format!("round:{}", round.id),
        Text::new(format!("开展{}", spec.name.zh), format!("{} begins", spec.name.en)),
        Text::new(
            format!("{}至{}开展{}检测,预计{}前全部出结果。", from, until, spec.method.zh(), last),
            format!("From {from} to {until}; the last result is expected by {last}."),
        ),
    )?;
    if spec.method == Method::Antigen {
        hand_out(unit, call, round)?;
    }
    Ok(())
}

/// Tells the public that the hour moved, and to when.
pub(crate) fn revise(unit: &mut Unit<'_>, call: &Call, round: &Round, forecast: &Forecast) -> Result<(), Refusal> {
    let last = forecast.last_result_at.local(call.offset_minutes());
    let spec = &round.spec;
    publish(
        unit,
        call,
        round,
        format!("round:{}:{}", round.id, forecast.last_result_at.0),
        Text::new(format!("{}出结果时间调整", spec.name.zh), format!("{}: results later than promised", spec.name.en)),
        Text::new(
            format!("因{}能力不足,预计{last}前全部出结果。给您带来不便,敬请谅解。", forecast.bottleneck.zh()),
            format!("The {} fell behind; the last result is now expected by {last}.", forecast.bottleneck.word()),
        ),
    )
}

fn publish(
    unit: &mut Unit<'_>,
    call: &Call,
    round: &Round,
    key: String,
    title: Text,
    body: Text,
) -> Result<(), Refusal> {
    notices::publish(
        unit,
        call,
        NewNotice {
            key: Some(key),
            kind: "round".to_owned(),
            audience: Audience::Public,
            area: seat_of(call, round),
            title,
            body,
            reference: Subject::Round(round.id),
            clause: Some(call.pack().screening.promise.hours_max.clause().to_owned()),
            deadline_at: None,
        },
    )?;
    Ok(())
}

/// One order a grid to hand out kits.
fn hand_out(unit: &mut Unit<'_>, call: &Call, round: &Round) -> Result<(), Refusal> {
    let per_person = i64::from(call.pack().antigen.kits_per_person.value);
    let grids = coverage::by_area(unit.tx(), round.id, AreaId(unit_area(call)), AreaLevel::Grid)?;
    for (grid, found) in grids.into_iter().filter(|(_, found)| found.missing > 0) {
        let kits = found.missing * per_person;
        let form = Form::from([("kits".to_owned(), kits.into()), ("people".to_owned(), found.missing.into())]);
        let because = Text::new(
            format!("{}:向 {} 人发放抗原试剂 {kits} 份。", round.spec.name.zh, found.missing),
            format!("{}: hand out {kits} kits to {} people.", round.spec.name.en, found.missing),
        );
        let key = format!("kits:{}:{grid}", round.id);
        order(unit, call, key, kinds::HAND_OUT_KITS, Subject::Area(grid), grid, because, form)?;
    }
    Ok(())
}

fn unit_area(call: &Call) -> i64 {
    call.actor.area.0
}

/// One order a grid to visit the doors of those who were due and did not come. Answers how many.
pub(crate) fn visits(unit: &mut Unit<'_>, call: &Call, round: &Round) -> Result<i64, Refusal> {
    let missing = unit
        .remembered(|desk: &Desk| {
            let seats = desk.rounds.get(&round.id)?.seats.as_ref()?;
            let mut grids: BTreeMap<AreaId, i64> = BTreeMap::new();
            for (_, grid, class) in seats.unsampled() {
                *grids.entry(grid).or_default() += i64::from(class == Class::Due);
            }
            Some(grids)
        })
        .flatten()
        .unwrap_or_default();
    let mut issued = 0;
    for (grid, people) in missing.into_iter().filter(|(_, people)| *people > 0) {
        let form = Form::from([("round".to_owned(), round.id.0.into()), ("people".to_owned(), people.into())]);
        let because = Text::new(
            format!("{}结束,本网格有 {people} 人应检未检,名单见上门清单。", round.spec.name.zh),
            format!(
                "{} is closed; {people} people of this grid were due and did not come, see the door list.",
                round.spec.name.en
            ),
        );
        let key = format!("doors:{}:{grid}", round.id);
        order(unit, call, key, kinds::VISIT_DOORS, Subject::Area(grid), grid, because, form)?;
        issued += 1;
    }
    Ok(issued)
}

/// Issues an order of this capability; its deadline comes from the kind.
#[allow(clippy::too_many_arguments)] // one field each of the order
pub(crate) fn order(
    unit: &mut Unit<'_>,
    call: &Call,
    key: String,
    kind: IssuedKind,
    subject: Subject,
    area: AreaId,
    because: Text,
    form: Form,
) -> Result<(), Refusal> {
    let new = NewOrder {
        key,
        kind: kind.key.to_owned(),
        subject,
        area,
        task_force: None,
        team: None,
        deadline_at: None,
        because,
        clause: None,
        cause: None::<Seq>,
        form,
    };
    issue(unit, call, new)?;
    Ok(())
}
