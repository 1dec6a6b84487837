//! How often one caller may call.

use countersign_contract::{ok, sign_in, sign_up};
use countersign_server::config::{CustomRule, RateLimitStorage};
use countersign_testkit::{Answer, Browser, Place, Sent, TestApp, both_databases, run};
use http::Method as Verb;
use serde_json::json;

#[test]
fn the_fourth_sign_in_within_ten_seconds_waits_and_is_told_how_long() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place, &[]).await;
        let mut caller = app.program();
        for _ in 0..3 {
            assert_eq!(sign_in(&mut caller).await.status, 400);
            app.clock.advance(1);
        }
        let denied = sign_in(&mut caller).await;
        assert_eq!(
            (denied.status, denied.text().as_str()),
            (429, r#"{"message":"Too many requests. Please try again later."}"#)
        );
        assert_eq!((denied.header("retry-after"), denied.header("x-retry-after")), (Some("9"), Some("9")));
        app.clock.advance_millis(8_999);
        let denied = sign_in(&mut caller).await;
        assert_eq!((denied.status, denied.header("retry-after")), (429, Some("1")), "what was denied does not count");
        app.clock.advance_millis(1);
        assert_eq!(sign_in(&mut caller).await.status, 400, "the window is over");
        assert_eq!(caller.call::<sign_up::Email>(json!({})).await.status, 400, "another path has its own");
    });
}

#[test]
fn other_paths_allow_a_hundred() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place, &[]).await;
        let mut caller = app.program();
        for _ in 0..100 {
            assert_eq!(caller.call::<ok::Get>(()).await.status, 200);
        }
        assert_eq!(caller.call::<ok::Get>(()).await.status, 429);
        assert_eq!(caller.call::<ok::Get>(Sent::from(()).by(Verb::POST)).await.status, 429, "by any method");
        assert_eq!(app.program().from_address("192.0.2.2").call::<ok::Get>(()).await.status, 200);
    });
}

#[test]
fn a_rule_of_ones_own_goes_before_the_built_in_one_and_a_path_before_a_pattern() {
    run(async {
        let place = Place::sqlite();
        let app = TestApp::start_with(&place, |config| {
            config.rate_limit.enabled = true;
            let allowed = |max| CustomRule { window: 60, max, ..CustomRule::default() };
            let uncounted = CustomRule { enabled: false, ..CustomRule::default() };
            let rules = [("/sign-*", allowed(2)), ("/sign-in/email", allowed(5)), ("/ok", uncounted)];
            config.rate_limit.custom_rules = rules.map(|(path, rule)| (path.to_owned(), rule)).into();
        })
        .await;
        let mut caller = app.program();
        for _ in 0..5 {
            assert_eq!(sign_in(&mut caller).await.status, 400);
        }
        let denied = sign_in(&mut caller).await;
        assert_eq!((denied.status, denied.header("retry-after")), (429, Some("60")));
        for status in [400, 400, 429] {
            assert_eq!(caller.call::<sign_up::Email>(json!({})).await.status, status);
        }
        for _ in 0..150 {
            assert_eq!(caller.call::<ok::Get>(()).await.status, 200);
        }
    });
}

#[test]
fn no_header_lifts_the_limit() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place, &[]).await;
        for number in 0..3 {
            let mut caller = app.program().header("x-forwarded-for", &format!("203.0.113.{number}"));
            assert_eq!(sign_in(&mut caller).await.status, 400);
        }
        for (name, value) in [
            ("x-forwarded-for", "203.0.113.9"),
            ("forwarded", "for=203.0.113.9"),
            ("x-real-ip", "203.0.113.9"),
            ("cf-connecting-ip", "203.0.113.9"),
        ] {
            assert_eq!(sign_in(&mut app.program().header(name, value)).await.status, 429, "{name}");
        }
        for query in ["x=1", "callbackURL=/"] {
            let answer = app.program().call::<sign_in::Email>(Sent::from(json!({})).query(query)).await;
            assert_eq!(answer.status, 429, "{query}");
        }
    });
}

#[test]
fn a_trusted_proxy_names_its_callers() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place, &["10.0.0.0/8"]).await;
        let from = |forwarded: &str| app.program().from_address("10.0.0.1").header("x-forwarded-for", forwarded);
        for _ in 0..3 {
            assert_eq!(sign_in(&mut from("203.0.113.1")).await.status, 400);
        }
        for same in ["203.0.113.1", "198.51.100.1, 203.0.113.1", "junk, 203.0.113.1", "203.0.113.1, 10.0.0.2"] {
            assert_eq!(sign_in(&mut from(same)).await.status, 429, "{same}");
        }
        assert_eq!(sign_in(&mut from("203.0.113.2")).await.status, 400);
        let mut direct = app.program().from_address("203.0.113.3").header("x-forwarded-for", "203.0.113.1");
        assert_eq!(sign_in(&mut direct).await.status, 400, "not a proxy: its own allowance");
    });
}

