//! Calls from scripts of other origins.

use countersign_contract::{Endpoint as _, session, sign_in};
use countersign_testkit::{Answer, Browser, Place, TestApp, run};
use http::Method as Verb;
use serde_json::json;

#[test]
fn a_trusted_origin_may_call_with_credentials_and_read_the_answer() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place).await;
        let mut script = app.program().header("origin", "https://app.example");
        for answer in [
            script.call::<session::Get>(()).await,
            script.call::<sign_in::Email>(json!({ "email": "nobody", "password": "x" })).await,
            script.call::<session::List>(()).await,
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"), "{answer:?}");
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
            assert_eq!(answer.header("vary"), Some("Origin"));
            assert_eq!(
                answer.header("access-control-expose-headers"),
                Some("retry-after, set-auth-jwt, set-auth-token, www-authenticate, x-retry-after")
            );
        }
    });
}

#[test]
fn a_trusted_origins_preflight_is_answered() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place).await;
        let answer = preflight(&app, "https://app.example").await;
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("authorization, content-type"));
        assert_eq!(answer.header("vary"), Some("Origin"));
        let no_preflight = app.program().header("origin", "https://app.example");
        let answer = options(no_preflight).await;
        assert_eq!((answer.status, answer.body.len()), (404, 0), "a mere OPTIONS is not one");
    });
}

#[test]
fn no_other_origin_is_told_anything() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place).await;
        let others = [
            "null",
            "https://evil.example",
            "https://app.example.evil",
            "http://app.example",
            "https://app.example/",
            "http://localhost:3000",
        ];
        for origin in others {
            let mut script = app.program().header("origin", origin);
            for answer in [script.call::<session::Get>(()).await, preflight(&app, origin).await] {
                let named = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control-allow"));
                assert_eq!(named.count(), 0, "{origin}: {answer:?}");
                assert_eq!(answer.header("vary"), Some("Origin"), "{origin}");
            }
            assert_eq!(preflight(&app, origin).await.status, 404, "{origin}");
        }
        assert_eq!(app.program().call::<session::Get>(()).await.header("vary"), Some("Origin"));
    });
}

#[test]
fn a_preflight_costs_no_allowance() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| {
            config.rate_limit.enabled = true;
            config.trusted_origins = vec!["https://app.example".to_owned()];
        })
        .await;
        for _ in 0..5 {
            assert_eq!(preflight(&app, "https://app.example").await.status, 204);
        }
        let mut script = app.program().header("origin", "https://app.example");
        let answers = [(); 4].map(|()| json!({ "email": "nobody", "password": "x" }));
        let mut statuses = Vec::new();
        for body in answers {
            let answer = script.call::<sign_in::Email>(body).await;
            assert!(answer.header("access-control-allow-origin").is_some(), "a script reads why it must wait");
            statuses.push(answer.status);
        }
        assert_eq!(statuses, [400, 400, 400, 429]);
    });
}

async fn start(place: &Place) -> TestApp {
    TestApp::start_with(place, |config| config.trusted_origins = vec!["https://app.example".to_owned()]).await
}

async fn preflight(app: &TestApp, origin: &str) -> Answer {
    let script = app.program().header("origin", origin).header("access-control-request-method", "POST");
    options(script.header("access-control-request-headers", "content-type")).await
}

async fn options(mut script: Browser<'_>) -> Answer {
    let uri = format!("/api/auth{}", sign_in::Email::PATH);
    script.send(Verb::OPTIONS, &uri, ()).await
}
