//! Every endpoint is tried as nobody, with a wrong request and with a right one. An endpoint without a line here fails.

use std::collections::BTreeSet;

use countersign_contract::{
    Endpoint, Method, all, jwks, ok, password, refresh, session, sign_in, sign_out, sign_up, token, user,
};
use countersign_engine::config::Algorithm;
use countersign_testkit::{Answer, PASSWORD, SECRET, Sent, TestApp, both_databases};
use countersign_token::{RefreshToken, Secret};
use http::Method as Verb;
use serde_json::{Value, json};

/// How an endpoint is tried.
struct Trial {
    path: &'static str,
    method: Method,
    /// What is right to send, for the holder of this session.
    right: fn(&Value) -> Sent,
    /// What anyone gets who sends it without a credential.
    nobody: Expected,
    /// What is wrong to send, and what that gets whoever sends it.
    wrong: (fn() -> Sent, Expected),
    /// What the right caller gets.
    answer: fn(&Value) -> bool,
}

/// A status and the code of a refusal.
type Expected = (u16, Option<&'static str>);

const UNAUTHORIZED: Expected = (401, Some("UNAUTHORIZED"));
const INVALID: Expected = (400, Some("VALIDATION_ERROR"));
const FINE: Expected = (200, None);
const NOT_FOUND: Expected = (404, None);

fn trials() -> Vec<Trial> {
    vec![
        trial::<sign_up::Email>(
            |_| json!({ "name": "Bob", "email": "bob@example.com", "password": PASSWORD }).into(),
            FINE,
            (|| json!({ "name": "Bob" }).into(), INVALID),
            |reply| reply["token"].is_string() && reply["user"]["name"] == "Bob",
        ),
        trial::<sign_in::Email>(
            |_| json!({ "email": "ada@example.com", "password": PASSWORD }).into(),
            FINE,
            (|| json!({ "email": 5, "password": true }).into(), INVALID),
            |reply| reply["token"].is_string() && reply["redirect"] == false,
        ),
        trial::<sign_out::SignOut>(
            |_| ().into(),
            FINE,
            (|| json!({ "state": 5 }).into(), INVALID),
            |reply| *reply == json!({ "success": true }),
        ),
        trial::<session::Get>(
            |_| ().into(),
            FINE,
            (|| Sent::from(()).by(Verb::POST), (405, Some("METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED"))),
            |reply| reply["user"]["email"] == "ada@example.com",
        ),
        trial::<session::List>(
            |_| ().into(),
            UNAUTHORIZED,
            (|| Sent::from(()).by(Verb::POST), NOT_FOUND),
            |reply| reply.as_array().is_some_and(|list| !list.is_empty()),
        ),
        trial::<session::Revoke>(
            |session| json!({ "token": session["token"] }).into(),
            UNAUTHORIZED,
            (|| json!({ "token": ["x"] }).into(), INVALID),
            done,
        ),
        trial::<session::RevokeAll>(|_| ().into(), UNAUTHORIZED, (text, UNSUPPORTED), done),
        trial::<session::RevokeOthers>(|_| ().into(), UNAUTHORIZED, (malformed, MALFORMED), done),
        trial::<refresh::Start>(
            |_| ().into(),
            UNAUTHORIZED,
            (malformed, MALFORMED),
            |reply| reply["refreshToken"].as_str().is_some_and(|token| token.starts_with("csr_")),
        ),
        trial::<refresh::Refresh>(
            first_refresh_token,
            (401, Some("INVALID_REFRESH_TOKEN")),
            (|| json!({ "refreshToken": null }).into(), INVALID),
            |reply| reply["token"].is_string() && reply["user"]["email"] == "ada@example.com",
        ),
        trial::<token::Get>(
            |_| ().into(),
            UNAUTHORIZED,
            (|| Sent::from(()).by(Verb::PUT), NOT_FOUND),
            |reply| reply["token"].as_str().is_some_and(|token| token.matches('.').count() == 2),
        ),
        trial::<jwks::Get>(
            |_| ().into(),
            FINE,
            (|| Sent::from(()).by(Verb::POST), NOT_FOUND),
            |reply| reply["keys"][0]["kid"].is_string(),
        ),
        trial::<user::Update>(
            |_| json!({ "name": "Ada Lovelace" }).into(),
            UNAUTHORIZED,
            (|| json!(["name"]).into(), INVALID),
            done,
        ),
        trial::<password::Change>(
            |_| json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD }).into(),
            UNAUTHORIZED,
            (|| json!({ "newPassword": PASSWORD }).into(), INVALID),
            |reply| reply["token"].is_null() && reply["user"]["email"] == "ada@example.com",
        ),
        trial::<ok::Get>(
            |_| ().into(),
            FINE,
            (|| Sent::from(()).by(Verb::DELETE), NOT_FOUND),
            |reply| *reply == json!({ "ok": true }),
        ),
    ]
}

