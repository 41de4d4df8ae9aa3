//! Words of the policy's closed lists in our tables: kept as their keys.

use outpace_policy::Closed;
use outpace_store::{Result, Row, StoreError};

/// The member of a closed list that stands in a column.
pub(crate) fn read<T: Closed>(row: &Row<'_>, column: usize) -> Result<T> {
    let key: String = row.get(column)?;
    T::from_key(&key).ok_or_else(|| StoreError::Broken(format!("`{key}` is no {}", T::WHAT)))
}
