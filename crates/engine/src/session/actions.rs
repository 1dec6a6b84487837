//! What is done with sessions.

use std::net::IpAddr;
use std::sync::Arc;

use countersign_db::{Changes, Tx};
use countersign_token::{Claims, Refused, Verified, verdict};

use super::rows::{Ended, SessionAndUser};
use super::{rows, rules};
use crate::audit::Event;
use crate::sign_in::gates;
use crate::user::rules::{is_suspended, normalised_email};
use crate::{Caller, Engine, Error, Session};

/// What a request shows to say whose session it is. A signature has been checked before; nothing else has.
#[derive(Clone, Copy, Debug)]
pub enum Presented<'a> {
    /// The session token, out of a genuine session cookie.
    Cookie {
        /// The token.
        token: &'a str,
        /// Whether a genuine `dont_remember` cookie came along.
        dont_remember: bool,
    },
    /// An access token, not yet verified.
    AccessToken(&'a str),
}

/// Whether finding a session may renew it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Renew it when due.
    WhenDue,
    /// Say that it is due, and change nothing, not even a session that has ended.
    OnlySay,
    /// Neither.
    Never,
}

/// What was found.
#[derive(Clone, Debug)]
pub enum Found {
    /// A live session of a user in good standing.
    Live {
        /// The session and its user.
        caller: Caller,
        /// It was renewed just now: cookies and tokens should follow.
        renewed: bool,
        /// It should be renewed and was not.
        needs_renewal: bool,
    },
    /// The credential was genuine once; its session is over. Cookies should go.
    Gone,
    /// No credential worth the name.
    Nobody,
}

/// Why no answer can be given about a session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The row was there and was not when it should be renewed.
    #[error("the session vanished while it was renewed")]
    Vanished,
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// Why a session's additional fields are not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateSessionError {
    /// Nothing to change was named.
    #[error("no fields to update")]
    Nothing,
    /// The session is gone.
    #[error("the session vanished")]
    Vanished,
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// A session that is to end, and whose it is.
struct Shown {
    user: String,
    session: String,
}

impl Engine {
    /// Finds the session a request shows. A session known to this process costs no statement.
    ///
    /// # Errors
    /// [`SessionError`].
    pub async fn find_session(&self, presented: Presented<'_>, renewal: Renewal) -> Result<Found, SessionError> {
        let (found, dont_remember) = match presented {
            Presented::Cookie { token, dont_remember } => {
                (self.caller_by_token(token).await?.ok_or(Found::Gone), dont_remember)
            }
            Presented::AccessToken(token) => (self.caller_by_access_token(token).await?, false),
        };
        let caller = match found {
            Ok(caller) => caller,
            Err(found) => return Ok(found),
        };
        let now = self.clock.now();
        let caller = match self.still_live(caller, renewal).await? {
            Some(caller) => caller,
            None => return Ok(Found::Gone),
        };
        if is_suspended(&caller.user, now) {
            return Ok(Found::Gone);
        }
        let due = renewal != Renewal::Never
            && rules::renewal_is_due(&caller.session, dont_remember, now, &self.config.session)
            && gates::walk(&caller.user, &self.config, now).is_ok();
        if due && renewal == Renewal::WhenDue {
            let caller = self.renew(caller).await?;
            return Ok(Found::Live { caller, renewed: true, needs_renewal: false });
        }
        Ok(Found::Live { caller, renewed: false, needs_renewal: due })
    }

    async fn caller_by_token(&self, token: &str) -> Result<Option<Caller>, Error> {
        if let Some(caller) = self.cache.caller_by_token(token) {
            return Ok(Some(caller));
        }
        let ticket = self.cache.ticket();
        let row = rows::by_token(&mut self.db.read().await?, token).await?;
        Ok(row.map(|row| self.keep(ticket, row)))
    }

