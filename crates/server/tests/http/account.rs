//! `GET /list-accounts` and `POST /unlink-account`.

use countersign_contract::{account, session};
use countersign_engine::db::args;
use countersign_testkit::{NOW, TestApp, both_databases};
use serde_json::{Value, json};

/// Links an account of another provider to a user, as a sign-in there would.
pub(crate) async fn link_account(app: &TestApp, id: &str, user: &str) {
    app.run(
        "INSERT INTO {account} ({account.id}, {account.accountId}, {account.providerId}, {account.userId}, {account.scope}, \
         {account.accessToken}, {account.createdAt}, {account.updatedAt}) \
         VALUES ($1, 'octocat', 'github', $2, 'repo, user:email', 'never shown', $3, $3) ON CONFLICT DO NOTHING",
        args![id, user, NOW.plus_seconds(60)],
    )
    .await;
}

both_databases! {
    async fn lists_every_way_in_and_no_secret_of_it(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        app.sign_up("bob").await;
        let user = ada.call::<session::Get>(()).await.json()["user"]["id"].clone();
        link_account(&app, "second", user.as_str().unwrap()).await;
        let answer = ada.call::<account::List>(()).await;
        let accounts = answer.json();
        assert_eq!(accounts.as_array().unwrap().len(), 2, "{accounts}");
        assert_eq!((&accounts[0]["providerId"], &accounts[0]["accountId"], &accounts[0]["scopes"]), (&json!("credential"), &user, &json!([])));
        assert_eq!((&accounts[1]["id"], &accounts[1]["scopes"]), (&json!("second"), &json!(["repo", "user:email"])));
        assert_eq!(accounts[1].as_object().unwrap().len(), 7, "{accounts}");
        assert!(answer.text().starts_with(r#"[{"accountId":"#) && !answer.text().contains("never shown"), "{answer:?}");
    }

    async fn unlinks_ones_own_account_and_never_the_last(place: &Place) {
        let app = TestApp::start(place).await;
        let (mut ada, mut bob) = (app.sign_up("ada").await, app.sign_up("bob").await);
        let user = ada.call::<session::Get>(()).await.json()["user"]["id"].clone();
        let unlink = |id: &Value| json!({ "accountId": id });
        let first = ada.call::<account::List>(()).await.json()[0]["id"].clone();
        for id in [&first, &json!("unknown"), &json!("a\0b")] {
            let answer = ada.call::<account::Unlink>(unlink(id)).await;
            assert_eq!(answer.refusal(), (400, Some("FAILED_TO_UNLINK_LAST_ACCOUNT".to_owned())), "{id}");
        }
        link_account(&app, "second", user.as_str().unwrap()).await;
        assert_eq!(bob.call::<account::Unlink>(unlink(&json!("second"))).await.status, 400);
        let unknown = ada.call::<account::Unlink>(unlink(&json!("unknown"))).await;
        assert_eq!(unknown.refusal(), (400, Some("ACCOUNT_NOT_FOUND".to_owned())));
        assert_eq!(ada.call::<account::Unlink>(unlink(&json!("second"))).await.json(), json!({ "status": true }));
        assert_eq!(ada.call::<account::List>(()).await.json().as_array().unwrap().len(), 1);
        let kept = app.ask::<String>("SELECT detail FROM {countersign_audit} WHERE event = 'account_unlinked'", args![]).await;
        assert_eq!(kept, "github");
    }

    async fn of_two_requests_at_once_one_finds_the_other_account_the_last(place: &Place) {
        let app = TestApp::start(place).await;
        let mut ada = app.sign_up("ada").await;
        let user = ada.call::<session::Get>(()).await.json()["user"]["id"].clone();
        link_account(&app, "second", user.as_str().unwrap()).await;
        let accounts = ada.call::<account::List>(()).await.json();
        let mut other = ada.clone();
        let (a, b) = tokio::join!(
            ada.call::<account::Unlink>(json!({ "accountId": accounts[0]["id"] })),
            other.call::<account::Unlink>(json!({ "accountId": accounts[1]["id"] })),
        );
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
        assert_eq!(ada.call::<account::List>(()).await.json().as_array().unwrap().len(), 1);
    }

    async fn asks_for_a_fresh_session_and_may_be_told_to_unlink_all(place: &Place) {
        let app = TestApp::start_with(place, |config| config.engine.account.account_linking.allow_unlinking_all = true).await;
        let mut ada = app.sign_up("ada").await;
        let id = ada.call::<account::List>(()).await.json()[0]["id"].clone();
        app.clock.advance(86_400);
        let stale = ada.call::<account::Unlink>(json!({ "accountId": id })).await;
        assert_eq!(stale.refusal(), (403, Some("SESSION_NOT_FRESH".to_owned())));
        let mut ada = app.sign_in("ada").await;
        assert_eq!(ada.call::<account::Unlink>(json!({ "accountId": id })).await.status, 200);
        assert_eq!(ada.call::<account::List>(()).await.json(), json!([]));
        let none = ada.call::<account::Unlink>(json!({ "accountId": id })).await;
        assert_eq!(none.refusal(), (400, Some("ACCOUNT_NOT_FOUND".to_owned())));
    }
}
