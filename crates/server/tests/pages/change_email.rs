//! Taking another address.

use axum::body::Body;
use countersign_engine::config::Transport;
use countersign_server::config::Config;
use http::{Request, StatusCode, header};

use super::{House, ORIGIN, encoded, form};

const EMAIL: &str = "ada@example.com";
const NEW: &str = "countess@example.com";

/// A server where addresses may be changed, and somebody on it.
async fn open(change: impl FnOnce(&mut Config)) -> (House, String) {
    let house = House::with(|config| {
        config.rate_limit.enabled = false;
        config.engine.user.change_email.enabled = true;
        change(config);
    })
    .await;
    let cookie = house.sign_up("Ada", EMAIL).await;
    (house, cookie)
}

impl House {
    async fn confirm(&self, cookie: &str) {
        self.post("/confirm-email", cookie, &[("email", EMAIL)]).await;
        self.follow(cookie).await;
    }

    /// Asks for the address and answers what the page says that is then shown.
    async fn ask_for(&self, email: &str, cookie: &str) -> String {
        let asked = self.post("/account/email", cookie, &[("email", email)]).await;
        assert_eq!((asked.status, asked.location()), (StatusCode::SEE_OTHER, "/account/email?done=asked"));
        self.get(asked.location(), cookie).await.html
    }
}

#[tokio::test]
async fn both_addresses_agree_and_each_link_says_what_is_next() {
    let (house, cookie) = open(|_| ()).await;
    house.confirm(&cookie).await;
    house.get("/account", &cookie).await.says("<a href=\"/account/email\">Change your e-mail address</a>");
    let page = house.get("/account/email", &cookie).await;
    page.says("Your address is ada@example.com. We write to it first");
    page.says("<label for=\"email\">New e-mail address</label>");
    page.says("autocomplete=\"email\"");

    let said = house.ask_for(NEW, &cookie).await;
    assert!(
        said.contains("We have sent a mail to ada@example.com.") && said.contains("href=\"/dev/outbox\""),
        "{said}"
    );
    assert_eq!(house.last_mail().await["to"], EMAIL);
    let agreed = house.follow("").await;
    assert_eq!((agreed.status, agreed.location()), (StatusCode::FOUND, "/confirm-email?done=agreed"));
    let page = house.get(agreed.location(), "").await;
    page.says("Now we have sent a mail to the new address.");
    page.says("href=\"/sign-in\"");
    house.get("/account", &cookie).await.says("<p class=\"muted\">ada@example.com");

    assert_eq!(house.last_mail().await["to"], NEW);
    let changed = house.follow(&cookie).await;
    assert_eq!(changed.location(), "/confirm-email?done=changed");
    let page = house.get(changed.location(), &cookie).await;
    page.says("<h1>Your address is changed</h1>");
    page.says("class=\"button wide\" href=\"/account\"");
    house.get("/account", &cookie).await.says("<p class=\"muted\">countess@example.com");

    let again = house.follow("").await;
    assert_eq!(again.location(), "/confirm-email?done=changed&error=INVALID_TOKEN");
    let page = house.get(again.location(), &cookie).await;
    page.says("This link has been used");
    page.says("class=\"button wide\" href=\"/account/email\"");
    assert!(!page.html.contains("is changed"));
}

#[tokio::test]
async fn an_address_that_is_not_confirmed_is_not_asked() {
    let (house, cookie) = open(|_| ()).await;
    house.get("/account/email", &cookie).await.says("We write to the new one.");
    let said = house.ask_for(NEW, &cookie).await;
    assert!(
        said.contains("We have sent a mail to the new address.") && said.contains("Until then it is ada@"),
        "{said}"
    );
    assert_eq!(house.last_mail().await["to"], NEW);
    assert_eq!(house.follow("").await.location(), "/confirm-email?done=changed");
}