    /// The session an access token belongs to, after the same verdict a guard comes to. None if the token is refused
    /// for what it is; `Found::Gone` if it was good once.
    async fn caller_by_access_token(&self, token: &str) -> Result<Result<Caller, Found>, Error> {
        let Some(claims) = self.verified(token).await else { return Ok(Err(Found::Nobody)) };
        let Some(id) = claims.sid.clone() else { return Ok(Err(Found::Nobody)) };
        let Some(caller) = self.caller_by_id(&id).await? else {
            self.tally.refusals.add(Refused::SessionEnded.code(), 1);
            return Ok(Err(Found::Gone));
        };
        let standing = self.standing_of(&claims).await?;
        match verdict(claims, standing) {
            Ok(admitted) if admitted.sub == caller.user.id => Ok(Ok(caller)),
            Ok(_) => Ok(Err(Found::Gone)),
            Err(refused) => {
                self.tally.refusals.add(refused.code(), 1);
                Ok(Err(Found::Gone))
            }
        }
    }

    /// What an access token says, if it is a genuine one of ours and its time has not passed.
    async fn verified(&self, token: &str) -> Option<Verified<Claims>> {
        let mut verified = self.keys.verifier.verify_owned(token, self.clock.now().seconds());
        if matches!(verified, Err(Refused::UnknownKey)) {
            // Another program may have made a new key just now.
            self.look_for_keys().await;
            verified = self.keys.verifier.verify_owned(token, self.clock.now().seconds());
        }
        verified.inspect_err(|refused| self.tally.refusals.add(refused.code(), 1)).ok()
    }

    async fn caller_by_id(&self, id: &str) -> Result<Option<Caller>, Error> {
        if let Some(caller) = self.cache.caller(id) {
            return Ok(Some(caller));
        }
        let ticket = self.cache.ticket();
        let row = rows::by_id(&mut self.db.read().await?, id).await?;
        Ok(row.map(|row| self.keep(ticket, row)))
    }

    fn keep(&self, ticket: crate::cache::Ticket, row: SessionAndUser) -> Caller {
        let caller = Caller { session: Arc::new(row.session), user: Arc::new(row.user) };
        self.cache.keep_user(ticket, &caller.user);
        self.cache.keep_session(ticket, &caller.session);
        caller
    }

    /// Moves the end of a live session. Whoever comes second sees the end the first one set.
    async fn renew(&self, caller: Caller) -> Result<Caller, SessionError> {
        let id = caller.session.id.clone();
        let mut tx = self.db.write().await.map_err(Error::from)?;
        let Some(caller) = self.prolong(&mut tx, caller).await? else {
            drop(tx);
            self.end_sessions(&[Ended(id)]);
            return Err(SessionError::Vanished);
        };
        self.commit(tx, move |engine| engine.cache.forget_session(&id)).await?;
        Ok(caller)
    }

    /// Moves the end of a session within `tx`; none if the session is gone.
    async fn prolong(&self, tx: &mut Tx, caller: Caller) -> Result<Option<Caller>, Error> {
        let now = self.clock.now();
        let expires_at = rules::renewed_until(&caller.session, now, &self.config.session);
        if rows::renew(tx, &caller.session.id, expires_at, now).await? == 0 {
            return Ok(None);
        }
        let session = Session { expires_at, updated_at: now, ..(*caller.session).clone() };
        Ok(Some(Caller { session: Arc::new(session), user: caller.user }))
    }

    /// The session if its time has not passed. A cached end may be an old one, so the row is read again before anyone
    /// is refused for it; a row whose time has passed is deleted, unless nothing is to be changed.
    async fn still_live(&self, caller: Caller, renewal: Renewal) -> Result<Option<Caller>, Error> {
        let now = self.clock.now();
        if !rules::has_ended(&caller.session, now) {
            return Ok(Some(caller));
        }
        self.cache.forget_session(&caller.session.id);
        let again = self.caller_by_id(&caller.session.id).await?;
        let live = again.filter(|caller| !rules::has_ended(&caller.session, now));
        if live.is_none() && renewal != Renewal::OnlySay {
            let mut tx = self.db.write().await?;
            rows::delete_ended(&mut tx, &caller.session.id, now).await?;
            let id = caller.session.id.clone();
            self.commit(tx, move |engine| engine.cache.forget_session(&id)).await?;
        }
        Ok(live)
    }

