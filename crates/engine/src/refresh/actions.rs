//! Asking for a refresh token, and renewing with it.

use countersign_db::{Timestamp, Tx};
use countersign_token::RefreshToken;

use super::rows;
use super::rules::{self, Counter, Verdict};
use crate::audit::Event;
use crate::keys::TimedToken;
use crate::session::rules::{has_ended, is_too_old};
use crate::sign_in::gates::{self, Closed};
use crate::{Caller, Engine, Error, Refusal};

/// A refresh token of a live session.
pub struct Refreshable {
    /// The refresh token.
    pub refresh_token: String,
    /// When the session ends, and the token with it, unless it is renewed.
    pub expires_at: Timestamp,
}

/// What renewing leads to.
pub struct Renewed {
    /// The session and its user.
    pub caller: Caller,
    /// A new access token.
    pub access_token: TimedToken,
    /// The refresh token to use the next time.
    pub refresh_token: String,
}

/// Why a refresh token renews nothing.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// It is not genuine, or was spent, or its session is over. Nothing tells the three apart.
    #[error("the refresh token is worth nothing")]
    Invalid,
    /// It is good, and a gate is closed to its user. It was not spent.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// It is good, and the embedding program refuses. It was not spent.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// Hands out the refresh token of the caller's session, the same until it is spent. With `dont_remember` the session is
    /// never made longer.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the session is over by now.
    pub async fn start_refresh(&self, caller: &Caller, dont_remember: bool) -> Result<Refreshable, Error> {
        let id = caller.session.id.clone();
        let mut tx = self.db.write().await?;
        let counter = match rows::begin(&mut tx, &id, dont_remember).await {
            Err(countersign_db::Error::ForeignKey) => return Err(Error::NotFound),
            other => other?,
        };
        let refresh_token = RefreshToken::mint(&id, counter.generation, self.keys.secrets.current())?;
        self.record(&mut tx, Event::RefreshStarted { caller }).await?;
        self.commit(tx, move |engine| engine.cache.forget_session(&id)).await?;
        Ok(Refreshable { refresh_token, expires_at: caller.session.expires_at })
    }

    /// Renews the session a refresh token belongs to: one transaction, in which the session is read, every gate walked and
    /// the counter compared and swapped. A token that was spent longer ago than the grace ends its session instead
    /// (security S10).
    ///
    /// # Errors
    /// [`RefreshError`].
    pub async fn refresh(&self, text: &str) -> Result<Renewed, RefreshError> {
        let token = RefreshToken::verify(text, &self.keys.secrets).ok_or(RefreshError::Invalid)?;
        loop {
            // Who loses the race looks again, in a transaction that holds no lock yet: each round lost is one that another
            // won, and what that one spent has a successor to hand out.
            if let Some(renewed) = self.try_refresh(&token).await? {
                return Ok(renewed);
            }
        }
    }

    /// None if the counter moved meanwhile. Rows are locked in the order in which a sign-out locks them, the session before
    /// its counter, so that the two cannot wait for each other.
    async fn try_refresh(&self, token: &RefreshToken) -> Result<Option<Renewed>, RefreshError> {
        let (id, presented) = (token.session_id(), token.generation());
        let mut tx = self.db.write().await.map_err(Error::from)?;
        let caller = self.stored_caller(&mut tx, id).await?.ok_or(RefreshError::Invalid)?;
        let now = self.clock.now();
        if has_ended(&caller.session, now) || is_too_old(&caller.session, now, &self.config.session) {
            return Err(RefreshError::Invalid);
        }
        let stored = rows::counter(&mut tx, id).await.map_err(Error::from)?;
        let counter = stored.unwrap_or_default();
        // The clocks of nodes differ; the grace is measured by the one they share.
        let spent_at = tx.clock().await.map_err(Error::from)?;
        let verdict = rules::judge(presented, counter, spent_at, self.config.refresh.grace);
        if verdict == Verdict::Reuse {
            self.end_reused(tx, &caller, presented, counter).await?;
            return Err(RefreshError::Invalid);
        }
        gates::walk(&caller.user, &self.config, now)?;
        self.hooks.before_session(&caller.user)?;
        if verdict == Verdict::SameSuccessor {
            return Ok(Some(self.renewed(caller, presented)?));
        }
        let caller = self.slide(&mut tx, caller).await?.ok_or(RefreshError::Invalid)?;
        if !rows::swap(&mut tx, id, stored, rules::spent(presented, spent_at)).await.map_err(Error::from)? {
            return Ok(None);
        }
        if verdict == Verdict::Adopt {
            let event = Event::RefreshAdopted { caller: &caller, presented, stored: counter.generation };
            self.record(&mut tx, event).await?;
        }
        let renewed = self.renewed(caller, presented)?;
        let id = id.to_owned();
        self.commit(tx, move |engine| engine.cache.forget_session(&id)).await?;
        Ok(Some(renewed))
    }

    async fn end_reused(&self, mut tx: Tx, caller: &Caller, presented: u32, counter: Counter) -> Result<(), Error> {
        let ended = self.end_session(&mut tx, &caller.session.id).await?;
        self.announce_ended(&mut tx, &caller.user.id, &ended).await?;
        self.record(&mut tx, Event::RefreshReused { caller, presented, stored: counter.generation }).await?;
        self.commit(tx, move |engine| engine.end_sessions(&ended)).await
    }

    fn renewed(&self, caller: Caller, presented: u32) -> Result<Renewed, Error> {
        let (access_token, secret) = (self.timed_access_token(&caller)?, self.keys.secrets.current());
        let refresh_token = RefreshToken::mint(&caller.session.id, rules::successor(presented), secret)?;
        Ok(Renewed { caller, access_token, refresh_token })
    }
}

impl std::fmt::Debug for Refreshable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refreshable").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Renewed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renewed").field("session", &self.caller.session.id).finish_non_exhaustive()
    }
}
