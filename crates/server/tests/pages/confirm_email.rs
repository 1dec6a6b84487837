//! Showing an address to be one's own: after signing up, where signing in asks for it, and from the account.

use countersign_engine::config::Transport;
use countersign_server::config::Config;
use http::{StatusCode, header};

use super::{House, PASSWORD, Page, encoded, form};

const EMAIL: &str = "ada@example.com";

impl House {
    /// Where nobody signs in before their address is known.
    async fn strict(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(|config| {
            config.rate_limit.enabled = false;
            config.engine.email_and_password.require_email_verification = true;
            change(config);
        })
        .await
    }

    async fn sign_up_to(&self, next: &str) -> Page {
        let fields = [("name", "Ada"), ("email", EMAIL), ("password", PASSWORD), ("next", next)];
        self.post("/sign-up", "", &fields).await
    }

    async fn try_to_sign_in(&self) -> Page {
        self.post("/sign-in", "", &[("email", EMAIL), ("password", PASSWORD), ("next", "/a?b=c")]).await
    }

    /// How many mails there are.
    async fn mails(&self) -> usize {
        self.engine.kept_letters().await.unwrap().len()
    }
}

#[tokio::test]
async fn who_signed_up_is_told_of_the_mail_and_its_link_leads_on_to_where_they_were_going() {
    let house = House::strict(|_| ()).await;
    let waiting = house.sign_up_to("/a?b=c").await;
    assert_eq!(waiting.status, StatusCode::OK);
    for words in [
        "We have sent a mail to ada@example.com.",
        "<form class=\"card\" method=\"post\" action=\"/confirm-email\">",
        "value=\"ada@example.com\"",
        "name=\"next\" value=\"/a?b=c\"",
        "Send another mail",
        "href=\"/sign-in?next=%2Fa%3Fb%3Dc\"",
        "href=\"/dev/outbox\"",
    ] {
        waiting.says(words);
    }
    assert!(waiting.headers.get(header::SET_COOKIE).is_none());

    let followed = house.follow("").await;
    assert_eq!(followed.status, StatusCode::FOUND);
    assert_eq!(followed.location(), "/confirm-email?done=confirmed&next=%2Fa%3Fb%3Dc");
    let confirmed = house.get(followed.location(), "").await;
    confirmed.says("<h1>Your address is confirmed</h1>");
    confirmed.says("You can sign in now.");
    confirmed.says("class=\"button wide\" href=\"/sign-in?next=%2Fa%3Fb%3Dc\"");
    assert_eq!(house.try_to_sign_in().await.location(), "/a?b=c");
}

#[tokio::test]
async fn a_taken_address_is_not_told_from_a_new_one() {
    let house = House::strict(|_| ()).await;
    let (new, taken) = (house.sign_up_to("").await, house.sign_up_to("").await);
    assert_eq!((new.status, &new.html), (taken.status, &taken.html));
    let last = house.last_mail().await;
    assert_eq!((&last["to"], &last["subject"]), (&EMAIL.into(), &"You have an account at Countersign already".into()));
    assert_eq!(house.mails().await, 2);
}

#[tokio::test]
async fn the_link_signs_in_where_that_is_set() {
    let house = House::strict(|config| config.engine.email_verification.auto_sign_in_after_verification = true).await;
    house.sign_up_to("").await;
    let followed = house.follow("").await;
    let confirmed = house.get(followed.location(), &followed.cookie()).await;
    confirmed.says("You are signed in.");
    confirmed.says("class=\"button wide\" href=\"/account\"");
    let on_the_way = house.get("/confirm-email?done=confirmed&next=%2Fa", &followed.cookie()).await;
    on_the_way.says("class=\"button wide\" href=\"/a\">Go on</a>");
    house.get("/account", &followed.cookie()).await.says(">confirmed</span>");
    let again = house.follow("").await;
    assert_eq!(again.location(), "/confirm-email?done=confirmed");
    house.get(again.location(), "").await.says("href=\"/sign-in\"");
}

#[tokio::test]
async fn a_sign_in_that_is_refused_for_the_want_of_it_offers_another_mail_or_has_sent_one() {
    let house = House::strict(|_| ()).await;
    house.sign_up_to("").await;
    let refused = house.try_to_sign_in().await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    refused.says("This e-mail address has not been confirmed yet.");
    refused.says("We send you a link");
    refused.says("value=\"ada@example.com\"");
    refused.says("name=\"next\" value=\"/a?b=c\"");
    let fields = [("email", EMAIL), ("next", "/a?b=c")];
    let sent = house.post("/confirm-email", "", &fields).await;
    assert_eq!((sent.status, sent.location()), (StatusCode::SEE_OTHER, "/confirm-email?done=sent&next=%2Fa%3Fb%3Dc"));
    house.get(sent.location(), "").await.says("href=\"/sign-in?next=%2Fa%3Fb%3Dc\"");
    house.last_mail().await;
    assert_eq!(house.mails().await, 2);
    assert_eq!(house.follow("").await.location(), "/confirm-email?done=confirmed&next=%2Fa%3Fb%3Dc");

    let house = House::strict(|config| config.engine.email_verification.send_on_sign_in = true).await;
    house.sign_up_to("").await;
    house.try_to_sign_in().await.says("We have sent a mail to ada@example.com.");
    assert_eq!(house.follow("").await.location(), "/confirm-email?done=confirmed&next=%2Fa%3Fb%3Dc");
}

