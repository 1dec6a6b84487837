//! What is done to credential accounts.

use countersign_db::{Timestamp, Tx};

use super::rows::{self, Credential, NewCredential};
use super::rules::{self, JUDGED_MAX, Unacceptable};
use crate::audit::Event;
use crate::hasher::Overloaded;
use crate::scheme::recognise;
use crate::sign_in::{Device, FinishError, FirstFactor, SignedIn};
use crate::user::NewUser;
use crate::user::rules::normalised_email;
use crate::{Caller, Engine, Error, FieldError, User, chance};

/// What a change of password leads to.
#[derive(Debug)]
pub enum PasswordChanged {
    /// The sessions stand as they were.
    SessionsKept,
    /// Every session ended and this one began.
    SessionsReplaced(Box<SignedIn>),
}

/// Why a change of password is refused.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The new password, or the current one, cannot be one.
    #[error("the password cannot be taken")]
    Unacceptable(Unacceptable),
    /// The user has no password to change.
    #[error("the user has no credential account")]
    NoCredential,
    /// The current password is another.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The caller's session has ended meanwhile.
    #[error("the session is over")]
    Vanished,
    /// The new session was not made.
    #[error(transparent)]
    Finish(#[from] FinishError),
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// What becomes of a password that a user has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and no other is set: Better Auth's `setPassword`.
    Keep,
    /// It makes way, and every session ends, for whoever knew it may be signed in.
    Replace,
}

/// Why a user is not given a password.
#[derive(Debug, thiserror::Error)]
pub enum SetPasswordError {
    /// The password cannot be one.
    #[error("the password cannot be taken")]
    Unacceptable(Unacceptable),
    /// The user has one.
    #[error("the user has a password already")]
    AlreadySet,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database failed, or there is no such user.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// Why an operator's user is not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// An additional field is missing or cannot be taken.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The password cannot be one.
    #[error("the password cannot be taken")]
    Unacceptable(Unacceptable),
    /// The address belongs to another user.
    #[error("a user with this e-mail address exists")]
    AlreadyExists,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// The user at this address and the hash of their password.
    pub(crate) async fn credential_by_email(&self, email: &str) -> Result<Option<Credential>, Error> {
        Ok(rows::credential_by_email(&mut self.db.read().await?, &normalised_email(email)).await?)
    }

    /// The same within a transaction, of an address in its one spelling.
    pub(crate) async fn credential_within(&self, tx: &mut Tx, email: &str) -> Result<Option<Credential>, Error> {
        Ok(rows::credential_by_email(tx, email).await?)
    }

    /// When the user's password was set; none without one.
    pub(crate) async fn password_set_at(&self, tx: &mut Tx, user_id: &str) -> Result<Option<Timestamp>, Error> {
        Ok(rows::password_set(tx, user_id).await?.map(|set| set.0))
    }

