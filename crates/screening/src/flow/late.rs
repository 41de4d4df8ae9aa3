//! Tubes that are late against a deadline of the pack. Waves tell at once whether there are any; what is late stands in a
//! small table of its own, by where it should be looked for, so that nobody ever scans tubes to find the late ones.

use outpace_core::{AreaId, RoundId, Timestamp, TubeCode};
use outpace_store::{Capability, Entry, Fact, Result, Tx, values};
use serde::{Deserialize, Serialize};

use super::tally::round_key;
use crate::tubes::store::{TUBE, TubeRow, read_row};
use crate::tubes::{Stage, Tube};
use crate::words::words;

/// Tubes named in one fact at most.
pub(crate) const NAMED_MAX: i64 = 200;
/// Tubes of one quarter-hour that are noted in one go; the next minute goes on.
const NOTED_MAX: i64 = 20_000;

/// The table of what was found late.
pub(crate) const SCHEMA: &str = "
CREATE TABLE tube_late (
  j BIGINT NOT NULL, round BIGINT NOT NULL, wave BIGINT NOT NULL, kind TEXT NOT NULL, tubes BIGINT NOT NULL,
  found_at BIGINT NOT NULL, PRIMARY KEY (j, round, wave, kind)) WITHOUT ROWID;
";

/// The late tubes one by one, by the area in which each was last signed and by the order that chases it.
pub(crate) const OVERDUE: &str = "
ALTER TABLE tube_late ADD COLUMN last_tube BIGINT NOT NULL DEFAULT 0;
CREATE TABLE tube_overdue (
  j BIGINT NOT NULL, round BIGINT NOT NULL, wave BIGINT NOT NULL, kind TEXT NOT NULL, tube BIGINT NOT NULL,
  due_at BIGINT NOT NULL, area BIGINT NOT NULL, chase TEXT NOT NULL, PRIMARY KEY (j, round, wave, kind, tube))
  WITHOUT ROWID;
CREATE INDEX tube_overdue_due ON tube_overdue (j, due_at, tube, kind);
CREATE INDEX tube_overdue_area ON tube_overdue (j, area, due_at);
CREATE INDEX tube_overdue_chase ON tube_overdue (j, chase);
";

words! {
    /// Which deadline passed.
    pub enum LateKind {
        /// Too long at ambient temperature, not yet at a laboratory.
        Ambient = "ambient" / "常温超时",
        /// Not at a laboratory in time.
        Laboratory = "laboratory" / "送达超时",
        /// No result by the promised hour.
        Result = "result" / "出结果超时",
    }
}

impl LateKind {
    /// In words, for orders.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Ambient => "too long at ambient temperature",
            Self::Laboratory => "not at the laboratory in time",
            Self::Result => "no result by the promised hour",
        }
    }

    /// The deadline of a tube.
    #[must_use]
    pub fn due_at(self, tube: &Tube) -> Timestamp {
        match self {
            Self::Ambient => tube.ambient_due_at,
            Self::Laboratory => tube.laboratory_due_at,
            Self::Result => tube.result_due_at,
        }
    }
}

/// A late tube as a fact holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateOne {
    /// Its number.
    pub tube: i64,
    /// When it was due.
    pub due_at: Timestamp,
}

/// Late tubes that were last signed at the same place, and are chased by one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chased {
    /// The key of the order.
    pub chase: String,
    /// Where they were last signed.
    pub area: AreaId,
    /// The tubes.
    pub tubes: Vec<LateOne>,
}

/// Tubes of one quarter-hour were found late against a deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TubesLate {
    /// The round; absent outside any.
    pub round: Option<RoundId>,
    /// The quarter-hour of their sampling.
    pub wave: i64,
    /// Which deadline.
    pub kind: LateKind,
    /// How many.
    pub tubes: i64,
    /// The first of them.
    pub named: Vec<TubeCode>,
    /// All of them, by the order that chases them.
    #[serde(default)]
    pub chased: Vec<Chased>,
    /// The newest tube of the quarter-hour that was looked at: one that joins later is looked at again.
    #[serde(default)]
    pub last_tube: i64,
}

impl Fact for TubesLate {
    const KIND: &'static str = "screening.tubes_late";
}