const UNSUPPORTED: Expected = (415, Some("UNSUPPORTED_MEDIA_TYPE"));
const MALFORMED: Expected = (400, Some("BAD_REQUEST"));

fn trial<E: Endpoint>(
    right: fn(&Value) -> Sent,
    nobody: Expected,
    wrong: (fn() -> Sent, Expected),
    answer: fn(&Value) -> bool,
) -> Trial {
    Trial { path: E::PATH, method: E::METHOD, right, nobody, wrong, answer }
}

fn done(reply: &Value) -> bool {
    *reply == json!({ "status": true })
}

fn first_refresh_token(session: &Value) -> Sent {
    let token = RefreshToken::mint(session["id"].as_str().unwrap(), 0, &Secret::parse(SECRET).unwrap()).unwrap();
    json!({ "refreshToken": token }).into()
}

fn text() -> Sent {
    Sent::raw("text/plain", "hello")
}

fn malformed() -> Sent {
    Sent::raw("application/json", "{\"a\":")
}

#[test]
fn every_endpoint_of_the_contract_is_tried_and_no_other() {
    struct Paths(BTreeSet<&'static str>);
    impl all::Visitor for Paths {
        fn visit<E: Endpoint>(&mut self) {
            self.0.insert(E::PATH);
        }
    }
    let mut paths = Paths(BTreeSet::new());
    all::each(&mut paths);
    assert_eq!(trials().iter().map(|trial| trial.path).collect::<BTreeSet<_>>(), paths.0);
}

both_databases! {
    async fn as_nobody(place: &Place) {
        let app = start(place).await;
        app.sign_up("ada").await;
        for trial in trials() {
            let answer = app.program().call_path(trial.method, trial.path, (trial.right)(&json!({ "id": "unknown", "token": "unknown" }))).await;
            assert_refused(trial.path, &answer, trial.nobody);
        }
    }

    async fn with_a_wrong_request(place: &Place) {
        let app = start(place).await;
        let ada = app.sign_up("ada").await;
        for trial in trials() {
            let (sent, expected) = (trial.wrong.0, trial.wrong.1);
            // What is sent is judged before who sends it: nobody and somebody hear the same.
            for mut caller in [app.program(), ada.clone()] {
                let answer = caller.call_path(trial.method, trial.path, sent()).await;
                assert_refused(trial.path, &answer, expected);
                assert!(answer.set_cookies().is_empty(), "{}: {answer:?}", trial.path);
            }
        }
    }

    async fn with_a_right_request(place: &Place) {
        let app = start(place).await;
        app.sign_up("ada").await;
        for trial in trials() {
            let mut ada = app.sign_in("ada").await;
            let session = ada.call::<session::Get>(()).await.json();
            let answer = ada.call_path(trial.method, trial.path, (trial.right)(&session["session"])).await;
            assert_eq!(answer.status, 200, "{}: {answer:?}", trial.path);
            assert_eq!(answer.header("content-type"), Some("application/json"), "{}", trial.path);
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", trial.path);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", trial.path);
            assert!((trial.answer)(&answer.json()), "{}: {answer:?}", trial.path);
        }
    }
}

async fn start(place: &countersign_testkit::Place) -> TestApp {
    TestApp::start_with(place, |config| config.engine.token.algorithm = Algorithm::EdDSA).await
}

fn assert_refused(path: &str, answer: &Answer, (status, code): Expected) {
    assert_eq!(answer.refusal(), (status, code.map(str::to_owned)), "{path}: {answer:?}");
}
