//! Tokens cross over: what we mint, `jsonwebtoken` takes, and the other way round; what one refuses for its signature or
//! its expiry, so does the other.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use countersign_token::{Algorithm, Claims, KeySet, Policy, SigningKey, Verifier, sign};
use jsonwebtoken as peer;
use proptest::{option, prelude::*};

/// The peer reads its own clock, so its judgements on time are taken far from any boundary.
const FAR_AHEAD: i64 = 4_000_000_000;

const ALGORITHMS: [(Algorithm, peer::Algorithm); 3] = [
    (Algorithm::Hs256, peer::Algorithm::HS256),
    (Algorithm::EdDsa, peer::Algorithm::EdDSA),
    (Algorithm::Es256, peer::Algorithm::ES256),
];

prop_compose! {
    fn any_claims()(
        sub in "[^\\p{Cc}]{1,40}",
        email in option::of(any::<String>()),
        jti in option::of(any::<String>()),
        iss in option::of(any::<String>()),
        custom in option::of(("x[a-z]{0,6}", any::<String>())),
    ) -> Claims {
        let mut claims = Claims::new(sub, FAR_AHEAD - 100, FAR_AHEAD);
        (claims.email, claims.jti, claims.iss) = (email, jti, iss);
        claims.custom = custom.into_iter().map(|(name, value)| (name, value.into())).collect();
        claims
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_peer_takes_what_we_mint(entropy in any::<[u8; 32]>(), claims in any_claims(), kid in option::of("[a-z]{1,9}")) {
        install();
        for (ours, theirs) in ALGORITHMS {
            let key = SigningKey::from_entropy(ours, &entropy, kid.clone()).unwrap();
            let token = sign(&key, &claims).unwrap();
            let validation = peer::Validation::new(theirs);
            let taken = peer::decode::<serde_json::Value>(&token, &decoding_key(&key, &entropy), &validation).unwrap();
            prop_assert_eq!(taken.claims, serde_json::to_value(&claims).unwrap());
            prop_assert_eq!((taken.header.typ.as_deref(), taken.header.kid), (Some("at+jwt"), kid.clone()));
        }
    }

    #[test]
    fn we_take_what_the_peer_mints(entropy in any::<[u8; 32]>(), claims in any_claims(), kid in option::of("[a-z]{1,9}")) {
        install();
        for (ours, theirs) in ALGORITHMS {
            let key = SigningKey::from_entropy(ours, &entropy, kid.clone()).unwrap();
            let mut header = peer::Header::new(theirs);
            header.kid = kid.clone();
            let token = peer::encode(&header, &claims, &encoding_key(&key, &entropy)).unwrap();
            let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
            let taken = verifier.verify_owned(&token, FAR_AHEAD - 50).unwrap().into_inner();
            prop_assert_eq!(taken, claims.clone());
        }
    }

    #[test]
    fn both_refuse_a_changed_byte(entropy in any::<[u8; 32]>(), claims in any_claims(), at in any::<prop::sample::Index>()) {
        install();
        for (ours, theirs) in ALGORITHMS {
            let key = SigningKey::from_entropy(ours, &entropy, None).unwrap();
            let token = sign(&key, &claims).unwrap();
            let at = at.index(token.len() - 1);
            let other = if token.as_bytes().get(at) == Some(&b'A') { "B" } else { "A" };
            let altered = format!("{}{other}{}", token.get(..at).unwrap(), token.get(at + 1..).unwrap());
            let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
            prop_assert!(verifier.verify_owned(&altered, FAR_AHEAD - 50).is_err());
            let validation = peer::Validation::new(theirs);
            let judged = peer::decode::<serde_json::Value>(&altered, &decoding_key(&key, &entropy), &validation);
            prop_assert!(judged.is_err());
        }
    }
}

#[test]
fn both_refuse_an_expired_token() {
    install();
    let key = SigningKey::hs256_bytes(&[9; 32], None).unwrap();
    let token = sign(&key, &Claims::new("a", 1_000_000_000, 1_000_000_900)).unwrap();
    let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
    assert!(verifier.verify_owned(&token, 1_000_000_900).is_err());
    let validation = peer::Validation::new(peer::Algorithm::HS256);
    let judged = peer::decode::<serde_json::Value>(&token, &peer::DecodingKey::from_secret(&[9; 32]), &validation);
    assert!(judged.is_err());
}

fn install() {
    // Another test of this process may have done it.
    let _ = peer::crypto::rust_crypto::DEFAULT_PROVIDER.install_default();
}

fn decoding_key(key: &SigningKey, entropy: &[u8]) -> peer::DecodingKey {
    match key.public_jwk() {
        None => peer::DecodingKey::from_secret(entropy),
        Some(jwk) => peer::DecodingKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap(),
    }
}

fn encoding_key(key: &SigningKey, entropy: &[u8; 32]) -> peer::EncodingKey {
    match key.algorithm() {
        Algorithm::Hs256 => peer::EncodingKey::from_secret(entropy),
        Algorithm::EdDsa => peer::EncodingKey::from_ed_der(&pkcs8(&ED25519, entropy)),
        Algorithm::Es256 => peer::EncodingKey::from_ec_der(&pkcs8(&P256, entropy)),
    }
}

/// What stands before the 32 private bytes in PKCS #8 (RFC 5958, RFC 8410, RFC 5915).
const ED25519: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const P256: [u8; 35] = [
    0x30, 0x41, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3,
    1, 7, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20,
];

fn pkcs8(before: &[u8], private: &[u8]) -> Vec<u8> {
    [before, private].concat()
}
