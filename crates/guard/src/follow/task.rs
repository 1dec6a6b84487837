//! The task that follows: connect, take in, and begin again where it broke off.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign_token::{FeedCredential, Followed, Notice};
use http_body_util::BodyExt as _;
use tokio::time::{sleep, timeout};

use super::connection::{Address, Broken};
use super::{EventReader, FollowError, ServerSentEvent, Shared};

/// The server must have answered by then.
const ANSWER: Duration = Duration::from_secs(10);
/// A server that sends a heartbeat each second and is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(5);
/// Waits between attempts: the first, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often what has expired is dropped, in heartbeats.
const FORGET_AFTER: u32 = 60;

/// Where the refusals come from.
pub(super) struct Source {
    address: Address,
    credential: FeedCredential,
}

impl Source {
    pub(super) fn new(url: &str, credential: FeedCredential) -> Result<Self, FollowError> {
        Ok(Self { address: Address::parse(url)?, credential })
    }
}

/// Follows for as long as it is polled.
pub(super) async fn follow(source: Source, shared: Arc<Shared>) {
    let mut follower = Follower { source, shared, followed: Followed::default(), resume: true, heartbeats: 0 };
    let mut wait = FIRST_WAIT;
    loop {
        let Err(broken) = follower.connection().await;
        if follower.shared.connected.swap(false, Ordering::Relaxed) {
            wait = FIRST_WAIT;
            follower.shared.told.notify_waiters();
        }
        // An event nobody understands would come again.
        follower.resume = !matches!(broken, Broken::TooLong(_) | Broken::Malformed(_));
        tracing::warn!(error = %broken, "the refusals are not followed at the moment");
        sleep(jittered(wait, RandomState::new().hash_one(wait))).await;
        wait = LONGEST_WAIT.min(wait * 2);
    }
}

/// Between half of the wait and all of it, so that many followers do not come back at once.
fn jittered(wait: Duration, chance: u64) -> Duration {
    let share = u32::try_from(chance % 1000).unwrap_or_default();
    wait / 2 + wait / 2 * share / 1000
}

struct Follower {
    source: Source,
    shared: Arc<Shared>,
    followed: Followed,
    resume: bool,
    heartbeats: u32,
}

impl Follower {
    async fn connection(&mut self) -> Result<Infallible, Broken> {
        self.followed.connect();
        let known = self.followed.known().filter(|_| self.resume);
        let open = self.source.address.open(&self.source.credential, known.map(|known| known.position.as_str()));
        let mut body = timeout(ANSWER, open).await.map_err(|_| Broken::Silence)??;
        let mut reader = EventReader::default();
        loop {
            let frame = timeout(SILENCE, body.frame()).await.map_err(|_| Broken::Silence)?.ok_or(Broken::Ended)??;
            if let Ok(bytes) = frame.into_data() {
                for event in reader.read(&bytes)? {
                    self.take(event)?;
                    self.shared.told.notify_waiters();
                }
            }
        }
    }

    /// This task alone writes what the guards read.
    fn take(&mut self, event: ServerSentEvent) -> Result<(), Broken> {
        let notice = Notice::read(&event.name, &event.data)?;
        let (now, alive) = (self.shared.clock.now(), matches!(notice, Notice::Heartbeat { .. }));
        self.followed.take(notice, event.id, now);
        if alive {
            self.heartbeats = self.heartbeats.wrapping_add(1);
            if self.heartbeats.is_multiple_of(FORGET_AFTER) {
                self.followed.forget_expired(now.div_euclid(1000));
            }
        }
        self.shared.known.store(self.followed.known().cloned());
        if alive {
            self.shared.connected.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}
