//! Keys and secrets of any text are read without panic.

#![no_main]

use countersign_token::{KeySet, Secret, Secrets, SigningKey, VerifyingKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = KeySet::from_jwks(text);
    let _ = VerifyingKey::from_jwk(text);
    if let Ok(key) = SigningKey::from_jwk(text) {
        let _ = key.private_jwk();
    }
    let _ = Secrets::parse_versioned(text);
    if let Err(weak) = Secret::parse(text) {
        assert!(text.len() < 12 || !weak.to_string().contains(text));
    }
});
