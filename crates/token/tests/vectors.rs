//! Vectors of others: Project Wycheproof and RFC 7515.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::BTreeMap;

use countersign_token::{KeySet, Policy, ProviderKeys, SigningKey, Verifier, VerifyingKey};
use serde_json::Value;

const WYCHEPROOF: &str = include_str!("data/json_web_signature_test.json");

/// Four vectors where the file contradicts the RFC or itself, with what must hold instead.
///
/// - 372, 373 are marked valid although a `?` was put into a part. RFC 7515 section 2 has no such character in
///   base64url, and section 5.2 refuses a part that cannot be decoded; one token has one spelling.
/// - 367, 370 are marked invalid for their padding, but hold none: both are, byte for byte, the valid vector 357.
const CONTRADICTIONS: [(u64, bool); 4] = [(367, true), (370, true), (372, false), (373, false)];

#[test]
fn wycheproof_agrees_on_every_group_of_our_algorithms() {
    let file: Value = serde_json::from_str(WYCHEPROOF).unwrap();
    let mut run = BTreeMap::<&str, usize>::new();
    let mut outside = BTreeMap::<String, usize>::new();
    for group in file["testGroups"].as_array().unwrap() {
        let tests = group["tests"].as_array().unwrap();
        let key = group.get("public").unwrap_or(&group["private"]);
        let Some(algorithm) = ours(key) else {
            *outside.entry(name_of(key)).or_default() += tests.len();
            continue;
        };
        *run.entry(algorithm).or_default() += tests.len();
        let verifier =
            VerifyingKey::from_jwk(&key.to_string()).map(|key| Verifier::new(KeySet::single(key), Policy::default()));
        for test in tests {
            let id = test["tcId"].as_u64().unwrap();
            let corrected = CONTRADICTIONS.iter().find(|(contradiction, _)| *contradiction == id);
            let valid = corrected.map_or(test["result"] == "valid", |(_, valid)| *valid);
            let jws = test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned);
            // A key whose `use` or `key_ops` contradicts is refused before any token is.
            let held = verifier.as_ref().is_ok_and(|verifier| verifier.verify_signature_only(&jws).is_ok());
            assert_eq!(held, valid, "{algorithm} {id}: {}", test["comment"]);
        }
    }
    assert_eq!(run, BTreeMap::from([("ES256", 41), ("HS256", 40)]), "the file has no EdDSA group");
    let text_of = |id: u64| {
        let mut tests =
            file["testGroups"].as_array().unwrap().iter().flat_map(|group| group["tests"].as_array().unwrap());
        tests.find(|test| test["tcId"] == id).unwrap()["jws"].clone()
    };
    assert_eq!((text_of(367), text_of(370)), (text_of(357), text_of(357)));
    let others = [("ES512 P-521", 2), ("RSA", 318)].map(|(name, tests)| (name.to_owned(), tests));
    assert_eq!(outside, BTreeMap::from(others));
}

#[test]
fn wycheproof_agrees_on_the_rsa_keys_of_providers() {
    let file: Value = serde_json::from_str(WYCHEPROOF).unwrap();
    let (mut run, mut held_by_none) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = group.get("public").unwrap_or(&group["private"]);
        if key["kty"] != "RSA" {
            continue;
        }
        let keys = ProviderKeys::from_jwks(&serde_json::json!({ "keys": [key] }).to_string());
        for test in group["tests"].as_array().unwrap() {
            let jws = test["jws"].as_str().map_or_else(|| test["jws"].to_string(), str::to_owned);
            let held = keys.as_ref().is_ok_and(|keys| keys.verify_signature_only(&jws).is_ok());
            if key["alg"] == "RS256" {
                run += 1;
                assert_eq!(held, test["result"] == "valid", "{}: {}", test["tcId"], test["comment"]);
            } else {
                held_by_none += 1;
                assert!(!held, "{}: {}", test["tcId"], test["comment"]);
            }
        }
    }
    assert_eq!((run, held_by_none), (233, 85));
}

/// The algorithm of a group, if it is one of ours; also where the key says only its kind.
fn ours(key: &Value) -> Option<&'static str> {
    match (key["kty"].as_str()?, key["crv"].as_str()) {
        ("oct", _) => Some("HS256"),
        ("EC", Some("P-256")) => Some("ES256"),
        ("OKP", Some("Ed25519")) => Some("EdDSA"),
        _ => None,
    }
}

fn name_of(key: &Value) -> String {
    if key["crv"] == "P-521" { "ES512 P-521".to_owned() } else { key["kty"].as_str().unwrap().to_owned() }
}

const A1_KEY: &str = r#"{"kty":"oct",
  "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
const A1_TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const A3_KEY: &str = r#"{"kty":"EC","crv":"P-256",
  "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;
const A3_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

/// RFC 7515 A.4 is ECDSA on P-521, which is none of our algorithms: the key must be refused as such, not misread.
const A4_KEY: &str = r#"{"kty":"EC","crv":"P-521",
  "x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
  "y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
  "d":"AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C"}"#;
const A4_TOKEN: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.\
    AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7Xdt\
    AG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";

#[test]
fn rfc_7515_a_1_hs256() {
    demand_joe(A1_KEY, A1_TOKEN);
    let altered = A1_TOKEN.replace("dBjft", "dBjfu");
    assert!(only(A1_KEY).verify_signature_only(&altered).is_err());
    assert!(only(A3_KEY).verify_signature_only(A1_TOKEN).is_err());
}

#[test]
fn rfc_7515_a_3_es256() {
    demand_joe(A3_KEY, A3_TOKEN);
    assert!(only(A1_KEY).verify_signature_only(A3_TOKEN).is_err());
    let key = SigningKey::from_jwk(A3_KEY).unwrap();
    let again: Value = serde_json::from_str(&key.private_jwk().unwrap()).unwrap();
    let given: Value = serde_json::from_str(A3_KEY).unwrap();
    for member in ["kty", "crv", "x", "y", "d"] {
        assert_eq!(again[member], given[member]);
    }
}

#[test]
fn rfc_7515_a_4_es512_is_none_of_our_algorithms() {
    use countersign_token::{InvalidKey, Refused};
    assert_eq!(VerifyingKey::from_jwk(A4_KEY).map(drop), Err(InvalidKey::Unsupported));
    for key in [A1_KEY, A3_KEY] {
        assert_eq!(only(key).verify_signature_only(A4_TOKEN), Err(Refused::UnsupportedAlgorithm));
    }
}

/// RFC 8037 A.1, A.2, A.4: Ed25519.
#[test]
fn rfc_8037_a_4_eddsa() {
    let private = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6\
                 dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(only(private).verify_signature_only(token).unwrap(), b"Example of Ed25519 signing");
}

fn demand_joe(key: &str, token: &str) {
    let payload = only(key).verify_signature_only(token).unwrap();
    assert_eq!(payload, b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
}

fn only(key: &str) -> Verifier {
    Verifier::new(KeySet::single(VerifyingKey::from_jwk(key).unwrap()), Policy::default())
}
