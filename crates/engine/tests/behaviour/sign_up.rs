//! Registering.

use countersign_engine::db::args;
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{
    CreateUserError, FinishError, NewUser, SignInError, SignUpError, SignedUp, Unacceptable, Who,
};
use countersign_testkit::{NOW, PASSWORD, TestEngine, address, both_databases, device};

fn new(name: &str) -> NewUser {
    NewUser { name: name.to_owned(), email: address(name), ..NewUser::default() }
}

both_databases! {
    async fn stores_user_account_and_session_and_says_so_in_the_audit_log(place: &Place) {
        let engine = TestEngine::open(place).await;
        let image = Some("https://example.com/ada.png".to_owned());
        let ada = NewUser { email: "Ada@Example.COM".to_owned(), image, ..new("Ada") };
        let SignedUp::SignedIn(ada) = engine.sign_up(ada, PASSWORD, device()).await.unwrap() else { panic!("no session") };
        let stored = engine.user(Who::Email("aDA@example.com")).await.unwrap().unwrap();
        assert_eq!(stored, *ada.caller.user);
        assert_eq!((stored.name.as_str(), stored.email.as_str()), ("Ada", "ada@example.com"));
        assert_eq!(stored.image.as_deref(), Some("https://example.com/ada.png"));
        assert_eq!((stored.role.as_deref(), stored.banned, stored.email_verified), (Some("user"), Some(false), false));
        assert_eq!((stored.created_at, stored.updated_at), (NOW, NOW));
        assert_eq!(engine.user(Who::Id(&stored.id)).await.unwrap().unwrap(), stored);
        assert_eq!(engine.ask::<String>("SELECT {account.accountId} FROM {account} WHERE {account.providerId} = 'credential'", args![]).await, stored.id);
        let session = &ada.caller.session;
        assert_eq!(engine.ask::<String>("SELECT {session.token} FROM {session}", args![]).await, session.token);
        assert_eq!((session.created_at, session.expires_at), (NOW, NOW.plus_seconds(7 * 86_400)));
        assert_eq!(events(&engine).await, ["user_created", "signed_in"]);
    }

    async fn twenty_at_once_on_one_address_make_one_account_and_no_other_error(place: &Place) {
        let engine = TestEngine::open_with(place, |config| config.password_hash.queue_deadline_ms = 120_000).await;
        let mut all = tokio::task::JoinSet::new();
        for number in 0..20 {
            let (engine, email) = (engine.engine().clone(), if number % 2 == 0 { "ada@example.com" } else { "ADA@example.com" });
            all.spawn(async move {
                let ada = NewUser { email: email.to_owned(), ..new("ada") };
                engine.sign_up(ada, PASSWORD, device()).await
            });
        }
        let answers = all.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        for refused in answers.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, SignUpError::AlreadyExists), "{refused:?}");
        }
        for count in ["SELECT count(*) FROM {user}", "SELECT count(*) FROM {account}", "SELECT count(*) FROM {session}"] {
            assert_eq!(engine.ask::<i64>(count, args![]).await, 1, "{count}");
        }
    }

    async fn tells_a_taken_address_where_it_may_and_feigns_success_where_it_must_not(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.user_without_password("ada").await;
        let taken = engine.sign_up(new("ada"), PASSWORD, device()).await;
        assert!(matches!(taken, Err(SignUpError::AlreadyExists)), "{taken:?}");

        let discreet = TestEngine::open_with(place, |config| config.email_and_password.auto_sign_in = false).await;
        let SignedUp::Registered(semblance) = discreet.sign_up(new("ada"), PASSWORD, device()).await.unwrap() else { panic!() };
        let SignedUp::Registered(bob) = discreet.sign_up(new("bob"), PASSWORD, device()).await.unwrap() else { panic!() };
        assert_eq!(discreet.user(Who::Id(&semblance.id)).await.unwrap(), None);
        assert_eq!(discreet.user(Who::Id(&bob.id)).await.unwrap(), Some(*bob.clone()));
        assert_eq!((&semblance.role, semblance.banned, &semblance.image), (&bob.role, bob.banned, &bob.image));
        assert_eq!(engine.ask::<i64>("SELECT count(*) FROM {user}", args![]).await, 2);
        assert_eq!(engine.ask::<i64>("SELECT count(*) FROM {session}", args![]).await, 0);
        discreet.signed_in("bob").await;
    }

    async fn lets_nobody_in_whose_address_is_not_proven_where_that_is_demanded(place: &Place) {
        let engine = TestEngine::open_with(place, |config| config.email_and_password.require_email_verification = true).await;
        assert!(matches!(engine.sign_up(new("ada"), PASSWORD, device()).await, Ok(SignedUp::Registered(_))));
        let refused = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(refused, SignInError::Finish(FinishError::Closed(Closed::EmailNotVerified))), "{refused:?}");
        engine.run("UPDATE {user} SET {user.emailVerified} = $1", args![true]).await;
        assert!(engine.signed_in("ada").await.caller.user.email_verified);
    }

    async fn refuses_what_the_settings_refuse_before_anything_is_done(place: &Place) {
        let engine = TestEngine::open(place).await;
        let before = engine.database().statements();
        for (password, reason) in [("1234567", Unacceptable::TooShort), (&*"x".repeat(129), Unacceptable::TooLong)] {
            let refused = engine.sign_up(new("ada"), password, device()).await.unwrap_err();
            assert!(matches!(refused, SignUpError::Unacceptable(why) if why == reason), "{refused:?}");
        }
        assert_eq!(engine.database().statements(), before, "a password of the wrong length costs no statement");
        for off in [true, false] {
            let engine = TestEngine::open_with(place, |config| {
                config.email_and_password.enabled = !off;
                config.email_and_password.disable_sign_up = true;
            }).await;
            let refused = engine.sign_up(new("ada"), PASSWORD, device()).await.unwrap_err();
            assert!(matches!(refused, SignUpError::Disabled), "{refused:?}");
            let sign_in = engine.sign_in(&address("ada"), PASSWORD, device()).await.unwrap_err();
            assert_eq!(matches!(sign_in, SignInError::Disabled), off, "{sign_in:?}");
        }
    }

    async fn an_operator_makes_users_with_and_without_a_password(place: &Place) {
        let engine = TestEngine::open_with(place, |config| config.email_and_password.disable_sign_up = true).await;
        let admin = NewUser { role: Some("admin,user".to_owned()), ..new("ada") };
        let ada = engine.create_user(admin, Some(PASSWORD)).await.unwrap();
        assert_eq!(ada.role.as_deref(), Some("admin,user"));
        assert_eq!(engine.signed_in("ada").await.caller.user.id, ada.id);
        engine.user_without_password("bob").await;
        let refused = engine.sign_in(&address("bob"), PASSWORD, device()).await.unwrap_err();
        assert!(matches!(refused, SignInError::InvalidEmailOrPassword), "{refused:?}");
        let taken = engine.create_user(NewUser { email: "ADA@example.com".to_owned(), ..new("x") }, None).await.unwrap_err();
        assert!(matches!(taken, CreateUserError::AlreadyExists), "{taken:?}");
        let short = engine.create_user(new("eve"), Some("short")).await.unwrap_err();
        assert!(matches!(short, CreateUserError::Unacceptable(Unacceptable::TooShort)), "{short:?}");
    }
}

/// The names of the events kept so far.
pub(crate) async fn events(engine: &TestEngine) -> Vec<String> {
    let all = "SELECT {countersign_audit.event} FROM {countersign_audit} ORDER BY {countersign_audit.id}";
    let mut events: Vec<String> = engine.database().read().await.unwrap().all(all, args![]).await.unwrap();
    // Events of one instant have ids in no order: the log says what was done, its instants say when.
    events.sort_by_key(|event| event != "user_created");
    events
}
