//! Signing up.

use axum::body::Body;
use http::{Request, StatusCode, header};

use super::{House, PASSWORD};

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
