//! Keys and sets of keys: what is taken, what is refused, and which key a token is tried under.

use countersign_token::{
    Algorithm, Claims, InvalidKey, KeySet, Policy, Refused, Secret, Secrets, SigningKey, Verifier, VerifyingKey, sign,
};

const NOW: i64 = 1_790_000_000;
const K: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const EC: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;

#[test]
fn a_jwk_that_contradicts_itself_is_refused() {
    use InvalidKey::*;
    let oct = format!(r#""kty":"oct","k":"{K}""#);
    let okp = format!(r#""kty":"OKP","crv":"Ed25519","x":"{X}""#);
    for (jwk, refused) in [
        (format!(r#"{{{oct},"use":"enc"}}"#), NotForSignatures),
        (format!(r#"{{{oct},"use":1}}"#), Malformed),
        (format!(r#"{{{oct},"key_ops":["encrypt"]}}"#), NotForSignatures),
        (format!(r#"{{{oct},"key_ops":[]}}"#), NotForSignatures),
        (format!(r#"{{{oct},"key_ops":"verify"}}"#), Malformed),
        (format!(r#"{{{oct},"alg":"HS512"}}"#), WrongAlgorithm),
        (format!(r#"{{{oct},"alg":"hs256"}}"#), WrongAlgorithm),
        (format!(r#"{{{oct},"kid":1}}"#), Malformed),
        (format!(r#"{{{okp},"alg":"HS256"}}"#), WrongAlgorithm),
        (format!(r#"{{{EC},"alg":"ES384"}}"#), WrongAlgorithm),
        (format!(r#"{{{EC},"use":"enc"}}"#), NotForSignatures),
        (r#"{"kty":"oct","k":"AAAA"}"#.to_owned(), TooShort),
        (r#"{"kty":"oct"}"#.to_owned(), Malformed),
        (format!(r#"{{"kty":"oct","k":"{K}=="}}"#), Malformed),
        (format!(r#"{{"kty":"OKP","crv":"X25519","x":"{X}"}}"#), Unsupported),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned(), Unsupported),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#.to_owned(), Malformed),
        (format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{X}"}}"#), Rejected),
        ("[]".to_owned(), Malformed),
        (String::new(), Malformed),
    ] {
        assert_eq!(VerifyingKey::from_jwk(&jwk).map(drop), Err(refused), "{jwk}");
    }
    for jwk in [
        format!(r#"{{{oct},"use":"sig","alg":"HS256","key_ops":["sign","verify"]}}"#),
        format!(r#"{{{okp},"use":"sig","alg":"EdDSA","key_ops":["verify"]}}"#),
        format!(r#"{{{EC},"use":"sig","alg":"ES256"}}"#),
    ] {
        assert_eq!(VerifyingKey::from_jwk(&jwk).map(drop), Ok(()), "{jwk}");
    }
}

#[test]
fn a_private_jwk_needs_its_private_half_and_a_matching_public_one() {
    let public = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}"}}"#);
    let other = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","d":"{X}"}}"#);
    let ec = format!(r#"{{{EC},"d":"{X}"}}"#);
    assert_eq!(SigningKey::from_jwk(&public).map(drop), Err(InvalidKey::NotPrivate));
    assert_eq!(SigningKey::from_jwk(&other).map(drop), Err(InvalidKey::Rejected));
    assert_eq!(SigningKey::from_jwk(&ec).map(drop), Err(InvalidKey::Rejected));
    assert_eq!(SigningKey::from_jwk(&format!("{{{EC}}}")).map(drop), Err(InvalidKey::NotPrivate));
    let verify_only = format!(r#"{{"kty":"oct","k":"{K}","key_ops":["verify"]}}"#);
    assert_eq!(SigningKey::from_jwk(&verify_only).map(drop), Err(InvalidKey::NotForSignatures));
    assert_eq!(SigningKey::es256_from_scalar(&[0; 32], None).map(drop), Err(InvalidKey::Rejected));
    assert_eq!(SigningKey::es256_from_scalar(&[0xff; 32], None).map(drop), Err(InvalidKey::Rejected));
    assert_eq!(SigningKey::hs256_bytes(&[1; 31], None).map(drop), Err(InvalidKey::TooShort));
}

#[test]
fn a_set_passes_over_what_it_cannot_use_and_refuses_what_is_broken() {
    let ed = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","kid":"a"}}"#);
    let enc = format!(r#"{{{EC},"use":"enc"}}"#);
    let set = format!(r#"{{"keys":[{{"kty":"RSA","n":"AQAB","e":"AQAB"}},{ed},{enc}]}}"#);
    let keys = KeySet::from_jwks(&set).unwrap();
    let keys: Vec<_> = keys.iter().collect();
    let found: Vec<_> = keys.iter().map(|key| (key.algorithm(), key.kid())).collect();
    assert_eq!(found, [(Algorithm::EdDsa, Some("a"))]);
    assert_eq!(KeySet::from_jwks(&format!(r#"{{"keys":[{enc}]}}"#)).map(drop), Err(InvalidKey::NoKeys));
    assert_eq!(KeySet::from_jwks(r#"{"keys":[]}"#).map(drop), Err(InvalidKey::NoKeys));
    assert_eq!(KeySet::from_jwks("{}").map(drop), Err(InvalidKey::Malformed));
    assert_eq!(
        KeySet::from_jwks(&format!(r#"{{"keys":[{ed},{{"kty":"oct"}}]}}"#)).map(drop),
        Err(InvalidKey::Malformed)
    );
}

#[test]
fn a_kid_is_a_hint_among_configured_keys() {
    let key = |entropy, kid: Option<&str>| SigningKey::hs256_bytes(&[entropy; 32], kid.map(str::to_owned)).unwrap();
    let set = |keys: &[&SigningKey]| KeySet::new(keys.iter().map(|key| key.verifying_key()));
    let judge = |keys: KeySet, minter: &SigningKey| {
        let token = sign(minter, &Claims::new("a", NOW, NOW + 900)).unwrap();
        Verifier::new(keys, Policy::default()).verify_owned(&token, NOW).map(drop)
    };
    let (old, new, nameless) = (key(1, Some("1")), key(2, Some("2")), key(3, None));
    assert_eq!(judge(set(&[&new, &old]), &old), Ok(()));
    assert_eq!(judge(set(&[&new]), &old), Err(Refused::UnknownKey));
    assert_eq!(judge(set(&[&new, &nameless]), &old), Err(Refused::InvalidSignature));
    assert_eq!(judge(set(&[&new, &nameless]), &nameless), Ok(()));
    assert_eq!(judge(set(&[&new, &old]), &key(1, None)), Ok(()), "minted by others, without kid");
    assert_eq!(judge(set(&[&nameless]), &key(3, Some("9"))), Ok(()), "a key without a name bears any");
    assert_eq!(judge(set(&[&new, &old]), &key(1, Some("2"))), Err(Refused::InvalidSignature), "no other key is tried");
    assert_eq!(judge(KeySet::default(), &nameless), Err(Refused::UnknownKey));
}

#[test]
fn a_new_secret_signs_nobody_out_and_a_removed_one_does() {
    let (old, new) = (
        Secret::parse("kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X").unwrap(),
        Secret::parse("Wm4nB8vC1xZ7aS5dF9gH3jK0lQ2wE6rT8yU1iO4p").unwrap(),
    );
    let mint = |secrets: &Secrets| {
        let kid = secrets.current_version().map(|version| version.to_string());
        sign(&SigningKey::hs256(secrets.current(), kid), &Claims::new("a", NOW, NOW + 900)).unwrap()
    };
    let admits = |secrets: &Secrets, token: &str| {
        Verifier::new(KeySet::hs256(secrets), Policy::default()).verify_owned(token, NOW).is_ok()
    };
    let before = Secrets::single(old.clone());
    let during = Secrets::parse_versioned(&format!("2:{},1:{}", new.expose(), old.expose())).unwrap();
    let after = Secrets::parse_versioned(&format!("2:{}", new.expose())).unwrap();
    assert!(admits(&during, &mint(&before)) && admits(&during, &mint(&during)));
    assert!(admits(&after, &mint(&during)) && !admits(&after, &mint(&before)));
}

#[test]
fn debug_shows_no_key() {
    let key = SigningKey::from_jwk(&format!(r#"{{"kty":"oct","k":"{K}","kid":"1"}}"#)).unwrap();
    let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
    let shown = format!("{key:?}{:?}", key.verifying_key());
    assert_eq!(
        shown,
        r#"SigningKey { algorithm: Hs256, kid: Some("1") }VerifyingKey { algorithm: Hs256, kid: Some("1") }"#
    );
    assert!(!format!("{verifier:?}").contains(K));
}

#[test]
fn a_verifier_without_a_name_refuses_a_token_meant_for_somebody() {
    let key = SigningKey::hs256_bytes(&[1; 32], None).unwrap();
    let mut claims = Claims::new("a", NOW, NOW + 900);
    claims.aud = vec!["https://api.example".to_owned()];
    let verifier = Verifier::new(KeySet::single(key.verifying_key()), Policy::default());
    let refused = verifier.verify_owned(&sign(&key, &claims).unwrap(), NOW);
    assert_eq!(refused.map(drop), Err(Refused::WrongAudience));
}

#[test]
fn a_leeway_is_at_most_a_minute() {
    assert!(Policy::default().leeway(60).is_ok() && Policy::default().expiry_leeway(60).is_ok());
    assert!(Policy::default().leeway(61).is_err() && Policy::default().expiry_leeway(61).is_err());
    let key = SigningKey::hs256_bytes(&[1; 32], None).unwrap();
    let policy = Policy::default().expiry_leeway(60).unwrap();
    let verifier = Verifier::new(KeySet::single(key.verifying_key()), policy);
    let token = sign(&key, &Claims::new("a", NOW, NOW + 900)).unwrap();
    assert!(verifier.verify_owned(&token, NOW + 959).is_ok());
    assert_eq!(verifier.verify_owned(&token, NOW + 960).map(drop), Err(Refused::Expired));
}
