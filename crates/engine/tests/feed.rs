//! Nodes on one database: what one does, or anybody by hand, the others know after their next look at the feed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign_engine::db::{Db, Kind, Timestamp, args};
use countersign_engine::{
    Clock, Config, Device, Engine, Existing, Found, NewUser, Presented, Renewal, SignedIn, SignedUp, SystemClock, World,
};
use countersign_testkit::{Place, both_databases};
use countersign_token::{Claims, Secret, Secrets, Standing};
use tokio::time::timeout;

async fn node(place: &Place) -> Engine {
    node_at(place, &Arc::new(Shifted::default())).await
}

async fn node_at(place: &Place, clock: &Arc<Shifted>) -> Engine {
    opened(place, Config::default(), World { clock: Arc::clone(clock) as Arc<dyn Clock>, ..World::default() }).await
}

async fn opened(place: &Place, config: Config, world: World) -> Engine {
    let secrets = Secrets::single(Secret::parse("u8Rk2vXq9LmZ4tYw7PbN3sHd6JfGc1Ea").unwrap());
    let engine = Engine::open(place.migrated().await, secrets, config, world).await.unwrap();
    engine.catch_up().await.unwrap();
    engine
}

async fn signed_up(engine: &Engine, email: &str) -> SignedIn {
    let new = NewUser { name: "Ada".into(), email: email.into(), ..NewUser::default() };
    match engine.sign_up(new, "a long password", Device::default()).await.unwrap() {
        SignedUp::SignedIn(signed_in) => *signed_in,
        SignedUp::Registered(_) => panic!("not signed in"),
    }
}

