//! Signing in.

use http::{StatusCode, header};

use super::{House, ORIGIN, PASSWORD, encoded, form};

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
async fn a_session_that_is_not_to_be_remembered_gets_a_cookie_that_ends_with_the_browser() {
    let house = House::new().await;
    house.sign_up("Ada", "ada@example.com").await;
    let page = house.post("/sign-in", "", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    let lines: Vec<&str> = page.headers.get_all(header::SET_COOKIE).into_iter().map(|v| v.to_str().unwrap()).collect();
    assert!(lines.iter().any(|line| line.starts_with("better-auth.session_token=") && !line.contains("Max-Age")));
}
