//! How often one caller may call (docs/wire.md 3).
//!
//! Counted per caller and path, in this process or in the database for all nodes together
//! (`docs/decisions/0004-shared-limits.md`):
//!
//! ```text
//! any path ──────────────────────────────────────────> counters in memory
//! a path with a rule of its own, `database` ──┬──────> known to be one too many ──> denied
//!                                             ├──────> one statement; what it says is kept in memory
//!                                             └─ away> counters in memory
//! ```

use std::cmp::Reverse;
use std::net::IpAddr;
use std::time::Duration;

use countersign_contract::transport::Error;
use countersign_engine::db::{Kind, Timestamp};
use countersign_engine::rate_limit::{Counter, Rule, TooMany, rules};
use moka::ops::compute::Op;

use super::address::counted;
use super::guesses;
use super::origin::glob;
use super::problem::Problem;
use super::visit::Visit;
use crate::app::App;
use crate::config::{CustomRule, RateLimit, RateLimitStorage};
use crate::metrics::Metrics;

/// Counts a call of a path.
///
/// # Errors
/// 429, where it is one too many.
pub(crate) async fn count(app: &App, visit: &Visit, path: &'static str) -> Result<(), Problem> {
    app.limiter.count(app, visit.address, path).await.map_err(|too_many| denial(app, path, too_many))
}

/// What a caller of `path` is told who called too often.
pub(super) fn denial(app: &App, path: &'static str, TooMany { wait_ms }: TooMany) -> Problem {
    Metrics::add(&app.metrics.denied, "path", path);
    let seconds = u64::try_from(wait_ms).unwrap_or_default().div_ceil(1000);
    Problem::retry_after(Error::RateLimited, seconds)
}

/// The counters of this process, and whether the database's go before them.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// The rule of paths without one of their own; none where nothing is counted.
    general: Option<Rule>,
    /// The rules of the configuration in the order in which they are asked; without a rule calls are not counted.
    custom: Vec<(String, Option<Rule>)>,
    shares: bool,
    counters: moka::sync::Cache<Key, Counter>,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// The calls of a path by one caller.
    Caller(Option<IpAddr>, &'static str),
    /// The attempts to guess the password of one account, or those from one network.
    Account(AccountDigest, Option<IpAddr>),
}

/// Stands for an account without naming it.
pub(super) type AccountDigest = [u8; 16];

/// How many counters are kept.
const CAPACITY: u64 = 200_000;

impl Limiter {
    pub(crate) fn new(config: &RateLimit, database: Kind) -> Self {
        let general = config.enabled.then_some(Rule { window: config.window, max: config.max });
        let shares = match config.storage {
            Some(storage) => storage == RateLimitStorage::Database,
            None => database == Kind::Postgres,
        };
        let custom = custom(config);
        let windows = custom.iter().filter_map(|(_, rule)| rule.map(|rule| rule.window));
        let longest = windows.chain([config.window, guesses::RULE.window]).max().map_or(0, u64::from);
        let counters =
            moka::sync::Cache::builder().max_capacity(CAPACITY).time_to_idle(Duration::from_secs(longest)).build();
        Self { general, custom, shares, counters }
    }

    async fn count(&self, app: &App, caller: Option<IpAddr>, path: &'static str) -> Result<(), TooMany> {
        let Some(general) = self.general else { return Ok(()) };
        let key = Key::Caller(caller.map(counted), path);
        let own = self.custom.iter().find(|(pattern, _)| glob(pattern, path)).map(|(_, rule)| *rule);
        match (own, special(path)) {
            (Some(None), _) => Ok(()),
            (Some(Some(rule)), _) | (None, Some(rule)) => self.count_guess(app, key, rule).await,
            (None, None) => self.count_here(key, general, app.engine.clock().now()),
        }
    }

    /// Counts what could guess, for all nodes together where they share their counters.
    pub(super) async fn count_guess(&self, app: &App, key: Key, rule: Rule) -> Result<(), TooMany> {
        let now = app.engine.clock().now();
        match self.general {
            None => Ok(()),
            Some(_) if self.shares => self.count_shared(app, key, rule, now).await,
            Some(_) => self.count_here(key, rule, now),
        }
    }

    /// Begins to count anew.
    pub(super) async fn clear(&self, app: &App, key: Key) {
        self.counters.invalidate(&key);
        if self.general.is_some()
            && self.shares
            && let Err(error) = app.engine.forget_calls(&name(key)).await
        {
            tracing::warn!(%error, "a counter is not cleared");
        }
    }

