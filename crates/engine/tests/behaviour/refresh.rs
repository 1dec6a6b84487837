//! Renewing with refresh tokens.

use countersign_engine::db::args;
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{Caller, Device, Found, Presented, RefreshError, Renewal, Renewed};
use countersign_testkit::{NOW, PASSWORD, Place, TestEngine, address, both_databases, device};
use countersign_token::{RefreshToken, Secret, Secrets, SignedCookie, Standing};

use crate::sessions::{cookie, live};

const DAY: i64 = 86_400;
const GRACE: i64 = 30;
const OLD: &str = "qF7mW2xZ9kL4vB8nT3rY6uJ1hG5dS0aP";
const NEW: &str = "Zk3Nf8Qw1Lx6Vr9Tb4Ys7Jm2Hc5Dg0Pu";

both_databases! {
    async fn gives_an_access_token_and_the_next_refresh_token(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        let first = start(&engine, &ada).await;
        let renewed = engine.refresh(&first).await.unwrap();
        assert_eq!(renewed.caller, ada);
        live(&engine, Presented::AccessToken(&renewed.access_token.token), Renewal::Never).await;
        let again = engine.refresh(&renewed.refresh_token).await.unwrap();
        assert_eq!(generations(&engine, &[&first, &renewed.refresh_token, &again.refresh_token]), [0, 1, 2]);
        assert_eq!(audited(&engine, "refresh_started").await, 1);
    }

    async fn starts_with_the_same_token_until_it_is_spent(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        let first = start(&engine, &ada).await;
        assert_eq!(start(&engine, &ada).await, first);
        let second = engine.refresh(&first).await.unwrap().refresh_token;
        assert_eq!(start(&engine, &ada).await, second);
    }

    async fn does_not_start_for_a_session_that_is_over(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        engine.sign_out(cookie(&ada)).await.unwrap();
        let refused = engine.start_refresh(&ada, false).await;
        assert!(matches!(refused, Err(countersign_engine::Error::NotFound)), "{refused:?}");
    }

    async fn answers_a_lost_reply_with_the_same_successor_within_the_grace(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        let first = start(&engine, &ada).await;
        let lost = engine.refresh(&first).await.unwrap();
        let_pass(&engine, GRACE - 5).await;
        let heard = engine.refresh(&first).await.unwrap();
        assert_eq!(heard.refresh_token, lost.refresh_token);
        for access_token in [&lost.access_token.token, &heard.access_token.token] {
            live(&engine, Presented::AccessToken(access_token), Renewal::Never).await;
        }
        engine.refresh(&heard.refresh_token).await.unwrap();
    }

    async fn ends_the_session_and_no_other_when_a_spent_token_comes_after_the_grace(place: &Place) {
        let engine = TestEngine::open(place).await;
        let (bob, ada) = (engine.signed_up("bob").await, engine.signed_up("ada").await);
        let second = engine.signed_in("ada").await;
        let (stolen, of_second) = (start(&engine, &ada.caller).await, start(&engine, &second.caller).await);
        let renewed = engine.refresh(&stolen).await.unwrap();
        let_pass(&engine, GRACE).await;
        refused(engine.refresh(&stolen).await);
        refused(engine.refresh(&renewed.refresh_token).await);
        for access_token in [&ada.access_token, &renewed.access_token.token] {
            let found = engine.find_session(Presented::AccessToken(access_token), Renewal::Never).await;
            assert!(matches!(found, Ok(Found::Gone)), "{found:?}");
        }
        let found = engine.find_session(cookie(&ada.caller), Renewal::Never).await;
        assert!(matches!(found, Ok(Found::Gone)), "{found:?}");
        for other in [&bob, &second] {
            live(&engine, cookie(&other.caller), Renewal::Never).await;
            live(&engine, Presented::AccessToken(&other.access_token), Renewal::Never).await;
        }
        engine.refresh(&of_second).await.unwrap();
        let detail = "SELECT {countersign_audit.detail} FROM {countersign_audit} \
             WHERE {countersign_audit.event} = 'refresh_reused' AND {countersign_audit.sessionId} = $1";
        assert_eq!(engine.ask::<String>(detail, args![ada.caller.session.id.clone()]).await, "generation 0, stored 1");
        assert_eq!(audited(&engine, "refresh_reused").await, 1);
    }

    async fn ends_the_session_when_a_token_comes_that_was_spent_before_the_last(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        let first = start(&engine, &ada).await;
        let second = engine.refresh(&first).await.unwrap().refresh_token;
        let third = engine.refresh(&second).await.unwrap().refresh_token;
        refused(engine.refresh(&first).await);
        refused(engine.refresh(&third).await);
    }

    async fn refuses_on_other_nodes_what_a_reuse_ended(place: &Place) {
        let (here, there) = (TestEngine::open(place).await, TestEngine::open(place).await);
        // The feed goes by the database's clock.
        let now = here.database().clock().await.unwrap();
        for node in [&here, &there] {
            node.clock.set(now);
        }
        there.catch_up().await.unwrap();
        let ada = here.signed_up("ada").await;
        live(&there, cookie(&ada.caller), Renewal::Never).await;
        let first = start(&here, &ada.caller).await;
        here.refresh(&first).await.unwrap();
        let_pass(&here, GRACE).await;
        refused(here.refresh(&first).await);
        there.catch_up().await.unwrap();
        let found = there.find_session(Presented::AccessToken(&ada.access_token), Renewal::Never).await;
        assert!(matches!(found, Ok(Found::Gone)), "{found:?}");
    }

    async fn adopts_the_token_of_a_time_the_database_has_forgotten(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        let mut token = start(&engine, &ada).await;
        for forget in [
            "UPDATE {countersign_session} SET {countersign_session.generation} = 1",
            "DELETE FROM {countersign_session}",
        ] {
            for _ in 0..3 {
                token = engine.refresh(&token).await.unwrap().refresh_token;
            }
            engine.run(forget, args![]).await;
            let adopted = engine.refresh(&token).await.unwrap().refresh_token;
            assert_eq!(engine.refresh(&token).await.unwrap().refresh_token, adopted, "a retry finds the same");
            token = adopted;
        }
        engine.refresh(&token).await.unwrap();
        assert_eq!(audited(&engine, "refresh_adopted").await, 2);
    }

    async fn renews_nothing_beyond_the_greatest_age_of_a_session(place: &Place) {
        let engine = TestEngine::open_with(place, |config| config.session.max_age = 10 * 86_400).await;
        let ada = engine.signed_up("ada").await.caller;
        let mut token = start(&engine, &ada).await;
        for (day, end) in [(1, 8), (4, 10), (6, 10), (9, 10)] {
            engine.clock.set(NOW.plus_seconds(day * DAY));
            let renewed = engine.refresh(&token).await.unwrap();
            assert!(renewed.caller.session.expires_at <= NOW.plus_seconds(end * DAY), "on day {day}");
            token = renewed.refresh_token;
        }
        assert_eq!(live(&engine, cookie(&ada), Renewal::WhenDue).await.0.session.expires_at, NOW.plus_seconds(10 * DAY));
        let another = "UPDATE {session} SET {session.expiresAt} = $1";
        engine.run(another, args![NOW.plus_seconds(20 * DAY)]).await;
        engine.clock.set(NOW.plus_seconds(10 * DAY));
        refused(engine.refresh(&token).await);
    }

    async fn moves_the_end_of_the_session_as_its_use_does_and_not_of_one_that_is_not_remembered(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        let brief = Device { dont_remember: true, ..device() };
        let brief = engine.sign_in(&address("ada"), PASSWORD, brief).await.unwrap().caller;
        let second = engine.signed_in("ada").await.caller;
        let (remembered, forgotten) = (start(&engine, &ada).await, start(&engine, &brief).await);
        let said_by_cookie = engine.start_refresh(&second, true).await.unwrap().refresh_token;
        engine.clock.advance(DAY - 1);
        let forgotten = engine.refresh(&forgotten).await.unwrap();
        assert_eq!(forgotten.caller.session.expires_at, NOW.plus_seconds(DAY));
        engine.clock.advance(1);
        let remembered = engine.refresh(&remembered).await.unwrap();
        assert_eq!(remembered.caller.session.expires_at, NOW.plus_seconds(8 * DAY));
        assert_eq!(live(&engine, cookie(&ada), Renewal::Never).await.0, remembered.caller);
        let said_by_cookie = engine.refresh(&said_by_cookie).await.unwrap();
        assert_eq!(said_by_cookie.caller.session.expires_at, second.session.expires_at);
        refused(engine.refresh(&forgotten.refresh_token).await);
    }

    async fn walks_the_gates_and_spends_nothing_where_one_is_closed(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        let token = start(&engine, &ada).await;
        engine.run("UPDATE {user} SET {user.banned} = $1", args![true]).await;
        let closed = engine.refresh(&token).await;
        assert!(matches!(closed, Err(RefreshError::Closed(Closed::Suspended))), "{closed:?}");
        engine.run("UPDATE {user} SET {user.banned} = $1", args![false]).await;
        let strict = TestEngine::open_with(place, |config| config.email_and_password.require_email_verification = true).await;
        let closed = strict.refresh(&token).await;
        assert!(matches!(closed, Err(RefreshError::Closed(Closed::EmailNotVerified))), "{closed:?}");
        let renewed = engine.refresh(&token).await.unwrap();
        assert_eq!(generations(&engine, &[&renewed.refresh_token]), [1]);
        let_pass(&engine, GRACE).await;
        engine.run("UPDATE {user} SET {user.banned} = $1", args![true]).await;
        refused(engine.refresh(&token).await);
        assert_eq!(audited(&engine, "refresh_reused").await, 1, "a suspended user's copy is a copy");
    }

    async fn renews_no_session_that_is_over(place: &Place) {
        let engine = TestEngine::open(place).await;
        let mut tokens = Vec::new();
        for name in ["signed-out", "suspended", "deleted", "expired"] {
            let caller = engine.signed_up(name).await.caller;
            tokens.push(start(&engine, &caller).await);
            match name {
                "signed-out" => assert!(engine.sign_out(cookie(&caller)).await.unwrap()),
                "suspended" => assert!(engine.suspend(&caller.user.id, None, None).await.unwrap()),
                "deleted" => assert!(engine.delete_user(&caller.user.id).await.unwrap()),
                _ => engine.clock.advance(7 * DAY),
            }
        }
        for token in tokens {
            refused(engine.refresh(&token).await);
        }
    }

    async fn takes_nothing_for_a_refresh_token_that_is_none(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await;
        let session = &ada.caller.session;
        let genuine = start(&engine, &ada.caller).await;
        let foreign = Secret::parse(OLD).unwrap();
        let statements = engine.database().statements();
        for text in [
            "",
            "csr_",
            &genuine[1..],
            &format!("{genuine}="),
            &ada.access_token,
            &session.token,
            &SignedCookie::sign(&session.token, engine.secrets().current()),
            &RefreshToken::mint(&session.id, 0, &foreign).unwrap(),
        ] {
            refused(engine.refresh(text).await);
        }
        assert_eq!(engine.database().statements(), statements, "a forgery costs no statement");
        let unknown = RefreshToken::mint("unknown", 0, engine.secrets().current()).unwrap();
        refused(engine.refresh(&unknown).await);
        engine.refresh(&genuine).await.unwrap();
    }

    async fn a_hundred_at_once_on_three_nodes_all_succeed_with_one_successor(place: &Place) {
        let nodes = [TestEngine::open(place).await, TestEngine::open(place).await, TestEngine::open(place).await];
        let ada = nodes[0].signed_up("ada").await.caller;
        nodes.iter().zip([0, 59, -59]).for_each(|(node, off)| node.clock.advance(off));
        let mut token = start(&nodes[0], &ada).await;
        for generation in 1..=3 {
            let calls: Vec<_> = (0..100).map(|call| {
                let (node, token) = (nodes[call % 3].engine().clone(), token.clone());
                tokio::spawn(async move { node.refresh(&token).await })
            }).collect();
            let mut successors = Vec::new();
            for call in calls {
                successors.push(call.await.unwrap().unwrap().refresh_token);
            }
            successors.sort();
            successors.dedup();
            assert_eq!(generations(&nodes[0], &successors.iter().map(String::as_str).collect::<Vec<_>>()), [generation]);
            token = successors.remove(0);
        }
        let stored = "SELECT {countersign_session.generation} FROM {countersign_session}";
        assert_eq!(nodes[0].ask::<i64>(stored, args![]).await, 3);
        assert_eq!(audited(&nodes[0], "refresh_reused").await, 0);
    }

    async fn and_sign_out_at_once_never_wait_for_each_other(place: &Place) {
        let engine = TestEngine::open(place).await;
        engine.signed_up("ada").await;
        for _ in 0..10 {
            let caller = engine.signed_in("ada").await.caller;
            let token = start(&engine, &caller).await;
            engine.clock.advance(DAY);
            let refreshes: Vec<_> = (0..8).map(|_| {
                let (engine, token) = (engine.engine().clone(), token.clone());
                tokio::spawn(async move { engine.refresh(&token).await })
            }).collect();
            engine.sign_out(cookie(&caller)).await.unwrap();
            for refresh in refreshes {
                let outcome = refresh.await.unwrap();
                assert!(matches!(outcome, Ok(_) | Err(RefreshError::Invalid)), "{outcome:?}");
            }
            refused(engine.refresh(&token).await);
            let standing = engine.standing(&caller.user.id, Some(&caller.session.id)).await.unwrap();
            assert_eq!(standing, Standing::SessionEnded);
        }
    }

    async fn goes_on_under_a_new_secret_while_the_old_one_is_kept(place: &Place) {
        let secrets = |text: String| Secrets::parse_versioned(&text).unwrap();
        let before = open(place, secrets(format!("1:{OLD}"))).await;
        let ada = before.signed_up("ada").await.caller;
        let old = start(&before, &ada).await;
        let both = open(place, secrets(format!("2:{NEW},1:{OLD}"))).await;
        let renewed = both.refresh(&old).await.unwrap();
        assert_eq!(both.refresh(&old).await.unwrap().refresh_token, renewed.refresh_token);
        let after = open(place, secrets(format!("2:{NEW}"))).await;
        refused(after.refresh(&old).await);
        after.refresh(&renewed.refresh_token).await.unwrap();
    }
}

