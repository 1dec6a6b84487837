//! scrypt as Better Auth has it (docs/wire.md 4.3).

use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Unusable;
use crate::hasher::{hex, unhex};

const KEY_LENGTH: usize = 64;

/// `<32 hex digits of salt>:<128 hex digits>`. The salt is the hex text itself, not the bytes it stands for.
pub(super) struct BetterAuth {
    salt: String,
    key: [u8; KEY_LENGTH],
}

impl BetterAuth {
    pub(super) fn hash(password: &[u8], salt: &[u8; 16]) -> String {
        let salt = hex(salt);
        let key = derive(password, &salt);
        format!("{salt}:{}", hex(key.as_slice()))
    }

    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let (salt, key) = text.split_once(':').ok_or(Unusable::Unknown)?;
        let key = unhex(key).and_then(|key| key.try_into().ok()).ok_or(Unusable::Unknown)?;
        Ok(Self { salt: salt.to_owned(), key })
    }

    pub(super) fn nobody() -> Self {
        Self { salt: "0".repeat(32), key: [0; KEY_LENGTH] }
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        derive(password, &self.salt).as_slice().ct_eq(&self.key).into()
    }
}

/// scrypt (RFC 7914) with N = 2^14, r = 16, p = 1.
#[expect(clippy::expect_used, reason = "constant parameters, within the bounds of the function")]
fn derive(password: &[u8], salt: &str) -> Zeroizing<[u8; KEY_LENGTH]> {
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    let params = Params::new(14, 16, 1).expect("valid parameters");
    scrypt(password, salt.as_bytes(), &params, key.as_mut_slice()).expect("a valid length");
    key
}
