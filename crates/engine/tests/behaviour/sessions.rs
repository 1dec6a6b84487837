//! Finding, renewing, listing and ending sessions.

use countersign_engine::db::args;
use countersign_engine::{Caller, Found, Presented, Renewal, SessionError, SignedIn};
use countersign_testkit::{NOW, PASSWORD, TestEngine, address, both_databases, device};
use countersign_token::Standing;

const DAY: i64 = 86_400;
const COUNT: &str = "SELECT count(*) FROM {session}";

both_databases! {
    async fn is_found_by_cookie_and_by_access_token(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        for presented in [cookie(&ada.caller), Presented::AccessToken(&ada.access_token)] {
            let (found, renewed, due) = live(&engine, presented, Renewal::WhenDue).await;
            assert_eq!((found, renewed, due), (ada.caller.clone(), false, false), "{presented:?}");
        }
        let unknown = Presented::Cookie { token: "unknown", dont_remember: false };
        assert!(matches!(engine.find_session(unknown, Renewal::WhenDue).await, Ok(Found::Gone)));
        for junk in ["", "a.b.c", &ada.access_token[1..], &ada.caller.session.token] {
            let found = engine.find_session(Presented::AccessToken(junk), Renewal::WhenDue).await;
            assert!(matches!(found, Ok(Found::Nobody)), "{junk}: {found:?}");
        }
    }

    async fn is_renewed_when_a_day_has_passed_and_lives_a_week_from_then(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        engine.clock.advance(DAY - 1);
        assert!(!live(&engine, cookie(&ada.caller), Renewal::WhenDue).await.1);
        engine.clock.advance(1);
        assert_eq!(flags(live(&engine, cookie(&ada.caller), Renewal::Never).await), (false, false));
        assert_eq!(flags(live(&engine, cookie(&ada.caller), Renewal::OnlySay).await), (false, true));
        let not_remembered = Presented::Cookie { token: &ada.caller.session.token, dont_remember: true };
        assert_eq!(flags(live(&engine, not_remembered, Renewal::WhenDue).await), (false, false));

        let (renewed, is_renewed, due) = live(&engine, Presented::AccessToken(&ada.access_token), Renewal::WhenDue).await;
        assert_eq!((is_renewed, due), (true, false));
        assert_eq!(renewed.session.expires_at, NOW.plus_seconds(8 * DAY));
        assert_eq!(renewed.session.updated_at, NOW.plus_seconds(DAY));
        assert_eq!(live(&engine, cookie(&ada.caller), Renewal::WhenDue).await, (renewed, false, false));
    }

    async fn is_not_renewed_while_a_gate_is_closed_and_lives_to_its_end(place: &Place) {
        let ada = TestEngine::open(place).await.signed_up("ada").await;
        let engine = TestEngine::open_with(place, |config| config.email_and_password.require_email_verification = true).await;
        engine.clock.advance(DAY);
        assert_eq!(flags(live(&engine, cookie(&ada.caller), Renewal::WhenDue).await), (false, false));
        assert_eq!(flags(live(&engine, cookie(&ada.caller), Renewal::OnlySay).await), (false, false));
        engine.run("UPDATE {user} SET {user.emailVerified} = $1", args![true]).await;
        engine.catch_up().await.unwrap();
        assert_eq!(flags(live(&engine, cookie(&ada.caller), Renewal::WhenDue).await), (true, false));
    }

    async fn that_is_not_to_be_remembered_ends_after_a_day_and_is_never_renewed(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.signed_up("ada").await;
        let brief = countersign_engine::Device { dont_remember: true, ..device() };
        let brief = engine.sign_in(&address("ada"), PASSWORD, brief).await.unwrap();
        engine.clock.advance(DAY - 1);
        assert_eq!(flags(live(&engine, cookie(&brief.caller), Renewal::WhenDue).await), (false, false));
        engine.clock.advance(1);
        assert!(matches!(engine.find_session(cookie(&brief.caller), Renewal::WhenDue).await, Ok(Found::Gone)));
    }

    async fn whose_time_has_passed_is_gone_and_swept_away_unless_nothing_may_change(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        engine.clock.advance(7 * DAY);
        assert!(matches!(engine.find_session(cookie(&ada.caller), Renewal::OnlySay).await, Ok(Found::Gone)));
        assert_eq!(engine.ask::<i64>(COUNT, args![]).await, 1);
        assert!(matches!(engine.find_session(cookie(&ada.caller), Renewal::WhenDue).await, Ok(Found::Gone)));
        assert_eq!(engine.ask::<i64>(COUNT, args![]).await, 0);
    }

    async fn that_vanished_before_its_renewal_is_an_error_and_not_a_renewal(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        live(&engine, cookie(&ada.caller), Renewal::WhenDue).await;
        engine.run("DELETE FROM {session}", args![]).await;
        engine.clock.advance(DAY);
        let found = engine.find_session(cookie(&ada.caller), Renewal::WhenDue).await;
        assert!(matches!(found, Err(SessionError::Vanished)), "{found:?}");
        assert!(matches!(engine.find_session(cookie(&ada.caller), Renewal::WhenDue).await, Ok(Found::Gone)));
    }

    async fn are_listed_while_they_live_the_oldest_first(place: &Place) {
        let engine = TestEngine::open(place).await;
        let first = engine.signed_up("ada").await.caller;
        engine.clock.advance(1);
        let second = engine.signed_in("ada").await.caller;
        let bob = engine.signed_up("bob").await.caller;
        let ids = async |caller: &Caller| engine.sessions(&caller.user.id).await.unwrap().into_iter().map(|s| s.id).collect::<Vec<_>>();
        assert_eq!(ids(&first).await, [first.session.id.clone(), second.session.id.clone()]);
        assert_eq!(ids(&bob).await, std::slice::from_ref(&bob.session.id));
        assert_eq!(engine.sessions(&second.user.id).await.unwrap()[1], *second.session);
        engine.clock.advance(7 * DAY - 1);
        assert_eq!(ids(&first).await, std::slice::from_ref(&second.session.id));
    }

    async fn end_one_by_one_all_others_or_all_and_only_ones_own(place: &Place) {
        let engine = TestEngine::open(place).await;
        let bob = engine.signed_up("bob").await;
        let ada = engine.signed_up("ada").await;
        let (second, third) = (engine.signed_in("ada").await, engine.signed_in("ada").await);
        engine.revoke_session(&ada.caller, &bob.caller.session.token).await.unwrap();
        engine.revoke_session(&ada.caller, "unknown").await.unwrap();
        assert_eq!(alive(&engine, &[&bob, &ada, &second, &third]).await, [true, true, true, true]);
        engine.revoke_session(&ada.caller, &second.caller.session.token).await.unwrap();
        assert_eq!(alive(&engine, &[&bob, &ada, &second, &third]).await, [true, true, false, true]);
        engine.revoke_other_sessions(&ada.caller).await.unwrap();
        assert_eq!(alive(&engine, &[&bob, &ada, &second, &third]).await, [true, true, false, false]);
        let fourth = engine.signed_in("ada").await;
        engine.revoke_sessions(&ada.caller).await.unwrap();
        assert_eq!(alive(&engine, &[&bob, &ada, &fourth]).await, [true, false, false]);
        let standing = engine.standing(&ada.caller.user.id, Some(&fourth.caller.session.id)).await.unwrap();
        assert_eq!(standing, Standing::SessionEnded);
        assert!(matches!(engine.standing(&ada.caller.user.id, None).await.unwrap(), Standing::Active { .. }));
    }

    async fn end_by_signing_out_with_cookie_or_access_token(place: &Place) {
        let engine = TestEngine::open(place).await;
        let (ada, second) = (engine.signed_up("ada").await, engine.signed_in("ada").await);
        engine.sign_out(cookie(&ada.caller)).await.unwrap();
        assert_eq!(alive(&engine, &[&ada, &second]).await, [false, true]);
        engine.sign_out(Presented::AccessToken(&second.access_token)).await.unwrap();
        assert_eq!(alive(&engine, &[&ada, &second]).await, [false, false]);
        assert_eq!(engine.ask::<i64>(COUNT, args![]).await, 0);
        engine.sign_out(cookie(&ada.caller)).await.unwrap();
        engine.sign_out(Presented::AccessToken("junk")).await.unwrap();
        let signed_out = "SELECT count(*) FROM {countersign_audit} WHERE {countersign_audit.event} = 'signed_out'";
        assert_eq!(engine.ask::<i64>(signed_out, args![]).await, 2);
    }

    async fn are_fresh_for_a_day(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        assert!(engine.is_fresh(&ada));
        engine.clock.advance(DAY);
        assert!(!engine.is_fresh(&ada));
    }

    async fn end_with_what_was_kept_beside_them(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.signed_up("ada").await;
        let brief = countersign_engine::Device { dont_remember: true, ..device() };
        let brief = engine.sign_in(&address("ada"), PASSWORD, brief).await.unwrap();
        engine.sign_out(cookie(&brief.caller)).await.unwrap();
        assert_eq!(engine.ask::<i64>("SELECT count(*) FROM {countersign_session}", args![]).await, 0);
    }
}

