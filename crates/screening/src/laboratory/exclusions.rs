//! Exclusions that one person signed and that wait for the second.

use outpace_access::{Call, Empty};
use outpace_core::{ActorId, LaboratoryId, Refusal, Timestamp};
use outpace_store::{Capability, Fact, Result, Row, Tx, values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::facts::{ExcludedResults, ExclusionReason};
use super::plate::PlateCode;
use crate::PAGE_MAX;
use crate::words::{json, unjson};

/// The table.
pub(crate) const SCHEMA: &str = "
CREATE TABLE result_exclusion (
  j BIGINT NOT NULL, id BIGINT NOT NULL, laboratory BIGINT NOT NULL, reason TEXT NOT NULL, finding TEXT NOT NULL,
  plate TEXT, tubes TEXT NOT NULL, signed_by BIGINT NOT NULL, signed_at BIGINT NOT NULL, confirmed_by BIGINT,
  confirmed_at BIGINT, PRIMARY KEY (j, id));
";

/// Somebody signed that results are to be taken back; a second person must sign as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusionSigned {
    /// Its number.
    pub exclusion: i64,
    /// Whose results.
    pub laboratory: LaboratoryId,
    /// Why.
    pub reason: ExclusionReason,
    /// What the laboratory found, in its words.
    pub finding: String,
    /// The plate that is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plate: Option<PlateCode>,
    /// The results.
    pub tubes: Vec<ExcludedResults>,
}

impl Fact for ExclusionSigned {
    const KIND: &'static str = "screening.exclusion_signed";
}

/// An exclusion with its signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exclusion {
    /// Its number.
    pub exclusion: i64,
    /// Whose results.
    pub laboratory: LaboratoryId,
    /// Why.
    pub reason: ExclusionReason,
    /// What the laboratory found.
    pub finding: String,
    /// The plate that is void.
    pub plate: Option<PlateCode>,
    /// The results, by tube.
    pub tubes: Vec<ExcludedResults>,
    /// Who signed first.
    pub signed_by: ActorId,
    /// When.
    pub signed_at: Timestamp,
    /// Who signed second.
    pub confirmed_by: Option<ActorId>,
    /// When.
    pub confirmed_at: Option<Timestamp>,
}

/// Adds the table and its fold; the second signature comes with the fact that takes the results back.
pub(crate) fn join(capability: Capability) -> Capability {
    capability.table("result_exclusion", "j, id").fold(|tx, entry, fact: &ExclusionSigned| {
        let j = tx.jurisdiction();
        tx.execute(
            "INSERT INTO result_exclusion (j, id, laboratory, reason, finding, plate, tubes, signed_by, signed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            values![
                j,
                fact.exclusion,
                fact.laboratory,
                fact.reason,
                &fact.finding,
                fact.plate.as_ref(),
                &json(&fact.tubes)?,
                entry.actor,
                entry.occurred_at
            ],
        )
        .map(|_| ())
    })
}

/// Writes the second signature.
pub(crate) fn confirm(tx: &mut Tx<'_>, exclusion: i64, by: ActorId, at: Timestamp) -> Result<()> {
    let j = tx.jurisdiction();
    let sql = "UPDATE result_exclusion SET confirmed_by = $3, confirmed_at = $4 WHERE j = $1 AND id = $2";
    tx.execute(sql, values![j, exclusion, by, at]).map(|_| ())
}

const EXCLUSION: &str =
    "id, laboratory, reason, finding, plate, tubes, signed_by, signed_at, confirmed_by, confirmed_at";

fn read(row: &Row<'_>) -> Result<Exclusion> {
    Ok(Exclusion {
        exclusion: row.get(0)?,
        laboratory: row.get(1)?,
        reason: row.get(2)?,
        finding: row.get(3)?,
        plate: row.get::<Option<String>>(4)?.map(PlateCode),
        tubes: unjson(&row.get::<String>(5)?)?,
        signed_by: row.get(6)?,
        signed_at: row.get(7)?,
        confirmed_by: row.get(8)?,
        confirmed_at: row.get(9)?,
    })
}

/// An exclusion by its number.
pub(crate) fn exclusion(tx: &mut Tx<'_>, id: i64) -> Result<Option<Exclusion>> {
    let j = tx.jurisdiction();
    tx.first(&format!("SELECT {EXCLUSION} FROM result_exclusion WHERE j = $1 AND id = $2"), values![j, id], read)
}

fn waiting(tx: &mut Tx<'_>) -> Result<Vec<Exclusion>> {
    let j = tx.jurisdiction();
    let sql =
        format!("SELECT {EXCLUSION} FROM result_exclusion WHERE j = $1 AND confirmed_at IS NULL ORDER BY id LIMIT $2");
    tx.query(&sql, values![j, PAGE_MAX], read)
}

/// The exclusion that waits with exactly these results of a laboratory.
pub(crate) fn waiting_for(tx: &mut Tx<'_>, laboratory: LaboratoryId, tubes: &[ExcludedResults]) -> Result<Option<i64>> {
    let same = |one: &Exclusion| one.laboratory == laboratory && one.tubes == tubes;
    Ok(waiting(tx)?.into_iter().find(same).map(|one| one.exclusion))
}

/// Exclusions that wait for their second signature.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ExclusionsAnswer {
    /// The exclusions, oldest first.
    pub exclusions: Vec<Exclusion>,
}

/// Lists what waits for a second signature, of laboratories in the actor's area.
///
/// # Errors
/// What the store refused.
pub fn list_exclusions(tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<ExclusionsAnswer, Refusal> {
    let mut seen = Vec::new();
    for one in waiting(tx)? {
        if super::store::laboratory(tx, one.laboratory)?.is_some_and(|known| call.sees(known.spec.area)) {
            seen.push(one);
        }
    }
    Ok(ExclusionsAnswer { exclusions: seen })
}
