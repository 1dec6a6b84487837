//! Where a request must come from (docs/wire.md 2).

use countersign_contract::{session, sign_in, sign_out};
use countersign_testkit::{Answer, Browser, Place, TestApp, run};
use serde_json::json;

const NULL: &str = "MISSING_OR_NULL_ORIGIN";
const BAD: &str = "INVALID_ORIGIN";
const CROSS: &str = "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED";
const PASS: &str = "";

/// What a request says, and what signing in and signing out come to: a refusal's code, or nothing.
type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

const COOKIE: (&str, &str) = ("cookie", "theme=dark");
const GOOD: (&str, &str) = ("origin", "http://localhost:3000");
const EVIL: (&str, &str) = ("origin", "https://evil.example");
const NULL_ORIGIN: (&str, &str) = ("origin", "null");
const GOOD_REFERER: (&str, &str) = ("referer", "http://localhost:3000/page?x=y");
const EVIL_REFERER: (&str, &str) = ("referer", "https://evil.example/http://localhost:3000");
const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");
const CROSS_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");
const CORS: (&str, &str) = ("sec-fetch-mode", "cors");
const NAVIGATE: (&str, &str) = ("sec-fetch-mode", "navigate");
const DEST: (&str, &str) = ("sec-fetch-dest", "document");

const MATRIX: &[Row<'_>] = &[
    (&[], PASS, PASS),
    (&[COOKIE], NULL, NULL),
    (&[COOKIE, GOOD], PASS, PASS),
    (&[COOKIE, EVIL], BAD, BAD),
    (&[COOKIE, NULL_ORIGIN], NULL, NULL),
    (&[COOKIE, NULL_ORIGIN, SAME], PASS, PASS),
    (&[COOKIE, NULL_ORIGIN, CROSS_SITE], NULL, NULL),
    (&[COOKIE, GOOD_REFERER], PASS, PASS),
    (&[COOKIE, EVIL_REFERER], BAD, BAD),
    (&[COOKIE, EVIL, GOOD_REFERER], BAD, BAD),
    (&[COOKIE, NULL_ORIGIN, GOOD_REFERER], NULL, NULL),
    (&[COOKIE, ("origin", "https://a.wild.example")], PASS, PASS),
    (&[COOKIE, ("origin", "https://wild.example")], BAD, BAD),
    (&[COOKIE, ("origin", "")], NULL, NULL),
    (&[COOKIE, ("origin", "http://localhost:3001")], BAD, BAD),
    (&[COOKIE, ("origin", "https://localhost:3000")], BAD, BAD),
    // Better Auth compares parsed origins; the whole string is demanded here (security O2).
    (&[COOKIE, ("origin", "http://localhost:3000/")], BAD, BAD),
    (&[COOKIE, ("origin", "http://localhost:3000/page")], BAD, BAD),
    (&[COOKIE, ("origin", "HTTP://LOCALHOST:3000")], BAD, BAD),
    (&[COOKIE, ("origin", "http://localhost:3000.evil.example")], BAD, BAD),
    (&[COOKIE, ("origin", "http://localhost:3000@evil.example")], BAD, BAD),
    (&[COOKIE, ("origin", "http://user@localhost:3000")], BAD, BAD),
    (&[EVIL], BAD, PASS),
    (&[NULL_ORIGIN], NULL, PASS),
    (&[GOOD], PASS, PASS),
    (&[GOOD_REFERER], PASS, PASS),
    (&[EVIL_REFERER], BAD, PASS),
    (&[CORS], NULL, PASS),
    (&[CORS, GOOD], PASS, PASS),
    (&[CORS, EVIL], BAD, PASS),
    (&[CROSS_SITE, NAVIGATE], CROSS, PASS),
    (&[CROSS_SITE, NAVIGATE, GOOD], CROSS, PASS),
    (&[CROSS_SITE, CORS, GOOD], PASS, PASS),
    (&[SAME, NAVIGATE, GOOD], PASS, PASS),
    (&[NULL_ORIGIN, SAME], PASS, PASS),
    (&[DEST], NULL, PASS),
    (&[COOKIE, CROSS_SITE, NAVIGATE, GOOD], PASS, PASS),
    (&[("cookie", "")], NULL, NULL),
];

