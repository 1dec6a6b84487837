//! HMAC-SHA256 under a key whose state is computed once (RFC 2104). Measured against the alternatives in
//! `docs/decisions/0001-hmac.md`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A keyed state; cloning it saves the two compressions of the key schedule on each message.
#[derive(Clone)]
pub(crate) struct MacKey(Hmac<Sha256>);

impl MacKey {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 section 2)")]
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("a key of any length"))
    }

    pub(crate) fn mac(&self, message: &[u8]) -> [u8; 32] {
        self.0.clone().chain_update(message).finalize().into_bytes().into()
    }

    /// Compares over all 32 bytes, in a time that does not depend on where they differ.
    pub(crate) fn verify(&self, message: &[u8], mac: &[u8; 32]) -> bool {
        self.mac(message).ct_eq(mac).into()
    }
}
