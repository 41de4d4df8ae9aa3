//! Where people are sampled: how many sites and lanes by the screening guide, set up through the API, each site with
//! whoever packs and gives its boxes and each lane with its device.

use std::collections::BTreeMap;

use outpace_core::{AreaId, Role};
use serde_json::{Value, json};

use super::flow::Post;
use crate::client::{Api, CallError, Staff, list, side_by_side};
use crate::population::Population;
use crate::staff::posted;

/// Residents of one site at the most (screening guide, 3rd edition: one for 2,000 to 3,000).
const PEOPLE_PER_SITE_MAX: usize = 3_000;
/// Hours of sampling that a lane is planned with: the six of the round less the ends.
const LANE_HOURS: f64 = 5.75;
/// Minute of the day at which the sites of the round open, and close on the next day.
const OPENS_MINUTE: i64 = 12 * 60;
const CLOSES_MINUTE: i64 = 2 * 60;

/// Who a site is for, in the words of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SiteKind {
    /// People without fever and with a green status.
    Ordinary,
    /// People with fever or an abnormal status.
    Abnormal,
}

/// A site to be set up.
#[derive(Debug, Clone, PartialEq)]
pub struct SitePlan {
    /// Its key.
    pub key: String,
    /// The village or township that it serves.
    pub serves: AreaId,
    /// Who it is for.
    pub kind: SiteKind,
    /// The grid that it stands in.
    pub grid: AreaId,
    /// Its name in both languages.
    pub name: (String, String),
    /// Longitude and latitude.
    pub at: (f64, f64),
    /// Lanes.
    pub lanes: usize,
}

/// A site that stands, with its people.
#[derive(Debug, Clone)]
pub struct Site {
    /// What was planned.
    pub plan: SitePlan,
    /// Who packs and gives its boxes.
    pub post: Post,
    /// Its lanes: id and device.
    pub lanes: Vec<(i64, Staff)>,
}

