//! What the URL of a server says beyond what the driver reads: the schema, and how the connection is kept from others.

use std::path::PathBuf;

use tokio_postgres::Config;

use super::tls::{Mode, TlsError};
use crate::engine::{Result, StoreError};

/// The schema where nothing else is said.
const SCHEMA: &str = "outpace";
const SCHEMA_CHARACTERS_MAX: usize = 40;

/// A server as its URL names it.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) schema: String,
    pub(super) mode: Mode,
    /// The certificate authority whose servers are trusted, as PEM.
    pub(super) root: Option<PathBuf>,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// A word that is none of ours nor the driver's, with what would be right.
    pub(super) fn read(url: &str) -> Result<Self> {
        let (address, options) = url.split_once('?').unwrap_or((url, ""));
        let (mut schema, mut mode, mut root) = (SCHEMA.to_owned(), None, None);
        let mut others = Vec::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("schema", value)) => schema = value.to_owned(),
                Some(("sslmode", value)) => mode = Some(Mode::read(value)?),
                Some(("sslrootcert", value)) => root = Some(path(value)?),
                _ => others.push(option),
            }
        }
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if schema.is_empty() || schema.len() > SCHEMA_CHARACTERS_MAX || !schema.chars().all(plain) {
            return Err(StoreError::Folder(format!(
                "--db: schema={schema}: 小写字母、数字和下划线 · lower-case letters, digits and underscores, at most 40"
            )));
        }
        // Whoever names an authority wants to know who answers.
        let mode = mode.unwrap_or(if root.is_some() { Mode::VerifyFull } else { Mode::Prefer });
        if mode == Mode::VerifyFull && root.is_none() {
            return Err(TlsError::NoAuthority.into());
        }
        let mut config: Config = format!("{address}?{}", others.join("&")).trim_end_matches('?').parse()?;
        // What the driver hears stands inside the connection that was made here.
        config.ssl_mode(tokio_postgres::config::SslMode::Disable);
        Ok(Self { config, schema, mode, root })
    }
}

/// A path as a URL writes it.
fn path(value: &str) -> Result<PathBuf> {
    let path = percent_encoding::percent_decode_str(value).decode_utf8();
    let path = path.map_err(|_| TlsError::Authority { file: value.to_owned(), told: "not UTF-8".to_owned() })?;
    Ok(PathBuf::from(path.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_how_the_connection_is_kept_and_the_driver_reads_the_rest() {
        let read = |url: &str| Address::read(url).map_err(|error| error.to_string());
        let plain = read("postgres://me@host/db").unwrap();
        assert_eq!((plain.schema.as_str(), plain.mode, plain.root), ("outpace", Mode::Prefer, None));
        assert_eq!(read("postgres://host/db?sslrootcert=ca.pem").unwrap().mode, Mode::VerifyFull);
        let url = "postgres://me@a,b/db?sslmode=verify-full&schema=east&connect_timeout=3&sslrootcert=/a%20b/ca.pem";
        let full = read(url).unwrap();
        assert_eq!(
            (full.schema.as_str(), full.mode, full.root),
            ("east", Mode::VerifyFull, Some("/a b/ca.pem".into()))
        );
        assert_eq!((full.config.get_hosts().len(), full.config.get_connect_timeout().is_some()), (2, true));
    }

    #[test]
    fn a_word_that_is_none_is_refused_with_those_that_are() {
        for (options, wanted) in [
            ("sslmode=verify-ca", "disable, prefer, require, verify-full"),
            ("sslmode=", "disable, prefer, require, verify-full"),
            ("sslmode=verify-full", "sslrootcert="),
            ("schema=a;b", "lower-case"),
            ("sslrootcert=%ff", "sslrootcert=%ff"),
            ("sslmod=require", "sslmod"),
        ] {
            let Err(told) = Address::read(&format!("postgres://host/db?{options}")) else {
                panic!("{options} was read")
            };
            let mut text = told.to_string();
            let mut source = std::error::Error::source(&told);
            while let Some(inner) = source {
                text.push_str(&inner.to_string());
                source = inner.source();
            }
            assert!(text.contains(wanted), "{options}: {text}");
        }
    }
}