#[test]
fn an_ipv6_network_of_64_bits_is_one_caller_and_mapped_ipv4_is_ipv4() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place, &[]).await;
        let from = |address: &str| app.program().from_address(address);
        for address in ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff:ffff:ffff:ffff"] {
            assert_eq!(sign_in(&mut from(address)).await.status, 400, "{address}");
        }
        assert_eq!(sign_in(&mut from("2001:db8::3")).await.status, 429);
        assert_eq!(sign_in(&mut from("2001:db8:0:1::1")).await.status, 400);
        for address in ["192.0.2.77", "::ffff:192.0.2.77", "192.0.2.77"] {
            assert_eq!(sign_in(&mut from(address)).await.status, 400, "{address}");
        }
        assert_eq!(sign_in(&mut from("::ffff:192.0.2.77")).await.status, 429);
        assert_eq!(sign_in(&mut from("::ffff:192.0.2.78")).await.status, 400);
    });
}

#[test]
fn twenty_calls_at_once_are_each_counted() {
    run(async {
        let place = Place::sqlite();
        let app = start(&place, &[]).await;
        let calls = (0..20).map(|_| async { sign_in(&mut app.program()).await.status });
        let mut statuses = Vec::new();
        for call in calls {
            statuses.push(call);
        }
        let statuses = join_all(statuses).await;
        assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 3);
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 17);
    });
}

both_databases! {
    async fn two_nodes_on_one_database_share_a_limit(place: &Place) {
        let (one, other) = (sharing(place).await, sharing(place).await);
        other.clock.advance(60);
        for node in [&one, &other, &one] {
            assert_eq!(sign_in(&mut node.program()).await.status, 400);
        }
        for node in [&other, &one] {
            let denied = sign_in(&mut node.program()).await;
            assert_eq!(denied.status, 429);
            let wait: u32 = denied.header("x-retry-after").unwrap().parse().unwrap();
            assert!((1..=10).contains(&wait), "{wait}");
        }
        assert_eq!(other.program().call::<sign_up::Email>(json!({})).await.status, 400, "another path has its own");
    }

    async fn a_caller_known_to_have_called_too_often_costs_no_statement(place: &Place) {
        let app = sharing(place).await;
        let mut caller = app.program();
        for _ in 0..3 {
            assert_eq!(sign_in(&mut caller).await.status, 400);
        }
        assert_eq!(sign_in(&mut caller).await.status, 429);
        let before = app.database().statements();
        for _ in 0..20 {
            assert_eq!(sign_in(&mut caller).await.status, 429);
        }
        assert_eq!(app.database().statements(), before);
    }

    async fn calls_that_could_guess_nothing_are_not_counted_in_the_database(place: &Place) {
        let app = sharing(place).await;
        let before = app.database().statements();
        assert_eq!(app.program().call::<ok::Get>(()).await.status, 200);
        assert_eq!(app.database().statements(), before);
    }

    async fn while_the_database_is_away_each_node_counts_for_itself(place: &Place) {
        let app = sharing(place).await;
        assert_eq!(sign_in(&mut app.program()).await.status, 400);
        app.database().close().await;
        for _ in 0..2 {
            assert_eq!(sign_in(&mut app.program()).await.status, 400, "on top of what the database said last");
        }
        assert_eq!(sign_in(&mut app.program()).await.status, 429);
        app.clock.advance(10);
        assert_eq!(sign_in(&mut app.program()).await.status, 400);
    }
}

async fn sharing(place: &Place) -> TestApp {
    TestApp::start_with(place, |config| {
        config.rate_limit.enabled = true;
        config.rate_limit.storage = Some(RateLimitStorage::Database);
    })
    .await
}

/// Waits for all, side by side.
async fn join_all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut pinned: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, output) in pinned.iter_mut().filter(|(_, output)| output.is_none()) {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(context) {
                *output = Some(value);
            }
        }
        if pinned.iter().all(|(_, output)| output.is_some()) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    pinned.into_iter().filter_map(|(_, output)| output).collect()
}

async fn start(place: &Place, proxies: &[&str]) -> TestApp {
    TestApp::start_with(place, |config| {
        config.rate_limit.enabled = true;
        let headers = if proxies.is_empty() { Vec::new() } else { vec!["x-forwarded-for".to_owned()] };
        config.advanced.ip_address.ip_address_headers = headers;
        config.advanced.ip_address.trusted_proxies = proxies.iter().map(|text| text.parse().unwrap()).collect();
    })
    .await
}

/// A sign-in that costs no hash: where it is not limited, it is refused for its address.
async fn sign_in(caller: &mut Browser<'_>) -> Answer {
    caller.call::<sign_in::Email>(json!({ "email": "nobody", "password": "x" })).await
}
