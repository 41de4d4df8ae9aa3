//! Accounts of residents: no password, a session for a one-time code. Whose file an account is for is kept by the
//! capability that hands the codes out; here it is an actor like any other.

use outpace_core::time::MINUTE_MS;
use outpace_core::{Actor, ActorId, ActorKind, AreaId, Refusal, Role, Timestamp};
use outpace_store::{StoreError, Unit};

use super::password;
use super::session::{Keep, SignedIn, Token, clear_the_way, give};
use super::store::{self, NewActor};
use crate::admit::Caller;
use crate::office::Call;
use crate::routes::Entered;

/// Letters of a one-time code: no I, L, O and U, which are misread on paper.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a one-time code: 50 random bits.
pub const CODE_LETTERS: usize = 10;

/// A one-time code as it is written on paper.
///
/// # Errors
/// When the machine has no randomness.
pub fn one_time_code() -> Result<String, StoreError> {
    let random = password::random_text(CODE_LETTERS)?;
    let letter = |pair: &[u8]| {
        let byte = std::str::from_utf8(pair).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        char::from(LETTERS[usize::from(byte) % LETTERS.len()])
    };
    Ok(random.as_bytes().chunks_exact(2).map(letter).collect())
}

/// What somebody typed, as the code was printed: without spaces and hyphens, in capitals, misread letters put right.
#[must_use]
pub fn normal_code(typed: &str) -> String {
    let letters = typed.chars().filter(|letter| letter.is_ascii_alphanumeric());
    letters
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

/// Sets up the account of somebody who lives in an area. Nobody signs in to it by name.
///
/// # Errors
/// What the store refused.
pub fn add_resident(unit: &mut Unit<'_>, home: AreaId) -> Result<Actor, StoreError> {
    let name = format!("resident-{}", password::random_text(8)?);
    let (kind, role) = (ActorKind::Account, Role::Resident);
    let actor = Actor::new(ActorId(0), kind, role, home);
    store::add(unit, NewActor { actor, name: &name, post: None, sealed: None })
}

/// Opens a session of some minutes for a resident's account, in the form that was asked for. A session that the browser
/// offered is never taken over: it ends.
///
/// # Errors
/// 403 where the page may be given no cookie; what the store refused.
pub fn open_session(
    unit: &mut Unit<'_>,
    (caller, keep): (&Caller, Keep),
    call: &Call,
    actor: &Actor,
    minutes: u32,
) -> Result<Entered<SignedIn>, Refusal> {
    let kind = keep.kind(caller)?;
    clear_the_way(unit, caller, actor.id)?;
    let expires_at = Timestamp(unit.now().0 + i64::from(minutes) * MINUTE_MS);
    give(unit, call, &Token { actor, kind, second_factor: false, expires_at, follows: None })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_read_back_however_they_were_typed_and_never_repeat() {
        let codes: BTreeSet<String> = (0..1_000).map(|_| one_time_code().unwrap()).collect();
        assert_eq!(codes.len(), 1_000);
        for code in &codes {
            assert_eq!(code.len(), CODE_LETTERS);
            let typed = format!("{} - {}", code[..5].to_lowercase(), &code[5..]);
            assert_eq!(&normal_code(&typed), code);
            assert_eq!(&normal_code(&code.replace('0', "o").replace('1', "l")), code);
        }
    }
}
