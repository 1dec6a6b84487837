//! Signing up with an e-mail address and a password.

use super::{Device, FinishError, FirstFactor, SignedIn};
use crate::account::rules::{Unacceptable, may_set};
use crate::audit::Event;
use crate::hasher::Overloaded;
use crate::user::{NewUser, Who};
use crate::{Engine, Error, User};

/// What signing up leads to.
#[derive(Debug)]
pub enum SignedUp {
    /// A user and a session.
    SignedIn(Box<SignedIn>),
    /// A user without a session; or, for an address that was taken, the semblance of one, so that nobody learns who
    /// has an account here (security P8).
    Registered(Box<User>),
}

/// Why a sign-up is refused.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Signing up is switched off.
    #[error("signing up is switched off")]
    Disabled,
    /// The password cannot be one.
    #[error("the password cannot be taken")]
    Unacceptable(Unacceptable),
    /// The address belongs to another user.
    #[error("a user with this e-mail address exists")]
    AlreadyExists,
    /// The database took no row, or refused it.
    #[error("the user was not stored")]
    NotStored(#[source] Option<countersign_db::Error>),
    /// The session was not made, and neither was the user.
    #[error(transparent)]
    Finish(#[from] FinishError),
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// Registers a user and signs in: user, account and session in one transaction (security P10).
    ///
    /// # Errors
    /// [`SignUpError`].
    pub async fn sign_up(&self, new: NewUser, password: &str, device: Device) -> Result<SignedUp, SignUpError> {
        let config = &self.config.email_and_password;
        if !config.enabled || config.disable_sign_up {
            return Err(SignUpError::Disabled);
        }
        may_set(password, config).map_err(SignUpError::Unacceptable)?;
        let discreet = config.require_email_verification || !config.auto_sign_in;
        if !discreet && self.user(Who::Email(&new.email)).await?.is_some() {
            return Err(SignUpError::AlreadyExists);
        }
        let hash = self.hash(password).await?;
        let user = self.draft(new);
        let mut tx = self.db.write().await.map_err(Error::from)?;
        match self.insert_user(&mut tx, &user).await {
            Ok(true) => {}
            Ok(false) => return Err(SignUpError::NotStored(None)),
            Err(error) if error.is_unique() && discreet => return Ok(SignedUp::Registered(Box::new(user))),
            Err(error) if error.is_unique() => return Err(SignUpError::AlreadyExists),
            Err(error) => return Err(SignUpError::NotStored(Some(error))),
        }
        self.insert_credential(&mut tx, &user, &hash).await?;
        self.record(&mut tx, Event::UserCreated { user: &user.id }).await?;
        if discreet {
            tx.commit().await.map_err(Error::from)?;
            return Ok(SignedUp::Registered(Box::new(user)));
        }
        Ok(SignedUp::SignedIn(Box::new(self.finish(tx, FirstFactor::sign_up(user), device, Vec::new()).await?)))
    }
}
