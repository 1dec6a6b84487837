//! Following the feed.
//!
//! ```text
//! triggers ──> countersign_feed ──> catch_up, every 250 ms ──┬──> refusals   (one pointer is swapped)
//! (any writer, same transaction)                             ├──> caches     (what changed is forgotten)
//!                                                            └──> news       (whoever subscribed is told)
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use countersign_db::Timestamp;
use countersign_token::{Change, Revocations};
use tokio::sync::{Mutex, broadcast};

use super::rows;
use super::rules::{Effect, Event, Position, effect};
use crate::session::rows::Ended;
use crate::{Engine, Error, User};

/// How often a node looks for news. A sign-out elsewhere is known here after this long, and the time of one statement.
const INTERVAL: Duration = Duration::from_millis(250);
/// How often it looks whether the triggers are still there, and clears out what has expired.
const TRIGGER_ROUNDS: u32 = 4;
const PRUNE_ROUNDS: u32 = 240;
/// Events read at once.
const BATCH: i64 = 5_000;
/// An event younger than this is there, and so is everything after it: only what is older than an hour is cleared out,
/// and no two clocks differ by the rest.
const YOUNG_MS: i64 = 30 * 60_000;

/// Batches of news kept for a subscriber that is slow; one that falls further behind is sent a snapshot instead.
const NEWS_KEPT: usize = 256;

/// Where this node stands in the feed, and what it knows from it.
#[derive(Debug)]
pub struct Feed {
    known: ArcSwap<Known>,
    /// Held while the feed is read, so that changes are taken in order.
    reading: Mutex<()>,
    news: broadcast::Sender<Arc<News>>,
    /// When the database last answered, in milliseconds since 1970; 0 for never.
    seen: AtomicI64,
}

/// The refusals and where in the feed they were known. They may hold more than the feed had said by then, never less.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The refusals.
    pub refusals: Revocations,
    /// The last event taken into account; none before the feed was read.
    pub position: Option<Position>,
}

/// What was taken in from the feed.
#[derive(Debug)]
pub enum News {
    /// Some changes, all that followed.
    Changes {
        /// The changes of refusals with their places.
        changes: Vec<(i64, Change)>,
        /// Where that led.
        position: Position,
    },
    /// Everything was read again: what was known before is worth nothing.
    Rebuilt,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            known: ArcSwap::default(),
            reading: Mutex::default(),
            news: broadcast::Sender::new(NEWS_KEPT),
            seen: AtomicI64::default(),
        }
    }
}

impl Feed {
    /// The refusals as of the last look, and where that was.
    pub fn known(&self) -> arc_swap::Guard<Arc<Known>> {
        self.known.load()
    }

