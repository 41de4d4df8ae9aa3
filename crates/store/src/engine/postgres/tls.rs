//! TLS to a PostgreSQL server: asked for before anything else is said (`SSLRequest`, chapter 54.2.10 of its manual), spoken by
//! rustls with the same provider as the server's own TLS, on the thread that waits for the answer, as everything here.
//!
//! The words are those of libpq: `prefer` and `require` keep out who only listens, `verify-full` also who stands in between. A
//! certificate authority that is given (`sslrootcert`) is asked for in every mode but `disable` and `prefer`.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::engine::StoreError;

/// The request for TLS: its length, and the number that stands for it.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// How a connection is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// In clear.
    Disable,
    /// With TLS where the server offers it, whoever it is.
    Prefer,
    /// With TLS or not at all; of the authority that is given, if one is.
    Require,
    /// With TLS, of the authority that is given and under the name that was asked for.
    VerifyFull,
}

impl Mode {
    /// Reads the word of a URL.
    ///
    /// # Errors
    /// Any other word.
    pub(super) fn read(word: &str) -> Result<Self, TlsError> {
        match word {
            "disable" => Ok(Self::Disable),
            "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-full" => Ok(Self::VerifyFull),
            _ => Err(TlsError::Mode(word.chars().take(40).collect())),
        }
    }
}

/// Why there is no connection with TLS.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("--db: sslmode={0}: 可用值 · it is one of: disable, prefer, require, verify-full")]
    Mode(String),
    #[error(
        "--db: sslmode=verify-full 需要证书机构的文件,请加 sslrootcert=文件.pem · verify-full needs the authority's file: \
         add sslrootcert=FILE.pem"
    )]
    NoAuthority,
    #[error(
        "--db: sslrootcert={file}: {told};应为数据库证书机构的 PEM 文件 · it takes the PEM file of the authority that signed \
         the database's certificate"
    )]
    Authority {
        /// The file.
        file: String,
        /// What is wrong with it.
        told: String,
    },
    #[error(
        "数据库不提供 TLS,连接已拒绝:请在 postgresql.conf 设 ssl = on,或仅在本机用 sslmode=disable · the database offers no \
         TLS and was refused: set ssl = on in its postgresql.conf, or use sslmode=disable on this machine alone"
    )]
    NotOffered,
    #[error(
        "数据库的证书不是 sslrootcert 的机构签发的({told}),连接已拒绝:请核对服务器与证书机构文件 · the database's certificate \
         is not of the authority in sslrootcert ({told}) and was refused: check the server and the file"
    )]
    OtherAuthority {
        /// What rustls says.
        told: String,
    },
    #[error(
        "数据库的证书不是签发给 {host} 的,连接已拒绝:请在 URL 中写证书上的名称,或换发证书 · the database's certificate is not \
         for {host} and was refused: write the name of the certificate in the URL, or have another certificate made"
    )]
    OtherName {
        /// The host of the URL.
        host: String,
    },
    #[error("与数据库的 TLS 握手失败:{0} · the TLS handshake with the database failed: {0}")]
    Handshake(#[source] io::Error),
}

impl From<TlsError> for StoreError {
    fn from(error: TlsError) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// What a client brings to a handshake.
#[derive(Clone)]
pub(super) struct Terms {
    mode: Mode,
    config: Option<Arc<ClientConfig>>,
}

impl Terms {
    /// Reads the authority's file, if the mode has a use for it.
    ///
    /// # Errors
    /// A file that cannot be read or holds no certificate.
    pub(super) fn read(mode: Mode, root: Option<&Path>) -> Result<Self, TlsError> {
        if mode == Mode::Disable {
            return Ok(Self { mode, config: None });
        }
        let provider = Arc::new(ring::default_provider());
        let authority = match root.filter(|_| mode != Mode::Prefer) {
            Some(file) => Some(authority(file, &provider)?),
            None => None,
        };
        let verifier = Verifier { authority, by_name: mode == Mode::VerifyFull, provider: Arc::clone(&provider) };
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Handshake(io::Error::other(error)))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self { mode, config: Some(Arc::new(config)) })
    }

    /// Asks the server for TLS and shakes hands; `None` where the connection goes on in clear.
    ///
    /// # Errors
    /// A server that offers none where it must be, or that is not who it should be.
    pub(super) fn shake_hands(&self, tcp: &TcpStream, host: &str) -> Result<Option<Sealed>, TlsError> {
        let Some(config) = &self.config else { return Ok(None) };
        let mut answer = [0];
        let mut socket = tcp;
        socket.write_all(&SSL_REQUEST).and_then(|()| socket.read_exact(&mut answer)).map_err(TlsError::Handshake)?;
        match (answer, self.mode) {
            ([b'S'], _) => {}
            ([b'N'], Mode::Prefer) => return Ok(None),
            _ => return Err(TlsError::NotOffered),
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::OtherName { host: host.to_owned() })?;
        let mut session = ClientConnection::new(Arc::clone(config), name)
            .map_err(|error| TlsError::Handshake(io::Error::other(error)))?;
        session.set_buffer_limit(None);
        while session.is_handshaking() {
            session.complete_io(&mut socket).map_err(|error| refused(error, host))?;
        }
        Ok(Some(Sealed { session: Mutex::new(session) }))
    }
}

/// What went wrong with a handshake, in words that say what to do.
fn refused(error: io::Error, host: &str) -> TlsError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => TlsError::OtherName { host: host.to_owned() },
        Some(rustls::Error::InvalidCertificate(told)) => TlsError::OtherAuthority { told: told.to_string() },
        _ => TlsError::Handshake(error),
    }
}

fn authority(file: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    let wrong = |told: String| TlsError::Authority { file: file.display().to_string(), told };
    let pem = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| wrong(error.to_string()))
}

/// Looks at a server's certificate as far as the mode says.
#[derive(Debug)]
struct Verifier {
    authority: Option<Arc<WebPkiServerVerifier>>,
    by_name: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// Where no authority is given, any server is taken, as by libpq: then a certificate that cannot be read (one of version 1,
    /// as `openssl req -x509` once made) keeps nobody out either, for whoever stands in between could show one of his own.
    fn unless_anybody(
        &self,
        verified: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match verified {
            Err(rustls::Error::InvalidCertificate(_)) if self.authority.is_none() => {
                Ok(HandshakeSignatureValid::assertion())
            }
            verified => verified,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(certificate, between, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.by_name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.unless_anybody(rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.unless_anybody(rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A connection's TLS. One thread reads and writes it, so that nobody waits for the lock.
pub(super) struct Sealed {
    session: Mutex<ClientConnection>,
}

impl Sealed {
    /// Reads what the server said, waiting for it as the socket does.
    pub(super) fn read(&self, mut tcp: &TcpStream, bytes: &mut [u8]) -> io::Result<usize> {
        let mut session = self.session.lock();
        loop {
            match session.reader().read(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
            if session.read_tls(&mut tcp)? == 0 {
                return Ok(0);
            }
            session.process_new_packets().map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            send(&mut session, tcp)?;
        }
    }

    /// Sends all of it.
    pub(super) fn write_all(&self, tcp: &TcpStream, bytes: &[u8]) -> io::Result<()> {
        let mut session = self.session.lock();
        session.writer().write_all(bytes)?;
        send(&mut session, tcp)
    }
}

fn send(session: &mut ClientConnection, mut tcp: &TcpStream) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(&mut tcp)?;
    }
    Ok(())
}
