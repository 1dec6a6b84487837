//! Databases that Better Auth and the tools around it made are joined only where that was said, and then served as our own.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says what must be there")]

use std::process::{Command, Output};

use countersign_contract as contract;
use countersign_engine::db::args;
use countersign_testkit::databases::Made;
use countersign_testkit::{NOW, PASSWORD, Place, SECRET, TestApp, made_databases};
use countersign_token::{Secret, SignedCookie};
use serde_json::{Value, json};

mod served {
    use super::*;

    made_databases!(body);

    async fn body(made: &'static Made) {
        let place = made.place().await;
        let config = made.config(&place);
        let app = TestApp::start_with(&place, |ours| *ours = config).await;
        known_users_come_back(&app).await;
        new_users_live_a_whole_life(&app).await;
        changes_by_others_are_followed(&app).await;
    }

    /// `correct horse battery`, as the real package hashed it.
    const HASH: &str = "0f54b152b883e418af6dcf29a95d1b78:80961ae37a3aff32813de4aaf89\
        f60021b8b052fb6380431a611b2c6a1448fd3b9d480c91905a0ab68e5a38cfea91e972ee658009ef0de2abe6e92fbbb1a99d0";
    const EVE: &str = "0190a3c4-0000-7000-8000-00000000000e";

    /// Rows as another program left them: an old password and an old cookie open.
    async fn known_users_come_back(app: &TestApp) {
        let end = NOW.plus_seconds(604_800);
        for (statement, args) in [
            (
                "INSERT INTO {user} ({user.id}, {user.name}, {user.email}, {user.emailVerified}, {user.createdAt}, \
                 {user.updatedAt}) VALUES ($1, 'Eve', 'eve@example.com', $2, $3, $3)",
                args![EVE, true, NOW],
            ),
            (
                "INSERT INTO {session} ({session.id}, {session.token}, {session.userId}, {session.expiresAt}, \
                 {session.createdAt}, {session.updatedAt}) VALUES ($1, 'an-old-session-token', $2, $3, $4, $4)",
                args!["0190a3c4-0000-7000-8000-00000000000f", EVE, end, NOW],
            ),
        ] {
            app.run(statement, args).await;
        }
        let has_issuer = app.database().read().await.unwrap().has_column("account", "issuer").await.unwrap();
        let account = if has_issuer {
            "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, \
             {account.password}, {account.createdAt}, {account.updatedAt}, \"issuer\") \
             VALUES ($1, $2, 'credential', $1, $3, $4, $4, 'local:credential')"
        } else {
            "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, \
             {account.password}, {account.createdAt}, {account.updatedAt}) VALUES ($1, $2, 'credential', $1, $3, $4, $4)"
        };
        app.run(account, args![EVE, EVE, HASH, NOW]).await;

        let cookie = SignedCookie::sign("an-old-session-token", &Secret::parse(SECRET).unwrap());
        let mut browser = app.program().header("cookie", &format!("better-auth.session_token={cookie}"));
        let found = browser.call::<contract::session::Get>(()).await.json();
        assert_eq!((&found["user"]["id"], &found["session"]["expiresAt"]), (&json!(EVE), &json!(end.to_iso())));
        let mut browser = app.sign_in("eve").await;
        let devices = browser.call::<contract::session::List>(()).await.json();
        assert_eq!(devices.as_array().map(Vec::len), Some(2), "{devices}");
    }

    async fn new_users_live_a_whole_life(app: &TestApp) {
        let mut ada = app.sign_up("ada").await;
        let named = ada.call::<contract::user::Update>(json!({ "name": "Ada L." })).await;
        assert_eq!(named.status, 200, "{named:?}");
        let mut other = app.browser();
        let taken = other.call::<contract::sign_up::Email>(json!({
            "name": "Ada", "email": "ada@example.com", "password": PASSWORD,
        }));
        assert_eq!(taken.await.json()["code"], "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL");
        // A day later using the session renews it.
        app.clock.advance(86_401);
        let renewed = ada.call::<contract::session::Get>(()).await.json();
        assert_eq!(renewed["user"]["name"], "Ada L.");
        let (begun, end) = (&renewed["session"]["createdAt"], &renewed["session"]["expiresAt"]);
        assert_eq!(begun, &json!(NOW.to_iso()));
        assert_eq!(end, &json!(NOW.plus_seconds(86_401 + 604_800).to_iso()));
        let mut again = app.sign_in("ada").await;
        let changed = again.call::<contract::password::Change>(json!({
            "currentPassword": PASSWORD, "newPassword": "another password", "revokeOtherSessions": true,
        }));
        assert_eq!(changed.await.status, 200);
        assert_eq!(ada.call::<contract::session::Get>(()).await.json(), Value::Null, "the other session ended");
        let credentials = json!({ "email": "ada@example.com", "password": "another password" });
        let signed_in = other.call::<contract::sign_in::Email>(credentials).await;
        assert_eq!(signed_in.status, 200, "{signed_in:?}");
        let token = signed_in.json()["token"].as_str().unwrap().to_owned();
        let mut program = app.program().header("authorization", &format!("Bearer {token}"));
        assert_eq!(program.call::<contract::session::Get>(()).await.json()["user"]["email"], "ada@example.com");
        assert_eq!(app.users("", 10).await.unwrap().len(), 2);
        let reset = other.call::<contract::password::RequestReset>(json!({ "email": "ada@example.com" })).await;
        assert_eq!(reset.status, 200, "{reset:?}");
        assert_eq!(app.ask::<i64>("SELECT count(*) FROM {verification}", args![]).await, 1);
    }

