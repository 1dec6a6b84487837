//! Signing in with what an identity provider says (docs/wire.md 8.4).

use countersign_db::{Additional, Tx};

use super::gates::{self, Closed};
use super::{Device, FinishError, FirstFactor, SignedIn};
use crate::audit::Event;
use crate::social::{Identity, Tokens, rules};
use crate::user::NewUser;
use crate::user::rules::normalised_email;
use crate::{Engine, Error, Refusal, User};

/// Who comes back from a provider.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    /// Where the session is used.
    pub device: Device,
    /// Where a link leads that may be mailed.
    pub callback_url: Option<&'a str>,
    /// Whether somebody nobody knows yet may become a user.
    pub may_sign_up: bool,
}

/// Somebody who has come in.
#[derive(Debug)]
pub struct Arrived {
    /// The session.
    pub signed_in: SignedIn,
    /// Whether the user is new.
    pub is_new: bool,
}

/// Why somebody who comes back from a provider has no session.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The provider does not say their address.
    #[error("the provider names no e-mail address")]
    NoEmail,
    /// A user has the address, and nobody said that they are one.
    #[error("account not linked")]
    NotLinked,
    /// Nobody knows them, and they may not become a user.
    #[error("signup disabled")]
    SignUpDisabled,
    /// The account is that of a user who is gone.
    #[error("unable to link account")]
    UnableToLink,
    /// The user was not stored.
    #[error("unable to create user")]
    NotCreated(#[source] Option<countersign_db::Error>),
    /// The address must be shown to be theirs first. Who is new was stored.
    #[error("email not verified")]
    EmailNotVerified,
    /// The embedding program refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The session was not made, and nothing else either.
    #[error(transparent)]
    Finish(#[from] FinishError),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// A user whom a provider has named, within a transaction.
struct Named {
    user: User,
    is_new: bool,
    /// Whether the row of the user was changed within the transaction.
    is_changed: bool,
}

impl Engine {
    /// Signs in whom a provider has named: whoever has that account; else the user with that address, if both sides have seen
    /// that it is theirs; else somebody new. Account, user, session and the letter that may be mailed in one transaction.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn sign_in_with_identity(
        &self,
        identity: &Identity,
        tokens: &Tokens,
        arrival: Arrival<'_>,
    ) -> Result<Arrived, IdentityError> {
        let result = self.try_identity(identity, tokens, arrival).await;
        self.tally.sign_ins.add(outcome(&result), 1);
        result
    }

    async fn try_identity(
        &self,
        identity: &Identity,
        tokens: &Tokens,
        arrival: Arrival<'_>,
    ) -> Result<Arrived, IdentityError> {
        let email = identity.email.as_deref().filter(|email| !email.is_empty()).ok_or(IdentityError::NoEmail)?;
        let mut tx = self.db.write().await.map_err(Error::from)?;
        let named = match self.account_of(&mut tx, identity).await? {
            Some(account) => self.returning(&mut tx, &account, (identity, tokens)).await?,
            None => match self.user_by_email_within(&mut tx, &normalised_email(email)).await? {
                Some(_) if !identity.email_verified && self.config.email_and_password.require_email_verification => {
                    if !arrival.may_sign_up {
                        return Err(IdentityError::SignUpDisabled);
                    }
                    self.may_be_new(email, identity)?;
                    return self.pretend_unproven(tx).await;
                }
                Some(user) => self.link_by_address(&mut tx, user, (identity, tokens)).await?,
                None if !arrival.may_sign_up => return Err(IdentityError::SignUpDisabled),
                None => self.sign_up_named(&mut tx, email, (identity, tokens)).await?,
            },
        };
        let Named { user, is_new, is_changed } = named;
        let mails = if is_new { self.config.verifies_on_sign_up() } else { self.config.verifies_on_sign_in() };
        let closed = gates::must_prove_address(&user, &self.config);
        if mails && !user.email_verified && (is_new || closed) {
            self.post_verification(&mut tx, &user, arrival.callback_url).await?;
        }
        if closed {
            let made = is_new.then_some(user);
            let tell = move |engine: &Self| {
                if let Some(made) = &made {
                    engine.hooks.user_created(made);
                }
                engine.tell_carrier();
            };
            self.commit(tx, tell).await?;
            return Err(IdentityError::EmailNotVerified);
        }
        let proof = FirstFactor::identity(user, is_new, is_changed);
        let signed_in = self.finish(tx, proof, arrival.device, Vec::new()).await?;
        self.tell_carrier();
        Ok(Arrived { signed_in, is_new })
    }

    /// Answers for a taken address that the provider has not proven as for a free one, so that nobody learns who has an
    /// account here (security P8).
    async fn pretend_unproven(&self, mut tx: Tx) -> Result<Arrived, IdentityError> {
        if self.config.verifies_on_sign_up() {
            self.post_nothing(&mut tx).await?;
        }
        self.commit(tx, Self::tell_carrier).await?;
        Err(IdentityError::EmailNotVerified)
    }

    /// Whoever has the account already.
    async fn returning(
        &self,
        tx: &mut Tx,
        account: &crate::Account,
        (identity, tokens): (&Identity, &Tokens),
    ) -> Result<Named, IdentityError> {
        let user = self.user_within(tx, &account.user_id).await?.ok_or(IdentityError::UnableToLink)?;
        if self.config.account.update_account_on_sign_in {
            // The scopes of an account change only where more are asked for.
            self.keep_tokens_within(tx, &account.id, tokens, None).await?;
        }
        let is_changed = rules::proves_address(identity, &user);
        let user = if is_changed { self.mark_verified_within(tx, user).await? } else { user };
        Ok(Named { user, is_new: false, is_changed })
    }

    /// The user with the address, if both sides have seen that it is theirs.
    async fn link_by_address(
        &self,
        tx: &mut Tx,
        user: User,
        (identity, tokens): (&Identity, &Tokens),
    ) -> Result<Named, IdentityError> {
        if !rules::are_the_same(identity, &user, &self.config.account.account_linking) {
            return Err(IdentityError::NotLinked);
        }
        self.hold_user(tx, &user.id).await?;
        self.insert_linked(tx, &user.id, identity, tokens).await?;
        Ok(Named { user, is_new: false, is_changed: false })
    }

    /// Whom somebody new would be, if they may.
    fn may_be_new(&self, email: &str, identity: &Identity) -> Result<(NewUser, Additional), IdentityError> {
        let new = NewUser {
            name: identity.name.clone(),
            email: email.to_owned(),
            image: identity.image.clone(),
            ..NewUser::default()
        };
        let additional = self.fields_of_new_user(&new.members).map_err(|error| {
            tracing::error!(%error, "a user whom a provider named was not stored: it cannot say this field");
            IdentityError::NotCreated(None)
        })?;
        self.hooks.before_sign_up(&new)?;
        Ok((new, additional))
    }

    /// Somebody new.
    async fn sign_up_named(
        &self,
        tx: &mut Tx,
        email: &str,
        (identity, tokens): (&Identity, &Tokens),
    ) -> Result<Named, IdentityError> {
        let (new, additional) = self.may_be_new(email, identity)?;
        let user = User { email_verified: identity.email_verified, ..self.draft(new, additional) };
        match self.insert_user(tx, &user).await {
            Ok(true) => {}
            Ok(false) => return Err(IdentityError::NotCreated(None)),
            Err(error) => return Err(IdentityError::NotCreated(Some(error))),
        }
        match self.insert_linked(tx, &user.id, identity, tokens).await {
            Ok(()) => {}
            Err(Error::Database(error)) => return Err(IdentityError::NotCreated(Some(error))),
            Err(error) => return Err(error.into()),
        }
        self.record(tx, Event::UserCreated { user: &user.id }).await?;
        Ok(Named { user, is_new: true, is_changed: false })
    }
}

/// The name under which such a sign-in is counted.
fn outcome<T>(result: &Result<T, IdentityError>) -> &'static str {
    match result {
        Ok(_) => "signed_in",
        Err(IdentityError::EmailNotVerified) => "email_not_verified",
        Err(IdentityError::Finish(FinishError::Closed(Closed::Suspended))) => "suspended",
        Err(_) => "failed",
    }
}
