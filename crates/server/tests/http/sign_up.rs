//! `POST /sign-up/email`.

use countersign_contract::{session, sign_in, sign_up};
use countersign_engine::db::args;
use countersign_testkit::{PASSWORD, Sent, TestApp, both_databases};
use serde_json::{Value, json};

both_databases! {
    async fn answers_with_the_user_and_a_token_that_opens_the_session(place: &Place) {
        let app = TestApp::start(place).await;
        let mut browser = app.browser().header("user-agent", "Test/1");
        let body = json!({ "name": "Ada", "email": "Ada@Example.com", "password": PASSWORD, "image": "https://example.com/a.png" });
        let answer = browser.call::<sign_up::Email>(body).await;
        let mut reply = answer.json();
        let (token, id) = (reply["token"].take(), reply["user"]["id"].take());
        assert_eq!(reply, json!({ "token": null, "user": {
            "name": "Ada", "email": "ada@example.com", "emailVerified": false, "image": "https://example.com/a.png",
            "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z", "role": "user",
            "banned": false, "banReason": null, "banExpires": null, "id": null,
        } }));
        assert_eq!(answer.header("set-auth-token"), token.as_str());
        assert_eq!(answer.header("access-control-expose-headers"), Some("set-auth-token"));

        let seen = browser.call::<session::Get>(()).await.json();
        assert_eq!((&seen["user"]["id"], &seen["session"]["userId"]), (&id, &id));
        assert_eq!((&seen["session"]["userAgent"], &seen["session"]["ipAddress"]), (&json!("Test/1"), &json!("192.0.2.1")));
        assert_eq!(app.program().bearer(token.as_str().unwrap()).call::<session::Get>(()).await.json(), seen);
    }

    async fn keeps_what_others_may_not_set_out_of_the_row(place: &Place) {
        let app = TestApp::start(place).await;
        let base = json!({ "name": "Ada", "email": "ada@example.com", "password": PASSWORD });
        for (member, value) in [("role", json!("admin")), ("banReason", json!("x")), ("banExpires", json!("2027-01-01T00:00:00Z"))] {
            let mut body = base.clone();
            body[member] = value;
            let refused = app.program().call::<sign_up::Email>(body).await;
            assert_eq!(refused.refusal(), (400, Some("FIELD_NOT_ALLOWED".to_owned())), "{member}");
        }
        let mut body = base;
        for (member, value) in [("id", json!("chosen")), ("emailVerified", json!(true)), ("createdAt", json!("1999-01-01T00:00:00Z")),
            ("userId", json!("x")), ("token", json!("x")), ("banned", json!(true)), ("role", Value::Null)] {
            body[member] = value;
        }
        let user = app.program().call::<sign_up::Email>(body).await.json()["user"].clone();
        assert_ne!(user["id"], "chosen");
        assert_eq!((&user["emailVerified"], &user["createdAt"]), (&json!(false), &json!("2026-01-01T00:00:00.000Z")));
        assert_eq!((&user["role"], &user["banned"]), (&json!("user"), &json!(false)));
    }

    async fn of_an_unfit_body_says_everything_that_is_wrong(place: &Place) {
        let app = TestApp::start(place).await;
        for (body, message) in [
            (json!({}), "[body.name] Invalid input: expected string, received undefined; [body.email] Invalid input: expected string, \
                received undefined; [body.password] Invalid input: expected string, received undefined"),
            (json!([]), "[body] Invalid input: expected object, received array; [body] Invalid input: expected record, received array"),
            (json!({ "name": "a\0b", "email": "a@b", "password": "", "rememberMe": "no" }),
                "[body.name] Invalid string: must not contain NUL; [body.email] Invalid email address; \
                 [body.password] Too small: expected string to have >=1 characters; \
                 [body.rememberMe] Invalid input: expected boolean, received string"),
            (json!({ "name": "x".repeat(1025), "email": "a@b.co", "password": "x", "image": "x".repeat(32_769) }),
                "[body.name] Too big: expected string to have <=1024 characters; [body.image] Too big: expected string to have <=32768 characters"),
        ] {
            let answer = app.program().call::<sign_up::Email>(body).await;
            assert_eq!(answer.json(), json!({ "message": message, "code": "VALIDATION_ERROR" }));
        }
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {user}", args![]).await, 0);
    }

    async fn by_a_form_is_the_same_as_by_json(place: &Place) {
        let app = TestApp::start(place).await;
        let form = |text: &str| Sent::raw("application/x-www-form-urlencoded", text);
        let answer = app.browser().call::<sign_up::Email>(form("name=Ada+L%C3%A9&email=ada%40example.com&password=correct+horse+battery")).await;
        assert_eq!(answer.json()["user"]["name"], "Ada Lé");
        let body = json!({ "email": "ada@example.com", "password": PASSWORD });
        assert_eq!(app.program().call::<sign_in::Email>(body).await.status, 200);
        let flag = app.browser().call::<sign_up::Email>(form("name=B&email=b%40example.com&password=12345678&rememberMe=false")).await;
        assert_eq!(flag.refusal(), (400, Some("VALIDATION_ERROR".to_owned())));
    }

    async fn that_does_not_sign_in_sets_no_cookie_and_reveals_nobody(place: &Place) {
        let app = TestApp::start_with(place, |config| config.engine.email_and_password.auto_sign_in = false).await;
        let body = json!({ "name": "Ada", "email": "ada@example.com", "password": PASSWORD });
        let answers = [app.program().call::<sign_up::Email>(body.clone()).await, app.program().call::<sign_up::Email>(body).await];
        for answer in &answers {
            assert_eq!((answer.status, &answer.json()["token"]), (200, &Value::Null));
            assert!(answer.set_cookies().is_empty() && answer.header("set-auth-token").is_none());
        }
        let [mut first, mut second] = answers.map(|answer| answer.json()["user"].clone());
        assert_ne!(first["id"].take(), second["id"].take());
        assert_eq!(first, second, "a taken address looks like a free one");
    }
}
