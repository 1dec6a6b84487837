//! Credentials in `Authorization`.

use countersign_contract::{session, sign_out, user};
use countersign_testkit::{Browser, SECRET, TestApp, both_databases};
use countersign_token::{Secret, SignedCookie};
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
