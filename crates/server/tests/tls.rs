//! Encrypted connections: whom a phone trusts, who keeps a handshake waiting, what every answer says to the browser.

// The helpers of a test may stop it, as its assertions do.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use outpace_access::actors;
use outpace_core::Timestamp;
use outpace_server::app::start_within;
use outpace_server::listen::Limits;
use outpace_server::office::Opening;
use outpace_server::tls::{Tls, TlsError};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

const PASSWORD: &str = "a password for this test";
const NOW: Timestamp = Timestamp(1_750_000_000_000);

struct Served {
    address: SocketAddr,
    authority: String,
    _folder: tempfile::TempDir,
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

async fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let opened = outpace_server::open(Opening {
        folder: folder.path().to_owned(),
        place: outpace_store::testing::place(folder.path()),
        profile: None,
        pack: None,
        date: None,
        drill_from: None,
    })
    .unwrap();
    actors::first_administrator(&opened.office.store, Some(PASSWORD.to_owned())).unwrap();
    let listen: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let tls = Tls::of_own(folder.path(), listen, now()).unwrap();
    let authority = tls.authority.as_ref().unwrap().pem.clone();
    let limits = Limits {
        connections_max: 200,
        silent_max: 100,
        first_request_within: Duration::from_millis(600),
        next_request_within: Duration::from_secs(5),
    };
    let running = start_within(opened, listen, limits, Some(tls)).await.unwrap();
    Served { address: running.address, authority, _folder: folder }
}

