//! What is signed or sealed and comes back from outside: passes and the lists of gates, exports, attestations. Nothing that this
//! office did not sign is taken for its own, and what it did sign reads as it was.
#![no_main]

use std::sync::LazyLock;

use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;
use outpace_core::{AreaId, Timestamp};
use outpace_custody::attest::Attestation;
use outpace_custody::exports::file;
use outpace_fuzz::Draws;
use outpace_policy::{Closed, StatusColour};
use outpace_status::gate::{GateKey, GateList, LIST_FORMAT, SignedGateList, StatusPass, verify};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_bytes(&[7; 32]));
const NOW: Timestamp = Timestamp(1_649_784_600_000);

fn list() -> GateList {
    let key = KEY.verifying_key().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    GateList {
        format: LIST_FORMAT.to_owned(),
        jurisdiction: AreaId(140_121),
        at: NOW,
        keys: vec![GateKey { key, from: Timestamp(i64::MIN), until: Timestamp(i64::MAX) }],
        revoked: String::new(),
    }
}

fn own_pass(draws: &mut Draws<'_>) {
    let pass = StatusPass {
        alias: std::array::from_fn(|_| draws.byte()),
        colour: StatusColour::ALL[draws.below(StatusColour::ALL.len())],
        last_negative_at: None,
        issued_at: Timestamp(NOW.0 - NOW.0.rem_euclid(60_000)),
        minutes: 1 + draws.byte() as u16,
    };
    let text = pass.signed(&KEY);
    assert_eq!(verify(&text, &list(), NOW), Ok(pass));
    // One letter changed, and it is nobody's; the last one may hold bits that count for nothing.
    let at = draws.below(text.len() - 1);
    let letter = char::from(b'A' + draws.byte() % 26);
    let changed: String = text.char_indices().map(|(place, was)| if place == at { letter } else { was }).collect();
    assert!(changed == text || verify(&changed, &list(), NOW).is_err(), "{changed}");
}

fuzz_target!(|bytes: &[u8]| {
    own_pass(&mut Draws::from(bytes));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    assert!(verify(text, &list(), NOW).is_err());
    if let Ok(list) = serde_json::from_str::<GateList>(text) {
        let _ = (list.revokes(&[0; 8]), verify(&format!("OPS1.{}", "A".repeat(120)), &list, NOW));
    }
    if let Ok(signed) = serde_json::from_str::<SignedGateList>(text) {
        assert!(signed.read(&list().keys[0].key).is_err());
        let _ = signed.read(&signed.key);
    }
    if let Ok(attestation) = serde_json::from_str::<Attestation>(text) {
        let _ = attestation.checked(None);
        assert!(attestation.checked(Some(&list().keys[0].key)).is_none());
    }
    if let Ok(label) = file::label(text) {
        let json = serde_json::to_string(&label).unwrap();
        assert_eq!(serde_json::from_str::<file::Label>(&json).unwrap(), label);
        // Stretching a passphrase takes a tenth of a second: only where all before it is right.
        assert!(file::open(text, "wrong", label.until).is_err());
        assert!(file::open(text, "wrong", Timestamp(i64::MIN)).is_err());
    }
});
