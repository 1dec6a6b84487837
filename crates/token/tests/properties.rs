//! What holds for all tokens and cookies, not only for chosen ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use countersign_token::{
    Algorithm, CannotSign, Claims, KeySet, Policy, RefreshToken, Secret, Secrets, SignedCookie, SigningKey, Verifier,
    sign,
};
use proptest::{collection::vec, option, prelude::*};

const NOW: i64 = 1_790_000_000;

prop_compose! {
    fn any_claims()(
        sub in "[^\\p{Cc}]{1,40}",
        email in option::of(any::<String>()),
        iat in NOW - 100..=NOW,
        life in 1_i64..1000,
        jti in option::of(any::<String>()),
        sid in option::of("[a-z0-9-]{36}"),
        iss in option::of(any::<String>()),
        nbf in option::of(0..=NOW),
        custom in vec(("x[a-z\"\\\\é]{0,8}", any::<String>()), 0..4),
    ) -> Claims {
        let mut claims = Claims::new(sub, iat, NOW + life);
        (claims.email, claims.jti, claims.sid, claims.iss, claims.nbf) = (email, jti, sid, iss, nbf);
        claims.custom = custom.into_iter().map(|(name, value)| (name, value.into())).collect();
        claims
    }
}

fn any_key() -> impl Strategy<Value = SigningKey> {
    let algorithm = prop_oneof![Just(Algorithm::Hs256), Just(Algorithm::EdDsa), Just(Algorithm::Es256)];
    (algorithm, any::<[u8; 32]>(), option::of(any::<String>()))
        .prop_map(|(algorithm, entropy, kid)| SigningKey::from_entropy(algorithm, &entropy, kid).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn what_is_signed_verifies_to_the_same_claims(key in any_key(), claims in any_claims()) {
        let token = sign(&key, &claims).unwrap();
        let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
        prop_assert_eq!(verifier.verify_owned(&token, NOW).unwrap().into_inner(), claims);
    }

    #[test]
    fn another_key_never_verifies(key in any_key(), other in any_key(), claims in any_claims()) {
        let token = sign(&key, &claims).unwrap();
        let verifier = Verifier::new(KeySet::single(other.verifying_key()), Policy::default());
        prop_assert!(verifier.verify_owned(&token, NOW).is_err());
    }

    #[test]
    fn a_key_survives_its_jwk(entropy in any::<[u8; 32]>(), kid in option::of("[a-z0-9]{1,8}"), claims in any_claims()) {
        for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
            let key = SigningKey::from_entropy(algorithm, &entropy, kid.clone()).unwrap();
            let again = SigningKey::from_jwk(&key.private_jwk().unwrap()).unwrap();
            let set = format!(r#"{{"keys":[{}]}}"#, key.public_jwk().unwrap());
            let verifier = Verifier::new(KeySet::from_jwks(&set).unwrap(), Policy::default());
            prop_assert!(verifier.verify_owned(&sign(&again, &claims).unwrap(), NOW).is_ok());
            prop_assert_eq!(again.kid(), kid.as_deref());
        }
    }

    #[test]
    fn any_text_is_judged_without_panic(text in any::<String>(), parts in vec("[A-Za-z0-9_-]{0,30}", 0..5)) {
        let verifier = Verifier::new(KeySet::hs256(&Secrets::single(Secret::from_entropy([1; 32]))), Policy::default());
        prop_assert!(verifier.verify_owned(&text, NOW).is_err());
        prop_assert!(verifier.verify_owned(&parts.join("."), NOW).is_err());
    }

    #[test]
    fn a_signed_cookie_gives_its_value_back(value in any::<String>(), old in any::<[u8; 32]>(), new in any::<[u8; 32]>()) {
        prop_assume!(old != new);
        let (old, new) = (Secret::from_entropy(old), Secret::from_entropy(new));
        let raw = SignedCookie::sign(&value, &old);
        let both = Secrets::single(new.clone()).with_unversioned(old);
        prop_assert_eq!(SignedCookie::verify(&raw, &both), Some(&*value));
        prop_assert_eq!(SignedCookie::verify(&raw, &Secrets::single(new)), None);
    }

    #[test]
    fn a_refresh_token_gives_its_session_and_generation_back(
        id in "\\PC{1,60}", generation in any::<u32>(), old in any::<[u8; 32]>(), new in any::<[u8; 32]>(),
    ) {
        prop_assume!(old != new);
        let (old, new) = (Secret::from_entropy(old), Secret::from_entropy(new));
        let token = RefreshToken::mint(&id, generation, &old).unwrap();
        let both = Secrets::single(new.clone()).with_unversioned(old);
        let genuine = RefreshToken::verify(&token, &both).unwrap();
        prop_assert_eq!((genuine.session_id(), genuine.generation()), (&*id, generation));
        prop_assert_eq!(RefreshToken::verify(&token, &Secrets::single(new)), None);
    }

    #[test]
    fn any_text_is_no_refresh_token(text in any::<String>(), parts in vec("[A-Za-z0-9_-]{0,60}", 0..4)) {
        let secrets = Secrets::single(Secret::from_entropy([1; 32]));
        prop_assert_eq!(RefreshToken::verify(&text, &secrets), None);
        prop_assert_eq!(RefreshToken::verify(&format!("csr_{}", parts.join(".")), &secrets), None);
    }
}

#[test]
fn any_single_changed_byte_is_refused() {
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256] {
        let key = SigningKey::from_entropy(algorithm, &[9; 32], Some("1".to_owned())).unwrap();
        let token = sign(&key, &Claims::new("0197f3c2-6f0a-7c55-9d2e-2f1f8a7b6c5d", NOW, NOW + 900)).unwrap();
        let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                *bytes.get_mut(at).unwrap() ^= 1 << bit;
                let altered = String::from_utf8(bytes).unwrap();
                assert!(verifier.verify_owned(&altered, NOW).is_err(), "byte {at}, bit {bit}: {altered}");
            }
        }
    }
}

