//! `GET /dev/outbox`.

use countersign_contract::password;
use countersign_testkit::{Answer, Browser, TestApp, both_databases};
use http::Method;
use serde_json::{Value, json};

/// The mails of the app, the newest last.
pub(crate) async fn mails(app: &TestApp) -> Vec<Value> {
    let answer = read(&mut app.program().from_address("127.0.0.1")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json().as_array().unwrap().clone()
}

/// The link of the newest mail, as a path of the app.
pub(crate) async fn newest_link(app: &TestApp) -> String {
    let mails = mails(app).await;
    let url = mails.last().unwrap()["url"].as_str().unwrap();
    url.strip_prefix(app.origin()).unwrap().to_owned()
}

async fn read(browser: &mut Browser<'_>) -> Answer {
    browser.send(Method::GET, "/dev/outbox", ()).await
}

async fn ask(app: &TestApp, name: &str) {
    app.user_without_password(name).await;
    let body = json!({ "email": format!("{name}@example.com") });
    assert_eq!(app.program().call::<password::RequestReset>(body).await.status, 200);
}

both_databases! {
    async fn shows_mails_to_programs_and_people_the_newest_last(place: &Place) {
        let app = TestApp::start(place).await;
        assert_eq!(mails(&app).await, [Value::Null; 0]);
        ask(&app, "ada").await;
        app.clock.advance(1);
        ask(&app, "bob").await;
        let mails = mails(&app).await;
        let members: Vec<_> = mails[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["to", "subject", "text", "html", "url"]);
        assert_eq!([&mails[0]["to"], &mails[1]["to"]], ["ada@example.com", "bob@example.com"]);
        assert!(mails[1]["text"].as_str().unwrap().contains(mails[1]["url"].as_str().unwrap()));

        let mut browser = app.browser().from_address("::1").header("accept", "text/html,*/*");
        let page = read(&mut browser).await;
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        assert!(page.text().contains("bob@example.com"), "{page:?}");
    }

    async fn answers_nobody_but_this_machine_under_a_name_of_this_machine(place: &Place) {
        let app = TestApp::start(place).await;
        ask(&app, "ada").await;
        assert_eq!(read(&mut app.program()).await.status, 404, "a peer elsewhere");
        let local = || app.program().from_address("127.0.0.1");
        for (host, status) in [("localhost:3000", 200), ("127.0.0.1", 200), ("[::1]:3000", 200), ("evil.example", 404), ("", 404)] {
            assert_eq!(read(&mut local().header("host", host)).await.status, status, "{host}");
        }
        assert_eq!(read(&mut local().header("x-forwarded-for", "203.0.113.9")).await.status, 200);
    }

    async fn is_not_there_where_mails_are_sent(place: &Place) {
        let app = TestApp::start_with(place, |config| {
            config.engine.email.smtp.url = Some("smtp://127.0.0.1:1".to_owned().into());
            config.engine.email.from = "no-reply@example.com".to_owned();
        })
        .await;
        assert_eq!(read(&mut app.program().from_address("127.0.0.1")).await.status, 404);
    }
}
