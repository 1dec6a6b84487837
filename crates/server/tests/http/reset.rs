//! A forgotten password: `POST /request-password-reset`, `GET` and `POST /reset-password`; and `POST /verify-password`.

use countersign_contract::{password, session, sign_in};
use countersign_engine::db::args;
use countersign_testkit::{Answer, Browser, PASSWORD, Sent, TestApp, both_databases};
use http::Method;
use serde_json::{Value, json};

use crate::outbox::{mails, newest_link};

const NEW: &str = "another horse battery";

both_databases! {
    async fn a_mailed_link_leads_to_another_password_once(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        ask(&app, json!({ "email": "ADA@example.com", "redirectTo": "/choose?x=1" })).await;
        let link = newest_link(&app).await;
        let answer = app.program().send(Method::GET, &link, ()).await;
        let place = answer.header("location").unwrap();
        let token = place.strip_prefix("http://localhost:3000/choose?x=1&token=").unwrap();
        assert_eq!((answer.status, token.len(), answer.body.len()), (302, 24, 0));

        for (password, code) in [("short", "PASSWORD_TOO_SHORT"), (&*"x".repeat(129), "PASSWORD_TOO_LONG")] {
            let answer = reset(&app, json!({ "newPassword": password, "token": token })).await;
            assert_eq!(answer.refusal(), (400, Some(code.to_owned())), "the link is still good");
        }
        assert_eq!(reset(&app, json!({ "newPassword": NEW, "token": token })).await.json(), json!({ "status": true }));
        assert_eq!(signed_in(&app, PASSWORD).await, 401);
        assert_eq!(signed_in(&app, NEW).await, 200);

        assert_invalid(&reset(&app, json!({ "newPassword": PASSWORD, "token": token })).await);
        let answer = app.program().send(Method::GET, &link, ()).await;
        assert_eq!(answer.header("location"), Some("http://localhost:3000/choose?x=1&error=INVALID_TOKEN"));
    }

    async fn an_unknown_address_is_answered_alike_and_written_to_by_nobody(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        let statements = |app: &TestApp| app.database().statements();
        let before = statements(&app);
        let known = ask(&app, json!({ "email": "ada@example.com" })).await;
        let between = statements(&app);
        let unknown = ask(&app, json!({ "email": "eve@example.com" })).await;
        assert_eq!((known.status, known.json()), (unknown.status, unknown.json()));
        assert_eq!(between - before, statements(&app) - between, "the same work for both");
        let mails = mails(&app).await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0]["to"], "ada@example.com");
    }

    async fn a_reset_ends_sessions_and_their_tokens_unless_told_otherwise(place: &Place) {
        for revokes in [true, false] {
            let app = TestApp::start_with(place, |config| {
                config.engine.email_and_password.revoke_sessions_on_password_reset = revokes;
            })
            .await;
            let name = if revokes { "ada" } else { "bob" };
            app.clock.advance(i64::from(!revokes));
            let mut browser = app.sign_up(name).await;
            app.run("UPDATE {user} SET {user.emailVerified} = $1", args![true]).await;
            let token = app.access_token_of(&mut browser).await;
            let mut bearer = app.program().bearer(&token);
            ask(&app, json!({ "email": format!("{name}@example.com") })).await;
            let secret = secret(&newest_link(&app).await);
            assert_eq!(reset(&app, json!({ "newPassword": NEW, "token": secret })).await.status, 200);
            assert_eq!(browser.call::<session::Get>(()).await.json().is_null(), revokes);
            assert_eq!(bearer.call::<session::Get>(()).await.json().is_null(), revokes);
        }
    }

    async fn a_link_is_good_for_an_hour(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        ask(&app, json!({ "email": "ada@example.com", "redirectTo": "/choose" })).await;
        let link = newest_link(&app).await;
        app.clock.advance(3_600);
        let answer = app.program().send(Method::GET, &link, ()).await;
        assert_eq!(answer.header("location"), Some("http://localhost:3000/choose?error=INVALID_TOKEN"));
        assert_invalid(&reset(&app, json!({ "newPassword": NEW, "token": secret(&link) })).await);
    }

    async fn of_two_who_bring_one_secret_one_is_served(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        ask(&app, json!({ "email": "ada@example.com" })).await;
        let secret = secret(&newest_link(&app).await);
        let bring = || reset(&app, json!({ "newPassword": NEW, "token": secret }));
        let (a, b) = tokio::join!(bring(), bring());
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
    }

    async fn the_secret_may_stand_in_the_query_and_the_body_goes_before_it(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        ask(&app, json!({ "email": "ada@example.com" })).await;
        let query = format!("token={}", secret(&newest_link(&app).await));
        let body = |token: Value| Sent::from(json!({ "newPassword": NEW, "token": token })).query(&query);
        assert_invalid(&app.program().call::<password::Reset>(body("other".into())).await);
        assert_eq!(app.program().call::<password::Reset>(body("".into())).await.status, 200);
        assert_invalid(&reset(&app, json!({ "newPassword": "short" })).await);
        assert_invalid(&reset(&app, json!({ "newPassword": NEW, "token": "\u{0}" })).await);
    }

    async fn who_had_no_password_has_one_then(place: &Place) {
        let app = TestApp::start(place).await;
        app.user_without_password("ada").await;
        ask(&app, json!({ "email": "ada@example.com" })).await;
        let secret = secret(&newest_link(&app).await);
        assert_eq!(reset(&app, json!({ "newPassword": NEW, "token": secret })).await.status, 200);
        assert_eq!(signed_in(&app, NEW).await, 200);
    }

    async fn a_link_of_somebody_who_is_gone_says_so(place: &Place) {
        let app = TestApp::start(place).await;
        let user = app.user_without_password("ada").await;
        ask(&app, json!({ "email": "ada@example.com" })).await;
        let secret = secret(&newest_link(&app).await);
        app.run("DELETE FROM {user} WHERE {user.id} = $1", args![user.id]).await;
        let answer = reset(&app, json!({ "newPassword": NEW, "token": secret })).await;
        assert_eq!(answer.refusal(), (400, Some("USER_NOT_FOUND".to_owned())));
    }

    async fn a_link_leads_nowhere_that_is_not_trusted(place: &Place) {
        let app = TestApp::start_with(place, |config| config.trusted_origins = vec!["https://app.example".to_owned()]).await;
        app.sign_up("ada").await;
        for target in ["https://evil.example", "//evil.example", "reset", "/\\evil", "javascript:alert(1)"] {
            let body = json!({ "email": "ada@example.com", "redirectTo": target });
            let answer = app.program().call::<password::RequestReset>(body).await;
            assert_eq!(answer.refusal(), (403, Some("INVALID_REDIRECT_URL".to_owned())), "{target}");
            let uri = format!("/api/auth/reset-password/x?callbackURL={target}");
            let answer = app.program().send(Method::GET, &uri, ()).await;
            assert_eq!(answer.refusal(), (403, Some("INVALID_CALLBACK_URL".to_owned())), "{target}");
        }
        assert_eq!(mails(&app).await.len(), 0);
        ask(&app, json!({ "email": "ada@example.com", "redirectTo": "https://app.example/r" })).await;
        let answer = app.program().send(Method::GET, &newest_link(&app).await, ()).await;
        assert!(answer.header("location").unwrap().starts_with("https://app.example/r?token="));
    }

    async fn a_link_is_built_from_the_settings_whatever_the_request_says_of_itself(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        let mut liar = app
            .program()
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("forwarded", "host=evil.example;proto=https");
        liar.call::<password::RequestReset>(json!({ "email": "ada@example.com" })).await;
        let mails = mails(&app).await;
        assert!(mails[0]["url"].as_str().unwrap().starts_with("http://localhost:3000/api/auth/reset-password/"));
    }

    async fn without_a_page_of_its_own_the_link_leads_to_ours(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        ask(&app, json!({ "email": "ada@example.com" })).await;
        let mut browser = app.browser();
        let answer = browser.send(Method::GET, &newest_link(&app).await, ()).await;
        let page = answer.header("location").unwrap().strip_prefix("http://localhost:3000").unwrap().to_owned();
        let token = page.strip_prefix("/new-password?token=").unwrap();
        let shown = browser.send(Method::GET, &page, ()).await;
        assert_eq!(shown.status, 200);
        assert!(shown.text().contains(token), "{shown:?}");

        let form = |password: &str| Sent::raw("application/x-www-form-urlencoded", format!("token={token}&password={password}"));
        let answer = browser.send(Method::POST, "/new-password", form("short")).await;
        assert!(answer.status == 400 && answer.text().contains("at least 8 characters"), "{answer:?}");
        let answer = browser.send(Method::POST, "/new-password", form("another+horse+battery")).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in?done=reset")));
        assert_eq!(signed_in(&app, NEW).await, 200);
        let answer = browser.send(Method::POST, "/new-password", form("another+horse+battery")).await;
        assert!(answer.status == 400 && answer.text().contains("Ask for another one"), "{answer:?}");
        let shown = browser.send(Method::GET, "/new-password?error=INVALID_TOKEN", ()).await;
        assert!(shown.text().contains("Ask for another one"));
    }

    async fn is_switched_off_where_nothing_carries_mails(place: &Place) {
        for off in [Off::Transport, Off::Reset] {
            let app = TestApp::start_with(place, |config| match off {
                Off::Transport => config.engine.base_url = "https://auth.example".parse().unwrap(),
                Off::Reset => config.engine.email_and_password.send_reset_password = false,
            })
            .await;
            let answer = app.program().call::<password::RequestReset>(json!({ "email": "ada@example.com" })).await;
            assert_eq!(answer.refusal(), (400, Some("RESET_PASSWORD_DISABLED".to_owned())));
        }
    }

    async fn knows_whether_a_password_is_the_callers(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let verify = async |ada: &mut Browser<'_>, password: &str| {
            ada.call::<password::Verify>(json!({ "password": password })).await.refusal()
        };
        assert_eq!(verify(&mut ada, PASSWORD).await, (200, None));
        assert_eq!(verify(&mut ada, "wrong").await, (400, Some("INVALID_PASSWORD".to_owned())));
        assert_eq!(verify(&mut ada, &"x".repeat(129)).await, (400, Some("PASSWORD_TOO_LONG".to_owned())));
        app.run("UPDATE {account} SET {account.password} = NULL", args![]).await;
        assert_eq!(verify(&mut ada, PASSWORD).await, (400, Some("INVALID_PASSWORD".to_owned())));
    }
}

enum Off {
    Transport,
    Reset,
}

async fn ask(app: &TestApp, body: Value) -> Answer {
    let answer = app.program().call::<password::RequestReset>(body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

async fn reset(app: &TestApp, body: Value) -> Answer {
    app.program().call::<password::Reset>(body).await
}

async fn signed_in(app: &TestApp, password: &str) -> u16 {
    let body = json!({ "email": "ada@example.com", "password": password });
    app.program().call::<sign_in::Email>(body).await.status
}

fn assert_invalid(answer: &Answer) {
    assert_eq!(answer.refusal(), (400, Some("INVALID_TOKEN".to_owned())), "{answer:?}");
}

/// The secret in a link.
fn secret(link: &str) -> String {
    link.split(['/', '?']).find(|part| part.len() == 24).unwrap().to_owned()
}
