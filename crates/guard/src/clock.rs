//! The one place where the guard reads the time.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Seconds since 1970, asked once per request; milliseconds for who follows the refusals.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    pub(crate) fn new(now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn system() -> Self {
        Self::new(|| i64::try_from(since_1970().as_secs()).unwrap_or(i64::MAX))
    }

    #[cfg(feature = "follow")]
    pub(crate) fn system_millis() -> Self {
        Self::new(|| i64::try_from(since_1970().as_millis()).unwrap_or(i64::MAX))
    }

    pub(crate) fn now(&self) -> i64 {
        (self.0)()
    }
}

/// A clock before 1970 counts as 1970: every token is then issued in the future and refused.
fn since_1970() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "the guard's default clock; `Guard::clock` replaces it")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