#[tokio::test]
async fn asking_for_the_link_tells_nobody_who_has_an_account() {
    let house = House::strict(|_| ()).await;
    house.sign_up_to("").await;
    let ask = async |email: &str| house.post("/confirm-email", "", &[("email", email)]).await;
    let (known, unknown) = (ask(EMAIL).await, ask("nobody@example.com").await);
    assert_eq!((known.status, known.location(), &known.html), (unknown.status, unknown.location(), &unknown.html));
    let names = |page: &Page| page.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&known), names(&unknown));
    let sent = house.get(known.location(), "").await;
    sent.says("If this address is still to be confirmed");
    sent.says("href=\"/dev/outbox\"");
    house.follow("").await;
    let before = house.mails().await;
    assert_eq!(ask(EMAIL).await.location(), known.location(), "nor whether the address is confirmed");
    assert_eq!(house.mails().await, before);
    let none = ask("not-an-address").await;
    assert_eq!(none.status, StatusCode::BAD_REQUEST);
    none.says("not look like an e-mail address");
    none.says("value=\"not-an-address\"");
}

#[tokio::test]
async fn a_link_that_is_not_good_says_so_and_offers_another() {
    let house = House::strict(|_| ()).await;
    house.get("/confirm-email", "").await.says("We send you a link");
    for (code, words) in [
        ("TOKEN_EXPIRED", "This link has been used, or its time has passed."),
        ("INVALID_TOKEN", "This link has been used, or its time has passed."),
        ("USER_NOT_FOUND", "has no account here any more"),
        ("Call%20us", "Something did not work."),
    ] {
        let page = house.get(&format!("/confirm-email?done=confirmed&error={code}"), "").await;
        page.says(words);
        page.says("action=\"/confirm-email\"");
        assert!(!page.html.contains("Call us") && !page.html.contains("is confirmed"), "{code}");
    }
    let forged = "/api/auth/verify-email?token=x&callbackURL=%2Fconfirm-email%3Fdone%3Dconfirmed";
    assert_eq!(house.get(forged, "").await.location(), "/confirm-email?done=confirmed&error=INVALID_TOKEN");
}

#[tokio::test]
async fn no_link_of_a_mail_leads_elsewhere() {
    let house = House::strict(|_| ()).await;
    house.sign_up_to("//evil.example").await;
    assert_eq!(house.follow("").await.location(), "/confirm-email?done=confirmed");
    let page = house.get("/confirm-email?done=confirmed&next=https://evil.example", "").await;
    assert!(!page.html.contains("evil.example"));
}

#[tokio::test]
async fn the_account_says_that_the_address_is_not_confirmed_and_sends_the_link() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", EMAIL).await;
    let account = house.get("/account", &cookie).await;
    account.says(">not confirmed</span>");
    account.says("action=\"/confirm-email\"><input type=\"hidden\" name=\"email\" value=\"ada@example.com\">");
    house.get("/confirm-email", &cookie).await.says("value=\"ada@example.com\"");
    let other = house.post("/confirm-email", &cookie, &[("email", "eve@example.com")]).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
    other.says("That is not the address of your account.");

    let sent = house.post("/confirm-email", &cookie, &[("email", EMAIL)]).await;
    assert_eq!(sent.location(), "/confirm-email?done=sent");
    house.get(sent.location(), &cookie).await.says("href=\"/account\">Back to your account");
    assert_eq!(house.follow(&cookie).await.location(), "/confirm-email?done=confirmed");
    let account = house.get("/account", &cookie).await;
    account.says(">confirmed</span>");
    assert!(!account.html.contains("action=\"/confirm-email\""));
    let again = house.post("/confirm-email", &cookie, &[("email", EMAIL)]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    again.says("Your address is confirmed already.");
    assert_eq!(house.get("/confirm-email", &cookie).await.location(), "/account");
}

#[tokio::test]
async fn a_server_without_mails_says_so_and_one_that_sends_none_at_signing_up_offers_one() {
    let house = House::strict(|config| config.engine.email.transport = Transport::Off).await;
    for page in [house.sign_up_to("").await, house.try_to_sign_in().await, house.get("/confirm-email", "").await] {
        page.says("This server sends no mails.");
        assert!(!page.html.contains("<form"));
    }
    let refused = house.post("/confirm-email", "", &[("email", EMAIL)]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);

    let house = House::strict(|config| config.engine.email_verification.send_on_sign_up = Some(false)).await;
    let waiting = house.sign_up_to("").await;
    waiting.says("You can sign in when you have shown that the address is yours.");
    assert!(!waiting.html.contains("We have sent") && house.mails().await == 0);
}

#[tokio::test]
async fn a_form_sent_from_another_site_sends_no_mail_and_one_sent_too_often_neither() {
    let house = House::with(|config| config.engine.email_verification.send_on_sign_up = Some(false)).await;
    house.sign_up("Ada", EMAIL).await;
    let forged = form("/confirm-email", "").header(header::ORIGIN, "https://evil.example");
    let page = house.send(forged.body(encoded(&[("email", EMAIL)])).unwrap()).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("was not sent from http://localhost:3000");
    assert!(!page.html.contains(EMAIL) && house.mails().await == 0);
    for _ in 0..3 {
        assert_eq!(house.post("/confirm-email", "", &[("email", EMAIL)]).await.status, StatusCode::SEE_OTHER);
    }
    let page = house.post("/confirm-email", "", &[("email", EMAIL)]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    page.says("value=\"ada@example.com\"");
}
