//! `GET /token`.

use countersign_contract::{session, token};
use countersign_testkit::{NOW, TestApp, both_databases};
use serde_json::json;

both_databases! {
    async fn is_new_each_time_and_of_the_callers_session(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let session = ada.call::<session::Get>(()).await.json()["session"]["id"].clone();
        let (first, second) = (ada.call::<token::Get>(()).await.json(), ada.call::<token::Get>(()).await.json());
        let claims = [first, second].map(|reply| app.verifier().verify_owned(reply["token"].as_str().unwrap(), NOW.seconds()).unwrap());
        assert_ne!(claims[0].jti, claims[1].jti);
        assert!(claims.iter().all(|claims| json!(claims.sid) == session));
    }

    async fn says_when_it_ends_and_what_time_it_is(place: &Place) {
        let app = TestApp::start_with(place, |config| {
            config.engine.token.lifetime = 900;
            config.engine.session.expires_in = 86_400;
            config.engine.session.disable_session_refresh = true;
        }).await;
        let mut ada = app.sign_up("ada").await;
        let session = ada.call::<session::Get>(()).await.json()["session"].clone();
        app.clock.advance(60);
        let answer = ada.call::<token::Get>(()).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let reply = answer.json();
        assert_eq!(reply["serverTime"], NOW.plus_seconds(60).to_iso());
        assert_eq!(reply["expiresAt"], NOW.plus_seconds(960).to_iso());
        assert_eq!(reply["sid"], session["id"]);
        app.clock.advance(86_400 - 120);
        let reply = ada.call::<token::Get>(()).await.json();
        assert_eq!(reply["expiresAt"], session["expiresAt"], "no token outlives its session");
    }

    async fn is_had_with_a_token_too_and_its_call_renews_the_session(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let held = app.access_token_of(&mut ada).await;
        app.clock.advance(86_400);
        let answer = app.program().bearer(&held).call::<token::Get>(()).await;
        let claims = app.verifier().verify_owned(answer.json()["token"].as_str().unwrap(), NOW.seconds() + 86_400).unwrap();
        assert_eq!(claims.exp, NOW.seconds() + 8 * 86_400, "the session was renewed first");
        assert_eq!(answer.set_cookies().len(), 1);
    }
}
