//! The hosted pages, as nobody, as the wrong person, with a wrong body and with a right one.
#![expect(clippy::unwrap_used, reason = "a test says what must be there")]

mod account;
mod brand;
mod change_email;
mod confirm_email;
mod delete_account;
mod errors;
mod everywhere;
mod languages;
mod password;
mod provider;
mod reference;
mod sign_in;
mod sign_up;

use axum::Router;
use axum::body::Body;
use countersign_engine::{Engine, World};
use countersign_server::App;
use countersign_server::config::Config;
use countersign_testkit::Place;
use countersign_token::{Secret, Secrets};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

const ORIGIN: &str = "http://localhost:3000";
const PASSWORD: &str = "correct horse battery";

/// A server on a database of its own.
struct House {
    engine: Engine,
    router: Router,
    _place: Place,
}

/// What a page answered.
struct Page {
    status: StatusCode,
    headers: http::HeaderMap,
    html: String,
}

impl House {
    async fn new() -> Self {
        Self::with(|config| config.rate_limit.enabled = false).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let place = Place::sqlite();
        let mut config = Config::default();
        change(&mut config);
        let secret = Secret::parse("x9Kd72LmQp4ZtVw8Rb1NcYh6Ug3FsJe5").unwrap();
        let db = place.migrated().await;
        let engine = Engine::open(db, Secrets::single(secret), config.engine.clone(), World::default()).await.unwrap();
        let router = App::new(engine.clone(), config).router();
        Self { engine, router, _place: place }
    }

    async fn send(&self, request: Request<Body>) -> Page {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Page { status: parts.status, headers: parts.headers, html: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str, cookie: &str) -> Page {
        self.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Page {
        self.send(form(path, cookie).header(header::ORIGIN, ORIGIN).body(encoded(fields)).unwrap()).await
    }

    /// Signs up and answers the cookie.
    async fn sign_up(&self, name: &str, email: &str) -> String {
        let page = self.post("/sign-up", "", &[("name", name), ("email", email), ("password", PASSWORD)]).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/account"), "{}", page.html);
        page.cookie()
    }

    /// The mail that was written last.
    async fn last_mail(&self) -> serde_json::Value {
        let here = std::net::SocketAddr::from(([127, 0, 0, 1], 40_000));
        let request = Request::get("/dev/outbox").extension(axum::extract::ConnectInfo(here)).body(Body::empty());
        let mails: serde_json::Value = serde_json::from_str(&self.send(request.unwrap()).await.html).unwrap();
        mails.as_array().unwrap().last().unwrap().clone()
    }

    /// Follows the link of the last mail, as whoever has this cookie.
    async fn follow(&self, cookie: &str) -> Page {
        let url = self.last_mail().await.get("url").and_then(serde_json::Value::as_str).unwrap().to_owned();
        self.get(url.strip_prefix(ORIGIN).unwrap(), cookie).await
    }

    /// Where the link of the last mail leads in the end.
    async fn last_link(&self) -> String {
        self.follow("").await.location().strip_prefix(ORIGIN).unwrap().to_owned()
    }

    async fn sign_in(&self, email: &str) -> String {
        let page = self.post("/sign-in", "", &[("email", email), ("password", PASSWORD), ("remember", "on")]).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/account"), "{}", page.html);
        page.cookie()
    }
}

impl Page {
    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn location(&self) -> &str {
        self.header(header::LOCATION)
    }

    /// The session cookie it set, to be sent again.
    fn cookie(&self) -> String {
        let lines = self.headers.get_all(header::SET_COOKIE).into_iter().map(|value| value.to_str().unwrap());
        let line = lines.into_iter().find(|line| line.starts_with("better-auth.session_token=")).unwrap();
        line.split(';').next().unwrap().to_owned()
    }

    /// The ids of the sessions that may be revoked from here.
    fn revocable(&self) -> Vec<String> {
        let mark = "name=\"session\" value=\"";
        self.html.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    }

    #[track_caller]
    fn says(&self, words: &str) {
        assert!(self.html.contains(words), "no {words:?} in {}", self.html);
    }
}

fn form(path: &str, cookie: &str) -> http::request::Builder {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if cookie.is_empty() { request } else { request.header(header::COOKIE, cookie) }
}

fn encoded(fields: &[(&str, &str)]) -> Body {
    Body::from(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}
