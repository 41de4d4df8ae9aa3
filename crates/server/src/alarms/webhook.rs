//! Sends an alarm as `POST` with JSON. `x-outpace-timestamp` holds seconds since 1970, `x-outpace-signature` is
//! `sha256=` and the HMAC-SHA256 of `TIMESTAMP.BODY` in hex: a receiver compares it and refuses old timestamps.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, Uri, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use outpace_core::Clock;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::clock::SteadyClock;

/// The header of the moment.
pub const TIMESTAMP: &str = "x-outpace-timestamp";
/// The header of the signature.
pub const SIGNATURE: &str = "x-outpace-signature";
/// The key's file in the data folder.
const KEY_FILE: &str = "alarm.key";
const KEY_BYTES: usize = 32;
/// How long one delivery may take.
const DELIVERY_TIME_MAX: Duration = Duration::from_secs(15);
/// Where machines keep the authorities that they trust.
const AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Why a webhook cannot be used as it was given.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It is not an address.
    #[error(
        "--alarm-webhook {0}:须为 http://主机[:端口]/路径 或 https://… / write http://HOST[:PORT]/PATH or https://…"
    )]
    Address(String),
    /// Nobody is trusted.
    #[error(
        "{0}:没有可信任的证书颁发机构,请用 --alarm-authority / no trusted authority there; name one with --alarm-authority"
    )]
    Authorities(String),
    /// A file could not be read or written.
    #[error("{0}: {1}")]
    File(String, io::Error),
    /// TLS could not be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// No randomness.
    #[error("alarm.key: {0}")]
    Key(String),
}

/// A receiver.
pub struct Webhook {
    uri: Uri,
    host: String,
    port: u16,
    path: String,
    key: Vec<u8>,
    tls: Option<TlsConnector>,
}

/// The key in a data folder, as hex text; made where there is none, readable by its owner only. `OUTPACE_ALARM_KEY`, given
/// by the caller, stands in its place.
///
/// # Errors
/// When the file cannot be read or made.
pub fn key_of(folder: &Path, given: Option<String>) -> Result<Vec<u8>, WebhookError> {
    if let Some(given) = given.filter(|given| !given.trim().is_empty()) {
        return Ok(given.trim().as_bytes().to_vec());
    }
    let file = folder.join(KEY_FILE);
    let at = |error| WebhookError::File(file.display().to_string(), error);
    match std::fs::read_to_string(&file) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().as_bytes().to_vec()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(at(error)),
    }
    let text = outpace_access::actors::random_text(KEY_BYTES).map_err(|error| WebhookError::Key(error.to_string()))?;
    write_private(&file, &text).map_err(at)?;
    Ok(text.into_bytes())
}

fn write_private(file: &Path, text: &str) -> io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut open = options.open(file)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()
}

/// `sha256=` and the HMAC-SHA256 of `TIMESTAMP.BODY` under a key, in hex.
#[must_use]
pub fn signature(key: &[u8], timestamp: &str, body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    let mut context = ring::hmac::Context::with_key(&key);
    context.update(timestamp.as_bytes());
    context.update(b".");
    context.update(body);
    let tag = context.sign();
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

fn trusted(authority: Option<PathBuf>) -> Result<TlsConnector, WebhookError> {
    let candidates = match &authority {
        Some(file) => vec![file.clone()],
        None => AUTHORITIES.iter().map(PathBuf::from).collect(),
    };
    let mut roots = RootCertStore::empty();
    for file in candidates.iter().filter(|file| authority.is_some() || file.exists()) {
        let pem = std::fs::read(file).map_err(|error| WebhookError::File(file.display().to_string(), error))?;
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok));
        if !roots.is_empty() {
            break;
        }
    }
    if roots.is_empty() {
        let told = authority.map_or_else(|| AUTHORITIES.join(", "), |file| file.display().to_string());
        return Err(WebhookError::Authorities(told));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

impl Webhook {
    /// A receiver at an address. Over https it must show a certificate of `authority`, or of one that the machine trusts.
    ///
    /// # Errors
    /// What is no address; no authority to trust.
    pub fn new(address: &str, key: Vec<u8>, authority: Option<PathBuf>) -> Result<Self, WebhookError> {
        let wrong = || WebhookError::Address(address.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let host = uri.host().ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
        let (tls, usual) = match uri.scheme_str() {
            Some("http") => (None, 80),
            Some("https") => (Some(trusted(authority)?), 443),
            _ => return Err(wrong()),
        };
        let port = uri.port_u16().unwrap_or(usual);
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { uri, host, port, path, key, tls })
    }

    pub(super) async fn deliver(&self, message: &Value) -> Result<(), String> {
        match tokio::time::timeout(DELIVERY_TIME_MAX, self.post(message)).await {
            Ok(Ok(status)) if status.is_success() => Ok(()),
            Ok(Ok(status)) => Err(format!("{} answered {status}", self.uri)),
            Ok(Err(error)) => Err(format!("{}: {error}", self.uri)),
            Err(_) => Err(format!("{} did not answer within {} s", self.uri, DELIVERY_TIME_MAX.as_secs())),
        }
    }

    async fn post(&self, message: &Value) -> io::Result<StatusCode> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.tls {
            None => self.send(stream, message).await,
            Some(tls) => {
                let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
                self.send(tls.connect(name, stream).await?, message).await
            }
        }
    }

    async fn send(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        message: &Value,
    ) -> io::Result<StatusCode> {
        let body = message.to_string().into_bytes();
        // The receiver compares with its own clock, so even a drill's message bears the machine's time.
        let seconds = (SteadyClock::of_this_machine().now().0 / 1_000).to_string();
        let authority = self.uri.authority().map(ToString::to_string).unwrap_or_default();
        let request = Request::post(&self.path)
            .header(header::HOST, authority)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close")
            .header(SIGNATURE, signature(&self.key, &seconds, &body))
            .header(TIMESTAMP, seconds)
            .body(Body::from(body))
            .map_err(io::Error::other)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let driven = tokio::spawn(connection);
        let answer = sender.send_request(request).await.map_err(io::Error::other);
        driven.abort();
        answer.map(|answer| answer.status())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, has no dot; this one was computed with `printf '1700000000.{}' | openssl dgst -sha256 -hmac Jefe`.
    #[test]
    fn the_signature_is_the_hmac_of_moment_and_body() {
        assert_eq!(signature(b"Jefe", "1700000000", b"{}"), SIGNED);
    }

    const SIGNED: &str = "sha256=d3793e2b4103edfbd98cc19591832f5fad701d413db9fcae0ae7dab8184ed207";

    #[test]
    fn an_address_that_is_none_is_refused_and_says_what_would_be_right() {
        for wrong in ["", "alarms.example", "ftp://alarms.example/", "http://"] {
            assert!(matches!(Webhook::new(wrong, vec![1], None), Err(WebhookError::Address(_))), "{wrong}");
        }
        assert!(Webhook::new("http://127.0.0.1:9/alarm?x=1", vec![1], None).is_ok());
    }

    #[test]
    fn the_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let key = |given: Option<&str>| key_of(folder.path(), given.map(ToOwned::to_owned)).unwrap_or_default();
        let first = key(None);
        assert_eq!((first.len(), key(None)), (2 * KEY_BYTES, first.clone()));
        assert_eq!(key(Some(" given ")), b"given");
    }
}
