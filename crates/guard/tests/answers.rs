//! What a caller hears: status, challenge and problem document, for every way not to be let in.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    body::Body,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use countersign_guard::{
    Claims, Directory, Guard, HasPermission, HasRole, Identity, NotFound, Permission, Permissions, Rejection, Role,
    Standing, TrustTheToken, Unavailable,
};
use countersign_token::{KeySet, Policy, SigningKey, Verifier, sign};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::{Layer as _, ServiceExt as _, service_fn};

const NOW: i64 = 1_790_000_000;

/// Knows two users and their roles.
struct Two;

impl Directory for Two {
    async fn standing(&self, claims: &Claims) -> Result<Standing, Unavailable> {
        let subject = claims.sub.as_str();
        Ok(match subject {
            "ada" => Standing::Active { role: Some("user, admin".to_owned()) },
            "eve" => Standing::Active { role: Some("user".to_owned()) },
            "mallory" => Standing::Suspended,
            "away" => return Err(Unavailable),
            _ => Standing::Unknown,
        })
    }
}

struct Admin;
impl Role for Admin {
    const NAME: &'static str = "admin";
}

struct DeleteTask;
impl Permission for DeleteTask {
    const NAME: &'static str = "task:delete";
}

struct Row {
    owner: String,
    title: &'static str,
}

fn app() -> Router {
    let permissions = Permissions::new().role("user", ["task:create"]).role("admin", ["task:create", "task:delete"]);
    Router::new()
        .route("/me", get(async |identity: Identity| identity.id().to_owned()))
        .route("/greet", get(async |who: Option<Identity>| who.map_or("nobody".to_owned(), |who| who.id().to_owned())))
        .route("/roles", get(async |who: Identity| Json(who.roles().map(str::to_owned).collect::<Vec<_>>())))
        .route("/admin", get(async |admin: HasRole<Admin>| admin.id().to_owned()))
        .route("/delete", post(async |who: HasPermission<DeleteTask>| who.id().to_owned()))
        .route("/create", post(create))
        .route("/tasks/{owner}", get(task))
        .layer(guard().permissions(permissions))
}

async fn create(identity: Identity) -> Result<StatusCode, Rejection> {
    identity.require_permission("task:create")?;
    Ok(StatusCode::CREATED)
}

/// The owner `none` has no task at all.
async fn task(identity: Identity, owner: axum::extract::Path<String>) -> Result<&'static str, NotFound> {
    let row = (*owner != "none").then_some(Row { owner: owner.0, title: "buy milk" });
    identity.own(row, |row| &row.owner).map(|row| row.title)
}

fn guard() -> Guard<Two> {
    Guard::new(verifier(), Two).clock(|| NOW)
}

fn verifier() -> Verifier {
    Verifier::new(KeySet::single(key().verifying_key()), Policy::default())
}

fn key() -> SigningKey {
    SigningKey::hs256_bytes(&[7; 32], None).unwrap()
}

fn bearer(subject: &str) -> String {
    format!("Bearer {}", sign(&key(), &Claims::new(subject, NOW, NOW + 900)).unwrap())
}

fn expired() -> String {
    format!("Bearer {}", sign(&key(), &Claims::new("ada", NOW - 900, NOW - 1)).unwrap())
}

async fn ask(method: &str, path: &str, authorization: &[&str]) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    for value in authorization {
        request = request.header("authorization", *value);
    }
    app().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// Status, challenge, and the problem document, whose headers every refusal has.
async fn refusal(response: Response) -> (StatusCode, Option<String>, Value) {
    let (status, headers) = (response.status(), response.headers().clone());
    let header = |headers: &HeaderMap, name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header(&headers, "content-type").as_deref(), Some("application/problem+json"));
    assert_eq!(header(&headers, "cache-control").as_deref(), Some("no-store"));
    assert_eq!(headers.contains_key("retry-after"), status == StatusCode::SERVICE_UNAVAILABLE);
    let problem = serde_json::from_str(&text(response).await).unwrap();
    (status, header(&headers, "www-authenticate"), problem)
}

