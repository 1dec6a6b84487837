//! Key sets and ID tokens of any text are judged without panic; nobody is believed whose token the provider has not signed, and
//! an access token under the same key is none.

#![no_main]

use std::sync::LazyLock;

use countersign_token::{Algorithm, Claims, IdTokenDemands, ProviderKeys, Refused, SigningKey, sign};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::from_entropy(Algorithm::Es256, &[7; 32], Some("key".to_owned())).expect("a number below the order of the curve")
});
static KEYS: LazyLock<ProviderKeys> = LazyLock::new(|| {
    let jwk = KEY.public_jwk().expect("a public half");
    ProviderKeys::from_jwks(&format!(r#"{{"keys":[{jwk}]}}"#)).expect("a key set")
});

fuzz_target!(|input: (&str, &str, &str)| {
    let (set, token, text) = input;
    let issuers = [text.to_owned()];
    let demands = IdTokenDemands { issuers: &issuers, audience: text, nonce: None, max_age: Some(3_600) };
    if let Ok(keys) = ProviderKeys::from_jwks(set) {
        let _ = keys.verify(token, &demands, 1_000);
    }
    assert!(KEYS.verify(token, &demands, 1_000).is_err());
    let mut claims = Claims::new(text, 1_000, 2_000);
    claims.iss = Some(text.to_owned());
    claims.aud = vec![text.to_owned()];
    if let Ok(access_token) = sign(&KEY, &claims) {
        assert!(matches!(KEYS.verify(&access_token, &demands, 1_000), Err(Refused::WrongType | Refused::TooLong)));
    }
});
