//! Tables of cases, their reports and chains.

use outpace_access::Call;
use outpace_core::{AreaId, CaseId, PersonId, Seq, Timestamp};
use outpace_policy::CaseClass;
use outpace_store::{Capability, Entry, Result, Row, Tx, Value, values};

use super::facts::{CaseDatesSet, CaseExcluded, CaseOpened, CaseReported, CaseStageChanged, LinkRecorded};
use super::model::{Case, CaseReport, ChainLink, Stage};
use crate::{closed, visits};

/// The receiver of the profile's chain whose report is the network report.
pub(crate) const NETWORK: &str = "network";

pub(crate) const SCHEMA: &str = "
CREATE TABLE infection (
  j BIGINT NOT NULL, id BIGINT NOT NULL, person BIGINT NOT NULL, area BIGINT NOT NULL, class TEXT NOT NULL,
  stage TEXT NOT NULL, active BIGINT NOT NULL, severity TEXT, found_how TEXT NOT NULL, found_at BIGINT NOT NULL,
  onset_at BIGINT, sampled_at BIGINT, last_negative_at BIGINT, infectious_from BIGINT NOT NULL, isolated_at BIGINT,
  tube TEXT, report_due_at BIGINT NOT NULL, reported_at BIGINT, investigation_due_at BIGINT NOT NULL,
  excluded_because TEXT, opened_seq BIGINT NOT NULL, changed_seq BIGINT NOT NULL, PRIMARY KEY (j, id));
CREATE INDEX infection_person ON infection (j, person);
CREATE INDEX infection_area ON infection (j, area, id);
CREATE INDEX infection_active ON infection (j, id) WHERE active = 1;
CREATE TABLE case_report (
  j BIGINT NOT NULL, infection BIGINT NOT NULL, receiver TEXT NOT NULL, due_at BIGINT NOT NULL, reported_at BIGINT,
  reference TEXT, PRIMARY KEY (j, infection, receiver));
CREATE TABLE chain_link (
  j BIGINT NOT NULL, infectee BIGINT NOT NULL, infector BIGINT NOT NULL, grounds TEXT NOT NULL, seq BIGINT NOT NULL,
  flagged BIGINT NOT NULL, PRIMARY KEY (j, infectee, infector));
CREATE INDEX chain_link_infector ON chain_link (j, infector);
";

const CASE: &str = "id, person, area, class, stage, severity, found_how, found_at, onset_at, sampled_at,
    last_negative_at, infectious_from, isolated_at, tube, report_due_at, reported_at, investigation_due_at,
    excluded_because, opened_seq, changed_seq";

pub(crate) fn fold(capability: Capability) -> Capability {
    capability
        .table("infection", "j, id")
        .table("case_report", "j, infection, receiver")
        .table("chain_link", "j, infectee, infector")
        .fold(open)
        .fold(|tx, entry, fact: &CaseStageChanged| {
            let j = tx.jurisdiction();
            let severity = fact.severity.map(|severity| severity.word());
            tx.execute(
                "UPDATE infection SET severity = COALESCE($3, severity) WHERE j = $1 AND id = $2",
                values![j, fact.case, severity],
            )?;
            set_stage(tx, entry, fact.case, fact.to)
        })
        .fold(|tx, entry, fact: &CaseExcluded| {
            let j = tx.jurisdiction();
            tx.execute(
                "UPDATE infection SET excluded_because = $3 WHERE j = $1 AND id = $2",
                values![j, fact.case, &fact.reason],
            )?;
            set_stage(tx, entry, fact.case, Stage::Excluded)
        })
        .fold(|tx, entry, fact: &CaseDatesSet| {
            let (j, dates) = (tx.jurisdiction(), fact.dates);
            tx.execute(
                "UPDATE infection SET onset_at = $3, sampled_at = $4, last_negative_at = $5, isolated_at = $6,
                   infectious_from = $7, changed_seq = $8 WHERE j = $1 AND id = $2",
                values![
                    j,
                    fact.case,
                    dates.onset_at,
                    dates.sampled_at,
                    dates.last_negative_at,
                    dates.isolated_at,
                    fact.infectious_from,
                    entry.seq
                ],
            )
            .map(|_| ())
        })
        .fold(report)
        .fold(|tx, entry, fact: &LinkRecorded| {
            let j = tx.jurisdiction();
            tx.execute(
                "INSERT INTO chain_link (j, infectee, infector, grounds, seq, flagged) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (j, infectee, infector) DO UPDATE SET grounds = excluded.grounds, seq = excluded.seq",
                values![j, fact.infectee, fact.infector, &fact.grounds, entry.seq, fact.flagged],
            )
            .map(|_| ())
        })
}