async fn by_hand(db: &Db, statement: &'static str) {
    let mut tx = db.write().await.unwrap();
    tx.run(statement, args![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// As a failover does that lost the last commits: the rows are gone, and the feed says nothing.
async fn lose_sessions(engine: &Engine) {
    by_hand(engine.database(), "UPDATE {user} SET {user.name} = 'Someone'").await;
    let end = feed_end(engine).await;
    by_hand(engine.database(), "DELETE FROM {session}").await;
    let mut tx = engine.database().write().await.unwrap();
    tx.run("DELETE FROM {countersign_feed} WHERE {countersign_feed.seq} > $1", args![end]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn standing(engine: &Engine, of: &SignedIn) -> Standing {
    engine.standing(&of.caller.user.id, Some(&of.caller.session.id)).await.unwrap()
}

async fn is_live(engine: &Engine, of: &SignedIn) -> bool {
    let found = engine.find_session(Presented::AccessToken(&of.access_token), Renewal::Never).await.unwrap();
    matches!(found, Found::Live { .. })
}

both_databases! {
    async fn what_one_node_ends_the_other_refuses_after_its_next_look(place: &Place) {
        let (a, b) = (node(place).await, node(place).await);
        let (ada, eve) = (signed_up(&a, "ada@example.com").await, signed_up(&a, "eve@example.com").await);
        assert!(is_live(&b, &ada).await && is_live(&b, &eve).await);

        a.sign_out(Presented::AccessToken(&ada.access_token)).await.unwrap();
        assert_eq!(standing(&a, &ada).await, Standing::SessionEnded, "at once where it was done");
        a.suspend(&eve.caller.user.id, None, None).await.unwrap();
        b.catch_up().await.unwrap();
        assert!(!is_live(&b, &ada).await && !is_live(&b, &eve).await);
        assert_eq!(standing(&b, &ada).await, Standing::SessionEnded);
        assert_eq!(standing(&b, &eve).await, Standing::Suspended);

        a.restore(&eve.caller.user.id).await.unwrap();
        b.catch_up().await.unwrap();
        assert_eq!(standing(&b, &eve).await, Standing::SessionEnded, "the session stays ended, the user is back");
        let again = b.sign_in("eve@example.com", "a long password", Device::default()).await.unwrap();
        assert!(is_live(&a, &again).await);
    }

    async fn a_session_whose_row_was_lost_is_ended_everywhere_by_signing_out(place: &Place) {
        let (a, b) = (node(place).await, node(place).await);
        for known in [true, false] {
            let ada = signed_up(&a, if known { "ada@example.com" } else { "eve@example.com" }).await;
            assert!(is_live(&a, &ada).await);
            lose_sessions(&a).await;
            let node = if known { &a } else { &b };
            assert!(matches!(standing(&b, &ada).await, Standing::Active { .. }), "API routes do not ask for the row");

            assert!(node.sign_out(Presented::AccessToken(&ada.access_token)).await.unwrap());
            assert_eq!(standing(node, &ada).await, Standing::SessionEnded, "at once where it was done");
            for node in [&a, &b, &self::node(place).await] {
                node.catch_up().await.unwrap();
                assert_eq!(standing(node, &ada).await, Standing::SessionEnded);
            }
            let written = feed_end(&a).await;
            assert!(!b.sign_out(Presented::AccessToken(&ada.access_token)).await.unwrap(), "there is nothing left to end");
            assert_eq!(feed_end(&a).await, written);
        }
    }

    async fn tokens_that_belong_to_no_session_end_where_all_sessions_do(place: &Place) {
        let (a, b) = (node(place).await, node(place).await);
        for way in ["one session", "all", "all others", "a changed password", "a password that is set"] {
            let ada = signed_up(&a, &format!("{}@example.com", way.replace(' ', "-"))).await.caller;
            let issued = |later| {
                let now = SystemClock.now().seconds() + later;
                Claims::new(&*ada.user.id, now, now + DAY)
            };
            // Minted by another program, under the clock of a machine that is a little ahead.
            let (token, later) = (issued(2), issued(60));
            let on = async |node: &Engine, token: &Claims| node.standing_of(token).await.unwrap();
            assert!(matches!(on(&b, &token).await, Standing::Active { .. }), "{way}");
            match way {
                "one session" => a.revoke_session(&ada, &ada.session.token).await.unwrap(),
                "all" => a.revoke_sessions(&ada).await.unwrap(),
                "all others" => a.revoke_other_sessions(&ada).await.unwrap(),
                "a changed password" => {
                    let device = Some(Device::default());
                    a.change_password(&ada, "a long password", "another password", device).await.unwrap();
                }
                _ => a.set_password(&ada.user.id, "another password", Existing::Replace).await.unwrap(),
            }
            b.catch_up().await.unwrap();
            assert_eq!(on(&b, &token).await == Standing::SessionEnded, way != "one session", "{way}");
            assert!(matches!(on(&b, &later).await, Standing::Active { .. }), "{way}");
        }
    }

    async fn a_token_that_is_revoked_is_refused_everywhere_and_its_session_lives_on(place: &Place) {
        let (a, b) = (node(place).await, node(place).await);
        let ada = signed_up(&a, "ada@example.com").await;
        let other = a.access_token(&ada.caller).unwrap();
        let verified = a.verifier().verify_owned(&ada.access_token, a.clock().now().seconds()).unwrap();
        assert!(a.revoke_token(&verified).await.unwrap());
        for node in [&a, &b, &self::node(place).await] {
            node.catch_up().await.unwrap();
            assert!(!is_live(node, &ada).await);
            let found = node.find_session(Presented::AccessToken(&other), Renewal::Never).await.unwrap();
            assert!(matches!(found, Found::Live { .. }), "{found:?}");
        }
        let mut read = a.database().read().await.unwrap();
        let query = "SELECT {countersign_audit.detail} FROM {countersign_audit} \
                     WHERE {countersign_audit.event} = 'token_revoked'";
        assert_eq!(read.one::<String>(query, args![]).await.unwrap(), verified.jti.clone().unwrap());
    }

    async fn what_is_done_by_hand_is_known_like_anything_else(place: &Place) {
        let (a, b) = (node(place).await, node(place).await);
        let ada = signed_up(&a, "ada@example.com").await;
        assert!(is_live(&b, &ada).await);
        by_hand(a.database(), "DELETE FROM {session}").await;
        b.catch_up().await.unwrap();
        assert!(!is_live(&b, &ada).await);

        let eve = signed_up(&a, "eve@example.com").await;
        assert!(is_live(&b, &eve).await);
        by_hand(a.database(), "UPDATE {user} SET {user.name} = 'Other' WHERE {user.email} = 'eve@example.com'").await;
        b.catch_up().await.unwrap();
        assert_eq!(b.user_by_id(&eve.caller.user.id).await.unwrap().unwrap().name, "Other");
        by_hand(a.database(), "DELETE FROM {user}").await;
        b.catch_up().await.unwrap();
        assert_eq!(standing(&b, &eve).await, Standing::Unknown);
    }

    async fn a_node_that_starts_later_refuses_what_was_ended_before(place: &Place) {
        let a = node(place).await;
        let ada = signed_up(&a, "ada@example.com").await;
        let eve = signed_up(&a, "eve@example.com").await;
        a.sign_out(Presented::AccessToken(&ada.access_token)).await.unwrap();
        by_hand(a.database(), "UPDATE {user} SET {user.banned} = (1 = 1) WHERE {user.email} = 'eve@example.com'").await;
        let late = node(place).await;
        assert_eq!(standing(&late, &ada).await, Standing::SessionEnded);
        assert_eq!(standing(&late, &eve).await, Standing::Suspended);
    }

    async fn a_restored_database_begins_a_new_run_and_every_node_reads_all_of_it_again(place: &Place) {
        restored(place, false).await;
    }

    async fn a_restored_database_is_noticed_when_it_has_come_further_than_it_was(place: &Place) {
        restored(place, true).await;
    }

    async fn admitting_a_known_bearer_reads_no_table_and_needs_no_session_row(place: &Place) {
        let a = node(place).await;
        let ada = signed_up(&a, "ada@example.com").await;
        let claims = a.verifier().verify_owned(&ada.access_token, a.clock().now().seconds()).unwrap();
        assert!(matches!(a.standing_of(&claims).await.unwrap(), Standing::Active { .. }));
        let before = a.database().statements();
        for _ in 0..100 {
            assert!(matches!(a.standing_of(&claims).await.unwrap(), Standing::Active { .. }));
        }
        assert_eq!(a.database().statements(), before);
        by_hand(a.database(), "DROP TABLE {countersign_session}").await;
        by_hand(a.database(), "DROP TABLE {session}").await;
        assert!(matches!(a.standing_of(&claims).await.unwrap(), Standing::Active { .. }));
    }

    async fn a_session_renewed_elsewhere_is_not_ended_for_its_old_end(place: &Place) {
        let (clock_a, clock_b) = (Arc::new(Shifted::default()), Arc::new(Shifted::default()));
        let (a, b) = (node_at(place, &clock_a).await, node_at(place, &clock_b).await);
        let ada = signed_up(&a, "ada@example.com").await;
        let cookie = Presented::Cookie { token: &ada.caller.session.token, dont_remember: false };
        assert!(matches!(b.find_session(cookie, Renewal::WhenDue).await.unwrap(), Found::Live { .. }));

        clock_a.0.store(6 * DAY, Ordering::Relaxed);
        let renewed = a.find_session(cookie, Renewal::WhenDue).await.unwrap();
        assert!(matches!(renewed, Found::Live { renewed: true, .. }));
        clock_b.0.store(8 * DAY, Ordering::Relaxed);
        let found = b.find_session(cookie, Renewal::WhenDue).await.unwrap();
        assert!(matches!(found, Found::Live { .. }), "the old end is in the cache of the other node, the new one in the row");
    }
}

/// Long before the next look at the interval.
const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn postgresql_tells_of_changes_at_once_also_after_the_connection_that_listens_was_cut() {
    let place = Place::postgres().await;
    let mut config = Config::default();
    config.feed.poll_interval_ms = 120_000;
    let node = opened(&place, config, World::default()).await;
    let (ada, eve) = (signed_up(&node, "ada@example.com").await, signed_up(&node, "eve@example.com").await);
    let mut news = node.feed().subscribe();
    let following = node.clone();
    let following = tokio::spawn(async move { following.follow_feed().await });

    let elsewhere = place.open().await;
    by_hand(
        &elsewhere,
        "DELETE FROM {session} WHERE {session.userId} = (SELECT {user.id} FROM {user} \
                         WHERE {user.email} = 'ada@example.com')",
    )
    .await;
    timeout(SOON, news.recv()).await.unwrap().unwrap();
    assert_eq!(standing(&node, &ada).await, Standing::SessionEnded);

    by_hand(
        &elsewhere,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    )
    .await;
    by_hand(&elsewhere, "DELETE FROM {session}").await;
    timeout(SOON, news.recv()).await.unwrap().unwrap();
    assert_eq!(standing(&node, &eve).await, Standing::SessionEnded);
    following.abort();
}

/// Two nodes, whose database is put back to what it was before a sign-out and a change.
async fn restored(place: &Place, overtaken: bool) {
    let (a, b) = (node(place).await, node(place).await);
    let (ada, eve) = (signed_up(&a, "ada@example.com").await, signed_up(&a, "eve@example.com").await);
    let name = async |engine: &Engine| engine.user_by_id(&eve.caller.user.id).await.unwrap().unwrap().name.clone();
    rename_eve(&a, "Eve").await;
    by_hand(a.database(), KEEP_SESSIONS).await;
    by_hand(a.database(), KEEP_NAMES).await;
    let last = feed_end(&a).await;

    rename_eve(&a, "Later").await;
    a.sign_out(Presented::AccessToken(&ada.access_token)).await.unwrap();
    for node in [&a, &b] {
        node.catch_up().await.unwrap();
        assert!(!is_live(node, &ada).await && name(node).await == "Later");
    }
    let before = b.feed().known().position.clone().unwrap();

    put_back(&a, place.kind(), last).await;
    if overtaken {
        for _ in 0..4 {
            rename_eve(&a, "Eve again").await;
        }
        assert!(feed_end(&a).await > before.seq);
    }
    a.catch_up().await.unwrap();
    b.catch_up().await.unwrap();
    for node in [&a, &b] {
        assert!(is_live(node, &ada).await, "the sign-out is undone like everything else");
        assert_eq!(name(node).await, if overtaken { "Eve again" } else { "Eve" });
    }
    let [here, there] = [&a, &b].map(|node| node.feed().known().position.clone().unwrap());
    assert_eq!(here, there);
    assert_ne!(here.epoch, before.epoch);

    b.sign_out(Presented::AccessToken(&ada.access_token)).await.unwrap();
    a.catch_up().await.unwrap();
    assert!(!is_live(&a, &ada).await, "and what follows is known as ever");
}

const KEEP_SESSIONS: &str = "CREATE TABLE kept_sessions AS SELECT * FROM {session}";
const KEEP_NAMES: &str = "CREATE TABLE kept_names AS SELECT {user.id} AS kept_id, {user.name} AS kept_name FROM {user}";

/// What a restore does to sessions, names and the feed.
async fn put_back(engine: &Engine, kind: Kind, last: i64) {
    let db = engine.database();
    by_hand(
        db,
        "INSERT INTO {session} SELECT * FROM kept_sessions \
                 WHERE {session.id} NOT IN (SELECT {session.id} FROM {session})",
    )
    .await;
    by_hand(db, "UPDATE {user} SET {user.name} = (SELECT kept_name FROM kept_names WHERE kept_id = {user.id})").await;
    let mut tx = db.write().await.unwrap();
    tx.run("DELETE FROM {countersign_feed} WHERE {countersign_feed.seq} > $1", args![last]).await.unwrap();
    let sequence = match kind {
        Kind::Sqlite => "UPDATE sqlite_sequence SET seq = $1 WHERE name = 'countersign_feed'",
        Kind::Postgres => "SELECT setval(pg_get_serial_sequence('countersign_feed', 'seq'), $1)",
    };
    tx.run(sequence, args![last]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn rename_eve(engine: &Engine, name: &str) {
    let mut tx = engine.database().write().await.unwrap();
    let statement = "UPDATE {user} SET {user.name} = $1 WHERE {user.email} = 'eve@example.com'";
    tx.run(statement, args![name]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn feed_end(engine: &Engine) -> i64 {
    let mut read = engine.database().read().await.unwrap();
    read.one("SELECT max({countersign_feed.seq}) FROM {countersign_feed}", args![]).await.unwrap()
}

const DAY: i64 = 86_400;

/// The machine's clock, moved by some seconds.
#[derive(Default)]
struct Shifted(AtomicI64);

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_seconds(self.0.load(Ordering::Relaxed))
    }
}
