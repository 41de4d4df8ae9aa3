//! What a member of staff has in the pocket: an authenticator app, which makes codes by time (RFC 6238) from the secret that
//! the sign-in page showed.

use hmac::{Hmac, KeyInit, Mac};
use outpace_core::Timestamp;
use sha1::Sha1;

/// How long a code stands.
const STEP_MS: i64 = 30_000;
const CODES: u32 = 1_000_000;
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An authenticator that was set up.
#[derive(Clone)]
pub struct Authenticator {
    secret: Vec<u8>,
}

impl Authenticator {
    /// Types the secret in, as the page shows it; none where that is no base32.
    #[must_use]
    pub fn typed(secret: &str) -> Option<Self> {
        let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
        for letter in secret.chars() {
            held = (held << 5) | u32::try_from(BASE32.find(letter)?).ok()?;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
            }
        }
        Some(Self { secret: bytes })
    }

    /// What it shows at a moment.
    #[must_use]
    pub fn code(&self, at: Timestamp) -> String {
        // HMAC takes a key of any length.
        let Ok(mut mac) = <Hmac<Sha1> as KeyInit>::new_from_slice(&self.secret) else { return String::new() };
        mac.update(&at.0.div_euclid(STEP_MS).to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let from = usize::from(digest[19] & 0x0f);
        let read = digest[from..from + 4].iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
        format!("{:06}", (read & 0x7fff_ffff) % CODES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret in base32, and two of its rows cut to six digits.
    #[test]
    fn it_shows_what_the_rfc_says() {
        let app = Authenticator::typed("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        assert_eq!(app.code(Timestamp(59_000)), "287082");
        assert_eq!(app.code(Timestamp(20_000_000_000_000)), "353130");
        assert!(Authenticator::typed("not base32").is_none());
    }
}
