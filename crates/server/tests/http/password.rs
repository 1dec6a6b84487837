//! `POST /change-password`.

use countersign_contract::{password, session, sign_in};
use countersign_testkit::{NOW, PASSWORD, TestApp, both_databases};
use serde_json::{Value, json};

const NEW: &str = "another horse battery";

both_databases! {
    async fn keeps_the_sessions_unless_told_otherwise(place: &Place) {
        let app = TestApp::start(place).await;
        let (mut ada, mut phone) = (app.sign_up("ada").await, app.sign_in("ada").await);
        let body = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
        let answer = ada.call::<password::Change>(body).await;
        assert_eq!((&answer.json()["token"], answer.set_cookies().len()), (&Value::Null, 0));
        assert!(phone.call::<session::Get>(()).await.json().is_object());

        let body = json!({ "currentPassword": NEW, "newPassword": PASSWORD, "revokeOtherSessions": true });
        let (before, answer) = (ada.clone(), ada.call::<password::Change>(body).await);
        let reply = answer.json();
        let token = reply["token"].as_str().unwrap();
        assert_eq!((answer.header("set-auth-token"), answer.set_cookies().len()), (Some(token), 1));
        app.verifier().verify_owned(token, NOW.seconds()).unwrap();
        assert_eq!(before.clone().call::<session::Get>(()).await.json(), Value::Null);
        assert_eq!(phone.call::<session::Get>(()).await.json(), Value::Null);
        assert!(ada.call::<session::Get>(()).await.json().is_object());
        let old = json!({ "email": "ada@example.com", "password": NEW });
        assert_eq!(app.program().call::<sign_in::Email>(old).await.status, 401);
    }

    async fn keeps_a_session_that_is_not_to_be_remembered_so(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        let mut brief = app.browser();
        brief.call::<sign_in::Email>(json!({ "email": "ada@example.com", "password": PASSWORD, "rememberMe": false })).await;
        let body = json!({ "currentPassword": PASSWORD, "newPassword": NEW, "revokeOtherSessions": true });
        let answer = brief.call::<password::Change>(body).await;
        assert_eq!(answer.set_cookies().len(), 2);
        assert!(answer.set_cookies().iter().all(|line| !line.contains("Max-Age")), "{answer:?}");
        let seen = brief.call::<session::Get>(()).await.json();
        assert_eq!(seen["session"]["expiresAt"], "2026-01-02T00:00:00.000Z");
    }

    async fn needs_the_current_one(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        for (current, new, code) in [("wrong password", NEW, "INVALID_PASSWORD"), ("", NEW, "INVALID_PASSWORD"), (PASSWORD, "", "PASSWORD_TOO_SHORT")] {
            let answer = ada.call::<password::Change>(json!({ "currentPassword": current, "newPassword": new })).await;
            assert_eq!(answer.refusal(), (400, Some(code.to_owned())), "{current} {new}");
        }
        app.sign_in("ada").await;
    }
}
