//! Taking another address: `POST /change-email`, and the links that are mailed for it.

use countersign_contract::{email, password, session, sign_in};
use countersign_engine::db::args;
use countersign_testkit::{Answer, Browser, PASSWORD, Place, SECRET, Sent, TestApp, both_databases};
use countersign_token::{EmailAsks, EmailToken, Secret};
use http::Method;
use serde_json::{Value, json};

use crate::outbox::{mails, newest_link};

const NEW: &str = "countess@example.com";

both_databases! {
    async fn both_addresses_agree_and_then_the_user_has_the_new_one(place: &Place) {
        let app = start(place).await;
        let mut ada = verified(&app).await;
        let answer = ask(&mut ada, json!({ "newEmail": "Countess@Example.com", "callbackURL": "/account?x=1" })).await;
        assert!(answer.set_cookies().is_empty());
        let mail = newest_mail(&app).await;
        assert_eq!(mail["to"], "ada@example.com");
        assert!(mail["text"].as_str().unwrap().contains(NEW), "{mail}");
        app.clock.advance(1);
        assert_eq!(leads_to(&follow(&app, &newest_link(&app).await).await), "/account?x=1");
        assert_eq!(address_of(&mut ada).await, "ada@example.com", "the new one has not agreed yet");

        let mail = newest_mail(&app).await;
        assert_eq!(mail["to"], NEW);
        let answer = ada.send(Method::GET, &newest_link(&app).await, ()).await;
        assert_eq!(leads_to(&answer), "/account?x=1");
        assert!(answer.header("set-auth-token").is_some() && answer.set_cookies().len() == 1, "{answer:?}");
        let seen = ada.call::<session::Get>(()).await.json();
        assert_eq!((&seen["user"]["email"], &seen["user"]["emailVerified"]), (&json!(NEW), &json!(true)));
        assert_eq!(sign_in(&app, NEW).await, 200);
        assert_eq!(sign_in(&app, "ada@example.com").await, 401);
        assert_eq!(events(&app).await, 2);
    }

    async fn without_a_callback_a_link_says_what_it_did(place: &Place) {
        let app = start(place).await;
        let mut ada = verified(&app).await;
        ask(&mut ada, json!({ "newEmail": NEW })).await;
        app.clock.advance(1);
        let answer = follow(&app, plain(&newest_link(&app).await)).await;
        assert_eq!((answer.status, answer.text()), (200, r#"{"status":true}"#.to_owned()));
        let answer = follow(&app, plain(&newest_link(&app).await)).await;
        assert_eq!((answer.status, &answer.json()["user"]["email"]), (200, &json!(NEW)));
        assert!(answer.set_cookies().is_empty(), "nobody is signed in there");
    }

    async fn an_address_that_nobody_knows_to_be_the_users_need_not_agree(place: &Place) {
        let app = start(place).await;
        let mut ada = app.sign_up("ada").await;
        ask(&mut ada, json!({ "newEmail": NEW })).await;
        assert_eq!(newest_mail(&app).await["to"], NEW);
        follow(&app, &newest_link(&app).await).await;
        let seen = ada.call::<session::Get>(()).await.json();
        assert_eq!((&seen["user"]["email"], &seen["user"]["emailVerified"]), (&json!(NEW), &json!(false)), "as it was");
    }

    async fn nor_need_a_known_one_where_that_is_set(place: &Place) {
        let app = TestApp::start_with(place, |config| {
            config.engine.user.change_email.enabled = true;
            config.engine.user.change_email.send_change_email_confirmation = false;
        })
        .await;
        let mut ada = verified(&app).await;
        ask(&mut ada, json!({ "newEmail": NEW })).await;
        assert_eq!(newest_mail(&app).await["to"], NEW);
        follow(&app, &newest_link(&app).await).await;
        assert_eq!(address_of(&mut ada).await, NEW);
    }

    async fn an_unknown_address_changes_at_once_where_that_is_set(place: &Place) {
        let app = TestApp::start_with(place, |config| {
            config.engine.user.change_email.enabled = true;
            config.engine.user.change_email.update_email_without_verification = true;
        })
        .await;
        app.user_without_password("eve").await;
        let mut ada = app.sign_up("ada").await;
        let taken = ask(&mut ada, json!({ "newEmail": "eve@example.com" })).await;
        assert!(taken.set_cookies().is_empty() && mails(&app).await.is_empty(), "{taken:?}");
        let answer = ask(&mut ada, json!({ "newEmail": NEW })).await;
        assert!(answer.header("set-auth-token").is_some(), "{answer:?}");
        let seen = ada.call::<session::Get>(()).await.json();
        assert_eq!((&seen["user"]["email"], &seen["user"]["emailVerified"]), (&json!(NEW), &json!(false)));
        assert_eq!(newest_mail(&app).await["to"], NEW);
        follow(&app, &newest_link(&app).await).await;
        assert_eq!(ada.call::<session::Get>(()).await.json()["user"]["emailVerified"], true);
        ask(&mut ada, json!({ "newEmail": "other@example.com" })).await;
        assert_eq!(address_of(&mut ada).await, NEW, "a known one does not");
    }

    async fn a_taken_address_is_not_revealed_and_not_taken(place: &Place) {
        let app = start(place).await;
        app.user_without_password("eve").await;
        let mut ada = verified(&app).await;
        let statements = |app: &TestApp| app.database().statements();
        let before = mails(&app).await.len();
        assert_eq!(address_of(&mut ada).await, "ada@example.com", "and is known to this process from here on");
        let start = statements(&app);
        let taken = ask(&mut ada, json!({ "newEmail": "eve@example.com" })).await;
        let between = statements(&app);
        let free = ask(&mut ada, json!({ "newEmail": NEW })).await;
        assert_eq!(between - start, statements(&app) - between, "the same work for both");
        assert_eq!((taken.json(), taken.set_cookies()), (free.json(), free.set_cookies()));
        assert_eq!(mails(&app).await.len(), before + 1);

        // Somebody takes it while the links are on their way.
        app.clock.advance(1);
        follow(&app, &newest_link(&app).await).await;
        let link = newest_link(&app).await;
        app.run("UPDATE {user} SET {user.email} = $2 WHERE {user.email} = $1", args!["eve@example.com", NEW]).await;
        assert_eq!(leads_to(&follow(&app, &link).await), "/?error=INVALID_TOKEN");
        assert_eq!(address_of(&mut ada).await, "ada@example.com");
    }

    async fn links_to_the_old_address_die(place: &Place) {
        let app = start(place).await;
        let mut ada = app.sign_up("ada").await;
        let reset = json!({ "email": "ada@example.com", "redirectTo": "/r" });
        app.program().call::<password::RequestReset>(reset).await;
        let reset = newest_link(&app).await;
        app.clock.advance(1);
        app.program().call::<email::SendVerification>(json!({ "email": "ada@example.com" })).await;
        let verification = newest_link(&app).await;
        app.clock.advance(1);
        ask(&mut ada, json!({ "newEmail": "other@example.com" })).await;
        let other = newest_link(&app).await;
        app.clock.advance(1);
        ask(&mut ada, json!({ "newEmail": NEW })).await;
        assert_eq!(leads_to(&follow(&app, &newest_link(&app).await).await), "/");
        assert_eq!(leads_to(&follow(&app, &verification).await), "/?error=USER_NOT_FOUND");
        assert_eq!(leads_to(&follow(&app, &other).await), "/?error=INVALID_TOKEN");
        assert_eq!(leads_to(&follow(&app, &reset).await), "http://localhost:3000/r?error=INVALID_TOKEN");
        assert_eq!(address_of(&mut ada).await, NEW);
    }

    async fn no_link_of_a_thief_waits_for_who_regains_the_account(place: &Place) {
        let app = start(place).await;
        let mut thief = app.sign_up("ada").await;
        ask(&mut thief, json!({ "newEmail": "thief@example.com" })).await;
        let link = newest_link(&app).await;
        app.clock.advance(1);
        app.program().call::<password::RequestReset>(json!({ "email": "ada@example.com" })).await;
        let secret = newest_link(&app).await;
        let secret = secret.split(['/', '?']).find(|part| part.len() == 24).unwrap().to_owned();
        let reset = json!({ "newPassword": "another horse battery", "token": secret });
        assert_eq!(app.program().call::<password::Reset>(reset).await.status, 200);
        assert_eq!(leads_to(&follow(&app, &link).await), "/?error=INVALID_TOKEN");
        assert_eq!(app.ask::<String>("SELECT {user.email} FROM {user}", args![]).await, "ada@example.com");
    }

    async fn who_is_signed_in_as_another_changes_nothing(place: &Place) {
        let app = start(place).await;
        let mut ada = app.sign_up("ada").await;
        ask(&mut ada, json!({ "newEmail": NEW })).await;
        let link = newest_link(&app).await;
        let mut eve = app.sign_up("eve").await;
        assert_eq!(leads_to(&eve.send(Method::GET, &link, ()).await), "/?error=INVALID_USER");
        assert_eq!(address_of(&mut ada).await, "ada@example.com");
        assert_eq!(leads_to(&follow(&app, &link).await), "/");
        assert_eq!(address_of(&mut ada).await, NEW);
    }

    async fn a_link_says_what_it_changes_and_whose(place: &Place) {
        let app = start(place).await;
        let mut ada = app.sign_up("ada").await;
        let user = ada.call::<session::Get>(()).await.json()["user"]["id"].as_str().unwrap().to_owned();
        let now = app.engine().clock().now().seconds();
        let code = async |user: &str, asks: EmailAsks, exp: i64| {
            let email = "ada@example.com".to_owned();
            let token = EmailToken { email, user_id: Some(user.to_owned()), asks, iat: now, exp };
            let token = token.sign(&Secret::parse(SECRET).unwrap()).unwrap();
            follow(&app, &format!("/api/auth/verify-email?token={token}")).await.code()
        };
        let asks = || EmailAsks::VerifyChange { to: NEW.to_owned() };
        assert_eq!(code("nobody", asks(), now + 60).await.as_deref(), Some("USER_NOT_FOUND"));
        assert_eq!(code(&user, asks(), now).await.as_deref(), Some("TOKEN_EXPIRED"));
        assert_eq!(code(&user, EmailAsks::ConfirmChange { to: NEW.to_owned() }, now).await.as_deref(), Some("TOKEN_EXPIRED"));
        assert_eq!(address_of(&mut ada).await, "ada@example.com");
        assert_eq!(code(&user, asks(), now + 60).await, None);
        assert_eq!(address_of(&mut ada).await, NEW);
    }

    async fn a_reset_ends_the_sessions_of_who_never_showed_the_address_to_be_theirs(place: &Place) {
        let app = TestApp::start_with(place, |config| {
            config.engine.email_and_password.revoke_sessions_on_password_reset = false;
        })
        .await;
        let mut ada = verified(&app).await;
        let mut stranger = app.sign_up("eve").await;
        for (name, browser, stays) in [("ada", &mut ada, true), ("eve", &mut stranger, false)] {
            app.clock.advance(1);
            app.program().call::<password::RequestReset>(json!({ "email": format!("{name}@example.com") })).await;
            let first = newest_link(&app).await;
            app.clock.advance(1);
            app.program().call::<password::RequestReset>(json!({ "email": format!("{name}@example.com") })).await;
            let second = newest_link(&app).await;
            let secret = |link: &str| link.split(['/', '?']).find(|part| part.len() == 24).unwrap().to_owned();
            let body = |link: &str| json!({ "newPassword": PASSWORD, "token": secret(link) });
            assert_eq!(app.program().call::<password::Reset>(body(&second)).await.status, 200);
            assert_eq!(browser.call::<session::Get>(()).await.json().is_object(), stays, "{name}");
            assert_eq!(app.program().call::<password::Reset>(body(&first)).await.status, 400, "all links are used up");
        }
    }
}

async fn start(place: &Place) -> TestApp {
    TestApp::start_with(place, |config| config.engine.user.change_email.enabled = true).await
}

/// Ada, whose address is known to be hers.
async fn verified(app: &TestApp) -> Browser<'_> {
    let ada = app.sign_up("ada").await;
    app.program().call::<email::SendVerification>(json!({ "email": "ada@example.com" })).await;
    follow(app, &newest_link(app).await).await;
    app.clock.advance(1);
    ada
}

async fn ask(caller: &mut Browser<'_>, body: Value) -> Answer {
    let answer = caller.call::<email::Change>(body).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": true })));
    answer
}

async fn follow(app: &TestApp, link: &str) -> Answer {
    app.program().send(Method::GET, link, Sent::from(())).await
}

fn leads_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 302, "{answer:?}");
    answer.header("location").unwrap().to_owned()
}

/// A link without the place it leads to.
fn plain(link: &str) -> &str {
    link.split("&callbackURL").next().unwrap()
}

async fn newest_mail(app: &TestApp) -> Value {
    mails(app).await.last().unwrap().clone()
}

async fn address_of(browser: &mut Browser<'_>) -> String {
    browser.call::<session::Get>(()).await.json()["user"]["email"].as_str().unwrap().to_owned()
}

async fn sign_in(app: &TestApp, email: &str) -> u16 {
    app.program().call::<sign_in::Email>(json!({ "email": email, "password": PASSWORD })).await.status
}

/// How often it was kept that an address was to change, or did.
async fn events(app: &TestApp) -> i64 {
    app.ask(
        "SELECT count(*) FROM {countersign_audit} WHERE {countersign_audit.event} IN ('email_change_requested', 'email_changed')",
        args![],
    )
    .await
}