    /// What is taken in from now on. What [`Feed::known`] says afterwards holds everything that came before.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<News>> {
        self.news.subscribe()
    }

    fn apply(&self, changes: &[Change]) {
        if !changes.is_empty() {
            self.update(|known| changes.iter().cloned().for_each(|change| known.refusals.apply(change)));
        }
    }

    fn update(&self, change: impl Fn(&mut Known)) {
        self.known.rcu(|known| {
            let mut known = Known::clone(known);
            change(&mut known);
            known
        });
    }

    /// Takes changes in, and tells the subscribers.
    fn advance(&self, changes: Vec<(i64, Change)>, position: Position) {
        self.update(|known| {
            changes.iter().for_each(|(_, change)| known.refusals.apply(change.clone()));
            known.position = Some(position.clone());
        });
        self.tell(News::Changes { changes, position });
    }

    /// Forgets everything in favour of these changes, and tells the subscribers.
    fn rebuild(&self, changes: impl Iterator<Item = Change>, position: Position) {
        let mut known = Known { position: Some(position), ..Known::default() };
        changes.for_each(|change| known.refusals.apply(change));
        self.known.store(Arc::new(known));
        self.tell(News::Rebuilt);
    }

    /// Whoever subscribes later finds it in what is known.
    fn tell(&self, news: News) {
        drop(self.news.send(Arc::new(news)));
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

    /// Milliseconds since the database last answered for the feed; `None` before it did.
    pub fn feed_age(&self) -> Option<i64> {
        let seen = self.feed.seen()?;
        Some(self.clock.now().millis().saturating_sub(seen.millis()).max(0))
    }

    /// Whether the last word of the database is older than `feed.max_staleness`: then nobody here knows who was signed out
    /// or suspended meanwhile. `None` where the feed was never read.
    pub fn feed_is_stale(&self) -> Option<bool> {
        let longest = i64::from(self.config.feed.max_staleness).saturating_mul(1000);
        Some(self.feed_age()? > longest)
    }

    /// Reads what is new in the feed and takes it into account. The first time, or after the database was restored, it
    /// takes everything: the refusals are built anew and the caches emptied.
    ///
    /// # Errors
    /// [`Error::Database`]; then nothing changed here.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let _in_order = self.feed.reading.lock().await;
        let now = self.clock.now();
        let mut read = self.db.read().await?;
        let epoch = rows::epoch(&mut read).await?;
        let position = self.feed.known().position.clone();
        let known = position.filter(|position| position.epoch == epoch).map(|position| position.seq);
        let suspended = if known.is_some() { Vec::new() } else { rows::suspended(&mut read).await? };
        let mut seq = known.unwrap_or_default();
        let mut effects = Vec::new();
        loop {
            let events = rows::after(&mut read, seq, BATCH).await?;
            let Some(last) = events.last() else { break };
            seq = last.seq;
            effects.extend(events.into_iter().map(|event| (event.seq, effect(event))));
        }
        drop(read);
        if known.is_none() {
            self.cache.clear();
        }
        let changes =
            effects.into_iter().filter_map(|(seq, effect)| Some((seq, self.take(effect)?))).collect::<Vec<_>>();
        let position = Position { epoch, seq };
        match known {
            None => {
                let suspended = suspended.into_iter().map(suspension);
                self.feed.rebuild(suspended.chain(changes.into_iter().map(|(_, change)| change)), position);
            }
            Some(known) if known < seq => self.feed.advance(changes, position),
            Some(_) => {}
        }
        self.feed.seen.store(now.millis(), Ordering::Relaxed);
        Ok(())
    }

    /// What changed after a place in the feed, in order; `None` when that cannot be told, because the place is of another
    /// run or too long ago, or because it is too much.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn changes_since(&self, from: &Position) -> Result<Option<Vec<(i64, Change)>>, Error> {
        match &self.feed.known().position {
            Some(known) if known.epoch == from.epoch && known.seq <= from.seq => return Ok(Some(Vec::new())),
            Some(known) if known.epoch == from.epoch => {}
            _ => return Ok(None),
        }
        let mut read = self.db.read().await?;
        // What follows an event that is too young to be cleared out is whole.
        let young = self.clock.now().millis().saturating_sub(YOUNG_MS);
        let whole = rows::first_since(&mut read, young).await?.is_some_and(|first| first <= from.seq);
        let events = if whole { rows::after(&mut read, from.seq, BATCH).await? } else { return Ok(None) };
        if i64::try_from(events.len()).is_ok_and(|number| number < BATCH) {
            let refusal = |event: Event| match (event.seq, effect(event)) {
                (seq, Effect::Refusal(change)) => Some((seq, change)),
                _ => None,
            };
            return Ok(Some(events.into_iter().filter_map(refusal).collect()));
        }
        Ok(None)
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
        self.feed.update(|known| known.position = None);
        self.catch_up().await
    }

    async fn prune_feed(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let longest = i64::from(self.config.token.longest_lifetime()).saturating_mul(1000);
        let mut tx = self.db.write().await?;
        rows::prune(&mut tx, now.millis(), longest).await?;
        tx.commit().await?;
        self.feed.update(|known| known.refusals.forget_expired(now.seconds()));
        Ok(())
    }
}

/// A suspension that may be older than the feed.
fn suspension(user: User) -> Change {
    Change::UserOff { until: user.ban_expires.map(|until| until.seconds().saturating_add(1)), user: user.id }
}
