//! Cookies, to the letter.

use countersign_contract::{session, sign_in, sign_out, sign_up, user};
use countersign_engine::config::BaseUrl;
use countersign_engine::db::args;
use countersign_server::config::SameSite;
use countersign_testkit::{Browser, PASSWORD, Place, SECRET, TestApp, both_databases, run};
use countersign_token::{Secret, SignedCookie};
use serde_json::{Value, json};

both_databases! {
    async fn of_a_session_are_better_auths(place: &Place) {
        let app = TestApp::start(place).await;
        let mut browser = app.browser();
        let answer = browser.call::<sign_up::Email>(ada_signs_up(true)).await;
        let token = signed(&app.ask::<String>("SELECT {session.token} FROM {session}", args![]).await);
        let line = format!("better-auth.session_token={token}; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(answer.set_cookies(), [line]);
        let cleared = browser.with_cookie("better-auth.session_data.0", "x").call::<sign_out::SignOut>(()).await;
        assert_eq!(cleared.set_cookies(), [
            "better-auth.session_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
            "better-auth.session_data=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
            "better-auth.session_data.0=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
            "better-auth.dont_remember=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
        ]);
    }

    async fn of_a_session_that_is_not_to_be_remembered_end_with_the_browser(place: &Place) {
        let app = TestApp::start(place).await;
        let mut browser = app.browser();
        let answer = browser.call::<sign_up::Email>(ada_signs_up(false)).await;
        let token = signed(&app.ask::<String>("SELECT {session.token} FROM {session}", args![]).await);
        let lines = [
            format!("better-auth.session_token={token}; Path=/; HttpOnly; SameSite=Lax"),
            format!("better-auth.dont_remember={}; Path=/; HttpOnly; SameSite=Lax", signed("true")),
        ];
        assert_eq!(answer.set_cookies(), lines);
        assert_eq!(browser.call::<user::Update>(json!({ "name": "A" })).await.set_cookies(), lines);
        app.clock.advance(86_400 - 1);
        assert!(browser.clone().call::<session::Get>(()).await.set_cookies().is_empty(), "never renewed");

        let body = json!({ "email": "ada@example.com", "password": PASSWORD });
        let remembered = browser.call::<sign_in::Email>(body).await.set_cookies();
        assert!(remembered[0].contains("; Max-Age=604800;"), "{remembered:?}");
        assert_eq!(remembered[1], "better-auth.dont_remember=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    }

    async fn are_taken_only_as_they_were_signed(place: &Place) {
        let app = TestApp::start(place).await;
        let ada = app.sign_up("ada").await;
        let name = "better-auth.session_token";
        let value = ada.cookie(name).unwrap().to_owned();
        let raw = value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
        let get = async |browser: Browser<'_>| browser.clone().call::<session::Get>(()).await;
        for good in [&value, &raw, &format!("\"{value}\"")] {
            assert!(get(app.browser().with_cookie(name, good)).await.json().is_object(), "{good}");
        }
        let bare = raw.split('.').next().unwrap();
        let flipped = format!("{}{}", if raw.starts_with('a') { 'b' } else { 'a' }, &raw[1..]);
        for bad in [bare, "", "junk", &flipped, raw.trim_end_matches('='), &raw[..raw.len() - 2], &format!("{raw}="), &format!("{bare}.{bare}")] {
            let answer = get(app.browser().with_cookie(name, bad)).await;
            assert_eq!((answer.text().as_str(), answer.set_cookies().len()), ("null", 0), "{bad}");
        }
        for unknown in [signed("unknown"), signed("")] {
            assert_eq!(get(app.browser().with_cookie(name, &unknown)).await.json(), Value::Null);
        }
        let first = |lines: &str| app.program().header("cookie", lines);
        assert!(get(first(&format!("{name}={value}; {name}=junk"))).await.json().is_object());
        assert_eq!(get(first(&format!("{name}=junk; {name}={value}"))).await.json(), Value::Null);
        assert_eq!(get(app.browser().with_cookie("__Secure-better-auth.session_token", &value)).await.json(), Value::Null);
    }
}

#[test]
fn over_https_are_secure_and_named_so() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| {
            config.engine.base_url = "https://auth.example".parse::<BaseUrl>().unwrap();
            config.advanced.cookie_prefix = "my-app".to_owned();
            config.engine.session.expires_in = 3600;
            config.engine.session.update_age = 3600;
        })
        .await;
        let mut browser = app.browser();
        let line = browser.call::<sign_up::Email>(ada_signs_up(true)).await.set_cookies().remove(0);
        assert!(line.starts_with("__Secure-my-app.session_token="), "{line}");
        assert!(line.ends_with("; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax"), "{line}");
        assert!(browser.call::<session::Get>(()).await.json().is_object());
        let cleared = browser.call::<sign_out::SignOut>(()).await.set_cookies();
        assert!(
            cleared.iter().all(|line| line.starts_with("__Secure-my-app.") && line.contains("; Secure;")),
            "{cleared:?}"
        );
    });
}

