//! Signing up with an e-mail address and a password.

use countersign_db::Tx;

use super::{Device, FinishError, FirstFactor, SignedIn};
use crate::account::rules::{Unacceptable, may_set};
use crate::audit::Event;
use crate::hasher::Overloaded;
use crate::outbox::actions::Draft;
use crate::outbox::{Content, Kind};
use crate::rate_limit::Rule;
use crate::user::{NewUser, Who};
use crate::{Engine, Error, FieldError, Refusal, User};

const ONCE_A_DAY: Rule = Rule { window: 24 * 60 * 60, max: 1 };

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
    /// An additional field is missing or cannot be taken.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The address belongs to another user.
    #[error("a user with this e-mail address exists")]
    AlreadyExists,
    /// The database took no row, or refused it.
    #[error("the user was not stored")]
    NotStored(#[source] Option<countersign_db::Error>),
    /// The embedding program refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
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
    /// Registers a user and signs in: user, account, session and the letter that may be mailed in one transaction (security
    /// P10).
    ///
    /// # Errors
    /// [`SignUpError`].
    pub async fn sign_up(&self, new: NewUser, password: &str, device: Device) -> Result<SignedUp, SignUpError> {
        self.sign_up_with_callback(new, password, device, None).await
    }

    /// The same. A link that is mailed leads to `callback_url` in the end.
    ///
    /// # Errors
    /// [`SignUpError`].
    pub async fn sign_up_with_callback(
        &self,
        new: NewUser,
        password: &str,
        device: Device,
        callback_url: Option<&str>,
    ) -> Result<SignedUp, SignUpError> {
        let config = &self.config.email_and_password;
        if !config.enabled || config.disable_sign_up {
            return Err(SignUpError::Disabled);
        }
        may_set(password, config).map_err(SignUpError::Unacceptable)?;
        let additional = self.fields_of_new_user(&new.members)?;
        self.hooks.before_sign_up(&new)?;
        let discreet = config.require_email_verification || !config.auto_sign_in;
        if !discreet && self.user(Who::Email(&new.email)).await?.is_some() {
            return Err(SignUpError::AlreadyExists);
        }
        let hash = self.hash(password).await?;
        let user = self.draft(new, additional);
        let mut tx = self.db.write().await.map_err(Error::from)?;
        match self.insert_user(&mut tx, &user).await {
            Ok(true) => {}
            Ok(false) => return Err(SignUpError::NotStored(None)),
            Err(error) if error.is_unique() && discreet => {
                drop(tx);
                return self.pretend(user).await;
            }
            Err(error) if error.is_unique() => return Err(SignUpError::AlreadyExists),
            Err(error) => return Err(SignUpError::NotStored(Some(error))),
        }
        self.insert_credential(&mut tx, &user, &hash).await?;
        self.record(&mut tx, Event::UserCreated { user: &user.id }).await?;
        if self.config.verifies_on_sign_up() {
            self.post_verification(&mut tx, &user, callback_url).await?;
        }
        if discreet {
            let made = user.clone();
            let tell = move |engine: &Self| {
                engine.hooks.user_created(&made);
                engine.tell_carrier();
            };
            self.commit(tx, tell).await?;
            return Ok(SignedUp::Registered(Box::new(user)));
        }
        let signed_in = self.finish(tx, FirstFactor::sign_up(user), device, Vec::new()).await?;
        self.tell_carrier();
        Ok(SignedUp::SignedIn(Box::new(signed_in)))
    }

    /// Answers for a taken address as for a free one, and writes to its owner instead (security P8): once a day, and not a word
    /// of what was typed is in that letter. What is stored otherwise costs the same.
    async fn pretend(&self, user: User) -> Result<SignedUp, SignUpError> {
        let mut tx = self.db.write().await.map_err(Error::from)?;
        if self.config.verifies_on_sign_up() && self.may_write_of_attempt(&mut tx, &user.email).await? {
            let expires_at = self.clock.now().plus_seconds(self.config.email_verification.expires_in.into());
            let (kind, content) = (Kind::SignUpAttempt, Content::default());
            self.post(&mut tx, Draft { kind, to: &user.email, content, expires_at }).await?;
        } else {
            self.post_nothing(&mut tx).await?;
        }
        self.commit(tx, Self::tell_carrier).await?;
        Ok(SignedUp::Registered(Box::new(user)))
    }

    /// Whether the owner of this address has heard of no attempt for a day: nobody shall fill another's mailbox.
    async fn may_write_of_attempt(&self, tx: &mut Tx, email: &str) -> Result<bool, Error> {
        let Some(owner) = self.user_by_email_within(tx, email).await? else { return Ok(false) };
        self.count_within(tx, &format!("sign-up-attempt|{}", owner.id), ONCE_A_DAY).await
    }
}
