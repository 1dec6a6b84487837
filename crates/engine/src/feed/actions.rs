//! Following the feed.
//!
//! ```text
//! triggers ──> countersign_feed ──> catch_up, when told or every 250 ms ──┬──> refusals   (one pointer is swapped)
//! (any writer, same transaction)                                          ├──> caches     (what changed is forgotten)
//!                                                                         └──> news       (whoever subscribed is told)
//! ```

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use countersign_db::{Read, Timestamp, Tx};
use countersign_token::{Change, Claims, Verified};
use tokio::sync::{Notify, broadcast};
use tokio::time::{Interval, MissedTickBehavior};

use super::rows;
use super::rules::{Course, Effect, Event, KEPT_MS, Known, News, Position, Refusal, course, effect, missed};
use crate::audit;
use crate::session::rows::Ended;
use crate::{Engine, Error, User, chance};

/// What the triggers say when the feed was written, on PostgreSQL.
const CHANNEL: &str = "countersign_feed";
/// The shortest time between two looks: many commits at once are seen together.
const BREATH: Duration = Duration::from_millis(10);
/// How soon a connection that listens is made anew, at first and in the end.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How often it is seen that the triggers are still there and the clocks agree, and what has expired is cleared out.
const CHECK: Duration = Duration::from_secs(1);
const PRUNE: Duration = Duration::from_secs(60);
/// Events read at once.
const BATCH: i64 = 5_000;
/// Batches of news kept for a subscriber that is slow; one that falls further behind is sent a snapshot instead.
const NEWS_KEPT: usize = 256;

/// Where this node stands in the feed, and what it knows from it.
#[derive(Debug)]
pub struct Feed {
    known: ArcSwap<Known>,
    /// Held while the feed is read, so that changes are taken in order.
    reading: tokio::sync::Mutex<()>,
    /// What this node did itself since it began to read, and may not find there.
    own: Mutex<Vec<Change>>,
    news: broadcast::Sender<Arc<News>>,
    /// When the database last answered, in milliseconds since 1970; 0 for never.
    seen: AtomicI64,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            known: ArcSwap::default(),
            reading: tokio::sync::Mutex::default(),
            own: Mutex::default(),
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

    /// How many follow what is taken in.
    pub fn followers(&self) -> usize {
        self.news.receiver_count()
    }