#[tokio::test]
async fn it_changes_at_once_where_that_is_set_unless_it_is_taken() {
    let (house, cookie) = open(|config| {
        config.engine.user.change_email.update_email_without_verification = true;
    })
    .await;
    house.sign_up("Eve", "eve@example.com").await;
    house.get("/account/email", &cookie).await.says("It changes at once.");
    for (email, then) in [("eve@example.com", EMAIL), (NEW, NEW)] {
        let asked = house.post("/account/email", &cookie, &[("email", email)]).await;
        assert_eq!(asked.location(), "/account?done=email");
        let account = house.get(asked.location(), &cookie).await;
        account.says("If nobody else has the new address, it is yours now.");
        account.says(&format!("<p class=\"muted\">{then}"));
    }
    assert_eq!(house.follow("").await.location(), "/confirm-email?done=confirmed");
}

#[tokio::test]
async fn a_taken_address_is_told_to_nobody() {
    let (house, cookie) = open(|_| ()).await;
    house.sign_up("Eve", "eve@example.com").await;
    let (taken, free) = (house.ask_for("eve@example.com", &cookie).await, house.ask_for(NEW, &cookie).await);
    assert_eq!(taken, free);
    assert_eq!(house.last_mail().await["to"], NEW);
    assert_eq!(house.engine.kept_letters().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_no_other_address_is_refused_with_the_field_named() {
    let (house, cookie) = open(|_| ()).await;
    for (email, words) in [
        ("ADA@example.com", "That is your address already."),
        ("not-an-address", "not look like an e-mail address"),
        ("", "not look like an e-mail address"),
    ] {
        let refused = house.post("/account/email", &cookie, &[("email", email)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{email}");
        refused.says(words);
        refused.says("<a href=\"#email\">");
        refused.says("Your address is ada@example.com.");
    }
    let forged = form("/account/email", &cookie).header(header::ORIGIN, "https://evil.example");
    let page = house.send(forged.body(encoded(&[("email", NEW)])).unwrap()).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("was not sent from http://localhost:3000");
    assert!(!page.html.contains(NEW));
}

#[tokio::test]
async fn who_is_nobody_signs_in_first_and_whom_the_link_does_not_belong_to_is_told() {
    let (house, cookie) = open(|_| ()).await;
    for page in [house.get("/account/email", "").await, house.post("/account/email", "", &[("email", NEW)]).await] {
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Faccount%2Femail"));
    }
    house.ask_for(NEW, &cookie).await;
    let eve = house.sign_up("Eve", "eve@example.com").await;
    let refused = house.follow(&eve).await;
    assert_eq!(refused.location(), "/confirm-email?done=changed&error=INVALID_USER");
    house.get(refused.location(), &eve).await.says("This link belongs to another account");
}

#[tokio::test]
async fn where_it_is_switched_off_there_is_no_page_and_without_mails_nothing_to_fill_in() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", EMAIL).await;
    assert!(!house.get("/account", &cookie).await.html.contains("/account/email"));
    assert_eq!(house.get("/account/email", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.post("/account/email", &cookie, &[("email", NEW)]).await.status, StatusCode::NOT_FOUND);

    let (house, cookie) = open(|config| config.engine.email.transport = Transport::Off).await;
    let page = house.get("/account/email", &cookie).await;
    page.says("This server sends no mails");
    assert!(!page.html.contains("<form"));
    let account = house.get("/account", &cookie).await;
    account.says(">not confirmed</span>");
    assert!(!account.html.contains("action=\"/confirm-email\""));
    let refused = house.post("/account/email", &cookie, &[("email", NEW)]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.says("This server sends no mails");
}

#[tokio::test]
async fn both_mails_are_in_the_language_of_whoever_asked_or_agreed() {
    let (house, cookie) = open(|_| ()).await;
    house.confirm(&cookie).await;
    let ask = form("/account/email", &cookie).header(header::ORIGIN, ORIGIN).header(header::ACCEPT_LANGUAGE, "fr");
    house.send(ask.body(encoded(&[("email", NEW)])).unwrap()).await;
    let mail = house.last_mail().await;
    assert_eq!(mail["subject"], "Voulez-vous une autre adresse e-mail chez Countersign ?");
    let link = mail["url"].as_str().unwrap().strip_prefix(ORIGIN).unwrap();
    let agree = Request::get(link).header(header::ACCEPT_LANGUAGE, "de").body(Body::empty()).unwrap();
    assert_eq!(house.send(agree).await.status, StatusCode::FOUND);
    assert_eq!(house.last_mail().await["subject"], "Bestätigen Sie Ihre neue E-Mail-Adresse für Countersign");
}
