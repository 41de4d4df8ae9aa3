//! Printed sheets for posts "until it is back" (停机应急单): blank numbered lines for a lane, a gate, a site or a ward, with what
//! to do and a serial that names the post and the day. `outpace export sheets` writes all of them, every evening by a timer.

mod page;

use outpace_access::{Call, Document, Routes};
use outpace_core::{AreaId, FacilityId, LaneId, Permission, PlaceId, Refusal, SiteId, Text};
use outpace_isolation::facilities::{facilities, facility};
use outpace_orders::briefing::Language;
use outpace_screening::sites;
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Lines of a sheet where nothing is said: two pages of A4.
const LINES: i64 = 40;
/// Lines of a sheet at most.
const LINES_MAX: i64 = 400;
/// Sites that are read at once.
const SITES_AT_ONCE: i64 = 500;

/// What kind of post a sheet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SheetKind)]
pub enum Kind {
    /// A sampling lane, by its id.
    Lane,
    /// A gate: a place, by its id.
    Gate,
    /// A sampling site, by its id.
    Site,
    /// A quarantine site or a ward: a facility, by its id.
    Ward,
}

impl Kind {
    const fn letter(self) -> char {
        match self {
            Self::Lane => 'L',
            Self::Gate => 'G',
            Self::Site => 'S',
            Self::Ward => 'W',
        }
    }
}

/// Which sheet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SheetQuery {
    /// For what kind of post.
    pub post: Kind,
    /// The post's id.
    #[schema(value_type = outpace_core::bounds::Serial)]
    pub number: i64,
    /// Blank lines, 1 to 400; 40 where nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<outpace_core::bounds::Count>)]
    pub lines: Option<i64>,
    /// `zh` or `en`; Chinese where nothing is said.
    #[serde(default = "chinese")]
    pub language: Language,
}

fn chinese() -> Language {
    Language::Zh
}

/// The route of the sheets.
#[must_use]
pub fn routes() -> Routes {
    Routes::new().document(
        "/api/sheets/print",
        Permission::OrdersRead.by_area(),
        "A blank sheet for a post, to be used on paper until the system is back",
        print,
    )
}

fn print(tx: &mut Tx<'_>, call: &Call, query: SheetQuery) -> Result<Document, Refusal> {
    let lines = query.lines.unwrap_or(LINES);
    if !(1..=LINES_MAX).contains(&lines) {
        return Err(Refusal::rule(
            "sheet_lines",
            "lines",
            lines,
            format!("行数须为 1 到 {LINES_MAX}。"),
            format!("A sheet has 1 to {LINES_MAX} lines."),
        ));
    }
    let found = post(tx, query.post, query.number)?.filter(|(area, _)| call.sees(*area));
    let (_, name) = found.ok_or_else(|| unknown(query.number))?;
    Ok(Document {
        media: "text/html; charset=utf-8",
        text: sheet(call, (query.post, query.number), name, lines, query.language),
    })
}

fn unknown(number: i64) -> Refusal {
    Refusal::unknown(
        "post_unknown",
        "number",
        number,
        format!("没有编号为 {number} 的岗位,或不在您的区域内。"),
        format!("There is no such post with the number {number}, or it lies outside your area."),
    )
}

/// Where a post stands and what it is called; none where there is none.
fn post(tx: &mut Tx<'_>, kind: Kind, number: i64) -> Result<Option<(AreaId, Text)>, Refusal> {
    Ok(match kind {
        Kind::Lane => match sites::lane(tx, LaneId(number))? {
            Some(lane) => {
                sites::site(tx, lane.site)?.map(|site| (site.spec.area, lane_name(&site.spec.name, lane.number)))
            }
            None => None,
        },
        Kind::Gate => outpace_registry::place(tx, PlaceId(number))?
            .map(|place| (place.area, Text::new(place.name, place.name_en))),
        Kind::Site => sites::site(tx, SiteId(number))?.map(|site| (site.spec.area, site.spec.name)),
        Kind::Ward => facility(tx, FacilityId(number))?.map(|facility| (facility.area, facility.name)),
    })
}

fn lane_name(site: &Text, number: i64) -> Text {
    Text::new(format!("{} {number} 号通道", site.zh), format!("{}, lane {number}", site.en))
}

/// `L17-2022-04-13`: kind, id and local day. A second copy of a day bears the same serial and is numbered by hand.
fn serial(kind: Kind, number: i64, day: &str) -> String {
    format!("{}{number}-{day}", kind.letter())
}

fn sheet(call: &Call, (kind, number): (Kind, i64), name: Text, lines: i64, language: Language) -> String {
    let local = call.now.local(call.offset_minutes());
    let day = local.split(' ').next().unwrap_or_default().to_owned();
    let head = page::Head { kind, name, serial: serial(kind, number, &day), day, drill: call.drill };
    page::html(&head, lines, language)
}

/// A sheet as a file: its name and its page.
pub struct SheetFile {
    /// `L17-2022-04-13.html`.
    pub name: String,
    /// The page.
    pub html: String,
}

/// The sheets of every lane, site and facility, and of the gates that are named.
///
/// # Errors
/// 404 for a gate that is no place; what the store refused.
pub fn all(tx: &mut Tx<'_>, call: &Call, gates: &[PlaceId], language: Language) -> Result<Vec<SheetFile>, Refusal> {
    let mut posts: Vec<(Kind, i64, Text)> = Vec::new();
    let (whole, mut after) = (AreaId(tx.jurisdiction()), SiteId(0));
    loop {
        let page = sites::sites_in(tx, whole, after, SITES_AT_ONCE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for site in page {
            for lane in sites::lanes_of(tx, site.id)? {
                posts.push((Kind::Lane, lane.id.0, lane_name(&site.spec.name, lane.number)));
            }
            posts.push((Kind::Site, site.id.0, site.spec.name));
        }
    }
    posts.extend(facilities(tx)?.into_iter().map(|facility| (Kind::Ward, facility.id.0, facility.name)));
    for gate in gates {
        let (_, name) = post(tx, Kind::Gate, gate.0)?.ok_or_else(|| unknown(gate.0))?;
        posts.push((Kind::Gate, gate.0, name));
    }
    let local = call.now.local(call.offset_minutes());
    let day = local.split(' ').next().unwrap_or_default();
    let made = posts.into_iter().map(|(kind, number, name)| SheetFile {
        name: format!("{}.html", serial(kind, number, day)),
        html: sheet(call, (kind, number), name, LINES, language),
    });
    Ok(made.collect())
}