    /// A look at the feed begins: it finds whatever this node did before.
    fn begin_look(&self) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Takes in what this node did itself, before the feed says so.
    fn apply(&self, changes: &[Change]) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.extend_from_slice(changes);
        self.update(|known| changes.iter().cloned().for_each(|change| known.refusals.apply(change)));
    }

    fn update(&self, change: impl Fn(&mut Known)) {
        self.known.rcu(|known| {
            let mut known = Known::clone(known);
            change(&mut known);
            known
        });
    }

    /// Takes changes in, and tells the subscribers.
    fn advance(&self, changes: Vec<(Position, Change)>, position: Position) {
        self.update(|known| known.advance(&changes, position.clone()));
        self.tell(News::Changes { changes, position });
    }

    /// Forgets everything in favour of these changes, and tells the subscribers.
    fn rebuild(&self, suspended: impl Iterator<Item = Change>, changes: Vec<(Position, Change)>, position: Position) {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        self.known.store(Arc::new(Known::rebuilt(suspended, changes, &own, position)));
        drop(own);
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

    /// Reads what is new in the feed and takes it into account. The first time, or when what followed cannot be told, it
    /// takes everything: the refusals are built anew and the caches emptied. After the database was restored it begins a new
    /// run, too.
    ///
    /// # Errors
    /// [`Error::Database`]; then nothing changed here.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let _in_order = self.feed.reading.lock().await;
        self.feed.begin_look();
        let now = self.clock.now();
        let known = self.feed.known().position.clone();
        let age = now.millis().saturating_sub(self.feed.seen().map_or(0, |seen| seen.millis()));
        let mut read = self.db.read().await?;
        let course = match &known {
            Some(known) => follow(&mut read, known, age).await?,
            None => Course::Anew,
        };
        match (course, known) {
            (Course::On(events), Some(known)) => self.take(events, &known),
            (Course::Restored, Some(known)) => {
                drop(read);
                self.begin_run(&known).await?;
                self.read_anew(self.db.read().await?).await?;
            }
            _ => self.read_anew(read).await?,
        }
        self.feed.seen.store(now.millis(), Ordering::Relaxed);
        Ok(())
    }

    /// What changed after a place in the feed, in order; `None` when that cannot be told, because the place is of another
    /// run or too long ago, or because it is too much.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn changes_since(&self, from: &Position) -> Result<Option<Vec<(Position, Change)>>, Error> {
        let here = |known: &Known| known.position.as_ref() == Some(from);
        if here(&self.feed.known()) {
            return Ok(Some(Vec::new()));
        }
        // Another node may have been ahead of this one.
        self.catch_up().await?;
        let Some(known) = self.feed.known().position.clone() else { return Ok(None) };
        let rows = rows::from(&mut self.db.read().await?, from.seq, BATCH).await?;
        let whole = i64::try_from(rows.len()).is_ok_and(|number| number < BATCH);
        Ok(missed(from, &known, rows).filter(|_| whole))
    }

    /// Forgets what changed, and hands on what the refusals must know.
    fn take(&self, events: Vec<Event>, known: &Position) {
        let Some(last) = events.last() else { return };
        let position = known.of(last);
        let changes = self.forget(events, known);
        self.feed.advance(changes, position);
    }

    /// Takes everything in.
    async fn read_anew(&self, mut read: Read) -> Result<(), Error> {
        let epoch = rows::epoch(&mut read).await?;
        let suspended = rows::suspended(&mut read).await?;
        let start = Position::start(epoch);
        let Course::On(events) = follow(&mut read, &start, 0).await? else {
            return Err(countersign_db::Error::Busy("the feed changed while it was read".to_owned()).into());
        };
        drop(read);
        self.tally.feed.add("rebuilt", 1);
        self.cache.clear();
        let position = events.last().map_or_else(|| start.clone(), |last| start.of(last));
        let changes = self.forget(events, &start);
        self.feed.rebuild(suspended.into_iter().map(suspension), changes, position);
        Ok(())
    }

    /// Tells all nodes and followers that the database is not what it was.
    async fn begin_run(&self, known: &Position) -> Result<(), Error> {
        let epoch = format!("{:016x}", u64::from_le_bytes(chance::bytes(&*self.chance)));
        let mut tx = self.db.write().await?;
        let begun = rows::begin_run(&mut tx, &known.epoch, &epoch).await?;
        tx.commit().await?;
        if begun {
            tracing::error!(from = %known, epoch, "the database was restored; everything is read again");
        }
        Ok(())
    }

    /// Forgets the rows in question, and hands on what the refusals must know.
    fn forget(&self, events: Vec<Event>, run: &Position) -> Vec<(Position, Change)> {
        self.tally.feed.add("applied", events.len());
        let mut changes = Vec::new();
        for event in events {
            let position = run.of(&event);
            match effect(event) {
                Effect::UserChanged(id) => self.cache.forget_user(&id),
                Effect::SessionChanged(id) => self.cache.forget_session(&id),
                Effect::Refusal(change) => {
                    if let Change::SessionRevoked { session, .. } = &change {
                        self.cache.forget_session(session);
                    }
                    changes.push((position, change));
                }
                Effect::Unknown => {}
            }
        }
        changes
    }

    /// Forgets sessions that were ended here, and refuses their access tokens from now on, before the feed says so.
    pub(crate) fn end_sessions(&self, ended: &[Ended]) {
        let until = self.clock.now().seconds().saturating_add(self.config.longest_admission().into());
        let revoked = |Ended(id): &Ended| Change::SessionRevoked { session: id.clone(), since: 0, until };
        for Ended(id) in ended {
            self.cache.forget_session(id);
        }
        self.feed.apply(&ended.iter().map(revoked).collect::<Vec<_>>());
    }

    /// Writes into the feed that a session is over whose row is not there to be deleted. Last within `tx`, as whatever
    /// writes into the feed by itself.
    pub(crate) async fn refuse_session(&self, tx: &mut Tx, id: &str) -> Result<(), Error> {
        self.refuse(tx, |_| Refusal::session(id)).await
    }

    /// Writes into the feed that the tokens of a user which belong to no session are worth nothing from now on, whoever
    /// has minted them. Clocks differ, so that also those are meant that seem to be of a moment later. Last within `tx`.
    pub(crate) async fn refuse_tokens_of(&self, tx: &mut Tx, user: &str) -> Result<(), Error> {
        let leeway = i64::from(self.config.token.leeway);
        self.refuse(tx, |at| Refusal::tokens_before(user, at.plus_seconds(leeway))).await
    }

    /// Refuses one access token everywhere from now on, by its `jti`. False if it has none.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn revoke_token(&self, token: &Verified<Claims>) -> Result<bool, Error> {
        let Some(jti) = &token.jti else { return Ok(false) };
        let mut tx = self.db.write().await?;
        self.record(&mut tx, audit::Event::TokenRevoked { user: &token.sub, jti }).await?;
        self.refuse(&mut tx, |at| Refusal::token(jti, at)).await?;
        self.commit(tx, |_| ()).await?;
        Ok(true)
    }

    async fn refuse<'a>(&self, tx: &mut Tx, refusal: impl FnOnce(Timestamp) -> Refusal<'a>) -> Result<(), Error> {
        tx.lock_feed().await?;
        let at = tx.clock().await?;
        let refusal = refusal(at);
        let until = refusal.since.max(at).plus_seconds(self.config.longest_admission().into());
        rows::insert(tx, &refusal, until, at).await?;
        Ok(())
    }

    /// Follows the feed for as long as it is polled: looks for news, sees that the triggers are there, and clears out what
    /// has expired. A database that is away is tried again; nothing is missed.
    pub async fn follow_feed(&self) {
        let written = Notify::new();
        tokio::join!(self.look_on(&written), self.listen(&written));
    }

    async fn look_on(&self, written: &Notify) {
        let mut looks = every(Duration::from_millis(self.config.feed.poll_interval_ms.into()));
        let (mut checks, mut prunes) = (every(CHECK), every(PRUNE));
        loop {
            let outcome = tokio::select! {
                () = written.notified() => {
                    tokio::time::sleep(BREATH).await;
                    self.catch_up().await
                }
                _ = looks.tick() => self.catch_up().await,
                _ = checks.tick() => self.check().await,
                _ = prunes.tick() => self.prune().await,
            };
            if let Err(error) = outcome {
                tracing::warn!(%error, "the feed cannot be read");
            }
        }
    }

    /// Lets the looks begin at once when something was written, where the database says so. Without a connection they go on
    /// at their interval.
    async fn listen(&self, written: &Notify) {
        let mut wait = FIRST_WAIT;
        loop {
            let error = match self.db.listen(CHANNEL).await {
                Ok(None) => return,
                Ok(Some(mut listener)) => {
                    wait = FIRST_WAIT;
                    loop {
                        // Also for what was written before anybody listened.
                        written.notify_one();
                        if let Err(error) = listener.heard().await {
                            break error;
                        }
                    }
                }
                Err(error) => error,
            };
            tracing::warn!(%error, "changes are seen only at the interval until the database can be listened to again");
            tokio::time::sleep(wait).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
    }

    async fn check(&self) -> Result<(), Error> {
        self.repair_triggers().await?;
        self.look_for_keys().await;
        self.compare_clocks().await
    }

    async fn prune(&self) -> Result<(), Error> {
        self.prune_feed().await?;
        self.prune_counters().await
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
        self.tally.feed.add("triggers_repaired", 1);
        self.feed.update(|known| known.position = None);
        self.catch_up().await
    }

    async fn prune_feed(&self) -> Result<(), Error> {
        let longest = i64::from(self.config.longest_admission()).saturating_mul(1000);
        let mut tx = self.db.write().await?;
        let now = tx.clock().await?.millis();
        rows::prune(&mut tx, now, KEPT_MS, longest).await?;
        tx.commit().await?;
        self.feed.update(|known| known.refusals.forget_expired(self.clock.now().seconds()));
        Ok(())
    }
}

/// At once and then again and again, but never twice because it was late.
fn every(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// All that followed `known`, batch by batch.
async fn follow(read: &mut Read, known: &Position, age: i64) -> Result<Course, Error> {
    let epoch = rows::epoch(read).await?;
    let (mut place, mut all) = (known.clone(), Vec::new());
    loop {
        let rows = rows::from(read, place.seq, BATCH).await?;
        let more = i64::try_from(rows.len()).is_ok_and(|number| number >= BATCH);
        match course(&place, age, &epoch, rows) {
            Course::On(events) => all.extend(events),
            other => return Ok(other),
        }
        match all.last() {
            Some(last) if more => place = place.of(last),
            _ => return Ok(Course::On(all)),
        }
    }
}

/// A suspension that may be older than the feed.
fn suspension(user: User) -> Change {
    Change::UserOff { until: user.ban_expires.map(|until| until.seconds().saturating_add(1)), user: user.id }
}
