//! The hosted pages, as nobody, as the wrong person, with a wrong body and with a right one.
#![expect(clippy::unwrap_used, reason = "a test says what must be there")]

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

const EVERY_PAGE: [&str; 5] = ["/", "/sign-up", "/sign-in", "/account", "/api/auth/reference"];
const EVERY_FORM: [&str; 5] =
    ["/sign-up", "/sign-in", "/account/sign-out", "/account/revoke", "/account/revoke-others"];

#[tokio::test]
async fn nobody_sees_the_front_page_the_forms_and_the_reference_and_is_sent_from_the_account_to_sign_in() {
    let house = House::with(|config| config.engine.app_name = "Harbour & Sons".into()).await;
    for (path, words) in [
        ("/", "Welcome to Harbour &#38; Sons"),
        ("/sign-up", "autocomplete=\"new-password\""),
        ("/sign-in", "autocomplete=\"current-password\""),
        ("/api/auth/reference", "/change-password"),
    ] {
        let page = house.get(path, "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        page.says(words);
        page.says("<html lang=\"en\">");
    }
    let account = house.get("/account", "").await;
    assert_eq!((account.status, account.location()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Faccount"));
}

#[tokio::test]
async fn every_page_forbids_scripts_frames_sniffing_and_storing() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    for cookie in ["", &cookie] {
        for path in EVERY_PAGE {
            let page = house.get(path, cookie).await;
            let policy = page.header(header::CONTENT_SECURITY_POLICY);
            for rule in [
                "default-src 'none'",
                "style-src 'sha256-",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ] {
                assert!(policy.contains(rule), "{path}: {policy}");
            }
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(page.header(header::X_FRAME_OPTIONS), "DENY", "{path}");
            assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
            assert_eq!(page.header(header::REFERRER_POLICY), "same-origin", "{path}");
            assert_eq!(page.header(header::CACHE_CONTROL), "no-store", "{path}");
            assert!(!page.html.contains("<script") && !page.html.contains(" style="), "{path}");
        }
    }
}

#[tokio::test]
async fn signing_up_leads_to_the_account_which_shows_the_token_and_this_device() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada Lovelace", "ada@example.com").await;
    let account = house.get("/account", &cookie).await;
    assert_eq!(account.status, StatusCode::OK);
    for words in ["Ada Lovelace", "ada@example.com", "this device", "<textarea", "HS256", "valid until"] {
        account.says(words);
    }
    assert!(account.revocable().is_empty(), "one's own session is signed out of, not revoked");
    let token = account.html.split("autocomplete=\"off\">").nth(1).unwrap().split('<').next().unwrap();
    let request = Request::get("/api/auth/get-session").header(header::AUTHORIZATION, format!("Bearer {token}"));
    house.send(request.body(Body::empty()).unwrap()).await.says("\"email\":\"ada@example.com\"");
    for path in ["/", "/sign-in", "/sign-up"] {
        assert_eq!(house.get(path, &cookie).await.location(), "/account", "{path}");
    }
}

#[tokio::test]
async fn a_wrong_form_comes_back_with_the_error_and_what_was_typed_but_never_the_password() {
    let house = House::new().await;
    house.sign_up("Ada", "ada@example.com").await;
    let typed = "swordfish-typed";
    for (path, fields, status, words) in [
        ("/sign-in", vec![("email", "ada@example.com"), ("password", typed)], 401, "is wrong"),
        ("/sign-in", vec![("email", "nobody@example.com"), ("password", typed)], 401, "is wrong"),
        ("/sign-in", vec![("email", "not-an-address"), ("password", typed)], 400, "not look like an e-mail address"),
        ("/sign-in", vec![], 400, "not look like an e-mail address"),
        ("/sign-up", vec![("name", "B"), ("email", "not-an-address"), ("password", typed)], 400, "not look like"),
        ("/sign-up", vec![("name", "B"), ("email", "b@example.com"), ("password", "short")], 400, "at least 8"),
        ("/sign-up", vec![("name", "B"), ("email", "b@example.com")], 400, "choose a password"),
        ("/sign-up", vec![("name", "B"), ("email", "ada@example.com"), ("password", typed)], 422, "already an account"),
        ("/sign-up", vec![("name", "B\0"), ("email", "b@example.com"), ("password", typed)], 400, "cannot be stored"),
    ] {
        let page = house.post(path, "", &fields).await;
        assert_eq!(page.status, status, "{path} {fields:?}");
        page.says(words);
        page.says("role=\"alert\"");
        page.says("<title>Error: ");
        assert!(!page.html.contains(typed), "{path} {fields:?}");
        if let Some((_, email)) = fields.iter().find(|(name, _)| *name == "email") {
            page.says(&format!("value=\"{email}\""));
        }
        assert!(page.headers.get(header::SET_COOKIE).is_none());
    }
}

#[tokio::test]
async fn a_body_that_is_no_form_or_too_large_is_refused_in_words() {
    let house = House::new().await;
    for path in ["/sign-in", "/sign-up"] {
        let json = Request::post(path).header(header::CONTENT_TYPE, "application/json").body(Body::from("{}")).unwrap();
        let page = house.send(json).await;
        assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
        page.says("could not be read");
        let large = house.post(path, "", &[("email", &"x".repeat(70_000))]).await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        large.says("too much");
    }
}

#[tokio::test]
async fn what_a_user_typed_is_text_and_never_markup() {
    let house = House::new().await;
    let name = "<script>alert(1)</script>\"'&";
    let cookie = house.sign_up(name, "ada@example.com").await;
    let account = house.get("/account", &cookie).await;
    account.says("&#60;script&#62;alert(1)&#60;/script&#62;");
    let refused = house.post("/sign-up", "", &[("name", name), ("email", "\"><script>"), ("password", "x")]).await;
    let next = house.get("/sign-in?next=/%22%3E%3Cscript%3E", "").await;
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let request = form("/sign-in", "").header(header::ORIGIN, ORIGIN).header(header::USER_AGENT, name);
    house.send(request.body(encoded(&fields)).unwrap()).await;
    let devices = house.get("/account", &cookie).await;
    devices.says("&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;</p>");
    for page in [account, refused, next, devices] {
        assert!(!page.html.contains("<script"), "{}", page.html);
    }
}

#[tokio::test]
async fn a_form_sent_from_another_origin_is_refused_and_nothing_of_it_is_shown() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    let other = house.sign_in("ada@example.com").await;
    let fields = [("name", "Eve"), ("email", "eve@example.com"), ("password", PASSWORD)];
    for path in EVERY_FORM {
        for origin in ["https://evil.example", "null", "http://localhost:3000.evil.example"] {
            for cookie in ["", &cookie] {
                if cookie.is_empty() && path.starts_with("/account") {
                    continue;
                }
                let request = form(path, cookie).header(header::ORIGIN, origin);
                let page = house.send(request.body(encoded(&fields)).unwrap()).await;
                assert_eq!(page.status, StatusCode::FORBIDDEN, "{path} {origin}");
                page.says("was not sent from http://localhost:3000");
                assert!(!page.html.contains("eve@example.com"), "{path}");
            }
        }
        let nowhere = form(path, &cookie).body(encoded(&fields)).unwrap();
        assert_eq!(house.send(nowhere).await.status, StatusCode::FORBIDDEN, "{path} without Origin and Referer");
    }
    for cookie in [&cookie, &other] {
        assert_eq!(house.get("/account", cookie).await.status, StatusCode::OK, "nobody was signed out");
    }
}

