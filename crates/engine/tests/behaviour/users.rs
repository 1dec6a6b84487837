//! What operators do to users, and users to themselves.

use countersign_engine::db::args;
use countersign_engine::{Error, Found, Presented, Profile, Renewal, SignInError, UpdateError, Who};
use countersign_testkit::{PASSWORD, TestEngine, address, both_databases, device};
use countersign_token::Standing;

use crate::sessions::{cookie, live};

both_databases! {
    async fn a_suspended_user_is_refused_on_the_next_request(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        let (user, session) = (ada.caller.user.id.as_str(), ada.caller.session.id.as_str());
        live(&engine, cookie(&ada.caller), Renewal::WhenDue).await;
        assert_eq!(engine.standing(user, Some(session)).await.unwrap(), Standing::Active { role: Some("user".to_owned()) });
        assert!(engine.suspend(user, None, None).await.unwrap());
        for presented in [cookie(&ada.caller), Presented::AccessToken(&ada.access_token)] {
            let found = engine.find_session(presented, Renewal::WhenDue).await.unwrap();
            assert!(matches!(found, Found::Gone), "{found:?}");
        }
        assert_eq!(engine.standing(user, None).await.unwrap(), Standing::Suspended);
        assert_eq!(engine.standing(user, Some(session)).await.unwrap(), Standing::Suspended);
        assert_eq!(engine.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 0);
        assert!(engine.restore(user).await.unwrap());
        assert!(matches!(engine.standing(user, None).await.unwrap(), Standing::Active { .. }));
        assert_eq!(engine.standing(user, Some(session)).await.unwrap(), Standing::SessionEnded, "the session stays ended");
    }

    async fn a_session_that_outlived_a_suspension_from_elsewhere_is_refused_while_that_lasts(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        let until = countersign_testkit::NOW.plus_seconds(60);
        engine.run("UPDATE {user} SET {user.banned} = $1, {user.banExpires} = $2", args![true, until]).await;
        let found = engine.find_session(cookie(&ada.caller), Renewal::WhenDue).await.unwrap();
        assert!(matches!(found, Found::Gone), "{found:?}");
        engine.clock.advance(60);
        live(&engine, cookie(&ada.caller), Renewal::WhenDue).await;
        assert!(matches!(engine.standing(&ada.caller.user.id, None).await.unwrap(), Standing::Active { .. }));
    }

    async fn a_deleted_user_is_gone_with_accounts_and_sessions(place: &Place) {
        let engine = TestEngine::open(place).await;
        let (ada, bob) = (engine.signed_up("ada").await, engine.signed_up("bob").await);
        let (user, session) = (ada.caller.user.id.as_str(), ada.caller.session.id.as_str());
        assert!(engine.delete_user(user).await.unwrap());
        assert_eq!(engine.standing(user, None).await.unwrap(), Standing::Unknown);
        assert_eq!(engine.standing(user, Some(session)).await.unwrap(), Standing::Unknown);
        let found = engine.find_session(Presented::AccessToken(&ada.access_token), Renewal::WhenDue).await.unwrap();
        assert!(matches!(found, Found::Gone), "{found:?}");
        for count in ["SELECT count(*) FROM {user}", "SELECT count(*) FROM {account}", "SELECT count(*) FROM {session}"] {
            assert_eq!(engine.ask::<i64>(count, args![]).await, 1, "{count}: bob's is left");
        }
        live(&engine, cookie(&bob.caller), Renewal::WhenDue).await;
        let refused = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(refused, SignInError::InvalidEmailOrPassword), "{refused:?}");
    }

    async fn an_unknown_subject_is_unknown(place: &Place) {
        let engine = TestEngine::open(place).await;
        assert_eq!(engine.standing("nobody", Some("nothing")).await.unwrap(), Standing::Unknown);
        assert_eq!(engine.user(Who::parse("nobody")).await.unwrap(), None);
        assert_eq!(engine.user(Who::parse("nobody@example.com")).await.unwrap(), None);
    }

    async fn what_is_done_to_nobody_is_said_and_not_recorded(place: &Place) {
        let engine = TestEngine::open(place).await;
        assert!(!engine.suspend("nobody", None, None).await.unwrap());
        assert!(!engine.restore("nobody").await.unwrap());
        assert!(!engine.set_role("nobody", "admin").await.unwrap());
        assert!(!engine.delete_user("nobody").await.unwrap());
        assert_eq!(engine.ask::<i64>("SELECT count(*) FROM {countersign_audit}", args![]).await, 0);
    }

    async fn a_new_role_holds_at_once(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.user_without_password("ada").await;
        assert_eq!(engine.standing(&ada.id, None).await.unwrap(), Standing::Active { role: Some("user".to_owned()) });
        engine.clock.advance(1);
        assert!(engine.set_role(&ada.id, "admin").await.unwrap());
        assert_eq!(engine.standing(&ada.id, None).await.unwrap(), Standing::Active { role: Some("admin".to_owned()) });
        let detail = "SELECT {countersign_audit.detail} FROM {countersign_audit} WHERE {countersign_audit.event} = 'role_set'";
        assert_eq!(engine.ask::<String>(detail, args![]).await, "admin");
        assert!(engine.user(Who::Id(&ada.id)).await.unwrap().unwrap().updated_at > ada.updated_at);
    }

    async fn are_shown_page_by_page_in_the_order_of_their_ids(place: &Place) {
        let engine = TestEngine::open(place).await;
        let mut ids = Vec::new();
        for name in ["ada", "bob", "cy", "dan", "eve"] {
            engine.clock.advance_millis(1);
            ids.push(engine.user_without_password(name).await.id);
        }
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page = engine.users(seen.last().map_or("", String::as_str), 2).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= 2);
            seen.extend(page.into_iter().map(|user| user.id));
        }
        assert_eq!(seen, ids);
    }

    async fn change_their_own_name_and_picture_and_nothing_else(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        let now = async || (*engine.user_by_id(&ada.user.id).await.unwrap().unwrap()).clone();
        engine.clock.advance(1);
        engine.update_profile(&ada, Profile { name: Some("Ada".to_owned()), ..Profile::default() }).await.unwrap();
        assert_eq!((now().await.name.as_str(), now().await.image), ("Ada", None));
        engine.update_profile(&ada, Profile { image: Some(Some("ada.png".to_owned())), ..Profile::default() }).await.unwrap();
        assert_eq!((now().await.name.as_str(), now().await.image.as_deref()), ("Ada", Some("ada.png")));
        engine.update_profile(&ada, Profile { image: Some(None), ..Profile::default() }).await.unwrap();
        let changed = now().await;
        let unchanged = countersign_engine::User { name: "Ada".to_owned(), updated_at: changed.updated_at, ..(*ada.user).clone() };
        assert_eq!(changed, unchanged);
        assert_eq!(changed.updated_at, ada.user.updated_at.plus_seconds(1));
        assert!(matches!(engine.update_profile(&ada, Profile::default()).await, Err(UpdateError::Nothing)));
        engine.delete_user(&ada.user.id).await.unwrap();
        let gone = engine.update_profile(&ada, Profile { name: Some("x".to_owned()), ..Profile::default() }).await;
        assert!(matches!(gone, Err(UpdateError::Engine(Error::NotFound))), "{gone:?}");
    }
}
