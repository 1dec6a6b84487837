//! Credentials in `Authorization`.

use countersign_contract::{password, session, sign_in, sign_out, sign_up, user};
use countersign_engine::config::Bearer;
use countersign_testkit::{Browser, PASSWORD, SECRET, TestApp, both_databases};
use countersign_token::{Secret, Secrets, SignedCookie};
use serde_json::{Value, json};

both_databases! {
    async fn an_access_token_opens_what_the_cookie_opens(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let token = app.access_token_of(&mut ada).await;
        let seen = ada.call::<session::Get>(()).await.json();
        for scheme in ["Bearer ", "bearer ", "BEARER  "] {
            let mut program = app.program().header("authorization", &format!("{scheme}{token}"));
            assert_eq!(program.call::<session::Get>(()).await.json(), seen, "{scheme}");
        }
        // A header is sent by nobody unasked, so no origin is demanded.
        let mut program = app.program().bearer(&token);
        assert_eq!(program.call::<user::Update>(json!({ "name": "A" })).await.status, 200);
        assert_eq!(program.without_cookies().call::<sign_out::SignOut>(()).await.status, 200);
        assert_eq!(ada.call::<session::Get>(()).await.json(), Value::Null);
    }

    async fn a_signed_session_token_is_taken_as_better_auth_takes_it(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let token = ada.call::<session::Get>(()).await.json()["session"]["token"].as_str().unwrap().to_owned();
        let signed = SignedCookie::sign(&token, &Secret::parse(SECRET).unwrap());
        let escaped = ada.cookie("better-auth.session_token").unwrap().to_owned();
        for good in [&signed, &escaped] {
            assert!(app.program().bearer(good).call::<session::Get>(()).await.json().is_object(), "{good}");
        }
        ada.call::<sign_out::SignOut>(()).await;
        let dead = app.program().bearer(&signed).call::<session::Get>(()).await;
        assert_eq!((dead.json(), dead.set_cookies().len()), (Value::Null, 3));
    }

    async fn an_unsigned_session_token_is_taken_only_where_that_is_set(place: &Place) {
        for (require_signature, taken) in [(true, false), (false, true)] {
            let app = TestApp::start_with(place, |config| config.bearer.require_signature = require_signature).await;
            let mut ada = app.sign_up(if taken { "ada" } else { "bob" }).await;
            let token = ada.call::<session::Get>(()).await.json()["session"]["token"].as_str().unwrap().to_owned();
            assert_eq!(app.program().bearer(&token).call::<session::Get>(()).await.json().is_object(), taken);
            for junk in [format!("{token}."), format!("{token}.x"), token[1..].to_owned()] {
                assert_eq!(app.program().bearer(&junk).call::<session::Get>(()).await.json(), Value::Null, "{junk}");
            }
        }
    }

    async fn a_signed_session_token_is_handed_out_where_that_is_set(place: &Place) {
        let app = TestApp::start_with(place, |config| config.engine.token.bearer = Bearer::Session).await;
        let mut ada = app.browser();
        let body = json!({ "name": "ada", "email": "ada@example.com", "password": PASSWORD });
        let signed_up = ada.call::<sign_up::Email>(body.clone()).await;
        let signed_in = app.browser().call::<sign_in::Email>(body).await;
        let change = json!({ "currentPassword": PASSWORD, "newPassword": "another password", "revokeOtherSessions": true });
        let changed = ada.call::<password::Change>(change).await;
        for answer in [&signed_up, &signed_in, &changed] {
            let bearer = answer.json()["token"].as_str().unwrap().to_owned();
            assert_eq!(answer.header("set-auth-token"), Some(bearer.as_str()));
            assert!(SignedCookie::verify(&bearer, &Secrets::single(Secret::parse(SECRET).unwrap())).is_some(), "{bearer}");
        }
        let bearer = changed.json()["token"].as_str().unwrap().to_owned();
        assert!(app.program().bearer(&bearer).call::<session::Get>(()).await.json().is_object());
        // Who wants an access token asks for one.
        assert_eq!(app.access_token_of(&mut ada).await.matches('.').count(), 2);
    }

    async fn whatever_else_is_nothing(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let token = app.access_token_of(&mut ada).await;
        let with = |value: &str| app.program().header("authorization", value);
        let twice = app.program().bearer(&token).header_too("authorization", format!("Bearer {token}").as_bytes());
        let mut nothings = vec![twice, app.program().header_too("authorization", b"Bearer \xff\xfe"), with(&token), with("Bearer"), with("Bearer ")];
        for junk in ["junk", "a.b", "a.b.c", "...", &token[1..], &token[..token.len() - 1], &format!("{token}."), &format!("{token} x")] {
            nothings.push(app.program().bearer(junk));
        }
        nothings.push(with(&format!("Basic {token}")));
        nothings.push(with(&format!("Bearer{token}")));
        for (number, nothing) in nothings.into_iter().enumerate() {
            let answer = nothing.clone().call::<session::Get>(()).await;
            assert_eq!((answer.status, answer.text().as_str(), answer.set_cookies().len()), (200, "null", 0), "{number}");
            assert_eq!(nothing.clone().call::<session::List>(()).await.status, 401, "{number}");
        }
    }

    async fn that_is_worth_nothing_is_told_from_none(place: &Place) {
        let app = TestApp::start(place).await;
        for (program, challenge) in [
            (app.program(), "Bearer"),
            (app.program().header("authorization", "Basic YTpi"), "Bearer"),
            (app.program().bearer("a.b.c"), r#"Bearer error="invalid_token""#),
            (app.program().header("authorization", "bearer x"), r#"Bearer error="invalid_token""#),
        ] {
            let answer = program.clone().call::<session::List>(()).await;
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some(challenge)));
        }
        let ada = app.sign_up("ada").await.call::<session::List>(()).await;
        assert_eq!((ada.status, ada.header("www-authenticate")), (200, None));
    }

    async fn goes_before_a_cookie_and_leaves_it_alone_when_worthless(place: &Place) {
        let app = TestApp::start(place).await;
        let (mut ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let token = app.access_token_of(&mut ada).await;
        let who = async |browser: Browser<'_>| browser.clone().call::<session::Get>(()).await.json()["user"]["name"].clone();
        assert_eq!(who(bob.clone().bearer(&token)).await, "ada");
        assert_eq!(who(bob.clone().bearer("junk")).await, "bob");
        assert_eq!(who(bob.clone().bearer("a.b.c")).await, "bob");
        assert_eq!(who(bob.bearer(&token).header_too("authorization", b"Bearer x")).await, "bob");
    }
}
