//! Showing that an address is its user's: having a link mailed to it, and following the link.

use std::sync::Arc;

use countersign_db::Tx;
use countersign_token::{EmailAsks, EmailToken};

use super::link::{Followed, Follower, Link, VerifyEmailError};
use super::rows;
use crate::audit::Event;
use crate::sign_in::FirstFactor;
use crate::user::Who;
use crate::user::rules::normalised_email;
use crate::{Caller, Engine, Error, User};

/// Why no link is mailed. To who is not signed in nothing else is told: not whether there is a user with the address, nor
/// whether it was shown to be theirs (security P8).
#[derive(Debug, thiserror::Error)]
pub enum SendVerificationError {
    /// No mail is sent here, or none that verifies addresses.
    #[error("verifying addresses is switched off")]
    Disabled,
    /// The caller has another address.
    #[error("the address is not the caller's")]
    Mismatch,
    /// The caller's address is known to be theirs.
    #[error("the address is verified already")]
    AlreadyVerified,
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// Mails a link to an address that is not yet known to be its user's. For anyone but that user the same is done and told
    /// of every address (security P8).
    ///
    /// # Errors
    /// [`SendVerificationError`].
    pub async fn send_verification_email(
        &self,
        caller: Option<&Caller>,
        email: &str,
        callback_url: Option<&str>,
    ) -> Result<(), SendVerificationError> {
        if !self.config.verifies_emails() {
            return Err(SendVerificationError::Disabled);
        }
        let Some(Caller { user, .. }) = caller else {
            let user = self.user(Who::Email(email)).await?.filter(|user| !user.email_verified);
            return Ok(self.mail_verification(user.as_ref(), callback_url).await?);
        };
        if user.email != normalised_email(email) {
            return Err(SendVerificationError::Mismatch);
        }
        if user.email_verified {
            return Err(SendVerificationError::AlreadyVerified);
        }
        Ok(self.mail_verification(Some(user), callback_url).await?)
    }

    /// Mails a link to a user's address, or does what that costs.
    pub(crate) async fn mail_verification(&self, user: Option<&User>, callback_url: Option<&str>) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        match user {
            Some(user) => self.post_verification(&mut tx, user, callback_url).await?,
            None => self.post_nothing(&mut tx).await?,
        }
        self.commit(tx, Self::tell_carrier).await
    }

    /// Writes to a user, within `tx`, with a link that shows the address to be theirs and leads to `callback_url`.
    pub(crate) async fn post_verification(
        &self,
        tx: &mut Tx,
        user: &User,
        callback_url: Option<&str>,
    ) -> Result<(), Error> {
        self.post_link(tx, Link { user, asks: EmailAsks::Verify, callback_url }).await
    }

    /// Marks the address as its user's. Following the link again changes nothing, and signs nobody in.
    pub(super) async fn follow_verification(
        &self,
        token: &EmailToken,
        follower: Follower<'_>,
    ) -> Result<Followed, VerifyEmailError> {
        let user = self.user(Who::Email(&token.email)).await?.ok_or(VerifyEmailError::UserNotFound)?;
        if token.user_id.as_ref().is_some_and(|id| *id != user.id) {
            return Err(VerifyEmailError::Invalid);
        }
        if user.email_verified {
            return Ok(Followed::Verified);
        }
        let Some(user) = self.mark_verified(user).await? else { return Ok(Followed::Verified) };
        if !self.config.email_verification.auto_sign_in_after_verification {
            return Ok(Followed::Verified);
        }
        self.sign_in_after_verification(user, follower).await
    }

    /// The user, whose address it is from now on; none where somebody else was first.
    async fn mark_verified(&self, user: User) -> Result<Option<User>, Error> {
        let mut tx = self.db.write().await?;
        let Some(user) = self.mark_within(&mut tx, user).await? else { return Ok(None) };
        let id = user.id.clone();
        self.commit(tx, move |engine| engine.cache.forget_user(&id)).await?;
        Ok(Some(user))
    }

    /// The same of a user whom a provider has named, within `tx`. Who is signed in then is forgotten by the caches at the commit.
    pub(crate) async fn mark_verified_within(&self, tx: &mut Tx, user: User) -> Result<User, Error> {
        let as_read = user.clone();
        Ok(self.mark_within(tx, user).await?.unwrap_or(as_read))
    }

    async fn mark_within(&self, tx: &mut Tx, user: User) -> Result<Option<User>, Error> {
        let now = self.clock.now();
        if rows::mark_verified(tx, &user.id, &user.email, now).await? == 0 {
            return Ok(None);
        }
        self.record(tx, Event::EmailVerified { user: &user.id }).await?;
        Ok(Some(User { email_verified: true, updated_at: now, ..user }))
    }

    /// A transaction of its own: that the address is theirs stays true where a gate is closed to the user.
    async fn sign_in_after_verification(
        &self,
        user: User,
        follower: Follower<'_>,
    ) -> Result<Followed, VerifyEmailError> {
        match follower.caller {
            Some(caller) if caller.user.id == user.id => {
                Ok(Followed::StaysSignedIn(Caller { user: Arc::new(user), ..caller.clone() }))
            }
            _ => {
                let tx = self.db.write().await.map_err(Error::from)?;
                let proof = FirstFactor::mailed_link(user);
                Ok(Followed::SignedIn(Box::new(self.finish(tx, proof, follower.device, Vec::new()).await?)))
            }
        }
    }
}
