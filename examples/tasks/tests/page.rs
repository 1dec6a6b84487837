//! How the frontend is served.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use countersign_tasks::page;
use countersign_testkit::Place;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

#[tokio::test]
async fn whoever_comes_before_the_page_was_built_is_told_how_to_build_it() {
    let place = Place::sqlite();
    let web = Path::new(place.url().strip_prefix("sqlite:").unwrap()).with_file_name("dist");
    let answer = ask(&web, "/app").await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(text(answer).await.contains("npm run build --prefix examples/tasks/web"));

    fs::create_dir(&web).unwrap();
    fs::write(web.join("index.html"), "the page").unwrap();
    for path in ["/app", "/app/"] {
        assert_eq!(text(ask(&web, path).await).await, "the page", "{path}");
    }
    let lost = ask(&web, "/app/nowhere").await;
    assert_eq!((lost.status(), text(lost).await), (StatusCode::NOT_FOUND, "There is no such page.\n".to_owned()));
}

#[tokio::test]
async fn the_page_runs_its_own_script_alone_and_is_asked_for_anew_while_its_scripts_are_kept() {
    let place = Place::sqlite();
    let web = Path::new(place.url().strip_prefix("sqlite:").unwrap()).with_file_name("dist");
    fs::create_dir_all(web.join("assets")).unwrap();
    fs::write(web.join("index.html"), "the page").unwrap();
    fs::write(web.join("assets/index-1a2b.js"), "the script").unwrap();
    fs::write(web.with_file_name("secret.txt"), "nobody's business").unwrap();

    let (shown, script) = (ask(&web, "/app").await, ask(&web, "/app/assets/index-1a2b.js").await);
    for answer in [&shown, &script] {
        let policy = answer.headers().get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert_eq!(answer.headers().get(header::X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
    }
    assert_eq!(shown.headers().get(header::CACHE_CONTROL).unwrap(), "no-cache");
    assert!(script.headers().get(header::CACHE_CONTROL).unwrap().to_str().unwrap().ends_with("immutable"));
    let gone = ask(&web, "/app/assets/index-0000.js").await;
    assert_eq!(gone.headers().get(header::CACHE_CONTROL).unwrap(), "no-cache");
    for path in ["/app/../secret.txt", "/app/%2e%2e/secret.txt", "/app/..%2fsecret.txt"] {
        assert!(!ask(&web, path).await.status().is_success(), "{path}");
    }
}

async fn ask(web: &Path, path: &str) -> Response<Body> {
    page(web).oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}
