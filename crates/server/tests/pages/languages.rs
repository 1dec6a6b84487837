//! Pages speak the language of who looks at them.

use axum::body::Body;
use http::{Request, StatusCode, header};

use super::{House, ORIGIN, PASSWORD, Page, encoded, form};

async fn asked(house: &House, path: &str, languages: &str) -> Page {
    house.send(Request::get(path).header(header::ACCEPT_LANGUAGE, languages).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_page_speaks_the_dearest_language_it_can_and_says_which() {
    let house = House::new().await;
    for (languages, tag, words) in [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Anmelden"),
        ("it,fr;q=0.7,de;q=0.3", "fr", "Se connecter"),
        ("ja", "en", "Sign in"),
        ("", "en", "Sign in"),
    ] {
        let page = asked(&house, "/sign-in", languages).await;
        page.says(&format!("<html lang=\"{tag}\" dir=\"ltr\">"));
        page.says(&format!("<h1>{words}</h1>"));
    }
}

#[tokio::test]
async fn errors_dates_and_devices_speak_it_too() {
    let house = House::new().await;
    let german = |path: &str, cookie: &str| form(path, cookie).header(header::ACCEPT_LANGUAGE, "de");
    let fields = [("name", "Ada"), ("email", "ada"), ("password", "short")];
    let refused = german("/sign-up", "").header(header::ORIGIN, ORIGIN).body(encoded(&fields)).unwrap();
    let refused = house.send(refused).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.says("Das sieht nicht nach einer E-Mail-Adresse aus.");
    refused.says("<title>Fehler: Konto anlegen");

    let fields = [("name", "Ada"), ("email", "ada@example.com"), ("password", PASSWORD)];
    let request =
        german("/sign-up", "").header(header::ORIGIN, ORIGIN).header(header::USER_AGENT, "Firefox/140.0 Linux");
    let cookie = house.send(request.body(encoded(&fields)).unwrap()).await.cookie();
    let account = Request::get("/account").header(header::ACCEPT_LANGUAGE, "de").header(header::COOKIE, cookie);
    let account = house.send(account.body(Body::empty()).unwrap()).await;
    for words in ["Firefox auf Linux", "dieses Gerät", "Uhr UTC", "gültig bis"] {
        account.says(words);
    }
}

#[tokio::test]
async fn a_mail_is_in_the_language_of_whoever_asked_for_it() {
    let house = House::new().await;
    house.sign_up("Ada", "ada@example.com").await;
    let ask = form("/forgot-password", "").header(header::ACCEPT_LANGUAGE, "fr").header(header::ORIGIN, ORIGIN);
    house.send(ask.body(encoded(&[("email", "ada@example.com")])).unwrap()).await;
    let mail = house.last_mail().await;
    assert_eq!(mail["subject"], "Un nouveau mot de passe pour Countersign");
    let api = Request::post("/api/auth/request-password-reset").header(header::ACCEPT_LANGUAGE, "de");
    let api = api.header(header::CONTENT_TYPE, "application/json").body(Body::from(r#"{"email":"ada@example.com"}"#));
    house.send(api.unwrap()).await;
    assert_eq!(house.last_mail().await["subject"], "Ein neues Passwort für Countersign");
}

#[tokio::test]
async fn whoever_runs_the_server_chooses_the_languages() {
    let house = House::with(|config| config.pages.languages = vec!["fr".into(), "en".into()]).await;
    asked(&house, "/sign-in", "de").await.says("<html lang=\"fr\"");
    asked(&house, "/sign-in", "en").await.says("<html lang=\"en\"");
}

#[tokio::test]
async fn pages_whose_settings_name_what_is_not_there_are_errors_and_the_api_goes_on() {
    let house = House::with(|config| config.pages.languages = vec!["it".into()]).await;
    let page = house.get("/sign-in", "").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(page.header(header::CONTENT_SECURITY_POLICY), "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(house.get("/api/auth/ok", "").await.status, StatusCode::OK);
}
