//! Hashing a password takes its time, and others decide about its user meanwhile.

use std::pin::pin;
use std::time::Duration;

use countersign_engine::config::Scheme;
use countersign_engine::db::args;
use countersign_engine::scheme::recognise;
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{ChangePasswordError, Error, Existing, FinishError, Presented, SetPasswordError, SignInError};
use countersign_testkit::{PASSWORD, TestEngine, address, both_databases, device};

const NEW: &str = "another horse battery";

/// Does `work` up to where a password is hashed, then `meanwhile`, then the rest of it.
async fn with<T: std::fmt::Debug>(engine: &TestEngine, work: impl Future<Output = T>, meanwhile: impl Future) -> T {
    let mut work = pin!(work);
    while engine.hashing().running == 0 {
        let done = tokio::time::timeout(Duration::from_millis(1), work.as_mut()).await;
        assert!(done.is_err(), "no password was hashed: {done:?}");
    }
    meanwhile.await;
    work.await
}

both_databases! {
    async fn who_signs_in_with_a_password_that_was_reset_meanwhile_stays_out(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller.user.id.clone();
        let email = address("ada");
        let refused = with(&engine, engine.sign_in(&email, PASSWORD, device()), async {
            engine.set_password(&ada, NEW, Existing::Replace).await.unwrap();
        });
        assert!(matches!(refused.await, Err(SignInError::InvalidEmailOrPassword)));
        assert_eq!(engine.sessions(&ada).await.unwrap(), []);
        engine.sign_in(&email, NEW, device()).await.unwrap();
    }

    async fn who_signs_in_beside_another_who_does_finds_the_hash_made_anew(place: &Place) {
        let engine = TestEngine::open(place).await;
        let argon2id = TestEngine::open_with(place, |config| config.password_hash.scheme = Scheme::Argon2id).await;
        engine.signed_up("ada").await;
        let email = address("ada");
        with(&engine, engine.sign_in(&email, PASSWORD, device()), argon2id.signed_in("ada")).await.unwrap();
        let stored: String = engine.ask("SELECT {account.password} FROM {account}", args![]).await;
        assert_eq!(recognise(&stored), Ok("better-auth"), "the last to sign in hashes as it is set to");

        let other = engine.run("UPDATE {account} SET {account.password} = 'of another program'", args![]);
        let refused = with(&engine, engine.sign_in(&email, PASSWORD, device()), other).await;
        assert!(matches!(refused, Err(SignInError::InvalidEmailOrPassword)), "{refused:?}");
        let stored: String = engine.ask("SELECT {account.password} FROM {account}", args![]).await;
        assert_eq!(stored, "of another program");
    }

    async fn who_is_suspended_while_they_sign_in_has_no_session_later(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller.user.id.clone();
        let email = address("ada");
        let refused = with(&engine, engine.sign_in(&email, PASSWORD, device()), engine.suspend(&ada, None, None)).await;
        let closed = matches!(refused, Err(SignInError::Finish(FinishError::Closed(Closed::Suspended))));
        assert!(closed, "{refused:?}");
        engine.restore(&ada).await.unwrap();
        assert_eq!(engine.sessions(&ada).await.unwrap(), []);
    }

    async fn who_is_deleted_while_they_sign_in_is_nobody(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller.user.id.clone();
        let email = address("ada");
        let refused = with(&engine, engine.sign_in(&email, PASSWORD, device()), engine.delete_user(&ada)).await;
        assert!(matches!(refused, Err(SignInError::InvalidEmailOrPassword)), "{refused:?}");
    }

    async fn a_password_that_was_reset_meanwhile_is_changed_by_nobody_who_knew_the_old_one(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        let change = engine.change_password(&ada, PASSWORD, "what a thief chose", Some(device()));
        let refused = with(&engine, change, engine.set_password(&ada.user.id, NEW, Existing::Replace)).await;
        assert!(matches!(refused, Err(ChangePasswordError::Vanished)), "{refused:?}");
        assert_eq!(engine.sessions(&ada.user.id).await.unwrap(), []);

        // Another program may end no session.
        let ada = engine.sign_in(&address("ada"), NEW, device()).await.unwrap().caller;
        let reset = engine.run("UPDATE {account} SET {account.password} = 'of another program'", args![]);
        let refused = with(&engine, engine.change_password(&ada, NEW, PASSWORD, None), reset).await;
        assert!(matches!(refused, Err(ChangePasswordError::WrongPassword)), "{refused:?}");
        let stored: String = engine.ask("SELECT {account.password} FROM {account}", args![]).await;
        assert_eq!(stored, "of another program");
    }

    async fn who_is_signed_out_meanwhile_changes_no_password(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        let change = engine.change_password(&ada.caller, PASSWORD, NEW, Some(device()));
        let refused = with(&engine, change, engine.sign_out(Presented::AccessToken(&ada.access_token))).await;
        assert!(matches!(refused, Err(ChangePasswordError::Vanished)), "{refused:?}");
        engine.signed_in("ada").await;
    }

    async fn whatever_is_decided_about_one_user_at_once_nobody_waits_for_ever(place: &Place) {
        let engine = TestEngine::open(place).await;
        for round in 0..4 {
            let name = format!("ada{round}");
            let (id, email) = (engine.signed_up(&name).await.caller.user.id.clone(), address(&name));
            let ada = engine.signed_in(&name).await.caller;
            // All hash a password first, so that they come to their rows at about the same time.
            let (changed, set, signed_in, revoked, suspended, deleted) = tokio::join!(
                engine.change_password(&ada, PASSWORD, NEW, Some(device())),
                engine.set_password(&id, PASSWORD, Existing::Replace),
                engine.sign_in(&email, PASSWORD, device()),
                async {
                    let _ = engine.verify_password(&ada, PASSWORD).await;
                    engine.revoke_sessions(&ada).await
                },
                async {
                    let _ = engine.verify_password(&ada, PASSWORD).await;
                    engine.suspend(&id, None, None).await
                },
                async {
                    let _ = engine.verify_password(&ada, PASSWORD).await;
                    engine.delete_user(&id).await
                },
            );
            assert!(!matches!(changed, Err(ChangePasswordError::Engine(_))), "{changed:?}");
            assert!(!matches!(set, Err(SetPasswordError::Engine(Error::Database(_)))), "{set:?}");
            let broke = matches!(signed_in, Err(SignInError::Engine(_) | SignInError::Finish(FinishError::Engine(_))));
            assert!(!broke, "{signed_in:?}");
            revoked.unwrap();
            suspended.unwrap();
            assert!(deleted.unwrap());
        }
    }
}
