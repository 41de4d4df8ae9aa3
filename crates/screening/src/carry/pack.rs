//! Packing: what was scanned into a box lies in it. An unsealed or unknown tube is kept, flagged and settled.

use std::collections::{BTreeMap, BTreeSet};

use outpace_access::Call;
use outpace_core::{BoxCode, Refusal, SiteId, Text, Timestamp, TubeCode};
use outpace_orders::{Form, Subject};
use outpace_store::Unit;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{BoxPacked, Packed};
use super::model::{BoxState, TubeBox};
use super::store;
use crate::doors::order;
use crate::errors::{ScreeningError, some_of};
use crate::found::find_or_note;
use crate::kinds;
use crate::laboratory::BadCode;
use crate::reach;
use crate::tubes::register::{settle, well_formed};
use crate::tubes::store::row_by_code;
use crate::tubes::{Flag, Stage};

/// Tubes in one request at most.
const TUBES_MAX: usize = 1_000;

/// Packs tubes into a box.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PackBox {
    /// The code on the box.
    #[serde(rename = "box")]
    pub code: BoxCode,
    /// The codes that were scanned into it.
    pub tubes: Vec<String>,
    /// The site; absent: that of its first tube.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// When it happened; absent: now.
    #[serde(default)]
    pub occurred_at: Option<Timestamp>,
}

/// The box after packing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackedBox {
    /// The box.
    #[serde(rename = "box")]
    pub state: TubeBox,
    /// Tubes packed now; those that lay in it before are not counted.
    pub packed: i64,
    /// Codes that cannot be.
    pub bad: Vec<BadCode>,
}

/// The idempotency key of the order to carry a box.
pub(crate) fn order_key(code: &BoxCode) -> String {
    format!("carry:{code}")
}

/// Packs tubes into a box and has it carried.
///
/// # Errors
/// A malformed box code, a box of another area, an unknown site, nothing scanned that could be a tube of one's own area.
pub fn pack_box(unit: &mut Unit<'_>, call: &Call, request: PackBox) -> Result<PackedBox, Refusal> {
    well_formed("box", request.code.as_str(), request.code.is_well_formed())?;
    some_of("tubes", &request.tubes, TUBES_MAX)?;
    if let Some(site) = request.site {
        let known = crate::sites::site(unit.tx(), site)?.ok_or(ScreeningError::UnknownSite { site })?;
        call.covers(known.spec.area)?;
    }
    let at = request.occurred_at.unwrap_or(call.now);
    let known = store::tube_box(unit.tx(), &request.code)?;
    if let Some(state) = &known
        && !reach::sees_box(unit.tx(), call, state)?
    {
        return Err(ScreeningError::UnknownBox { code: request.code }.into());
    }
    let left = known.as_ref().is_some_and(|known| known.state != BoxState::Packed);
    let mut bad = Vec::new();
    let mut packed: BTreeMap<TubeCode, Packed> = BTreeMap::new();
    let mut site = request.site;
    let distinct: BTreeSet<&String> = request.tubes.iter().collect();
    for text in distinct {
        let code = TubeCode(text.trim().to_owned());
        if let Err(error) = well_formed("tubes", code.as_str(), code.is_well_formed()) {
            bad.push(BadCode { code: text.chars().take(60).collect(), reason: Refusal::from(error).text });
            continue;
        }
        // A tube of another area is not this actor's to pack: whoever answers for both, a courier, does it.
        if let Some(row) = row_by_code(unit.tx(), &code)?
            && !reach::sees_tube(unit.tx(), call, &row.tube)?
        {
            let unknown = Refusal::from(ScreeningError::UnknownTube { tube: code.clone() });
            bad.push(BadCode { code: code.0, reason: unknown.text });
            continue;
        }
        let (row, _) = find_or_note(unit, call, &code, at)?;
        if row.tube.in_box.as_ref() == Some(&request.code) {
            continue;
        }
        site = site.or(row.tube.site);
        let mut flags = Vec::new();
        match row.tube.stage {
            Stage::Open => flags.push(Flag::SealImplied),
            Stage::Lost => flags.push(Flag::FoundAgain),
            Stage::Sealed => {}
            Stage::Boxed | Stage::Travelling | Stage::Received | Stage::Resulted | Stage::Invalid => {
                flags.push(Flag::BoxChanged);
            }
        }
        if left && flags.is_empty() {
            flags.push(Flag::BoxChanged);
        }
        packed.insert(code, Packed { tube: row.tube.number, flags });
    }
    if packed.is_empty() && known.is_none() {
        return Err(ScreeningError::Empty { field: "tubes" }.into());
    }
    let count = packed.len() as i64;
    if count > 0 {
        record(unit, call, &request.code, site, packed, at, known.is_none())?;
    }
    let state = store::tube_box(unit.tx(), &request.code)?
        .ok_or_else(|| ScreeningError::UnknownBox { code: request.code.clone() })?;
    Ok(PackedBox { state, packed: count, bad })
}

fn record(
    unit: &mut Unit<'_>,
    call: &Call,
    code: &BoxCode,
    site: Option<SiteId>,
    packed: BTreeMap<TubeCode, Packed>,
    at: Timestamp,
    is_new: bool,
) -> Result<(), Refusal> {
    let area = match site {
        Some(site) => crate::sites::site(unit.tx(), site)?.map_or(call.actor.area, |site| site.spec.area),
        None => call.actor.area,
    };
    let tubes: Vec<Packed> = packed.values().cloned().collect();
    let count = tubes.len() as i64;
    let seq = unit.record_at(BoxPacked { code: code.clone(), site, tubes }, at)?;
    for (tube, packed) in packed.iter().filter(|(_, packed)| !packed.flags.is_empty()) {
        settle(unit, call, tube, area, &packed.flags.iter().copied().collect(), seq)?;
    }
    if is_new {
        unit.because_of(Some(seq));
        let because = Text::new(
            format!("转运箱 {code} 已装 {count} 管,需送至实验室。"),
            format!("Box {code} holds {count} tubes; carry it to the laboratory."),
        );
        let form = Form::from([("box".to_owned(), code.as_str().into())]);
        order(unit, call, order_key(code), kinds::CARRY_BOX, Subject::Box(code.clone()), area, because, form)?;
        unit.because_of(None);
    }
    Ok(())
}
