//! Any text is judged without panic, and nothing but the token we minted, or its genuine like, is admitted.

#![no_main]

use std::sync::LazyLock;

use countersign_token::{Claims, KeySet, Policy, Scratch, SigningKey, Verifier, decode_unverified, sign};
use libfuzzer_sys::fuzz_target;

const NOW: i64 = 1_790_000_000;

static SEED: LazyLock<(Verifier, String)> = LazyLock::new(|| {
    let key = SigningKey::hs256_bytes(&[7; 32], Some("1".to_owned())).unwrap();
    let token = sign(&key, &Claims::new("0197f3c2-6f0a-7c55-9d2e-2f1f8a7b6c5d", NOW, NOW + 900)).unwrap();
    (Verifier::new(KeySet::single(key.verifying_key()), Policy::default()), token)
});

fuzz_target!(|input: (&str, u16, u8)| {
    let (text, at, byte) = input;
    let (verifier, token) = &*SEED;
    let mut scratch = Scratch::new();
    // As it is: the fuzzer cannot make a MAC, so it must be refused.
    assert!(text == token || verifier.verify(text, NOW, &mut scratch).is_err());
    let _ = decode_unverified(text);
    // The genuine token with one byte replaced: refused unless it is the same.
    let mut altered = token.clone().into_bytes();
    let at = usize::from(at) % altered.len();
    altered[at] = byte;
    if let Ok(altered) = String::from_utf8(altered) {
        assert_eq!(verifier.verify(&altered, NOW, &mut scratch).is_ok(), altered == *token);
    }
});
