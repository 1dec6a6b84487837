//! The SQL of shared counters. Instants are milliseconds since 1970 by the database's clock, for those of nodes differ.

use countersign_db::{Error, Timestamp, Tx, args};

use super::rules::Rule;

/// Counts a call at `now` as [`super::rules::count`] does, in one statement that decides and writes: of calls at once on
/// several nodes each sees the one before. `None` where the call is one too many; then nothing was changed.
pub(crate) async fn count(tx: &mut Tx, key: &str, rule: Rule, now: Timestamp) -> Result<Option<i64>, Error> {
    tx.opt(
        "INSERT INTO {countersign_rate_limit} AS c ({countersign_rate_limit.key}, {countersign_rate_limit.count}, \
         {countersign_rate_limit.until}) VALUES ($1, 1, $2 + $3) ON CONFLICT ({countersign_rate_limit.key}) DO UPDATE SET \
         {countersign_rate_limit.count} = CASE WHEN {countersign_rate_limit.until@c} <= $2 THEN 1 \
         ELSE {countersign_rate_limit.count@c} + 1 END, {countersign_rate_limit.until} = $2 + $3 \
         WHERE {countersign_rate_limit.until@c} <= $2 OR {countersign_rate_limit.count@c} < $4 \
         RETURNING {countersign_rate_limit.count}",
        args![key, now.millis(), i64::from(rule.window).saturating_mul(1000), i64::from(rule.max)],
    )
    .await
}

/// When the window of a counter ends.
pub(crate) async fn until(tx: &mut Tx, key: &str) -> Result<Option<i64>, Error> {
    tx.opt(
        "SELECT {countersign_rate_limit.until} FROM {countersign_rate_limit} WHERE {countersign_rate_limit.key} = $1",
        args![key],
    )
    .await
}

/// Deletes a counter.
pub(crate) async fn delete(tx: &mut Tx, key: &str) -> Result<u64, Error> {
    tx.run("DELETE FROM {countersign_rate_limit} WHERE {countersign_rate_limit.key} = $1", args![key]).await
}

/// Deletes counters whose window has ended: to the rule they are as none.
pub(crate) async fn prune(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    tx.run("DELETE FROM {countersign_rate_limit} WHERE {countersign_rate_limit.until} <= $1", args![now.millis()]).await
}

#[cfg(test)]
mod tests {
    use countersign_testkit::{NOW, both_databases};

    use super::*;
    use crate::rate_limit::{Counter, TooMany, rules};

    const RULE: Rule = Rule { window: 10, max: 3 };

    both_databases! {
        async fn the_statement_decides_as_the_rule_does(place: &Place) {
            let db = place.migrated().await;
            let (mut counter, mut now): (Option<Counter>, _) = (None, NOW);
            // Milliseconds since the call before: windows that fill, slide, end to the millisecond and begin again.
            for pause in [0, 1, 9_999, 5_000, 4_999, 1, 9_999, 9_999, 9_999, 9_999, 1, 10_000, 0, 0, 0, 0, 10_001, 20_000] {
                now = Timestamp::from_millis(now.millis() + pause);
                let mut tx = db.write().await.unwrap();
                let counted = super::count(&mut tx, "key", RULE, now).await.unwrap();
                let until = until(&mut tx, "key").await.unwrap().unwrap();
                tx.commit().await.unwrap();
                match rules::count(counter, RULE, now) {
                    Ok(after) => {
                        assert_eq!((counted, until), (Some(after.count.into()), after.until.millis()));
                        counter = Some(after);
                    }
                    Err(TooMany { wait_ms }) => assert_eq!((counted, until), (None, now.millis() + wait_ms)),
                }
            }
        }

        async fn only_counters_that_count_nothing_are_cleared_out(place: &Place) {
            let mut tx = place.migrated().await.write().await.unwrap();
            for (key, seconds) in [("old", 0), ("young", 1)] {
                super::count(&mut tx, key, RULE, NOW.plus_seconds(seconds)).await.unwrap();
            }
            assert_eq!(prune(&mut tx, NOW.plus_seconds(10)).await.unwrap(), 1);
            assert_eq!(until(&mut tx, "old").await.unwrap(), None);
            assert!(until(&mut tx, "young").await.unwrap().is_some());
            assert_eq!(delete(&mut tx, "young").await.unwrap(), 1);
            assert_eq!(delete(&mut tx, "young").await.unwrap(), 0);
        }
    }
}