    /// A suspension, a deleted session, a deleted user: by another program, and known after a look at the feed.
    async fn changes_by_others_are_followed(app: &TestApp) {
        let mut bob = app.sign_up("bob").await;
        let id = bob.call::<contract::session::Get>(()).await.json()["user"]["id"].as_str().unwrap().to_owned();
        let token = app.access_token_of(&mut bob).await;
        let holds = async || {
            app.catch_up().await.unwrap();
            let mut program = app.program().header("authorization", &format!("Bearer {token}"));
            program.call::<contract::session::Get>(()).await.json() != Value::Null
        };
        assert!(holds().await);
        app.run("UPDATE {user} SET {user.banned} = $1 WHERE {user.id} = $2", args![true, &id]).await;
        assert!(!holds().await, "suspended");
        app.run("UPDATE {user} SET {user.banned} = $1 WHERE {user.id} = $2", args![false, &id]).await;
        assert!(holds().await, "restored");
        // By the database's own clock, too, the session lives.
        let end = NOW.plus_seconds(40 * 365 * 86_400);
        app.run("UPDATE {session} SET {session.expiresAt} = $1 WHERE {session.userId} = $2", args![end, &id]).await;
        assert!(holds().await, "prolonged");
        app.run("DELETE FROM {session} WHERE {session.userId} = $1", args![&id]).await;
        assert!(!holds().await, "signed out");
        assert_eq!(app.user(countersign_engine::Who::Id(&id)).await.unwrap().map(|user| user.id), Some(id.clone()));
        assert_eq!(app.user(countersign_engine::Who::Id("no-such-id")).await.unwrap(), None);
        app.run("DELETE FROM {user} WHERE {user.id} = $1", args![&id]).await;
        app.catch_up().await.unwrap();
        assert_eq!(app.user(countersign_engine::Who::Id(&id)).await.unwrap(), None);
    }
}

/// The command on a database, with these settings.
fn run(place: &Place, command: &str, settings: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args([command, "--database", place.url()])
        .current_dir(std::env::temp_dir())
        .env_clear()
        .env("BETTER_AUTH_SECRET", SECRET)
        .envs(settings.iter().copied())
        .output()
        .unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

const SHARED: [(&str, &str); 2] =
    [("COUNTERSIGN__DATABASE__SHARED", "true"), ("COUNTERSIGN__TOKEN__ALGORITHM", "EdDSA")];

#[test]
fn a_database_better_auth_made_is_joined_only_where_that_was_said() {
    countersign_testkit::run(async {
        let place = Made::named("kysely_1_4_sqlite").place().await;
        let (code, text) = said(&run(&place, "migrate", &[]));
        assert!(code == Some(2) && text.contains("set `database.shared` to true"), "{text}");
        let (code, text) = said(&run(&place, "serve", &[]));
        assert!(code != Some(0) && !text.contains("ready"), "{text}");
        let (code, text) = said(&run(&place, "doctor", &[]));
        assert_eq!(code, Some(1));
        for line in [
            "problem  made by      Better Auth, which may still use it; set `database.shared` to true",
            "problem  user         table user: 7 columns fit; missing are role, banned, banReason, banExpires; run `countersign migrate`",
            "ok       account      table account: 13 columns fit",
            "problem  jwks         table jwks is missing; run `countersign migrate`",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }

        // Sharing a database and the key of access tokens at once is refused before anything is opened.
        let (code, text) = said(&run(&place, "migrate", &SHARED[..1]));
        assert!(
            code == Some(2) && text.contains("`token.secret` must be set where `database.shared` is true"),
            "{text}"
        );
        let (code, text) = said(&run(&place, "migrate", &SHARED));
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("added column user.banned\n") && text.contains("made table jwks\n"), "{text}");
        let (code, text) = said(&run(&place, "doctor", &SHARED));
        assert!(code == Some(0) && text.contains("ok       ours         tables and triggers are complete"), "{text}");
        // Once the other program is gone, the setting may go too.
        assert_eq!(said(&run(&place, "migrate", &[])).0, Some(0));
    });
}

#[test]
fn the_settings_that_the_doctor_prints_are_those_that_serve() {
    countersign_testkit::run(async {
        let place = Made::named("drizzle_plural_sqlite").place().await;
        let (code, text) = said(&run(&place, "migrate", &SHARED));
        assert!(code == Some(2) && text.contains("set `database.camel_case` to false and 2 more"), "{text}");
        let (code, text) = said(&run(&place, "doctor", &SHARED));
        assert_eq!(code, Some(1), "{text}");
        let printed = text.split("countersign.toml:\n").nth(1).unwrap().split("\n\nproblem").next().unwrap();
        let printed: Vec<&str> = printed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(printed, ["[database]", "camel_case = false", "use_plural = true", "dates = \"milliseconds\""]);
        let settings = [
            ("COUNTERSIGN__DATABASE__CAMEL_CASE", "false"),
            ("COUNTERSIGN__DATABASE__USE_PLURAL", "true"),
            ("COUNTERSIGN__DATABASE__DATES", "milliseconds"),
        ];
        let settings = [&SHARED[..], &settings].concat();
        assert_eq!(said(&run(&place, "migrate", &settings)).0, Some(0));
        let (code, text) = said(&run(&place, "doctor", &settings));
        assert!(code == Some(0) && text.contains("ok       user         table users: 11 columns fit"), "{text}");
    });
}
