//! Changing a password, and being given one.

use countersign_engine::db::args;
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{
    ChangePasswordError, Error, Existing, FinishError, Found, PasswordChanged, Presented, Renewal, SetPasswordError,
    SignInError, Unacceptable,
};
use countersign_testkit::{PASSWORD, TestEngine, address, both_databases, device};

const NEW: &str = "another horse battery";

both_databases! {
    async fn the_new_password_signs_in_and_the_old_one_no_more(place: &Place) {
        let engine = TestEngine::open(place).await;
        let here = engine.signed_up("ada").await;
        let there = engine.signed_in("ada").await;
        let kept = engine.change_password(&here.caller, PASSWORD, NEW, None).await.unwrap();
        assert!(matches!(kept, PasswordChanged::SessionsKept));
        assert!(is_live(&engine, &there.access_token).await, "sessions stay as they were");
        let old = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(old, SignInError::InvalidEmailOrPassword), "{old:?}");

        let changed = engine.change_password(&here.caller, NEW, PASSWORD, Some(device())).await.unwrap();
        let PasswordChanged::SessionsReplaced(fresh) = changed else { panic!("the sessions were to be replaced") };
        assert!(!is_live(&engine, &here.access_token).await);
        assert!(!is_live(&engine, &there.access_token).await);
        assert!(is_live(&engine, &fresh.access_token).await);
        assert_eq!(engine.sessions(&fresh.caller.user.id).await.unwrap(), [(*fresh.caller.session).clone()]);
        engine.signed_in("ada").await;
    }

    async fn only_the_owner_of_a_password_changes_it(place: &Place) {
        let engine = TestEngine::open(place).await;
        let caller = engine.signed_up("ada").await.caller;
        let long = "x".repeat(129);
        let refused = async |current: &str, new: &str| engine.change_password(&caller, current, new, None).await.unwrap_err();
        assert!(matches!(refused("wrong password", NEW).await, ChangePasswordError::WrongPassword));
        assert!(matches!(refused(PASSWORD, "short").await, ChangePasswordError::Unacceptable(Unacceptable::TooShort)));
        assert!(matches!(refused(PASSWORD, &long).await, ChangePasswordError::Unacceptable(Unacceptable::TooLong)));
        assert!(matches!(refused(&long, NEW).await, ChangePasswordError::Unacceptable(Unacceptable::TooLong)));
        engine.run("UPDATE {account} SET {account.password} = $1", args![None::<&str>]).await;
        assert!(matches!(refused(PASSWORD, NEW).await, ChangePasswordError::NoCredential));
        engine.run("DELETE FROM {account}", args![]).await;
        assert!(matches!(refused(PASSWORD, NEW).await, ChangePasswordError::NoCredential));
    }

    async fn a_closed_gate_leaves_password_and_sessions_as_they_were(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        engine.run("UPDATE {user} SET {user.banned} = $1", args![true]).await;
        let refused = engine.change_password(&ada.caller, PASSWORD, NEW, Some(device())).await.unwrap_err();
        assert!(matches!(refused, ChangePasswordError::Finish(FinishError::Closed(Closed::Suspended))), "{refused:?}");
        engine.run("UPDATE {user} SET {user.banned} = $1", args![false]).await;
        assert!(is_live(&engine, &ada.access_token).await);
        engine.signed_in("ada").await;
    }

    async fn is_given_to_who_has_none_and_replaced_only_on_purpose(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.user_without_password("ada").await.id;
        let set = async |password: &str, existing| engine.set_password(&ada, password, existing).await;
        assert!(matches!(set("short", Existing::Keep).await, Err(SetPasswordError::Unacceptable(Unacceptable::TooShort))));
        let nobody = engine.set_password("nobody", NEW, Existing::Keep).await;
        assert!(matches!(nobody, Err(SetPasswordError::Engine(Error::NotFound))), "{nobody:?}");
        set(PASSWORD, Existing::Keep).await.unwrap();
        let session = engine.signed_in("ada").await;
        assert!(matches!(set(NEW, Existing::Keep).await, Err(SetPasswordError::AlreadySet)));
        assert!(is_live(&engine, &session.access_token).await);
        set(NEW, Existing::Replace).await.unwrap();
        assert!(!is_live(&engine, &session.access_token).await, "whoever knew the old one may be signed in");
        engine.sign_in(&address("ada"), NEW, device()).await.unwrap();
        engine.run("UPDATE {account} SET {account.password} = $1", args![None::<&str>]).await;
        set(PASSWORD, Existing::Keep).await.unwrap();
        assert_eq!(engine.accounts(&ada).await.unwrap().len(), 1, "an account without a password is given one");
        engine.signed_in("ada").await;
    }
}

async fn is_live(engine: &TestEngine, access_token: &str) -> bool {
    let found = engine.find_session(Presented::AccessToken(access_token), Renewal::Never).await.unwrap();
    matches!(found, Found::Live { .. })
}