/// Late tubes turned up: they arrived, have a result, or were declared lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateTubesFound {
    /// The round; absent outside any.
    pub round: Option<RoundId>,
    /// The quarter-hour of their sampling.
    pub wave: i64,
    /// Which deadline they were late against.
    pub kind: LateKind,
    /// Their numbers.
    pub tubes: Vec<i64>,
}

impl Fact for LateTubesFound {
    const KIND: &'static str = "screening.late_tubes_found";
}

/// Adds the tables and their folds.
pub(crate) fn join(capability: Capability) -> Capability {
    capability
        .table("tube_late", "j, round, wave, kind")
        .table("tube_overdue", "j, round, wave, kind, tube")
        .fold(fold_late)
        .fold(fold_found)
}

fn fold_late(tx: &mut Tx<'_>, entry: &Entry, fact: &TubesLate) -> Result<()> {
    let (j, round) = (tx.jurisdiction(), round_key(fact.round));
    let mut listed = 0_i64;
    for chased in &fact.chased {
        for one in &chased.tubes {
            tx.execute(
                "INSERT INTO tube_overdue (j, round, wave, kind, tube, due_at, area, chase)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                values![j, round, fact.wave, fact.kind, one.tube, one.due_at, chased.area, &chased.chase],
            )?;
            listed += 1;
        }
    }
    tx.execute(
        "INSERT INTO tube_late (j, round, wave, kind, tubes, found_at, last_tube) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (j, round, wave, kind) DO UPDATE
           SET tubes = tube_late.tubes + excluded.tubes, last_tube = excluded.last_tube",
        values![j, round, fact.wave, fact.kind, listed, entry.recorded_at, fact.last_tube],
    )
    .map(|_| ())
}

fn fold_found(tx: &mut Tx<'_>, _: &Entry, fact: &LateTubesFound) -> Result<()> {
    let (j, round) = (tx.jurisdiction(), round_key(fact.round));
    for tube in &fact.tubes {
        tx.execute(
            "DELETE FROM tube_overdue WHERE j = $1 AND round = $2 AND wave = $3 AND kind = $4 AND tube = $5",
            values![j, round, fact.wave, fact.kind, *tube],
        )?;
    }
    tx.execute(
        "UPDATE tube_late SET tubes = tubes - $5 WHERE j = $1 AND round = $2 AND wave = $3 AND kind = $4",
        values![j, round, fact.wave, fact.kind, fact.tubes.len() as i64],
    )
    .map(|_| ())
}

/// A wave whose deadline passed and in which something changed since it was last looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LateWave {
    pub(crate) round: RoundId,
    pub(crate) wave: i64,
    pub(crate) kind: LateKind,
    /// Tubes that wait, and so are late.
    pub(crate) waits: i64,
    pub(crate) first_tube: i64,
    pub(crate) last_tube: i64,
    /// Tubes that stand in the table of late ones.
    pub(crate) listed: i64,
    /// The newest tube when it was last looked at.
    pub(crate) seen_tube: i64,
}

