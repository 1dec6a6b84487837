//! `POST /refresh/start` and `POST /refresh`.

use countersign_contract::{refresh, session};
use countersign_engine::db::args;
use countersign_testkit::{NOW, TestApp, both_databases};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

both_databases! {
    async fn hands_out_the_next_pair_of_tokens_without_a_cookie(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let session = ada.call::<session::Get>(()).await.json();
        let started = ada.call::<refresh::Start>(()).await;
        assert!(started.set_cookies().is_empty(), "{started:?}");
        let started = started.json();
        assert_eq!(started["expiresAt"], session["session"]["expiresAt"]);

        let answer = app.program().call::<refresh::Refresh>(json!({ "refreshToken": started["refreshToken"] })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.set_cookies().is_empty(), "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let reply = answer.json();
        assert_eq!(answer.header("set-auth-token"), reply["token"].as_str());
        assert_eq!(answer.header("access-control-expose-headers"), Some("set-auth-token"));
        assert_eq!((&reply["session"], &reply["user"]), (&session["session"], &session["user"]));
        assert_eq!(reply["expiresAt"], session["session"]["expiresAt"]);
        assert_ne!(reply["refreshToken"], started["refreshToken"]);
        assert_eq!(reply["serverTime"], NOW.to_iso());
        assert_eq!(reply["tokenExpiresAt"], end_after(7));
        let members: Vec<_> = reply.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["token", "tokenExpiresAt", "serverTime", "refreshToken", "expiresAt", "session", "user"]);
        let found = app.program().bearer(reply["token"].as_str().unwrap()).call::<session::Get>(()).await.json();
        assert_eq!(found["session"], session["session"]);
    }

    async fn reads_no_cookie(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let mut bob = app.sign_up("bob").await;
        let body = ada.call::<refresh::Start>(()).await.json();
        assert_eq!(bob.call::<refresh::Refresh>(body).await.json()["user"]["name"], "ada");
        assert_eq!(bob.call::<session::Get>(()).await.json()["user"]["name"], "bob");
        assert_eq!(bob.call::<refresh::Refresh>(json!({ "refreshToken": "" })).await.status, 401);
    }

    async fn is_started_by_bearer_too_and_only_soon_after_signing_in(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let held = app.access_token_of(&mut ada).await;
        let started = app.program().bearer(&held).call::<refresh::Start>(()).await;
        assert_eq!(started.json(), ada.call::<refresh::Start>(()).await.json());
        app.clock.advance(DAY);
        for mut caller in [app.program().bearer(&held), ada] {
            assert_eq!(caller.call::<refresh::Start>(()).await.refusal(), (403, Some("SESSION_NOT_FRESH".to_owned())));
        }
        assert_eq!(app.program().call::<refresh::Refresh>(started.json()).await.json()["expiresAt"], end_after(8));
    }

    async fn follows_the_cookie_that_says_not_to_remember(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        let mut ada = app.browser();
        let body = json!({ "email": "ada@example.com", "password": countersign_testkit::PASSWORD, "rememberMe": false });
        assert_eq!(ada.call::<countersign_contract::sign_in::Email>(body).await.status, 200);
        // As a session that Better Auth made, of which only the cookie says so.
        app.run("DELETE FROM {countersign_session}", args![]).await;
        app.run("UPDATE {session} SET {session.expiresAt} = $1", args![NOW.plus_seconds(3 * DAY)]).await;
        let body = ada.call::<refresh::Start>(()).await.json();
        app.clock.advance(2 * DAY);
        assert_eq!(app.program().call::<refresh::Refresh>(body).await.json()["expiresAt"], end_after(3));
    }

    async fn is_not_there_when_it_is_switched_off(place: &Place) {
        let app = TestApp::start_with(place, |config| config.engine.refresh.enabled = false).await;
        let mut ada = app.sign_up("ada").await;
        assert_eq!(ada.call::<refresh::Start>(()).await.status, 404);
        assert_eq!(ada.call::<refresh::Refresh>(json!({ "refreshToken": "x" })).await.status, 404);
    }
}

fn end_after(days: i64) -> Value {
    NOW.plus_seconds(days * DAY).to_iso().into()
}
