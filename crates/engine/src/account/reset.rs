//! A forgotten password: asking for a link by mail, and choosing another with it.

use countersign_db::Tx;

use super::rows::{self, Unlinked};
use super::rules::{self, Unacceptable};
use crate::audit::Event;
use crate::hasher::Overloaded;
use crate::outbox::actions::Draft;
use crate::outbox::{Content, Kind};
use crate::user::Who;
use crate::verification::actions::Purpose;
use crate::{Caller, Engine, Error, User, chance};

/// Why no link is sent. Whether there is a user with the address is told to nobody (security P8).
#[derive(Debug, thiserror::Error)]
pub enum RequestResetError {
    /// No mail is sent here, or none that resets passwords.
    #[error("resetting passwords is switched off")]
    Disabled,
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// Why a password is not reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// Nobody was given this secret, or it was used, or its time has passed.
    #[error("the token is unknown, used or expired")]
    InvalidToken,
    /// The password cannot be one.
    #[error("the password cannot be taken")]
    Unacceptable(Unacceptable),
    /// Whoever asked for the link is no more.
    #[error("the user is gone")]
    UserNotFound,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// Why a password is not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyPasswordError {
    /// It is longer than any that could be set.
    #[error("the password is too long")]
    TooLong,
    /// The user has none.
    #[error("the user has no credential account")]
    NoCredential,
    /// It is another.
    #[error("the password is wrong")]
    Wrong,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// Writes to the user at this address, if there is one, with a link to choose another password. The same is stored for
    /// an address nobody has, so that neither answer nor time tells them apart (security P8).
    ///
    /// # Errors
    /// [`RequestResetError`].
    pub async fn request_password_reset(
        &self,
        email: &str,
        redirect_to: Option<&str>,
    ) -> Result<(), RequestResetError> {
        if !self.config.resets_passwords() {
            return Err(RequestResetError::Disabled);
        }
        let user = self.user(Who::Email(email)).await?;
        let token = chance::reset_token(&*self.chance);
        let nobody = self.new_id(self.clock.now());
        let owner = user.as_ref().map_or(&nobody, |user| &user.id);
        let lifetime = self.config.email_and_password.reset_password_token_expires_in;
        let mut tx = self.db.write().await.map_err(Error::from)?;
        let expires_at = self.keep_verification(&mut tx, (Purpose::ResetPassword, &token), owner, lifetime).await?;
        match &user {
            Some(User { name, email, .. }) => {
                let callback_url = redirect_to.map(str::to_owned);
                let content = Content { name: name.clone(), token, callback_url, ..Content::default() };
                self.post(&mut tx, Draft { kind: Kind::ResetPassword, to: email, content, expires_at }).await?;
            }
            None => self.post_nothing(&mut tx).await?,
        }
        Ok(self.commit(tx, Self::tell_carrier).await?)
    }

    /// Whether the secret of a link still lets its bearer choose another password.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn may_reset_password(&self, token: &str) -> Result<bool, Error> {
        Ok(self.reset_owner(token).await?.is_some())
    }

    /// Gives the user who asked for this link another password; one who had none has one then. All links of theirs are used
    /// up, and with `revoke_sessions_on_password_reset` whoever was signed in is not any more.
    ///
    /// # Errors
    /// [`ResetPasswordError`].
    pub async fn reset_password(&self, token: Option<&str>, password: &str) -> Result<(), ResetPasswordError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Err(ResetPasswordError::InvalidToken) };
        rules::may_set(password, &self.config.email_and_password).map_err(ResetPasswordError::Unacceptable)?;
        // Looked up before the hash, which nobody shall have for nothing, and taken out after it.
        let id = self.reset_owner(token).await?.ok_or(ResetPasswordError::InvalidToken)?;
        let user = self.user(Who::Id(&id)).await?.ok_or(ResetPasswordError::UserNotFound)?;
        let hash = self.hash(password).await?;
        let mut tx = self.write_about(&id).await?;
        let taken = self.take_verification(&mut tx, Purpose::ResetPassword, token).await?;
        if taken.as_ref() != Some(&user.id) {
            return Err(ResetPasswordError::InvalidToken);
        }
        self.set_credential(&mut tx, &user, &hash).await?;
        self.forget_links(&mut tx, &user.id).await?;
        // Whoever signed up with an address that is not theirs leaves when its owner comes (security P12).
        let revokes = self.config.email_and_password.revoke_sessions_on_password_reset || !user.email_verified;
        let ended = if revokes { self.end_all_sessions(&mut tx, &user.id).await? } else { Vec::new() };
        if !user.email_verified {
            for Unlinked(provider) in rows::delete_linked(&mut tx, &user.id).await.map_err(Error::from)? {
                self.record(&mut tx, Event::AccountUnlinked { user: &user.id, provider: &provider }).await?;
            }
        }
        self.record(&mut tx, Event::PasswordReset { user: &user.id }).await?;
        if revokes {
            self.refuse_tokens_of(&mut tx, &user.id).await?;
        }
        Ok(self.commit(tx, move |engine| engine.end_sessions(&ended)).await?)
    }

    /// Whether the caller knows the password, asked before something that matters.
    ///
    /// # Errors
    /// [`VerifyPasswordError`].
    pub async fn verify_password(&self, caller: &Caller, password: &str) -> Result<(), VerifyPasswordError> {
        rules::may_try(password, &self.config.email_and_password).map_err(|_| VerifyPasswordError::TooLong)?;
        let mut read = self.db.read().await.map_err(Error::from)?;
        let credential = rows::credential_by_user(&mut read, &caller.user.id).await.map_err(Error::from)?;
        drop(read);
        let stored = credential.and_then(|credential| credential.hash).ok_or(VerifyPasswordError::NoCredential)?;
        if self.hasher.verify(password, Some(&stored)).await? { Ok(()) } else { Err(VerifyPasswordError::Wrong) }
    }

    async fn reset_owner(&self, token: &str) -> Result<Option<String>, Error> {
        let mut read = self.db.read().await?;
        self.look_up_verification(&mut read, Purpose::ResetPassword, token).await
    }

    /// Gives a user a password, whether they had one or not.
    pub(super) async fn set_credential(&self, tx: &mut Tx, user: &User, hash: &str) -> Result<(), Error> {
        if rows::update_credential(tx, &user.id, hash, self.clock.now()).await? == 0 {
            self.insert_credential(tx, user, hash).await?;
        }
        Ok(())
    }
}