#[tokio::test]
async fn the_anonymous_hear_a_bare_challenge() {
    for authorization in [&[][..], &["Basic YTpi"], &[""]] {
        let (status, challenge, problem) = refusal(ask("GET", "/me", authorization).await).await;
        assert_eq!((status, challenge.as_deref()), (StatusCode::UNAUTHORIZED, Some("Bearer")));
        let expected = json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401,
            "detail": "a bearer token is needed", "code": "no_credentials",
        });
        assert_eq!(problem, expected);
    }
}

#[tokio::test]
async fn a_token_in_the_query_is_no_credential() {
    let token = bearer("ada").replace("Bearer ", "");
    let (status, _, problem) = refusal(ask("GET", &format!("/me?access_token={token}"), &[]).await).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("no_credentials")));
}

#[tokio::test]
async fn a_malformed_request_hears_invalid_request() {
    let good = bearer("ada");
    for authorization in [&[&*good, &*good][..], &[&*good, "Basic YTpi"], &["Bearer"], &["Bearer a b"]] {
        for path in ["/me", "/greet"] {
            let (status, challenge, problem) = refusal(ask("GET", path, authorization).await).await;
            assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_request")));
            assert!(challenge.unwrap().starts_with("Bearer error=\"invalid_request\""));
        }
    }
}

#[tokio::test]
async fn a_refused_token_hears_invalid_token_also_where_none_is_needed() {
    for (authorization, code, detail) in [
        (expired(), "expired", "the token has expired"),
        (bearer("mallory"), "suspended", "the account is suspended"),
        (bearer("nobody"), "unknown_subject", "the subject is not known"),
        ("Bearer junk".to_owned(), "not_three_parts", "the token does not have three parts"),
    ] {
        for path in ["/me", "/greet", "/admin"] {
            let (status, challenge, problem) = refusal(ask("GET", path, &[&authorization]).await).await;
            let expected = format!("Bearer error=\"invalid_token\", error_description=\"{detail}\"");
            assert_eq!((status, challenge), (StatusCode::UNAUTHORIZED, Some(expected)));
            assert_eq!((&problem["code"], &problem["detail"]), (&json!(code), &json!(detail)));
        }
    }
}

#[tokio::test]
async fn a_directory_that_is_away_is_503_and_no_fault_of_the_token() {
    let (status, challenge, problem) = refusal(ask("GET", "/me", &[&bearer("away")]).await).await;
    assert_eq!((status, challenge), (StatusCode::SERVICE_UNAVAILABLE, None));
    assert_eq!(problem["code"], "unavailable");
}

#[tokio::test]
async fn a_missing_role_or_permission_is_403_and_no_token_401() {
    for (method, path) in [("GET", "/admin"), ("POST", "/delete")] {
        let (status, challenge, problem) = refusal(ask(method, path, &[&bearer("eve")]).await).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("forbidden")));
        assert!(challenge.unwrap().starts_with("Bearer error=\"insufficient_scope\""));
        assert_eq!(ask(method, path, &[]).await.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(text(ask(method, path, &[&bearer("ada")]).await).await, "ada");
    }
    assert_eq!(ask("POST", "/create", &[&bearer("eve")]).await.status(), StatusCode::CREATED);
    assert_eq!(text(ask("GET", "/roles", &[&bearer("ada")]).await).await, r#"["user","admin"]"#);
}

