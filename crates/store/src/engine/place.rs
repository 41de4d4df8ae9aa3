//! Where a journal stands: a file, or a PostgreSQL server; told apart by a URL.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use outpace_core::AreaId;

use super::postgres::Server;
use super::{Database, Result, StoreError, sqlite};

/// The file of a data folder where nothing else is said.
const FILE: &str = "outpace.sqlite";

/// Where a journal stands. The data folder beside it holds the keys in either case.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// The data folder's own file.
    #[default]
    Folder,
    /// A database file elsewhere.
    File(PathBuf),
    /// A PostgreSQL server: its URL, which may hold a password and is never printed.
    Postgres(String),
}

impl FromStr for Place {
    type Err = StoreError;

    fn from_str(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Ok(if path.is_empty() { Self::Folder } else { Self::File(PathBuf::from(path)) });
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Server::new(url, AreaId(0))?;
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err(StoreError::Folder(
            "--db 写作 sqlite:路径 或 postgres://用户@主机/库 · write --db as sqlite:PATH or postgres://user@host/database"
                .to_owned(),
        ))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => write!(out, "sqlite:"),
            Self::File(path) => write!(out, "sqlite:{}", path.display()),
            Self::Postgres(_) => write!(out, "postgres://…"),
        }
    }
}

impl Place {
    /// Whether several journals can stand here: on a server, not in a file.
    #[must_use]
    pub fn holds_many(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// The database of an area's journal at this place.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub(crate) fn database(&self, folder: &Path, area: AreaId) -> Result<Box<dyn Database>> {
        Ok(match self {
            Self::Folder => Box::new(sqlite::File::new(folder.join(FILE))),
            Self::File(path) => Box::new(sqlite::File::new(path.clone())),
            Self::Postgres(url) => Box::new(Server::new(url, area)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_by_its_url_and_never_prints_a_password() {
        assert_eq!("sqlite:".parse::<Place>().ok(), Some(Place::Folder));
        assert_eq!("sqlite:/a/b".parse::<Place>().ok(), Some(Place::File(PathBuf::from("/a/b"))));
        let place = "postgres://me:secret@host:5433/outpace?schema=east".parse::<Place>();
        assert!(place.is_ok_and(|place| !format!("{place:?}").contains("secret")));
        assert!("mysql://host".parse::<Place>().is_err());
        assert!("postgres://host/db?schema=a;b".parse::<Place>().is_err());
    }
}
