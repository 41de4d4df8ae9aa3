//! Routes of passes and of the gate.

use std::sync::OnceLock;

use outpace_access::{Call, Empty, Office, Routes};
use outpace_core::{AreaId, Permission, PersonId, Refusal, Text, Timestamp};
use outpace_policy::StatusColour;
use outpace_store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{Aliases, list_public, published, sign_list, signing};
use super::list::{GateKey, list_of};
use super::pass::StatusPass;
use crate::board::{Board, Display};
use crate::errors::StatusError;

/// The routes of passes and of the gate.
pub(crate) fn routes() -> Routes {
    let display: OnceLock<Display> = OnceLock::new();
    Routes::new()
        .look(
            "/api/status/pass",
            Permission::StatusRead.by_area(),
            "A person's status, signed for gates without a network: to print for who has no telephone",
            move |office, call, query: PassQuery| {
                let board = display.get_or_init(|| crate::display_of(&office.store)).board();
                let seen = board.home(query.person).filter(|home| call.sees(*home));
                seen.ok_or(StatusError::UnknownPerson(query.person))?;
                pass_for(&board, office, call, query.person)
            },
        )
        .look(
            "/api/status/gate-keys",
            Permission::Public.open(),
            "Public keys by which a status and a gate's list are verified",
            |office, call, _: Empty| {
                let (keys, rules) = (office.store.keys(), &call.pack().codes);
                Ok(GateKeys { list: list_public(keys)?, status: published(keys, rules, call.now)? })
            },
        )
        .recall(
            "/api/status/gate-list",
            Permission::CheckInRecord.open(),
            "What a gate needs to verify statuses without a network: keys and revocations, signed",
            gate_list,
        )
}

/// Whose pass.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusPassQuery)]
pub struct PassQuery {
    /// Whose.
    pub person: PersonId,
}

/// A pass to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StatusPassAnswer)]
pub struct PassAnswer {
    /// What is shown as a QR code.
    pub text: String,
    /// The colour in it.
    #[schema(value_type = String, example = "green")]
    pub colour: StatusColour,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
}

/// Public keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GateKeys {
    /// The key of lists, 64 hexadecimal digits.
    pub list: String,
    /// The keys of statuses.
    pub status: Vec<GateKey>,
}

/// A list as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedGateList {
    /// The list as JSON.
    pub list: String,
    /// The signature over it, 128 hexadecimal digits.
    pub signature: String,
    /// The key, 64 hexadecimal digits.
    pub key: String,
}

/// A pass for a person; the caller may see them.
///
/// # Errors
/// An unknown person, or missing keys.
pub fn pass_for(board: &Board, office: &Office, call: &Call, person: PersonId) -> Result<PassAnswer, Refusal> {
    let rules = &call.pack().codes;
    let keys = office.store.keys();
    let status = board.status(person, call.now, call.pack()).ok_or(StatusError::UnknownPerson(person))?;
    let issued_at = Timestamp(call.now.0 - call.now.0.rem_euclid(outpace_core::time::MINUTE_MS));
    let pass = StatusPass {
        alias: Aliases::of(keys, rules)?.at(person, issued_at, status.colour),
        colour: status.colour,
        last_negative_at: status.last_negative_at,
        issued_at,
        minutes: u16::try_from(rules.status_minutes.value).unwrap_or(u16::MAX),
    };
    let text = pass.signed(&signing(keys, rules, pass.issued_at)?);
    Ok(PassAnswer { text, colour: pass.colour, issued_at: pass.issued_at, ends_at: pass.ends_at() })
}

fn gate_list(office: &Office, tx: &mut Tx<'_>, call: &Call, _: Empty) -> Result<SignedGateList, Refusal> {
    list_for_gate(office, tx, call)
}

/// The list of now, signed.
///
/// # Errors
/// Missing keys.
pub fn list_for_gate(office: &Office, tx: &mut Tx<'_>, call: &Call) -> Result<SignedGateList, Refusal> {
    let keys = office.store.keys();
    let board = crate::display_of(&office.store).board();
    let list = list_of(&board, keys, call.pack(), AreaId(tx.jurisdiction()), call.now)?;
    let text =
        serde_json::to_string(&list).map_err(|source| StoreError::Payload { kind: "gate list".to_owned(), source })?;
    Ok(SignedGateList { signature: sign_list(keys, &text)?, key: list_public(keys)?, list: text })
}

impl SignedGateList {
    /// Reads a list as a gate does: the signature first, then what it says. `key` is the office's, known before.
    ///
    /// # Errors
    /// A signature that is not the office's, another format; both sentences say what to do.
    pub fn read(&self, key: &str) -> Result<super::GateList, Text> {
        if !self.key.eq_ignore_ascii_case(key) || !super::keys::is_signed(&self.key, &self.list, &self.signature) {
            return Err(Text::new(
                "核验清单签名不符,不能使用;请重新连网获取。",
                "This list is not signed by the office and must not be used; fetch it again.",
            ));
        }
        let list: Option<super::GateList> = serde_json::from_str(&self.list).ok();
        list.filter(|list| list.format == super::LIST_FORMAT).ok_or_else(|| {
            Text::new("不是可识别的核验清单;请更新本页。", "This is no list that is known here; update the page.")
        })
    }
}
