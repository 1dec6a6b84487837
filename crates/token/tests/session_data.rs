//! `session_data` cookies: those of the real Better Auth are read, and what we write comes back whole and no other does.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use countersign_token::{
    Claims, KeySet, MAX_SESSION_DATA_BYTES, Policy, Secret, Secrets, SessionData, SessionDataCompact, SessionDataDraft,
    SessionDataJwe, SessionDataJwt, SigningKey, Verifier, sign,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Made by `conformance/record-session-data.mjs`.
const RECORDED: &str = include_str!("data/session_data.json");
const NOW: i64 = 1_790_000_000;
const FORMS: [&str; 3] = ["compact", "jwt", "jwe"];

#[test]
fn what_the_real_server_wrote_is_read() {
    let file: Value = serde_json::from_str(RECORDED).unwrap();
    let secrets = Secrets::single(Secret::parse(file["secret"].as_str().unwrap()).unwrap());
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 18);
    for case in cases {
        let (form, name, value) = (&case["strategy"], &case["name"], case["value"].as_str().unwrap());
        let read = read(form.as_str().unwrap(), value, &secrets).unwrap();
        assert_eq!(Value::Object(read.session), case["answer"]["session"], "{form} {name}");
        assert_eq!(Value::Object(read.user), case["answer"]["user"], "{form} {name}");
        assert_eq!(read.version, if name == "version" { "2" } else { "1" });
        let life = if (form, name) == (&json!("compact"), &json!("not remembered")) { 60_000 } else { 300_000 };
        assert!((0..=1000).contains(&(read.updated_at + life - read.expires_at)), "{form} {name}");
        for other in FORMS.iter().filter(|other| *form != **other) {
            assert_eq!(self::read(other, value, &secrets), None, "{form} is no {other}");
        }
    }
}