/// Waves in which the late tubes are not those that are listed. A wave's deadline is that of its last tube: by then all
/// that wait are late, and their number in the tally says whether any must be looked for.
pub(crate) fn changed_waves(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<LateWave>> {
    let j = tx.jurisdiction();
    let mut found = Vec::new();
    for (kind, waits, due) in [
        (LateKind::Ambient, "not_received", "ambient_due_at"),
        (LateKind::Laboratory, "not_received", "laboratory_due_at"),
        (LateKind::Result, "not_resulted", "result_due_at"),
    ] {
        let sql = format!(
            "SELECT w.round, w.wave, w.{waits}, w.first_tube, w.last_tube, COALESCE(l.tubes, 0),
               COALESCE(l.last_tube, 0)
             FROM tube_wave w
             LEFT JOIN tube_late l ON l.j = w.j AND l.round = w.round AND l.wave = w.wave AND l.kind = $3
             WHERE w.j = $1 AND w.{due} < $2 AND (w.{waits} <> COALESCE(l.tubes, 0)
               OR (w.{waits} > 0 AND w.last_tube <> COALESCE(l.last_tube, 0)))
             ORDER BY w.round, w.wave"
        );
        found.extend(tx.query(&sql, values![j, now, kind], |row| {
            Ok(LateWave {
                round: row.get(0)?,
                wave: row.get(1)?,
                kind,
                waits: row.get(2)?,
                first_tube: row.get(3)?,
                last_tube: row.get(4)?,
                listed: row.get(5)?,
                seen_tube: row.get(6)?,
            })
        })?);
    }
    Ok(found)
}

/// Whether a tube is late against a deadline at a moment. Pure.
#[must_use]
pub(crate) fn is_late(tube: &Tube, kind: LateKind, now: Timestamp) -> bool {
    let arrived = tube.stage.is_received() || tube.stage == Stage::Lost;
    let waits = match kind {
        LateKind::Ambient | LateKind::Laboratory => !arrived,
        LateKind::Result => !tube.stage.is_final(),
    };
    waits && kind.due_at(tube) < now
}

/// Late tubes of a wave that are not listed yet, by number. The tally says how many there can be, so that the walk along
/// the wave's numbers ends with the last of them.
pub(crate) fn unlisted(tx: &mut Tx<'_>, wave: LateWave, now: Timestamp) -> Result<Vec<TubeRow>> {
    let j = tx.jurisdiction();
    let awaited = match wave.kind {
        LateKind::Ambient | LateKind::Laboratory => "'open', 'sealed', 'boxed', 'travelling'",
        LateKind::Result => "'open', 'sealed', 'boxed', 'travelling', 'received'",
    };
    let rows = tx.query(
        &format!(
            "SELECT {TUBE} FROM tube t WHERE t.j = $1 AND t.number BETWEEN $2 AND $3 AND t.round = $4 AND t.wave = $5
               AND t.stage IN ({awaited}) AND NOT EXISTS (SELECT 1 FROM tube_overdue o
                 WHERE o.j = t.j AND o.round = t.round AND o.wave = t.wave AND o.kind = $6 AND o.tube = t.number)
             ORDER BY t.number LIMIT $7"
        ),
        values![j, wave.first_tube, wave.last_tube, wave.round, wave.wave, wave.kind, wave.waits.min(NOTED_MAX)],
        read_row,
    )?;
    Ok(rows.into_iter().filter(|row| is_late(&row.tube, wave.kind, now)).collect())
}

/// A listed tube that is not late any more.
pub(crate) struct Found {
    pub(crate) tube: i64,
    pub(crate) chase: String,
    pub(crate) lost: bool,
}

/// Listed tubes of a wave that turned up.
pub(crate) fn turned_up(tx: &mut Tx<'_>, wave: LateWave, now: Timestamp) -> Result<Vec<Found>> {
    let j = tx.jurisdiction();
    let mut found = Vec::new();
    tx.each(
        &format!(
            "SELECT {TUBE}, o.chase FROM tube_overdue o JOIN tube t ON t.j = o.j AND t.number = o.tube
             WHERE o.j = $1 AND o.round = $2 AND o.wave = $3 AND o.kind = $4"
        ),
        values![j, wave.round, wave.wave, wave.kind],
        |row| {
            let known = read_row(row)?;
            // One whose registration came after it was found belongs to another round and wave now.
            let moved = known.wave != wave.wave || known.round() != wave.round;
            if moved || !is_late(&known.tube, wave.kind, now) {
                let lost = known.tube.stage == Stage::Lost;
                found.push(Found { tube: known.tube.number, chase: row.get(25)?, lost });
            }
            Ok(())
        },
    )?;
    Ok(found)
}

/// The order that chases late tubes of one place and kind, if there is one: `prefix` is its key up to the last colon.
pub(crate) fn chase_of(tx: &mut Tx<'_>, prefix: &str) -> Result<Option<String>> {
    let j = tx.jurisdiction();
    let (from, to) = (format!("{prefix}:"), format!("{prefix};"));
    tx.first(
        "SELECT chase FROM tube_overdue WHERE j = $1 AND chase >= $2 AND chase < $3 ORDER BY chase DESC LIMIT 1",
        values![j, &from, &to],
        |row| row.get(0),
    )
}

/// Late tubes that an order still chases.
pub(crate) fn chased_by(tx: &mut Tx<'_>, chase: &str) -> Result<i64> {
    let j = tx.jurisdiction();
    tx.number("SELECT COUNT(*) FROM tube_overdue WHERE j = $1 AND chase = $2", values![j, chase])
}