fn open(tx: &mut Tx<'_>, entry: &Entry, fact: &CaseOpened) -> Result<()> {
    let (j, dates) = (tx.jurisdiction(), fact.dates);
    let class = fact.stage.class().unwrap_or(CaseClass::Suspected);
    tx.execute(
        "INSERT INTO infection (j, id, person, area, class, stage, active, found_how, found_at, onset_at, sampled_at,
           last_negative_at, infectious_from, isolated_at, tube, report_due_at, investigation_due_at, opened_seq,
           changed_seq)
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)",
        values![
            j,
            fact.case,
            fact.person,
            fact.area,
            class.key(),
            fact.stage,
            fact.found_how,
            fact.found_at,
            dates.onset_at,
            dates.sampled_at,
            dates.last_negative_at,
            fact.infectious_from,
            dates.isolated_at,
            fact.tube.as_ref(),
            fact.report_due_at,
            fact.investigation_due_at,
            entry.seq
        ],
    )?;
    tx.insert_many(
        "INSERT INTO case_report (j, infection, receiver, due_at) VALUES ($1, $2, $3, $4)",
        fact.reports.iter().map(|step| [Value::Int(j), fact.case.into(), (&step.to).into(), step.due_at.into()]),
    )?;
    visits::store::case_opened(tx, fact.case, fact.person)
}

/// Changes the stage; a case that is over gives back the places it stood for.
fn set_stage(tx: &mut Tx<'_>, entry: &Entry, case: CaseId, stage: Stage) -> Result<()> {
    let j = tx.jurisdiction();
    let class = stage.class().map(|class| class.key());
    tx.execute(
        "UPDATE infection SET stage = $3, class = COALESCE($4, class), active = $5, changed_seq = $6
         WHERE j = $1 AND id = $2",
        values![j, case, stage, class, stage.is_active(), entry.seq],
    )?;
    if stage == Stage::Excluded { visits::store::case_excluded(tx, case) } else { Ok(()) }
}

fn report(tx: &mut Tx<'_>, entry: &Entry, fact: &CaseReported) -> Result<()> {
    let j = tx.jurisdiction();
    tx.execute(
        "UPDATE case_report SET reported_at = $4, reference = $5
         WHERE j = $1 AND infection = $2 AND receiver = $3 AND reported_at IS NULL",
        values![j, fact.case, &fact.to, fact.at, fact.reference.as_ref()],
    )?;
    if fact.to == NETWORK {
        tx.execute(
            "UPDATE infection SET reported_at = COALESCE(reported_at, $3), changed_seq = $4 WHERE j = $1 AND id = $2",
            values![j, fact.case, fact.at, entry.seq],
        )?;
    }
    Ok(())
}

fn read_case(row: &Row<'_>) -> Result<Case> {
    Ok(Case {
        id: row.get(0)?,
        person: row.get(1)?,
        area: row.get(2)?,
        class: closed::read(row, 3)?,
        stage: row.get(4)?,
        severity: row.get(5)?,
        found_how: row.get(6)?,
        found_at: row.get(7)?,
        onset_at: row.get(8)?,
        sampled_at: row.get(9)?,
        last_negative_at: row.get(10)?,
        infectious_from: row.get(11)?,
        isolated_at: row.get(12)?,
        tube: row.get(13)?,
        report_due_at: row.get(14)?,
        reported_at: row.get(15)?,
        investigation_due_at: row.get(16)?,
        excluded_because: row.get(17)?,
        opened_seq: row.get(18)?,
        changed_seq: row.get(19)?,
    })
}

/// A case by its number.
///
/// # Errors
/// What the engine refused.
pub fn case(tx: &mut Tx<'_>, id: CaseId) -> Result<Option<Case>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {CASE} FROM infection WHERE j = $1 AND id = $2"), values![j, id], read_case)
}