/// The same bytes as the real server: a member order, an escape or a number written otherwise would change the signature.
#[test]
fn what_is_written_anew_is_what_the_real_server_wrote() {
    let file: Value = serde_json::from_str(RECORDED).unwrap();
    let secrets = Secrets::single(Secret::parse(file["secret"].as_str().unwrap()).unwrap());
    let ordered = |members: &[&str], object: &Map<String, Value>| {
        let pairs = members.iter().map(|name| (name.to_string(), object[*name].clone()));
        Ordered(pairs.collect())
    };
    let session =
        ["expiresAt", "token", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId", "impersonatedBy", "id"];
    let user = [
        "name",
        "email",
        "emailVerified",
        "image",
        "createdAt",
        "updatedAt",
        "role",
        "banned",
        "banReason",
        "banExpires",
        "numbers",
        "id",
    ];
    for case in file["cases"].as_array().unwrap() {
        let (form, value) = (case["strategy"].as_str().unwrap(), case["value"].as_str().unwrap());
        let read = read(form, value, &secrets).unwrap();
        let (session, user) = (ordered(&session, &read.session), ordered(&user, &read.user));
        let draft = SessionDataDraft::new(&session, &user, read.updated_at, &read.version).unwrap();
        match form {
            "compact" => assert_eq!(SessionDataCompact::sign(&draft, read.expires_at, secrets.current()), value),
            "jwt" => {
                let exp = read.expires_at / 1000;
                assert_eq!(SessionDataJwt::sign(&draft, (exp - 300, exp), secrets.current()), value);
            }
            // Random by its vector and its name; the header, which names the key, is the same.
            _ => assert_eq!(write(form, &draft, secrets.current()).split('.').next(), value.split('.').next()),
        }
    }
}

#[test]
fn any_single_changed_byte_is_refused() {
    let secrets = Secrets::single(Secret::from_entropy([9; 32]));
    let draft = SessionDataDraft::new(&json!({ "token": "t" }), &json!({ "name": "é" }), NOW * 1000, "1").unwrap();
    for form in FORMS {
        let value = write(form, &draft, secrets.current());
        assert!(read(form, &value, &secrets).is_some());
        for at in 0..value.len() {
            for bit in 0..7 {
                let mut bytes = value.clone().into_bytes();
                *bytes.get_mut(at).unwrap() ^= 1 << bit;
                let altered = String::from_utf8(bytes).unwrap();
                assert_eq!(read(form, &altered, &secrets), None, "{form} byte {at}, bit {bit}: {altered}");
            }
        }
        for altered in
            ["", ".", "..", "....", &value[1..], &value[..value.len() - 1], &format!("{value}="), &format!("{value}.")]
        {
            assert_eq!(read(form, altered, &secrets), None, "{form} {altered}");
        }
    }
}

#[test]
fn what_does_not_remember_a_session_is_refused_though_it_is_signed() {
    let secrets = Secrets::single(Secret::from_entropy([9; 32]));
    let object = json!({});
    for (session, user) in [(&json!(null), &object), (&object, &json!("a")), (&json!([]), &object)] {
        let draft = SessionDataDraft::new(session, user, NOW * 1000, "1").unwrap();
        for form in FORMS {
            assert_eq!(read(form, &write(form, &draft, secrets.current()), &secrets), None);
        }
    }
    let twice = Ordered(vec![("id".to_owned(), json!(1)), ("id".to_owned(), json!(2))]);
    let draft = SessionDataDraft::new(&object, &twice, NOW * 1000, "1").unwrap();
    assert_eq!(read("jwt", &write("jwt", &draft, secrets.current()), &secrets), None, "a member twice");
    let long = SessionDataDraft::new(&object, &json!("x".repeat(MAX_SESSION_DATA_BYTES)), NOW * 1000, "1").unwrap();
    assert_eq!(read("compact", &write("compact", &long, secrets.current()), &secrets), None, "too long");
}

#[test]
fn an_access_token_is_none_and_none_is_an_access_token() {
    let secrets = Secrets::single(Secret::from_entropy([9; 32]));
    let mut claims = Claims::new("ada", NOW, NOW + 300);
    claims.custom.insert("session".to_owned(), json!({}));
    claims.custom.insert("user".to_owned(), json!({}));
    claims.custom.insert("updatedAt".to_owned(), json!(NOW * 1000));
    let token = sign(&SigningKey::hs256(secrets.current(), None), &claims).unwrap();
    assert_eq!(SessionDataJwt::verify(&token, &secrets), None);
    let draft = SessionDataDraft::new(&json!({}), &json!({ "sub": "ada" }), NOW * 1000, "1").unwrap();
    let verifier = Verifier::new(KeySet::hs256(&secrets), Policy::default());
    let refused = verifier.verify_owned(&write("jwt", &draft, secrets.current()), NOW).unwrap_err();
    assert_eq!(refused.code(), "missing_subject");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn what_is_written_comes_back(
        name in any::<String>(), eighths in any::<i32>(), version in any::<String>(),
        old in any::<[u8; 32]>(), new in any::<[u8; 32]>(),
    ) {
        prop_assume!(old != new);
        let (old, new) = (Secret::from_entropy(old), Secret::from_entropy(new));
        let both = Secrets::single(new.clone()).with_unversioned(old.clone());
        let number = f64::from(eighths) / 8.0;
        let (session, user) = (json!({ &name: name }), json!({ "name": name, "number": number }));
        let draft = SessionDataDraft::new(&session, &user, NOW * 1000, &version).unwrap();
        for form in FORMS {
            let value = write(form, &draft, &old);
            let read_again = read(form, &value, &both).unwrap();
            prop_assert_eq!(Value::Object(read_again.session), session.clone());
            prop_assert_eq!(read_again.user["name"].as_str(), Some(&*name));
            prop_assert_eq!(read_again.user["number"].as_f64(), Some(number));
            prop_assert_eq!((read_again.updated_at, read_again.expires_at), (NOW * 1000, (NOW + 300) * 1000));
            prop_assert_eq!(read_again.version, version.clone());
            prop_assert_eq!(read(form, &value, &Secrets::single(new.clone())), None);
        }
    }

    #[test]
    fn any_text_is_judged_without_panic(text in any::<String>(), parts in prop::collection::vec("[A-Za-z0-9_-]{0,60}", 0..6)) {
        let secrets = Secrets::single(Secret::from_entropy([1; 32]));
        for form in FORMS {
            prop_assert_eq!(read(form, &text, &secrets), None);
            prop_assert_eq!(read(form, &parts.join("."), &secrets), None);
        }
    }
}

fn write(form: &str, draft: &SessionDataDraft, secret: &Secret) -> String {
    match form {
        "compact" => SessionDataCompact::sign(draft, (NOW + 300) * 1000, secret),
        "jwt" => SessionDataJwt::sign(draft, (NOW, NOW + 300), secret),
        _ => SessionDataJwe::seal(draft, (NOW, NOW + 300), ("j", [7; 16]), secret).unwrap(),
    }
}

fn read(form: &str, value: &str, secrets: &Secrets) -> Option<SessionData> {
    match form {
        "compact" => SessionDataCompact::verify(value, secrets),
        "jwt" => SessionDataJwt::verify(value, secrets),
        _ => SessionDataJwe::open(value, secrets),
    }
}

/// An object whose members stand as they are given.
struct Ordered(Vec<(String, Value)>);

impl serde::Serialize for Ordered {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
