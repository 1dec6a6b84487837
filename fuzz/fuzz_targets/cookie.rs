//! Any text is judged without panic; a signed value comes back whole and no other text bears its signature.

#![no_main]

use std::sync::LazyLock;

use countersign_token::{Secret, Secrets, SignedCookie};
use libfuzzer_sys::fuzz_target;

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| Secrets::single(Secret::from_entropy([7; 32])));

fuzz_target!(|input: (&str, u16, u8)| {
    let (text, at, byte) = input;
    // The fuzzer watches comparisons and so learns genuine signatures; then the text must be exactly what we sign.
    if let Some(value) = SignedCookie::verify(text, &SECRETS) {
        assert_eq!(SignedCookie::sign(value, SECRETS.current()), text);
    }
    let raw = SignedCookie::sign(text, SECRETS.current());
    assert_eq!(SignedCookie::verify(&raw, &SECRETS), Some(text));
    let mut altered = raw.clone().into_bytes();
    let at = usize::from(at) % altered.len();
    altered[at] = byte;
    if let Ok(altered) = String::from_utf8(altered) {
        assert_eq!(SignedCookie::verify(&altered, &SECRETS).is_some(), altered == raw);
    }
});
