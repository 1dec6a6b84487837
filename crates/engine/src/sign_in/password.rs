//! Signing in with an e-mail address and a password.

use super::{Device, FinishError, FirstFactor, SignedIn};
use crate::account::rules::may_try;
use crate::hasher::Overloaded;
use crate::{Engine, Error};

/// Why a sign-in is refused.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Passwords are switched off.
    #[error("signing in with a password is switched off")]
    Disabled,
    /// The password is longer than any that could be set.
    #[error("the password is too long")]
    PasswordTooLong,
    /// Nobody with this address has this password. Which of the two is wrong is not told (security P6).
    #[error("the e-mail address or the password is wrong")]
    InvalidEmailOrPassword,
    /// The session was not made.
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
    /// Signs in.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(&self, email: &str, password: &str, device: Device) -> Result<SignedIn, SignInError> {
        let proof = self.prove_password(email, password).await?;
        let tx = self.db.write().await.map_err(Error::from)?;
        Ok(self.finish(tx, proof, device, Vec::new()).await?)
    }

    /// The same road for a wrong password, an unknown user and one without a password: one query, one hash. No
    /// connection is held while the hash runs.
    async fn prove_password(&self, email: &str, password: &str) -> Result<FirstFactor, SignInError> {
        let config = &self.config.email_and_password;
        if !config.enabled {
            return Err(SignInError::Disabled);
        }
        may_try(password, config).map_err(|_| SignInError::PasswordTooLong)?;
        let credential = self.credential_by_email(email).await?;
        let stored = credential.as_ref().and_then(|credential| credential.hash.as_deref());
        let matches = self.hasher.verify(password, stored).await?;
        match credential {
            Some(credential) if matches => Ok(FirstFactor::password(credential.user)),
            known => {
                tracing::info!(event = "sign_in_refused", user = known.map(|credential| credential.user.id), "audit");
                Err(SignInError::InvalidEmailOrPassword)
            }
        }
    }
}