#[test]
fn any_single_changed_byte_of_a_cookie_is_refused() {
    let secrets = Secrets::single(Secret::from_entropy([9; 32]));
    let raw = SignedCookie::sign("K7Ooabc123", secrets.current());
    for at in 0..raw.len() {
        for bit in 0..7 {
            let mut bytes = raw.clone().into_bytes();
            *bytes.get_mut(at).unwrap() ^= 1 << bit;
            let altered = String::from_utf8(bytes).unwrap();
            assert_eq!(SignedCookie::verify(&altered, &secrets), None, "byte {at}, bit {bit}: {altered}");
        }
    }
    for altered in ["", ".", "K7Ooabc123", "K7Ooabc123.", &raw.replace('=', ""), &format!("{raw}="), &format!("{raw} ")]
    {
        assert_eq!(SignedCookie::verify(altered, &secrets), None, "{altered}");
    }
}

#[test]
fn any_single_changed_byte_of_a_refresh_token_is_refused() {
    let secrets = Secrets::single(Secret::from_entropy([9; 32]));
    let token = RefreshToken::mint("0197f3c2-6f0a-7c55-9d2e-2f1f8a7b6c5d", 3, secrets.current()).unwrap();
    for at in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            *bytes.get_mut(at).unwrap() ^= 1 << bit;
            let altered = String::from_utf8(bytes).unwrap();
            assert_eq!(RefreshToken::verify(&altered, &secrets), None, "byte {at}, bit {bit}: {altered}");
        }
    }
    for altered in
        [&format!("{token}="), &format!("{token}."), &format!(" {token}"), &format!("{token}\n"), &token[4..]]
    {
        assert_eq!(RefreshToken::verify(altered, &secrets), None, "{altered}");
    }
    assert_eq!(RefreshToken::verify(&token.repeat(200), &secrets), None);
}

/// Made with Node's `crypto.createHmac("sha256", secret).update(value).digest("base64")`, as Better Auth does.
#[test]
fn a_cookie_signed_elsewhere_verifies() {
    let secret = Secret::parse("kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X").unwrap();
    let raw = "K7OoExampleSessionTokenOf32Chars.MIDduhhuyuFRH5CFcrxOJo5AwPdVsQWkFtL/hGp+0yg=";
    assert_eq!(SignedCookie::verify(raw, &Secrets::single(secret)), Some("K7OoExampleSessionTokenOf32Chars"));
}

#[test]
fn a_token_nobody_could_take_is_not_minted() {
    let key = SigningKey::from_entropy(Algorithm::Hs256, &[9; 32], None).unwrap();
    let mut claims = Claims::new("a", NOW, NOW + 900);
    claims.custom.insert("sub".to_owned(), "b".into());
    assert_eq!(sign(&key, &claims), Err(CannotSign::RegisteredClaim("sub")));
    claims.custom.clear();
    claims.custom.insert("x".to_owned(), "y".repeat(8192).into());
    assert_eq!(sign(&key, &claims), Err(CannotSign::TooLong));
}
