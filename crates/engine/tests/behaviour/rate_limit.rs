//! Counting calls for all nodes on one database.

use countersign_engine::db::args;
use countersign_engine::rate_limit::{Rule, TooMany};
use countersign_testkit::{TestEngine, both_databases};

const RULE: Rule = Rule { window: 1000, max: 3 };
const KEY: &str = "192.0.2.1|/sign-in/email";

both_databases! {
    async fn nodes_share_a_limit_whatever_their_clocks_say(place: &Place) {
        let (one, other) = (TestEngine::open(place).await, TestEngine::open(place).await);
        other.clock.advance(60);
        assert_eq!(one.count_call(KEY, RULE).await.unwrap(), Ok(1));
        assert_eq!(other.count_call(KEY, RULE).await.unwrap(), Ok(2));
        assert_eq!(one.count_call(KEY, RULE).await.unwrap(), Ok(3));
        for node in [&one, &other] {
            let TooMany { wait_ms } = node.count_call(KEY, RULE).await.unwrap().unwrap_err();
            assert!((1..=1_000_000).contains(&wait_ms), "{wait_ms}");
        }
        assert_eq!(other.count_call("192.0.2.2|/sign-in/email", RULE).await.unwrap(), Ok(1), "another caller");
    }

    async fn a_denied_call_leaves_the_counter_alone(place: &Place) {
        let engine = TestEngine::open(place).await;
        for _ in 0..3 {
            engine.count_call(KEY, RULE).await.unwrap().unwrap();
        }
        let before = (count(&engine).await, until(&engine).await);
        for _ in 0..3 {
            engine.count_call(KEY, RULE).await.unwrap().unwrap_err();
        }
        assert_eq!((count(&engine).await, until(&engine).await), before);
        assert_eq!(before.0, 3);
    }

    async fn calls_at_once_on_two_nodes_are_each_counted(place: &Place) {
        let (one, other) = (TestEngine::open(place).await, TestEngine::open(place).await);
        let calls: Vec<_> = (0..20)
            .map(|number| {
                let engine = if number % 2 == 0 { one.engine().clone() } else { other.engine().clone() };
                tokio::spawn(async move { engine.count_call(KEY, RULE).await.unwrap().is_ok() })
            })
            .collect();
        let mut allowed = 0;
        for call in calls {
            allowed += u32::from(call.await.unwrap());
        }
        assert_eq!(allowed, 3);
    }
}

async fn count(engine: &TestEngine) -> i64 {
    engine.ask("SELECT {countersign_rate_limit.count} FROM {countersign_rate_limit}", args![]).await
}

async fn until(engine: &TestEngine) -> i64 {
    engine.ask("SELECT {countersign_rate_limit.until} FROM {countersign_rate_limit}", args![]).await
}
