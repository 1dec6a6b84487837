//! Deleting one's account.

use countersign_engine::db::args;
use countersign_server::config::Config;
use http::{StatusCode, header};

use super::{House, ORIGIN, PASSWORD, encoded, form};

const EMAIL: &str = "ada@example.com";
const PATH: &str = "/account/delete";

/// A server where users may delete themselves, and somebody on it.
async fn open(change: impl FnOnce(&mut Config)) -> (House, String) {
    let house = House::with(|config| {
        config.rate_limit.enabled = false;
        config.engine.user.delete_user.enabled = true;
        change(config);
    })
    .await;
    let cookie = house.sign_up("Ada", EMAIL).await;
    (house, cookie)
}

fn without_mail(config: &mut Config) {
    config.engine.user.delete_user.send_delete_account_verification = false;
}

async fn people(house: &House) -> i64 {
    let mut read = house.engine.database().read().await.unwrap();
    read.one("SELECT count(*) FROM {user}", args![]).await.unwrap()
}

#[tokio::test]
async fn the_link_of_a_mail_leads_to_a_page_that_asks_once_more() {
    let (house, cookie) = open(|_| ()).await;
    house.get("/account", &cookie).await.says("<a href=\"/account/delete\">Delete your account</a>");
    let page = house.get(PATH, &cookie).await;
    page.says("The account of ada@example.com goes for good");
    page.says("We send you a link first");
    let asked = house.post(PATH, &cookie, &[]).await;
    assert_eq!((asked.status, asked.location()), (StatusCode::SEE_OTHER, "/account/delete?done=asked"));
    let page = house.get(asked.location(), &cookie).await;
    page.says("We have sent a mail to ada@example.com.");
    page.says("href=\"/dev/outbox\"");

    let nobody = house.follow("").await;
    let way = nobody.location().to_owned();
    assert!(way.starts_with("/sign-in?next=%2Faccount%2Fdelete%3Ftoken%3D"), "{way}");
    let last = house.follow(&cookie).await;
    last.says("class=\"button wide danger\" type=\"submit\">Delete the account for good</button>");
    assert_eq!(people(&house).await, 1, "looking deletes nobody");
    let token = last.html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let done = house.post(PATH, &cookie, &[("token", token)]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/sign-in?done=deleted"));
    assert!(done.header(header::SET_COOKIE).contains("Max-Age=0"));
    house.get(done.location(), "").await.says("Your account is deleted.");
    assert_eq!(people(&house).await, 0);
    assert_eq!(house.get("/account", &cookie).await.location(), "/sign-in?next=%2Faccount");
}

#[tokio::test]
async fn a_link_that_is_spent_or_anothers_says_so_and_offers_another() {
    let (house, cookie) = open(|_| ()).await;
    house.post(PATH, &cookie, &[]).await;
    let link = house.last_mail().await["url"].as_str().unwrap().to_owned();
    let token = link.split_once("token=").unwrap().1;
    let eve = house.sign_up("Eve", "eve@example.com").await;
    for (cookie, token) in [(&eve, token), (&cookie, token), (&cookie, "unknown")] {
        let page = house.post(PATH, cookie, &[("token", token)]).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        page.says("This link has been used, or its time has passed.");
        page.says(">Send the link</button>");
        assert!(!page.html.contains("name=\"token\""));
    }
    assert_eq!(people(&house).await, 2);
}

#[tokio::test]
async fn what_is_not_the_fault_of_a_link_leaves_it_good() {
    let (house, cookie) = open(|config| config.rate_limit.enabled = true).await;
    house.post(PATH, &cookie, &[]).await;
    let link = house.last_mail().await["url"].as_str().unwrap().to_owned();
    let token = link.split_once("token=").unwrap().1;
    for _ in 0..2 {
        house.post(PATH, &cookie, &[]).await;
    }
    let limited = house.post(PATH, &cookie, &[("token", token)]).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    limited.says(&format!("name=\"token\" value=\"{token}\""));
    let nobody = house.post(PATH, "", &[("token", token)]).await;
    assert_eq!(nobody.location(), format!("/sign-in?next=%2Faccount%2Fdelete%3Ftoken%3D{token}"));
    assert_eq!(people(&house).await, 1);
}

#[tokio::test]
async fn without_mails_the_password_is_asked_for() {
    let (house, cookie) = open(without_mail).await;
    let page = house.get(PATH, &cookie).await;
    page.says("autocomplete=\"current-password\"");
    let wrong = house.post(PATH, &cookie, &[("current", "not the password")]).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    wrong.says("That is not your password.");
    wrong.says("<a href=\"#current\">");
    assert!(!wrong.html.contains("not the password"));
    assert_eq!(people(&house).await, 1);
    let long = house.post(PATH, &cookie, &[("current", &"x".repeat(129))]).await;
    long.says("<a href=\"#current\">");
    let done = house.post(PATH, &cookie, &[("current", PASSWORD)]).await;
    assert_eq!(done.location(), "/sign-in?done=deleted");
    assert_eq!(people(&house).await, 0);
}

#[tokio::test]
async fn who_has_no_password_needs_a_session_that_is_young() {
    let (house, cookie) = open(without_mail).await;
    let mut tx = house.engine.database().write().await.unwrap();
    tx.run("DELETE FROM {account}", args![]).await.unwrap();
    tx.run("UPDATE {session} SET {session.createdAt} = $1", args![countersign_testkit::NOW]).await.unwrap();
    tx.commit().await.unwrap();
    let page = house.get(PATH, &cookie).await;
    assert!(!page.html.contains("type=\"password\"") && page.html.contains("for good</button>"), "{}", page.html);
    let old = house.post(PATH, &cookie, &[]).await;
    assert_eq!(old.status, StatusCode::BAD_REQUEST);
    old.says("It is too long ago that you signed in.");
    assert_eq!(people(&house).await, 1);
}

#[tokio::test]
async fn who_is_nobody_signs_in_first_and_forms_from_elsewhere_do_nothing() {
    let (house, cookie) = open(without_mail).await;
    for page in [house.get(PATH, "").await, house.post(PATH, "", &[]).await] {
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Faccount%2Fdelete"));
    }
    let forged = form(PATH, &cookie).header(header::ORIGIN, "https://evil.example");
    let page = house.send(forged.body(encoded(&[("current", PASSWORD)])).unwrap()).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says(&format!("was not sent from {ORIGIN}"));
    assert_eq!(people(&house).await, 1);
}

#[tokio::test]
async fn where_it_is_switched_off_there_is_no_page() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", EMAIL).await;
    assert!(!house.get("/account", &cookie).await.html.contains(PATH));
    assert_eq!(house.get(PATH, &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.post(PATH, &cookie, &[]).await.status, StatusCode::NOT_FOUND);
}
