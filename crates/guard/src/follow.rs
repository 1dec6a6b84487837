//! Following the refusals of a server elsewhere.
//!
//! ```text
//! server ── events ──> follow/task.rs ──> Known (one pointer is swapped) <── FollowedRevocations, on each request
//! ```

mod connection;
mod events;
mod task;
#[cfg(feature = "follow-https")]
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use countersign_token::{Claims, FeedCredential, Known, Standing, Unavailable};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

pub use self::events::{EventReader, ServerSentEvent, TooLong};
use self::task::Source;
use crate::Directory;
use crate::clock::Clock;

/// Milliseconds by which a clock may be set back unnoticed.
const BACKWARDS: i64 = 1_000;

/// A directory that follows the refusals of a server: who is suspended, deleted or signed out there is refused here within
/// a second, and a request asks nobody.
///
/// It knows nobody's role, and takes whoever is not refused for active. Before the first word from the server every token
/// is answered 503. Clones share one connection, which ends with the last of them.
///
/// ```no_run
/// use countersign_guard::{FeedCredential, FollowedRevocations, Guard, Options};
/// # fn verifier() -> countersign_token::Verifier { unimplemented!() }
///
/// # async fn follow() -> Result<(), Box<dyn std::error::Error>> {
/// let credential = FeedCredential::parse(&std::env::var("COUNTERSIGN_FEED_CREDENTIAL")?)?;
/// let url = "http://auth.internal:3000/api/auth/revocations";
/// let refusals = FollowedRevocations::start(url, credential, Options::default())?;
/// let guard = Guard::new(verifier(), refusals);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FollowedRevocations {
    shared: Arc<Shared>,
    max_staleness: Duration,
    when_stale: WhenStale,
    _task: Arc<EndWithTheLast>,
}

/// How refusals are followed.
#[derive(Clone, Debug)]
pub struct Options {
    max_staleness: Duration,
    when_stale: WhenStale,
    clock: Clock,
}

/// What becomes of tokens while the word from the server is too old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenStale {
    /// They are answered 503.
    #[default]
    Refuse,
    /// They are judged by what is known.
    Admit,
}

/// Why following cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The address is not `http://` or `https://`, a host and a path.
    #[error("the address of the refusals must be http or https, with a host")]
    InvalidUrl,
    /// The address is https, and the feature `follow-https` is not switched on.
    #[error("following over https needs the feature `follow-https`")]
    NoTls,
}

/// How following goes, for metrics and readiness.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FollowState {
    /// Whether events are coming in.
    pub connected: bool,
    /// The place in the server's feed; none before the first snapshot.
    pub position: Option<String>,
    /// How old the word of the server's database is; none before the first.
    pub staleness: Option<Duration>,
    /// Whether that is older than allowed.
    pub is_stale: bool,
    /// Refusals held.
    pub refusals: usize,
}

impl Default for Options {
    /// Refuse after 30 seconds.
    fn default() -> Self {
        Self { max_staleness: Duration::from_secs(30), when_stale: WhenStale::default(), clock: Clock::system_millis() }
    }
}

impl Options {
    /// How old the word of the server's database may be.
    #[must_use]
    pub fn max_staleness(self, max_staleness: Duration) -> Self {
        Self { max_staleness, ..self }
    }

    /// What becomes of tokens while it is older.
    #[must_use]
    pub fn when_stale(self, when_stale: WhenStale) -> Self {
        Self { when_stale, ..self }
    }

    /// Takes the time (milliseconds since 1970) from here instead of the system.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self { clock: Clock::new(now), ..self }
    }
}

impl FollowedRevocations {
    /// Begins to follow, in a task of the runtime this is called on. `url` is the server's `/revocations`; over plain
    /// http whoever reads along learns the credential, so keep that within a trusted network.
    ///
    /// # Errors
    /// [`FollowError`]. A server that does not answer is no error: it is tried again until it does.
    pub fn start(url: &str, credential: FeedCredential, options: Options) -> Result<Self, FollowError> {
        let Options { max_staleness, when_stale, clock } = options;
        let source = Source::new(url, credential)?;
        let shared = Arc::new(Shared::new(clock));
        let task = tokio::spawn(task::follow(source, Arc::clone(&shared)));
        let task = Arc::new(EndWithTheLast(task.abort_handle()));
        Ok(Self { shared, max_staleness, when_stale, _task: task })
    }

    /// The same refusals for routes that choose otherwise while the word from the server is too old.
    #[must_use]
    pub fn when_stale(&self, when_stale: WhenStale) -> Self {
        Self { when_stale, ..self.clone() }
    }

    /// Waits until following goes in a certain way, for instance until [`FollowState::position`] is there before a
    /// service says that it is ready.
    pub async fn until(&self, mut condition: impl FnMut(&FollowState) -> bool) {
        loop {
            let mut told = std::pin::pin!(self.shared.told.notified());
            told.as_mut().enable();
            if condition(&self.state()) {
                return;
            }
            told.await;
        }
    }

    /// How following goes.
    #[must_use]
    pub fn state(&self) -> FollowState {
        let known = self.shared.known.load();
        let now = self.shared.clock.now();
        let staleness = known.as_ref().map(|known| staleness(known, now));
        FollowState {
            connected: self.shared.connected.load(Ordering::Relaxed),
            position: known.as_ref().map(|known| known.position.clone()),
            staleness,
            is_stale: staleness.is_none_or(|staleness| staleness > self.max_staleness),
            refusals: known.as_ref().map_or(0, |known| known.refusals.len()),
        }
    }
}

impl Directory for FollowedRevocations {
    async fn standing(&self, claims: &Claims) -> Result<Standing, Unavailable> {
        let known = self.shared.known.load();
        let known = known.as_ref().ok_or(Unavailable)?;
        let now = self.shared.clock.now();
        if self.when_stale == WhenStale::Refuse && staleness(known, now) > self.max_staleness {
            return Err(Unavailable);
        }
        let refusal = known.refusals.standing(claims, now.div_euclid(1000));
        Ok(refusal.unwrap_or(Standing::Active { role: None }))
    }
}

/// What the task leaves for the guards.
#[derive(Debug)]
struct Shared {
    known: ArcSwapOption<Known>,
    connected: AtomicBool,
    /// Wakes whoever waits for the server's word.
    told: Notify,
    clock: Clock,
}

impl Shared {
    fn new(clock: Clock) -> Self {
        Self { known: ArcSwapOption::empty(), connected: AtomicBool::new(false), told: Notify::new(), clock }
    }
}

/// How old this is. A clock that was set back says nothing, so it counts as very old until the next heartbeat.
fn staleness(known: &Known, now: i64) -> Duration {
    let age = now.saturating_sub(known.as_of);
    if age < -BACKWARDS { Duration::MAX } else { Duration::from_millis(u64::try_from(age).unwrap_or(0)) }
}

#[derive(Debug)]
struct EndWithTheLast(AbortHandle);

impl Drop for EndWithTheLast {
    fn drop(&mut self) {
        self.0.abort();
    }
}
