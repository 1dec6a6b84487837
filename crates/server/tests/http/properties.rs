//! Nothing anyone can send is a failure of ours.

use countersign_contract::{Endpoint, Method, all, password, session, user};
use countersign_testkit::{Browser, PASSWORD, TestApp, both_databases};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

/// Calls per endpoint and property; the seed is fixed, so that a failure is found again.
const CASES: usize = 40;

both_databases! {
    async fn any_json_to_any_endpoint_is_answered_without_failing(place: &Place) {
        let app = TestApp::start(place).await;
        let ada = app.sign_up("ada").await;
        let mut runner = runner();
        let mut paths = Paths::default();
        all::each(&mut paths);
        for (method, path) in paths.0 {
            // Who is signed in must stay so: what ends every session is tried as nobody.
            let spared = [session::Revoke::PATH, user::Update::PATH, password::Change::PATH].contains(&path);
            let caller = if spared { ada.clone() } else { app.browser() };
            for _ in 0..CASES {
                let body = any_body().new_tree(&mut runner).unwrap().current();
                let answer = caller.clone().call_path(method, path, body.clone()).await;
                assert!(answer.status < 500, "{path} {body}: {answer:?}");
            }
        }
    }

    async fn any_bytes_in_the_headers_of_a_credential_are_answered_without_failing(place: &Place) {
        let app = TestApp::start(place).await;
        let ada = app.sign_up("ada").await;
        let genuine = ada.cookie("better-auth.session_token").unwrap().to_owned();
        let mut runner = runner();
        for _ in 0..CASES * 5 {
            let noise = header().new_tree(&mut runner).unwrap().current();
            let bearer = [b"Bearer ", &noise[..]].concat();
            let cookie = [b"better-auth.session_token=", &noise[..]].concat();
            let mixed = [b"better-auth.session_token=", genuine.as_bytes(), b"; better-auth.dont_remember=", &noise[..]].concat();
            for (name, value) in [("authorization", &noise), ("authorization", &bearer), ("cookie", &noise), ("cookie", &cookie), ("cookie", &mixed),
                ("origin", &noise), ("user-agent", &noise), ("content-type", &noise), ("x-forwarded-for", &noise)] {
                let caller = app.program().header_too(name, value);
                assert_unharmed(caller, name, value).await;
            }
        }
        assert!(ada.clone().call::<session::Get>(()).await.json().is_object());
    }
}

async fn assert_unharmed(mut caller: Browser<'_>, name: &str, value: &[u8]) {
    let answers = [
        caller.call::<session::Get>(()).await,
        caller.call::<session::Revoke>(serde_json::json!({ "token": "x" })).await,
    ];
    for answer in answers {
        assert!(answer.status < 500, "{name}: {value:?}: {answer:?}");
    }
}

#[derive(Default)]
struct Paths(Vec<(Method, &'static str)>);

impl all::Visitor for Paths {
    fn visit<E: Endpoint>(&mut self) {
        self.0.push((E::METHOD, E::PATH));
    }
}

fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Objects with the members we know, others with none, and things that are no object.
fn any_body() -> impl Strategy<Value = Value> {
    let known = prop::sample::select(vec![
        "name",
        "email",
        "password",
        "image",
        "callbackURL",
        "rememberMe",
        "token",
        "newPassword",
        "currentPassword",
        "revokeOtherSessions",
        "state",
        "disableRedirect",
        "role",
        "banned",
        "redirectTo",
    ]);
    let object = |key: BoxedStrategy<String>| {
        btree_map(key, value(), 0..8).prop_map(|members| Value::Object(members.into_iter().collect()))
    };
    prop_oneof![
        6 => object(known.prop_map(str::to_owned).boxed()),
        1 => object(any::<String>().boxed()),
        1 => value(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            1 => btree_map(any::<String>(), inner, 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<String>(),
        1 => Just("ada@example.com".to_owned()),
        1 => Just(PASSWORD.to_owned()),
        1 => Just("a\0b".to_owned()),
        1 => Just("\u{feff}\u{202e}\u{10ffff}".to_owned()),
        1 => "[a-z]{1,8}@[a-z]{1,8}\\.(com|org)",
        1 => (1000usize..9000).prop_map(|length| "x".repeat(length)),
    ]
}

/// Every byte a header may hold.
fn header() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\t'), 0x20u8..0x7f, 0x80u8..=0xff, Just(b'.'), Just(b'%'), Just(b'=')];
    vec(byte, 0..120)
}
