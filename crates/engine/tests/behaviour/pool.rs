//! No connection is held while a password is hashed.

use std::pin::pin;
use std::time::Duration;

use countersign_engine::NewUser;
use countersign_engine::db::Options;
use countersign_testkit::{PASSWORD, TestEngine, address, both_databases, device};

both_databases! {
    async fn a_database_with_one_connection_answers_while_a_password_is_hashed(place: &Place) {
        let options = Options { connections: 1, patience: Duration::from_secs(20), ..Options::default() };
        let engine = TestEngine::open_on(place, options, |config| config.password_hash.concurrency = Some(1)).await;
        let new = NewUser { name: "ada".to_owned(), email: address("ada"), ..NewUser::default() };
        engine.create_user(new, Some(PASSWORD)).await.unwrap();
        let mut answered = false;
        for _ in 0..10 {
            answered = answered || answers_beside_a_sign_in(&engine).await;
        }
        assert!(answered, "a sign-in that hashes keeps the only connection");
    }
}

/// Stops a sign-in halfway, most likely in its hash, which takes longer than all the rest, and asks for the database's only
/// connection. The sign-in is not polled meanwhile, so whatever it holds it goes on holding.
async fn answers_beside_a_sign_in(engine: &TestEngine) -> bool {
    let email = address("ada");
    let mut sign_in = pin!(engine.sign_in(&email, PASSWORD, device()));
    if tokio::time::timeout(Duration::from_millis(20), sign_in.as_mut()).await.is_ok() {
        return false;
    }
    let reads = within_reach(engine.database().read()).await;
    reads && within_reach(engine.database().write()).await
}

/// Whether it comes within less than the patience, which is for opening: where the stopped sign-in holds the connection, it never
/// comes.
async fn within_reach<T, E>(asked: impl Future<Output = Result<T, E>>) -> bool {
    tokio::time::timeout(Duration::from_secs(5), asked).await.is_ok_and(|answer| answer.is_ok())
}
