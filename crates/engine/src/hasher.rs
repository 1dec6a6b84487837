//! Hashing passwords, off the threads that serve requests and never more at once than the machine bears.
//!
//! ```text
//!            queue full: Overloaded        deadline passed: Overloaded
//!                  ^                              ^
//! request -> [ waiting, bounded ] --permit--> [ hashing on a blocking thread ] -> verdict
//! ```
//!
//! A hash takes 32 MiB while it runs, so the permits bound the memory too (OWASP Password Storage; security P5).

use std::sync::Arc;
use std::time::Duration;

use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::config;

/// No permit came free in time: the caller should try again shortly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct Overloaded;

/// The pool.
pub(crate) struct Hasher {
    permits: Arc<Semaphore>,
    waiting: Semaphore,
    deadline: Duration,
}

impl Hasher {
    pub(crate) fn new(config: &config::PasswordHash) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            permits: Arc::new(Semaphore::new(config.concurrency.map_or_else(cores, usize::from))),
            waiting: Semaphore::new(
                usize::try_from(config.queue_max).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS),
            ),
            deadline: Duration::from_millis(config.queue_deadline_ms.into()),
        }
    }

    /// Hashes `password` for storage under a salt of 16 random bytes.
    pub(crate) async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, Overloaded> {
        let password = normalised(password);
        self.run(move || {
            let salt = hex(&salt);
            let key = derive(&password, &salt);
            format!("{salt}:{}", hex(key.as_slice()))
        })
        .await
    }

    /// Whether `password` is the one `stored` was made from. Without a stored hash (an unknown user, or one without a
    /// password) the same work is done and the answer is no, so that time tells nothing (security P6).
    pub(crate) async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Overloaded> {
        let password = normalised(password);
        let stored = stored.and_then(Stored::parse);
        self.run(move || {
            let (salt, expected) = match &stored {
                Some(stored) => (stored.salt.as_str(), stored.key),
                None => (NOBODY, [0; KEY_LENGTH]),
            };
            let matches: bool = derive(&password, salt).as_slice().ct_eq(&expected).into();
            matches && stored.is_some()
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Overloaded> {
        let place = self.waiting.try_acquire().map_err(|_| Overloaded)?;
        let permit = tokio::time::timeout(self.deadline, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = permit.map_err(|_| Overloaded)?.map_err(|_| Overloaded)?;
        drop(place);
        // The permit goes with the work: a request that is given up does not free memory still in use.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        done.await.map_err(|_| Overloaded)
    }
}

const KEY_LENGTH: usize = 64;

/// The salt an unknown user's password is hashed with.
const NOBODY: &str = "00000000000000000000000000000000";

/// A stored hash in Better Auth's form `<32 hex digits of salt>:<128 hex digits>` (docs/wire.md 4.3).
struct Stored {
    salt: String,
    key: [u8; KEY_LENGTH],
}

impl Stored {
    fn parse(text: &str) -> Option<Self> {
        let (salt, key) = text.split_once(':')?;
        Some(Self { salt: salt.to_owned(), key: unhex(key)?.try_into().ok()? })
    }
}

/// Better Auth hashes the NFKC form, so that two keyboards give one password (security P2).
fn normalised(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

/// scrypt (RFC 7914) with N = 2^14, r = 16, p = 1. The salt is the hex text itself, not the bytes it stands for.
#[expect(clippy::expect_used, reason = "constant parameters, within the bounds of the function")]
fn derive(password: &str, salt: &str) -> Zeroizing<[u8; KEY_LENGTH]> {
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    let params = Params::new(14, 16, 1).expect("valid parameters");
    scrypt(password.as_bytes(), salt.as_bytes(), &params, key.as_mut_slice()).expect("a valid length");
    key
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
        Hasher::new(&config::PasswordHash { concurrency: Some(concurrency), queue_deadline_ms: 60_000, queue_max })
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
