//! Who is let in, and whose tasks they reach: the whole process, asked as a client asks it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use countersign_engine::db::Timestamp;
use countersign_engine::{Clock, Engine, World};
use countersign_server::App;
use countersign_server::config::Config;
use countersign_tasks::{Store, router};
use countersign_testkit::{NOW, Place};
use countersign_token::{Claims, Secret, Secrets, SigningKey, sign};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const SECRET: &str = "kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X";
const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn a_task_is_made_listed_toggled_and_deleted_by_its_owner() {
    let site = Site::open().await;
    let ada = site.sign_up("ada").await;

    let made = site.create(&ada, "water the plants").await;
    assert_eq!(made["owner"], ada.id);
    assert_eq!(made["done"], false);
    assert_eq!(site.get("/tasks", &ada).await.json(), json!([made]));

    let path = format!("/tasks/{}", made["id"].as_str().unwrap());
    let toggled = site.ask(Method::POST, &format!("{path}/toggle"), &ada.token, None).await;
    assert_eq!((toggled.status, &toggled.json()["done"]), (StatusCode::OK, &json!(true)));
    let toggled = site.ask(Method::POST, &format!("{path}/toggle"), &ada.token, None).await;
    assert_eq!(toggled.json(), made);

    assert_eq!(site.ask(Method::DELETE, &path, &ada.token, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.get("/tasks", &ada).await.json(), json!([]));
    site.ask(Method::DELETE, &path, &ada.token, None).await.is_refused(StatusCode::NOT_FOUND, "not_found");
}

#[tokio::test]
async fn nobody_sees_or_touches_the_task_of_another() {
    let site = Site::open().await;
    let (ada, bob) = (site.sign_up("ada").await, site.sign_up("bob").await);
    let task = site.create(&bob, "nobody's business but mine").await;

    assert_eq!(site.get("/tasks", &ada).await.json(), json!([]));
    let path = format!("/tasks/{}", task["id"].as_str().unwrap());
    let others = site.ask(Method::DELETE, &path, &ada.token, None).await;
    others.is_refused(StatusCode::NOT_FOUND, "not_found");
    let missing = site.ask(Method::DELETE, "/tasks/no-such-task", &ada.token, None).await;
    assert_eq!(others, missing, "the answer tells that the task exists");
    let toggled = site.ask(Method::POST, &format!("{path}/toggle"), &ada.token, None).await;
    toggled.is_refused(StatusCode::NOT_FOUND, "not_found");

    assert_eq!(site.get("/tasks", &bob).await.json(), json!([task]));
}

#[tokio::test]
async fn the_owner_cannot_be_chosen_in_the_body() {
    let site = Site::open().await;
    let (ada, bob) = (site.sign_up("ada").await, site.sign_up("bob").await);
    let body = json!({ "title": "pay the rent", "owner": bob.id }).to_string();
    let refused = site.ask(Method::POST, "/tasks", &ada.token, Some(body)).await;
    refused.is_refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body");
    assert_eq!(site.get("/tasks", &bob).await.json(), json!([]));
}

#[tokio::test]
async fn only_an_administrator_lists_all_tasks() {
    let site = Site::open().await;
    let (ada, bob) = (site.sign_up("ada").await, site.sign_up("bob").await);
    let (first, second) = (site.create(&ada, "first").await, site.create(&bob, "second").await);
    let refused = site.get("/admin/tasks", &ada).await;
    refused.is_refused(StatusCode::FORBIDDEN, "forbidden");
    assert!(refused.challenge().contains("error=\"insufficient_scope\""));

    assert!(site.app.engine().set_role(&ada.id, "user,admin").await.unwrap());
    assert_eq!(site.get("/admin/tasks", &ada).await.json(), json!([second, first]));
    assert_eq!(site.get("/tasks", &ada).await.json(), json!([first]));
}

#[tokio::test]
async fn a_role_in_the_token_makes_no_administrator() {
    let site = Site::open().await;
    let ada = site.sign_up("ada").await;
    let mut claims = Claims::new(&*ada.id, NOW.seconds(), NOW.seconds() + 900);
    claims.custom.insert("role".to_owned(), json!("admin"));
    let boast = User { token: mint(&claims), ..ada };
    site.get("/admin/tasks", &boast).await.is_refused(StatusCode::FORBIDDEN, "forbidden");
}

#[tokio::test]
async fn a_suspended_user_is_refused_at_the_next_request() {
    let site = Site::open().await;
    let (ada, bob) = (site.sign_up("ada").await, site.sign_up("bob").await);
    assert_eq!(site.get("/tasks", &ada).await.status, StatusCode::OK);

    assert!(site.app.engine().suspend(&ada.id, None, None).await.unwrap());
    site.get("/tasks", &ada).await.is_invalid_token();
    // Nor does a token help that belongs to no session.
    let fresh = mint(&Claims::new(&*ada.id, NOW.seconds(), NOW.seconds() + 900));
    site.ask(Method::GET, "/tasks", &fresh, None).await.is_invalid_token();
    assert_eq!(site.get("/tasks", &bob).await.status, StatusCode::OK);

    assert!(site.app.engine().restore(&ada.id).await.unwrap());
    assert_eq!(site.ask(Method::GET, "/tasks", &fresh, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_administrator_suspends_over_http_and_nobody_else_does() {
    let site = Site::open().await;
    let (ada, bob) = (site.sign_up("ada").await, site.sign_up("bob").await);
    let suspend_bob = format!("/admin/users/{}/suspend", bob.id);
    let refused = site.ask(Method::POST, &suspend_bob, &ada.token, None).await;
    refused.is_refused(StatusCode::FORBIDDEN, "forbidden");
    assert_eq!(site.get("/tasks", &bob).await.status, StatusCode::OK);

    assert!(site.app.engine().set_role(&ada.id, "admin").await.unwrap());
    let done = site.ask(Method::POST, &suspend_bob, &ada.token, None).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    site.get("/tasks", &bob).await.is_invalid_token();
    let nobody = site.ask(Method::POST, "/admin/users/nobody/suspend", &ada.token, None).await;
    nobody.is_refused(StatusCode::NOT_FOUND, "not_found");
}

#[tokio::test]
async fn a_deleted_user_is_refused_at_the_next_request() {
    let site = Site::open().await;
    let ada = site.sign_up("ada").await;
    assert_eq!(site.get("/tasks", &ada).await.status, StatusCode::OK);
    assert!(site.app.engine().delete_user(&ada.id).await.unwrap());
    site.get("/tasks", &ada).await.is_invalid_token();
}

#[tokio::test]
async fn a_signed_out_session_is_refused_at_the_next_request() {
    let site = Site::open().await;
    let ada = site.sign_up("ada").await;
    let out = site.ask(Method::POST, "/api/auth/sign-out", &ada.token, Some("{}".to_owned())).await;
    assert_eq!(out.status, StatusCode::OK);
    site.get("/tasks", &ada).await.is_invalid_token();
}

#[tokio::test]
async fn a_valid_signature_is_nothing_without_a_user() {
    let site = Site::open().await;
    let stranger = "01900000-0000-7000-8000-000000000000";
    let token = mint(&Claims::new(stranger, NOW.seconds(), NOW.seconds() + 900));
    site.ask(Method::GET, "/tasks", &token, None).await.is_invalid_token();
    let body = json!({ "title": "a task of nobody" }).to_string();
    site.ask(Method::POST, "/tasks", &token, Some(body)).await.is_invalid_token();
}

#[tokio::test]
async fn a_token_never_outlives_its_session() {
    let site = Site::open().await;
    site.sign_up("ada").await;
    let body = json!({ "email": "ada@example.com", "password": "correct horse", "rememberMe": false });
    let signed_in = site.ask(Method::POST, "/api/auth/sign-in/email", "", Some(body.to_string())).await;
    let token = signed_in.json()["token"].as_str().unwrap().to_owned();

    let session = site.ask(Method::GET, "/api/auth/get-session", &token, None).await.json();
    let expires_at = Timestamp::parse_iso(session["session"]["expiresAt"].as_str().unwrap()).unwrap();
    assert_eq!(expires_at.seconds(), NOW.seconds() + DAY);
    assert_eq!(payload(&token)["exp"], expires_at.seconds());

    site.clock.set(expires_at.seconds() - 1);
    assert_eq!(site.ask(Method::GET, "/tasks", &token, None).await.status, StatusCode::OK);
    site.clock.set(expires_at.seconds());
    site.ask(Method::GET, "/tasks", &token, None).await.is_invalid_token();
}

#[tokio::test]
async fn nobody_hears_a_bare_challenge_on_every_route() {
    let site = Site::open().await;
    for (method, path) in [
        (Method::GET, "/tasks"),
        (Method::POST, "/tasks"),
        (Method::DELETE, "/tasks/1"),
        (Method::POST, "/tasks/1/toggle"),
        (Method::GET, "/admin/tasks"),
        (Method::POST, "/admin/users/1/suspend"),
    ] {
        let answer = site.ask(method, path, "", Some("no JSON".to_owned())).await;
        answer.is_refused(StatusCode::UNAUTHORIZED, "no_credentials");
        assert_eq!(answer.challenge(), "Bearer", "{path}");
    }
}

#[tokio::test]
async fn a_token_of_another_program_with_the_same_secret_is_admitted() {
    let site = Site::open().await;
    let ada = site.sign_up("ada").await;
    let task = site.create(&ada, "made with our token").await;
    let claims = json!({ "sub": ada.id, "iat": NOW.seconds(), "exp": NOW.seconds() + 900 });
    let theirs = User { token: foreign(&claims, SECRET), ..ada };
    assert_eq!(site.get("/tasks", &theirs).await.json(), json!([task]));

    let forged = User { token: foreign(&claims, "another secret that is just as long as ours"), ..theirs };
    site.get("/tasks", &forged).await.is_invalid_token();
}

#[tokio::test]
async fn a_body_that_is_no_task_is_refused_with_the_reason() {
    let site = Site::open().await;
    let ada = site.sign_up("ada").await;
    let titled = |title: &str| json!({ "title": title }).to_string();
    for (body, status, reason) in [
        (titled(""), 422, "a title has 1 to 200 characters"),
        (titled(" \t "), 422, "a title has 1 to 200 characters"),
        (titled(&"é".repeat(201)), 422, "a title has 1 to 200 characters"),
        ("{}".to_owned(), 422, "missing field `title`"),
        (r#"{"title":5}"#.to_owned(), 422, "expected a string"),
        (r#"{"title":"x","done":true}"#.to_owned(), 422, "unknown field `done`"),
        (r#"{"title":"#.to_owned(), 400, "EOF"),
        (titled(&"x".repeat(17_000)), 413, "limit"),
    ] {
        let answer = site.ask(Method::POST, "/tasks", &ada.token, Some(body.clone())).await;
        answer.is_refused(StatusCode::from_u16(status).unwrap(), "invalid_body");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(reason), "{detail:?} does not say {reason:?}");
    }
    let typeless = site.ask(Method::POST, "/tasks", &ada.token, None).await;
    typeless.is_refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_body");
    assert_eq!(site.get("/tasks", &ada).await.json(), json!([]));
}

#[tokio::test]
async fn a_title_has_200_characters_at_most_and_no_spaces_around_it() {
    let site = Site::open().await;
    let ada = site.sign_up("ada").await;
    let longest = "é".repeat(200);
    assert_eq!(site.create(&ada, &format!("  {longest}\n")).await["title"], longest);
}

/// The process under test, on files of its own, at a time of its own.
struct Site {
    app: App,
    router: Router,
    clock: Arc<Hands>,
    _place: Place,
}

struct User {
    id: String,
    token: String,
}

impl Site {
    async fn open() -> Self {
        let place = Place::sqlite();
        let clock = Arc::new(Hands(AtomicI64::new(NOW.seconds())));
        let world = World { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..World::default() };
        let mut config = Config::default();
        config.rate_limit.enabled = false;
        let secrets = Secrets::single(Secret::parse(SECRET).unwrap());
        let engine = Engine::open(place.migrated().await, secrets, config.engine.clone(), world).await.unwrap();
        let app = App::new(engine, config);
        let beside = Path::new(place.url().strip_prefix("sqlite:").unwrap()).with_file_name("tasks.db");
        let router = router(&app, Store::open(&beside).await.unwrap());
        Self { app, router, clock, _place: place }
    }

    async fn sign_up(&self, name: &str) -> User {
        let body = json!({ "name": name, "email": format!("{name}@example.com"), "password": "correct horse" });
        let answer = self.ask(Method::POST, "/api/auth/sign-up/email", "", Some(body.to_string())).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        User { id: text(&answer.json()["user"]["id"]), token: text(&answer.json()["token"]) }
    }

    async fn create(&self, user: &User, title: &str) -> Value {
        let body = json!({ "title": title }).to_string();
        let answer = self.ask(Method::POST, "/tasks", &user.token, Some(body)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()
    }

    async fn get(&self, path: &str, user: &User) -> Answer {
        self.ask(Method::GET, path, &user.token, None).await
    }

    /// Without a token where it is empty, and without a content type where there is no body.
    async fn ask(&self, method: Method, path: &str, token: &str, body: Option<String>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.into()).unwrap() }
    }
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn challenge(&self) -> &str {
        self.headers[header::WWW_AUTHENTICATE].to_str().unwrap()
    }

    /// Is it a problem document with this status and code?
    #[track_caller]
    fn is_refused(&self, status: StatusCode, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!((&self.json()["code"], &self.json()["status"]), (&json!(code), &json!(status.as_u16())));
    }

    /// Is the token refused in the words of RFC 6750 section 3.1?
    #[track_caller]
    fn is_invalid_token(&self) {
        assert_eq!(self.status, StatusCode::UNAUTHORIZED, "{self:?}");
        assert!(self.challenge().starts_with("Bearer error=\"invalid_token\""), "{self:?}");
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
    }
}

/// A clock that shows what a test sets, in seconds since 1970.
struct Hands(AtomicI64);

impl Hands {
    fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed) * 1000)
    }
}

fn mint(claims: &Claims) -> String {
    sign(&SigningKey::hs256(&Secret::parse(SECRET).unwrap(), None), claims).unwrap()
}

/// A token as another program's library makes it.
fn foreign(claims: &Value, secret: &str) -> String {
    // The first test to come installs it; whoever comes later is told so, which is well.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).unwrap()
}

fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64_simd::URL_SAFE_NO_PAD.decode_to_vec(payload).unwrap()).unwrap()
}
