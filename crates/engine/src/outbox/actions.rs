//! What is done with letters.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use countersign_db::{Timestamp, Tx};
use tokio::task::JoinSet;

use super::rows::{self, Due, Holds, New, Stored, Written};
use super::{Content, Freight, Kind, Letter, rules};
use crate::{Engine, Error};

/// How often somebody looks for letters that are due. New ones of this process are carried at once.
const INTERVAL: Duration = Duration::from_secs(1);
/// After how many looks what is of no use any more is cleared out.
const SWEEP_ROUNDS: u32 = 60;
/// Letters carried at the same time.
const BATCH: i64 = 16;

/// Someone who carries letters, or messages.
pub trait Carrier: Send + Sync + 'static {
    /// What it carries.
    type Freight: Freight;
    /// Whether letters stay readable in the database after they were carried, because that is where they are read.
    const KEEPS: bool;

    /// How long carrying one may take; then it counts as not carried.
    fn patience(&self) -> Duration;

    /// Carries one.
    fn carry(&self, freight: &Self::Freight) -> impl Future<Output = Result<(), NotCarried>> + Send;
}

/// Why a letter was not carried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCarried {
    /// It may be carried later.
    #[error("not now: {0}")]
    Later(String),
    /// It is refused, and would be again.
    #[error("never: {0}")]
    Never(String),
}

/// A letter before it is stored.
pub(crate) struct Draft<'a> {
    pub(crate) kind: Kind,
    pub(crate) to: &'a str,
    pub(crate) content: Content,
    pub(crate) expires_at: Timestamp,
}

impl Engine {
    /// Stores a letter within `tx`, in which what it is about is stored too.
    pub(crate) async fn post(&self, tx: &mut Tx, draft: Draft<'_>) -> Result<(), Error> {
        let now = self.clock.now();
        let id = self.new_id(now);
        let Draft { kind, to, content, expires_at } = draft;
        let content = Written { content, language: self.language.as_deref().map(Cow::Borrowed) }.text();
        rows::insert(tx, New { id, kind: kind.name(), to, content, now, expires_at }).await?;
        Ok(())
    }

    /// Does what storing a letter costs and stores none, so that time does not tell whether there is a user to write to
    /// (security P8). What is left of it goes with the next look at the outbox.
    pub(crate) async fn post_nothing(&self, tx: &mut Tx) -> Result<(), Error> {
        let now = self.clock.now();
        let id = self.new_id(now);
        let content = Written::default().text();
        rows::insert(tx, New { id, kind: rows::NOTHING, to: "", content, now, expires_at: now }).await?;
        Ok(())
    }

    /// Says that there is a letter. For after the commit.
    pub(crate) fn tell_carrier(&self) {
        self.outbox.letters.notify_one();
    }

    /// Says that there may be a message. For after a commit.
    pub(crate) fn tell_sender(&self) {
        self.outbox.messages.notify_one();
    }

    /// Carries letters, or messages, for as long as it is polled. A database that is away is tried again; nothing is lost.
    pub async fn carry<C: Carrier>(&self, carrier: Arc<C>) {
        let news = if C::Freight::FOR_WEBHOOK { &self.outbox.messages } else { &self.outbox.letters };
        for round in 1_u32.. {
            if let Err(error) = self.carry_due(&carrier).await {
                tracing::warn!(%error, "the outbox cannot be read");
            }
            if round.is_multiple_of(SWEEP_ROUNDS)
                && let Err(error) = self.sweep().await
            {
                tracing::warn!(%error, "old letters and links cannot be deleted");
            }
            // Whichever comes first: something new, or the time to look.
            let _ = tokio::time::timeout(INTERVAL, news.notified()).await;
        }
    }

