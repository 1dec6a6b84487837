//! No connection is held while a password is hashed.

use std::pin::pin;
use std::time::Duration;

use countersign_engine::db::{Options, args};
use countersign_engine::{CreateUserError, NewUser};
use countersign_testkit::{PASSWORD, TestEngine, address, both_databases, device};

use crate::cache::poll_once;

both_databases! {
    async fn a_database_with_one_connection_answers_while_a_password_is_hashed(place: &Place) {
        let options = Options { connections: 1, patience: Duration::from_secs(20), ..Options::default() };
        let engine = TestEngine::open_on(place, options, |config| {
            config.password_hash.concurrency = Some(1);
            config.password_hash.queue_deadline_ms = 1;
        }).await;
        let new = |name: &str| NewUser { name: name.to_owned(), email: address(name), image: None, role: None };
        engine.create_user(new("ada"), Some(PASSWORD)).await.unwrap();
        let caught = catch_hashing(&engine, &new).await;
        assert!(caught, "the hash was never seen at work");
    }
}

/// Stops a sign-in in the middle of its hash, and then asks the database something over its only connection.
async fn catch_hashing(engine: &TestEngine, new: &impl Fn(&str) -> NewUser) -> bool {
    let email = address("ada");
    for attempt in 0..20 {
        let mut sign_in = pin!(engine.sign_in(&email, PASSWORD, device()));
        while poll_once(sign_in.as_mut()).await.is_none() {
            // Creating a user begins with a hash. There is room for one: it is refused exactly while the sign-in hashes.
            let probe = engine.create_user(new(&format!("probe{attempt}")), Some(PASSWORD)).await;
            if matches!(probe, Err(CreateUserError::Overloaded(_))) {
                // The sign-in is not polled, so whatever it holds it goes on holding.
                assert!(engine.ask::<i64>("SELECT count(*) FROM {user}", args![]).await >= 1);
                engine.run("UPDATE {user} SET {user.image} = {user.image}", args![]).await;
                return true;
            }
        }
    }
    false
}
