//! Who is behind a request, and whether they may: by a token in `Authorization` (programs and devices) or in a cookie
//! (the page).
//!
//! A browser sends the cookie by itself, so whatever it sends must be shown to come from our own page before it changes
//! anything: `SameSite=Strict` keeps other sites' requests without it, and where a browser does not know that, the request's
//! own account of where it comes from is compared with where it goes.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use outpace_core::{Actor, ActorKind, Need, Permission, Refusal, Scope, Timestamp};

use crate::actors::{self, Signed};
use crate::glass::{self, GlassBroken};
use crate::matrix;
use crate::office::Office;
use crate::problem::{not_permitted, not_signed_in};
use crate::routes::Peer;

/// The cookie over TLS. The prefix makes browsers refuse it from anywhere but this host, over TLS, for the whole of it.
pub const COOKIE: &str = "__Host-outpace";
/// The cookie on the machine itself without TLS, where browsers would refuse the other.
pub const COOKIE_LOCAL: &str = "outpace-local";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// What a proxy adds to a request that it hands on for somebody else.
const HANDED_ON: [HeaderName; 3] = [header::FORWARDED, FORWARDED_FOR, HeaderName::from_static("x-real-ip")];

/// What a request came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// TLS, ours or that of a proxy on this machine.
    Tls,
    /// Within this machine.
    Local,
    /// A network, readable by whoever is on it.
    Open,
}

impl Wire {
    fn cookie(self) -> Option<&'static str> {
        match self {
            Self::Tls => Some(COOKIE),
            Self::Local => Some(COOKIE_LOCAL),
            Self::Open => None,
        }
    }
}

/// Who asks, from where, over what.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who acts.
    pub actor: Actor,
    /// The token that came with the request; none for a stranger.
    pub signed: Option<Signed>,
    /// From where.
    pub address: IpAddr,
    /// Over what.
    pub wire: Wire,
    /// Why the request is not taken for one of our own page, if it is not.
    pub not_of_our_page: Option<Refusal>,
    /// The break-glass access by which the request is made, if it is.
    pub through: Option<GlassBroken>,
}

/// What an answer does to the cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CookieChange {
    /// Nothing.
    Keep,
    /// The page holds this token from now on.
    Set(String),
    /// The page holds none.
    Clear,
}

impl CookieChange {
    /// The header that does it.
    #[must_use]
    pub fn header(&self, wire: Wire) -> Option<HeaderValue> {
        let name = wire.cookie()?;
        let (value, more) = match self {
            Self::Keep => return None,
            Self::Set(token) => (token.as_str(), ""),
            Self::Clear => ("", "; Max-Age=0"),
        };
        let secure = if wire == Wire::Tls { "; Secure" } else { "" };
        HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}")).ok()
    }
}

