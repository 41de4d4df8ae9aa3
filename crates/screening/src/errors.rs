//! Why an intention of this capability is refused. What happened at a lane, in a box or at a laboratory is never among
//! these: see the table at the top of the crate.

use outpace_core::{
    AreaId, BoxCode, LaboratoryId, LaneId, PersonId, Refusal, RoundId, SheetId, SiteId, Timestamp, TubeCode,
};
use thiserror::Error;

use crate::tubes::Stage;

/// An intention that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs)] // each variant's sentence stands in its message
pub enum ScreeningError {
    #[error("unknown lane {lane}")]
    UnknownLane { lane: LaneId },
    #[error("unknown site {site}")]
    UnknownSite { site: SiteId },
    #[error("unknown round {round}")]
    UnknownRound { round: RoundId },
    #[error("unknown lane sheet {sheet}")]
    UnknownSheet { sheet: SheetId },
    #[error("unknown laboratory {laboratory}")]
    UnknownLaboratory { laboratory: LaboratoryId },
    #[error("unknown person {person}")]
    UnknownPerson { person: PersonId },
    #[error("unknown tube {tube}")]
    UnknownTube { tube: TubeCode },
    #[error("unknown box {code}")]
    UnknownBox { code: BoxCode },
    #[error("unknown hand-over {leg}")]
    UnknownLeg { leg: i64 },
    #[error("malformed code {code}")]
    MalformedCode { field: &'static str, code: String },
    #[error("nothing named in {field}")]
    Empty { field: &'static str },
    #[error("{count} in {field}, at most {most}")]
    TooMany { field: &'static str, count: usize, most: usize },
    #[error("text of {field} too long or empty")]
    BadText { field: &'static str, value: String, most: usize },
    #[error("{value} is not in range for {field}")]
    OutOfRange { field: &'static str, value: i64, least: i64, most: i64 },
    #[error("round {round} is not open")]
    RoundNotOpen { round: RoundId },
    #[error("round {round} was opened before")]
    RoundNotPlanned { round: RoundId },
    #[error("round {round} uses another method")]
    WrongMethod { round: RoundId },
    #[error("the window ends before it begins")]
    WindowBackwards { starts_at: Timestamp, ends_at: Timestamp },
    #[error("{until} has passed")]
    PassedEnd { until: Timestamp },
    #[error("no hour can be promised for round {round}")]
    NoForecast { round: RoundId },
    #[error("the acknowledged hour is not the forecast one")]
    ForecastNotAcknowledged { acknowledged: Option<Timestamp>, forecast: Timestamp },
    #[error("site {site} is closed")]
    SiteClosed { site: SiteId },
    #[error("tube {tube} is empty")]
    EmptyTube { tube: TubeCode },
    #[error("tube {tube} is {stage:?}")]
    WrongStage { tube: TubeCode, stage: Stage },
    #[error("nothing at this position")]
    NoSuchSwab { tube: TubeCode, position: i64 },
    #[error("the swab is known to be of {person}")]
    AlreadyIdentified { tube: TubeCode, position: i64, person: PersonId },
    #[error("giver and taker are the same")]
    SameSigner { leg: i64 },
    #[error("no result to exclude")]
    NothingToExclude { tube: TubeCode },
    #[error("not an area")]
    NotAnArea { area: AreaId },
    #[error("unknown word {value}")]
    UnknownWord { field: &'static str, value: String, known: String },
    #[error("{area} is larger than a village")]
    AreaTooLarge { area: AreaId },
    #[error("unknown plate {plate}")]
    UnknownPlate { plate: String },
    #[error("plate {plate} is void")]
    PlateVoid { plate: String },
    #[error("unknown exclusion {exclusion}")]
    UnknownExclusion { exclusion: i64 },
    #[error("both signatures of exclusion {exclusion} are the same")]
    SameExcluder { exclusion: i64 },
    #[error("no column {column}")]
    NoColumn { column: &'static str },
    #[error("the file cannot be read")]
    BadSheet { reason: outpace_core::Text },
    #[error("{value} is no page mark")]
    BadPage { value: String },
    #[error("the rows could not be read")]
    BadFile { line: u64, reason_zh: String, reason_en: String },
}

fn unknown(field: &str, value: impl std::fmt::Display, zh: &str, en: &str) -> Refusal {
    Refusal::unknown(
        &format!("unknown_{field}"),
        field,
        value,
        format!("没有这个{zh},或不在您的权限范围内;请核对编号。"),
        format!("There is no such {en}, or it lies outside your area; check the number."),
    )
}

impl From<ScreeningError> for Refusal {
    fn from(error: ScreeningError) -> Self {
        use ScreeningError as E;
        match error {
            E::UnknownLane { lane } => unknown("lane", lane, "采样通道", "lane"),
            E::UnknownSite { site } => unknown("site", site, "采样点", "site"),
            E::UnknownRound { round } => unknown("round", round, "轮次", "round"),
            E::UnknownSheet { sheet } => unknown("sheet", sheet, "通道单", "lane sheet"),
            E::UnknownLaboratory { laboratory } => unknown("laboratory", laboratory, "实验室", "laboratory"),
            E::UnknownPerson { person } => unknown("person", person, "人员", "person"),
            E::UnknownTube { tube } => unknown("tube", tube, "采样管", "tube"),
            E::UnknownBox { code } => unknown("box", code, "转运箱", "box"),
            E::UnknownLeg { leg } => unknown("leg", leg, "交接", "hand-over"),
            E::UnknownPlate { plate } => unknown("plate", plate, "孔板", "plate"),
            E::UnknownExclusion { exclusion } => unknown("exclusion", exclusion, "结果撤销申请", "exclusion"),
            error => refuse_request(error),
        }
    }
}

/// What the request itself says wrong.
fn refuse_request(error: ScreeningError) -> Refusal {
    use ScreeningError as E;
    match error {
        E::MalformedCode { field, code } => Refusal::new(
            400,
            "malformed_code",
            field,
            code,
            "条码应为 1 至 40 位字母、数字或连字符。",
            "A code has 1 to 40 letters, digits or hyphens.",
        ),
        E::Empty { field } => Refusal::rule(
            "empty",
            field,
            "",
            format!("{field} 为空,请至少填写一项。"),
            format!("{field} is empty; name at least one."),
        ),
        E::TooMany { field, count, most } => Refusal::rule(
            "too_many",
            field,
            count,
            format!("{field} 有 {count} 项,一次最多 {most} 项,请分批提交。"),
            format!("{field} has {count}, at most {most} at a time; send it in parts."),
        ),
        E::BadText { field, value, most } => Refusal::rule(
            "bad_text",
            field,
            value,
            format!("{field} 应为 1 至 {most} 个字。"),
            format!("{field} has 1 to {most} characters."),
        ),
        E::OutOfRange { field, value, least, most } => Refusal::rule(
            "out_of_range",
            field,
            value,
            format!("{field} 应在 {least} 至 {most} 之间。"),
            format!("{field} lies between {least} and {most}."),
        ),
        E::WindowBackwards { starts_at, ends_at } => Refusal::rule(
            "window_backwards",
            "ends_at",
            ends_at.0,
            format!("结束时间须晚于开始时间({})。", starts_at.0),
            format!("The end must lie after the start ({}).", starts_at.0),
        ),
        E::PassedEnd { until } => Refusal::rule(
            "passed_end",
            "until",
            until.0,
            "该时间已过,请填写将来的时间。",
            "This moment has passed; give one that lies ahead.",
        ),
        E::AreaTooLarge { area } => Refusal::rule(
            "area_too_large",
            "area",
            area,
            "按户统计只能查询村(社区)或网格。",
            "Households are shown for a village, a community or a grid.",
        ),
        E::NoColumn { column } => Refusal::rule(
            "no_column",
            column,
            "",
            "首行缺少必需的列:管码(tube)和结果(outcome)。",
            "The heading lacks a column that is needed: tube (管码) and outcome (结果).",
        ),
        E::BadSheet { reason } => Refusal::rule("bad_file", "file", "", reason.zh, reason.en),
        E::BadPage { value } => Refusal::rule(
            "bad_page",
            "after",
            value,
            "翻页标记无效,请原样使用上一页返回的 after。",
            "Not a page mark; send back `after` as the page before gave it.",
        ),
        E::NotAnArea { area } => Refusal::rule(
            "not_an_area",
            "area",
            area,
            "不是有效的区划代码(2、4、6、9、12 或 15 位)。",
            "Not an area code (2, 4, 6, 9, 12 or 15 digits).",
        ),
        E::UnknownWord { field, value, known } => Refusal::rule(
            "unknown_word",
            field,
            value,
            format!("{field} 只能是:{known}。"),
            format!("{field} is one of: {known}."),
        ),
        E::BadFile { line, reason_zh, reason_en } => {
            Refusal::rule("bad_row", "csv", format!("line {line}"), reason_zh, reason_en)
        }
        error => refuse_state(error),
    }
}

/// What the state of things forbids.
fn refuse_state(error: ScreeningError) -> Refusal {
    use ScreeningError as E;
    match error {
        E::RoundNotOpen { round } => Refusal::conflict(
            "round_not_open",
            "round",
            round,
            "该轮次尚未开启;请先查看预计最后出结果时间并开启轮次。",
            "This round was never opened; look at its forecast and open it first.",
        ),
        E::RoundNotPlanned { round } => Refusal::conflict(
            "round_not_planned",
            "round",
            round,
            "该轮次已开启或已结束,不能再次开启;如需再做一轮,请新建轮次。",
            "This round was opened or closed before; plan another one.",
        ),
        E::WrongMethod { round } => Refusal::conflict(
            "wrong_method",
            "round",
            round,
            "该轮次的检测方式不同:核酸轮次登记采样管,抗原轮次上报自测结果。",
            "The round uses the other method: tubes belong to PCR rounds, self-tests to antigen rounds.",
        ),
        E::NoForecast { round } => Refusal::rule(
            "no_forecast",
            "round",
            round,
            "没有在岗采样通道或没有可用检测能力,无法预计出结果时间;请先安排采样人员和实验室。",
            "No staffed lane or no laboratory works for it, so no hour can be promised; post samplers, set up a laboratory.",
        ),
        E::ForecastNotAcknowledged { acknowledged, forecast } => Refusal::rule(
            "forecast_not_acknowledged",
            "acknowledged_last_result_at",
            acknowledged.map_or_else(String::new, |at| at.0.to_string()),
            format!("开启前须确认预计最后出结果时间:{forecast}({})。", forecast.0),
            format!("Acknowledge the hour of the last result before opening: {forecast} ({}).", forecast.0),
        ),
        E::SiteClosed { site } => Refusal::conflict(
            "site_closed",
            "site",
            site,
            "采样点未开放,不能开放其通道;请先开放采样点。",
            "The site is closed, so none of its lanes can open; open the site first.",
        ),
        E::EmptyTube { tube } => Refusal::conflict(
            "tube_empty",
            "tube",
            tube,
            "空管不能封管;请先登记采样人员。",
            "An empty tube cannot be sealed; register its people first.",
        ),
        E::WrongStage { tube, stage } => Refusal::conflict(
            "wrong_stage",
            "tube",
            tube,
            format!("该采样管处于“{}”,不能这样操作。", stage.zh()),
            format!("The tube is {}; this cannot be done with it.", stage.word()),
        ),
        E::NoSuchSwab { tube, position } => Refusal::unknown(
            "no_such_swab",
            "position",
            position,
            format!("采样管 {tube} 没有这个序号。"),
            format!("Tube {tube} has nothing at this position."),
        ),
        E::AlreadyIdentified { tube, position, person } => Refusal::conflict(
            "already_identified",
            "position",
            position,
            format!("采样管 {tube} 该序号已登记为人员 {person};如有误,请提交冲突处理。"),
            format!(
                "Position {position} of tube {tube} is known to be person {person}; settle a mistake as a conflict."
            ),
        ),
        E::SameSigner { leg } => Refusal::rule(
            "same_signer",
            "leg",
            leg,
            "交出方与接收方须为两人(两次签字)。",
            "Giver and taker must be two: a hand-over is signed twice.",
        ),
        E::PlateVoid { plate } => Refusal::conflict(
            "plate_void",
            "plate",
            plate,
            "该孔板已作废,请换新板号重新上板。",
            "The plate is void; load the tubes onto another one.",
        ),
        E::SameExcluder { exclusion } => Refusal::rule(
            "same_signer",
            "exclusion",
            exclusion,
            "第二签字人须为另一人。",
            "The second signature must be another person's.",
        ),
        E::NothingToExclude { tube } => Refusal::conflict(
            "nothing_to_exclude",
            "tube",
            tube,
            "该采样管没有可撤销的结果。",
            "The tube has no result to exclude.",
        ),
        _ => Refusal::internal(),
    }
}

/// Passes a text of 1 to `most` characters.
///
/// # Errors
/// An empty or longer one.
pub(crate) fn said(field: &'static str, value: &str, most: usize) -> Result<(), ScreeningError> {
    if value.trim().is_empty() || value.chars().count() > most {
        return Err(ScreeningError::BadText { field, value: value.chars().take(most).collect(), most });
    }
    Ok(())
}

/// Passes a number between two others.
///
/// # Errors
/// One outside.
pub(crate) fn within(field: &'static str, value: i64, least: i64, most: i64) -> Result<(), ScreeningError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(ScreeningError::OutOfRange { field, value, least, most }) }
}

/// Passes a list that is neither empty nor too long.
///
/// # Errors
/// An empty or longer one.
pub(crate) fn some_of<T>(field: &'static str, list: &[T], most: usize) -> Result<(), ScreeningError> {
    match list.len() {
        0 => Err(ScreeningError::Empty { field }),
        count if count > most => Err(ScreeningError::TooMany { field, count, most }),
        _ => Ok(()),
    }
}
