//! Deleting a user: by an operator, or by themselves.

use countersign_db::Tx;

use super::rows;
use crate::audit::Event;
use crate::outbox::actions::Draft;
use crate::outbox::{Content, Kind};
use crate::session::rows::Ended;
use crate::verification::actions::Purpose;
use crate::{Caller, Engine, Error, Refusal, VerifyPasswordError, chance};

/// What shows that it is the user who wants to be deleted, besides the session. Empty texts are none.
#[derive(Clone, Copy, Default)]
pub struct DeletionProof<'a> {
    /// The password.
    pub password: Option<&'a str>,
    /// The secret of the link that was mailed for it.
    pub token: Option<&'a str>,
}

/// What asking to be deleted leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The user is written to, and must follow a link.
    Asked,
    /// The user is gone.
    Done,
}

/// Why users do not delete themselves.
#[derive(Debug, thiserror::Error)]
pub enum DeleteUserError {
    /// Nobody does here.
    #[error("users do not delete themselves here")]
    Disabled,
    /// The password is not confirmed.
    #[error(transparent)]
    Password(#[from] VerifyPasswordError),
    /// The user was not given this secret for it, or it was used, or its time has passed.
    #[error("the token is unknown, used, expired or another's")]
    InvalidToken,
    /// The caller's session has ended meanwhile.
    #[error("the session is over")]
    Vanished,
    /// Without password and link a session younger than `session.fresh_age` is needed.
    #[error("the session is not fresh")]
    NotFresh,
    /// The embedding program refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}
/// Why a mailed link deletes nobody.
#[derive(Debug, thiserror::Error)]
pub enum FollowDeletionError {
    /// Users do not delete themselves here.
    #[error("users do not delete themselves here")]
    Disabled,
    /// Nobody is signed in where it was followed.
    #[error("nobody is signed in")]
    SignedOut,
    /// Whoever is signed in was not given this secret for it, or it was used, or its time has passed.
    #[error("the token is unknown, used, expired or another's")]
    InvalidToken,
    /// The embedding program refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// Deletes the caller, or mails them a link that does when it is followed, and leads to `callback_url` then.
    ///
    /// # Errors
    /// [`DeleteUserError`].
    pub async fn delete_caller(
        &self,
        caller: &Caller,
        proof: DeletionProof<'_>,
        callback_url: Option<&str>,
    ) -> Result<Deletion, DeleteUserError> {
        if !self.config.user.delete_user.enabled {
            return Err(DeleteUserError::Disabled);
        }
        let password = proof.password.filter(|password| !password.is_empty());
        if let Some(password) = password {
            self.verify_password(caller, password).await?;
        }
        let tx = if let Some(token) = proof.token.filter(|token| !token.is_empty()) {
            self.spend_link(caller, token).await?.ok_or(DeleteUserError::InvalidToken)?
        } else if self.config.confirms_deletions() {
            self.mail_deletion(caller, callback_url).await?;
            return Ok(Deletion::Asked);
        } else if password.is_none() && !self.is_fresh(caller) {
            return Err(DeleteUserError::NotFresh);
        } else {
            self.write_about(&caller.user.id).await?
        };
        self.hooks.before_user_deleted(&caller.user)?;
        if self.delete_themselves(tx, caller).await? { Ok(Deletion::Done) } else { Err(DeleteUserError::Vanished) }
    }

    /// Deletes the caller, who brings the secret of the link that was mailed to them.
    ///
    /// # Errors
    /// [`FollowDeletionError`].
    pub async fn follow_deletion(&self, caller: Option<&Caller>, token: &str) -> Result<(), FollowDeletionError> {
        if !self.config.user.delete_user.enabled {
            return Err(FollowDeletionError::Disabled);
        }
        let caller = caller.ok_or(FollowDeletionError::SignedOut)?;
        let tx = self.spend_link(caller, token).await?.ok_or(FollowDeletionError::InvalidToken)?;
        self.hooks.before_user_deleted(&caller.user)?;
        if self.delete_themselves(tx, caller).await? { Ok(()) } else { Err(FollowDeletionError::SignedOut) }
    }

    /// Deletes a user with accounts and sessions, for an operator. True if there was such a user.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn delete_user(&self, id: &str) -> Result<bool, Error> {
        let mut tx = self.write_about(id).await?;
        let Some(ended) = self.delete_within(&mut tx, Event::UserDeleted { user: id, session: None }).await? else {
            return Ok(false);
        };
        self.commit_deletion(tx, id, ended).await?;
        Ok(true)
    }

    async fn mail_deletion(&self, caller: &Caller, callback_url: Option<&str>) -> Result<(), Error> {
        let user = &*caller.user;
        let token = chance::deletion_token(&*self.chance);
        let lifetime = self.config.user.delete_user.delete_token_expires_in;
        let mut tx = self.db.write().await?;
        let expires_at = self.keep_verification(&mut tx, (Purpose::DeleteAccount, &token), &user.id, lifetime).await?;
        let callback_url = callback_url.map(str::to_owned);
        let content = Content { name: user.name.clone(), token, callback_url, ..Content::default() };
        self.post(&mut tx, Draft { kind: Kind::DeleteAccount, to: &user.email, content, expires_at }).await?;
        self.record(&mut tx, Event::UserDeletionRequested { caller }).await?;
        self.commit(tx, Self::tell_carrier).await
    }

    /// The transaction in which a link's secret is taken out that was mailed to the caller; none if it was not.
    async fn spend_link(&self, caller: &Caller, token: &str) -> Result<Option<Tx>, Error> {
        let mut tx = self.write_about(&caller.user.id).await?;
        let owner = self.take_verification(&mut tx, Purpose::DeleteAccount, token).await?;
        if owner.as_ref() == Some(&caller.user.id) {
            return Ok(Some(tx));
        }
        // What another brought is spent, as at Better Auth: it has been seen.
        tx.commit().await?;
        Ok(None)
    }

    /// False where the session was ended meanwhile: whoever reset the password keeps the user. Of two who ask at once the second
    /// finds done what was to be done.
    async fn delete_themselves(&self, mut tx: Tx, caller: &Caller) -> Result<bool, Error> {
        let id = &caller.user.id;
        if !self.lock_session(&mut tx, &caller.session.id).await? {
            return Ok(self.user_within(&mut tx, id).await?.is_none());
        }
        let event = Event::UserDeleted { user: id, session: Some(&caller.session.id) };
        if let Some(ended) = self.delete_within(&mut tx, event).await? {
            self.commit_deletion(tx, id, ended).await?;
        }
        Ok(true)
    }

    /// The sessions that end with the user; none if there is no such user.
    async fn delete_within(&self, tx: &mut Tx, event: Event<'_>) -> Result<Option<Vec<Ended>>, Error> {
        let id = event.user_id();
        let ended = self.end_all_sessions(tx, id).await?;
        if rows::delete(tx, id).await? == 0 {
            return Ok(None);
        }
        self.forget_links(tx, id).await?;
        self.record(tx, event).await?;
        Ok(Some(ended))
    }

    async fn commit_deletion(&self, tx: Tx, id: &str, ended: Vec<Ended>) -> Result<(), Error> {
        let id = id.to_owned();
        let tell = move |engine: &Self| {
            engine.cache.forget_user(&id);
            engine.end_sessions(&ended);
            engine.hooks.user_deleted(&id);
        };
        self.commit(tx, tell).await
    }
}
