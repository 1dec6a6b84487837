//! bcrypt, plain and as Django has it.
//!
//! It takes no more than 72 bytes. Whoever made the hash of a longer password cut it there, so it is cut here to compare, and
//! nowhere else: the hash made at that sign-in holds the whole password (security P2).

use aws_lc_rs::digest::{SHA256, digest};
use bcrypt::HashParts;
use zeroize::Zeroizing;

use super::Unusable;
use crate::hasher::hex;

/// The largest cost taken: 2^15 rounds are about two seconds of one core. Exports have 10 to 12.
const COST_MAX: u32 = 15;
const COST_MIN: u32 = 4;

/// `$2b$<cost>$<salt and key>`, also `$2a$` and `$2y$`, which are the same for whole characters. `$2x$` marks hashes of an old
/// mistake with characters beyond ASCII and is not taken.
pub(super) struct Bcrypt {
    text: String,
    /// Whether Django hashed the password with SHA-256 before, which keeps long ones whole.
    hashed_before: bool,
}

impl Bcrypt {
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let sha256 = text.strip_prefix("bcrypt_sha256$");
        let text = sha256.or_else(|| text.strip_prefix("bcrypt$")).unwrap_or(text);
        if !["$2a$", "$2b$", "$2y$"].iter().any(|version| text.starts_with(version)) {
            return Err(Unusable::Malformed);
        }
        let parts: HashParts = text.parse().map_err(|_| Unusable::Malformed)?;
        match parts.get_cost() {
            ..COST_MIN => Err(Unusable::Malformed),
            COST_MIN..=COST_MAX => Ok(Self { text: text.to_owned(), hashed_before: sha256.is_some() }),
            _ => Err(Unusable::TooCostly),
        }
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let matches = if self.hashed_before {
            let digits = Zeroizing::new(hex(digest(&SHA256, password).as_ref()));
            bcrypt::verify(digits.as_bytes(), &self.text)
        } else {
            bcrypt::verify(password, &self.text)
        };
        // A NUL inside makes another password the same, since bcrypt repeats password and closing NUL.
        matches.is_ok_and(|matches| matches) && !password.contains(&0)
    }
}