    /// The live sessions of a user.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn sessions(&self, user_id: &str) -> Result<Vec<Session>, Error> {
        Ok(rows::live_of_user(&mut self.db.read().await?, user_id, self.clock.now()).await?)
    }

    /// The addresses from which sessions of the user with this e-mail address began, of the newest hundred of them.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn addresses_of(&self, email: &str) -> Result<Vec<IpAddr>, Error> {
        let sessions = rows::of_email(&mut self.db.read().await?, &normalised_email(email)).await?;
        Ok(sessions.into_iter().filter_map(|session| session.ip_address?.parse().ok()).collect())
    }

    /// Ends any session, for an operator. Says whose it was, if there was one.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn end_any_session(&self, id: &str) -> Result<Option<String>, Error> {
        let Some(caller) = self.caller_by_id(id).await? else { return Ok(None) };
        let mut tx = self.db.write().await?;
        let ended = rows::delete(&mut tx, id).await?;
        if ended.is_empty() {
            return Ok(None);
        }
        self.announce_ended(&mut tx, &caller.user.id, &ended).await?;
        self.record(&mut tx, Event::SessionEnded { user: &caller.user.id, session: id }).await?;
        self.commit(tx, move |engine| engine.end_sessions(&ended)).await?;
        Ok(Some(caller.user.id.clone()))
    }

    /// Changes additional fields of the caller's session, and answers with the session as it is then.
    ///
    /// # Errors
    /// [`UpdateSessionError`].
    pub async fn update_session(&self, caller: &Caller, changes: Changes) -> Result<Caller, UpdateSessionError> {
        if changes.is_empty() {
            return Err(UpdateSessionError::Nothing);
        }
        let id = caller.session.id.clone();
        let mut tx = self.db.write().await.map_err(Error::from)?;
        rows::update(&mut tx, &id, &changes, self.clock.now()).await.map_err(Error::from)?;
        let Some(changed) = self.stored_caller(&mut tx, &id).await? else {
            drop(tx);
            self.end_sessions(&[Ended(id)]);
            return Err(UpdateSessionError::Vanished);
        };
        self.commit(tx, move |engine| engine.cache.forget_session(&id)).await?;
        Ok(changed)
    }

    /// Whether the caller's session is young enough for what asks for a fresh one.
    pub fn is_fresh(&self, caller: &Caller) -> bool {
        rules::is_fresh(&caller.session, self.clock.now(), &self.config.session)
    }

    /// Ends the session a request shows, whether it is live or not. A session that cannot be ended is an error, never
    /// a silent success (security S12): where the database has lost its row, which no trigger can tell of any more, the
    /// feed is told here. False if there was none to end.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn sign_out(&self, presented: Presented<'_>) -> Result<bool, Error> {
        let Some(shown) = self.session_shown(presented).await? else { return Ok(false) };
        let (user, session) = (shown.user.as_str(), shown.session.as_str());
        let mut tx = self.db.write().await?;
        let lost = rows::delete(&mut tx, session).await?.is_empty();
        let ended = vec![Ended(shown.session.clone())];
        self.announce_ended(&mut tx, user, &ended).await?;
        self.record(&mut tx, Event::SignedOut { user, session }).await?;
        if lost {
            self.refuse_session(&mut tx, session).await?;
        }
        self.commit(tx, move |engine| engine.end_sessions(&ended)).await?;
        Ok(true)
    }

    /// Whose session a request shows, whatever stands against it; none if every node knows that it is over.
    async fn session_shown(&self, presented: Presented<'_>) -> Result<Option<Shown>, Error> {
        let of = |caller: Caller| Shown { user: caller.user.id.clone(), session: caller.session.id.clone() };
        match presented {
            Presented::Cookie { token, .. } => Ok(self.caller_by_token(token).await?.map(of)),
            Presented::AccessToken(token) => {
                let Some(claims) = self.verified(token).await else { return Ok(None) };
                let Some(session) = claims.sid.clone() else { return Ok(None) };
                if let Some(caller) = self.caller_by_id(&session).await? {
                    return Ok(Some(of(caller)).filter(|shown| shown.user == claims.sub));
                }
                let over = self.feed.known().refusals.has_ended(&session, self.clock.now().seconds());
                Ok((!over).then(|| Shown { user: claims.sub.clone(), session }))
            }
        }
    }

    /// Ends one of the caller's sessions by its token. Another user's is left alone, and nothing tells them apart.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn revoke_session(&self, caller: &Caller, token: &str) -> Result<(), Error> {
        // No token holds a NUL, and PostgreSQL takes none in a text.
        if token.contains('\0') {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        let ended = rows::delete_own(&mut tx, &caller.user.id, token).await?;
        self.announce_revoked(&mut tx, caller, &ended).await?;
        self.commit(tx, move |engine| engine.end_sessions(&ended)).await
    }

    /// Ends every session of the caller, and whatever tokens of theirs belong to none.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn revoke_sessions(&self, caller: &Caller) -> Result<(), Error> {
        let mut tx = self.write_about(&caller.user.id).await?;
        let ended = rows::delete_all(&mut tx, &caller.user.id).await?;
        self.finish_revocation(tx, caller, ended).await
    }

    /// Ends every session of the caller but this one, and whatever tokens of theirs belong to none.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn revoke_other_sessions(&self, caller: &Caller) -> Result<(), Error> {
        let mut tx = self.write_about(&caller.user.id).await?;
        let ended = rows::delete_others(&mut tx, &caller.user.id, &caller.session.id).await?;
        self.finish_revocation(tx, caller, ended).await
    }

    async fn finish_revocation(&self, mut tx: Tx, caller: &Caller, ended: Vec<Ended>) -> Result<(), Error> {
        self.announce_revoked(&mut tx, caller, &ended).await?;
        self.refuse_tokens_of(&mut tx, &caller.user.id).await?;
        self.commit(tx, move |engine| engine.end_sessions(&ended)).await
    }

    async fn announce_revoked(&self, tx: &mut Tx, caller: &Caller, ended: &[Ended]) -> Result<(), Error> {
        if ended.is_empty() {
            return Ok(());
        }
        self.announce_ended(tx, &caller.user.id, ended).await?;
        self.record(tx, Event::SessionsRevoked { caller, count: ended.len() }).await
    }

    /// The session with this id and its user, as the database has them within `tx`.
    pub(crate) async fn stored_caller(&self, tx: &mut Tx, id: &str) -> Result<Option<Caller>, Error> {
        let row = rows::by_id(tx, id).await?;
        Ok(row.map(|row| Caller { session: Arc::new(row.session), user: Arc::new(row.user) }))
    }

    /// Keeps a session from being ended until `tx` ends. False if it is gone.
    pub(crate) async fn lock_session(&self, tx: &mut Tx, id: &str) -> Result<bool, Error> {
        Ok(rows::lock(tx, id).await? > 0)
    }

    /// Moves the end of a session within `tx` if that is due; none if the session is gone. The caller tells the cache after
    /// its commit.
    pub(crate) async fn slide(&self, tx: &mut Tx, caller: Caller) -> Result<Option<Caller>, Error> {
        let due = rules::renewal_is_due(&caller.session, false, self.clock.now(), &self.config.session);
        if due { self.prolong(tx, caller).await } else { Ok(Some(caller)) }
    }

    /// Deletes a session within `tx`. The caller tells the cache after its commit.
    pub(crate) async fn end_session(&self, tx: &mut Tx, id: &str) -> Result<Vec<Ended>, Error> {
        Ok(rows::delete(tx, id).await?)
    }

    /// Deletes every session of a user within `tx`. The caller tells the cache after its commit.
    pub(crate) async fn end_all_sessions(&self, tx: &mut Tx, user_id: &str) -> Result<Vec<Ended>, Error> {
        let ended = rows::delete_all(tx, user_id).await?;
        self.announce_ended(tx, user_id, &ended).await?;
        Ok(ended)
    }

    /// Stores a session. False if the database took no row. Only `sign_in/finish.rs` calls this.
    pub(crate) async fn insert_session(&self, tx: &mut Tx, session: &Session) -> Result<bool, Error> {
        Ok(rows::insert(tx, session).await? > 0)
    }
}