/// From where a request came and over what. What a proxy says counts only where it stands on this machine.
fn origin(headers: &HeaderMap, peer: Option<&Peer>) -> (IpAddr, Wire) {
    let Some(peer) = peer else { return (IpAddr::V4(Ipv4Addr::LOCALHOST), Wire::Local) };
    let address = peer.address.ip().to_canonical();
    if !address.is_loopback() {
        return (address, if peer.tls { Wire::Tls } else { Wire::Open });
    }
    // The nearest proxy appends; what stands before its own word may have been made up.
    let last = headers.get_all(FORWARDED_FOR).iter().next_back().and_then(|value| value.to_str().ok());
    let told = last.and_then(|list| list.rsplit(',').next()).and_then(|one| one.trim().parse::<IpAddr>().ok());
    let tls = peer.tls || headers.get(FORWARDED_PROTO).is_some_and(|proto| proto.as_bytes() == b"https");
    let wire = match (tls, told) {
        (true, _) => Wire::Tls,
        (false, Some(from)) if !from.to_canonical().is_loopback() => Wire::Open,
        (false, _) => Wire::Local,
    };
    (told.unwrap_or(address), wire)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs =
        headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|all| all.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Passes only what a browser would send for our own page and for no other.
fn of_our_page(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(&header::HOST).unwrap_or_default();
    let (site, from) = (text(&SEC_FETCH_SITE), text(&header::ORIGIN));
    let told = site.is_some() || from.is_some();
    let same_site = site.is_none_or(|site| site == "same-origin");
    let same_host = from.is_none_or(|from| {
        from.split_once("://").is_some_and(|(_, authority)| !host.is_empty() && authority.eq_ignore_ascii_case(host))
    });
    if !(told && same_site && same_host) {
        return Err(other_site(from.or(site).unwrap_or_default()));
    }
    // A form or an image cannot send JSON without asking first, and we never say yes.
    if headers.contains_key(header::CONTENT_TYPE) { Ok(()) } else { Err(other_site("content-type")) }
}

fn other_site(from: &str) -> Refusal {
    let from: String = from.chars().take(80).collect();
    Refusal::new(
        403,
        "other_site",
        "origin",
        from,
        "请求不是由本系统自己的页面发出的,未作任何更改;请在本系统页面上操作,程序请使用 Authorization: Bearer 令牌。",
        "The request was not sent by this system's own page; nothing was changed. Use the page; programs send \
         Authorization: Bearer.",
    )
}

/// Signing in would let everybody on the network read password and session.
fn open_network() -> Refusal {
    Refusal::new(
        403,
        "needs_tls",
        "connection",
        "http",
        "此连接未加密,不能在页面登录;请让管理员以 --tls self 或自己的证书启动服务器,并用 https:// 打开本页。",
        "This connection is not encrypted, so the page does not sign in over it. Start the server with --tls self or a \
         certificate, and open the page with https://.",
    )
}

fn needs_second_factor() -> Refusal {
    Refusal::new(
        403,
        "second_factor_required",
        "code",
        "",
        "您的角色须用第二重验证登录:请先在登录页登记验证器,并用其六位验证码登录。",
        "Your role signs in with a second factor: set up an authenticator on the sign-in page first, and sign in with its code.",
    )
}

impl Caller {
    /// Somebody who is known already and asks from within this machine.
    pub(crate) fn within(actor: Actor) -> Self {
        let (address, wire) = (IpAddr::V4(Ipv4Addr::LOCALHOST), Wire::Local);
        Self { actor, signed: None, address, wire, not_of_our_page: None, through: None }
    }

    /// Passes where the page may be given a cookie.
    ///
    /// # Errors
    /// 403 on a connection that others can read, or for a request that another site may have sent.
    pub fn may_hold_cookie(&self) -> Result<(), Refusal> {
        match (&self.not_of_our_page, self.wire) {
            (_, Wire::Open) => Err(open_network()),
            (Some(refusal), _) => Err(refusal.clone()),
            (None, _) => Ok(()),
        }
    }

    /// The token that came with the request.
    ///
    /// # Errors
    /// 401 where none did.
    pub fn signed(&self) -> Result<&Signed, Refusal> {
        self.signed.as_ref().ok_or_else(not_signed_in)
    }

    /// Whether the one who asked still may: a stream that was opened outlives the session otherwise.
    #[must_use]
    pub fn still_may(&self, office: &Office, need: Need) -> bool {
        let Some(signed) = &self.signed else { return true };
        let now: Timestamp = office.store.now();
        let found = office.doors.read().look(&signed.hash, now);
        found.is_some_and(|signed| authorise(office, &signed.actor, need).is_ok())
    }
}

/// Finds who is behind a request and passes only one who has the permission.
///
/// # Errors
/// 401 without a known token, 403 without the permission, from another site, or without the second factor that the role
/// needs.
pub fn permit(
    office: &Office,
    headers: &HeaderMap,
    peer: Option<&Peer>,
    need: Need,
    is_command: bool,
) -> Result<Caller, Refusal> {
    let permission = need.permission;
    let (address, wire) = origin(headers, peer);
    let not_of_our_page = if is_command { of_our_page(headers).err() } else { None };
    let stranger =
        |actor| Caller { actor, signed: None, address, wire, not_of_our_page: not_of_our_page.clone(), through: None };
    let signed = match bearer(headers) {
        Some(token) => Some(actors::signed_by(office, token).ok_or_else(not_signed_in)?),
        None => {
            let held = wire.cookie().and_then(|name| cookie(headers, name));
            // A page reads again by itself when something changes; only what somebody does shows that somebody is there.
            let find = if is_command { actors::signed_by } else { actors::looked_at_by };
            let signed = held.and_then(|token| find(office, token)).filter(|one| one.kind == actors::TokenKind::Page);
            if let (Some(_), Some(refusal)) = (&signed, &not_of_our_page) {
                return Err(refusal.clone());
            }
            signed
        }
    };
    let mut caller = match signed {
        Some(signed) => Caller { signed: Some(signed.clone()), ..stranger(signed.actor) },
        None if permission == Permission::Public => stranger(actors::nobody(office.store.area())),
        None if permission == Permission::FiguresRead && watches_figures(headers, peer) => {
            stranger(actors::onlooker(office.store.area()))
        }
        // A drill's people are made up, so whoever is at the machine may watch it; nobody may act without signing in, and
        // nobody has an account of their own to look at.
        None if office.store.is_drill() && !is_command && permission != Permission::OwnAccess => {
            stranger(actors::onlooker(office.store.area()))
        }
        None => return Err(not_signed_in()),
    };
    caller.through = glass::named(office, headers, &caller.actor, need)?;
    if caller.through.is_none() {
        authorise(office, &caller.actor, need)?;
    }
    if lacks_second_factor(office, &caller, permission) {
        return Err(needs_second_factor());
    }
    Ok(caller)
}

/// The one place that decides whether an actor may call a route at all: by role and task force and, where the route is about
/// the whole jurisdiction, by area. What a route by area may tell or change is then the handler's question.
///
/// # Errors
/// 403 without the permission, or over a part of the jurisdiction only where all of it is asked for.
pub fn authorise(office: &Office, actor: &Actor, need: Need) -> Result<(), Refusal> {
    if !matrix::permits(&office.rulebook().profile, actor, need.permission) {
        return Err(not_permitted(need.permission, actor.role));
    }
    if need.scope == Scope::Whole {
        office.call(actor.clone()).covers(office.store.area())?;
    }
    Ok(())
}

/// Figures are read by a collector on the machine itself without signing in; from elsewhere, or through a proxy, by who has
/// the permission.
fn watches_figures(headers: &HeaderMap, peer: Option<&Peer>) -> bool {
    let own = peer.is_some_and(|peer| peer.address.ip().is_loopback());
    own && HANDED_ON.iter().all(|name| !headers.contains_key(name))
}

/// Whether the profile wants a second factor of this role that was not given. Until then one looks after one's own account.
fn lacks_second_factor(office: &Office, caller: &Caller, permission: Permission) -> bool {
    if matches!(permission, Permission::Public | Permission::OwnAccess) {
        return false;
    }
    caller.signed.as_ref().is_some_and(|signed| wants_second_factor(office, signed))
}

/// Whether a token is one of a role that acts with a second factor, and was given without.
pub(crate) fn wants_second_factor(office: &Office, signed: &Signed) -> bool {
    let grave = || office.rulebook().profile.access.second_factor_roles.contains(&signed.actor.role);
    signed.actor.kind == ActorKind::Account && !signed.second_factor && grave()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_what_a_browser_sends_for_our_own_page_passes() {
        const JSON: (&str, &str) = ("content-type", "application/json");
        const HOST: (&str, &str) = ("host", "outpace.local:8088");
        let passes = |pairs: &[(&'static str, &'static str)]| {
            let both: Vec<_> = [&[HOST, JSON], pairs].concat();
            of_our_page(&headers(&both)).is_ok()
        };
        assert!(passes(&[("origin", "https://outpace.local:8088")]));
        assert!(passes(&[("sec-fetch-site", "same-origin"), ("origin", "http://Outpace.local:8088")]));
        assert!(!passes(&[]));
        for origin in
            ["https://evil.example", "https://outpace.local", "null", "", "https://outpace.local:8088.evil.example"]
        {
            assert!(!passes(&[("origin", origin)]), "{origin}");
        }
        for site in ["cross-site", "same-site", "none"] {
            assert!(!passes(&[("sec-fetch-site", site), ("origin", "https://outpace.local:8088")]), "{site}");
        }
        assert!(of_our_page(&headers(&[HOST, ("origin", "https://outpace.local:8088")])).is_err());
        assert!(of_our_page(&headers(&[JSON, ("origin", "https://")])).is_err());
    }

    #[test]
    fn a_proxy_is_believed_only_on_this_machine_and_only_its_own_word() {
        let from = |address: &str, tls: bool, pairs: &[(&'static str, &'static str)]| {
            origin(&headers(pairs), Some(&Peer { address: address.parse().unwrap(), tls }))
        };
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let forwarded = [("x-forwarded-for", "6.6.6.6, 10.0.0.9"), ("x-forwarded-proto", "https")];
        assert_eq!(from("127.0.0.1:5", false, &forwarded), (ip("10.0.0.9"), Wire::Tls));
        assert_eq!(from("10.0.0.3:5", false, &forwarded), (ip("10.0.0.3"), Wire::Open));
        assert_eq!(from("127.0.0.1:5", false, &forwarded[..1]), (ip("10.0.0.9"), Wire::Open));
        assert_eq!(from("10.0.0.3:5", true, &[]), (ip("10.0.0.3"), Wire::Tls));
        assert_eq!(from("127.0.0.1:5", false, &[]), (ip("127.0.0.1"), Wire::Local));
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_and_from_other_sites() {
        let set = CookieChange::Set("abc".to_owned());
        assert_eq!(set.header(Wire::Tls).unwrap(), "__Host-outpace=abc; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert_eq!(set.header(Wire::Local).unwrap(), "outpace-local=abc; Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(set.header(Wire::Open), None);
        assert_eq!(CookieChange::Keep.header(Wire::Tls), None);
        assert!(CookieChange::Clear.header(Wire::Tls).unwrap().to_str().unwrap().ends_with("Secure; Max-Age=0"));
        let two = headers(&[("cookie", "x=1; __Host-outpace=abc;outpace-local=d")]);
        assert_eq!(
            (cookie(&two, COOKIE), cookie(&two, "outpace"), cookie(&two, COOKIE_LOCAL)),
            (Some("abc"), None, Some("d"))
        );
    }
}
