//! Signing in with an e-mail address and a password.

use super::gates::Closed;
use super::{Device, FinishError, FirstFactor, SignedIn};
use crate::account::rules::{JUDGED_MAX, may_try};
use crate::hasher::Overloaded;
use crate::scheme::Verdict;
use crate::tally::outcome;
use crate::{Engine, Error, User};

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

/// A user whose password was given, as both were before it was hashed.
struct Given {
    user: User,
    hash: String,
    /// The password hashed anew, where its hash is of another scheme than the configured one.
    renewed: Option<String>,
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
        for _ in 0..JUDGED_MAX {
            let Given { user, hash, renewed } = self.check_password(email, password).await?;
            let mut tx = self.write_about(&user.id).await?;
            // Meanwhile the hash may have become that of another password, because somebody else knows this one; or another
            // of this one, by a sign-in at the same time.
            if !self.keep_hash(&mut tx, &user.id, (&hash, renewed.as_ref().unwrap_or(&hash))).await? {
                continue;
            }
            let signed_in = self.finish(tx, FirstFactor::password(user.clone()), device, Vec::new()).await;
            let is_unproven = matches!(signed_in, Err(FinishError::Closed(Closed::EmailNotVerified)));
            if is_unproven && self.config.verifies_on_sign_in() {
                self.mail_verification(Some(&user), callback_url).await?;
            }
            return Ok(signed_in?);
        }
        Err(refused(None))
    }

    /// The same road for a wrong password, an unknown user and one without a password: one query, one hash. No
    /// connection is held while the hash runs.
    async fn check_password(&self, email: &str, password: &str) -> Result<Given, SignInError> {
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
        match (user, stored, verdict) {
            (Some(user), Some(hash), Verdict::Right) => Ok(Given { user, hash, renewed: None }),
            (Some(user), Some(hash), Verdict::Outdated) => {
                // Where there is no room for another hash it waits for the next sign-in.
                let renewed = self.hash(password).await.ok();
                Ok(Given { user, hash, renewed })
            }
            (user, _, verdict) => {
                if let Verdict::Unusable(why) = verdict {
                    let user = user.as_ref().map(|user| &user.id);
                    tracing::warn!(event = "password_hash_unusable", user, %why, "the stored hash of this user is of no use");
                }
                Err(refused(user.as_ref()))
            }
        }
    }
}

fn refused(user: Option<&User>) -> SignInError {
    tracing::info!(event = "sign_in_refused", user = user.map(|user| &user.id), "audit");
    SignInError::InvalidEmailOrPassword
}
