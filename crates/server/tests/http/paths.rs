//! Paths and methods that are not.

use countersign_contract::{Endpoint, Method, all};
use countersign_testkit::{Place, TestApp, run};
use http::Method as Verb;

/// The paths of the contract, each with the methods it answers.
#[derive(Default)]
struct Paths(Vec<(&'static str, Method)>);

impl all::Visitor for Paths {
    fn visit<E: Endpoint>(&mut self) {
        self.0.push((E::PATH, E::METHOD));
    }
}

#[test]
fn of_a_wrong_method_or_spelling_are_not_found_and_say_nothing() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start(&place).await;
        let mut paths = Paths::default();
        all::each(&mut paths);
        for (path, method) in paths.0 {
            let mut verbs = vec![Verb::HEAD, Verb::OPTIONS, Verb::PUT, Verb::DELETE, Verb::PATCH];
            match method {
                Method::Get => verbs.push(Verb::POST),
                Method::Post => verbs.push(Verb::GET),
                Method::GetAndPost => {}
            }
            for verb in verbs {
                assert_nothing(&app, verb, &format!("/api/auth{path}")).await;
            }
            let verb = if method == Method::Post { Verb::POST } else { Verb::GET };
            // What stands for the braces may hold anything, an escaped slash too.
            let slash = if path.contains('{') { "%2fx/" } else { "%2f" };
            for odd in [
                format!("/api/auth{path}/"),
                format!("/api/auth/{path}"),
                format!("/api/auth{path}/x"),
                format!("//api/auth{path}"),
                format!("/api/auth{}", path.to_uppercase()),
                path.to_owned(),
                format!("/api/auth/.{path}"),
                format!("/api/auth{path}{slash}"),
                format!("/api/auth/%{:02x}{}", path.as_bytes()[1], &path[2..]),
            ] {
                assert_nothing(&app, verb.clone(), &odd).await;
            }
        }
        for unknown in [
            "/api/auth",
            "/api/auth/",
            "/api/auth/nothing",
            "/api",
            "/nothing",
            "/api/auth/sign-in",
            "/api/auth/../auth/ok",
        ] {
            for verb in [Verb::GET, Verb::POST] {
                assert_nothing(&app, verb, unknown).await;
            }
        }
    });
}

#[test]
fn lie_below_the_path_of_the_base_url_where_it_has_one() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| {
            config.engine.base_url = "http://localhost:3000/my/auth".parse().unwrap()
        })
        .await;
        assert_eq!(app.program().send(Verb::GET, "/my/auth/ok", ()).await.status, 200);
        assert_nothing(&app, Verb::GET, "/api/auth/ok").await;
    });
}

#[test]
fn may_be_switched_off_and_then_cost_nothing() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| {
            config.rate_limit.enabled = true;
            config.disabled_paths = vec!["/ok".to_owned(), "/sign-in/email".to_owned()];
        })
        .await;
        for path in ["/api/auth/ok", "/api/auth/ok/", "/api/auth/sign-in/email?x", "/api/auth/sign-in/email"] {
            for verb in [Verb::GET, Verb::POST, Verb::DELETE] {
                let answer = app.program().send(verb, path, ()).await;
                assert_eq!((answer.status, answer.text().as_str()), (404, "Not Found"), "{path}: {answer:?}");
                assert_eq!(answer.header("content-type"), Some("text/plain;charset=UTF-8"));
            }
        }
        assert_eq!(app.program().send(Verb::GET, "/api/auth/get-session", ()).await.status, 200);
        assert_nothing(&app, Verb::GET, "/api/auth/okay").await;
        assert_nothing(&app, Verb::GET, "/ok").await;
    });
}

#[test]
fn may_have_a_slash_at_their_end_where_that_is_allowed() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| config.advanced.skip_trailing_slashes = true).await;
        for path in ["/api/auth/ok", "/api/auth/ok/", "/api/auth/ok/?a=b", "/healthz"] {
            assert_eq!(app.program().send(Verb::GET, path, ()).await.status, 200, "{path}");
        }
        for path in ["/api/auth/ok//", "/api/auth//ok/", "/api/auth/", "/healthz/", "/api/auth/nothing/"] {
            assert_nothing(&app, Verb::GET, path).await;
        }
    });
}

#[test]
fn may_have_any_query_and_not_be_endless() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start(&place).await;
        let mut program = app.program();
        assert_eq!(program.send(Verb::GET, "/api/auth/ok?x=%ff&&=&%", ()).await.status, 200);
        let long = "x".repeat(16 * 1024);
        assert_eq!(program.send(Verb::GET, &format!("/api/auth/ok?{long}"), ()).await.status, 414);
        assert_eq!(program.send(Verb::GET, &format!("/api/auth/ok?{}", &long[..15_000]), ()).await.status, 200);
    });
}

#[test]
fn for_watchers_answer_plainly() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start(&place).await;
        for path in ["/healthz", "/readyz"] {
            let answer = app.program().send(Verb::GET, path, ()).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"), "{path}");
        }
        app.database().close().await;
        assert_eq!(app.program().send(Verb::GET, "/healthz", ()).await.status, 200);
        assert_eq!(app.program().send(Verb::GET, "/readyz", ()).await.status, 503);
    });
}

async fn assert_nothing(app: &TestApp, verb: Verb, path: &str) {
    let answer = app.program().send(verb.clone(), path, ()).await;
    assert_eq!((answer.status, answer.body.len()), (404, 0), "{verb} {path}: {answer:?}");
    assert_eq!(answer.header("content-type"), None, "{verb} {path}");
    assert!(answer.set_cookies().is_empty(), "{verb} {path}");
}
