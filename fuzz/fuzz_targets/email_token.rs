//! Any text is judged without panic; a signed token says what it said and no other text bears its MAC.

#![no_main]

use std::sync::LazyLock;

use countersign_token::{EmailAsks, EmailToken, Secret, Secrets};
use libfuzzer_sys::fuzz_target;

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| Secrets::single(Secret::from_entropy([7; 32])));

fuzz_target!(|input: (&str, &str, &str, u16, u8)| {
    let (text, email, id, at, byte) = input;
    let _ = EmailToken::verify(text, &SECRETS, 1_000);
    let asks = EmailAsks::VerifyChange { to: text.to_owned() };
    let token = EmailToken { email: email.to_owned(), user_id: Some(id.to_owned()), asks, iat: 1_000, exp: 2_000 };
    let Ok(signed) = token.sign(SECRETS.current()) else { return };
    assert!(EmailToken::verify(&signed, &SECRETS, 1_999).is_ok_and(|read| read == token));
    let mut altered = signed.clone().into_bytes();
    let at = usize::from(at) % altered.len();
    altered[at] = byte;
    if let Ok(altered) = String::from_utf8(altered) {
        assert_eq!(EmailToken::verify(&altered, &SECRETS, 1_999).is_ok(), altered == signed);
    }
});
