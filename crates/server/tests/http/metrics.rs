//! The page of numbers.

use countersign_contract::{ok, session, sign_in};
use countersign_engine::db::args;
use countersign_server::config::Config;
use countersign_testkit::{PASSWORD, Place, TestApp, both_databases, run};
use countersign_token::Secrets;
use http::Method;
use serde_json::json;

const OLD: &str = "1:qF7mW2xZ9kL4vB8nT3rY6uJ1hG5dS0aP";
const BOTH: &str = "2:Zk3Nf8Qw1Lx6Vr9Tb4Ys7Jm2Hc5Dg0Pu,1:qF7mW2xZ9kL4vB8nT3rY6uJ1hG5dS0aP";

both_databases! {
    async fn a_rotation_shows_for_what_the_old_secret_is_still_needed(place: &Place) {
        let before = TestApp::start_under(place, Secrets::parse_versioned(OLD).unwrap(), |_| {}).await;
        let mut ada = before.sign_up("ada").await;
        let token = before.access_token_of(&mut ada).await;
        let cookie = ada.cookie("better-auth.session_token").unwrap().to_owned();
        let refresh = ada.call::<countersign_contract::refresh::Start>(()).await.json()["refreshToken"].clone();

        let app = TestApp::start_under(place, Secrets::parse_versioned(BOTH).unwrap(), |_| {}).await;
        let fresh = app.sign_in("ada").await;
        let fresh_cookie = fresh.cookie("better-auth.session_token").unwrap();
        app.browser().with_cookie("better-auth.session_token", fresh_cookie).call::<session::Get>(()).await;
        for kind in ["access_token", "cookie", "session_data", "refresh_token", "feed_credential", "sealed"] {
            assert_eq!(number(&app, &format!("old_key_uses_total{{kind=\"{kind}\"}}")).await, Some(0.0), "{kind}");
        }
        app.program().bearer(&token).call::<session::Get>(()).await;
        app.browser().with_cookie("better-auth.session_token", &cookie).call::<session::Get>(()).await;
        app.program().call::<countersign_contract::refresh::Refresh>(json!({ "refreshToken": refresh })).await;
        for (kind, used) in [("access_token", true), ("cookie", true), ("refresh_token", true), ("sealed", false)] {
            let number = number(&app, &format!("old_key_uses_total{{kind=\"{kind}\"}}")).await.unwrap();
            assert_eq!(number > 0.0, used, "{kind}");
        }
    }

    async fn the_state_of_the_feed_is_shown(place: &Place) {
        let app = TestApp::start(place).await;
        app.user_without_password("ada").await;
        let _follower = app.feed().subscribe();
        app.run("UPDATE {user} SET {user.banned} = $1", args![true]).await;
        app.catch_up().await.unwrap();
        app.clock.advance(3);
        for (name, expected) in [
            ("feed_total{event=\"rebuilt\"}", 1.0),
            ("feed_total{event=\"applied\"}", 2.0),
            ("feed_total{event=\"triggers_repaired\"}", 0.0),
            ("feed_refusals", 1.0),
            ("feed_followers", 1.0),
            ("feed_age_seconds", 3.0),
        ] {
            assert_eq!(number(&app, name).await, Some(expected), "{name}");
        }
    }
}

#[test]
fn requests_are_counted_by_pattern_and_nothing_a_caller_makes_up_is_a_label() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, shown).await;
        let mut caller = app.program();
        caller.call::<ok::Get>(()).await;
        caller.call::<ok::Get>(()).await;
        for path in ["/api/auth/made-up", "/x", "/metrics"] {
            assert_eq!(caller.send(Method::GET, path, ()).await.status, 404, "{path}");
        }
        caller.send(Method::from_bytes(b"MADEUP").unwrap(), "/api/auth/ok", ()).await;
        let page = app.metrics().await;
        let requests = |labels: &str| value(&page, &format!("http_requests_total{{{labels}}}"));
        assert_eq!(requests(r#"route="/api/auth/ok",method="GET",status="200""#), Some(2.0));
        assert_eq!(requests(r#"route="/api/auth/ok",method="other",status="404""#), Some(1.0));
        assert_eq!(requests(r#"route="none",method="GET",status="404""#), Some(3.0));
        let timed = value(&page, "http_request_duration_seconds_count{route=\"/api/auth/ok\",method=\"GET\"}");
        assert_eq!(timed, Some(2.0));
        assert!(!page.contains("made-up") && !page.contains("MADEUP"), "{page}");
        assert!(page.ends_with("# EOF\n"));
    });
}

#[test]
fn sign_ins_refusals_and_denials_are_counted_by_what_they_came_to() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| config.rate_limit.enabled = true).await;
        app.signed_up("ada").await;
        for password in [PASSWORD, "wrong password", "wrong password", PASSWORD] {
            let body = json!({ "email": "ada@example.com", "password": password });
            app.program().call::<sign_in::Email>(body).await;
        }
        app.program().bearer("not.a.token").call::<session::Get>(()).await;
        for (name, expected) in [
            ("sign_ins_total{outcome=\"signed_in\"}", 1.0),
            ("sign_ins_total{outcome=\"wrong_password\"}", 2.0),
            ("sign_ins_total{outcome=\"suspended\"}", 0.0),
            ("rate_limit_denials_total{path=\"/sign-in/email\"}", 1.0),
            ("rate_limit_fallbacks_total", 0.0),
            ("refusals_total{reason=\"invalid_encoding\"}", 1.0),
            ("password_hashes_running", 0.0),
            ("password_hash_refusals_total{reason=\"timed_out\"}", 0.0),
        ] {
            assert_eq!(number(&app, name).await, Some(expected), "{name}");
        }
    });
}

fn shown(config: &mut Config) {
    config.metrics.listen = Some("127.0.0.1:9464".parse().unwrap());
}

async fn number(app: &TestApp, name: &str) -> Option<f64> {
    value(&app.metrics().await, name)
}

/// The number of a series, by its name and labels as they stand on the page.
fn value(page: &str, name: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix("countersign_")?.strip_prefix(name));
    line?.trim().parse().ok()
}
