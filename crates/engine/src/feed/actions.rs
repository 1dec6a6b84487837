//! Following the feed.
//!
//! ```text
//! triggers ──> countersign_feed ──> catch_up, every 250 ms ──┬──> refusals   (one pointer is swapped)
//! (any writer, same transaction)                             └──> caches     (what changed is forgotten)
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use countersign_db::Timestamp;
use countersign_token::{Change, Revocations};
use tokio::sync::Mutex;

use super::rows;
use super::rules::{Effect, effect};
use crate::session::rows::Ended;
use crate::{Engine, Error, User};

/// How often a node looks for news. A sign-out elsewhere is known here after this long, and the time of one statement.
const INTERVAL: Duration = Duration::from_millis(250);
/// How often it looks whether the triggers are still there, and clears out what has expired.
const TRIGGER_ROUNDS: u32 = 4;
const PRUNE_ROUNDS: u32 = 240;
/// Events read at once.
const BATCH: i64 = 5_000;

/// Where this node stands in the feed, and what it knows from it.
#[derive(Debug, Default)]
pub struct Feed {
    refusals: ArcSwap<Revocations>,
    position: Mutex<Option<Position>>,
    /// When the database last answered, in milliseconds since 1970; 0 for never.
    seen: AtomicI64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Position {
    epoch: String,
    seq: i64,
}

impl Feed {
    /// The refusals as of the last look.
    pub fn refusals(&self) -> arc_swap::Guard<Arc<Revocations>> {
        self.refusals.load()
    }

    fn apply(&self, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        self.refusals.rcu(|refusals| {
            let mut refusals = Revocations::clone(refusals);
            changes.iter().cloned().for_each(|change| refusals.apply(change));
            refusals
        });
    }

    /// When the database last answered.
    pub fn seen(&self) -> Option<Timestamp> {
        let seen = self.seen.load(Ordering::Relaxed);
        (seen > 0).then(|| Timestamp::from_millis(seen))
    }
}

impl Engine {
    /// What this node knows from the feed.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Reads what is new in the feed and takes it into account. The first time, or after the database was restored, it
    /// takes everything: the refusals are built anew and the caches emptied.
    ///
    /// # Errors
    /// [`Error::Database`]; then nothing changed here.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let mut position = self.feed.position.lock().await;
        let now = self.clock.now();
        let mut read = self.db.read().await?;
        let epoch = rows::epoch(&mut read).await?;
        let known = position.as_ref().filter(|known| known.epoch == epoch).map(|known| known.seq);
        let mut changes = match known {
            Some(_) => Vec::new(),
            None => rows::suspended(&mut read).await?.into_iter().map(suspension).collect(),
        };
        let mut seq = known.unwrap_or_default();
        let mut effects = Vec::new();
        loop {
            let events = rows::after(&mut read, seq, BATCH).await?;
            let Some(last) = events.last() else { break };
            seq = last.seq;
            effects.extend(events.into_iter().map(effect));
        }
        drop(read);
        if known.is_none() {
            self.cache.clear();
        }
        changes.extend(effects.into_iter().filter_map(|effect| self.take(effect)));
        if known.is_none() {
            self.feed.refusals.store(Arc::default());
        }
        self.feed.apply(&changes);
        *position = Some(Position { epoch, seq });
        self.feed.seen.store(now.millis(), Ordering::Relaxed);
        Ok(())
    }

    /// Forgets what changed, and hands on what the refusals must know.
    fn take(&self, effect: Effect) -> Option<Change> {
        match effect {
            Effect::UserChanged(id) => self.cache.forget_user(&id),
            Effect::SessionChanged(id) => self.cache.forget_session(&id),
            Effect::Refusal(change) => {
                if let Change::SessionRevoked { session, .. } = &change {
                    self.cache.forget_session(session);
                }
                return Some(change);
            }
            Effect::Unknown => {}
        }
        None
    }

    /// Forgets sessions that were ended here, and refuses their access tokens from now on, before the feed says so.
    pub(crate) fn end_sessions(&self, ended: &[Ended]) {
        let until = self.clock.now().seconds().saturating_add(self.config.token.longest_lifetime().into());
        let revoked = |Ended(id): &Ended| Change::SessionRevoked { session: id.clone(), since: 0, until };
        for Ended(id) in ended {
            self.cache.forget_session(id);
        }
        self.feed.apply(&ended.iter().map(revoked).collect::<Vec<_>>());
    }

    /// Follows the feed for as long as it is polled: looks for news, sees that the triggers are there, and clears out what
    /// has expired. A database that is away is tried again; nothing is missed.
    pub async fn follow_feed(&self) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for round in 1_u32.. {
            ticks.tick().await;
            if let Err(error) = self.follow_once(round).await {
                tracing::warn!(%error, "the feed cannot be read");
            }
        }
    }

    async fn follow_once(&self, round: u32) -> Result<(), Error> {
        self.catch_up().await?;
        if round.is_multiple_of(TRIGGER_ROUNDS) {
            self.repair_triggers().await?;
        }
        if round.is_multiple_of(PRUNE_ROUNDS) {
            self.prune_feed().await?;
        }
        Ok(())
    }

    /// Makes triggers that were lost anew. Changes made meanwhile fed nothing, so everything is read again.
    async fn repair_triggers(&self) -> Result<(), Error> {
        let missing = self.db.triggers_missing().await?;
        if missing.is_empty() {
            return Ok(());
        }
        tracing::error!(
            ?missing,
            "triggers of the feed were lost, most likely when a table was rebuilt; they are made anew"
        );
        self.db.install_triggers().await?;
        *self.feed.position.lock().await = None;
        self.catch_up().await
    }

    async fn prune_feed(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let longest = i64::from(self.config.token.longest_lifetime()).saturating_mul(1000);
        let mut tx = self.db.write().await?;
        rows::prune(&mut tx, now.millis(), longest).await?;
        tx.commit().await?;
        self.feed.refusals.rcu(|refusals| {
            let mut refusals = Revocations::clone(refusals);
            refusals.forget_expired(now.seconds());
            refusals
        });
        Ok(())
    }
}

/// A suspension that may be older than the feed.
fn suspension(user: User) -> Change {
    Change::UserOff { until: user.ban_expires.map(|until| until.seconds().saturating_add(1)), user: user.id }
}
