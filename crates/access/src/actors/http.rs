//! The routes of accounts, devices and sign-in.

use outpace_core::{Need, Permission, Refusal};

use super::{accounts, enrolment, errors, session};
use crate::office::Office;
use crate::routes::Routes;

const OWN: Need = Permission::OwnAccess.own();
const MANAGE: Need = Permission::AccessManage.by_area();

/// The routes of accounts and devices.
#[must_use]
pub fn routes() -> Routes {
    own_routes(Routes::new())
        .prepared(
            "/api/access/add-account",
            MANAGE,
            "Set up an account",
            accounts::seal_password,
            accounts::add_account,
        )
        .command("/api/access/add-device", MANAGE, "Set up a device and show its token once", accounts::add_device)
        .recall(
            "/api/access/actors",
            MANAGE,
            "List accounts and devices, with when they were last heard",
            accounts::list,
        )
        .command(
            "/api/access/issue-token",
            MANAGE,
            "Give a device another token; whatever it had ends",
            accounts::issue_token,
        )
        .command("/api/access/revoke", MANAGE, "End every token of an account or a device", accounts::revoke)
        .command("/api/access/disable", MANAGE, "End an account or a device for good", accounts::disable)
        .command(
            "/api/access/reset-second-factor",
            MANAGE,
            "Take back the second factor of somebody who lost it",
            accounts::reset_second_factor,
        )
        .look_document(
            "/api/access/authority.crt",
            Permission::Public.open(),
            "The certificate that phones take in to trust a server with --tls self",
            "application/x-x509-ca-cert",
            authority,
        )
        .entry("/api/access/unlock", MANAGE, "Let a locked account in again", accounts::forgive, accounts::unlock)
}

/// The certificate by which phones trust a server that made its own.
fn authority(office: &Office) -> Result<String, Refusal> {
    office.authority().map(ToOwned::to_owned).ok_or_else(errors::no_authority)
}

fn own_routes(routes: Routes) -> Routes {
    routes
        .entry(
            "/api/access/sign-in",
            Permission::Public.own(),
            "Sign in with name, password and, where one is in use, a code",
            session::check,
            session::enter,
        )
        .entry(
            "/api/access/renew",
            OWN,
            "Renew the page's session or a device's token",
            session::as_asked,
            session::renew,
        )
        .entry("/api/access/sign-out", OWN, "End this sign-in", session::as_asked, session::sign_out)
        .entry(
            "/api/access/sign-out-everywhere",
            OWN,
            "End every sign-in of one's own",
            session::as_asked,
            session::sign_out_everywhere,
        )
        .entry(
            "/api/access/change-password",
            OWN,
            "Change one's password; every other sign-in ends",
            session::check_password,
            session::change_password,
        )
        .entry(
            "/api/access/enrol",
            OWN,
            "Set up an authenticator: its secret, once",
            session::as_asked,
            enrolment::enrol,
        )
        .entry(
            "/api/access/confirm-enrolment",
            OWN,
            "Give an authenticator's first code; from then on it is asked for",
            session::as_asked,
            enrolment::confirm,
        )
        .own("/api/access/own", Permission::Public.own(), "Who one is, and where one is signed in", session::own)
}
