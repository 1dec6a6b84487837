//! Signing in with a password.

use countersign_engine::db::args;
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{Device, FinishError, SignInError};
use countersign_testkit::{NOW, PASSWORD, TestEngine, address, both_databases, device};

both_databases! {
    async fn begins_a_session_of_the_device(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.signed_up("ada").await;
        let phone = Device { address: "192.0.2.7".to_owned(), agent: "Phone".to_owned(), dont_remember: true };
        let session = engine.sign_in("ADA@example.com", PASSWORD, phone).await.unwrap().caller.session;
        assert_eq!((session.ip_address.as_deref(), session.user_agent.as_deref()), (Some("192.0.2.7"), Some("Phone")));
        assert_eq!((session.dont_remember, session.expires_at), (true, NOW.plus_seconds(86_400)));
        assert_eq!(session.token.len(), 32);
        assert_eq!(engine.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 2);
        let marked = "SELECT {countersign_session.sessionId} FROM {countersign_session} WHERE {countersign_session.dontRemember} = $1";
        assert_eq!(engine.ask::<String>(marked, args![true]).await, session.id);
    }

    async fn an_unknown_user_walks_the_same_road_as_a_wrong_password(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.signed_up("ada").await;
        engine.user_without_password("bob").await;
        let mut statements = Vec::new();
        for (email, password) in [("ada", "wrong password"), ("nobody", PASSWORD), ("bob", PASSWORD)] {
            let before = engine.database().statements();
            let refused = engine.sign_in(&address(email), password, device()).await.unwrap_err();
            assert!(matches!(refused, SignInError::InvalidEmailOrPassword), "{refused:?}");
            statements.push(engine.database().statements() - before);
        }
        assert_eq!(statements, [1, 1, 1]);

        // With no room for a single hash, whoever comes to one says so.
        let full = TestEngine::open_with(place, |config| config.password_hash.queue_max = 0).await;
        for (email, password) in [("ada", "wrong password"), ("ada", PASSWORD), ("nobody", PASSWORD), ("bob", PASSWORD)] {
            let refused = full.sign_in(&address(email), password, device()).await.unwrap_err();
            assert!(matches!(refused, SignInError::Overloaded(_)), "{email}: {refused:?}");
        }
        let too_long = full.sign_in(&address("ada"), &"x".repeat(129), device()).await.unwrap_err();
        assert!(matches!(too_long, SignInError::PasswordTooLong), "{too_long:?}");
    }

    async fn a_damaged_hash_is_a_wrong_password(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.signed_up("ada").await;
        for damaged in ["", "x", "salt:zz", "00:00"] {
            engine.run("UPDATE {account} SET {account.password} = $1", args![damaged]).await;
            let refused = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap_err();
            assert!(matches!(refused, SignInError::InvalidEmailOrPassword), "{refused:?}");
        }
    }

    async fn a_suspension_is_told_only_with_the_right_password_and_ends_by_itself(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller.user;
        let until = NOW.plus_seconds(60);
        assert!(engine.suspend(&ada.id, Some("spam".to_owned()), Some(until)).await.unwrap());
        let wrong = engine.sign_in(&address("ada"), "wrong password", device()).await.unwrap_err();
        assert!(matches!(wrong, SignInError::InvalidEmailOrPassword), "{wrong:?}");
        engine.clock.advance_millis(59_999);
        let right = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(right, SignInError::Finish(FinishError::Closed(Closed::Suspended))), "{right:?}");
        assert_eq!(engine.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 0);

        engine.clock.advance_millis(1);
        engine.signed_in("ada").await;
        let row = engine.user_by_id(&ada.id).await.unwrap().unwrap();
        assert_eq!((row.banned, &row.ban_reason, row.ban_expires), (Some(false), &None, None), "the sign-in lifts it");
    }

    async fn a_suspension_without_end_stays(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller.user;
        engine.suspend(&ada.id, None, None).await.unwrap();
        let row = engine.user_by_id(&ada.id).await.unwrap().unwrap();
        assert_eq!((row.banned, row.ban_reason.as_deref(), row.ban_expires), (Some(true), Some("No reason"), None));
        engine.clock.advance(365 * 86_400);
        let refused = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(refused, SignInError::Finish(FinishError::Closed(Closed::Suspended))), "{refused:?}");
        assert!(engine.restore(&ada.id).await.unwrap());
        engine.signed_in("ada").await;
    }
}
