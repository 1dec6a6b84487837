//! `POST /sign-in/email`.

use countersign_contract::{session, sign_in};
use countersign_testkit::{PASSWORD, TestApp, both_databases};
use serde_json::{Value, json};

both_databases! {
    async fn answers_with_the_user_and_begins_a_session_of_its_own(place: &Place) {
        let app = TestApp::start(place).await;
        let mut first = app.sign_up("ada").await;
        app.clock.advance(1);
        let mut second = app.browser();
        let body = json!({ "email": "ADA@example.com", "password": PASSWORD });
        let answer = second.call::<sign_in::Email>(body).await;
        let reply = answer.json();
        assert_eq!(reply.as_object().unwrap().keys().collect::<Vec<_>>(), ["redirect", "token", "user"]);
        assert_eq!((&reply["redirect"], reply["token"].as_str()), (&json!(false), answer.header("set-auth-token")));
        let id = |seen: Value| seen["session"]["id"].as_str().unwrap().to_owned();
        assert_ne!(id(first.call::<session::Get>(()).await.json()), id(second.call::<session::Get>(()).await.json()));
    }

    async fn refuses_the_unknown_and_the_wrong_alike(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        app.user_without_password("bob").await;
        let mut answers = Vec::new();
        for (email, password) in [("ada@example.com", "wrong password"), ("nobody@example.com", PASSWORD), ("bob@example.com", PASSWORD)] {
            let answer = app.program().call::<sign_in::Email>(json!({ "email": email, "password": password })).await;
            answers.push((answer.status, answer.text(), format!("{:?}", answer.headers)));
        }
        let expected = r#"{"message":"Invalid email or password","code":"INVALID_EMAIL_OR_PASSWORD"}"#;
        assert_eq!((answers[0].0, answers[0].1.as_str()), (401, expected));
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }

    async fn goes_where_the_client_asks_if_that_is_trusted(place: &Place) {
        let app = TestApp::start_with(place, |config| {
            config.trusted_origins = vec!["https://app.example".to_owned(), "https://*.wild.example".to_owned(), "myapp://".to_owned()];
        }).await;
        app.sign_up("ada").await;
        let sign_in = async |target: Value| {
            let body = json!({ "email": "ada@example.com", "password": PASSWORD, "callbackURL": target });
            app.program().call::<sign_in::Email>(body).await
        };
        for good in ["/dash?a=b#c", "https://app.example/x", "https://a.wild.example/x", "myapp://open", "/é"] {
            let answer = sign_in(json!(good)).await;
            assert_eq!((&answer.json()["redirect"], &answer.json()["url"]), (&json!(true), &json!(good)), "{good}");
            assert_eq!(answer.headers["location"].as_bytes(), good.as_bytes());
        }
        for bad in ["https://wild.example/x", "https://app.example.evil/x", "http://app.example", "dash", "//evil.example", "/\\evil", "/%2f",
            "/%5Cx", "javascript:alert(1)", "/\u{1}", "https://app.example@evil.example/", "https://app.example\\.evil.example", "otherapp://open"] {
            let answer = sign_in(json!(bad)).await;
            assert_eq!(answer.refusal(), (403, Some("INVALID_CALLBACK_URL".to_owned())), "{bad}");
            assert!(answer.set_cookies().is_empty() && answer.header("location").is_none());
        }
        let nowhere = sign_in(json!("")).await;
        assert_eq!((&nowhere.json()["redirect"], &nowhere.json()["url"]), (&json!(false), &json!("")));
        assert!(nowhere.header("location").is_none());
        assert_eq!(sign_in(Value::Null).await.refusal(), (400, Some("VALIDATION_ERROR".to_owned())));
        for odd in [json!(5), json!({}), json!([])] {
            assert_eq!(sign_in(odd).await.text(), r#"{"message":"Invalid callbackURL: expected a string"}"#);
        }
    }

    async fn tells_of_a_suspension_only_who_has_the_password(place: &Place) {
        let app = TestApp::start(place).await;
        let ada = app.signed_up("ada").await.caller.user;
        app.suspend(&ada.id, None, None).await.unwrap();
        let sign_in = async |password: &str| {
            app.program().call::<sign_in::Email>(json!({ "email": "ada@example.com", "password": password })).await.refusal()
        };
        assert_eq!(sign_in("wrong password").await, (401, Some("INVALID_EMAIL_OR_PASSWORD".to_owned())));
        assert_eq!(sign_in(PASSWORD).await, (403, Some("BANNED_USER".to_owned())));
    }
}
