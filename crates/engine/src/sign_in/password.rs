//! Signing in with an e-mail address and a password.

use super::{Device, FinishError, FirstFactor, SignedIn};
use crate::account::rules::may_try;
use crate::hasher::Overloaded;
use crate::scheme::Verdict;
use crate::tally::outcome;
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

/// A hash to be put in the place of another of the same password.
struct Renewed {
    user: String,
    old: String,
    new: String,
}

impl Engine {
    /// Signs in. A hash of another scheme than the configured one is made anew on the way.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in(&self, email: &str, password: &str, device: Device) -> Result<SignedIn, SignInError> {
        self.sign_in_with_callback(email, password, device, None).await
    }

    /// The same. Where the address must be shown to be the user's first and was not, a link for that may be mailed, which leads
    /// to `callback_url` in the end.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in_with_callback(
        &self,
        email: &str,
        password: &str,
        device: Device,
        callback_url: Option<&str>,
    ) -> Result<SignedIn, SignInError> {
        let result = self.try_sign_in(email, password, device, callback_url).await;
        self.tally.sign_ins.add(outcome(&result), 1);
        result
    }

    async fn try_sign_in(
        &self,
        email: &str,
        password: &str,
        device: Device,
        callback_url: Option<&str>,
    ) -> Result<SignedIn, SignInError> {
        let (proof, renewed) = self.prove_password(email, password).await?;
        if self.config.verifies_on_sign_in() && !proof.user().email_verified {
            self.mail_verification(Some(proof.user()), callback_url).await?;
        }
        let mut tx = self.db.write().await.map_err(Error::from)?;
        if let Some(Renewed { user, old, new }) = &renewed {
            self.replace_hash(&mut tx, user, (old, new)).await?;
        }
        Ok(self.finish(tx, proof, device, Vec::new()).await?)
    }

    /// The same road for a wrong password, an unknown user and one without a password: one query, one hash. No
    /// connection is held while the hash runs.
    async fn prove_password(&self, email: &str, password: &str) -> Result<(FirstFactor, Option<Renewed>), SignInError> {
        let config = &self.config.email_and_password;
        if !config.enabled {
            return Err(SignInError::Disabled);
        }
        may_try(password, config).map_err(|_| SignInError::PasswordTooLong)?;
        let (user, stored) = match self.credential_by_email(email).await? {
            Some(credential) => (Some(credential.user), credential.hash),
            None => (None, None),
        };
        let verdict = self.hasher.judge(password, stored.as_deref()).await?;
        match (user, verdict) {
            (Some(user), Verdict::Right) => Ok((FirstFactor::password(user), None)),
            (Some(user), Verdict::Outdated) => {
                let renewed = self.renewed_hash(&user.id, password, stored).await;
                Ok((FirstFactor::password(user), renewed))
            }
            (known, verdict) => {
                let user = known.map(|user| user.id);
                if let Verdict::Unusable(why) = verdict {
                    tracing::warn!(event = "password_hash_unusable", user, %why, "the stored hash of this user is of no use");
                }
                tracing::info!(event = "sign_in_refused", user, "audit");
                Err(SignInError::InvalidEmailOrPassword)
            }
        }
    }

    /// A password that was proven, hashed anew. Where there is no room for that it waits for the next sign-in.
    async fn renewed_hash(&self, user: &str, password: &str, old: Option<String>) -> Option<Renewed> {
        let new = self.hash(password).await.ok()?;
        Some(Renewed { user: user.to_owned(), old: old?, new })
    }
}
