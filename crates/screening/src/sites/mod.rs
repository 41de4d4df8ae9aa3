//! Sampling sites: set up by hand or from a file, opened, closed, moved with notice, staffed by shifts.

mod facts;
mod import;
mod model;
mod store;
mod verbs;

pub use facts::{HoursSet, LaneSet, LanesAdded, NewSite, SamplersPosted, SiteMoved, SiteSet, SitesAdded};
pub use import::{
    CSV_COLUMNS, ImportSites, ImportSitesCsv, SiteRow, SitesImported, import_sites, import_sites_csv, parse_sites_csv,
};
pub use model::{LANES_MAX, Lane, OpenState, Shift, Site, SiteKind, SiteSpec};
pub(crate) use store::{SCHEMA, closed_between, every, join};
pub use store::{lane, lanes_of, site, site_by_key, sites_in, staffed};
pub use verbs::{
    AddLanes, LaneIds, MoveSite, Post, SetHours, SetLane, SetSite, add_lanes, move_site, post_samplers, set_hours,
    set_lane, set_site,
};

use outpace_access::{Call, Routes};
use outpace_core::{AreaId, Permission, Refusal, SiteId};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::ScreeningError;
use crate::page_limit;

/// Which sites to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct SitesQuery {
    /// Only in this area; absent: the actor's own.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// After this site.
    #[serde(default)]
    pub after: Option<SiteId>,
    /// At most so many.
    #[serde(default)]
    pub limit: Option<i64>,
}

/// Sites, by id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SitesAnswer {
    /// The sites.
    pub sites: Vec<Site>,
}

/// Which site's lanes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LanesQuery {
    /// The site.
    pub site: SiteId,
}

/// A site with its lanes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LanesAnswer {
    /// The site.
    pub site: Site,
    /// Its lanes, by number.
    pub lanes: Vec<Lane>,
}

/// Lists sites.
///
/// # Errors
/// An area outside the actor's own.
pub fn list_sites(tx: &mut Tx<'_>, call: &Call, query: SitesQuery) -> Result<SitesAnswer, Refusal> {
    let area = query.area.unwrap_or(call.actor.area);
    call.covers(area)?;
    let after = query.after.unwrap_or(SiteId(0));
    Ok(SitesAnswer { sites: sites_in(tx, area, after, page_limit(query.limit))? })
}

/// Lists the lanes of a site.
///
/// # Errors
/// An unknown site, or one outside the actor's area.
pub fn list_lanes(tx: &mut Tx<'_>, call: &Call, query: LanesQuery) -> Result<LanesAnswer, Refusal> {
    let site = site(tx, query.site)?
        .filter(|site| call.sees(site.spec.area))
        .ok_or(ScreeningError::UnknownSite { site: query.site })?;
    Ok(LanesAnswer { lanes: lanes_of(tx, site.id)?, site })
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let manage = Permission::ScreeningManage;
    Routes::new()
        .query("/api/screening/sites", Permission::ScreeningRead.by_area(), "List sampling sites", list_sites)
        .query("/api/screening/lanes", Permission::ScreeningRead.by_area(), "A site with its lanes", list_lanes)
        .command("/api/screening/sites/import", manage.by_area(), "Set up sites with their lanes", import_sites)
        .command(
            "/api/screening/sites/import-csv",
            manage.by_area(),
            "Set up sites from a CSV text; bad rows are reported, good rows go in",
            import::import_sites_csv,
        )
        .command("/api/screening/sites/set", manage.by_area(), "Open or close a site", set_site)
        .command("/api/screening/sites/hours", manage.by_area(), "Set a site's opening hours", set_hours)
        .command("/api/screening/sites/move", manage.by_area(), "Move a site, with public notice", move_site)
        .command("/api/screening/lanes/add", manage.by_area(), "Add lanes to a site", add_lanes)
        .command("/api/screening/lanes/set", manage.by_area(), "Open or close a lane", set_lane)
        .command("/api/screening/samplers", manage.by_area(), "Post samplers to lanes for a shift", post_samplers)
}
