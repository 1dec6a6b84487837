//! `POST /sign-out`.

use countersign_contract::{session, sign_out};
use countersign_engine::db::args;
use countersign_testkit::{TestApp, both_databases};
use serde_json::Value;

both_databases! {
    async fn ends_the_session_at_the_server_and_takes_the_cookies(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let thief = ada.clone();
        let token = app.access_token_of(&mut ada).await;
        let answer = ada.call::<sign_out::SignOut>(()).await;
        assert_eq!(answer.text(), r#"{"success":true}"#);
        assert_eq!(ada.cookie("better-auth.session_token"), None);
        assert_eq!(thief.clone().call::<session::Get>(()).await.json(), Value::Null);
        assert_eq!(app.program().bearer(&token).call::<session::Get>(()).await.json(), Value::Null);
        assert_eq!(app.program().bearer(&token).call::<session::List>(()).await.status, 401);
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 0);
    }

    async fn of_nobody_succeeds(place: &Place) {
        let app = TestApp::start(place).await;
        for mut caller in [app.program(), app.program().bearer("junk"), app.browser().with_cookie("better-auth.session_token", "junk")] {
            let answer = caller.call::<sign_out::SignOut>(()).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"success":true}"#));
        }
    }

    async fn with_a_worthless_bearer_ends_the_session_of_the_cookie(place: &Place) {
        let app = TestApp::start(place).await;
        let ada = app.sign_up("ada").await;
        assert!(ada.clone().bearer("a.b.c").call::<session::Get>(()).await.json().is_object());
        assert_eq!(ada.clone().bearer("a.b.c").call::<sign_out::SignOut>(()).await.status, 200);
        assert_eq!(ada.clone().call::<session::Get>(()).await.json(), Value::Null);
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 0);
    }

    async fn with_an_outlived_bearer_ends_the_session_of_the_cookie(place: &Place) {
        let app = TestApp::start_with(place, |config| config.engine.token.lifetime = 60).await;
        let mut ada = app.sign_up("ada").await;
        let token = app.access_token_of(&mut ada).await;
        app.clock.advance(60);
        assert_eq!(ada.clone().bearer(&token).call::<sign_out::SignOut>(()).await.status, 200);
        assert_eq!(ada.clone().call::<session::Get>(()).await.json(), Value::Null);
    }
}