/// A case that the actor may see: of somebody who lives in their area or, wherever they live, is looked after in it. So a
/// hospital knows whom it treats, and the office of the home goes on answering for the case.
///
/// # Errors
/// What the engine refused.
pub fn seen(tx: &mut Tx<'_>, call: &Call, id: CaseId) -> Result<Option<Case>> {
    let Some(case) = case(tx, id)? else { return Ok(None) };
    Ok(outpace_registry::people::host::sees(tx, call, case.person, case.area)?.then_some(case))
}

/// The case of a person that is not over, if there is one.
///
/// # Errors
/// What the engine refused.
pub fn active_case_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<Case>> {
    let j = tx.jurisdiction();
    tx.first(
        &format!("SELECT {CASE} FROM infection WHERE j = $1 AND person = $2 AND active = 1 ORDER BY id LIMIT 1"),
        values![j, person],
        read_case,
    )
}

/// The numbers of all cases of a person, over or not.
///
/// # Errors
/// What the engine refused.
pub fn case_ids_of(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<CaseId>> {
    let j = tx.jurisdiction();
    tx.query("SELECT id FROM infection WHERE j = $1 AND person = $2 ORDER BY id", values![j, person], |row| row.get(0))
}

/// Every case that is not over, by number.
///
/// # Errors
/// What the engine refused.
pub fn active_cases(tx: &mut Tx<'_>) -> Result<Vec<Case>> {
    let j = tx.jurisdiction();
    tx.query(&format!("SELECT {CASE} FROM infection WHERE j = $1 AND active = 1 ORDER BY id"), values![j], read_case)
}

/// One page of the cases whose people live in an area, by number, after one of them.
///
/// # Errors
/// What the engine refused.
pub fn cases_in(tx: &mut Tx<'_>, area: AreaId, after: CaseId, limit: i64) -> Result<Vec<Case>> {
    let j = tx.jurisdiction();
    let (first, last) = area.grids();
    tx.query(
        &format!(
            "SELECT {CASE} FROM infection WHERE j = $1 AND id > $2 AND area BETWEEN $3 AND $4 ORDER BY id LIMIT $5"
        ),
        values![j, after, first, last, limit],
        read_case,
    )
}

/// The steps of the report of a case, by deadline.
///
/// # Errors
/// What the engine refused.
pub fn reports_of(tx: &mut Tx<'_>, case: CaseId) -> Result<Vec<CaseReport>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT receiver, due_at, reported_at, reference FROM case_report WHERE j = $1 AND infection = $2
         ORDER BY due_at, receiver",
        values![j, case],
        |row| Ok(CaseReport { to: row.get(0)?, due_at: row.get(1)?, reported_at: row.get(2)?, reference: row.get(3)? }),
    )
}

/// Reports that are owed past a moment: case, receiver, deadline.
pub(crate) fn overdue_reports(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<(CaseId, CaseReport)>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT r.infection, r.receiver, r.due_at FROM case_report r JOIN infection i ON i.j = r.j AND i.id = r.infection
         WHERE r.j = $1 AND r.reported_at IS NULL AND r.due_at < $2 AND i.active = 1 ORDER BY r.due_at, r.infection",
        values![j, now],
        |row| {
            let report = CaseReport { to: row.get(1)?, due_at: row.get(2)?, reported_at: None, reference: None };
            Ok((row.get(0)?, report))
        },
    )
}

/// The links that touch a case.
pub(super) fn links_of(tx: &mut Tx<'_>, case: CaseId) -> Result<Vec<ChainLink>> {
    let j = tx.jurisdiction();
    tx.query(
        "SELECT infectee, infector, grounds, seq, flagged FROM chain_link WHERE j = $1 AND infectee = $2
         UNION SELECT infectee, infector, grounds, seq, flagged FROM chain_link WHERE j = $1 AND infector = $2
         ORDER BY infectee, infector",
        values![j, case],
        |row| {
            Ok(ChainLink {
                infectee: row.get(0)?,
                infector: row.get(1)?,
                grounds: row.get(2)?,
                seq: row.get::<Seq>(3)?,
                flagged: row.get(4)?,
            })
        },
    )
}
