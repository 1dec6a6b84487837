//! Hashing passwords, off the threads that serve requests and never more at once than the machine bears.
//!
//! ```text
//!            queue full: Overloaded        deadline passed: Overloaded
//!                  ^                              ^
//! request -> [ waiting, bounded ] --permit--> [ hashing on a blocking thread ] -> verdict
//! ```
//!
//! A hash takes tens of MiB while it runs, so the permits bound the memory too (OWASP Password Storage; security P5).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::scheme::{Scheme, Verdict};
use crate::{Engine, config};

/// No permit came free in time: the caller should try again shortly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct Overloaded;

/// How the pool is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashing {
    /// Passwords being hashed.
    pub running: usize,
    /// Passwords waiting for their turn.
    pub waiting: usize,
    /// How many were turned away since the start because too many waited.
    pub turned_away: u64,
    /// How many were given up since the start because they had waited too long.
    pub timed_out: u64,
}

/// The pool.
pub(crate) struct Hasher {
    permits: Arc<Semaphore>,
    waiting: Semaphore,
    deadline: Duration,
    scheme: Scheme,
    /// Permits of the two semaphores while nobody holds one.
    sizes: (usize, usize),
    turned_away: AtomicU64,
    timed_out: AtomicU64,
}

impl Hasher {
    pub(crate) fn new(config: &config::PasswordHash) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let concurrency = config.concurrency.map_or_else(cores, usize::from);
        let queue = usize::try_from(config.queue_max).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(concurrency)),
            waiting: Semaphore::new(queue),
            sizes: (concurrency, queue),
            turned_away: AtomicU64::new(0),
            timed_out: AtomicU64::new(0),
            deadline: Duration::from_millis(config.queue_deadline_ms.into()),
            scheme: config.scheme,
        }
    }

    /// Hashes `password` for storage under a salt of 16 random bytes.
    pub(crate) async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, Overloaded> {
        let (scheme, password) = (self.scheme, Zeroizing::new(password.to_owned()));
        self.run(move || scheme.hash(&password, salt)).await
    }

    /// Whether `password` is the one `stored` was made from. Without a stored hash (an unknown user, or one without a
    /// password) the work of the configured scheme is done and the answer is no, so that time tells nothing (security P6).
    pub(crate) async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Overloaded> {
        Ok(matches!(self.judge(password, stored).await?, Verdict::Right | Verdict::Outdated))
    }

    /// The same, and whether the hash should be made anew.
    pub(crate) async fn judge(&self, password: &str, stored: Option<&str>) -> Result<Verdict, Overloaded> {
        let (scheme, password) = (self.scheme, Zeroizing::new(password.to_owned()));
        let stored = stored.map(str::to_owned);
        self.run(move || scheme.judge(&password, stored.as_deref())).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Overloaded> {
        let place = self.waiting.try_acquire().map_err(|_| overloaded(&self.turned_away))?;
        let permit = tokio::time::timeout(self.deadline, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| overloaded(&self.timed_out))?.map_err(|_| Overloaded)?;
        drop(place);
        // The permit goes with the work: a request that is given up does not free memory still in use.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(|_| Overloaded)
    }

    fn load(&self) -> Hashing {
        let (concurrency, queue) = self.sizes;
        Hashing {
            running: concurrency.saturating_sub(self.permits.available_permits()),
            waiting: queue.saturating_sub(self.waiting.available_permits()),
            turned_away: self.turned_away.load(Ordering::Relaxed),
            timed_out: self.timed_out.load(Ordering::Relaxed),
        }
    }
}

impl Engine {
    /// How the pool that hashes passwords is doing.
    pub fn hashing(&self) -> Hashing {
        self.hasher.load()
    }
}

fn overloaded(count: &AtomicU64) -> Overloaded {
    count.fetch_add(1, Ordering::Relaxed);
    Overloaded
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that hexadecimal digits stand for.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(concurrency: u16, queue_max: u32) -> Hasher {
        let config = config::PasswordHash { concurrency: Some(concurrency), queue_max, ..Default::default() };
        Hasher::new(&config::PasswordHash { queue_deadline_ms: 60_000, ..config })
    }

    #[tokio::test]
    async fn a_hash_made_by_node_scrypt_verifies() {
        // crypto.scryptSync("hünter2 ﬁ".normalize("NFKC"), salt, 64, { N: 16384, r: 16, p: 1, maxmem: 2 ** 26 })
        let stored = include_str!("../tests/data/node-scrypt.txt").trim();
        assert_eq!(pool(1, 10).verify("h\u{fc}nter2 fi", Some(stored)).await, Ok(true));
        assert_eq!(pool(1, 10).verify("hu\u{308}nter2 \u{fb01}", Some(stored)).await, Ok(true), "NFKC");
        assert_eq!(pool(1, 10).verify("hunter2 fi", Some(stored)).await, Ok(false));
    }

    #[tokio::test]
    async fn what_is_hashed_verifies_and_nothing_else_does() {
        let pool = pool(2, 10);
        let stored = pool.hash("correct horse", [7; 16]).await.unwrap();
        assert_eq!(stored.len(), 32 + 1 + 128);
        assert_eq!(pool.verify("correct horse", Some(&stored)).await, Ok(true));
        // HMAC pads short keys with zeros, so a NUL at the very end changes no hash of this kind; one before the end does.
        assert_eq!(pool.verify("correct horse\0x", Some(&stored)).await, Ok(false));
        assert_eq!(pool.verify("correct horse", None).await, Ok(false));
        for damaged in ["", ":", "salt", &stored[..stored.len() - 1], &stored.replace(':', "")] {
            assert_eq!(pool.verify("correct horse", Some(damaged)).await, Ok(false), "{damaged}");
        }
    }

    #[tokio::test]
    async fn over_the_bound_of_the_queue_the_answer_is_no_at_once() {
        let pool = pool(1, 0);
        assert_eq!(pool.verify("x", None).await, Err(Overloaded));
    }

    #[tokio::test(start_paused = true)]
    async fn past_the_deadline_the_answer_is_no() {
        let pool = pool(1, 10);
        let _busy = Arc::clone(&pool.permits).acquire_owned().await.unwrap();
        assert_eq!(pool.verify("x", None).await, Err(Overloaded));
    }
}