async fn start(engine: &TestEngine, caller: &Caller) -> String {
    engine.start_refresh(caller, false).await.unwrap().refresh_token
}

/// Lets the counters look as if they had moved `seconds` earlier: the grace goes by the database's clock, which no test
/// can move.
async fn let_pass(engine: &TestEngine, seconds: i64) {
    let earlier = engine.database().clock().await.unwrap().plus_seconds(-seconds);
    let moved = "UPDATE {countersign_session} SET {countersign_session.advancedAt} = $1 \
         WHERE {countersign_session.advancedAt} IS NOT NULL";
    assert!(engine.run(moved, args![earlier]).await > 0);
}

fn generations(engine: &TestEngine, tokens: &[&str]) -> Vec<u32> {
    tokens.iter().map(|token| RefreshToken::verify(token, engine.secrets()).unwrap().generation()).collect()
}

fn refused(outcome: Result<Renewed, RefreshError>) {
    assert!(matches!(outcome, Err(RefreshError::Invalid)), "{outcome:?}");
}

async fn audited(engine: &TestEngine, event: &str) -> i64 {
    let count = "SELECT count(*) FROM {countersign_audit} WHERE {countersign_audit.event} = $1";
    engine.ask(count, args![event]).await
}

async fn open(place: &Place, secrets: Secrets) -> TestEngine {
    TestEngine::try_open(place.migrated().await, secrets, |_| {}).await.unwrap()
}
