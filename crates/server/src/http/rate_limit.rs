//! How often one caller may call (docs/wire.md 3).
//!
//! Counted per caller and path. The window slides from the last call that was allowed; a denied call changes nothing:
//!
//! ```text
//! now - last >= window ──> count = 1, allowed
//! count >= max         ──> denied until last + window
//! otherwise            ──> count + 1, allowed
//! ```

use std::net::IpAddr;
use std::time::Duration;

use countersign_engine::db::Timestamp;
use moka::ops::compute::Op;

use super::address::counted;
use crate::config::RateLimit;

/// The counters of this process.
#[derive(Debug)]
pub(crate) struct Limiter {
    rule: Option<Rule>,
    counters: moka::sync::Cache<Key, Counter>,
}

type Key = (Option<IpAddr>, &'static str);

#[derive(Clone, Copy, Debug)]
struct Rule {
    window: i64,
    max: u32,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    count: u32,
    last: Timestamp,
}

/// Paths that cost a hash, or could be used to guess: 3 calls in 10 seconds.
const STRICT: Rule = Rule { window: 10, max: 3 };

/// How many counters are kept.
const CAPACITY: u64 = 200_000;

impl Limiter {
    pub(crate) fn new(config: &RateLimit) -> Self {
        let rule = config.enabled.then_some(Rule { window: config.window.into(), max: config.max });
        let longest = u64::from(config.window).max(60);
        let counters =
            moka::sync::Cache::builder().max_capacity(CAPACITY).time_to_idle(Duration::from_secs(longest)).build();
        Self { rule, counters }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// The seconds to wait, where the call is one too many.
    pub(crate) fn count(&self, caller: Option<IpAddr>, path: &'static str, now: Timestamp) -> Result<(), u64> {
        let Some(default) = self.rule else { return Ok(()) };
        let strict = ["/sign-in", "/sign-up", "/change-password"].iter().any(|prefix| path.starts_with(prefix));
        let Rule { window, max } = if strict { STRICT } else { default };
        let mut denied = None;
        self.counters.entry((caller.map(counted), path)).and_compute_with(|entry| {
            let counter = match entry.map(|entry| *entry.value()) {
                Some(counter) if now < counter.last.plus_seconds(window) => counter,
                _ => return Op::Put(Counter { count: 1, last: now }),
            };
            if counter.count >= max {
                denied = Some(counter.last.plus_seconds(window).millis() - now.millis());
                return Op::Nop;
            }
            Op::Put(Counter { count: counter.count + 1, last: now })
        });
        match denied {
            Some(millis) => Err(u64::try_from(millis).unwrap_or_default().div_ceil(1000)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(enabled: bool) -> Limiter {
        Limiter::new(&RateLimit { enabled, window: 10, max: 100 })
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn the_fourth_sign_in_within_ten_seconds_waits() {
        let limiter = limiter(true);
        let at = |ms| Timestamp::from_millis(ms);
        for ms in [0, 100, 200] {
            assert_eq!(limiter.count(ip("192.0.2.1"), "/sign-in/email", at(ms)), Ok(()));
        }
        assert_eq!(limiter.count(ip("192.0.2.1"), "/sign-in/email", at(300)), Err(10));
        assert_eq!(limiter.count(ip("192.0.2.1"), "/sign-in/email", at(9_500)), Err(1));
        assert_eq!(limiter.count(ip("192.0.2.2"), "/sign-in/email", at(300)), Ok(()), "another caller");
        assert_eq!(limiter.count(ip("192.0.2.1"), "/sign-up/email", at(300)), Ok(()), "another path");
        assert_eq!(limiter.count(ip("192.0.2.1"), "/sign-in/email", at(10_200)), Ok(()), "the window is over");
    }

    #[test]
    fn other_paths_allow_a_hundred_and_none_are_counted_when_switched_off() {
        let limiter = limiter(true);
        let now = Timestamp::from_millis(0);
        let allowed = (0..200).filter(|_| limiter.count(None, "/ok", now).is_ok()).count();
        assert_eq!(allowed, 100);
        let off = self::limiter(false);
        assert!((0..200).all(|_| off.count(None, "/sign-in/email", now).is_ok()));
    }

    #[test]
    fn parallel_calls_are_each_counted() {
        let limiter = limiter(true);
        let now = Timestamp::from_millis(0);
        let allowed: usize = std::thread::scope(|scope| {
            let work = || (0..50).filter(|_| limiter.count(None, "/ok", now).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(allowed, 100);
    }
}