#[test]
fn is_judged_as_better_auth_judges_it() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place).await;
        for (headers, sign_in, sign_out) in MATRIX {
            let answer =
                says(&app, headers).call::<sign_in::Email>(json!({ "email": "nobody", "password": "x" })).await;
            // A sign-in that comes to be judged is refused for its address.
            let code = answer.code().filter(|code| code != "INVALID_EMAIL").unwrap_or_default();
            assert_eq!(code, *sign_in, "sign-in {headers:?}: {answer:?}");
            assert_eq!(answer.status, if sign_in.is_empty() { 400 } else { 403 }, "sign-in {headers:?}");
            let answer = says(&app, headers).call::<sign_out::SignOut>(()).await;
            assert_eq!(answer.code().unwrap_or_default(), *sign_out, "sign-out {headers:?}: {answer:?}");
        }
    });
}

#[test]
fn is_not_asked_of_who_only_looks() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place).await;
        let ada = app.sign_up("ada").await;
        for headers in [&[EVIL][..], &[NULL_ORIGIN], &[CROSS_SITE, NAVIGATE]] {
            let evil = headers
                .iter()
                .fold(ada.clone().without("origin"), |browser, (name, value)| browser.header(name, value));
            assert!(evil.clone().call::<session::Get>(()).await.json().is_object());
        }
        let mut without = ada.without("origin");
        assert_eq!(without.call::<session::RevokeAll>(()).await.refusal(), (403, Some(NULL.to_owned())));
    });
}

#[test]
fn is_judged_in_its_turn() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place).await;
        let json_of = |text: &str| countersign_testkit::Sent::raw("application/json", text);
        let sign_in = async |headers: &[(&str, &str)], sent: countersign_testkit::Sent| -> Answer {
            says(&app, headers).call::<sign_in::Email>(sent).await
        };
        let evil_target = || json!({ "email": "nobody", "password": "x", "callbackURL": "https://evil.example" });
        for (headers, sent, code) in [
            (&[EVIL][..], json_of("{"), "BAD_REQUEST"),
            (&[EVIL], json_of("{}"), "VALIDATION_ERROR"),
            (&[COOKIE, EVIL], json_of("{}"), BAD),
            (&[COOKIE, EVIL], countersign_testkit::Sent::raw("text/plain", ""), "UNSUPPORTED_MEDIA_TYPE"),
            (&[COOKIE, EVIL], evil_target().into(), BAD),
            (&[], json!({ "callbackURL": "https://evil.example" }).into(), "INVALID_CALLBACK_URL"),
            (&[], json_of("{}").query("callbackURL=https%3A%2F%2Fevil.example"), "INVALID_CALLBACK_URL"),
        ] {
            let answer = sign_in(headers, sent).await;
            assert_eq!(answer.code().as_deref(), Some(code), "{headers:?}: {answer:?}");
        }
    });
}

#[test]
fn is_not_asked_where_the_check_is_switched_off() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| config.advanced.disable_csrf_check = true).await;
        assert_eq!(says(&app, &[COOKIE, EVIL]).call::<sign_out::SignOut>(()).await.status, 200);
        let target = json!({ "callbackURL": "https://evil.example" });
        assert_eq!(says(&app, &[]).call::<sign_out::SignOut>(target).await.status, 403, "targets are still judged");
    });
}

async fn start(place: &Place) -> TestApp {
    TestApp::start_with(place, |config| config.trusted_origins = vec!["https://*.wild.example".to_owned()]).await
}

fn says<'a>(app: &'a TestApp, headers: &[(&str, &str)]) -> Browser<'a> {
    headers.iter().fold(app.program(), |browser, (name, value)| browser.header(name, value))
}
