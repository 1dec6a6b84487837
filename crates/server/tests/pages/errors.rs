//! Where a browser learns what failed elsewhere.

use axum::body::Body;
use http::{Request, StatusCode, header};

use super::House;

#[tokio::test]
async fn the_error_page_says_a_known_code_in_words_and_any_as_a_code() {
    let house = House::new().await;
    let known = house.get("/api/auth/error?error=INVALID_TOKEN", "").await;
    assert_eq!(known.status, StatusCode::OK);
    known.says("This link has been used");
    known.says("<code>INVALID_TOKEN</code>");
    let unknown = house.get("/api/auth/error?error=some-code", "").await;
    unknown.says("Something did not work.");
    unknown.says("<code>some-code</code>");
    for odd in ["/api/auth/error", "/api/auth/error?error=%3Cscript%3E", "/api/auth/error?error=a%20b"] {
        house.get(odd, "").await.says("<code>UNKNOWN</code>");
    }
    for method in ["POST", "HEAD", "PUT"] {
        let request = Request::builder().method(method).uri("/api/auth/error").body(Body::empty()).unwrap();
        assert_eq!(house.send(request).await.status, StatusCode::NOT_FOUND, "{method}");
    }
}

#[tokio::test]
async fn what_an_address_says_is_text_and_is_not_taken_for_our_words() {
    let house = House::new().await;
    let page = house.get("/api/auth/error?error=x&error_description=%3Cscript%3Ecall%20us", "").await;
    page.says("<summary>What the address says about it</summary>");
    page.says("&#60;script&#62;call us");
    assert!(!page.html.contains("<script"));
}

#[tokio::test]
async fn the_error_page_of_somebody_else_is_told_what_happened() {
    let house = House::with(|config| {
        config.on_api_error.error_url = Some("https://app.example/oops?a=b".into());
    })
    .await;
    let page = house.get("/api/auth/error?error=%3Cb%3E&error_description=d%20e%26f&x=y", "").await;
    assert_eq!(page.status, StatusCode::FOUND);
    assert_eq!(page.location(), "https://app.example/oops?a=b&error=UNKNOWN&error_description=d+e%26f");
}

#[tokio::test]
async fn an_error_in_the_address_of_the_front_page_is_said_there_or_on_the_account() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    house.get("/?error=INVALID_TOKEN", "").await.says("This link has been used");
    let injected = house.get("/?error=Call%20us%20at%201234", "").await;
    injected.says("Something did not work.");
    assert!(!injected.html.contains("1234"));
    let signed_in = house.get("/?error=INVALID_TOKEN", &cookie).await;
    assert_eq!(signed_in.location(), "/account?error=INVALID_TOKEN");
    house.get(signed_in.location(), &cookie).await.says("This link has been used");
    let odd = house.get("/?error=a%0d%0ab", &cookie).await;
    assert_eq!(odd.location(), "/account?error=a%0D%0Ab");
}

#[tokio::test]
async fn asking_for_the_error_page_too_often_is_refused() {
    let house = House::with(|config| config.rate_limit.max = 1).await;
    assert_eq!(house.get("/api/auth/error", "").await.status, StatusCode::OK);
    let page = house.get("/api/auth/error", "").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!page.header(header::RETRY_AFTER).is_empty());
}
