//! The cache cookie `session_data`: when it is written, when it is believed, and what it never hides.

use countersign_contract::{password, session, sign_out, sign_up, token, user};
use countersign_engine::config::{CookieCache, Strategy};
use countersign_engine::db::args;
use countersign_engine::{Clock, SystemClock};
use countersign_server::config::Config;
use countersign_testkit::{Answer, Browser, PASSWORD, Place, SECRET, Sent, TestApp, both_databases};
use countersign_token::{Secret, Secrets, SessionDataCompact, SessionDataDraft};
use http::Method as Verb;
use serde_json::{Value, json};

const TOKEN: &str = "better-auth.session_token";
const DATA: &str = "better-auth.session_data";
const DELETED: &str = "better-auth.session_data=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax";
const STRATEGIES: [Strategy; 3] = [Strategy::Compact, Strategy::Jwt, Strategy::Jwe];

both_databases! {
    async fn is_off_unless_it_is_switched_on(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await.with_cookie(DATA, "junk").with_cookie(&format!("{DATA}.0"), "junk");
        let answer = get(&mut ada).await;
        assert!(answer.json().is_object());
        let chunk = DELETED.replace("data=", "data.0=");
        assert_eq!(answer.set_cookies(), [DELETED, &chunk], "what nobody reads is deleted");
        assert!(get(&mut ada).await.set_cookies().is_empty());
    }

    async fn answers_without_a_statement_whatever_its_form(place: &Place) {
        for (number, strategy) in STRATEGIES.into_iter().enumerate() {
            let first = start(place, strategy).await;
            let mut ada = first.browser();
            let lines = sign_up(&mut ada, &format!("ada{number}"), true).await.set_cookies();
            assert!(lines[1].starts_with(&format!("{DATA}=")), "{lines:?}");
            assert!(lines[1].ends_with("; Max-Age=300; Path=/; HttpOnly; SameSite=Lax"), "{lines:?}");
            let said = get(&mut ada).await;
            assert!(said.set_cookies().is_empty(), "{strategy:?}");

            let app = start(place, strategy).await;
            let before = app.database().statements();
            let mut moved = moved(&ada, &app);
            let answer = get(&mut moved).await;
            assert_eq!(answer.json(), said.json());
            assert!(answer.set_cookies().is_empty());
            assert!(answer.header("set-auth-jwt").is_some());
            assert_eq!(moved.call::<token::Get>(()).await.json()["sid"], said.json()["session"]["id"]);
            assert_eq!(app.database().statements(), before);
        }
    }

    async fn is_as_old_as_it_is_until_it_is_asked_for_anew(place: &Place) {
        let app = start(place, Strategy::Compact).await;
        let mut ada = app.sign_up("ada").await;
        app.run("UPDATE {user} SET {user.name} = $1", args!["Countess"]).await;
        app.catch_up().await.unwrap();
        assert_eq!(get(&mut ada).await.json()["user"]["name"], "ada");
        let anew = ada.call::<session::Get>(Sent::from(()).query("disableCookieCache=false")).await;
        assert_eq!((anew.json()["user"]["name"].as_str(), anew.set_cookies().len()), (Some("Countess"), 1));
        assert_eq!(get(&mut ada).await.json()["user"]["name"], "Countess");
        ada.call::<user::Update>(json!({ "name": "Lovelace" })).await;
        assert_eq!(get(&mut ada).await.json()["user"]["name"], "Lovelace");
    }

    async fn is_good_for_its_time_and_for_its_session_and_version(place: &Place) {
        let app = start(place, Strategy::Jwe).await;
        let (mut ada, bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let own = ada.cookie(DATA).unwrap().to_owned();
        for strange in [bob.cookie(DATA).unwrap(), "junk", &own[1..], &format!("{own}x")] {
            let answer = get(&mut ada.clone().with_cookie(DATA, strange)).await;
            assert_eq!(answer.json()["user"]["name"], "ada");
            assert_eq!(answer.set_cookies().len(), 1, "written anew in its place");
        }
        assert_eq!(get(&mut app.browser().with_cookie(DATA, &own)).await.json(), Value::Null, "no session without its token");
        app.clock.advance(299);
        app.catch_up().await.unwrap();
        assert!(get(&mut ada).await.set_cookies().is_empty());
        app.clock.advance(1);
        assert_eq!(get(&mut ada).await.set_cookies().len(), 1);

        let other = start_with(place, |cache| {
            cache.strategy = Strategy::Jwe;
            cache.version = "2".to_owned();
        })
        .await;
        assert_eq!(get(&mut moved(&ada, &other)).await.set_cookies().len(), 1);
        let shorter = start_with(place, |cache| cache.max_age = 10).await;
        let mut ada = shorter.sign_in("ada").await;
        let life = end_of(&ada) - 1_767_225_600_000;
        assert_eq!(life, 10_000);
        // A cookie that another program made longer counts for our own time.
        let long = SessionDataDraft::new(&get(&mut ada).await.json()["session"], &get(&mut ada).await.json()["user"], 1_767_225_600_000, "1").unwrap();
        let long = SessionDataCompact::sign(&long, 1_767_225_600_000 + 1_000_000, &Secret::parse(SECRET).unwrap());
        let mut ada = ada.with_cookie(DATA, &long);
        assert!(get(&mut ada).await.set_cookies().is_empty());
        shorter.clock.advance(10);
        assert_eq!(get(&mut ada).await.set_cookies().len(), 1);
    }

    async fn hides_no_end_of_a_session_and_no_suspension(place: &Place) {
        let (app, other) = (start(place, Strategy::Compact).await, start(place, Strategy::Compact).await);
        for node in [&app, &other] {
            // The triggers go by the clock of the database.
            node.clock.set(SystemClock.now());
            node.catch_up().await.unwrap();
        }
        for name in ["ada", "bob", "cleo", "dora"] {
            let mut here = app.sign_up(name).await;
            let mut there = moved(&here, &other);
            assert!(get(&mut there).await.json().is_object());
            let id = get(&mut here).await.json()["user"]["id"].as_str().unwrap().to_owned();
            let copy = here.clone();
            match name {
                "ada" => assert_eq!(here.call::<sign_out::SignOut>(()).await.status, 200),
                "bob" => assert!(app.suspend(&id, None, None).await.unwrap()),
                "cleo" => assert!(app.delete_user(&id).await.unwrap()),
                // By another program, which leaves the session.
                _ => assert_eq!(app.run("UPDATE {user} SET {user.banned} = $1 WHERE {user.id} = $2", args![true, &*id]).await, 1),
            }
            if name == "dora" {
                app.catch_up().await.unwrap();
            }
            refused(&mut copy.clone(), name).await;
            other.catch_up().await.unwrap();
            refused(&mut there, name).await;
        }
    }

    async fn is_not_believed_by_a_node_that_has_not_heard_of_refusals(place: &Place) {
        let app = start(place, Strategy::Jwt).await;
        let ada = app.sign_up("ada").await;
        let other = start(place, Strategy::Jwt).await;
        other.clock.advance(30);
        let before = other.database().statements();
        assert!(get(&mut moved(&ada, &other)).await.json().is_object());
        assert_eq!(other.database().statements(), before);
        other.clock.advance(1);
        assert!(get(&mut moved(&ada, &other)).await.json().is_object());
        assert_eq!(other.database().statements(), before + 1, "the rows are asked");
        app.run("DELETE FROM {session}", args![]).await;
        let third = start(place, Strategy::Jwt).await;
        third.clock.advance(31);
        assert_eq!(get(&mut moved(&ada, &third)).await.json(), Value::Null);
    }

    async fn opens_nothing_where_a_session_must_be_looked_up(place: &Place) {
        let app = start(place, Strategy::Compact).await;
        let ada = app.sign_up("ada").await;
        let other = start(place, Strategy::Compact).await;
        // Nobody has told the other node yet.
        app.run("DELETE FROM {session}", args![]).await;
        let there = || moved(&ada, &other);
        assert!(get(&mut there()).await.json().is_object());
        assert_eq!(there().call::<token::Get>(()).await.status, 200);
        let bodies = json!({ "currentPassword": PASSWORD, "newPassword": "another password" });
        assert_eq!(there().call::<password::Change>(bodies).await.status, 401);
        assert_eq!(there().call::<password::Verify>(json!({ "password": PASSWORD })).await.status, 401);
        assert_eq!(there().call::<session::RevokeAll>(()).await.status, 401);
        assert_eq!(there().call::<session::List>(()).await.status, 401);
        for query in ["disableCookieCache=1", "disableCookieCache=0"] {
            assert_eq!(there().call::<token::Get>(Sent::from(()).query(query)).await.status, 401);
            assert_eq!(there().call::<session::Get>(Sent::from(()).query(query)).await.json(), Value::Null);
        }
    }

    async fn follows_the_browsers_session_where_it_is_not_to_be_remembered(place: &Place) {
        for (number, (strategy, life)) in STRATEGIES.into_iter().zip([60, 300, 300]).enumerate() {
            let app = start(place, strategy).await;
            let mut ada = app.browser();
            let lines = sign_up(&mut ada, &format!("ada{number}"), false).await.set_cookies();
            assert!(lines[2].starts_with(&format!("{DATA}=")) && lines[2].ends_with("; Path=/; HttpOnly; SameSite=Lax"));
            assert!(!lines[2].contains("Max-Age"), "{lines:?}");
            app.clock.advance(life - 1);
            app.catch_up().await.unwrap();
            assert!(get(&mut ada).await.set_cookies().is_empty());
            app.clock.advance(1);
            assert_eq!(get(&mut ada).await.set_cookies(), [DELETED], "and is not written again");
            assert!(get(&mut ada).await.json().is_object());
        }
    }

    async fn is_cut_into_chunks_that_are_put_together_and_cleared_away(place: &Place) {
        let app = start(place, Strategy::Jwe).await;
        let mut ada = app.sign_up("ada").await;
        let image = |length: usize| json!({ "image": "x".repeat(length) });
        let long = ada.call::<user::Update>(image(9_000)).await.set_cookies();
        let names = |lines: &[String]| lines.iter().map(|line| line.split('=').next().unwrap().to_owned()).collect::<Vec<_>>();
        let chunk = |number: u32| format!("{DATA}.{number}");
        assert_eq!(names(&long), [TOKEN.to_owned(), DATA.to_owned(), chunk(0), chunk(1), chunk(2), chunk(3)]);
        assert_eq!(long[1], DELETED);
        assert!(long.iter().all(|line| line.len() <= 4050));
        let answer = get(&mut ada).await;
        assert_eq!((answer.set_cookies().len(), answer.json()["user"]["image"].as_str().unwrap().len()), (0, 9_000));

        let other = start(place, Strategy::Jwe).await;
        let before = other.database().statements();
        assert!(get(&mut moved(&ada, &other)).await.json().is_object());
        assert_eq!(other.database().statements(), before, "read from its chunks");

        let shorter = ada.call::<user::Update>(image(3_000)).await.set_cookies();
        assert_eq!(names(&shorter), [TOKEN.to_owned(), chunk(0), chunk(1), chunk(2), chunk(3)]);
        assert!(shorter[3].contains("=; Max-Age=0") && shorter[4].contains("=; Max-Age=0"));
        let whole = ada.call::<user::Update>(json!({ "image": null })).await.set_cookies();
        assert_eq!(names(&whole), [TOKEN.to_owned(), chunk(0), chunk(1), DATA.to_owned()]);

        ada.call::<user::Update>(image(9_000)).await;
        let cleared = ada.clone().call::<sign_out::SignOut>(()).await.set_cookies();
        assert_eq!(names(&cleared)[1..6], [DATA.to_owned(), chunk(0), chunk(1), chunk(2), chunk(3)]);
    }

    async fn is_left_out_where_a_request_would_have_no_room_to_bring_it_back(place: &Place) {
        let app = start(place, Strategy::Jwt).await;
        let mut ada = app.sign_up("ada").await;
        let largest = ada.call::<user::Update>(json!({ "image": "x".repeat(32_768) })).await.set_cookies();
        let sum: usize = largest.iter().map(|line| line.split(';').next().unwrap().len()).sum();
        assert!((45_000..50_000).contains(&sum), "an image of the greatest length has room: {sum}");
        app.run("UPDATE {user} SET {user.image} = $1", args!["x".repeat(40_000)]).await;
        app.catch_up().await.unwrap();
        let answer = ada.call::<session::Get>(Sent::from(()).query("disableCookieCache=1")).await;
        assert_eq!(answer.json()["user"]["image"].as_str().unwrap().len(), 40_000);
        let lines = answer.set_cookies();
        assert!(lines.len() == 12 && lines.iter().all(|line| line.contains("=; Max-Age=0")), "{lines:?}");
    }

    async fn under_an_older_secret_is_good_and_written_under_the_new_one(place: &Place) {
        for (number, strategy) in STRATEGIES.into_iter().enumerate() {
            let old = start(place, strategy).await;
            let ada = old.sign_up(&format!("ada{number}")).await;
            let rotated = Secrets::parse_versioned(&format!("2:qF7mW2xZ9kL4vB8nT3rY6uJ1hG5dS0aP,1:{SECRET}")).unwrap();
            let app = TestApp::start_under(place, rotated, |config| cache(config, |cache| cache.strategy = strategy)).await;
            let before = app.database().statements();
            let mut moved = moved(&ada, &app);
            assert!(get(&mut moved).await.set_cookies().is_empty());
            assert_eq!(app.database().statements(), before);
            moved.call::<user::Update>(json!({ "name": "A" })).await;
            let mut back = self::moved(&moved, &old);
            assert_eq!(get(&mut back).await.json(), Value::Null, "the old server knows neither cookie");
        }
    }

    async fn says_nothing_of_renewal_where_that_is_deferred(place: &Place) {
        let app = TestApp::start_with(place, |config| {
            cache(config, |_| {});
            config.engine.session.defer_session_refresh = true;
        })
        .await;
        let mut ada = app.sign_up("ada").await;
        assert_eq!(get(&mut ada).await.json().get("needsRefresh"), None);
        let asked = ada.call::<session::Get>(Sent::from(()).query("disableCookieCache=1")).await;
        assert_eq!(asked.json()["needsRefresh"], false);
        app.clock.advance(86_400);
        app.catch_up().await.unwrap();
        let due = get(&mut ada).await;
        assert_eq!((due.json()["needsRefresh"].as_bool(), due.set_cookies().len()), (Some(true), 1));
        let cached = ada.call::<session::Get>(Sent::from(()).by(Verb::POST)).await;
        assert_eq!(cached.set_cookies().len(), 0, "as in Better Auth, a cache answers the POST too");
    }

    async fn is_written_with_every_session_and_renewed_with_it(place: &Place) {
        let app = start(place, Strategy::Compact).await;
        let mut ada = app.sign_up("ada").await;
        app.clock.advance(86_400);
        app.catch_up().await.unwrap();
        let renewed = get(&mut ada).await;
        assert_eq!(renewed.set_cookies().len(), 2);
        assert_eq!(renewed.json()["session"]["expiresAt"], "2026-01-09T00:00:00.000Z");
        assert_eq!(get(&mut ada).await.json(), renewed.json(), "the cookie remembers the new end");
        let body = json!({ "currentPassword": PASSWORD, "newPassword": "another password", "revokeOtherSessions": true });
        let changed = ada.call::<password::Change>(body).await;
        assert_eq!(changed.set_cookies().len(), 2, "the cookie of the new session alone");
        assert_ne!(get(&mut ada).await.json()["session"]["id"], renewed.json()["session"]["id"]);
        for query in ["disableRefresh=1", "disableRefresh=0"] {
            let left = ada.call::<session::Get>(Sent::from(()).query(&format!("{query}&disableCookieCache=1"))).await;
            assert!(left.set_cookies().is_empty(), "{query}: nothing is to change");
        }
    }
}

async fn start(place: &Place, strategy: Strategy) -> TestApp {
    start_with(place, |cache| cache.strategy = strategy).await
}

async fn start_with(place: &Place, configure: impl FnOnce(&mut CookieCache)) -> TestApp {
    TestApp::start_with(place, |config| cache(config, configure)).await
}

fn cache(config: &mut Config, configure: impl FnOnce(&mut CookieCache)) {
    config.engine.session.cookie_cache.enabled = true;
    configure(&mut config.engine.session.cookie_cache);
}

async fn get(browser: &mut Browser<'_>) -> Answer {
    browser.call::<session::Get>(()).await
}

async fn sign_up(browser: &mut Browser<'_>, name: &str, remember: bool) -> Answer {
    let email = format!("{name}@example.com");
    let body = json!({ "name": "ada", "email": email, "password": PASSWORD, "rememberMe": remember });
    browser.call::<sign_up::Email>(body).await
}

async fn refused(browser: &mut Browser<'_>, who: &str) {
    assert_eq!(browser.clone().call::<token::Get>(()).await.status, 401, "{who}");
    let answer = get(browser).await;
    assert_eq!((answer.json(), answer.set_cookies().len()), (Value::Null, 3), "{who}");
}

/// A browser at another app, with the cookies of this one.
fn moved<'a>(browser: &Browser<'_>, app: &'a TestApp) -> Browser<'a> {
    let names = (0..12).map(|number| format!("{DATA}.{number}")).chain([TOKEN, DATA].map(str::to_owned));
    names.fold(app.browser(), |moved, name| match browser.cookie(&name) {
        Some(value) => moved.with_cookie(&name, value),
        None => moved,
    })
}

/// When the cookie of the form `compact` ends.
fn end_of(browser: &Browser<'_>) -> i64 {
    let secrets = Secrets::single(Secret::parse(SECRET).unwrap());
    SessionDataCompact::verify(browser.cookie(DATA).unwrap(), &secrets).unwrap().expires_at
}
