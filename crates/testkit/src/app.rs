//! A whole application: every layer of the server, without a socket.

use axum::Router;
use axum::body::Body;
use countersign_db::Options;
use countersign_server::App;
use countersign_server::config::Config;
use countersign_token::{Secret, Secrets};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

use crate::engine::{PASSWORD, SECRET, TestEngine, address};
use crate::{Answer, Browser, Place};

/// An application with a fake clock. Rate limits are off unless switched on.
pub struct TestApp {
    engine: TestEngine,
    router: Router,
    metrics: Router,
    origin: String,
    path: String,
}

impl std::ops::Deref for TestApp {
    type Target = TestEngine;

    fn deref(&self) -> &TestEngine {
        &self.engine
    }
}

impl TestApp {
    /// Starts with default settings.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(place: &Place) -> Self {
        Self::start_with(place, |_| {}).await
    }

    /// Starts with settings of one's own.
    ///
    /// # Panics
    /// When it does not start, or the settings contradict each other.
    pub async fn start_with(place: &Place, configure: impl FnOnce(&mut Config)) -> Self {
        let secrets = Secrets::single(Secret::parse(SECRET).expect("a strong secret"));
        Self::start_under(place, secrets, configure).await
    }

    /// Starts with secrets of one's own.
    ///
    /// # Panics
    /// When it does not start, or the settings contradict each other.
    pub async fn start_under(place: &Place, secrets: Secrets, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.rate_limit.enabled = false;
        configure(&mut config);
        config.validate().expect("settings that make sense");
        let settings = config.engine.clone();
        let names = config.names().expect("names that can be names");
        let db = place.migrated_with(Options { names, ..Options::default() }).await;
        let engine = TestEngine::try_open(db, secrets, |config| *config = settings).await;
        let engine = engine.expect("the engine opens");
        engine.catch_up().await.expect("the feed is read");
        let (origin, path) = (config.engine.base_url.origin().to_owned(), config.path().to_owned());
        let app = App::new(engine.engine().clone(), config);
        Self { engine, router: app.router(), metrics: app.metrics(), origin, path }
    }

    /// The origin of its own pages.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The path below which its endpoints answer.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A browser on one of the app's own pages: it sends `Origin` and keeps cookies.
    #[must_use]
    pub fn browser(&self) -> Browser<'_> {
        self.program().header("origin", &self.origin)
    }

    /// A program such as curl: it says nothing of where it comes from.
    #[must_use]
    pub fn program(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// Signs up `name@example.com` over HTTP, in a browser.
    ///
    /// # Panics
    /// When that is refused.
    pub async fn sign_up(&self, name: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let body = json!({ "name": name, "email": address(name), "password": PASSWORD });
        let answer = browser.call::<countersign_contract::sign_up::Email>(body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    /// Signs in `name@example.com` over HTTP, in another browser.
    ///
    /// # Panics
    /// When that is refused.
    pub async fn sign_in(&self, name: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let body = json!({ "email": address(name), "password": PASSWORD });
        let answer = browser.call::<countersign_contract::sign_in::Email>(body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    /// An access token of the session a browser is signed in with.
    ///
    /// # Panics
    /// When it is signed in with none.
    pub async fn access_token_of(&self, browser: &mut Browser<'_>) -> String {
        let answer = browser.call::<countersign_contract::token::Get>(()).await;
        answer.json().get("token").and_then(|token| token.as_str()).expect("an access token").to_owned()
    }

    /// The page of numbers, as its own listener would show it.
    ///
    /// # Panics
    /// When there is none.
    pub async fn metrics(&self) -> String {
        let request = Request::get("/metrics").body(Body::empty()).expect("a request");
        let Ok(response) = self.metrics.clone().oneshot(request).await;
        assert!(response.status().is_success(), "{response:?}");
        let bytes = response.into_body().collect().await.expect("a whole body").to_bytes();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Answers a request.
    ///
    /// # Panics
    /// When the answer's body breaks off.
    pub async fn answer(&self, request: Request<Body>) -> Answer {
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: bytes.to_vec() }
    }
}