    /// Carries everything of its kind that is due now, and says how many were carried.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn carry_due<C: Carrier>(&self, carrier: &Arc<C>) -> Result<usize, Error> {
        let mut carried = 0;
        loop {
            let due = rows::due(&mut self.db.read().await?, C::Freight::FOR_WEBHOOK, self.clock.now(), BATCH).await?;
            let last = i64::try_from(due.len()).is_ok_and(|number| number < BATCH);
            let mut under_way = JoinSet::new();
            for due in due {
                let (engine, carrier) = (self.clone(), Arc::clone(carrier));
                under_way.spawn(async move { engine.carry_one(&*carrier, due).await });
            }
            while let Some(done) = under_way.join_next().await {
                carried += usize::from(done.unwrap_or(Ok(false))?);
            }
            if last {
                return Ok(carried);
            }
        }
    }

    /// Claims one and tries to carry it. No transaction is open meanwhile.
    async fn carry_one<C: Carrier>(&self, carrier: &C, due: Due) -> Result<bool, Error> {
        let until = self.clock.now().plus_millis(rules::claim(carrier.patience())).millis();
        let mut tx = self.db.write().await?;
        let Some(Stored { holds, attempts }) = rows::claim::<C::Freight>(&mut tx, &due, until).await? else {
            return Ok(false);
        };
        let freight = match holds {
            Holds::Freight(freight) => freight,
            Holds::Nothing => {
                rows::delete(&mut tx, &due.id).await?;
                tx.commit().await?;
                return Ok(false);
            }
            Holds::Unreadable => {
                tracing::warn!(letter = due.id, "a letter cannot be read; a newer program may have written it");
                tx.commit().await?;
                return Ok(false);
            }
        };
        tx.commit().await?;
        let (_, _, expires_at) = freight.about();
        let outcome = if expires_at <= self.clock.now() {
            Err(NotCarried::Never(C::Freight::EXPIRED.to_owned()))
        } else {
            let carrying = tokio::time::timeout(carrier.patience(), carrier.carry(&freight));
            carrying.await.unwrap_or_else(|_| Err(NotCarried::Later("it took too long".to_owned())))
        };
        self.write_down::<C>(&freight, attempts, &outcome).await?;
        Ok(outcome.is_ok())
    }

    async fn write_down<C: Carrier>(
        &self,
        freight: &C::Freight,
        attempts: i64,
        outcome: &Result<(), NotCarried>,
    ) -> Result<(), Error> {
        let (now, called) = (self.clock.now(), C::Freight::CALLED);
        let (id, kind, _) = freight.about();
        let mut tx = self.db.write().await?;
        match outcome {
            Ok(()) => {
                rows::carried(&mut tx, id, C::KEEPS, now).await?;
                tracing::info!(id, kind, attempts, "a {called} was carried");
            }
            Err(NotCarried::Later(why)) => {
                rows::put_off(&mut tx, id, now.plus_millis(rules::wait(attempts)).millis(), &storable(why)).await?;
                tracing::warn!(id, kind, attempts, why, "a {called} was not carried and is tried again");
            }
            Err(NotCarried::Never(why)) => {
                rows::give_up(&mut tx, id, &storable(why)).await?;
                tracing::error!(id, kind, attempts, why, "a {called} was not carried and is given up");
            }
        }
        Ok(tx.commit().await?)
    }

    /// Whether letters are on their way: waiting for their first try, or in it.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn letters_are_under_way(&self) -> Result<bool, Error> {
        Ok(rows::under_way(&mut self.db.read().await?).await? > 0)
    }

    /// The newest letters that were carried and are kept to be read here, the newest last.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn kept_letters(&self) -> Result<Vec<Letter>, Error> {
        let stored = rows::kept(&mut self.db.read().await?, LETTERS_SHOWN).await?;
        let letter =
            |stored: Stored<Letter>| if let Holds::Freight(letter) = stored.holds { Some(letter) } else { None };
        Ok(stored.into_iter().rev().filter_map(letter).collect())
    }

    /// Deletes letters that were dealt with long ago, and links nobody can use any more.
    async fn sweep(&self) -> Result<(), Error> {
        let before = self.clock.now().plus_seconds(-i64::from(self.config.email.retention));
        let mut tx = self.db.write().await?;
        rows::delete_old(&mut tx, before).await?;
        tx.commit().await?;
        self.sweep_verifications().await
    }
}

/// Letters shown at once.
const LETTERS_SHOWN: i64 = 5_000;

/// PostgreSQL keeps no NUL, and nobody needs more than the beginning.
fn storable(why: &str) -> String {
    why.chars().filter(|c| *c != '\0').take(500).collect()
}
