//! What is asked of the database, and when.

use std::pin::pin;
use std::task::Poll;

use countersign_engine::db::{Kind, Options, args};
use countersign_engine::{Caller, Found, Presented, Profile, Renewal};
use countersign_testkit::{NOW, TestEngine, both_databases};

use crate::sessions::{cookie, live};

both_databases! {
    async fn a_session_is_read_once_and_then_known(place: &Place) {
        let writer = TestEngine::open(place).await;
        let ada = writer.signed_up("ada").await;
        for presented in [cookie(&ada.caller), Presented::AccessToken(&ada.access_token)] {
            let engine = TestEngine::open(place).await;
            let mut asked = Vec::new();
            for _ in 0..3 {
                let before = engine.database().statements();
                assert_eq!(live(&engine, presented, Renewal::WhenDue).await.0, ada.caller);
                asked.push(engine.database().statements() - before);
            }
            assert_eq!(asked, [1, 0, 0], "{presented:?}");
            // The same session under its other name, and its user, are known as well.
            let before = engine.database().statements();
            live(&engine, Presented::AccessToken(&ada.access_token), Renewal::WhenDue).await;
            live(&engine, cookie(&ada.caller), Renewal::WhenDue).await;
            engine.standing(&ada.caller.user.id, Some(&ada.caller.session.id)).await.unwrap();
            assert_eq!(engine.database().statements(), before);
        }
    }

    async fn a_change_is_seen_by_the_next_request(place: &Place) {
        let engine = TestEngine::open(place).await;
        let ada = engine.signed_up("ada").await.caller;
        live(&engine, cookie(&ada), Renewal::WhenDue).await;
        engine.update_profile(&ada, Profile { name: Some("Ada".to_owned()), ..Profile::default() }).await.unwrap();
        let before = engine.database().statements();
        assert_eq!(live(&engine, cookie(&ada), Renewal::WhenDue).await.0.user.name, "Ada");
        assert_eq!(engine.database().statements() - before, 1);
        assert_eq!(live(&engine, cookie(&ada), Renewal::WhenDue).await.0.user.name, "Ada");
        assert_eq!(engine.database().statements() - before, 1);
    }

    async fn a_row_read_before_a_change_is_not_kept_after_it(place: &Place) {
        let ada = TestEngine::open(place).await.signed_up("ada").await.caller;
        let engine = TestEngine::open_on(place, Options { connections: 2, ..Options::default() }, |_| {}).await;
        assert!(overtake(&engine, &ada).await, "no read was ever overtaken");
        let before = engine.database().statements();
        assert_eq!(live(&engine, cookie(&ada), Renewal::Never).await.0.user.name, "Ada");
        assert_eq!(engine.database().statements() - before, 1, "what was read before the change was not kept");
    }

    async fn a_change_given_up_halfway_is_either_done_and_known_or_not_done(place: &Place) {
        let engine = TestEngine::open(place).await;
        let count = "SELECT count(*) FROM {session}";
        for polls in 1..40 {
            let name = format!("u{polls}");
            let user = engine.user_without_password(&name).await;
            let insert = "INSERT INTO {session} ({session.id}, {session.token}, {session.userId}, {session.expiresAt}, {session.createdAt}, {session.updatedAt}) \
                 VALUES ($1, $1, $2, $3, $4, $4)";
            engine.run("DELETE FROM {session}", args![]).await;
            engine.run(insert, args![&name, &user.id, NOW.plus_seconds(86_400), NOW]).await;
            let shown = Presented::Cookie { token: &name, dont_remember: false };
            live(&engine, shown, Renewal::Never).await;
            {
                let mut signing_out = pin!(engine.sign_out(shown));
                for _ in 0..polls {
                    if poll_once(signing_out.as_mut()).await.is_some() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
            // What was begun comes to its end by itself, on PostgreSQL over a connection of its own: asked often enough,
            // the database and the cache agree.
            let mut agreed = false;
            for _ in 0..2_000 {
                drop(engine.database().write().await.unwrap());
                let done = engine.ask::<i64>(count, args![]).await == 0;
                let known = matches!(engine.find_session(shown, Renewal::Never).await.unwrap(), Found::Gone);
                agreed = done == known;
                if agreed {
                    break;
                }
            }
            assert!(agreed, "given up after {polls} polls, the cache never learned of it");
        }
    }

    async fn a_cache_without_room_forgets_and_asks_again(place: &Place) {
        let engine = TestEngine::open_with(place, |config| {
            config.cache.sessions = 0;
            config.cache.users = 0;
        }).await;
        let ada = engine.signed_up("ada").await;
        for _ in 0..2 {
            live(&engine, cookie(&ada.caller), Renewal::WhenDue).await;
            live(&engine, Presented::AccessToken(&ada.access_token), Renewal::WhenDue).await;
        }
        engine.sign_out(cookie(&ada.caller)).await.unwrap();
        let found = engine.find_session(Presented::AccessToken(&ada.access_token), Renewal::WhenDue).await.unwrap();
        assert!(matches!(found, Found::Gone), "{found:?}");
    }
}

/// Begins to read a session, changes its user, and only then reads to the end.
async fn overtake(engine: &TestEngine, ada: &Caller) -> bool {
    let change = async |name: &str| {
        engine.update_profile(ada, Profile { name: Some(name.to_owned()), ..Profile::default() }).await.unwrap()
    };
    for _ in 0..100 {
        let mut reading = pin!(engine.find_session(cookie(ada), Renewal::Never));
        match engine.database().kind() {
            // SQLite writes over a connection of its own: the read waits for one of the others.
            Kind::Sqlite => {
                let _all = (engine.database().read().await.unwrap(), engine.database().read().await.unwrap());
                assert!(poll_once(reading.as_mut()).await.is_none());
                change("Ada").await;
            }
            // PostgreSQL takes its time to answer: the question is asked and the answer is on its way.
            Kind::Postgres => {
                let before = engine.database().statements();
                let over = loop {
                    match poll_once(reading.as_mut()).await {
                        Some(_) => break true,
                        None if engine.database().statements() > before => break false,
                        None => tokio::task::yield_now().await,
                    }
                };
                if over {
                    // It was quicker. Whoever changes is forgotten, so that the next read asks again.
                    change("still ada").await;
                    continue;
                }
                change("Ada").await;
            }
        }
        reading.await.unwrap();
        return true;
    }
    false
}

/// Polls a future once.
pub(crate) async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(move |context| {
        Poll::Ready(match future.as_mut().poll(context) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}
