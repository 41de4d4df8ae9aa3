//! Late tubes are chased: one order for whoever signed last, however many minutes pass, closed by itself when the last
//! of its tubes turns up.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{AreaId, BoxCode, Refusal, RoundId, Text};
use outpace_orders::{Form, Subject};
use outpace_store::{Tx, Unit};

use super::late::{self, Chased, Found, LateKind, LateOne, LateTubesFound, LateWave, NAMED_MAX, TubesLate};
use crate::carry::{BoxState, TubeBox, tube_box};
use crate::doors;
use crate::kinds;
use crate::tubes::Tube;
use crate::tubes::store::TubeRow;

/// Boxes and grounds that were read once for many tubes.
#[derive(Default)]
struct Looked {
    boxes: BTreeMap<BoxCode, Option<TubeBox>>,
    areas: BTreeMap<Signed, AreaId>,
}

/// Who must look for a tube: the last place or hand that signed for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Signed {
    Site(i64),
    Holder(i64),
    Laboratory(i64),
}

impl Signed {
    fn key(self) -> String {
        match self {
            Self::Site(id) => format!("site-{id}"),
            Self::Holder(id) => format!("holder-{id}"),
            Self::Laboratory(id) => format!("laboratory-{id}"),
        }
    }
}

/// Looks at every wave in which something changed: notes tubes that became late and those that turned up. Answers how
/// many tubes are newly late; ambient hours are not counted apart, being those of the laboratory as well.
pub(crate) fn watch(unit: &mut Unit<'_>, call: &Call) -> Result<i64, Refusal> {
    let mut late = 0;
    for wave in late::changed_waves(unit.tx(), call.now)? {
        let found = if wave.listed > 0 { late::turned_up(unit.tx(), wave, call.now)? } else { Vec::new() };
        let left = wave.listed - found.len() as i64;
        close(unit, call, wave, found)?;
        if wave.waits != left || wave.seen_tube != wave.last_tube {
            let noted = open(unit, call, wave)?;
            late += i64::from(wave.kind != LateKind::Ambient) * noted;
        }
    }
    Ok(late)
}

/// Notes tubes of a wave that became late, and has them chased. Answers how many.
fn open(unit: &mut Unit<'_>, call: &Call, wave: LateWave) -> Result<i64, Refusal> {
    let rows = late::unlisted(unit.tx(), wave, call.now)?;
    if rows.is_empty() && wave.seen_tube == wave.last_tube {
        return Ok(0);
    }
    let mut looked = Looked::default();
    let mut groups: BTreeMap<Signed, Vec<&TubeRow>> = BTreeMap::new();
    for row in &rows {
        groups.entry(signed(unit.tx(), &mut looked, &row.tube)?).or_default().push(row);
    }
    let mut chased = Vec::new();
    let mut issued = Vec::new();
    for (signed, rows) in groups {
        let area = ground(unit.tx(), call, &mut looked, signed, rows[0])?;
        let (chase, is_new) = chase_for(unit.tx(), wave.kind, signed, rows[0].tube.number)?;
        if is_new {
            issued.push((chase.clone(), signed, area, rows.len() as i64, rows[0].tube.code.clone()));
        }
        let tubes = rows.iter().map(|row| LateOne { tube: row.tube.number, due_at: wave.kind.due_at(&row.tube) });
        chased.push(Chased { chase, area, tubes: tubes.collect() });
    }
    let named = rows.iter().take(NAMED_MAX as usize).map(|row| row.tube.code.clone()).collect();
    let round = (wave.round != RoundId(0)).then_some(wave.round);
    let tubes = rows.len() as i64;
    let fact = TubesLate { round, wave: wave.wave, kind: wave.kind, tubes, named, chased, last_tube: wave.last_tube };
    let seq = unit.record(fact)?;
    unit.because_of(Some(seq));
    for (chase, signed, area, tubes, first) in issued {
        let place = place_name(unit.tx(), signed)?;
        let because = Text::new(
            format!("{tubes} 管样本{}(如 {first}),最后签收:{}。请立即查找处置。", wave.kind.zh(), place.zh),
            format!(
                "{tubes} tubes are late, {} (such as {first}); last signed: {}. Find them now.",
                wave.kind.en(),
                place.en
            ),
        );
        let mut form = Form::from([("tubes".to_owned(), tubes.into())]);
        form.extend(round.map(|round| ("round".to_owned(), round.0.into())));
        doors::order(unit, call, chase, kinds::CHASE_TUBES, Subject::None, area, because, form)?;
    }
    unit.because_of(None);
    Ok(tubes)
}