#[tokio::test]
async fn signing_in_leads_only_to_paths_of_our_own() {
    let house = House::with(|config| {
        config.rate_limit.enabled = false;
        config.trusted_origins = vec!["https://app.example".into()];
    })
    .await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    for (next, leads_to) in [
        ("/tasks?open=1", "/tasks?open=1"),
        ("https://evil.example/", "/account"),
        ("//evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("/%2f%2fevil.example", "/account"),
        ("javascript:alert(1)", "/account"),
        ("https://app.example/", "/account"),
        ("", "/account"),
    ] {
        let fields = [("email", "ada@example.com"), ("password", PASSWORD), ("next", next)];
        assert_eq!(house.post("/sign-in", "", &fields).await.location(), leads_to, "{next}");
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let again = house.get(&format!("/sign-in?{query}"), &cookie).await;
        assert_eq!(again.location(), leads_to, "{next}");
        let asked = house.get(&format!("/sign-in?{query}"), "").await;
        assert_eq!(asked.html.contains("name=\"next\""), leads_to != "/account", "{next}");
    }
}

#[tokio::test]
async fn another_device_is_revoked_by_its_id_and_is_out_at_once() {
    let house = House::new().await;
    let first = house.sign_up("Ada", "ada@example.com").await;
    let second = house.sign_in("ada@example.com").await;
    let [id] = house.get("/account", &first).await.revocable().try_into().unwrap();
    let page = house.post("/account/revoke", &first, &[("session", &id)]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/account?done=revoked"));
    house.get(page.location(), &first).await.says("That device is signed out.");
    assert_eq!(house.get("/account", &second).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn another_users_session_cannot_be_revoked_and_is_not_told_from_none() {
    let house = House::new().await;
    let ada = house.sign_up("Ada", "ada@example.com").await;
    let ada_too = house.sign_in("ada@example.com").await;
    let eve = house.sign_up("Eve", "eve@example.com").await;
    let [id] = house.get("/account", &ada).await.revocable().try_into().unwrap();
    let foreign = house.post("/account/revoke", &eve, &[("session", &id)]).await;
    let unknown = house.post("/account/revoke", &eve, &[("session", "no-such-session")]).await;
    let empty = house.post("/account/revoke", &eve, &[]).await;
    for page in [foreign, unknown, empty] {
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        page.says("not among yours");
    }
    assert_eq!(house.get("/account", &ada_too).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_everywhere_else_leaves_this_device_alone() {
    let house = House::new().await;
    let here = house.sign_up("Ada", "ada@example.com").await;
    let there = house.sign_in("ada@example.com").await;
    let page = house.post("/account/revoke-others", &here, &[]).await;
    assert_eq!(page.location(), "/account?done=revoked-others");
    assert_eq!(house.get("/account", &here).await.status, StatusCode::OK);
    assert_eq!(house.get("/account", &there).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    let page = house.post("/account/sign-out", &cookie, &[]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?done=signed-out"));
    assert_eq!(page.cookie(), "better-auth.session_token=");
    house.get(page.location(), "").await.says("You are signed out.");
    assert_eq!(house.get("/account", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_has_no_session_is_sent_from_every_account_form_to_sign_in() {
    let house = House::new().await;
    for path in ["/account/revoke", "/account/revoke-others"] {
        let page = house.post(path, "", &[("session", "x")]).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Faccount"), "{path}");
    }
    assert_eq!(house.post("/account/sign-out", "", &[]).await.location(), "/sign-in?done=signed-out");
}

#[tokio::test]
async fn a_suspended_user_is_out_at_once_and_is_told_why_with_the_right_password_only() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    let id = house.engine.user(countersign_engine::Who::Email("ada@example.com")).await.unwrap().unwrap().id;
    assert!(house.engine.suspend(&id, None, None).await.unwrap());
    assert_eq!(house.get("/account", &cookie).await.location(), "/sign-in?next=%2Faccount");
    let right = house.post("/sign-in", "", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    assert_eq!(right.status, StatusCode::FORBIDDEN);
    right.says("This account is suspended.");
    let wrong = house.post("/sign-in", "", &[("email", "ada@example.com"), ("password", "wrong-password")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(!wrong.html.contains("suspended"));
}

#[tokio::test]
async fn the_form_and_the_endpoint_share_one_allowance() {
    let house = House::with(|_| ()).await;
    let fields = [("email", "ada@example.com"), ("password", "wrong-password")];
    let api = form("/api/auth/sign-in/email", "").header(header::ORIGIN, ORIGIN);
    assert_eq!(house.send(api.body(encoded(&fields)).unwrap()).await.status, StatusCode::UNAUTHORIZED);
    for _ in 0..2 {
        assert_eq!(house.post("/sign-in", "", &fields).await.status, StatusCode::UNAUTHORIZED);
    }
    let page = house.post("/sign-in", "", &fields).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    page.says("Please try again in");
    page.says("value=\"ada@example.com\"");
    assert!(page.header(header::RETRY_AFTER).parse::<u8>().is_ok_and(|seconds| (1..=10).contains(&seconds)));
}

#[tokio::test]
async fn a_busy_server_says_so_and_when_to_come_back() {
    let house = House::with(|config| config.engine.password_hash.queue_max = 0).await;
    let fields = [("name", "Ada"), ("email", "ada@example.com"), ("password", PASSWORD)];
    for path in ["/sign-in", "/sign-up"] {
        let page = house.post(path, "", &fields).await;
        assert_eq!((page.status, page.header(header::RETRY_AFTER)), (StatusCode::SERVICE_UNAVAILABLE, "2"), "{path}");
        page.says("The server is busy right now. Please try again in 2 seconds.");
        page.says("value=\"ada@example.com\"");
    }
}

#[tokio::test]
async fn a_method_a_page_does_not_take_is_refused_under_the_same_headers() {
    let house = House::new().await;
    for path in ["/account/sign-out", "/account/revoke", "/account/revoke-others"] {
        let page = house.get(path, "").await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert!(page.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'"), "{path}");
    }
}

#[tokio::test]
async fn a_session_that_is_not_to_be_remembered_gets_a_cookie_that_ends_with_the_browser() {
    let house = House::new().await;
    house.sign_up("Ada", "ada@example.com").await;
    let page = house.post("/sign-in", "", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    let lines: Vec<&str> = page.headers.get_all(header::SET_COOKIE).into_iter().map(|v| v.to_str().unwrap()).collect();
    assert!(lines.iter().any(|line| line.starts_with("better-auth.session_token=") && !line.contains("Max-Age")));
}

#[tokio::test]
async fn what_is_switched_off_is_not_offered_and_not_done() {
    let house = House::with(|config| {
        config.rate_limit.enabled = false;
        config.engine.email_and_password.disable_sign_up = true;
    })
    .await;
    assert!(!house.get("/", "").await.html.contains("/sign-up"));
    let page = house.get("/sign-up", "").await;
    page.says("Signing up is switched off here.");
    assert!(!page.html.contains("<form"));
    let fields = [("name", "Ada"), ("email", "ada@example.com"), ("password", PASSWORD)];
    let refused = house.post("/sign-up", "", &fields).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.says("Signing up is switched off here.");
}

#[tokio::test]
async fn signing_up_without_a_session_leads_to_sign_in() {
    let house = House::with(|config| {
        config.rate_limit.enabled = false;
        config.engine.email_and_password.auto_sign_in = false;
    })
    .await;
    let fields = [("name", "Ada"), ("email", "ada@example.com"), ("password", PASSWORD)];
    let (new, taken) = (house.post("/sign-up", "", &fields).await, house.post("/sign-up", "", &fields).await);
    assert_eq!((new.status, new.location()), (StatusCode::SEE_OTHER, "/sign-in?done=signed-up"));
    assert_eq!((taken.status, taken.location()), (new.status, new.location()), "a taken address is not revealed");
}

#[tokio::test]
async fn the_reference_names_every_path_of_the_description_and_every_error_code() {
    let house = House::with(|config| config.base_path = "/auth".into()).await;
    let description = house.get("/auth/openapi.json", "").await;
    assert_eq!(description.header(header::CONTENT_TYPE), "application/json");
    let description: serde_json::Value = serde_json::from_str(&description.html).unwrap();
    assert_eq!(description, countersign_contract::openapi::document("/auth"));
    let page = house.get("/auth/reference", "").await;
    page.says("http://localhost:3000/auth");
    for (path, operations) in description["paths"].as_object().unwrap() {
        page.says(&format!("<code>{path}</code>"));
        for operation in operations.as_object().unwrap().values() {
            page.says(&operation["summary"].as_str().unwrap().replace('\'', "&#39;").replace('"', "&#34;"));
            for response in operation["responses"].as_object().unwrap().values() {
                for code in response["description"].as_str().unwrap().split('`').skip(1).step_by(2) {
                    page.says(&format!("<code>{code}</code>"));
                }
            }
        }
    }
    for link in page.html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        page.says(&format!("id=\"{link}\""));
    }
}
