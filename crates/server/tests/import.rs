//! `countersign import`, run as an operator runs it, and the users it leaves behind.
#![expect(clippy::unwrap_used, reason = "a test says what must be there")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use countersign_engine::db::{Timestamp, args};
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{Engine, FinishError, SignInError, User, Who};
use countersign_testkit::{Place, SECRET, TestEngine, both_databases, device};

/// The password of everyone in the files, but of those that Firebase made known itself.
const PASSWORD: &str = "correct horse 🐎 Überfall";
const FIREBASE_PASSWORD: &str = "user1password";

struct Said {
    code: i32,
    out: String,
    err: String,
}

fn fixture(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
    folder.join(name).display().to_string()
}

fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.arg("import").args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR")).env_clear();
    command.envs([("BETTER_AUTH_SECRET", SECRET), ("DATABASE_URL", place.url())]);
    command
}

fn import(place: &Place, arguments: &[&str]) -> Said {
    let output = command(place, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// The counts of the last line, without the time.
fn counts(said: &Said) -> &str {
    said.out.trim().split(" in ").next().unwrap()
}

async fn user(engine: &Engine, email: &str) -> User {
    engine.user(Who::Email(email)).await.unwrap().unwrap()
}

async fn signs_in(engine: &Engine, email: &str, password: &str) {
    let signed_in = engine.sign_in(email, password, device()).await;
    assert!(signed_in.is_ok(), "{email}: {:?}", signed_in.unwrap_err());
}

async fn count(engine: &TestEngine, of: &'static str) -> i64 {
    engine.ask(of, args![]).await
}

const USERS: &str = "SELECT count(*) FROM {user}";
const ACCOUNTS: &str = "SELECT count(*) FROM {account}";
const AUDIT: &str = "SELECT count(*) FROM {countersign_audit}";

both_databases! {
    async fn our_own_csv_says_everything_and_is_refused_line_by_line(place: &Place) {
        let engine = TestEngine::open(place).await;
        let report = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{:?}.jsonl", place.kind()));
        let report = report.display().to_string();
        let said = import(place, &[&fixture("countersign.csv"), "--report", &report]);
        assert_eq!((said.code, counts(&said)), (1, "3 added, 0 there already, 6 refused"), "{}", said.err);
        let ada = user(&engine, "ada@example.com").await;
        assert_eq!((ada.id.as_str(), ada.name.as_str(), ada.email_verified), ("1", "Ada \"the first\" Lovelace", true));
        assert_eq!(ada.created_at, Timestamp::parse_iso("2019-12-06T18:36:12.412Z").unwrap());
        assert_eq!((ada.role.as_deref(), ada.image.as_deref()), (Some("user,admin"), Some("https://pictures.example/ada.png")));
        signs_in(&engine, "ada@example.com", PASSWORD).await;
        let bob = engine.sign_in("bob@example.com", PASSWORD, device()).await.unwrap_err();
        assert!(matches!(bob, SignInError::Finish(FinishError::Closed(Closed::Suspended))), "{bob:?}");
        let bob = user(&engine, "bob@example.com").await;
        assert_eq!((bob.ban_reason.as_deref(), bob.ban_expires), (Some("spam"), Timestamp::parse_iso("2999-01-01")));

        let refused: Vec<serde_json::Value> = std::fs::read_to_string(report).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let reasons: Vec<(u64, &str)> = refused.iter().map(|it| (it["at"].as_u64().unwrap(), it["reason"].as_str().unwrap())).collect();
        assert_eq!(reasons, [
            (4, "the e-mail address is none that can sign in here"),
            (5, "the same address is at 2 already"),
            (6, "`emailVerified` is neither true nor false"),
            (7, "the role is none: letters, digits, '-', '_', ':' and '.', several joined by commas"),
            (8, "the line has not as many fields as the first"),
            (9, "the hash is of no scheme known here"),
        ]);
        assert_eq!((count(&engine, USERS).await, count(&engine, ACCOUNTS).await, count(&engine, AUDIT).await), (3, 2, 4));
    }

    async fn a_second_run_goes_on_where_the_first_was_killed(place: &Place) {
        let engine = TestEngine::open(place).await;
        let users: String = (0..3_000).map(|n| format!("{{\"id\":\"{n}\",\"email\":\"u{n}@example.com\"}}\n")).collect();
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("many-{:?}.jsonl", place.kind()));
        std::fs::write(&file, &users).unwrap();
        let file = file.display().to_string();
        let mut first = command(place, &[&file]).stderr(Stdio::null()).spawn().unwrap();
        while count(&engine, USERS).await == 0 {
            tokio::task::yield_now().await;
        }
        first.kill().unwrap();
        first.wait().unwrap();
        let kept = count(&engine, USERS).await;
        assert_eq!(kept % 500, 0, "whole batches stand: {kept}");
        let second = import(place, &[&file]);
        let expected = format!("{} added, {kept} there already, 0 refused", 3_000 - kept);
        assert_eq!((second.code, counts(&second)), (0, expected.as_str()), "{}", second.err);
        assert_eq!(count(&engine, USERS).await, 3_000);
    }

    async fn an_id_that_is_taken_is_refused(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller.user;
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("taken-{:?}.jsonl", place.kind()));
        std::fs::write(&file, format!("{{\"id\":\"{}\",\"email\":\"eve@example.com\"}}\n", ada.id)).unwrap();
        let said = import(place, &[&file.display().to_string()]);
        assert_eq!((said.code, counts(&said)), (1, "0 added, 0 there already, 1 refused"), "{}", said.err);
        assert!(said.err.contains("refused at 1 (eve@example.com): another user has this id"), "{}", said.err);
        engine.signed_in("ada").await;
    }

    async fn a_dry_run_says_the_same_and_keeps_nothing(place: &Place) {
        let engine = TestEngine::open(place).await;
        let dry = import(place, &[&fixture("countersign.csv"), "--dry-run"]);
        assert_eq!((dry.code, counts(&dry)), (1, "3 added, 0 there already, 6 refused"), "{}", dry.err);
        assert!(dry.out.contains("nothing was kept"), "{}", dry.out);
        assert_eq!((count(&engine, USERS).await, count(&engine, AUDIT).await), (0, 0));
    }

    async fn an_address_that_is_taken_gets_nobody_elses_account(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller.user;
        let refused = import(place, &[&fixture("countersign.jsonl")]);
        assert_eq!((refused.code, counts(&refused)), (1, "1 added, 0 there already, 3 refused"), "{}", refused.err);
        assert!(refused.err.contains("refused at 1 (ada@example.com): another user has this address"), "{}", refused.err);
        assert!(refused.err.contains("refused at 4: `emial` is not known here"), "{}", refused.err);
        assert!(refused.err.contains("refused at 5: the line is no JSON object"), "{}", refused.err);
        let skipped = import(place, &[&fixture("countersign.jsonl"), "--on-conflict", "skip"]);
        assert_eq!(counts(&skipped), "0 added, 1 there already, 1 skipped, 2 refused", "{}", skipped.err);
        assert_eq!(user(&engine, "ada@example.com").await.id, ada.id);
        engine.signed_in("ada").await;
        assert!(engine.sign_in("ada@example.com", PASSWORD, device()).await.is_err());
    }

    async fn auth0_users_keep_ids_and_passwords(place: &Place) {
        let engine = TestEngine::open(place).await;
        let said = import(place, &[&fixture("auth0.jsonl"), "--from", "auth0"]);
        assert_eq!((said.code, counts(&said)), (1, "2 added, 0 there already, 1 refused"), "{}", said.err);
        assert!(said.err.contains("refused at 3: the hash demands more memory or time than is allowed"), "{}", said.err);
        let (ada, bob) = (user(&engine, "ada@example.com").await, user(&engine, "bob@example.com").await);
        assert_eq!((ada.id.as_str(), ada.email_verified), ("auth0|5dea9f9c82dd7c0e76e4ec93", true));
        assert_eq!((bob.id.as_str(), bob.email_verified), ("auth0|euclid", false));
        signs_in(&engine, "ada@example.com", PASSWORD).await;
        signs_in(&engine, "bob@example.com", PASSWORD).await;
        let again = import(place, &[&fixture("auth0.jsonl"), "--from", "auth0"]);
        assert_eq!(counts(&again), "0 added, 2 there already, 1 refused", "also after the hashes were made anew");
    }

    async fn a_file_for_auth0s_bulk_import_will_do_too(place: &Place) {
        let engine = TestEngine::open(place).await;
        let said = import(place, &[&fixture("auth0-bulk.json"), "--from", "auth0"]);
        assert_eq!((said.code, counts(&said)), (1, "3 added, 0 there already, 1 refused"), "{}", said.err);
        assert!(said.err.contains("refused at 4: the hash is of no scheme known here: md5"), "{}", said.err);
        assert_eq!(user(&engine, "ada@example.com").await.name, "Ada Lovelace");
        assert_eq!(user(&engine, "bob@example.com").await.name, "bobby");
        signs_in(&engine, "ada@example.com", PASSWORD).await;
        signs_in(&engine, "bob@example.com", PASSWORD).await;
        let cyd = engine.sign_in("cyd@example.com", PASSWORD, device()).await.unwrap_err();
        assert!(matches!(cyd, SignInError::Finish(FinishError::Closed(Closed::Suspended))), "{cyd:?}");
    }

    async fn clerk_users_keep_passwords_of_every_hasher_that_protects_them(place: &Place) {
        let engine = TestEngine::open(place).await;
        let said = import(place, &[&fixture("clerk.csv"), "--from", "clerk"]);
        assert_eq!((said.code, counts(&said)), (1, "7 added, 0 there already, 2 refused"), "{}", said.err);
        assert!(said.err.contains("refused at 8: the hash is of no scheme known here: md5"), "{}", said.err);
        assert!(said.err.contains("refused at 10: there is no e-mail address"), "{}", said.err);
        for name in ["ada", "bob", "cyd", "dan", "fay"] {
            signs_in(&engine, &format!("{name}@example.com"), PASSWORD).await;
        }
        signs_in(&engine, "eve@example.com", FIREBASE_PASSWORD).await;
        let (ada, bob) = (user(&engine, "ada@example.com").await, user(&engine, "bob@example.com").await);
        assert_eq!((ada.id.as_str(), ada.name.as_str(), ada.email_verified), ("user_2aA", "Ada Doe", true));
        assert_eq!((bob.name.as_str(), bob.email_verified), ("2ab", false));
        let dropped = import(place, &[&fixture("clerk.csv"), "--from", "clerk", "--drop-unusable-hashes"]);
        assert_eq!(counts(&dropped), "1 added, 7 there already, 1 refused", "{}", dropped.err);
        let gus = engine.sign_in("gus@example.com", PASSWORD, device()).await.unwrap_err();
        assert!(matches!(gus, SignInError::InvalidEmailOrPassword), "{gus:?}");
    }

    async fn supabase_users_keep_ids_passwords_profiles_and_bans(place: &Place) {
        let engine = TestEngine::open(place).await;
        let said = import(place, &[&fixture("supabase.csv"), "--from", "supabase"]);
        assert_eq!((said.code, counts(&said)), (1, "3 added, 0 there already, 2 refused"), "{}", said.err);
        assert!(said.err.contains("refused at 5: the user is deleted"), "{}", said.err);
        let ada = user(&engine, "ada@example.com").await;
        assert_eq!((ada.id.as_str(), ada.email_verified), ("185f2f83-d63a-4c9b-b4a0-7e4a88579901", true));
        assert_eq!((ada.name.as_str(), ada.image.as_deref()), ("Ada, Countess of Lovelace", Some("https://pictures.example/ada.png")));
        assert_eq!(ada.created_at, Timestamp::parse_iso("2023-05-01T10:20:30.123Z").unwrap());
        signs_in(&engine, "ada@example.com", PASSWORD).await;
        signs_in(&engine, "bob@example.com", FIREBASE_PASSWORD).await;
        let cyd = engine.sign_in("cyd@example.com", PASSWORD, device()).await.unwrap_err();
        assert!(matches!(cyd, SignInError::Finish(FinishError::Closed(Closed::Suspended))), "{cyd:?}");
    }

    async fn firebase_users_keep_passwords_under_the_projects_parameters(place: &Place) {
        let engine = TestEngine::open(place).await;
        let (file, config) = (fixture("firebase.json"), fixture("firebase-hash-config.txt"));
        let said = import(place, &[&file, "--from", "firebase", "--hash-config", &config]);
        assert_eq!((said.code, counts(&said)), (1, "3 added, 0 there already, 1 refused"), "{}", said.err);
        assert!(said.err.contains("refused at 4: there is no e-mail address"), "{}", said.err);
        signs_in(&engine, "user1@test.com", FIREBASE_PASSWORD).await;
        let off = engine.sign_in("off@test.com", FIREBASE_PASSWORD, device()).await.unwrap_err();
        assert!(matches!(off, SignInError::Finish(FinishError::Closed(Closed::Suspended))), "{off:?}");
        let google = user(&engine, "google@test.com").await;
        assert_eq!((google.id.as_str(), google.created_at.millis()), ("3", 1_508_893_925_000));
    }
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_read() {
    let place = Place::sqlite();
    let misuse = |arguments: &[&str], sentence: &str| {
        let said = import(&place, arguments);
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains(sentence), "{}", said.err);
    };
    misuse(&["absent.csv"], "absent.csv cannot be read");
    misuse(&[&fixture("firebase.json"), "--from", "firebase"], "--hash-config");
    misuse(
        &[&fixture("firebase.json"), "--from", "firebase", "--hash-config", &fixture("clerk.csv")],
        "`algorithm` is not there",
    );
    misuse(&[&fixture("clerk.csv"), "--from", "okta"], "invalid value 'okta'");
    misuse(&[&fixture("countersign.csv")], "run `countersign migrate` first");
}

both_databases! {
    async fn the_wrong_kind_of_file_is_found_out_at_its_first_line(place: &Place) {
        let engine = TestEngine::open(place).await;
        for (file, from, sentence) in [
            ("clerk.csv", "countersign", "the column `first_name` is not known"),
            ("clerk.csv", "supabase", "the file has no column `email`"),
            ("supabase.csv", "clerk", "the file has no column `primary_email_address`"),
            ("clerk.csv", "auth0", "this export is taken as JSON"),
        ] {
            let said = import(place, &[&fixture(file), "--from", from]);
            assert_eq!(said.code, 2, "{file} {from}: {}", said.err);
            assert!(said.err.contains(sentence), "{file} {from}: {}", said.err);
        }
        assert_eq!(count(&engine, USERS).await, 0);
    }
}