/// The last place or hand that signed for a tube.
fn signed(tx: &mut Tx<'_>, looked: &mut Looked, tube: &Tube) -> Result<Signed, Refusal> {
    if let (true, Some(laboratory)) = (tube.stage.is_received(), tube.laboratory) {
        return Ok(Signed::Laboratory(laboratory.0));
    }
    if let Some(code) = &tube.in_box {
        if !looked.boxes.contains_key(code) {
            let known = tube_box(tx, code)?;
            looked.boxes.insert(code.clone(), known);
        }
        if let Some(known) = looked.boxes.get(code).and_then(Option::as_ref)
            && known.state != BoxState::Packed
        {
            return Ok(match known.laboratory {
                Some(laboratory) if known.state == BoxState::Received => Signed::Laboratory(laboratory.0),
                _ => Signed::Holder(known.holder.0),
            });
        }
    }
    Ok(Signed::Site(tube.site.map_or(0, |site| site.0)))
}

/// The area of whoever signed last: the laboratory's, or that of the site the tube left.
fn ground(tx: &mut Tx<'_>, call: &Call, looked: &mut Looked, signed: Signed, row: &TubeRow) -> Result<AreaId, Refusal> {
    if let Some(known) = looked.areas.get(&signed) {
        return Ok(*known);
    }
    let area = match signed {
        Signed::Laboratory(id) => {
            crate::laboratory::laboratory(tx, outpace_core::LaboratoryId(id))?.map(|it| it.spec.area)
        }
        Signed::Site(_) | Signed::Holder(_) => match row.tube.site {
            Some(site) => crate::sites::site(tx, site)?.map(|site| site.spec.area),
            None => None,
        },
    };
    let area = area.unwrap_or(call.actor.area);
    looked.areas.insert(signed, area);
    Ok(area)
}

fn place_name(tx: &mut Tx<'_>, signed: Signed) -> Result<Text, Refusal> {
    let name = match signed {
        Signed::Site(id) => crate::sites::site(tx, outpace_core::SiteId(id))?.map(|site| site.spec.name),
        Signed::Laboratory(id) => {
            crate::laboratory::laboratory(tx, outpace_core::LaboratoryId(id))?.map(|it| it.spec.name)
        }
        Signed::Holder(id) => {
            let name = outpace_access::actors::name_of(tx, outpace_core::ActorId(id))?;
            let name = name.unwrap_or_else(|| id.to_string());
            Some(Text::new(format!("转运人员 {name}"), format!("courier {name}")))
        }
    };
    Ok(name.unwrap_or_else(|| Text::new("无采样登记", "nobody: it was never registered")))
}

/// The key of the order that chases tubes of a place: the one that is open, else a new one.
fn chase_for(tx: &mut Tx<'_>, kind: LateKind, signed: Signed, first: i64) -> Result<(String, bool), Refusal> {
    let prefix = format!("chase:{}:{}", kind.word(), signed.key());
    if let Some(chase) = late::chase_of(tx, &prefix)?
        && outpace_orders::by_key(tx, &chase)?.is_some_and(|order| !order.is_closed())
    {
        return Ok((chase, false));
    }
    Ok((format!("{prefix}:{first}"), true))
}

/// Takes tubes that turned up off the list; an order with none left is done.
fn close(unit: &mut Unit<'_>, call: &Call, wave: LateWave, found: Vec<Found>) -> Result<(), Refusal> {
    if found.is_empty() {
        return Ok(());
    }
    let round = (wave.round != RoundId(0)).then_some(wave.round);
    let tubes = found.iter().map(|one| one.tube).collect();
    let seq = unit.record(LateTubesFound { round, wave: wave.wave, kind: wave.kind, tubes })?;
    unit.because_of(Some(seq));
    let chases: BTreeSet<&str> = found.iter().map(|one| one.chase.as_str()).collect();
    for chase in chases {
        if late::chased_by(unit.tx(), chase)? > 0 {
            continue;
        }
        let Some(order) = outpace_orders::by_key(unit.tx(), chase)?.filter(|order| !order.is_closed()) else {
            continue;
        };
        let lost = found.iter().filter(|one| one.chase == chase && one.lost).count() as i64;
        let form = Form::from([
            ("tubes".to_owned(), 0_i64.into()),
            ("lost".to_owned(), lost.into()),
            ("cause".to_owned(), "签收或结果已到 / signed for or resulted".into()),
        ]);
        outpace_orders::complete(unit, call, order.id, form)?;
    }
    unit.because_of(None);
    Ok(())
}