    /// Hashes a password for storage.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, Overloaded> {
        self.hasher.hash(password, chance::bytes(&*self.chance)).await
    }

    /// Gives a user a password.
    pub(crate) async fn insert_credential(&self, tx: &mut Tx, user: &User, hash: &str) -> Result<(), Error> {
        let now = self.clock.now();
        let id = self.new_id(now);
        rows::insert_credential(tx, NewCredential { id, user_id: &user.id, hash, now }).await?;
        Ok(())
    }

    /// Whether the hash of a proven password is the stored one still: another program may change it without asking us, and
    /// waits from here until `tx` ends. A new hash of the same password takes its place.
    pub(crate) async fn keep_hash(&self, tx: &mut Tx, user: &str, (old, new): (&str, &str)) -> Result<bool, Error> {
        let is_kept = rows::replace_hash(tx, user, (old, new), None).await? > 0;
        if is_kept && old != new {
            tracing::info!(event = "password_hash_renewed", user, from = recognise(old).unwrap_or_default(), "audit");
        }
        Ok(is_kept)
    }

    /// Creates a user for an operator: no session, no restriction of who may sign up.
    ///
    /// # Errors
    /// [`CreateUserError`].
    pub async fn create_user(&self, new: NewUser, password: Option<&str>) -> Result<User, CreateUserError> {
        let hash = match password {
            Some(password) => {
                let verdict = rules::may_set(password, &self.config.email_and_password);
                verdict.map_err(CreateUserError::Unacceptable)?;
                Some(self.hash(password).await?)
            }
            None => None,
        };
        let additional = self.fields_of_new_user(&new.members)?;
        let user = self.draft(new, additional);
        let mut tx = self.db.write().await.map_err(Error::from)?;
        match self.insert_user(&mut tx, &user).await {
            Err(error) if error.is_unique() => return Err(CreateUserError::AlreadyExists),
            other => other.map_err(Error::from)?,
        };
        if let Some(hash) = hash {
            self.insert_credential(&mut tx, &user, &hash).await?;
        }
        self.record(&mut tx, Event::UserCreated { user: &user.id }).await?;
        let made = user.clone();
        self.commit(tx, move |engine| engine.hooks.user_created(&made)).await?;
        Ok(user)
    }

    /// Gives a user a password without asking for one, for a program that has proven by other means who asks, or for an
    /// operator. Never over HTTP.
    ///
    /// # Errors
    /// [`SetPasswordError`]; [`Error::NotFound`] if there is no such user.
    pub async fn set_password(&self, user: &str, password: &str, existing: Existing) -> Result<(), SetPasswordError> {
        rules::may_set(password, &self.config.email_and_password).map_err(SetPasswordError::Unacceptable)?;
        let hash = self.hash(password).await?;
        let mut tx = self.write_about(user).await?;
        let known = self.user_within(&mut tx, user).await?.ok_or(Error::NotFound)?;
        let credential = rows::credential_by_user(&mut tx, user).await.map_err(Error::from)?;
        if existing == Existing::Keep && credential.is_some_and(|credential| credential.hash.is_some()) {
            return Err(SetPasswordError::AlreadySet);
        }
        self.set_credential(&mut tx, &known, &hash).await?;
        let ended =
            if existing == Existing::Replace { self.end_all_sessions(&mut tx, user).await? } else { Vec::new() };
        self.record(&mut tx, Event::PasswordSet { user }).await?;
        if existing == Existing::Replace {
            self.refuse_tokens_of(&mut tx, user).await?;
        }
        Ok(self.commit(tx, move |engine| engine.end_sessions(&ended)).await?)
    }

    /// Changes the caller's password. With `device` every session ends and a new one begins on it.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &str,
        new: &str,
        device: Option<Device>,
    ) -> Result<PasswordChanged, ChangePasswordError> {
        let config = &self.config.email_and_password;
        rules::may_set(new, config).map_err(ChangePasswordError::Unacceptable)?;
        rules::may_try(current, config).map_err(ChangePasswordError::Unacceptable)?;
        let id = &caller.user.id;
        let (mut tx, user) = self.begin_change(caller, (current, new)).await?;
        self.record(&mut tx, Event::PasswordChanged { user: id }).await?;
        let Some(device) = device else {
            tx.commit().await.map_err(Error::from)?;
            return Ok(PasswordChanged::SessionsKept);
        };
        let ended = self.end_all_sessions(&mut tx, id).await?;
        let signed_in = self.finish(tx, FirstFactor::current_password(user), device, ended).await?;
        Ok(PasswordChanged::SessionsReplaced(Box::new(signed_in)))
    }

    /// The transaction in which the caller's password is the new one. What happens while the two are hashed counts: whoever
    /// resets the password, or ends the session, keeps whoever knew the old one out.
    async fn begin_change(
        &self,
        caller: &Caller,
        (current, new): (&str, &str),
    ) -> Result<(Tx, User), ChangePasswordError> {
        let id = &caller.user.id;
        for _ in 0..JUDGED_MAX {
            let credential = rows::credential_by_user(&mut self.db.read().await.map_err(Error::from)?, id).await;
            let Some(Credential { user, hash: Some(stored) }) = credential.map_err(Error::from)? else {
                return Err(ChangePasswordError::NoCredential);
            };
            if !self.hasher.verify(current, Some(&stored)).await? {
                return Err(ChangePasswordError::WrongPassword);
            }
            let hash = self.hash(new).await?;
            let mut tx = self.write_about(id).await?;
            if !self.lock_session(&mut tx, &caller.session.id).await? {
                return Err(ChangePasswordError::Vanished);
            }
            let changed = rows::replace_hash(&mut tx, id, (&stored, &hash), Some(self.clock.now())).await;
            if changed.map_err(Error::from)? > 0 {
                return Ok((tx, user));
            }
        }
        Err(ChangePasswordError::WrongPassword)
    }
}
