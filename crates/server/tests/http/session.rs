//! `/get-session`, `/list-sessions` and the three that revoke.

use countersign_contract::{session, user};
use countersign_engine::db::args;
use countersign_testkit::{Browser, NOW, Sent, TestApp, both_databases};
use http::Method as Verb;
use serde_json::{Value, json};

const DAY: i64 = 86_400;

both_databases! {
    async fn get_session_shows_the_session_and_hands_out_a_token(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let answer = ada.call::<session::Get>(()).await;
        let seen = answer.json();
        assert_eq!(seen.as_object().unwrap().keys().collect::<Vec<_>>(), ["session", "user"]);
        let members: Vec<_> = seen["session"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["expiresAt", "token", "createdAt", "updatedAt", "ipAddress", "userAgent", "userId", "impersonatedBy", "id"]);
        assert_eq!(seen["session"]["expiresAt"], "2026-01-08T00:00:00.000Z");
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-expose-headers"), Some("set-auth-jwt"));
        assert!(answer.set_cookies().is_empty());
        let claims = app.verifier().verify_owned(answer.header("set-auth-jwt").unwrap(), NOW.seconds()).unwrap();
        assert_eq!(seen["session"]["id"], json!(claims.sid));
    }

    async fn get_session_renews_once_a_day_and_says_so_by_cookie_and_token(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        app.clock.advance(DAY - 1);
        assert!(ada.call::<session::Get>(()).await.set_cookies().is_empty());
        app.clock.advance(1);
        for query in ["disableRefresh=true", "disableRefresh=false", "disableRefresh=0"] {
            let answer = ada.call::<session::Get>(Sent::from(()).query(query)).await;
            assert!(answer.set_cookies().is_empty(), "{query}: any text means true");
        }
        let renewed = ada.call::<session::Get>(Sent::from(()).query("disableRefresh=")).await;
        assert_eq!(renewed.set_cookies().len(), 1);
        assert_eq!(renewed.header("access-control-expose-headers"), Some("set-auth-jwt, set-auth-token"));
        assert_eq!(renewed.json()["session"]["expiresAt"], "2026-01-09T00:00:00.000Z");
        assert_eq!(renewed.json()["session"]["updatedAt"], "2026-01-02T00:00:00.000Z");
        assert!(ada.call::<session::Get>(()).await.set_cookies().is_empty());
        app.clock.advance(DAY);
        let listed = ada.call::<session::List>(()).await;
        assert_eq!((listed.status, listed.set_cookies().len()), (403, 1), "renewed, and yet not fresh");
    }

    async fn get_session_of_a_deferring_server_only_says_that_renewal_is_due(place: &Place) {
        let app = TestApp::start_with(place, |config| config.engine.session.defer_session_refresh = true).await;
        let mut ada = app.sign_up("ada").await;
        let needs = async |browser: &mut Browser<'_>| browser.call::<session::Get>(()).await.json()["needsRefresh"].clone();
        assert_eq!(needs(&mut ada).await, json!(false));
        app.clock.advance(DAY);
        assert_eq!(needs(&mut ada).await, json!(true));
        assert_eq!(ada.call::<session::Get>(()).await.json()["session"]["expiresAt"], "2026-01-08T00:00:00.000Z");
        let post = || Sent::from(()).by(Verb::POST);
        let renewed = ada.call::<session::Get>(post()).await;
        assert_eq!(renewed.json()["session"]["expiresAt"], "2026-01-09T00:00:00.000Z");
        assert_eq!((renewed.set_cookies().len(), renewed.json().get("needsRefresh")), (1, None));
        assert_eq!(needs(&mut ada).await, json!(false));
        assert_eq!(app.program().call::<session::Get>(post()).await.json(), Value::Null);

        app.clock.advance(8 * DAY);
        assert_eq!(ada.clone().call::<session::Get>(()).await.json(), Value::Null);
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 1, "GET changes nothing");
        assert_eq!(ada.clone().call::<session::Get>(post()).await.json(), Value::Null);
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 0);
    }

    async fn get_session_after_the_end_is_null_and_clears_the_cookies(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        app.clock.advance(7 * DAY);
        let other = ada.clone();
        let answer = ada.call::<session::Get>(()).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "null"));
        assert_eq!(answer.set_cookies().len(), 3);
        assert_eq!(ada.cookie("better-auth.session_token"), None);
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 0);
        let listed = other.clone().call::<session::List>(()).await;
        assert_eq!((listed.refusal(), listed.set_cookies().len()), ((401, Some("UNAUTHORIZED".to_owned())), 3));
    }

    async fn of_a_suspended_or_deleted_user_is_refused_on_the_next_request(place: &Place) {
        let app = TestApp::start(place).await;
        for name in ["ada", "bob"] {
            let mut browser = app.sign_up(name).await;
            let token = app.access_token_of(&mut browser).await;
            let id = browser.call::<session::Get>(()).await.json()["user"]["id"].as_str().unwrap().to_owned();
            let done = if name == "ada" { app.suspend(&id, None, None).await } else { app.delete_user(&id).await };
            assert!(done.unwrap());
            assert_eq!(app.program().bearer(&token).call::<session::Get>(()).await.json(), Value::Null);
            assert_eq!(browser.clone().call::<session::Get>(()).await.json(), Value::Null);
            assert_eq!(browser.clone().call::<user::Update>(json!({ "name": "x" })).await.status, 401);
        }
    }

    async fn get_session_asks_the_database_once(place: &Place) {
        let first = TestApp::start(place).await;
        let mut ada = first.sign_up("ada").await;
        let cookie = ada.cookie("better-auth.session_token").unwrap().to_owned();
        let token = first.access_token_of(&mut ada).await;
        let app = TestApp::start(place).await;
        let before = app.database().statements();
        for _ in 0..3 {
            assert!(app.program().with_cookie("better-auth.session_token", &cookie).call::<session::Get>(()).await.json().is_object());
            assert!(app.program().bearer(&token).call::<session::Get>(()).await.json().is_object());
        }
        assert_eq!(app.database().statements() - before, 1);
    }

    async fn list_sessions_shows_ones_own_and_asks_for_a_fresh_one(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        app.clock.advance(1);
        app.sign_in("ada").await;
        app.sign_up("bob").await;
        let list = ada.call::<session::List>(()).await.json();
        assert_eq!(list.as_array().unwrap().len(), 2);
        assert_eq!(list[0], ada.call::<session::Get>(()).await.json()["session"]);
        app.clock.advance(DAY - 1);
        assert_eq!(ada.call::<session::List>(()).await.refusal(), (403, Some("SESSION_NOT_FRESH".to_owned())));
    }

    async fn a_listed_token_is_no_credential(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let token = ada.call::<session::List>(()).await.json()[0]["token"].as_str().unwrap().to_owned();
        let cookie = app.browser().with_cookie("better-auth.session_token", &token);
        for mut thief in [cookie, app.program().bearer(&token)] {
            assert_eq!(thief.call::<session::Get>(()).await.json(), Value::Null);
        }
    }

    async fn revoke_session_ends_ones_own_and_tells_nothing_of_others(place: &Place) {
        let app = TestApp::start(place).await;
        let (mut bob, mut ada) = (app.sign_up("bob").await, app.sign_up("ada").await);
        let mut phone = app.sign_in("ada").await;
        let (bobs, phones, own) = (token(&mut bob).await, token(&mut phone).await, token(&mut ada).await);
        for revoked in [&bobs, "unknown", "", "a\0b", &phones, &phones] {
            let answer = ada.call::<session::Revoke>(json!({ "token": revoked })).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"status":true}"#), "{revoked:?}");
            assert!(answer.set_cookies().is_empty());
        }
        assert!(bob.call::<session::Get>(()).await.json().is_object());
        assert_eq!(phone.call::<session::Get>(()).await.json(), Value::Null);
        let last = ada.call::<session::Revoke>(json!({ "token": own })).await;
        assert_eq!((last.status, last.set_cookies().len()), (200, 3));
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 1);
    }

    async fn revoke_other_sessions_spares_this_one_and_revoke_sessions_none(place: &Place) {
        let app = TestApp::start(place).await;
        let (mut ada, mut phone, mut bob) = (app.sign_up("ada").await, app.sign_in("ada").await, app.sign_up("bob").await);
        let answer = ada.call::<session::RevokeOthers>(Value::Null).await;
        assert_eq!((answer.text().as_str(), answer.set_cookies().len()), (r#"{"status":true}"#, 0));
        assert_eq!(phone.call::<session::Get>(()).await.json(), Value::Null);
        let answer = ada.call::<session::RevokeAll>(json!([5])).await;
        assert_eq!((answer.text().as_str(), answer.set_cookies().len()), (r#"{"status":true}"#, 3));
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 1);
        assert!(bob.call::<session::Get>(()).await.json().is_object());
    }
}

async fn token(browser: &mut Browser<'_>) -> String {
    browser.call::<session::Get>(()).await.json()["session"]["token"].as_str().unwrap().to_owned()
}
