//! How often the password of one account may be guessed (security H4).

use countersign_contract::{sign_in, sign_up};
use countersign_server::config::RateLimitStorage;
use countersign_testkit::{Answer, PASSWORD, Place, TestApp, address, both_databases};
use serde_json::json;

/// A quarter of an hour, in seconds.
const WINDOW: i64 = 15 * 60;

async fn try_from(app: &TestApp, place: &str, name: &str, password: &str) -> Answer {
    let body = json!({ "email": address(name), "password": password });
    app.program().from_address(place).call::<sign_in::Email>(body).await
}

/// Signs up from a place, and so is at home there.
async fn at_home(app: &TestApp, place: &str, name: &str) {
    let body = json!({ "name": name, "email": address(name), "password": PASSWORD });
    assert_eq!(app.program().from_address(place).call::<sign_up::Email>(body).await.status, 200);
}

/// Ten wrong passwords, each from another address.
async fn guess_from_everywhere(app: &TestApp, name: &str) {
    for number in 0..10 {
        let answer = try_from(app, &format!("203.0.113.{number}"), name, "a wrong password").await;
        assert_eq!(answer.status, 401, "{number}");
    }
}

async fn start(place: &Place, storage: RateLimitStorage) -> TestApp {
    TestApp::start_with(place, |config| {
        config.rate_limit.enabled = true;
        config.rate_limit.storage = Some(storage);
    })
    .await
}

both_databases! {
    async fn many_addresses_share_one_allowance_and_the_owner_at_home_has_another(place: &Place) {
        let app = start(place, RateLimitStorage::Memory).await;
        at_home(&app, "2001:db8::1", "ada").await;
        guess_from_everywhere(&app, "ada").await;
        let denied = try_from(&app, "203.0.113.99", "ada", PASSWORD).await;
        assert_eq!((denied.status, denied.header("retry-after")), (429, Some("900")), "the right password too");
        assert_eq!(denied.text(), r#"{"message":"Too many requests. Please try again later."}"#);
        assert_eq!(try_from(&app, "2001:db8::2", "ada", PASSWORD).await.status, 200, "a neighbour's address is home");
        assert_eq!(try_from(&app, "203.0.113.99", "ada", PASSWORD).await.status, 200, "and all begins anew");
    }

    async fn whoever_guesses_at_home_is_denied_there_too(place: &Place) {
        let app = start(place, RateLimitStorage::Memory).await;
        at_home(&app, "192.0.2.1", "ada").await;
        guess_from_everywhere(&app, "ada").await;
        for _ in 0..10 {
            assert_eq!(try_from(&app, "192.0.2.1", "ada", "a wrong password").await.status, 401);
            app.clock.advance(10);
        }
        assert_eq!(try_from(&app, "192.0.2.1", "ada", PASSWORD).await.status, 429);
        app.clock.advance(WINDOW);
        assert_eq!(try_from(&app, "192.0.2.1", "ada", PASSWORD).await.status, 200);
    }

    async fn an_address_nobody_has_is_denied_alike_and_other_accounts_are_not(place: &Place) {
        let app = start(place, RateLimitStorage::Memory).await;
        at_home(&app, "192.0.2.1", "eve").await;
        guess_from_everywhere(&app, "nobody").await;
        assert_eq!(try_from(&app, "203.0.113.99", "nobody", PASSWORD).await.status, 429);
        assert_eq!(try_from(&app, "203.0.113.99", "NOBODY", PASSWORD).await.status, 429, "in any spelling");
        assert_eq!(try_from(&app, "203.0.113.98", "eve", PASSWORD).await.status, 200);
    }

    async fn nodes_count_together_where_they_share_their_counters(place: &Place) {
        let (one, other) = (start(place, RateLimitStorage::Database).await, start(place, RateLimitStorage::Database).await);
        at_home(&one, "192.0.2.1", "ada").await;
        for (number, node) in [&one, &other].into_iter().cycle().take(10).enumerate() {
            let from = format!("203.0.113.{number}");
            assert_eq!(try_from(node, &from, "ada", "a wrong password").await.status, 401);
        }
        for node in [&one, &other] {
            assert_eq!(try_from(node, "203.0.113.99", "ada", PASSWORD).await.status, 429);
        }
        assert_eq!(try_from(&other, "192.0.2.1", "ada", PASSWORD).await.status, 200);
        assert_eq!(try_from(&other, "203.0.113.98", "ada", PASSWORD).await.status, 200, "where it was cleared");
    }
}
