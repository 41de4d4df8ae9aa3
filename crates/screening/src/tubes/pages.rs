//! One tube, for people and pages.

use outpace_access::Call;
use outpace_core::{Refusal, TubeCode};
use outpace_store::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Member, Tube};
use super::store;
use crate::carry::{Custody, custody_of};
use crate::errors::ScreeningError;
use crate::laboratory::{TubeResult, results_of};

/// Which tube.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TubeQuery {
    /// Its code.
    pub tube: TubeCode,
}

/// A tube with all that is known of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TubeView {
    /// The tube.
    pub tube: Tube,
    /// Its people, by position.
    pub people: Vec<Member>,
    /// Where it was last signed.
    pub custody: Custody,
    /// Its results, oldest first.
    pub results: Vec<TubeResult>,
}

/// Shows a tube.
///
/// # Errors
/// An unknown tube, or one of a site outside the actor's area.
pub fn show_tube(tx: &mut Tx<'_>, call: &Call, query: TubeQuery) -> Result<TubeView, Refusal> {
    let unknown = || ScreeningError::UnknownTube { tube: query.tube.clone() };
    let row = store::row_by_code(tx, &query.tube)?.ok_or_else(unknown)?;
    if !crate::reach::sees_tube(tx, call, &row.tube)? {
        return Err(unknown().into());
    }
    Ok(TubeView {
        people: store::members(tx, row.tube.number)?,
        custody: custody_of(tx, &row.tube)?,
        results: results_of(tx, row.tube.number, &row.tube.code)?,
        tube: row.tube,
    })
}
