//! Nodes on one database: what one does, or anybody by hand, the others know after their next look at the feed.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use countersign_engine::db::{Db, Timestamp, args};
use countersign_engine::{
    Clock, Config, Device, Engine, Found, NewUser, Presented, Renewal, SignedIn, SignedUp, SystemClock, World,
};
use countersign_testkit::{Place, both_databases};
use countersign_token::{Secret, Secrets, Standing};

async fn node(place: &Place) -> Engine {
    node_at(place, &Arc::new(Shifted::default())).await
}

async fn node_at(place: &Place, clock: &Arc<Shifted>) -> Engine {
    let secrets = Secrets::single(Secret::parse("u8Rk2vXq9LmZ4tYw7PbN3sHd6JfGc1Ea").unwrap());
    let world = World { clock: Arc::clone(clock) as Arc<dyn Clock>, ..World::default() };
    let engine = Engine::open(place.migrated().await, secrets, Config::default(), world).await.unwrap();
    engine.catch_up().await.unwrap();
    engine
}

async fn signed_up(engine: &Engine, email: &str) -> SignedIn {
    let new = NewUser { name: "Ada".into(), email: email.into(), image: None, role: None };
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

const DAY: i64 = 86_400;

/// The machine's clock, moved by some seconds.
#[derive(Default)]
struct Shifted(AtomicI64);

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_seconds(self.0.load(Ordering::Relaxed))
    }
}
