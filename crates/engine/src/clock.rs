//! The only place that reads the time, and the comparison of this node's clock with the one all nodes share.

use std::sync::atomic::{AtomicI64, Ordering};

use countersign_db::{Kind, Timestamp};

use crate::{Engine, Error};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock everyone else takes as an argument")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Milliseconds by which this node's clock was found ahead of the database's; negative when it is behind.
#[derive(Debug, Default)]
pub(crate) struct Apart(AtomicI64);

impl Engine {
    /// Milliseconds by which this node's clock is ahead of the database's, as last compared; negative when it is behind,
    /// 0 on SQLite, which has no clock of its own.
    pub fn clock_apart(&self) -> i64 {
        self.apart.0.load(Ordering::Relaxed)
    }

    /// Whether the clocks are further apart than `token.leeway`. Then nodes refuse each other's new tokens, as issued in
    /// the future, and this one should be asked nothing until its clock is set right.
    pub fn clock_is_apart(&self) -> bool {
        self.clock_apart().unsigned_abs() > u64::from(self.config.token.leeway).saturating_mul(1000)
    }

    /// Compares the clocks, and says so in the log when they part and when they agree again.
    pub(crate) async fn compare_clocks(&self) -> Result<(), Error> {
        if self.db.kind() == Kind::Sqlite {
            return Ok(());
        }
        let before = self.clock.now();
        let theirs = self.db.clock().await?;
        let after = self.clock.now();
        let was_apart = self.clock_is_apart();
        self.apart.0.store(ahead(before, theirs, after), Ordering::Relaxed);
        match (was_apart, self.clock_is_apart()) {
            (false, true) => tracing::error!(
                ahead_ms = self.clock_apart(),
                "the clocks of this node and of the database are apart: let both machines follow a time server"
            ),
            (true, false) => tracing::info!("the clocks of this node and of the database agree again"),
            _ => {}
        }
        Ok(())
    }
}

/// How far ahead a clock surely is that said `before`, then heard `theirs`, then said `after`: waiting for the answer is no
/// difference.
fn ahead(before: Timestamp, theirs: Timestamp, after: Timestamp) -> i64 {
    let [before, theirs, after] = [before, theirs, after].map(Timestamp::millis);
    if theirs < before { before.saturating_sub(theirs) } else { after.saturating_sub(theirs).min(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_no_wait_as_a_difference_between_clocks() {
        let ahead = |times: [i64; 3]| {
            let [before, theirs, after] = times.map(Timestamp::from_millis);
            super::ahead(before, theirs, after)
        };
        assert_eq!(ahead([1000, 1000, 1000]), 0);
        assert_eq!(ahead([1000, 4000, 6000]), 0, "the answer was waited for");
        assert_eq!(ahead([61_000, 1000, 61_100]), 60_000);
        assert_eq!(ahead([1000, 61_000, 1100]), -59_900);
    }
}