fn trusting(authority: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

async fn connect(served: &Served, authority: &str, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(served.address).await?;
    trusting(authority).connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await
}

async fn told(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    // A server that closes a connection it has nothing more to say on is no failure of the client.
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), head: &str, body: &str) -> String {
    let request =
        format!("{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    told(stream).await
}

#[tokio::test]
async fn a_phone_that_took_the_authority_in_trusts_this_server_by_name_and_address_and_no_other() {
    let served = serve().await;
    for name in ["localhost", "127.0.0.1"] {
        let mut line = connect(&served, &served.authority, name).await.unwrap();
        let answer = ask(&mut line, "GET /healthz HTTP/1.1", "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!(connect(&served, &served.authority, "outpace.example").await.is_err());
    let other = tempfile::tempdir().unwrap();
    let stranger = Tls::of_own(other.path(), served.address, now()).unwrap().authority.unwrap().pem;
    assert!(connect(&served, &stranger, "localhost").await.is_err());
    let mut line = connect(&served, &served.authority, "localhost").await.unwrap();
    let answer = ask(&mut line, "GET /api/access/authority.crt HTTP/1.1", "").await;
    assert!(answer.contains("application/x-x509-ca-cert") && answer.ends_with(&served.authority), "{answer}");
}

#[test]
fn an_authority_stays_the_same_over_a_restart_and_signs_for_local_networks_only() {
    let folder = tempfile::tempdir().unwrap();
    let own = |listen: &str| Tls::of_own(folder.path(), listen.parse().unwrap(), NOW);
    let (first, second) = (own("0.0.0.0:1").unwrap(), own("192.168.3.4:1").unwrap());
    let (first, names) = (first.authority.unwrap(), second.names);
    assert_eq!((&first.fingerprint, &first.pem), {
        let again = second.authority.as_ref().unwrap();
        (&again.fingerprint, &again.pem)
    });
    assert_eq!(first.fingerprint.len(), 32 * 3 - 1);
    assert!(names.contains(&"192.168.3.4".to_owned()) && names.contains(&"localhost".to_owned()), "{names:?}");
    assert!(matches!(own("8.8.8.8:1"), Err(TlsError::Public(_))));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("tls/ca.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may read the key");
    }
    assert!(matches!(Tls::of_files(Path::new("nowhere"), Path::new("nowhere")), Err(TlsError::File { .. })));
    let pem = folder.path().join("tls/ca.pem");
    assert!(matches!(Tls::of_files(&pem, &pem), Err(TlsError::Unfit { .. })));
}

/// Somebody with the authority's key, stolen from the data folder.
struct Thief {
    authority: String,
    key: KeyPair,
}

impl Thief {
    fn of(folder: &Path) -> Self {
        let own = Tls::of_own(folder, "127.0.0.1:1".parse().unwrap(), now()).unwrap();
        let key = KeyPair::from_pem(&std::fs::read_to_string(folder.join("tls/ca.key")).unwrap()).unwrap();
        Self { authority: own.authority.unwrap().pem, key }
    }

    fn issuer(&self) -> Issuer<'static, &KeyPair> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named("Outpace local authority");
        Issuer::new(params, &self.key)
    }

    /// A certificate for names and addresses, signed by the authority itself.
    fn leaf(&self, names: &[&str]) -> (Vec<CertificateDer<'static>>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (vec![leaf_for(names).signed_by(&key, &self.issuer()).unwrap().der().clone()], key)
    }

    /// The same by way of an authority under it that is bound to nothing.
    fn leaf_of_another(&self, names: &[&str]) -> (Vec<CertificateDer<'static>>, KeyPair) {
        let mut params = CertificateParams::default();
        params.distinguished_name = named("an authority below");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let (between, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let certificate = params.signed_by(&between, &self.issuer()).unwrap();
        let leaf = leaf_for(names).signed_by(&key, &Issuer::new(params, &between)).unwrap();
        (vec![leaf.der().clone(), certificate.der().clone()], key)
    }
}

fn named(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Outpace");
    name.push(DnType::CommonName, common);
    name
}

fn leaf_for(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

/// Whether a client that trusts the authority goes on with a server that shows a certificate; why not, if it does not.
async fn goes_on(authority: &str, shown: (Vec<CertificateDer<'static>>, KeyPair), name: &str) -> Result<(), String> {
    let (chain, key) = shown;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap()));
    let (near, far) = tokio::io::duplex(1 << 16);
    let serving = tokio::spawn(async move { acceptor.accept(far).await.map(|_| ()) });
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let answer = trusting(authority).connect(name, near).await;
    let _ = serving.await.unwrap();
    answer.map(|_| ()).map_err(|error| format!("{error:?}"))
}

#[tokio::test]
async fn whoever_steals_the_authoritys_key_stands_in_for_no_server_outside_the_local_network() {
    let folder = tempfile::tempdir().unwrap();
    let thief = Thief::of(folder.path());
    // What the authority is for passes, so that what is refused below is refused for its name.
    for local in ["outpace.local", "10.1.2.3"] {
        goes_on(&thief.authority, thief.leaf(&[local]), local).await.unwrap();
    }
    for (names, asked) in [
        (&["example.org"][..], "example.org"),
        (&["local.example.org"], "local.example.org"),
        (&["93.184.216.34"], "93.184.216.34"),
        (&["2606:2800:220:1::1"], "2606:2800:220:1::1"),
        // One name outside spoils the others.
        (&["outpace.local", "example.org"], "outpace.local"),
    ] {
        let told = goes_on(&thief.authority, thief.leaf(names), asked).await.unwrap_err();
        assert!(told.contains("NameConstraintViolation"), "{names:?}: {told}");
    }
    // An authority below that is bound to nothing reaches no further than the one above.
    for name in ["example.org", "93.184.216.34"] {
        let told = goes_on(&thief.authority, thief.leaf_of_another(&[name]), name).await.unwrap_err();
        assert!(told.contains("NameConstraintViolation"), "{name}: {told}");
    }
}

#[tokio::test]
async fn who_speaks_plain_http_is_told_to_use_tls_in_both_languages() {
    let served = serve().await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let answer = ask(&mut stream, "GET / HTTP/1.1", "").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let problem: Value = serde_json::from_str(body).unwrap();
    assert!(head.starts_with("HTTP/1.1 400") && head.contains("x-content-type-options: nosniff"), "{head}");
    assert_eq!(problem["code"], "speak_tls");
    assert!(
        problem["zh"].as_str().unwrap().contains("https://") && problem["en"].as_str().unwrap().contains("https://")
    );
}

#[tokio::test]
async fn a_handshake_that_does_not_come_or_does_not_end_is_given_up_in_time() {
    let served = serve().await;
    for begun in [&b""[..], &[22, 3, 1], &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let since = Instant::now();
        assert_eq!(told(&mut stream).await, "", "{begun:?}");
        let waited = since.elapsed();
        assert!((Duration::from_millis(300)..Duration::from_secs(6)).contains(&waited), "{begun:?}: {waited:?}");
    }
    // Whoever shakes hands and says nothing then is left without words; who begins a request and does not end it is told so,
    // over the line that stands.
    for (begun, expected) in [("", ""), ("GET /healthz HTTP/1.1\r\nhost:", "HTTP/1.1 408")] {
        let mut line = connect(&served, &served.authority, "localhost").await.unwrap();
        line.write_all(begun.as_bytes()).await.unwrap();
        let since = Instant::now();
        let answer = told(&mut line).await;
        assert!(answer.starts_with(expected) && answer.is_empty() == expected.is_empty(), "{begun:?}: {answer}");
        assert!(since.elapsed() < Duration::from_secs(6), "{begun:?}");
    }
    let mut line = connect(&served, &served.authority, "localhost").await.unwrap();
    assert!(ask(&mut line, "GET /healthz HTTP/1.1", "").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn every_answer_says_the_same_to_the_browser() {
    let served = serve().await;
    let requests = [
        ("GET /", ""),
        ("GET /healthz", ""),
        ("GET /openapi.json", ""),
        ("GET /api/nowhere", ""),
        ("GET /api/live", ""),
        ("GET /api/access/actors", ""),
        ("POST /api/access/sign-in", "{}"),
        ("GET /api/access/sign-in", ""),
    ];
    for (request, body) in requests {
        let mut line = connect(&served, &served.authority, "localhost").await.unwrap();
        let answer = ask(&mut line, &format!("{request} HTTP/1.1"), body).await.to_ascii_lowercase();
        let head = answer.split("\r\n\r\n").next().unwrap();
        for header in [
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "content-security-policy: default-src",
            "frame-ancestors 'none'",
            "cross-origin-resource-policy: same-origin",
            "strict-transport-security: max-age=",
            "cache-control: ",
        ] {
            assert!(head.contains(header), "{request}: no {header} in {head}");
        }
        assert!(!head.contains("script-src 'unsafe") && !head.contains("'unsafe-eval'"), "{head}");
    }
}

#[tokio::test]
async fn a_cookie_over_tls_is_bound_to_this_host_and_to_tls() {
    let served = serve().await;
    let mut line = connect(&served, &served.authority, "localhost").await.unwrap();
    let body = json!({ "name": "admin", "password": PASSWORD, "keep": "cookie" }).to_string();
    let head = "POST /api/access/sign-in HTTP/1.1\r\ncontent-type: application/json\r\norigin: https://localhost";
    let answer = ask(&mut line, head, &body).await;
    let cookie = answer
        .lines()
        .find(|one| one.to_ascii_lowercase().starts_with("set-cookie:"))
        .unwrap_or_else(|| panic!("{answer}"));
    assert!(cookie.contains("__Host-outpace="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    assert!(!answer.contains("\"token\""), "{answer}");
}
