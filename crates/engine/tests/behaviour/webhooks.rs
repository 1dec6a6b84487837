//! Messages for a webhook: what is told, and that it is told if and only if it happened.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_engine::config::Config;
use countersign_engine::db::args;
use countersign_engine::outbox::{Carrier, NotCarried};
use countersign_engine::webhook::{Kind, Message};
use countersign_engine::{Presented, Profile, is_truthy};
use countersign_testkit::{NOW, PASSWORD, TestEngine, both_databases, device};
use serde_json::{Value, json};

/// Someone who takes every message.
#[derive(Default)]
struct Receiver(Mutex<Vec<Value>>);

impl Carrier for Receiver {
    type Freight = Message;
    const KEEPS: bool = false;

    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }

    async fn carry(&self, message: &Message) -> Result<(), NotCarried> {
        self.0.lock().unwrap().push(serde_json::from_str(&message.payload).unwrap());
        Ok(())
    }
}

impl Receiver {
    /// What came since the last question, by kind.
    async fn told(self: &Arc<Self>, engine: &TestEngine) -> Vec<(String, Value)> {
        engine.carry_due(self).await.unwrap();
        let mut told: Vec<_> = std::mem::take(&mut *self.0.lock().unwrap())
            .into_iter()
            .map(|message| {
                assert!(message["timestamp"].as_str().unwrap().ends_with('Z'), "{message}");
                (message["type"].as_str().unwrap().to_owned(), message["data"].clone())
            })
            .collect();
        told.sort_by(|a, b| a.0.cmp(&b.0));
        told
    }
}

fn configure(config: &mut Config) {
    config.webhooks.url = Some("https://app.example/hook".to_owned().into());
    config.webhooks.secret = Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned().into());
}

fn kinds(told: &[(String, Value)]) -> Vec<&str> {
    told.iter().map(|(kind, _)| kind.as_str()).collect()
}

both_databases! {
    async fn tell_of_users_and_sessions_and_of_no_secret(place: &Place) {
        let engine = TestEngine::open_with(place, configure).await;
        let receiver = Arc::new(Receiver::default());
        let ada = engine.signed_up("ada").await.caller;
        let (user, session) = (ada.user.id.as_str(), ada.session.id.as_str());

        let told = receiver.told(&engine).await;
        assert_eq!(kinds(&told), ["session.created", "user.created"]);
        assert_eq!((&told[0].1["id"], &told[0].1["userId"]), (&json!(session), &json!(user)));
        assert_eq!((&told[1].1["id"], &told[1].1["email"], &told[1].1["role"]), (&json!(user), &json!("ada@example.com"), &json!("user")));
        let text = format!("{told:?}");
        assert!(!text.contains(&ada.session.token) && !text.contains("password") && !text.contains("token"), "{text}");

        engine.update_profile(&ada, Profile { name: Some("Ada".to_owned()), ..Profile::default() }).await.unwrap();
        engine.set_role(user, "editor").await.unwrap();
        let told = receiver.told(&engine).await;
        assert_eq!(kinds(&told), ["user.updated", "user.updated"]);
        assert!(told.iter().any(|(_, data)| data["role"] == "editor" && data["name"] == "Ada"), "{told:?}");

        engine.suspend(user, Some("spam".to_owned()), None).await.unwrap();
        let told = receiver.told(&engine).await;
        assert_eq!(kinds(&told), ["session.revoked", "user.suspended"]);
        assert_eq!(told[0].1, json!({ "userId": user, "sessionIds": [session] }));
        assert!(is_truthy(&told[1].1["banned"]) && told[1].1["banReason"] == "spam", "{told:?}");
        engine.restore(user).await.unwrap();
        assert_eq!(kinds(&receiver.told(&engine).await), ["user.restored"]);

        let (one, other) = (engine.signed_in("ada").await, engine.signed_in("ada").await);
        assert_eq!(kinds(&receiver.told(&engine).await), ["session.created", "session.created"]);
        engine.revoke_other_sessions(&one.caller).await.unwrap();
        let told = receiver.told(&engine).await;
        assert_eq!(told[0].1["sessionIds"], json!([other.caller.session.id]));
        engine.revoke_other_sessions(&one.caller).await.unwrap();
        engine.sign_out(Presented::Cookie { token: "unknown", dont_remember: false }).await.unwrap();
        assert_eq!(receiver.told(&engine).await, [], "nothing ended");
        engine.sign_out(Presented::Cookie { token: &one.caller.session.token, dont_remember: false }).await.unwrap();
        assert_eq!(kinds(&receiver.told(&engine).await), ["session.revoked"]);
        engine.delete_user(user).await.unwrap();
        assert_eq!(receiver.told(&engine).await, [("user.deleted".to_owned(), json!({ "id": user }))]);
    }

    async fn are_written_only_if_asked_for_and_only_if_it_happened(place: &Place) {
        let engine = TestEngine::open_with(place, |config| {
            configure(config);
            config.webhooks.events = vec![Kind::SessionRevoked];
        }).await;
        let receiver = Arc::new(Receiver::default());
        let ada = engine.signed_up("ada").await.caller;
        assert_eq!(receiver.told(&engine).await, [], "nobody asked for these");
        engine.run("UPDATE {user} SET {user.banned} = $1", args![true]).await;
        let refused = engine.change_password(&ada, PASSWORD, "another horse battery", Some(device())).await;
        assert!(refused.is_err());
        assert_eq!(receiver.told(&engine).await, [], "the sessions stand");

        let silent = TestEngine::open(place).await;
        silent.user_without_password("bob").await;
        assert_eq!(silent.ask::<i64>("SELECT count(*) FROM {countersign_outbox}", args![]).await, 0, "no receiver, no message");
    }

    async fn and_letters_are_carried_each_by_their_own(place: &Place) {
        let engine = TestEngine::open_with(place, configure).await;
        let receiver = Arc::new(Receiver::default());
        engine.user_without_password("ada").await;
        engine.request_password_reset("ada@example.com", None).await.unwrap();
        let unsent = async || engine.ask::<i64>("SELECT count(*) FROM {countersign_outbox} WHERE {countersign_outbox.nextAt} IS NOT NULL", args![]).await;
        assert_eq!(unsent().await, 2);
        assert_eq!(kinds(&receiver.told(&engine).await), ["user.created"]);
        assert_eq!(unsent().await, 1, "the letter waits for its own carrier");
    }

    async fn that_nobody_takes_are_given_up_after_three_days(place: &Place) {
        let engine = TestEngine::open_with(place, configure).await;
        engine.user_without_password("ada").await;
        engine.clock.set(NOW.plus_seconds(259_200));
        assert_eq!(Arc::new(Receiver::default()).told(&engine).await, []);
        let why = engine.ask::<String>("SELECT {countersign_outbox.lastError} FROM {countersign_outbox}", args![]).await;
        assert_eq!(why, "it was not taken for too long");
    }
}
