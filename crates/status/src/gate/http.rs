//! Routes of passes and of the gate.

use std::sync::OnceLock;

use outpace_access::{Call, Empty, Office, Routes};
use outpace_core::{AreaId, Permission, PersonId, Refusal, Text, Timestamp};
use outpace_policy::StatusColour;
use outpace_store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keys::{list_public, order_of, period_of, published, sign_list, signing};
use super::list::{GateHead, GateKey, GateList, list_of};
use super::map::{ColourMap, MapUpdate};
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
            "What a gate needs to verify statuses without a network: keys and colours by place, signed",
            list_for_gate,
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

/// What a gate has already.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct GateListQuery {
    /// Digests of its maps (`sha256` of each), separated by commas: what they hold does not travel again.
    #[serde(default)]
    pub have: Option<String>,
}

/// A list as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedGateList {
    /// The head as JSON.
    pub list: String,
    /// Its maps, in the order of the head, whole or as what changed. Each must have the digest that the head has for it.
    pub maps: Vec<MapUpdate>,
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
    let unknown = || StatusError::UnknownPerson(person);
    let status = board.status(person, call.now, call.pack()).ok_or_else(unknown)?;
    let issued_at = Timestamp(call.now.0 - call.now.0.rem_euclid(outpace_core::time::MINUTE_MS));
    let blocks = board.blocks();
    let order = board.gate().orders.get(order_of(keys, rules, period_of(issued_at, rules), blocks)?);
    let pass = StatusPass {
        blocks,
        place: order.place(person).ok_or_else(unknown)?,
        colour: status.colour,
        last_negative_at: status.last_negative_at,
        issued_at,
        minutes: u16::try_from(rules.status_minutes.value).unwrap_or(u16::MAX),
    };
    let text = pass.signed(&signing(keys, rules, pass.issued_at)?);
    Ok(PassAnswer { text, colour: pass.colour, issued_at: pass.issued_at, ends_at: pass.ends_at() })
}

/// The list of now, signed; of its maps only what a gate does not have.
///
/// # Errors
/// Missing keys.
pub fn list_for_gate(
    office: &Office,
    tx: &mut Tx<'_>,
    call: &Call,
    query: GateListQuery,
) -> Result<SignedGateList, Refusal> {
    let keys = office.store.keys();
    let board = crate::display_of(&office.store).board();
    let made = list_of(&board, keys, call.pack(), AreaId(tx.jurisdiction()), call.now)?;
    let text = serde_json::to_string(&made.head)
        .map_err(|source| StoreError::Payload { kind: "gate list".to_owned(), source })?;
    let known = board.gate().known(query.have.as_deref().unwrap_or_default());
    let maps = made.maps.iter().map(|map| map.since(map.nearest(&known))).collect();
    Ok(SignedGateList { signature: sign_list(keys, &text)?, key: list_public(keys)?, list: text, maps })
}

impl SignedGateList {
    /// Reads a list as a gate does: the signature first, then what it says, then its maps, each of which must be the one whose
    /// digest was signed. `key` is the office's, known before; `known` are the maps that the gate has.
    ///
    /// # Errors
    /// A signature that is not the office's, another format, a map that is not the signed one; all say what to do.
    pub fn read(&self, key: &str, known: &[ColourMap]) -> Result<GateList, Text> {
        if !self.key.eq_ignore_ascii_case(key) || !super::keys::is_signed(&self.key, &self.list, &self.signature) {
            return Err(not_signed());
        }
        let head: Option<GateHead> = serde_json::from_str(&self.list).ok();
        let head = head.filter(|head| head.format == super::LIST_FORMAT).ok_or_else(|| {
            Text::new("不是可识别的核验清单;请更新本页。", "This is no list that is known here; update the page.")
        })?;
        let signed = head.maps.iter().zip(&self.maps);
        let read = signed.map(|(map, update)| {
            update.applied(map.blocks, known).filter(|read| read.digest() == map.sha256).ok_or_else(not_signed)
        });
        let maps = read.collect::<Result<Vec<_>, _>>()?;
        if maps.len() == head.maps.len() { Ok(GateList { head, maps }) } else { Err(not_signed()) }
    }
}

fn not_signed() -> Text {
    Text::new(
        "核验清单签名不符,不能使用;请重新连网获取。",
        "This list is not signed by the office and must not be used; fetch it again.",
    )
}
