//! Any text is judged without panic; a minted token gives its session and generation back and no other text bears its MAC.

#![no_main]

use std::sync::LazyLock;

use countersign_token::{RefreshToken, Secret, Secrets};
use libfuzzer_sys::fuzz_target;

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| Secrets::single(Secret::from_entropy([7; 32])));

fuzz_target!(|input: (&str, u32, u16, u8)| {
    let (text, generation, at, byte) = input;
    // The fuzzer watches comparisons and so learns genuine MACs; then the text must be exactly what we mint.
    if let Some(genuine) = RefreshToken::verify(text, &SECRETS) {
        let minted = RefreshToken::mint(genuine.session_id(), genuine.generation(), SECRETS.current());
        assert_eq!(minted.as_deref(), Ok(text));
    }
    let Ok(token) = RefreshToken::mint(text, generation, SECRETS.current()) else { return };
    let genuine = RefreshToken::verify(&token, &SECRETS).expect("what is minted verifies");
    assert_eq!((genuine.session_id(), genuine.generation()), (text, generation));
    let mut altered = token.clone().into_bytes();
    let at = usize::from(at) % altered.len();
    altered[at] = byte;
    if let Ok(altered) = String::from_utf8(altered) {
        assert_eq!(RefreshToken::verify(&altered, &SECRETS).is_some(), altered == token);
    }
});
