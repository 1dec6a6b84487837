//! Showing that an address is its user's: `POST /send-verification-email` and `GET /verify-email`.

use countersign_contract::{email, session, sign_in, sign_up};
use countersign_engine::db::args;
use countersign_testkit::{Answer, Browser, PASSWORD, Place, SECRET, Sent, TestApp, both_databases};
use countersign_token::{EmailAsks, EmailToken, Secret, Secrets};
use http::Method;
use serde_json::{Value, json};

use crate::outbox::{mails, newest_link};

both_databases! {
    async fn a_mailed_link_shows_an_address_to_be_its_users(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        assert!(!is_verified(&mut ada).await);
        ask(&mut ada, json!({ "email": "ADA@example.com", "callbackURL": "/welcome?x=1" })).await;
        let link = newest_link(&app).await;
        assert!(link.starts_with("/api/auth/verify-email?token=eyJhbGciOiJIUzI1NiJ9."), "{link}");

        let answer = follow(&app, &link).await;
        assert_eq!((answer.status, answer.header("location"), answer.body.len()), (302, Some("/welcome?x=1"), 0));
        assert!(answer.set_cookies().is_empty());
        assert!(is_verified(&mut ada).await, "also in what is kept in memory");
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {countersign_audit} WHERE {countersign_audit.event} = 'email_verified'", args![]).await, 1);

        let again = follow(&app, &link).await;
        assert_eq!((again.status, again.header("location")), (302, Some("/welcome?x=1")), "once more, as before");
        let plain = follow(&app, link.split("&callbackURL").next().unwrap()).await;
        assert_eq!((plain.status, plain.json()), (200, json!({ "status": true, "user": null })));
    }

    async fn every_address_is_answered_alike_and_costs_the_same(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        app.user_without_password("bob").await;
        app.run("UPDATE {user} SET {user.emailVerified} = $2 WHERE {user.email} = $1", args!["bob@example.com", true]).await;
        let mut seen = Vec::new();
        for name in ["ada", "bob", "nobody"] {
            let before = app.database().statements();
            let answer = ask(&mut app.program(), json!({ "email": format!("{name}@example.com") })).await;
            seen.push((answer.json(), app.database().statements() - before));
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
        let mails = mails(&app).await;
        assert_eq!(mails.iter().map(|mail| mail["to"].as_str().unwrap()).collect::<Vec<_>>(), ["ada@example.com"]);
    }

    async fn whoever_has_an_address_is_told_of_a_sign_up_with_it_and_nobody_else(place: &Place) {
        let app = TestApp::start_with(place, |config| config.engine.email_and_password.require_email_verification = true).await;
        app.user_without_password("ada").await;
        let sign_up = async |email: &str| {
            let body = json!({ "name": "Words of a stranger", "email": email, "password": PASSWORD });
            app.program().header("accept-language", "de").call::<sign_up::Email>(body).await
        };
        app.run("UPDATE {user} SET {user.emailVerified} = $1", args![true]).await;
        for email in ["ADA@example.com", "bob@example.com"] {
            let answer = sign_up(email).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            app.clock.advance(1);
        }
        let [to_ada, to_bob] = mails(&app).await.try_into().unwrap();
        assert_eq!((&to_ada["to"], &to_ada["subject"]), (&json!("ada@example.com"), &json!("Sie haben schon ein Konto bei Countersign")));
        assert_eq!(to_ada["url"], json!(format!("{}/sign-in", app.origin())));
        assert!(!to_ada.to_string().contains("stranger"), "{to_ada}");
        assert_eq!(sign_up("ada@example.com").await.status, 200);
        assert_eq!(mails(&app).await.len(), 2, "nobody fills another's mailbox");
        assert_eq!((&to_bob["to"], to_bob["url"].as_str().unwrap().contains("/verify-email?token=")), (&json!("bob@example.com"), true));
    }

    async fn the_owner_of_a_session_is_told_what_is_wrong(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let sent = |email: &str| json!({ "email": email });
        let other = ada.call::<email::SendVerification>(sent("eve@example.com")).await;
        assert_eq!(other.refusal(), (400, Some("EMAIL_MISMATCH".to_owned())));
        ask(&mut ada, sent("ada@example.com")).await;
        follow(&app, &newest_link(&app).await).await;
        let again = ada.call::<email::SendVerification>(sent("ada@example.com")).await;
        assert_eq!(again.refusal(), (400, Some("EMAIL_ALREADY_VERIFIED".to_owned())));
        assert_eq!(mails(&app).await.len(), 1);
    }

    async fn a_link_that_is_not_good_says_so_where_it_leads(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        ask(&mut ada, json!({ "email": "ada@example.com", "callbackURL": "http://localhost:3000/w?x=1#h" })).await;
        let link = newest_link(&app).await;
        let error = async |link: &str| follow(&app, link).await.header("location").map(str::to_owned);
        let with = |code: &str| Some(format!("http://localhost:3000/w?x=1&error={code}#h"));
        assert_eq!(error(&link.replace("token=ey", "token=ez")).await, with("INVALID_TOKEN"));
        app.clock.advance(3_600);
        assert_eq!(error(&link).await, with("TOKEN_EXPIRED"));
        assert!(!is_verified(&mut ada).await);
        let plain = follow(&app, link.split("&callbackURL").next().unwrap()).await;
        assert_eq!(plain.refusal(), (401, Some("TOKEN_EXPIRED".to_owned())));
        let elsewhere = follow(&app, &format!("{}&callbackURL=https://evil.example", link.split("&callbackURL").next().unwrap())).await;
        assert_eq!(elsewhere.refusal(), (403, Some("INVALID_CALLBACK_URL".to_owned())));
    }

    async fn only_tokens_of_this_kind_and_of_this_user_are_good(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let ours = Secret::parse(SECRET).unwrap();
        let token = |user_id: Option<&str>, email: &str| EmailToken {
            email: email.to_owned(),
            user_id: user_id.map(str::to_owned),
            asks: EmailAsks::Verify,
            iat: app.engine().clock().now().seconds(),
            exp: app.engine().clock().now().seconds() + 60,
        };
        let code = async |token: &str| follow(&app, &format!("/api/auth/verify-email?token={token}")).await.code();
        let invalid = Some("INVALID_TOKEN".to_owned());
        assert_eq!(code(&app.access_token_of(&mut ada).await).await, invalid, "an access token is none");
        let other = token(Some("other"), "ada@example.com");
        assert_eq!(code(&other.sign(&ours).unwrap()).await, invalid, "another user had the address");
        let foreign = token(None, "ada@example.com").sign(&Secret::from_entropy([9; 32])).unwrap();
        assert_eq!(code(&foreign).await, invalid);
        let gone = token(None, "eve@example.com").sign(&ours).unwrap();
        assert_eq!(code(&gone).await, Some("USER_NOT_FOUND".to_owned()));
        // And the other way round: it opens no session.
        let good = token(None, "ada@example.com").sign(&ours).unwrap();
        let found = app.program().bearer(&good).call::<session::Get>(()).await;
        assert!(found.json().is_null(), "{found:?}");
        assert_eq!(code(&good).await, None);
        assert!(is_verified(&mut ada).await);
    }

    async fn a_link_is_good_after_the_secret_was_rotated(place: &Place) {
        let app = TestApp::start(place).await;
        app.sign_up("ada").await;
        ask(&mut app.program(), json!({ "email": "ada@example.com" })).await;
        let link = newest_link(&app).await;
        let (new, old) = (Secret::from_entropy([5; 32]), Secret::parse(SECRET).unwrap());
        let rotated = TestApp::start_under(place, Secrets::single(new.clone()).with_unversioned(old), |_| {}).await;
        let alone = TestApp::start_under(place, Secrets::single(new), |_| {}).await;
        assert_eq!(follow(&alone, &link).await.header("location"), Some("/?error=INVALID_TOKEN"));
        assert_eq!(follow(&rotated, &link).await.header("location"), Some("/"));
    }

    async fn signing_up_mails_the_link_that_signing_in_needs(place: &Place) {
        let app = strict(place, false).await;
        let body = json!({ "name": "Ada", "email": "ada@example.com", "password": PASSWORD, "callbackURL": "/welcome" });
        let answer = app.program().call::<sign_up::Email>(body.clone()).await;
        assert!(answer.status == 200 && answer.json()["token"].is_null(), "{answer:?}");
        assert_eq!(sign_in(&app).await, (403, Some("EMAIL_NOT_VERIFIED".to_owned())));
        app.clock.advance(1);
        let again = app.program().call::<sign_up::Email>(body).await;
        assert_eq!(again.status, 200);
        let link = newest_link(&app).await;
        assert!(link.ends_with("/sign-in"), "neither signing in nor signing up once more mails another link: {link}");
        let mails = mails(&app).await;
        assert_eq!(mails.len(), 2);
        let link = mails[0]["url"].as_str().unwrap().strip_prefix(app.origin()).unwrap();
        assert_eq!(follow(&app, link).await.header("location"), Some("/welcome"));
        assert_eq!(sign_in(&app).await, (200, None));
    }

    async fn signing_in_mails_the_link_where_that_is_set(place: &Place) {
        let app = strict(place, true).await;
        let body = json!({ "name": "Ada", "email": "ada@example.com", "password": PASSWORD });
        app.program().call::<sign_up::Email>(body).await;
        let wrong = json!({ "email": "ada@example.com", "password": "wrong password" });
        assert_eq!(app.program().call::<sign_in::Email>(wrong).await.status, 401);
        assert_eq!(mails(&app).await.len(), 1, "to who knows the password, and nobody else");
        app.clock.advance(1);
        let right = json!({ "email": "ada@example.com", "password": PASSWORD, "callbackURL": "/in" });
        let answer = app.program().call::<sign_in::Email>(right).await;
        assert_eq!(answer.refusal(), (403, Some("EMAIL_NOT_VERIFIED".to_owned())));
        assert_eq!(mails(&app).await.len(), 2);
        assert_eq!(follow(&app, &newest_link(&app).await).await.header("location"), Some("/in"));
        assert_eq!(sign_in(&app).await, (200, None));
        assert_eq!(mails(&app).await.len(), 2);
    }

    async fn a_mail_may_be_sent_though_signing_up_signs_in(place: &Place) {
        let app = TestApp::start_with(place, |config| config.engine.email_verification.send_on_sign_up = Some(true)).await;
        let mut ada = app.sign_up("ada").await;
        assert_eq!(mails(&app).await.len(), 1);
        follow(&app, &newest_link(&app).await).await;
        assert!(is_verified(&mut ada).await);
    }

    async fn a_link_signs_in_once_where_that_is_set(place: &Place) {
        let app = automatic(place).await;
        let mut first = app.sign_up("ada").await;
        ask(&mut first, json!({ "email": "ada@example.com" })).await;
        let link = newest_link(&app).await;
        let mut elsewhere = app.browser();
        let answer = elsewhere.send(Method::GET, &link, ()).await;
        assert_eq!((answer.status, answer.header("location")), (302, Some("/")));
        assert!(answer.header("set-auth-token").is_some() && answer.set_cookies()[0].contains("Max-Age=604800"), "{answer:?}");
        let seen = elsewhere.call::<session::Get>(()).await.json();
        assert_eq!(seen["user"]["emailVerified"], true, "{seen}");
        assert_eq!(seen["user"]["email"], "ada@example.com");
        let mut late = app.browser();
        let answer = late.send(Method::GET, &link, ()).await;
        assert!(answer.set_cookies().is_empty(), "{answer:?}");
        assert!(late.call::<session::Get>(()).await.json().is_null());
    }

    async fn of_two_who_follow_a_link_at_once_one_is_signed_in(place: &Place) {
        let app = automatic(place).await;
        app.sign_up("ada").await;
        ask(&mut app.program(), json!({ "email": "ada@example.com" })).await;
        let link = newest_link(&app).await;
        let (a, b) = tokio::join!(follow(&app, &link), follow(&app, &link));
        assert_eq!((a.status, b.status), (302, 302));
        assert_eq!(usize::from(a.set_cookies().is_empty()) + usize::from(b.set_cookies().is_empty()), 1);
    }

    async fn who_is_signed_in_stays_so_with_the_same_session(place: &Place) {
        let app = automatic(place).await;
        let mut ada = app.sign_up("ada").await;
        let before = ada.call::<session::Get>(()).await.json();
        ask(&mut ada, json!({ "email": "ada@example.com" })).await;
        let answer = ada.send(Method::GET, &newest_link(&app).await, ()).await;
        assert_eq!(answer.status, 302);
        assert!(answer.header("set-auth-token").is_some(), "{answer:?}");
        let after = ada.call::<session::Get>(()).await.json();
        assert_eq!(before["session"]["id"], after["session"]["id"]);
        assert_eq!(after["user"]["emailVerified"], true);
    }

    async fn a_suspended_user_is_verified_and_not_signed_in(place: &Place) {
        let app = automatic(place).await;
        let mut ada = app.sign_up("ada").await;
        let id = ada.call::<session::Get>(()).await.json()["user"]["id"].as_str().unwrap().to_owned();
        ask(&mut ada, json!({ "email": "ada@example.com" })).await;
        let link = newest_link(&app).await;
        app.suspend(&id, None, None).await.unwrap();
        assert_eq!(follow(&app, &link).await.refusal(), (403, Some("BANNED_USER".to_owned())));
        assert!(app.user_by_id(&id).await.unwrap().unwrap().email_verified);
    }

    async fn is_switched_off_where_nothing_carries_mails(place: &Place) {
        for transport in [true, false] {
            let app = TestApp::start_with(place, |config| {
                config.engine.email_and_password.require_email_verification = true;
                if transport {
                    config.engine.base_url = "https://auth.example".parse().unwrap();
                } else {
                    config.engine.email_verification.send_verification_email = false;
                }
            })
            .await;
            let sent = json!({ "email": "ada@example.com" });
            let answer = app.program().call::<email::SendVerification>(sent).await;
            assert_eq!(answer.refusal(), (400, Some("VERIFICATION_EMAIL_NOT_ENABLED".to_owned())));
            let name = if transport { "ada" } else { "bob" };
            let body = json!({ "name": "A", "email": format!("{name}@example.com"), "password": PASSWORD });
            assert_eq!(app.program().call::<sign_up::Email>(body).await.status, 200);
            assert_eq!(app.ask::<i64>("SELECT count(*) FROM {countersign_outbox}", args![]).await, 0);
        }
    }
}

async fn strict(place: &Place, on_sign_in: bool) -> TestApp {
    TestApp::start_with(place, |config| {
        config.engine.email_and_password.require_email_verification = true;
        config.engine.email_verification.send_on_sign_in = on_sign_in;
    })
    .await
}

async fn automatic(place: &Place) -> TestApp {
    TestApp::start_with(place, |config| config.engine.email_verification.auto_sign_in_after_verification = true).await
}

async fn ask(caller: &mut Browser<'_>, body: Value) -> Answer {
    let answer = caller.call::<email::SendVerification>(body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

async fn follow(app: &TestApp, link: &str) -> Answer {
    app.program().send(Method::GET, link, Sent::from(())).await
}

async fn is_verified(browser: &mut Browser<'_>) -> bool {
    browser.call::<session::Get>(()).await.json()["user"]["emailVerified"].as_bool().unwrap()
}

async fn sign_in(app: &TestApp) -> (u16, Option<String>) {
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.program().call::<sign_in::Email>(body).await.refusal()
}
