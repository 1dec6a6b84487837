//! The task that follows: connect, take in, and begin again where it broke off.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign_token::{FeedCredential, Notice, Revocations};
use http_body_util::BodyExt as _;
use tokio::time::{sleep, timeout};

use super::connection::{Address, Broken};
use super::{EventReader, FollowError, Known, ServerSentEvent, Shared};

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
    let mut follower = Follower { source, shared, staged: None, resume: true, heartbeats: 0 };
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
    /// A snapshot that is not in use yet: incomplete, or of an age that no heartbeat has told.
    staged: Option<Staged>,
    resume: bool,
    heartbeats: u32,
}

#[derive(Default)]
struct Staged {
    refusals: Revocations,
    /// Set with the last part.
    position: Option<String>,
}

impl Follower {
    async fn connection(&mut self) -> Result<Infallible, Broken> {
        self.staged = None;
        let known = self.shared.known.load_full().filter(|_| self.resume);
        let last = known.as_ref().map(|known| known.position.as_str());
        let open = self.source.address.open(&self.source.credential, last);
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

    fn take(&mut self, event: ServerSentEvent) -> Result<(), Broken> {
        match Notice::read(&event.name, &event.data)? {
            Notice::Snapshot { changes, more } => {
                let staged = self.staged.get_or_insert_default();
                changes.into_iter().for_each(|change| staged.refusals.apply(change));
                if !more {
                    staged.position = Some(event.id.unwrap_or_default());
                }
            }
            Notice::Change(change) => match &mut self.staged {
                Some(staged) => {
                    staged.refusals.apply(change);
                    staged.position = event.id;
                }
                None => self.update(|known| {
                    Arc::make_mut(&mut known.refusals).apply(change);
                    known.position = event.id.unwrap_or_default();
                }),
            },
            Notice::Heartbeat { age_ms } => self.heartbeat(age_ms, event.id.unwrap_or_default()),
            _ => {}
        }
        Ok(())
    }

    /// What is known is known as of `age_ms` ago.
    fn heartbeat(&mut self, age_ms: u64, position: String) {
        let now = self.shared.clock.now();
        let as_of = now.saturating_sub(i64::try_from(age_ms).unwrap_or(i64::MAX));
        if let Some(Staged { refusals, position: Some(_) }) = self.staged.take_if(|staged| staged.position.is_some()) {
            let known = Known { refusals: Arc::new(refusals), position, as_of };
            self.shared.known.store(Some(Arc::new(known)));
        } else {
            self.heartbeats = self.heartbeats.wrapping_add(1);
            let forget = self.heartbeats.is_multiple_of(FORGET_AFTER);
            self.update(|known| {
                (known.position, known.as_of) = (position, as_of);
                if forget {
                    Arc::make_mut(&mut known.refusals).forget_expired(now.div_euclid(1000));
                }
            });
        }
        self.shared.connected.store(true, Ordering::Relaxed);
    }

    /// This task alone writes, so nothing is lost between reading and storing.
    fn update(&self, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.shared.known.load_full() {
            let mut known = Known::clone(&known);
            change(&mut known);
            self.shared.known.store(Some(Arc::new(known)));
        }
    }
}
