//! Taking another address: asking for it, and following the links that are mailed for it.

use std::sync::Arc;

use countersign_db::Tx;
use countersign_token::{EmailAsks, EmailToken};

use super::link::{Followed, Follower, Link, VerifyEmailError};
use super::rows;
use super::rules::{self, EmailWay};
use crate::audit::Event;
use crate::user::Who;
use crate::user::rules::normalised_email;
use crate::{Caller, Engine, Error, User};

/// What asking for another address leads to.
#[derive(Debug)]
pub enum EmailChange {
    /// Somebody is written to, unless the address belongs to another user, which is told to nobody.
    Asked,
    /// The caller has it.
    Changed(Caller),
}

/// Why another address is not asked for.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// Users keep their addresses here.
    #[error("changing addresses is switched off")]
    Disabled,
    /// The caller has it already.
    #[error("the address is the caller's already")]
    Same,
    /// A mail is needed and none is sent here.
    #[error("no mail is sent that verifies addresses")]
    NoMail,
    /// The database failed, or the user is gone.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// Which way leads this user to another address; none where users keep theirs, or where a mail is needed and none is sent.
    #[must_use]
    pub fn email_way(&self, user: &User) -> Option<EmailWay> {
        self.config.user.change_email.enabled.then(|| rules::way(user, &self.config)).flatten()
    }

    /// Asks for another address. It is the caller's when a link was followed that is mailed to it, which leads to
    /// `callback_url`; before, the old address may be asked to agree. An address that is taken costs and answers the same.
    ///
    /// # Errors
    /// [`ChangeEmailError`].
    pub async fn change_email(
        &self,
        caller: &Caller,
        new: &str,
        callback_url: Option<&str>,
    ) -> Result<EmailChange, ChangeEmailError> {
        if !self.config.user.change_email.enabled {
            return Err(ChangeEmailError::Disabled);
        }
        let new = normalised_email(new);
        let user = &*caller.user;
        if new == user.email {
            return Err(ChangeEmailError::Same);
        }
        let way = rules::way(user, &self.config).ok_or(ChangeEmailError::NoMail)?;
        let taken = self.user(Who::Email(&new)).await?.is_some();
        let asks = match way {
            EmailWay::AtOnce if !taken => return self.change_email_at_once(caller, &new, callback_url).await,
            EmailWay::AtOnce | EmailWay::ByTheNew => EmailAsks::VerifyChange { to: new },
            EmailWay::ByTheOld => EmailAsks::ConfirmChange { to: new },
        };
        let mut tx = self.db.write().await.map_err(Error::from)?;
        self.post_unless(taken, &mut tx, Link { user, asks, callback_url }).await?;
        self.record(&mut tx, Event::EmailChangeRequested { caller }).await?;
        self.commit(tx, Self::tell_carrier).await?;
        Ok(EmailChange::Asked)
    }

    /// Gives the caller, whose address was not known to be theirs, another that is not either.
    async fn change_email_at_once(
        &self,
        caller: &Caller,
        new: &str,
        callback_url: Option<&str>,
    ) -> Result<EmailChange, ChangeEmailError> {
        let mut tx = self.write_about(&caller.user.id).await?;
        let user = match self.give_email(&mut tx, &caller.user, new).await {
            // Somebody took it just now.
            Err(Error::Database(error)) if error.is_unique() => return Ok(EmailChange::Asked),
            other => other?.ok_or(Error::NotFound)?,
        };
        if self.config.verifies_emails() {
            self.post_link(&mut tx, Link { user: &user, asks: EmailAsks::Verify, callback_url }).await?;
        }
        let id = user.id.clone();
        let tell = move |engine: &Self| {
            engine.cache.forget_user(&id);
            engine.tell_carrier();
        };
        self.commit(tx, tell).await?;
        Ok(EmailChange::Changed(Caller { user: Arc::new(user), ..caller.clone() }))
    }

    /// The old address agrees: the new one is written to, unless it was taken meanwhile.
    pub(super) async fn follow_confirmation(
        &self,
        token: &EmailToken,
        to: &str,
        follower: Follower<'_>,
    ) -> Result<Followed, VerifyEmailError> {
        let (mut tx, user) = self.bound_user(token, &follower).await?;
        let silent = !self.config.verifies_emails() || self.user_by_email_within(&mut tx, to).await?.is_some();
        let asks = EmailAsks::VerifyChange { to: to.to_owned() };
        self.post_unless(silent, &mut tx, Link { user: &user, asks, callback_url: follower.callback_url }).await?;
        self.commit(tx, Self::tell_carrier).await?;
        Ok(Followed::ChangeConfirmed)
    }

    /// The new address is the user's. Links that were mailed to the old one are worth nothing from then on.
    pub(super) async fn follow_change(
        &self,
        token: &EmailToken,
        to: &str,
        follower: Follower<'_>,
    ) -> Result<Followed, VerifyEmailError> {
        let (mut tx, user) = self.bound_user(token, &follower).await?;
        let user = match self.give_email(&mut tx, &user, to).await {
            // Another user took it meanwhile, which is nobody else's business.
            Err(Error::Database(error)) if error.is_unique() => return Err(VerifyEmailError::Invalid),
            other => other?.ok_or(VerifyEmailError::Invalid)?,
        };
        let id = user.id.clone();
        self.commit(tx, move |engine| engine.cache.forget_user(&id)).await?;
        let caller = follower.caller.map(|caller| Caller { user: Arc::new(user.clone()), ..caller.clone() });
        Ok(Followed::Changed { user: Box::new(user), caller })
    }

    /// The user whose address a link changes, if it still does, and the transaction in which it can.
    async fn bound_user(&self, token: &EmailToken, follower: &Follower<'_>) -> Result<(Tx, User), VerifyEmailError> {
        let id = token.user_id.as_deref().ok_or(VerifyEmailError::Invalid)?;
        let mut tx = self.write_about(id).await?;
        let user = self.user_within(&mut tx, id).await?.ok_or(VerifyEmailError::UserNotFound)?;
        let password_set = self.password_set_at(&mut tx, id).await?;
        rules::may_change(token, &user, password_set, follower.caller.map(|caller| &*caller.user))?;
        Ok((tx, user))
    }

    /// The user with another address, if they still have the one they are known by.
    async fn give_email(&self, tx: &mut Tx, user: &User, new: &str) -> Result<Option<User>, Error> {
        let changed = rows::change(tx, &user.id, (&user.email, new), self.clock.now()).await?;
        if changed.is_some() {
            self.forget_links(tx, &user.id).await?;
            self.record(tx, Event::EmailChanged { user: &user.id }).await?;
        }
        Ok(changed)
    }

    /// Writes a letter, or does what that costs.
    async fn post_unless(&self, silent: bool, tx: &mut Tx, link: Link<'_>) -> Result<(), Error> {
        if silent { self.post_nothing(tx).await } else { self.post_link(tx, link).await }
    }
}