pub(crate) fn cookie(caller: &Caller) -> Presented<'_> {
    Presented::Cookie { token: &caller.session.token, dont_remember: false }
}

pub(crate) async fn live(engine: &TestEngine, presented: Presented<'_>, renewal: Renewal) -> (Caller, bool, bool) {
    match engine.find_session(presented, renewal).await.unwrap() {
        Found::Live { caller, renewed, needs_renewal } => (caller, renewed, needs_renewal),
        other => panic!("{other:?}"),
    }
}

fn flags((_, renewed, due): (Caller, bool, bool)) -> (bool, bool) {
    (renewed, due)
}

/// Whether each is live, by cookie and by access token alike.
async fn alive(engine: &TestEngine, all: &[&SignedIn]) -> Vec<bool> {
    let mut answers = Vec::new();
    for signed_in in all {
        let by_cookie = engine.find_session(cookie(&signed_in.caller), Renewal::Never).await.unwrap();
        let by_token =
            engine.find_session(Presented::AccessToken(&signed_in.access_token), Renewal::Never).await.unwrap();
        let (by_cookie, by_token) = (matches!(by_cookie, Found::Live { .. }), matches!(by_token, Found::Live { .. }));
        assert_eq!(by_cookie, by_token);
        answers.push(by_cookie);
    }
    answers
}