    /// Counts in the database. A caller who is known to have called too often costs no statement: nobody's call is allowed
    /// until the window ends, so until then the answer cannot change. While the database is away calls are counted here, on
    /// top of what it said last, so that guessing is never free.
    async fn count_shared(&self, app: &App, key: Key, rule: Rule, now: Timestamp) -> Result<(), TooMany> {
        if let Some(known) = self.counters.get(&key) {
            rules::count(Some(known), rule, now)?;
        }
        match app.engine.count_call(&name(key), rule).await {
            Ok(Ok(count)) => {
                self.counters.insert(key, Counter { count, until: now.plus_seconds(rule.window.into()) });
                Ok(())
            }
            Ok(Err(too_many)) => {
                let until = Timestamp::from_millis(now.millis().saturating_add(too_many.wait_ms));
                self.counters.insert(key, Counter { count: rule.max, until });
                Err(too_many)
            }
            Err(error) => {
                app.metrics.counted_alone.inc();
                tracing::warn!(%error, "calls are counted in this process alone");
                self.count_here(key, rule, now)
            }
        }
    }

    fn count_here(&self, key: Key, rule: Rule, now: Timestamp) -> Result<(), TooMany> {
        let mut verdict = Ok(());
        self.counters.entry(key).and_compute_with(|entry| {
            match rules::count(entry.map(|entry| *entry.value()), rule, now) {
                Ok(counter) => Op::Put(counter),
                Err(too_many) => {
                    verdict = Err(too_many);
                    Op::Nop
                }
            }
        });
        verdict
    }
}

/// The rules of the configuration: paths, then patterns, the longest first.
fn custom(config: &RateLimit) -> Vec<(String, Option<Rule>)> {
    let rule = |&CustomRule { enabled, window, max }: &CustomRule| enabled.then_some(Rule { window, max });
    let mut rules: Vec<_> = config.custom_rules.iter().map(|(pattern, it)| (pattern.clone(), rule(it))).collect();
    rules.sort_by_key(|(pattern, _)| (pattern.contains(['*', '?']), Reverse(pattern.len())));
    rules
}

/// The rule of a path that costs a hash, could be used to guess, or sends mail.
fn special(path: &str) -> Option<Rule> {
    let below = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    if below(&["/sign-in", "/sign-up", "/change-password", "/change-email", "/verify-password", "/delete-user"]) {
        Some(Rule { window: 10, max: 3 })
    } else if below(&["/request-password-reset", "/send-verification-email", "/forget-password"]) {
        Some(Rule { window: 60, max: 3 })
    } else {
        None
    }
}

/// The key in the database, as Better Auth writes it.
fn name(key: Key) -> String {
    match key {
        Key::Caller(Some(address), path) => format!("{address}|{path}"),
        Key::Caller(None, path) => format!("no-trusted-ip|{path}"),
        Key::Account(digest, None) => format!("account {}", hex(&digest)),
        Key::Account(digest, Some(network)) => format!("account {} from {network}", hex(&digest)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> Limiter {
        Limiter::new(&RateLimit::default(), Kind::Sqlite)
    }

    const RULE: Rule = Rule { window: 10, max: 100 };

    #[test]
    fn parallel_calls_are_each_counted() {
        let limiter = limiter();
        let now = Timestamp::from_millis(0);
        let allowed: usize = std::thread::scope(|scope| {
            let work = || (0..50).filter(|_| limiter.count_here(Key::Caller(None, "/ok"), RULE, now).is_ok()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(allowed, 100);
    }

    #[test]
    fn nodes_share_what_they_count_on_postgresql_unless_told_otherwise() {
        let shares = |storage, kind| Limiter::new(&RateLimit { storage, ..RateLimit::default() }, kind).shares;
        assert!(shares(None, Kind::Postgres) && !shares(None, Kind::Sqlite));
        assert!(!shares(Some(RateLimitStorage::Memory), Kind::Postgres));
        assert!(shares(Some(RateLimitStorage::Database), Kind::Sqlite));
    }

    #[test]
    fn what_could_guess_or_send_mail_has_rules_of_its_own() {
        let rule = |path| special(path).map(|rule| (rule.window, rule.max));
        for path in [
            "/sign-in/email",
            "/sign-up/email",
            "/change-password",
            "/change-email",
            "/verify-password",
            "/delete-user",
        ] {
            assert_eq!(rule(path), Some((10, 3)), "{path}");
        }
        for path in ["/request-password-reset", "/send-verification-email"] {
            assert_eq!(rule(path), Some((60, 3)), "{path}");
        }
        assert_eq!(rule("/get-session"), None);
    }
}