/// Plans the sites of the round: for each village enough for its people, and one in each township for people with fever
/// or an abnormal status.
#[must_use]
pub fn plan_round_sites(county: &Population, villages: &[AreaId], lane_people_per_hour: i64) -> Vec<SitePlan> {
    let per_lane = (f64::from(i32::try_from(lane_people_per_hour).unwrap_or(120)) * LANE_HOURS).max(1.0);
    let mut sites = Vec::new();
    let mut townships: BTreeMap<AreaId, AreaId> = BTreeMap::new();
    for village in county.villages.iter().filter(|village| villages.contains(&village.area)) {
        townships.entry(village.township()).or_insert(village.area);
        let present = county.people_in(village.area).filter(|one| county.person(*one).is_present()).count();
        let count = (village.residents as usize).div_ceil(PEOPLE_PER_SITE_MAX).max(1);
        let lanes = lanes_for(present, per_lane);
        let grids: Vec<_> = county.grids.iter().filter(|grid| grid.parent == village.area).collect();
        for number in 0..count {
            let Some(grid) = grids.get(number * grids.len() / count) else { continue };
            let share = lanes / count + usize::from(number < lanes % count);
            sites.push(SitePlan {
                key: format!("site-{}-{}", village.area, number + 1),
                serves: village.area,
                kind: SiteKind::Ordinary,
                grid: grid.area,
                name: (
                    format!("{}{}号采样点", village.plain_name(), number + 1),
                    format!("Site {} of {}, {}", number + 1, village.english, village.township_english),
                ),
                at: (grid.lon, grid.lat),
                lanes: share.max(1),
            });
        }
    }
    sites.extend(townships.into_iter().filter_map(|(township, village)| abnormal_site(county, township, village)));
    sites
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lanes of a village fit")]
fn lanes_for(people: usize, per_lane: f64) -> usize {
    let people = f64::from(u32::try_from(people).unwrap_or(u32::MAX));
    (people / per_lane).ceil().max(1.0) as usize
}

fn abnormal_site(county: &Population, township: AreaId, village: AreaId) -> Option<SitePlan> {
    let grid = county.grids.iter().find(|grid| grid.parent == village)?;
    let found = county.villages.iter().find(|one| one.area == village)?;
    Some(SitePlan {
        key: format!("site-{township}-fever"),
        serves: township,
        kind: SiteKind::Abnormal,
        grid: grid.area,
        name: (
            format!("{}发热及异常状态采样点", found.township_name),
            format!("Site for fever and abnormal status, {}", found.township_english),
        ),
        at: (grid.lon + 0.004, grid.lat + 0.003),
        lanes: 1,
    })
}

/// Sets sites up with their lanes, and gives each its devices.
///
/// # Errors
/// What the system refused.
pub async fn set_up(
    api: &Api,
    administrator: &Staff,
    plans: Vec<SitePlan>,
    lane_people_per_hour: i64,
    hours: Option<(i64, i64)>,
) -> Result<Vec<Site>, CallError> {
    const IMPORT: &str = "/api/screening/sites/import";
    let (opens, closes) = hours.unwrap_or((OPENS_MINUTE, CLOSES_MINUTE));
    let rows: Vec<Value> = plans
        .iter()
        .map(|plan| {
            let kind = if plan.kind == SiteKind::Abnormal { "abnormal" } else { "ordinary" };
            json!({
                "key": plan.key, "name": { "zh": plan.name.0, "en": plan.name.1 }, "area": plan.grid, "kind": kind,
                "lon": plan.at.0, "lat": plan.at.1, "lanes": plan.lanes, "samplers": 1,
                "people_per_hour": lane_people_per_hour, "opens_minute": opens, "closes_minute": closes, "open": true,
            })
        })
        .collect();
    let imported: Value = administrator.post(IMPORT, &json!({ "sites": rows })).await?;
    let standing = plans.into_iter().map(|plan| {
        let id = imported.pointer("/sites").and_then(|sites| sites.get(&plan.key)?.as_i64());
        let (api, administrator) = (api.clone(), administrator.clone());
        async move {
            let site = id.ok_or_else(|| CallError::Lacks { path: IMPORT.to_owned(), field: plan.key.clone() })?;
            staffed(api, administrator, plan, site).await
        }
    });
    side_by_side(standing.collect::<Vec<_>>()).await
}

async fn staffed(api: Api, administrator: Staff, plan: SitePlan, site: i64) -> Result<Site, CallError> {
    let shown: Value = administrator.get("/api/screening/lanes", &[("site", site.to_string())]).await?;
    let ids: Vec<i64> = list(&shown, "/lanes").iter().filter_map(|lane| lane.get("id")?.as_i64()).collect();
    let area = plan.grid.at(outpace_core::AreaLevel::Township).unwrap_or(plan.grid);
    let name = format!("{} boxes", plan.key);
    let post = Some(("site", site));
    // Nobody of the drill manages a site: it is set up whole, and what is done there beside the lanes is done with boxes.
    let staff = posted(api.clone(), administrator.clone(), name, Role::Courier, area, post).await?;
    let mut lanes = Vec::new();
    for (number, id) in (1..).zip(ids) {
        let name = format!("{} lane {number}", plan.key);
        let post = Some(("lane", id));
        lanes.push((id, posted(api.clone(), administrator.clone(), name, Role::Sampler, area, post).await?));
    }
    Ok(Site { plan, post: Post { site, staff }, lanes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attendance;
    use crate::population;
    use crate::scenario::Scenario;

    #[test]
    fn the_sites_of_the_round_keep_to_the_guide() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../drills/qingxu-2022");
        let scenario = Scenario::load(std::path::Path::new(folder)).unwrap();
        let county = population::generate(scenario.seed, &scenario.read_areas().unwrap());
        let villages: Vec<AreaId> = attendance::east_villages(&county).collect();
        let sites = plan_round_sites(&county, &villages, scenario.rates.lane_people_per_hour);
        for village in &villages {
            let serving = sites.iter().filter(|site| site.serves == *village);
            let residents = county.people_in(*village).count();
            assert!(serving.count() * PEOPLE_PER_SITE_MAX >= residents);
        }
        let lanes: usize = sites.iter().map(|site| site.lanes).sum();
        assert!(i64::try_from(lanes).unwrap() <= scenario.amount("samplers"), "{lanes} lanes");
        assert!(sites.iter().any(|site| site.kind == SiteKind::Abnormal));
    }
}
