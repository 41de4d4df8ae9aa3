//! Tables of sites, lanes and shifts, and how facts fold into them.

use outpace_core::{AreaId, LaneId, SiteId, Text, Timestamp};
use outpace_store::{Capability, Result, Row, Tx, values};

use super::facts::{HoursSet, LaneSet, LanesAdded, SamplersPosted, SiteMoved, SiteSet, SitesAdded};
use super::model::{Lane, OpenState, Site, SiteKind, SiteSpec};

/// The tables.
pub(crate) const SCHEMA: &str = "
CREATE TABLE sampling_site (
  j BIGINT NOT NULL, id BIGINT NOT NULL, key TEXT NOT NULL, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
  kind TEXT NOT NULL, area BIGINT NOT NULL, lon DOUBLE PRECISION, lat DOUBLE PRECISION, opens_minute BIGINT NOT NULL,
  closes_minute BIGINT NOT NULL, state TEXT NOT NULL, closed_at BIGINT, PRIMARY KEY (j, id));
CREATE UNIQUE INDEX sampling_site_key ON sampling_site (j, key);
CREATE TABLE sampling_lane (
  j BIGINT NOT NULL, id BIGINT NOT NULL, site BIGINT NOT NULL, number BIGINT NOT NULL, people_per_hour BIGINT NOT NULL,
  samplers BIGINT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX sampling_lane_site ON sampling_lane (j, site, number);
CREATE TABLE sampling_shift (
  j BIGINT NOT NULL, lane BIGINT NOT NULL, from_at BIGINT NOT NULL, until_at BIGINT NOT NULL, samplers BIGINT NOT NULL,
  team BIGINT, PRIMARY KEY (j, lane, from_at));
";

/// Adds tables and folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("sampling_site", "j, id")
        .table("sampling_lane", "j, id")
        .table("sampling_shift", "j, lane, from_at")
        .fold(|tx, _, fact: &SitesAdded| {
            for site in &fact.sites {
                insert_site(tx, site.site, &site.spec, site.state)?;
                insert_lanes(tx, &site.lanes)?;
            }
            Ok(())
        })
        .fold(|tx, _, fact: &LanesAdded| insert_lanes(tx, &fact.lanes))
        .fold(|tx, entry, fact: &SiteSet| {
            let j = tx.jurisdiction();
            // The last closing stays known after the site opened again: whoever came in between found it shut.
            let closed_at = (fact.state == OpenState::Closed).then_some(entry.occurred_at);
            let sql =
                "UPDATE sampling_site SET state = $3, closed_at = COALESCE($4, closed_at) WHERE j = $1 AND id = $2";
            tx.execute(sql, values![j, fact.site, fact.state, closed_at]).map(|_| ())
        })
        .fold(|tx, _, fact: &LaneSet| {
            let j = tx.jurisdiction();
            let sql = "UPDATE sampling_lane SET state = $3 WHERE j = $1 AND id = $2";
            tx.execute(sql, values![j, fact.lane, fact.state]).map(|_| ())
        })
        .fold(|tx, _, fact: &SiteMoved| {
            let j = tx.jurisdiction();
            let sql = "UPDATE sampling_site SET area = $3, lon = $4, lat = $5 WHERE j = $1 AND id = $2";
            tx.execute(sql, values![j, fact.site, fact.area, fact.lon, fact.lat]).map(|_| ())
        })
        .fold(|tx, _, fact: &HoursSet| {
            let j = tx.jurisdiction();
            let sql = "UPDATE sampling_site SET opens_minute = $3, closes_minute = $4 WHERE j = $1 AND id = $2";
            tx.execute(sql, values![j, fact.site, fact.opens_minute, fact.closes_minute]).map(|_| ())
        })
        .fold(|tx, _, fact: &SamplersPosted| {
            let j = tx.jurisdiction();
            let rows = fact.lanes.iter().map(|lane| {
                let team = fact.team.map(|team| team.0);
                [j.into(), (*lane).into(), fact.from.into(), fact.until.into(), fact.samplers.into(), team.into()]
            });
            let sql = "INSERT INTO sampling_shift (j, lane, from_at, until_at, samplers, team)
                       VALUES ($1, $2, $3, $4, $5, $6)
                       ON CONFLICT (j, lane, from_at) DO UPDATE SET until_at = excluded.until_at,
                         samplers = excluded.samplers, team = excluded.team";
            tx.insert_many::<6>(sql, rows).map(|_| ())
        })
}

fn insert_site(tx: &mut Tx<'_>, id: SiteId, spec: &SiteSpec, state: OpenState) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "INSERT INTO sampling_site
           (j, id, key, name_zh, name_en, kind, area, lon, lat, opens_minute, closes_minute, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        values![
            j,
            id,
            &spec.key,
            &spec.name.zh,
            &spec.name.en,
            spec.kind,
            spec.area,
            spec.lon,
            spec.lat,
            spec.opens_minute,
            spec.closes_minute,
            state
        ],
    )
    .map(|_| ())
}

fn insert_lanes(tx: &mut Tx<'_>, lanes: &[Lane]) -> Result<()> {
    let j = tx.jurisdiction();
    let rows = lanes.iter().map(|lane| {
        [
            j.into(),
            lane.id.into(),
            lane.site.into(),
            lane.number.into(),
            lane.people_per_hour.into(),
            lane.samplers.into(),
            lane.state.into(),
        ]
    });
    let sql = "INSERT INTO sampling_lane (j, id, site, number, people_per_hour, samplers, state)
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.insert_many::<7>(sql, rows).map(|_| ())
}

