//! TLS: with a certificate that somebody has, or with one of our own making for a field network without a certificate
//! authority (ADR 14).
//!
//! The authority that is made can sign for names and addresses of local networks only: whoever steals its key from the data
//! folder can stand in for this server, and for no bank.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outpace_core::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Days for which the certificate of the server itself holds: phones take none of a longer life. Each start makes a new one.
const SERVER_DAYS: i64 = 397;
/// Years for which phones need not be told again whom to trust.
const AUTHORITY_YEARS: i32 = 10;
/// Days by which the clocks of phones may be behind.
const CLOCKS_BEHIND_DAYS: i64 = 2;
/// Networks that are never routed in public (RFC 1918, 4193, 3927, 4291) and the machine itself.
const LOCAL_NETWORKS: [&str; 8] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
];
/// Names that are never given out in public (RFC 6761, 6762).
const LOCAL_NAMES: [&str; 2] = ["local", "localhost"];

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read or written.
    #[error("{file}: {source}")]
    File {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A file that is no certificate, or a key that does not belong to it.
    #[error(
        "{file}: 不是可用的 PEM 证书或私钥,或两者不匹配 / no certificate or key in PEM that can be used, or they do not fit ({told})"
    )]
    Unfit {
        /// Which.
        file: String,
        /// What the library said.
        told: String,
    },
    /// No certificate could be made.
    #[error("不能生成本地证书 / no local certificate could be made: {0}")]
    Unmade(String),
    /// The address is one of the public network.
    #[error(
        "{0} 不是局域网地址,自签证书机构只签局域网:请用 --tls CERT KEY / is no address of a local network, for which \
         alone the local authority signs: use --tls CERT KEY"
    )]
    Public(IpAddr),
}

/// How a server speaks TLS.
#[derive(Clone)]
pub struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// Seconds for which browsers shall not try without TLS.
    pub(crate) insist_s: u64,
    /// The authority that was made here, as phones take it in.
    pub authority: Option<Authority>,
    /// The names and addresses that the certificate is for, where it was made here.
    pub names: Vec<String>,
}

/// A certificate authority of one data folder.
#[derive(Debug, Clone)]
pub struct Authority {
    /// Its certificate.
    pub pem: String,
    /// SHA-256 of it, as phones show it.
    pub fingerprint: String,
}

/// A year: whoever has a certificate keeps one.
const INSIST_S: u64 = 365 * 24 * 3_600;
/// A day: a folder that is lost takes its authority along, and nobody shall be kept out for longer.
const INSIST_OWN_S: u64 = 24 * 3_600;

fn file_error(file: &Path) -> impl FnOnce(io::Error) -> TlsError {
    move |source| TlsError::File { file: file.display().to_string(), source }
}

fn unmade(error: impl std::fmt::Display) -> TlsError {
    TlsError::Unmade(error.to_string())
}

fn config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<TlsAcceptor, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

impl Tls {
    /// With a certificate (chain) and its key, as PEM files.
    ///
    /// # Errors
    /// Files that cannot be read or do not fit.
    pub fn of_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |file: &Path| std::fs::read(file).map_err(file_error(file));
        let unfit = |file: &Path, told: String| TlsError::Unfit { file: file.display().to_string(), told };
        let (chain_pem, key_pem) = (read(certificate)?, read(key)?);
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain_pem)
            .collect::<Result<_, _>>()
            .map_err(|error| unfit(certificate, error.to_string()))?;
        let parsed = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|error| unfit(key, error.to_string()))?;
        let acceptor = config(chain, parsed).map_err(|error| unfit(certificate, error.to_string()))?;
        Ok(Self { acceptor, insist_s: INSIST_S, authority: None, names: Vec::new() })
    }

    /// With a certificate that is made now, by an authority that the data folder keeps.
    ///
    /// # Errors
    /// A folder that cannot be written, an address of the public network.
    pub fn of_own(folder: &Path, listen: SocketAddr, now: Timestamp) -> Result<Self, TlsError> {
        let folder = folder.join("tls");
        std::fs::create_dir_all(&folder).map_err(file_error(&folder))?;
        let (authority, issuer) = authority(&folder, now)?;
        let (names, addresses) = (own_names(), own_addresses(listen)?);
        let key = KeyPair::generate().map_err(unmade)?;
        let mut params = CertificateParams::new(names.clone()).map_err(unmade)?;
        params.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
        params.distinguished_name = named("Outpace");
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = (day(now, -CLOCKS_BEHIND_DAYS)?, day(now, SERVER_DAYS)?);
        let certificate = params.signed_by(&key, &issuer).map_err(unmade)?;
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(unmade)?;
        let acceptor = config(chain, key).map_err(unmade)?;
        let names = names.into_iter().chain(addresses.iter().map(IpAddr::to_string)).collect();
        Ok(Self { acceptor, insist_s: INSIST_OWN_S, authority: Some(authority), names })
    }
}

