//! What holds on every page.

use axum::body::Body;
use countersign_server::config::SocialProvider;
use http::{Request, StatusCode, header};

use super::{House, ORIGIN, PASSWORD, encoded, form};

const EVERY_PAGE: [&str; 14] = [
    "/",
    "/sign-up",
    "/sign-in",
    "/forgot-password",
    "/new-password?token=x",
    "/confirm-email",
    "/confirm-email?done=confirmed",
    "/account",
    "/account/email",
    "/account/delete",
    "/account/password",
    "/api/auth/error?error=INVALID_TOKEN",
    "/api/auth/reference",
    "/.well-known/change-password",
];
const EVERY_FORM: [&str; 14] = [
    "/sign-up",
    "/sign-in",
    "/forgot-password",
    "/new-password",
    "/confirm-email",
    "/account/email",
    "/account/delete",
    "/account/password",
    "/account/sign-out",
    "/account/revoke",
    "/account/revoke-others",
    "/sign-in/provider",
    "/account/link",
    "/account/unlink",
];

/// A server on which nothing is switched off that has a page.
async fn with_every_page() -> House {
    House::with(|config| {
        config.rate_limit.enabled = false;
        config.engine.user.change_email.enabled = true;
        config.engine.user.delete_user.enabled = true;
        let google = SocialProvider { client_id: "us".into(), ..SocialProvider::default() };
        config.social_providers.insert("google".into(), google);
    })
    .await
}

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
        page.says("<html lang=\"en\" dir=\"ltr\">");
    }
    let account = house.get("/account", "").await;
    assert_eq!((account.status, account.location()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Faccount"));
}

#[tokio::test]
async fn every_page_forbids_scripts_frames_sniffing_and_storing() {
    let house = with_every_page().await;
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
            assert_eq!(page.header(header::REFERRER_POLICY), "no-referrer", "{path}");
            assert_eq!(page.header(header::CACHE_CONTROL), "no-store", "{path}");
            assert!(!page.html.contains("<script") && !page.html.contains(" style="), "{path}");
        }
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
    let house = with_every_page().await;
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
async fn an_address_that_leads_nowhere_is_a_page_for_browsers_and_nothing_for_programs() {
    let house = House::new().await;
    let browser = |path: &str, languages: &str| {
        let request = Request::get(path).header(header::ACCEPT, "text/html,*/*;q=0.8");
        request.header(header::ACCEPT_LANGUAGE, languages).body(Body::empty()).unwrap()
    };
    let page = house.send(browser("/nowhere", "fr")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.says("Il n’y a pas de page à cette adresse.");
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("style-src 'sha256-"));
    let program = house.get("/nowhere", "").await;
    assert_eq!((program.status, program.html.as_str()), (StatusCode::NOT_FOUND, ""));
    let endpoint = house.send(browser("/api/auth/nowhere", "en")).await;
    assert_eq!((endpoint.status, endpoint.html.as_str()), (StatusCode::NOT_FOUND, ""), "docs/wire.md 1.1");

    let method = house.send(browser("/account/revoke", "en")).await;
    assert_eq!((method.status, method.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    method.says("<h1>That did not work</h1>");
}

#[tokio::test]
async fn where_a_browser_cannot_vouch_for_a_form_our_own_pages_see_the_referrer() {
    for (base_url, policy) in [
        ("https://auth.example", "no-referrer"),
        ("http://127.0.0.1:3000", "no-referrer"),
        ("http://auth.lan:3000", "same-origin"),
    ] {
        let house = House::with(|config| config.engine.base_url = base_url.parse().unwrap()).await;
        assert_eq!(house.get("/sign-in", "").await.header(header::REFERRER_POLICY), policy, "{base_url}");
    }
}

#[tokio::test]
async fn a_browser_that_hides_where_a_form_comes_from_vouches_for_it() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    for (site, status) in [("same-origin", 303), ("same-site", 403), ("cross-site", 403), ("none", 403)] {
        for cookie in ["", &cookie] {
            let request = form("/sign-in", cookie).header(header::ORIGIN, "null").header("sec-fetch-site", site);
            let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
            assert_eq!(house.send(request.body(encoded(&fields)).unwrap()).await.status, status, "{site}");
        }
    }
}
