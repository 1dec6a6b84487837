//! Deleting oneself: `POST /delete-user`, and the link that is mailed for it.

use countersign_contract::{password, session, sign_in, user};
use countersign_engine::db::args;
use countersign_testkit::{Answer, Browser, PASSWORD, Place, Sent, TestApp, both_databases};
use http::Method;
use serde_json::{Value, json};

use crate::outbox::{mails, newest_link};

const DAY: i64 = 86_400;

both_databases! {
    async fn a_mailed_link_deletes_the_user_and_everything_of_theirs(place: &Place) {
        let app = with_mail(place).await;
        let (mut ada, mut phone) = (app.sign_up("ada").await, app.sign_in("ada").await);
        let token = app.access_token_of(&mut phone).await;
        ask(&mut ada, json!({})).await;
        app.program().call::<password::RequestReset>(json!({ "email": "ada@example.com" })).await;
        app.clock.advance(1);
        let asked = ask(&mut ada, json!({ "callbackURL": "/bye?x=1" })).await;
        assert_eq!(asked.json(), json!({ "success": true, "message": "Verification email sent" }));
        let mail = mails(&app).await.pop().unwrap();
        assert_eq!((&mail["to"], &mail["subject"]), (&json!("ada@example.com"), &json!("Do you want to delete your account at Countersign?")));
        assert!(mail["text"].as_str().unwrap().contains("good for 1 day"), "{mail}");
        assert_eq!(people(&app).await, 1);

        let link = newest_link(&app).await;
        let nobody = app.program().send(Method::GET, &link, ()).await;
        assert_eq!(nobody.refusal(), (404, Some("FAILED_TO_GET_USER_INFO".to_owned())));
        let answer = ada.send(Method::GET, &link, ()).await;
        assert_eq!((answer.status, answer.header("location")), (302, Some("/bye?x=1")));
        assert!(answer.set_cookies().iter().all(|cookie| cookie.contains("Max-Age=0")) && answer.set_cookies().len() == 3, "{answer:?}");
        for mut device in [ada, phone, app.program().bearer(&token)] {
            assert!(device.call::<session::Get>(()).await.json().is_null());
        }
        for count in [
            "SELECT count(*) FROM {user}",
            "SELECT count(*) FROM {account}",
            "SELECT count(*) FROM {session}",
            "SELECT count(*) FROM {verification}",
        ] {
            assert_eq!(app.ask::<i64>(count, args![]).await, 0, "{count}");
        }
        let sign_in = app.program().call::<sign_in::Email>(json!({ "email": "ada@example.com", "password": PASSWORD })).await;
        assert_eq!(sign_in.status, 401);
        app.sign_up("ada").await;
    }

    async fn a_link_is_good_for_a_day_for_its_user_alone_and_once_it_was_seen_by_another_for_nobody(place: &Place) {
        let app = with_mail(place).await;
        let (mut ada, mut eve) = (app.sign_up("ada").await, app.sign_up("eve").await);
        ask(&mut ada, json!({})).await;
        let link = newest_link(&app).await;
        app.clock.advance(DAY);
        assert_invalid(&follow(&mut ada, &link).await);
        for hands_it_on in [true, false] {
            ask(&mut ada, json!({})).await;
            let link = newest_link(&app).await;
            app.clock.advance(DAY - 1);
            if hands_it_on {
                assert_invalid(&follow(&mut eve, &link).await);
                assert_invalid(&follow(&mut ada, &link).await);
            } else {
                assert_eq!(follow(&mut ada, &link).await.json()["message"], "User deleted");
            }
        }
        assert_eq!(people(&app).await, 1, "eve is left");
    }

    async fn the_secret_of_the_link_may_be_sent_instead(place: &Place) {
        let app = with_mail(place).await;
        let mut ada = app.sign_up("ada").await;
        ask(&mut ada, json!({ "password": PASSWORD })).await;
        let link = newest_link(&app).await;
        let token = link.split_once("token=").unwrap().1.split('&').next().unwrap();
        assert_eq!(token.len(), 32);
        assert_invalid(&ask(&mut ada, json!({ "token": "unknown" })).await);
        assert_eq!(ask(&mut ada, json!({ "token": token, "password": "not it at all" })).await.status, 400);
        assert_eq!(ask(&mut ada, json!({ "token": token })).await.json()["message"], "User deleted");
        assert_eq!(people(&app).await, 0);
    }

    async fn without_mails_a_fresh_session_or_the_password_is_enough(place: &Place) {
        let app = without_mail(place).await;
        for (name, age, body) in [("ada", DAY - 1, json!({})), ("bob", DAY, json!({ "password": PASSWORD }))] {
            let mut browser = app.sign_up(name).await;
            app.clock.advance(age);
            if age == DAY {
                let old = ask(&mut browser, json!({ "password": "", "token": "" })).await;
                assert_eq!(old.refusal(), (400, Some("SESSION_EXPIRED".to_owned())));
            }
            let answer = ask(&mut browser, body).await;
            assert_eq!(answer.json(), json!({ "success": true, "message": "User deleted" }), "{name}");
            assert_eq!(answer.set_cookies().len(), 3, "{answer:?}");
            assert_eq!(people(&app).await, 0, "{name}");
        }
        assert!(mails(&app).await.is_empty());
    }

    async fn of_two_who_ask_at_once_both_hear_that_it_is_done(place: &Place) {
        let app = without_mail(place).await;
        let (mut ada, mut again) = (app.sign_up("ada").await, app.sign_in("ada").await);
        let body = || json!({ "password": PASSWORD });
        let (one, other) = tokio::join!(ask(&mut ada, body()), ask(&mut again, body()));
        assert_eq!((one.status, other.status), (200, 200));
        assert_eq!(people(&app).await, 0);
        let told = app.ask::<i64>("SELECT count(*) FROM {countersign_audit} WHERE event = 'user_deleted'", args![]);
        assert_eq!(told.await, 1);
    }

    async fn where_it_is_switched_off_nothing_is_said(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let answer = ask(&mut ada, json!({ "password": PASSWORD })).await;
        assert_eq!((answer.status, answer.body.len(), answer.header("content-type")), (404, 0, Some("application/json")));
        assert_eq!(people(&app).await, 1);
    }
}

async fn with_mail(place: &Place) -> TestApp {
    TestApp::start_with(place, |config| config.engine.user.delete_user.enabled = true).await
}

async fn without_mail(place: &Place) -> TestApp {
    TestApp::start_with(place, |config| {
        config.engine.user.delete_user.enabled = true;
        config.engine.user.delete_user.send_delete_account_verification = false;
    })
    .await
}

async fn ask(browser: &mut Browser<'_>, body: Value) -> Answer {
    browser.call::<user::Delete>(body).await
}

/// Follows a link as it would lead nowhere else.
async fn follow(browser: &mut Browser<'_>, link: &str) -> Answer {
    let query = link.split_once('?').unwrap().1.split('&').next().unwrap();
    browser.call::<user::DeleteCallback>(Sent::from(()).query(query)).await
}

fn assert_invalid(answer: &Answer) {
    assert_eq!(answer.refusal(), (404, Some("INVALID_TOKEN".to_owned())), "{answer:?}");
}

async fn people(app: &TestApp) -> i64 {
    app.ask("SELECT count(*) FROM {user}", args![]).await
}