const SITE: &str = "s.id, s.key, s.name_zh, s.name_en, s.kind, s.area, s.lon, s.lat, s.opens_minute, s.closes_minute,
    s.state, (SELECT COUNT(*) FROM sampling_lane l WHERE l.j = s.j AND l.site = s.id),
    (SELECT CAST(COALESCE(SUM(l.samplers), 0) AS BIGINT) FROM sampling_lane l WHERE l.j = s.j AND l.site = s.id)";

fn read_site(row: &Row<'_>) -> Result<Site> {
    Ok(Site {
        id: row.get(0)?,
        spec: SiteSpec {
            key: row.get(1)?,
            name: Text { zh: row.get(2)?, en: row.get(3)? },
            kind: row.get::<SiteKind>(4)?,
            area: row.get(5)?,
            lon: row.get(6)?,
            lat: row.get(7)?,
            opens_minute: row.get(8)?,
            closes_minute: row.get(9)?,
        },
        state: row.get::<OpenState>(10)?,
        lanes: row.get(11)?,
        samplers: row.get(12)?,
    })
}

fn read_lane(row: &Row<'_>) -> Result<Lane> {
    Ok(Lane {
        id: row.get(0)?,
        site: row.get(1)?,
        number: row.get(2)?,
        people_per_hour: row.get(3)?,
        samplers: row.get(4)?,
        state: row.get(5)?,
    })
}

const LANE: &str = "id, site, number, people_per_hour, samplers, state";

/// A site by its id.
///
/// # Errors
/// What the engine refused.
pub fn site(tx: &mut Tx<'_>, id: SiteId) -> Result<Option<Site>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {SITE} FROM sampling_site s WHERE s.j = $1 AND s.id = $2"), values![j, id], read_site)
}

/// Sites of an area that stopped working within a span of time, by id.
///
/// # Errors
/// What the engine refused.
pub(crate) fn closed_between(tx: &mut Tx<'_>, area: AreaId, from: Timestamp, until: Timestamp) -> Result<Vec<SiteId>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        "SELECT id FROM sampling_site WHERE j = $1 AND area BETWEEN $2 AND $3 AND closed_at >= $4 AND closed_at < $5
         ORDER BY id",
        values![j, first, last, from, until],
        |row| row.get(0),
    )
}

/// A site by the jurisdiction's own key.
///
/// # Errors
/// What the engine refused.
pub fn site_by_key(tx: &mut Tx<'_>, key: &str) -> Result<Option<Site>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {SITE} FROM sampling_site s WHERE s.j = $1 AND s.key = $2"), values![j, key], read_site)
}

/// Sites that stand in an area, by id, after one.
///
/// # Errors
/// What the engine refused.
pub fn sites_in(tx: &mut Tx<'_>, area: AreaId, after: SiteId, limit: i64) -> Result<Vec<Site>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        &format!(
            "SELECT {SITE} FROM sampling_site s
             WHERE s.j = $1 AND s.id > $2 AND s.area BETWEEN $3 AND $4 ORDER BY s.id LIMIT $5"
        ),
        values![j, after, first, last, limit],
        read_site,
    )
}

/// A lane by its id.
///
/// # Errors
/// What the engine refused.
pub fn lane(tx: &mut Tx<'_>, id: LaneId) -> Result<Option<Lane>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {LANE} FROM sampling_lane WHERE j = $1 AND id = $2"), values![j, id], read_lane)
}

/// The lanes of a site, by number.
///
/// # Errors
/// What the engine refused.
pub fn lanes_of(tx: &mut Tx<'_>, site: SiteId) -> Result<Vec<Lane>> {
    let j = tx.jurisdiction();
    tx.query(
        &format!("SELECT {LANE} FROM sampling_lane WHERE j = $1 AND site = $2 ORDER BY number"),
        values![j, site],
        read_lane,
    )
}

/// People an hour over all open lanes of open sites in an area that have a sampler in a stretch of time, by site.
///
/// # Errors
/// What the engine refused.
pub fn staffed(tx: &mut Tx<'_>, area: AreaId, from: Timestamp, until: Timestamp) -> Result<Vec<(SiteId, AreaId, i64)>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        "SELECT s.id, s.area, CAST(SUM(l.people_per_hour) AS BIGINT) FROM sampling_site s
         JOIN sampling_lane l ON l.j = s.j AND l.site = s.id
         WHERE s.j = $1 AND s.area BETWEEN $2 AND $3 AND s.state = 'open' AND l.state = 'open'
           AND (l.samplers > 0 OR EXISTS (SELECT 1 FROM sampling_shift h WHERE h.j = l.j AND h.lane = l.id
                AND h.samplers > 0 AND h.from_at < $5 AND h.until_at > $4))
         GROUP BY s.id, s.area ORDER BY s.id",
        values![j, first, last, from, until],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Every site and every lane, for memory at start.
pub(crate) fn every(tx: &mut Tx<'_>) -> Result<(Vec<Site>, Vec<Lane>)> {
    let j = tx.jurisdiction();
    let sites = tx.query(&format!("SELECT {SITE} FROM sampling_site s WHERE s.j = $1"), values![j], read_site)?;
    let lanes = tx.query(&format!("SELECT {LANE} FROM sampling_lane WHERE j = $1"), values![j], read_lane)?;
    Ok((sites, lanes))
}
