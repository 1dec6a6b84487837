//! When something breaks.

use countersign_contract::{Coded, Endpoint, all, ok, password, session, sign_in, sign_out, sign_up, transport, user};
use countersign_engine::db::args;
use countersign_testkit::{Browser, PASSWORD, Sent, TestApp, both_databases};
use serde_json::json;

both_databases! {
    async fn the_cause_stays_here_and_the_caller_hears_a_sentence_of_the_contract(place: &Place) {
        let first = TestApp::start(place).await;
        let mut ada = first.sign_up("ada").await;
        let token = first.access_token_of(&mut ada).await;
        let cookie = ada.cookie("better-auth.session_token").unwrap().to_owned();
        // This process has never seen her, so it must ask; and the tables are not where they were.
        let app = TestApp::start(place).await;
        first.run("ALTER TABLE {session} RENAME TO hidden_session", args![]).await;
        first.run("ALTER TABLE {account} RENAME TO hidden_account", args![]).await;
        let by_cookie = app.browser().with_cookie("better-auth.session_token", &cookie);
        for caller in [by_cookie, app.program().bearer(&token)] {
            assert_eq!(call::<session::Get>(&caller, ()).await, (500, "FAILED_TO_GET_SESSION".to_owned()));
            let internal = (500, "INTERNAL_SERVER_ERROR".to_owned());
            assert_eq!(call::<session::List>(&caller, ()).await, internal);
            assert_eq!(call::<session::Revoke>(&caller, json!({ "token": "x" })).await, internal);
            assert_eq!(call::<session::RevokeAll>(&caller, ()).await, internal);
            assert_eq!(call::<session::RevokeOthers>(&caller, ()).await, internal);
            assert_eq!(call::<countersign_contract::token::Get>(&caller, ()).await, internal);
            assert_eq!(call::<user::Update>(&caller, json!({ "name": "x" })).await, internal);
            assert_eq!(call::<sign_out::SignOut>(&caller, ()).await, internal, "no success is feigned");
            let change = json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD });
            assert_eq!(call::<password::Change>(&caller, change).await, internal);
            assert_eq!(call::<ok::Get>(&caller, ()).await.0, 200);
        }
        let nobody = app.program();
        let internal = (500, "INTERNAL_SERVER_ERROR".to_owned());
        assert_eq!(call::<sign_in::Email>(&nobody, json!({ "email": "ada@example.com", "password": PASSWORD })).await, internal);
        let bob = json!({ "name": "bob", "email": "bob@example.com", "password": PASSWORD });
        assert_eq!(call::<sign_up::Email>(&nobody, bob).await, internal);
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {user}", args![]).await, 1, "nothing of bob is left");
    }

    async fn too_many_hashes_are_told_to_wait(place: &Place) {
        let first = TestApp::start(place).await;
        let ada = first.sign_up("ada").await;
        let app = TestApp::start_with(place, |config| {
            config.engine.password_hash.concurrency = Some(1);
            config.engine.password_hash.queue_max = 0;
        }).await;
        let cookie = ada.cookie("better-auth.session_token").unwrap();
        let mut ada = app.browser().with_cookie("better-auth.session_token", cookie);
        for answer in [
            ada.call::<sign_in::Email>(json!({ "email": "nobody@example.com", "password": PASSWORD })).await,
            ada.call::<sign_up::Email>(json!({ "name": "bob", "email": "bob@example.com", "password": PASSWORD })).await,
            ada.call::<password::Change>(json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD })).await,
        ] {
            assert_eq!(answer.refusal(), (503, Some("SERVICE_UNAVAILABLE".to_owned())));
            assert_eq!((answer.header("retry-after"), answer.header("x-retry-after")), (Some("2"), Some("2")));
        }
        assert!(ada.call::<session::Get>(()).await.json().is_object(), "others are served meanwhile");
    }
}

/// Status and code of a call whose answer holds nothing but what the contract says.
async fn call<E: Endpoint>(caller: &Browser<'_>, sent: impl Into<Sent>) -> (u16, String) {
    let answer = caller.clone().call::<E>(sent).await;
    if answer.status == 200 {
        return (200, String::new());
    }
    let body = answer.json();
    let (message, code) = (body["message"].as_str().unwrap_or_default(), answer.code().unwrap_or_default());
    let mut rows = E::Error::ROWS.iter().chain(transport::Error::ROWS);
    assert!(
        rows.any(|row| row.status == answer.status && row.message == message && row.code.unwrap_or_default() == code),
        "{}: {answer:?}",
        E::PATH
    );
    assert!(body.as_object().is_some_and(|members| members.len() <= 2), "{body}");
    for header in answer.headers.values() {
        let text = String::from_utf8_lossy(header.as_bytes()).into_owned();
        assert!(!text.contains("hidden") && !text.to_lowercase().contains("sql"), "{text}");
    }
    (answer.status, code)
}

#[test]
fn every_sentence_of_the_contract_is_free_of_machinery() {
    struct Sentences(Vec<&'static str>);
    impl all::Visitor for Sentences {
        fn visit<E: Endpoint>(&mut self) {
            self.0.extend(E::Error::ROWS.iter().map(|row| row.message));
        }
    }
    let mut sentences = Sentences(transport::Error::ROWS.iter().map(|row| row.message).collect());
    all::each(&mut sentences);
    for sentence in sentences.0 {
        for word in ["sql", "database", "table", "panic", "::"] {
            assert!(!sentence.to_lowercase().contains(word), "{sentence}");
        }
    }
}