fn named(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Outpace");
    name.push(DnType::CommonName, common);
    name
}

/// Midnight some days from now.
fn day(now: Timestamp, days: i64) -> Result<time::OffsetDateTime, TlsError> {
    time::OffsetDateTime::from_unix_timestamp(now.plus_days(days).0.div_euclid(1_000)).map_err(unmade)
}

/// The authority of a folder, made at the first call.
fn authority(folder: &Path, now: Timestamp) -> Result<(Authority, Issuer<'static, KeyPair>), TlsError> {
    let (certificate_file, key_file) = (folder.join("ca.pem"), folder.join("ca.key"));
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Outpace local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(local_only()?);
    if key_file.exists() {
        let read = |file: &PathBuf| std::fs::read_to_string(file).map_err(file_error(file));
        let (pem, key) = (read(&certificate_file)?, read(&key_file)?);
        let unfit =
            |error: rcgen::Error| TlsError::Unfit { file: key_file.display().to_string(), told: error.to_string() };
        let key = KeyPair::from_pem(&key).map_err(unfit)?;
        return Ok((Authority { fingerprint: fingerprint(&pem)?, pem }, Issuer::new(params, key)));
    }
    let key = KeyPair::generate().map_err(unmade)?;
    params.not_before = day(now, -CLOCKS_BEHIND_DAYS)?;
    params.not_after = day(now, i64::from(AUTHORITY_YEARS) * 365)?;
    let pem = params.self_signed(&key).map_err(unmade)?.pem();
    // The key last: an authority counts as made once it has one.
    std::fs::write(&certificate_file, &pem).map_err(file_error(&certificate_file))?;
    write_private(&key_file, key.serialize_pem().as_bytes()).map_err(file_error(&key_file))?;
    Ok((Authority { fingerprint: fingerprint(&pem)?, pem }, Issuer::new(params, key)))
}

fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(file)?;
    open.write_all(bytes)?;
    open.sync_all()
}

fn local_only() -> Result<NameConstraints, TlsError> {
    let networks = LOCAL_NETWORKS.iter().map(|network| {
        let parsed = network.parse::<CidrSubnet>().map_err(|()| TlsError::Unmade((*network).to_owned()))?;
        Ok(GeneralSubtree::IpAddress(parsed))
    });
    let names = LOCAL_NAMES.iter().map(|name| Ok(GeneralSubtree::DnsName((*name).to_owned())));
    Ok(NameConstraints {
        permitted_subtrees: names.chain(networks).collect::<Result<_, TlsError>>()?,
        excluded_subtrees: Vec::new(),
    })
}

fn fingerprint(pem: &str) -> Result<String, TlsError> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(unmade)?;
    let digest = ring::digest::digest(&ring::digest::SHA256, &der);
    Ok(digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
}

/// What the machine is called on a local network.
fn own_names() -> Vec<String> {
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy().to_ascii_lowercase();
    let label: String = host
        .split('.')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .collect();
    let mut names = vec!["localhost".to_owned()];
    if !label.is_empty() && label != "localhost" {
        names.push(format!("{label}.local"));
    }
    names
}

/// Where the server is reached: the address that it listens at, or the one that other machines would see.
fn own_addresses(listen: SocketAddr) -> Result<Vec<IpAddr>, TlsError> {
    let mut addresses: Vec<IpAddr> = vec![IpAddr::from([127, 0, 0, 1]), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)];
    let listened = listen.ip();
    if !listened.is_unspecified() {
        if !is_local(listened) {
            return Err(TlsError::Public(listened));
        }
        addresses.push(listened);
    } else if let Some(seen) = outward().filter(|seen| is_local(*seen)) {
        addresses.push(seen);
    }
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => four.is_private() || four.is_loopback() || four.is_link_local(),
        IpAddr::V6(six) => six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local(),
    }
}

/// The address from which this machine would speak to others. Nothing is sent: the system only looks up the way.
fn outward() -> Option<IpAddr> {
    /// An address for documentation (RFC 5737): nobody is there.
    const NOBODY: (&str, u16) = ("192.0.2.1", 9);
    let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(NOBODY).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}