#[test]
fn are_named_and_marked_as_it_is_set_and_deleted_likewise() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| {
            config.engine.base_url = "https://auth.example.com".parse::<BaseUrl>().unwrap();
            config.engine.session.cookie_cache.enabled = true;
            config.advanced.cross_sub_domain_cookies.enabled = true;
            config.advanced.cross_sub_domain_cookies.domain = Some("example.com".to_owned());
            config.advanced.default_cookie_attributes.same_site = Some(SameSite::None);
            config.advanced.default_cookie_attributes.partitioned = Some(true);
            config.advanced.cookies.session_token.name = Some("sid".to_owned());
            let own = &mut config.advanced.cookies.session_data.attributes;
            own.domain = Some("auth.example.com".to_owned());
            own.path = Some("/api".to_owned());
            own.same_site = Some(SameSite::Strict);
            own.partitioned = Some(false);
        })
        .await;
        let mut browser = app.browser();
        let lines = browser.call::<sign_up::Email>(ada_signs_up(false)).await.set_cookies();
        let marks = |line: &str| {
            line.split_once("; ")
                .map(|(pair, rest)| (pair.split('=').next().unwrap().to_owned(), rest.to_owned()))
                .unwrap()
        };
        let all = "Domain=example.com; Path=/; HttpOnly; Secure; SameSite=None; Partitioned";
        let own = "Domain=auth.example.com; Path=/api; HttpOnly; Secure; SameSite=Strict";
        let expected = [
            ("__Secure-sid", all),
            ("__Secure-better-auth.dont_remember", all),
            ("__Secure-better-auth.session_data", own),
        ];
        assert_eq!(
            lines.iter().map(|line| marks(line)).collect::<Vec<_>>(),
            expected.map(|(name, rest)| (name.to_owned(), rest.to_owned()))
        );
        assert!(browser.call::<session::Get>(()).await.json().is_object());

        let long = browser.call::<user::Update>(json!({ "image": "x".repeat(9_000) })).await.set_cookies();
        let chunks: Vec<_> = long.iter().filter(|line| line.contains("session_data.")).collect();
        assert!(chunks.iter().all(|line| line.ends_with(own) && line.len() <= 4050) && chunks.len() == 4, "{chunks:?}");
        let cleared = browser.call::<sign_out::SignOut>(()).await.set_cookies();
        assert!(cleared.iter().all(|line| line.contains("=; Max-Age=0; Domain=")), "{cleared:?}");
        assert_eq!(cleared.iter().filter(|line| line.ends_with(own)).count(), 5);
    });
}

fn ada_signs_up(remember: bool) -> Value {
    json!({ "name": "ada", "email": "ada@example.com", "password": PASSWORD, "rememberMe": remember })
}

/// A cookie's value as it stands in the header.
fn signed(value: &str) -> String {
    let signed = SignedCookie::sign(value, &Secret::parse(SECRET).unwrap());
    signed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}
