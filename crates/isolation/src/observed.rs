//! What all observations share: when they happened, who signed, and how one that cannot be is kept and flagged.

use std::collections::BTreeSet;

use outpace_access::Call;
use outpace_core::time::MINUTE_MS;
use outpace_core::{ActorId, AreaId, Refusal, Seq, Text, Timestamp};
use outpace_orders::{NewConflict, Subject, conflict};
use outpace_store::Unit;

/// A device's clock may run ahead of ours by so many milliseconds before it is flagged.
pub const SKEW_MS_MAX: i64 = 2 * MINUTE_MS;
/// Signatures under each boarding and hand-over: who gives and who takes.
pub const SIGNATURES: usize = 2;

/// When something happened, as far as a witness may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// When it happened; never after now.
    pub at: Timestamp,
    /// How far the witness's clock ran ahead of ours, in milliseconds; 0 where it did not.
    pub skew_ms: i64,
}

impl Moment {
    /// The moment that a request gives, or now.
    pub(crate) fn of(call: &Call, occurred_at: Option<Timestamp>) -> Self {
        let given = occurred_at.unwrap_or(call.now);
        let ahead_ms = given.since(call.now);
        if ahead_ms > SKEW_MS_MAX {
            return Self { at: call.now, skew_ms: ahead_ms };
        }
        Self { at: given.min(call.now), skew_ms: 0 }
    }
}

/// The different hands that signed.
pub(crate) fn signers(signed_by: &[ActorId]) -> usize {
    signed_by.iter().collect::<BTreeSet<_>>().len()
}

/// Something seen that cannot be: what it is about, its code and its words.
pub(crate) struct Oddity {
    /// Which rule of the world it breaks.
    pub kind: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// What was seen and what would have been right.
    pub what: Text,
}

/// Opens an order for each thing that cannot be.
pub(crate) fn flag(
    unit: &mut Unit<'_>,
    call: &Call,
    area: AreaId,
    seq: Seq,
    oddities: Vec<Oddity>,
) -> Result<Vec<String>, Refusal> {
    let mut kinds = Vec::with_capacity(oddities.len());
    for Oddity { kind, subject, what } in oddities {
        conflict(unit, call, NewConflict { kind, subject, area, what, seq: Some(seq) })?;
        kinds.push(kind.to_owned());
    }
    Ok(kinds)
}

/// The oddities of signatures and clocks that any hand-over may have.
pub(crate) fn formal(subject: &Subject, signed_by: &[ActorId], moment: Moment) -> Vec<Oddity> {
    let mut found = ahead(subject, moment);
    if signers(signed_by) < SIGNATURES {
        found.push(Oddity {
            kind: "signature_missing",
            subject: subject.clone(),
            what: Text::new(
                "交接须由交、接双方两人签字,现不足两人。",
                "A hand-over is signed by two different people, who gives and who takes; fewer signed.",
            ),
        });
    }
    found
}

/// The oddity of a clock that runs ahead.
pub(crate) fn ahead(subject: &Subject, moment: Moment) -> Vec<Oddity> {
    let mut found = Vec::new();
    if moment.skew_ms > 0 {
        let seconds = moment.skew_ms / 1000;
        found.push(Oddity {
            kind: "clock_ahead",
            subject: subject.clone(),
            what: Text::new(
                format!("设备时钟比系统快 {seconds} 秒,已按收到时间记录;请校准设备。"),
                format!("The device's clock is {seconds} seconds ahead; recorded as of now. Set the device's clock."),
            ),
        });
    }
    found
}