#[tokio::test]
async fn a_role_in_the_token_is_worth_nothing() {
    let mut claims = Claims::new("eve", NOW, NOW + 900);
    claims.custom.insert("role".to_owned(), json!("admin"));
    claims.custom.insert("roles".to_owned(), json!(["admin"]));
    let authorization = format!("Bearer {}", sign(&key(), &claims).unwrap());
    assert_eq!(ask("GET", "/admin", &[&authorization]).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn anothers_row_is_not_found_like_one_that_is_not_there() {
    assert_eq!(text(ask("GET", "/tasks/eve", &[&bearer("eve")]).await).await, "buy milk");
    let anothers = refusal(ask("GET", "/tasks/eve", &[&bearer("ada")]).await).await;
    let none = refusal(ask("GET", "/tasks/none", &[&bearer("ada")]).await).await;
    assert_eq!((anothers.0, &anothers.1), (StatusCode::NOT_FOUND, &None));
    assert_eq!(anothers, none);
}

#[tokio::test]
async fn the_anonymous_are_let_in_where_a_handler_says_so() {
    assert_eq!(text(ask("GET", "/greet", &[]).await).await, "nobody");
    assert_eq!(text(ask("GET", "/greet", &[&bearer("ada")]).await).await, "ada");
}

#[tokio::test]
async fn a_required_guard_refuses_before_any_handler_and_before_routing() {
    let app = Router::new().route("/open", get(async || "open")).layer(guard().required());
    for path in ["/open", "/nowhere"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let request = Request::get("/open").header("authorization", bearer("eve")).body(Body::empty()).unwrap();
    assert_eq!(text(app.oneshot(request).await.unwrap()).await, "open");
}

#[tokio::test]
async fn an_extractor_without_a_guard_refuses_everybody() {
    let app = Router::new().route("/me", get(async |identity: Option<Identity>| identity.is_some().to_string()));
    let request = Request::get("/me").header("authorization", bearer("ada")).body(Body::empty()).unwrap();
    let (status, challenge, problem) = refusal(app.oneshot(request).await.unwrap()).await;
    assert_eq!((status, challenge), (StatusCode::INTERNAL_SERVER_ERROR, None));
    assert_eq!(problem["detail"], "the request cannot be answered");
}

#[tokio::test]
async fn refusals_are_told_and_the_anonymous_are_none() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&told);
    let guard = guard().on_refusal(move |rejection| list.lock().unwrap().push(rejection.code()));
    for authorization in ["", "Bearer x", &expired(), &bearer("ada"), &bearer("nobody")] {
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            headers.insert("authorization", authorization.parse().unwrap());
        }
        drop(guard.clone().admit(&headers).await);
    }
    assert_eq!(*told.lock().unwrap(), ["not_three_parts", "expired", "unknown_subject"]);
}

#[tokio::test]
async fn a_plain_tower_service_finds_the_identity_in_the_extensions() {
    let service = service_fn(async |request: Request<()>| {
        let id = Identity::from_extensions(request.extensions()).map(|identity| identity.id().to_owned());
        Ok::<_, std::convert::Infallible>(id.unwrap_or_default().into_response())
    });
    let guarded = guard().layer(service);
    let request = Request::get("/").header("authorization", bearer("ada")).body(()).unwrap();
    assert_eq!(text(guarded.clone().oneshot(request).await.unwrap()).await, "ada");
    let request = Request::get("/").header("authorization", expired()).body(()).unwrap();
    assert_eq!(text(guarded.oneshot(request).await.unwrap()).await, "");
}

#[tokio::test]
async fn who_trusts_the_token_gives_no_roles_and_debug_shows_the_id_alone() {
    let guard = Guard::new(verifier(), TrustTheToken).clock(|| NOW);
    let mut headers = HeaderMap::new();
    headers.insert("authorization", bearer("anybody").parse().unwrap());
    let identity = guard.admit(&headers).await.unwrap();
    assert_eq!((identity.id(), identity.roles().count()), ("anybody", 0));
    assert_eq!(format!("{identity:?}"), r#"Identity { id: "anybody", .. }"#);
    assert_eq!(guard.admit(&HeaderMap::new()).await.unwrap_err(), Rejection::NoCredentials);
}

#[tokio::test]
async fn the_system_clock_is_used_unless_another_is_given() {
    let mut headers = HeaderMap::new();
    let far = format!("Bearer {}", sign(&key(), &Claims::new("ada", 1_000_000_000, 1_000_000_900)).unwrap());
    headers.insert("authorization", far.parse().unwrap());
    let refused = Guard::new(verifier(), Two).admit(&headers).await.unwrap_err();
    assert_eq!(refused.code(), "expired");
}
