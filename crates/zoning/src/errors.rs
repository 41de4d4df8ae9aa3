//! Why a zone, closure or pass was refused, for the person at the screen.

use outpace_core::{ClosureId, PlaceId, Refusal, ZoneId};
use outpace_policy::ZoneLevel;

use crate::passes::PassId;

/// What can be wrong with an intention about an area.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoningError {
    /// A part of the ground is missing or too long.
    #[error("no {0}")]
    NoReason(&'static str),
    /// A zone of nothing, or of too many parts.
    #[error("a zone of {0} parts")]
    Parts(usize),
    /// A number that is no area code.
    #[error("not an area code: {0}")]
    NotAnArea(i64),
    /// The level beside a zone must be one of high, medium, low, and only stands beside one of the three zones.
    #[error("{0:?} cannot stand beside {1:?}")]
    Beside(ZoneLevel, ZoneLevel),
    /// No such zone, or outside the actor's area.
    #[error("unknown zone {0}")]
    UnknownZone(ZoneId),
    /// The zone was lifted.
    #[error("zone {0} was lifted")]
    Lifted(ZoneId),
    /// No such place.
    #[error("unknown place {0}")]
    UnknownPlace(PlaceId),
    /// No such closure or hold.
    #[error("unknown closure {0}")]
    UnknownClosure(ClosureId),
    /// The closure or hold has ended.
    #[error("closure {0} has ended")]
    Ended(ClosureId),
    /// Only a hold of a place can be extended.
    #[error("closure {0} is not a hold")]
    NotAHold(ClosureId),
    /// It was extended as often as the pack allows.
    #[error("hold {0} was extended already")]
    Extended(ClosureId),
    /// An extension needs a named officer.
    #[error("the system cannot extend a hold")]
    NoOfficer,
    /// The end lies before the start.
    #[error("ends before it starts")]
    EndsBeforeStart,
    /// A pass names one person or one vehicle.
    #[error("a pass names one person or one vehicle")]
    PassHolder,
    /// No such pass.
    #[error("unknown pass {0}")]
    UnknownPass(PassId),
}

impl From<ZoningError> for Refusal {
    fn from(error: ZoningError) -> Self {
        match error {
            ZoningError::NoReason(field) => Self::rule(
                "no_reason",
                field,
                "",
                "任何措施都须写明理由(中英文)、条款和所依据的事实,且不超过长度限制。",
                "Every measure names its reason (in both languages), its clause and the facts it rests on, within the limits.",
            ),
            ZoningError::Parts(count) => Self::rule(
                "zone_parts",
                "areas",
                count,
                format!("一个分区由 1 至 {} 个区域或场所组成。", crate::zones::PARTS_MAX),
                format!("A zone consists of 1 to {} areas or places.", crate::zones::PARTS_MAX),
            ),
            ZoningError::NotAnArea(code) => Self::rule(
                "not_an_area",
                "areas",
                code,
                "不是有效的区域代码;应为 2、4、6、9、12 或 15 位。",
                "Not an area code; it has 2, 4, 6, 9, 12 or 15 digits.",
            ),
            ZoningError::Beside(risk, level) => Self::rule(
                "risk_beside",
                "risk",
                risk.key(),
                format!("风险等级只能是高、中、低,并与封控、管控、防范区并列;不能与{}并列。", level.zh()),
                format!(
                    "Beside a lockdown, control or precaution zone stands high, medium or low; not beside {}.",
                    level.key()
                ),
            ),
            ZoningError::UnknownZone(zone) => {
                Self::unknown("unknown_zone", "zone", zone, "没有这个分区。", "There is no such zone.")
            }
            ZoningError::Lifted(zone) => Self::conflict(
                "zone_lifted",
                "zone",
                zone,
                "该分区已解除,不能再调整;如有新情况须另行划定。",
                "This zone was lifted and cannot be changed; draw another where there are new facts.",
            ),
            ZoningError::UnknownPlace(place) => {
                Self::unknown("unknown_place", "place", place, "没有这个场所。", "There is no such place.")
            }
            ZoningError::UnknownPass(pass) => {
                Self::unknown("unknown_pass", "pass", pass, "没有这张通行证。", "There is no such pass.")
            }
            ZoningError::PassHolder => Self::rule(
                "pass_holder",
                "person",
                "",
                "通行证须写明一个人或一辆车,二者取一。",
                "A pass names one person or one vehicle, not both and not none.",
            ),
            other => closure_refusal(&other),
        }
    }
}

fn closure_refusal(error: &ZoningError) -> Refusal {
    match error {
        ZoningError::UnknownClosure(closure) => Refusal::unknown(
            "unknown_closure",
            "closure",
            closure,
            "没有这项停业或封存。",
            "There is no such closure or hold.",
        ),
        ZoningError::Ended(closure) => Refusal::conflict(
            "closure_ended",
            "closure",
            closure,
            "该措施已经结束。",
            "This closure or hold has already ended.",
        ),
        ZoningError::NotAHold(closure) => Refusal::rule(
            "not_a_hold",
            "closure",
            closure,
            "只有场所临时管控可以延长;停业和封存须另行审批。",
            "Only the hold of a place can be extended; closures of classes and goods need a plan of their own.",
        ),
        ZoningError::Extended(closure) => Refusal::conflict(
            "hold_extended",
            "closure",
            closure,
            "该临时管控已按规定延长过,不能再次延长。",
            "This hold was extended as often as the rules allow.",
        ),
        ZoningError::NoOfficer => Refusal::rule(
            "no_officer",
            "actor",
            "system",
            "延长须由具名的负责人作出并写明理由。",
            "An extension is made by a named officer who gives a reason.",
        ),
        _ => Refusal::rule(
            "ends_before_start",
            "ends_at",
            "",
            "结束时间须晚于开始时间。",
            "The end must lie after the start.",
        ),
    }
}
