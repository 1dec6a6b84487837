//! Forgetting a password, choosing another, changing it.

use http::{StatusCode, header};

use super::{House, PASSWORD, Page, encoded, form};

const ANOTHER: &str = "another horse battery";

impl House {
    async fn forget(&self, email: &str) -> Page {
        self.post("/forgot-password", "", &[("email", email)]).await
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_through_the_link_of_a_mail_once() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    house.get("/sign-in", "").await.says("href=\"/forgot-password\"");
    house.get("/forgot-password", "").await.says("autocomplete=\"username\"");

    let asked = house.forget("ada@example.com").await;
    assert_eq!((asked.status, asked.location()), (StatusCode::SEE_OTHER, "/forgot-password?done=sent"));
    let sent = house.get(asked.location(), "").await;
    sent.says("If there is an account with this address");
    sent.says("href=\"/dev/outbox\"");

    let link = house.last_link().await;
    assert!(link.starts_with("/new-password?token="), "{link}");
    let token = link.split_once('=').unwrap().1;
    house.get(&link, "").await.says("autocomplete=\"new-password\"");
    let short = house.post("/new-password", "", &[("token", token), ("password", "short")]).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    short.says("at least 8");
    short.says(&format!("name=\"token\" value=\"{token}\""));
    let done = house.post("/new-password", "", &[("token", token), ("password", ANOTHER)]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/sign-in?done=reset"));
    house.get(done.location(), "").await.says("You have a new password.");
    assert_eq!(house.get("/account", &cookie).await.status, StatusCode::SEE_OTHER, "a reset ends every session");

    let again = house.post("/new-password", "", &[("token", token), ("password", ANOTHER)]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    again.says("This link has been used");
    again.says("href=\"/forgot-password\"");
    assert!(!again.html.contains("<form"), "there is nothing to fill in");
    house.get("/new-password?error=INVALID_TOKEN", "").await.says("This link has been used");
    let fields = [("email", "ada@example.com"), ("password", ANOTHER)];
    assert_eq!(house.post("/sign-in", "", &fields).await.location(), "/account");
}

#[tokio::test]
async fn asking_for_a_link_tells_nobody_who_has_an_account() {
    let house = House::new().await;
    house.sign_up("Ada", "ada@example.com").await;
    let (known, unknown) = (house.forget("ada@example.com").await, house.forget("nobody@example.com").await);
    assert_eq!((known.status, known.location(), &known.html), (unknown.status, unknown.location(), &unknown.html));
    let names = |page: &Page| page.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&known), names(&unknown));
}

#[tokio::test]
async fn an_address_that_is_none_is_said_so_and_a_server_without_mails_too() {
    let house = House::new().await;
    let refused = house.forget("not-an-address").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.says("not look like an e-mail address");
    refused.says("value=\"not-an-address\"");

    let house = House::with(|config| {
        config.rate_limit.enabled = false;
        config.engine.email.transport = countersign_engine::config::Transport::Off;
    })
    .await;
    let page = house.get("/forgot-password", "").await;
    page.says("This server sends no mails.");
    assert!(!page.html.contains("<form"));
    assert!(!house.get("/sign-in", "").await.html.contains("/forgot-password"));
    assert_eq!(house.forget("ada@example.com").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn asking_too_often_is_said_with_the_address_kept() {
    let house = House::with(|_| ()).await;
    for _ in 0..3 {
        assert_eq!(house.forget("ada@example.com").await.status, StatusCode::SEE_OTHER);
    }
    let page = house.forget("ada@example.com").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    page.says("value=\"ada@example.com\"");
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_the_other_devices_are_out() {
    let house = House::new().await;
    let here = house.sign_up("Ada", "ada@example.com").await;
    let there = house.sign_in("ada@example.com").await;
    house.get("/account", &here).await.says("href=\"/account/password\"");
    let page = house.get("/account/password", &here).await;
    page.says("name=\"username\" value=\"ada@example.com\"");
    page.says("autocomplete=\"current-password\"");

    for (current, password, words, field) in [
        ("wrong-password", ANOTHER, "That is not your password.", "current"),
        (PASSWORD, "short", "at least 8", "password"),
    ] {
        let fields = [("current", current), ("password", password), ("others", "on")];
        let refused = house.post("/account/password", &here, &fields).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        refused.says(words);
        refused.says(&format!("<a href=\"#{field}\">"));
        assert!(!refused.html.contains(current) && !refused.html.contains(password));
    }

    let fields = [("current", PASSWORD), ("password", ANOTHER), ("others", "on")];
    let changed = house.post("/account/password", &here, &fields).await;
    assert_eq!((changed.status, changed.location()), (StatusCode::SEE_OTHER, "/account?done=password"));
    house.get(changed.location(), &changed.cookie()).await.says("Your password is changed.");
    assert_eq!(house.get("/account", &there).await.status, StatusCode::SEE_OTHER, "the other device is out");
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    assert_eq!(house.post("/sign-in", "", &fields).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn other_devices_stay_where_the_box_is_not_ticked() {
    let house = House::new().await;
    let here = house.sign_up("Ada", "ada@example.com").await;
    let there = house.sign_in("ada@example.com").await;
    let fields = [("current", PASSWORD), ("password", ANOTHER)];
    assert_eq!(house.post("/account/password", &here, &fields).await.location(), "/account?done=password");
    for cookie in [here, there] {
        assert_eq!(house.get("/account", &cookie).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn who_is_nobody_signs_in_first_and_comes_back_to_the_form() {
    let house = House::new().await;
    let fields = [("current", PASSWORD), ("password", ANOTHER)];
    for page in [house.get("/account/password", "").await, house.post("/account/password", "", &fields).await] {
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Faccount%2Fpassword"));
    }
    assert_eq!(house.get("/.well-known/change-password", "").await.location(), "/account/password");
}

#[tokio::test]
async fn a_form_for_a_mail_sent_from_another_site_sends_none() {
    let house = House::new().await;
    house.sign_up("Ada", "ada@example.com").await;
    let forged = form("/forgot-password", "").header(header::ORIGIN, "https://evil.example");
    let page = house.send(forged.body(encoded(&[("email", "ada@example.com")])).unwrap()).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("was not sent from http://localhost:3000");
}
