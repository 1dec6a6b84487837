//! Identity providers: the buttons that lead there, and the accounts one has there.

use countersign_engine::Who;
use countersign_engine::db::args;
use countersign_server::config::{Config, SocialProvider};
use http::{StatusCode, header};

use super::{House, PASSWORD, Page};

/// Google, and a provider of one's own that takes nobody new.
fn with_providers(config: &mut Config) {
    config.rate_limit.enabled = false;
    let google = SocialProvider { client_id: "us".into(), ..SocialProvider::default() };
    let at = |path: &str| Some(format!("https://id.example/{path}"));
    let own = SocialProvider {
        name: Some("Harbour & Sons".into()),
        client_id: "us".into(),
        authorization_url: at("authorize"),
        token_url: at("token"),
        user_info_url: at("userinfo"),
        disable_sign_up: true,
        ..SocialProvider::default()
    };
    config.social_providers.extend([("google".to_owned(), google), ("harbour".to_owned(), own)]);
}

impl House {
    async fn id_of(&self, email: &str) -> String {
        self.engine.user(Who::Email(email)).await.unwrap().unwrap().id
    }

    /// Links an account, as a way back from a provider does.
    async fn has_account(&self, id: &str, user: &str, provider: &str) {
        let now = self.engine.clock().now();
        let mut tx = self.engine.database().write().await.unwrap();
        let statement = "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, \
                         {account.userId}, {account.createdAt}, {account.updatedAt}) VALUES ($1, $1, $2, $3, $4, $4)";
        tx.run(statement, args![id, provider, user, now]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

impl Page {
    /// Where a page leads by itself.
    fn refresh(&self) -> String {
        let url = self.html.split("http-equiv=\"refresh\" content=\"0; url=").nth(1).unwrap();
        url.split('"').next().unwrap().replace("&#38;", "&")
    }

    fn sets_cookie(&self, name: &str) -> bool {
        let mut lines = self.headers.get_all(header::SET_COOKIE).into_iter().map(|line| line.to_str().unwrap());
        lines.any(|line| line.starts_with(&format!("{name}=")))
    }
}

#[tokio::test]
async fn its_button_leads_there_and_the_way_back_is_bound_to_the_browser() {
    let house = House::with(with_providers).await;
    let sign_in = house.get("/sign-in?next=%2Ftasks", "").await;
    sign_in.says("name=\"provider\" value=\"google\">Continue with Google<");
    sign_in.says("name=\"provider\" value=\"harbour\">Continue with Harbour &#38; Sons<");
    assert_eq!(sign_in.html.matches("name=\"next\" value=\"/tasks\"").count(), 2, "{}", sign_in.html);

    let page = house.post("/sign-in/provider", "", &[("provider", "google"), ("next", "/tasks")]).await;
    assert_eq!(page.status, StatusCode::OK);
    let url = page.refresh();
    assert!(url.starts_with("https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=us&"), "{url}");
    assert!(url.contains("redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fapi%2Fauth%2Fcallback%2Fgoogle"), "{url}");
    page.says("On to Google");
    assert!(page.sets_cookie("better-auth.state"));
    assert!(page.header(header::CONTENT_SECURITY_POLICY).contains("form-action 'self'"));
}

#[tokio::test]
async fn a_provider_that_takes_nobody_new_is_not_on_the_page_for_new_people() {
    let house = House::with(with_providers).await;
    let sign_up = house.get("/sign-up", "").await;
    sign_up.says("Continue with Google");
    assert!(!sign_up.html.contains("Harbour"));
}

#[tokio::test]
async fn a_provider_nobody_knows_is_an_error_on_the_form_and_no_cookie_is_set() {
    let house = House::with(with_providers).await;
    for fields in [&[("provider", "nobody")][..], &[]] {
        let page = house.post("/sign-in/provider", "", fields).await;
        assert!(page.status.is_client_error(), "{}", page.status);
        page.says("role=\"alert\"");
        page.says("Continue with Google");
        assert!(!page.sets_cookie("better-auth.state"));
    }
    let none = House::new().await;
    let page = none.post("/sign-in/provider", "", &[("provider", "google")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "without providers there is no such form");
}

#[tokio::test]
async fn where_passwords_are_switched_off_the_buttons_are_the_way_in() {
    let house = House::with(|config| {
        with_providers(config);
        config.engine.email_and_password.enabled = false;
    })
    .await;
    let front = house.get("/", "").await;
    front.says("href=\"/sign-in\"");
    front.says("href=\"/sign-up\"");
    for path in ["/sign-in", "/sign-up"] {
        let page = house.get(path, "").await;
        page.says("Continue with Google");
        assert!(!page.html.contains("type=\"password\"") && !page.html.contains("switched off"), "{}", page.html);
    }
}

#[tokio::test]
async fn what_a_provider_or_the_way_back_refuses_is_said_in_words_of_our_own() {
    let house = House::with(with_providers).await;
    for (code, words) in [
        ("access_denied", "You did not agree to it there"),
        ("signup_disabled", "Nobody here belongs to your account there"),
        ("account_not_linked", "There is an account here with your e-mail address already"),
        ("email_not_found", "does not say which e-mail address is yours"),
        ("state_mismatch", "began in another browser"),
        ("something_else", "Something did not work."),
    ] {
        let page = house.get(&format!("/sign-in?error={code}&error_description=Call+1-800"), "").await;
        page.says(words);
        assert!(!page.html.contains("1-800"), "{code}");
    }
}

#[tokio::test]
async fn an_account_there_is_connected_and_let_go_of_on_the_page_of_ones_own() {
    let house = House::with(with_providers).await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    let account = house.get("/account", &cookie).await;
    account.says("Connect Google");
    account.says("Connect Harbour &#38; Sons");
    let page = house.post("/account/link", &cookie, &[("provider", "harbour")]).await;
    assert!(page.refresh().starts_with("https://id.example/authorize?"), "{}", page.html);
    assert!(page.sets_cookie("better-auth.state"));

    house.has_account("mine", &house.id_of("ada@example.com").await, "harbour").await;
    let account = house.get("/account?done=linked", &cookie).await;
    account.says("you can sign in that way too");
    account.says("name=\"account\" value=\"mine\"");
    assert!(!account.html.contains("Connect Harbour"));

    let page = house.post("/account/unlink", &cookie, &[("account", "mine")]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/account?done=unlinked"));
    let account = house.get(page.location(), &cookie).await;
    account.says("That is no way to sign in any more");
    account.says("Connect Harbour");
}

#[tokio::test]
async fn the_only_way_in_and_what_is_anothers_stay() {
    let house = House::with(with_providers).await;
    let ada = house.sign_up("Ada", "ada@example.com").await;
    let eve = house.sign_up("Eve", "eve@example.com").await;
    house.has_account("mine", &house.id_of("ada@example.com").await, "google").await;
    let page = house.post("/account/unlink", &eve, &[("account", "mine")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "the only account of hers stays, whatever is asked");
    let mut tx = house.engine.database().write().await.unwrap();
    tx.run("DELETE FROM {account} WHERE {account.providerId} = 'credential'", args![]).await.unwrap();
    tx.commit().await.unwrap();
    let account = house.get("/account", &ada).await;
    assert!(!account.html.contains("name=\"account\""), "no button where nothing else is left");
    let page = house.post("/account/unlink", &ada, &[("account", "mine")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.says("your only way to sign in");
}

#[tokio::test]
async fn letting_go_asks_for_a_fresh_sign_in_and_nobody_is_sent_to_sign_in() {
    let house = House::with(|config| {
        with_providers(config);
        config.engine.session.fresh_age = 1;
    })
    .await;
    house.sign_up("Ada", "ada@example.com").await;
    let cookie = house.post("/sign-in", "", &[("email", "ada@example.com"), ("password", PASSWORD)]).await.cookie();
    let mut tx = house.engine.database().write().await.unwrap();
    let long_ago = house.engine.clock().now().plus_seconds(-60);
    tx.run("UPDATE {session} SET {session.createdAt} = $1", args![long_ago]).await.unwrap();
    tx.commit().await.unwrap();
    house.engine.catch_up().await.unwrap();
    let page = house.post("/account/unlink", &cookie, &[("account", "x")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("too long ago that you signed in");
    for path in ["/account/link", "/account/unlink"] {
        let page = house.post(path, "", &[("provider", "google")]).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Faccount"), "{path}");
    }
}
