//! Every row of every error table is produced at least once, and no answer says what no table holds.

use std::collections::BTreeSet;

use countersign_contract::transport::Error as Transport;
use countersign_contract::{
    Coded, Endpoint, ErrorRow, account, all, email, ok, password, refresh, session, sign_in, sign_out, sign_up, social,
    user,
};
use countersign_engine::db::args;
use countersign_server::config::SocialProvider;
use countersign_testkit::{Answer, Browser, PASSWORD, Place, Sent, TestApp, address, run};
use http::Method as Verb;
use serde_json::{Value, json};

use crate::account::link_account;
use crate::fields::{configure, newcomer};
use crate::outbox::newest_link;
use crate::provider::Provider;

const DAY: i64 = 86_400;

/// What was refused so far: where, with which status, and with which code (or, without one, which sentence).
#[derive(Default)]
struct Produced(BTreeSet<(&'static str, u16, String)>);

impl Produced {
    /// Makes a call that must be refused.
    async fn refused<E: Endpoint>(&mut self, caller: &mut Browser<'_>, sent: impl Into<Sent>) -> Answer {
        let answer = caller.call::<E>(sent).await;
        assert_ne!(answer.status, 200, "{}: {answer:?}", E::PATH);
        let said = if answer.body.is_empty() {
            String::new()
        } else {
            let body = answer.json();
            let members = body.as_object().unwrap();
            assert!(members.keys().all(|name| name == "message" || name == "code"), "{body}");
            answer.code().unwrap_or_else(|| body["message"].as_str().unwrap().to_owned())
        };
        self.0.insert((E::PATH, answer.status, said));
        answer
    }
}

/// Every row an endpoint's own table has, and those of the door, which any endpoint may produce.
#[derive(Default)]
struct Rows {
    own: BTreeSet<(&'static str, u16, String)>,
}

impl all::Visitor for Rows {
    fn visit<E: Endpoint>(&mut self) {
        self.own.extend(E::Error::ROWS.iter().map(|row| (E::PATH, row.status, said(row))));
    }
}

fn said(row: &ErrorRow) -> String {
    row.code.unwrap_or(row.message).to_owned()
}

#[test]
fn every_row_is_produced_and_nothing_else() {
    run(async {
        let mut produced = Produced::default();
        by_the_door(&mut produced).await;
        by_signing_up(&mut produced).await;
        by_signing_in(&mut produced).await;
        by_sessions(&mut produced).await;
        by_users(&mut produced).await;
        by_deleting_oneself(&mut produced).await;
        by_accounts(&mut produced).await;
        by_providers(&mut produced).await;
        by_fields(&mut produced).await;
        by_passwords(&mut produced).await;
        by_resetting(&mut produced).await;
        by_verifying(&mut produced).await;
        by_changing_the_address(&mut produced).await;
        by_refreshing(&mut produced).await;

        let mut rows = Rows::default();
        all::each(&mut rows);
        let missing: Vec<_> = rows.own.difference(&produced.0).collect();
        assert!(missing.is_empty(), "never produced: {missing:?}");
        let door: BTreeSet<_> = Transport::ROWS.iter().map(|row| (row.status, said(row))).collect();
        let seen: BTreeSet<_> = produced.0.iter().map(|(_, status, said)| (*status, said.clone())).collect();
        let missing: Vec<_> = door.difference(&seen).collect();
        assert!(missing.is_empty(), "never produced by the door: {missing:?}");
        let strays: Vec<_> = produced
            .0
            .iter()
            .filter(|row| !rows.own.contains(row) && !door.contains(&(row.1, row.2.clone())))
            .collect();
        assert!(strays.is_empty(), "in no table: {strays:?}");
    });
}

async fn by_the_door(produced: &mut Produced) {
    let place = Place::sqlite();
    let app = TestApp::start_with(&place, |config| {
        config.rate_limit.enabled = true;
        config.rate_limit.max = 1000;
        config.engine.password_hash.queue_max = 0;
    })
    .await;
    let mut program = app.program();
    let right = || json!({ "email": "nobody@example.com", "password": "x" });
    produced.refused::<sign_in::Email>(&mut program, right()).await;
    let mut limited = app.program().from_address("192.0.2.9");
    for _ in 0..4 {
        produced.refused::<sign_in::Email>(&mut limited, json!({})).await;
    }
    produced.refused::<sign_out::SignOut>(&mut program, Sent::raw("application/json", "{")).await;
    produced.refused::<sign_out::SignOut>(&mut program, Sent::raw("text/plain", "{}")).await;
    produced.refused::<sign_out::SignOut>(&mut program, Sent::raw("application/json", " ".repeat(65_537))).await;
    let cookie = app.program().with_cookie("theme", "dark");
    produced.refused::<sign_out::SignOut>(&mut cookie.clone(), ()).await;
    produced.refused::<sign_out::SignOut>(&mut cookie.header("origin", "https://evil.example"), ()).await;
    let mut navigating = app.program().header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "navigate");
    produced.refused::<sign_in::Email>(&mut navigating.clone().from_address("192.0.2.10"), right()).await;
    navigating = navigating.from_address("192.0.2.11");
    for member in ["callbackURL", "redirectTo", "errorCallbackURL", "newUserCallbackURL"] {
        produced.refused::<sign_out::SignOut>(&mut navigating, json!({ member: "https://evil.example" })).await;
    }
    let five = produced.refused::<sign_out::SignOut>(&mut program, json!({ "callbackURL": 5 })).await;
    assert_eq!(five.text(), r#"{"message":"Invalid callbackURL: expected a string"}"#);
    produced.refused::<sign_out::SignOut>(&mut program, json!({ "disableRedirect": 5 })).await;
    produced.refused::<session::RevokeAll>(&mut program, ()).await;
}

/// An app that takes no common passwords.
async fn strict(place: &Place) -> TestApp {
    TestApp::start_with(place, |config| config.engine.email_and_password.refuse_common_passwords = true).await
}

async fn by_signing_up(produced: &mut Produced) {
    let body = |name: &str, password: &str| json!({ "name": name, "email": address(name), "password": password });
    let place = Place::sqlite();
    let app = strict(&place).await;
    let mut program = app.program();
    app.user_without_password("ada").await;
    produced.refused::<sign_up::Email>(&mut program, body("ada", PASSWORD)).await;
    produced.refused::<sign_up::Email>(&mut program, body("bob", "short")).await;
    produced.refused::<sign_up::Email>(&mut program, body("bob", &"x".repeat(129))).await;
    produced.refused::<sign_up::Email>(&mut program, body("bob", "Password1")).await;
    let mut admin = body("bob", PASSWORD);
    admin["role"] = json!("admin");
    let refused = produced.refused::<sign_up::Email>(&mut program, admin).await;
    assert_eq!(refused.json()["message"], "role is not allowed to be set");

    app.run("CREATE TRIGGER no_session BEFORE INSERT ON {session} BEGIN SELECT RAISE(IGNORE); END", args![]).await;
    produced.refused::<sign_up::Email>(&mut program, body("bob", PASSWORD)).await;
    app.run("CREATE TRIGGER no_user BEFORE INSERT ON {user} BEGIN SELECT RAISE(ABORT, 'sabotage'); END", args![]).await;
    produced.refused::<sign_up::Email>(&mut program, body("bob", PASSWORD)).await;
    assert_eq!(app.ask::<i64>("SELECT count(*) FROM {user}", args![]).await, 1, "nothing of bob is left");

    let off = TestApp::start_with(&place, |config| config.engine.email_and_password.disable_sign_up = true).await;
    produced.refused::<sign_up::Email>(&mut off.program(), body("bob", PASSWORD)).await;
}

async fn by_signing_in(produced: &mut Produced) {
    let body = |email: &str, password: &str| json!({ "email": email, "password": password });
    let place = Place::sqlite();
    let app = TestApp::start(&place).await;
    let ada = app.signed_up("ada").await.caller.user;
    let mut program = app.program();
    produced.refused::<sign_in::Email>(&mut program, body("nobody", PASSWORD)).await;
    produced.refused::<sign_in::Email>(&mut program, body(&ada.email, &"x".repeat(129))).await;
    produced.refused::<sign_in::Email>(&mut program, body(&ada.email, "wrong password")).await;
    app.suspend(&ada.id, None, None).await.unwrap();
    produced.refused::<sign_in::Email>(&mut program, body(&ada.email, PASSWORD)).await;
    app.restore(&ada.id).await.unwrap();
    app.run("CREATE TRIGGER no_session BEFORE INSERT ON {session} BEGIN SELECT RAISE(IGNORE); END", args![]).await;
    produced.refused::<sign_in::Email>(&mut program, body(&ada.email, PASSWORD)).await;

    let strict = TestApp::start_with(&place, |config| {
        config.engine.email_and_password.require_email_verification = true;
    })
    .await;
    produced.refused::<sign_in::Email>(&mut strict.program(), body(&ada.email, PASSWORD)).await;
    let off = TestApp::start_with(&place, |config| config.engine.email_and_password.enabled = false).await;
    produced.refused::<sign_in::Email>(&mut off.program(), body(&ada.email, PASSWORD)).await;
}

async fn by_sessions(produced: &mut Produced) {
    let place = Place::sqlite();
    let app = TestApp::start(&place).await;
    let mut ada = app.sign_up("ada").await;
    produced.refused::<session::Get>(&mut ada, Sent::from(()).by(Verb::POST)).await;
    app.clock.advance(DAY);
    produced.refused::<session::List>(&mut ada, ()).await;
    app.clock.advance(DAY);
    app.run("CREATE TRIGGER stuck BEFORE UPDATE ON {session} BEGIN SELECT RAISE(ABORT, 'sabotage'); END", args![])
        .await;
    produced.refused::<session::Get>(&mut ada, ()).await;
    produced.refused::<session::List>(&mut ada, ()).await;
    app.run("DROP TRIGGER stuck", args![]).await;
    app.run("CREATE TRIGGER inert BEFORE UPDATE ON {session} BEGIN SELECT RAISE(IGNORE); END", args![]).await;
    produced.refused::<session::Get>(&mut ada, ()).await;
}

async fn by_users(produced: &mut Produced) {
    let place = Place::sqlite();
    let app = TestApp::start(&place).await;
    let mut ada = app.sign_up("ada").await;
    produced.refused::<user::Update>(&mut ada, json!({ "email": "eve@example.com" })).await;
    produced.refused::<user::Update>(&mut ada, json!({ "role": "admin" })).await;
    let none = produced.refused::<user::Update>(&mut ada, json!({ "id": "x", "emailVerified": true })).await;
    assert_eq!(none.text(), r#"{"message":"No fields to update"}"#);
    produced.refused::<user::Update>(&mut ada, json!({ "name": 5 })).await;
}

async fn by_deleting_oneself(produced: &mut Produced) {
    let place = Place::sqlite();
    let off = TestApp::start(&place).await;
    let mut ada = off.sign_up("ada").await;
    produced.refused::<user::Delete>(&mut ada, json!({})).await;
    produced.refused::<user::DeleteCallback>(&mut ada, Sent::from(()).query("token=x")).await;
    let app = TestApp::start_with(&place, |config| {
        config.engine.user.delete_user.enabled = true;
        config.engine.user.delete_user.send_delete_account_verification = false;
    })
    .await;
    let mut ada = app.sign_in("ada").await;
    produced.refused::<user::Delete>(&mut ada, json!({ "password": "x".repeat(129) })).await;
    produced.refused::<user::Delete>(&mut ada, json!({ "password": "wrong password" })).await;
    produced.refused::<user::Delete>(&mut ada, json!({ "token": "unknown" })).await;
    produced.refused::<user::DeleteCallback>(&mut ada, Sent::from(()).query("token=unknown")).await;
    produced.refused::<user::DeleteCallback>(&mut app.program(), Sent::from(()).query("token=unknown")).await;
    app.run("DELETE FROM {account}", args![]).await;
    produced.refused::<user::Delete>(&mut ada, json!({ "password": PASSWORD })).await;
    app.clock.advance(DAY);
    produced.refused::<user::Delete>(&mut ada, json!({})).await;
}

async fn by_accounts(produced: &mut Produced) {
    let place = Place::sqlite();
    let app = TestApp::start(&place).await;
    let mut ada = app.sign_up("ada").await;
    let unknown = || json!({ "accountId": "unknown" });
    produced.refused::<account::Unlink>(&mut ada, unknown()).await;
    let user = ada.call::<session::Get>(()).await.json()["user"]["id"].clone();
    link_account(&app, "second", user.as_str().unwrap()).await;
    produced.refused::<account::Unlink>(&mut ada, unknown()).await;
}

async fn by_id_tokens(produced: &mut Produced, (app, provider): (&TestApp, &Provider), ada: &mut Browser<'_>) {
    let shown = |more: Value| json!({ "provider": "mock", "idToken": { "token": provider.id_token(app, &more) } });
    let id_token = json!({ "token": "t" });
    for body in [
        json!({ "provider": "other" }),
        json!({ "provider": "github", "idToken": id_token }),
        json!({ "provider": "mock", "idToken": id_token }),
        shown(json!({ "sub": "null" })),
        shown(json!({ "email": null })),
    ] {
        produced.refused::<social::SignIn>(&mut app.program(), body.clone()).await;
        produced.refused::<social::Link>(ada, body).await;
    }
    produced.refused::<social::SignIn>(&mut app.program(), shown(json!({}))).await;
    produced.refused::<social::Link>(ada, shown(json!({ "email_verified": false }))).await;
    produced.refused::<social::Link>(ada, shown(json!({ "email": "eve@example.com" }))).await;
    let of_eve = || shown(json!({ "sub": "of eve", "email": "eve@example.com" }));
    let eve = app.browser().call::<social::SignIn>(of_eve()).await.json();
    produced.refused::<social::Link>(ada, of_eve()).await;
    app.suspend(eve["user"]["id"].as_str().unwrap(), None, None).await.unwrap();
    produced.refused::<social::SignIn>(&mut app.program(), of_eve()).await;
    app.run("CREATE TRIGGER refuse BEFORE INSERT ON {account} BEGIN SELECT RAISE(ABORT, 'refused'); END", args![])
        .await;
    produced.refused::<social::Link>(ada, shown(json!({}))).await;
    app.run("DROP TRIGGER refuse", args![]).await;

    let place = Place::sqlite();
    let strict = TestApp::start_with(&place, |config| {
        provider.configure(config);
        config.engine.email_and_password.require_email_verification = true;
    })
    .await;
    let unproven = json!({ "provider": "mock", "idToken": { "token": provider.id_token(&strict, &json!({ "email_verified": false })) } });
    produced.refused::<social::SignIn>(&mut strict.program(), unproven).await;
}

async fn by_providers(produced: &mut Produced) {
    let place = Place::sqlite();
    let provider = Provider::start().await;
    let app = TestApp::start_with(&place, |config| {
        provider.configure(config);
        let github = SocialProvider { client_id: "us".to_owned(), ..SocialProvider::default() };
        config.social_providers.insert("github".to_owned(), github);
    })
    .await;
    let mut ada = app.sign_up("ada").await;
    by_id_tokens(produced, (&app, &provider), &mut ada).await;
    let user = ada.call::<session::Get>(()).await.json()["user"]["id"].as_str().unwrap().to_owned();
    let credential = ada.call::<account::List>(()).await.json()[0]["id"].as_str().unwrap().to_owned();
    link_account(&app, "here", &user).await;
    app.run("UPDATE {account} SET {account.providerId} = 'mock' WHERE {account.id} = 'here'", args![]).await;
    let there = |id: &str| Sent::from(()).query(&format!("accountId={id}"));
    let selected = |id: &str| json!({ "accountId": id });
    produced.refused::<account::GetAccessToken>(&mut app.program(), selected("here")).await;
    produced.refused::<account::RefreshToken>(&mut app.program(), selected("here")).await;
    produced.refused::<account::Info>(&mut app.program(), there("here")).await;
    for id in ["unknown", &credential] {
        produced.refused::<account::GetAccessToken>(&mut ada, selected(id)).await;
        produced.refused::<account::RefreshToken>(&mut ada, selected(id)).await;
        produced.refused::<account::Info>(&mut ada, there(id)).await;
    }
    produced.refused::<account::RefreshToken>(&mut ada, selected("here")).await;
    produced.refused::<account::Info>(&mut ada, there("here")).await;
    app.run(
        "UPDATE {account} SET {account.refreshToken} = 'r', {account.accessTokenExpiresAt} = {account.createdAt}",
        args![],
    )
    .await;
    app.clock.advance(DAY);
    provider.refuses(true);
    produced.refused::<account::GetAccessToken>(&mut ada, selected("here")).await;
    produced.refused::<account::RefreshToken>(&mut ada, selected("here")).await;
    produced.refused::<account::Info>(&mut ada, there("here")).await;
    app.run("UPDATE {account} SET {account.refreshToken} = NULL, {account.accessToken} = NULL", args![]).await;
    produced.refused::<account::Info>(&mut ada, there("here")).await;
}

async fn by_fields(produced: &mut Produced) {
    let place = Place::sqlite();
    let app = TestApp::start_with(&place, configure).await;
    for fields in [json!({}), json!({ "city": 5 })] {
        produced.refused::<sign_up::Email>(&mut app.program(), newcomer("bob", fields)).await;
    }
    let mut ada = app.browser();
    ada.call::<sign_up::Email>(newcomer("ada", json!({ "city": "London" }))).await;
    for body in [json!({}), json!({ "risk": 5 }), json!({ "theme": 5 })] {
        produced.refused::<session::Update>(&mut ada, body).await;
    }
    ada.call::<session::Get>(()).await;
    app.run("DELETE FROM {session}", args![]).await;
    produced.refused::<session::Update>(&mut ada, json!({ "theme": "dark" })).await;
}

async fn by_passwords(produced: &mut Produced) {
    let body = |current: &str, new: &str, revoke: bool| -> Value {
        json!({ "currentPassword": current, "newPassword": new, "revokeOtherSessions": revoke })
    };
    let place = Place::sqlite();
    let app = strict(&place).await;
    let mut ada = app.sign_up("ada").await;
    produced.refused::<password::Change>(&mut ada, body(PASSWORD, "short", false)).await;
    produced.refused::<password::Change>(&mut ada, body(PASSWORD, &"x".repeat(129), false)).await;
    produced.refused::<password::Change>(&mut ada, body(PASSWORD, "Password1", false)).await;
    produced.refused::<password::Change>(&mut ada, body("wrong password", PASSWORD, false)).await;
    assert_eq!(ada.call::<ok::Get>(()).await.status, 200);
    // Another program suspends her between the look at her session and the new one.
    app.run("UPDATE {user} SET {user.banned} = $1", args![true]).await;
    produced.refused::<password::Change>(&mut ada, body(PASSWORD, PASSWORD, true)).await;
    app.run("UPDATE {user} SET {user.banned} = $1", args![false]).await;
    app.run("CREATE TRIGGER no_session BEFORE INSERT ON {session} BEGIN SELECT RAISE(IGNORE); END", args![]).await;
    produced.refused::<password::Change>(&mut ada, body(PASSWORD, PASSWORD, true)).await;
    app.run("DELETE FROM {account}", args![]).await;
    produced.refused::<password::Change>(&mut ada, body(PASSWORD, PASSWORD, false)).await;
}

async fn by_resetting(produced: &mut Produced) {
    let place = Place::sqlite();
    let app = strict(&place).await;
    let mut ada = app.sign_up("ada").await;
    produced.refused::<password::Verify>(&mut ada, json!({ "password": "wrong password" })).await;
    produced.refused::<password::Verify>(&mut ada, json!({ "password": "x".repeat(129) })).await;
    let mut program = app.program();
    let body = |password: &str, token: &str| json!({ "newPassword": password, "token": token });
    produced.refused::<password::Reset>(&mut program, body(PASSWORD, "unknown")).await;
    produced.refused::<password::Reset>(&mut program, body("short", "unknown")).await;
    produced.refused::<password::Reset>(&mut program, body(&"x".repeat(129), "unknown")).await;
    produced.refused::<password::Reset>(&mut program, body("Password1", "unknown")).await;
    program.call::<password::RequestReset>(json!({ "email": address("ada") })).await;
    let token = app.ask::<String>("SELECT {verification.identifier} AS a FROM {verification}", args![]).await;
    app.run("DELETE FROM {user}", args![]).await;
    let token = token.strip_prefix("reset-password:").unwrap();
    produced.refused::<password::Reset>(&mut program, body(PASSWORD, token)).await;
    let off = TestApp::start_with(&place, |config| config.engine.email_and_password.send_reset_password = false).await;
    produced.refused::<password::RequestReset>(&mut off.program(), json!({ "email": address("ada") })).await;
}

async fn by_verifying(produced: &mut Produced) {
    let place = Place::sqlite();
    let app = TestApp::start_with(&place, |config| {
        config.engine.email_verification.auto_sign_in_after_verification = true;
    })
    .await;
    let mut ada = app.sign_up("ada").await;
    let mut program = app.program();
    let link = async |app: &TestApp| {
        let sent = app.program().call::<email::SendVerification>(json!({ "email": address("ada") })).await;
        assert_eq!(sent.status, 200, "{sent:?}");
        let link = newest_link(app).await;
        Sent::from(()).query(link.split_once('?').unwrap().1.trim_end_matches("&callbackURL=%2F"))
    };
    let right = link(&app).await;
    produced.refused::<email::Verify>(&mut program, Sent::from(()).query("token=x")).await;
    app.clock.advance(3600);
    produced.refused::<email::Verify>(&mut program, right).await;
    produced.refused::<email::SendVerification>(&mut ada, json!({ "email": address("eve") })).await;

    let right = link(&app).await;
    app.run("UPDATE {user} SET {user.banned} = $1", args![true]).await;
    produced.refused::<email::Verify>(&mut program, right.clone()).await;
    app.run("UPDATE {user} SET {user.banned} = $1, {user.emailVerified} = $1", args![false]).await;
    app.run("CREATE TRIGGER no_session BEFORE INSERT ON {session} BEGIN SELECT RAISE(IGNORE); END", args![]).await;
    produced.refused::<email::Verify>(&mut program, right.clone()).await;
    produced.refused::<email::SendVerification>(&mut ada, json!({ "email": address("ada") })).await;
    app.run("DELETE FROM {user}", args![]).await;
    produced.refused::<email::Verify>(&mut program, right).await;
    let off =
        TestApp::start_with(&place, |config| config.engine.email_verification.send_verification_email = false).await;
    produced.refused::<email::SendVerification>(&mut off.program(), json!({ "email": address("ada") })).await;
}

async fn by_changing_the_address(produced: &mut Produced) {
    let place = Place::sqlite();
    let body = json!({ "newEmail": address("countess") });
    let off = TestApp::start(&place).await;
    produced.refused::<email::Change>(&mut off.sign_up("ada").await, body.clone()).await;
    let app = TestApp::start_with(&place, |config| config.engine.user.change_email.enabled = true).await;
    let mut ada = app.sign_in("ada").await;
    let same = produced.refused::<email::Change>(&mut ada, json!({ "newEmail": address("ADA") })).await;
    assert_eq!(same.text(), r#"{"message":"Email is the same"}"#);
    assert_eq!(ada.call::<email::Change>(body.clone()).await.status, 200);
    let link = newest_link(&app).await;
    let link = Sent::from(()).query(link.split_once('?').unwrap().1.trim_end_matches("&callbackURL=%2F"));
    produced.refused::<email::Verify>(&mut app.sign_up("eve").await, link).await;
    let silent = TestApp::start_with(&place, |config| {
        config.engine.user.change_email.enabled = true;
        config.engine.email_verification.send_verification_email = false;
    })
    .await;
    let no_mail = produced.refused::<email::Change>(&mut silent.sign_in("ada").await, body).await;
    assert_eq!(no_mail.text(), r#"{"message":"Verification email isn't enabled"}"#);
}

async fn by_refreshing(produced: &mut Produced) {
    let place = Place::sqlite();
    let app = TestApp::start(&place).await;
    let mut ada = app.sign_up("ada").await;
    let body = ada.call::<refresh::Start>(()).await.json();
    app.run("UPDATE {user} SET {user.banned} = $1", args![true]).await;
    produced.refused::<refresh::Refresh>(&mut app.program(), body.clone()).await;
    app.run("UPDATE {user} SET {user.banned} = $1", args![false]).await;
    let strict =
        TestApp::start_with(&place, |config| config.engine.email_and_password.require_email_verification = true).await;
    produced.refused::<refresh::Refresh>(&mut strict.program(), body.clone()).await;
    // Another program deletes her session, and this node has not heard of it yet.
    assert_eq!(ada.call::<session::Get>(()).await.status, 200);
    app.run("DELETE FROM {session}", args![]).await;
    produced.refused::<refresh::Start>(&mut ada, ()).await;
    produced.refused::<refresh::Refresh>(&mut app.program(), body).await;
}
