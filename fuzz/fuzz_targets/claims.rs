//! Header and payload of any bytes under a genuine signature: judged without panic, and what is admitted has whole
//! claims that keep the policy.

#![no_main]

use std::sync::LazyLock;

use countersign_token::{Claims, KeySet, Policy, Purpose, Secret, SignedCookie, SigningKey, Verifier, sign};
use libfuzzer_sys::fuzz_target;

const NOW: i64 = 1_790_000_000;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::from_entropy([7; 32]));

fuzz_target!(|input: (&[u8], &[u8], bool)| {
    let (header, payload, usual_header) = input;
    let key = SigningKey::hs256(&SECRET, None);
    let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
    let header = if usual_header { b"{\"alg\":\"HS256\"}" } else { header };
    let body = format!("{}.{}", base64url(header), base64url(payload));
    // A signed cookie holds the same MAC, in the other alphabet.
    let signed = SignedCookie::sign(&body, &SECRET).replace('+', "-").replace('/', "_");
    let signature = &signed[body.len() + 1..signed.len() - 1];
    if let Ok(claims) = verifier.verify_owned(&format!("{body}.{signature}"), NOW) {
        assert!(!claims.sub.is_empty() && claims.exp > NOW && claims.iat <= NOW + 5 && claims.aud.is_empty());
        let again: Claims = claims.into_inner();
        // What was taken can be minted again and is taken as the same, unless it grew too long by its escapes.
        if let Ok(token) = sign(&key, &again) {
            assert_eq!(verifier.verify_owned(&token, NOW).unwrap().into_inner(), again);
        }
    }
    let _ = SECRET.derive(Purpose::Page);
});

fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for n in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * n) & 63) as usize]));
        }
    }
    text
}
