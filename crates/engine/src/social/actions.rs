//! Accounts at providers, and what they let us do there.

use std::sync::Arc;

use countersign_db::Tx;

use super::rules::{self, Unlinkable};
use super::{Identity, Link, Tokens};
use crate::account::rows::{self, NewLinked, StoredTokens};
use crate::audit::Event;
use crate::sealed::{self, Purpose};
use crate::{Account, Caller, Engine, Error, SessionError, User, chance, db};

/// An account at a provider, with what it handed out.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The account.
    pub account: Account,
    /// What was handed out last.
    pub tokens: Tokens,
}

/// Why an account is not linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Linking is off, the provider has not seen that the address is theirs, or whoever began is not signed in any more.
    #[error("the account cannot be linked")]
    Unable,
    /// The address is not the user's.
    #[error("the address at the provider is another")]
    OtherEmail,
    /// It is the account of another user.
    #[error("the account is linked to another user")]
    OtherUser,
    /// The database refused the row.
    #[error("the account was not stored")]
    NotStored(#[source] db::Error),
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl From<SessionError> for LinkError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Vanished => Self::Unable,
            SessionError::Engine(error) => Self::Engine(error),
        }
    }
}

impl Engine {
    /// Links an account to the user who went to the provider for that. One that is linked has its tokens and scopes renewed.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn link_identity(&self, link: &Link, identity: &Identity, tokens: &Tokens) -> Result<(), LinkError> {
        let caller = self.still_signed_in(link).await?.ok_or(LinkError::Unable)?;
        let (mut tx, known, user) = self.begin_link(&caller, identity).await?;
        self.may_link(&user, identity)?;
        match known {
            Some(account) if account.user_id != user.id => return Err(LinkError::OtherUser),
            Some(account) => {
                let incoming = tokens.scopes.as_deref().unwrap_or_default();
                let scope = rules::merged_scope(account.scope.as_deref(), incoming);
                self.keep_tokens_within(&mut tx, &account.id, tokens, scope).await?;
            }
            None => self.insert_link(&mut tx, &user, identity, tokens).await?,
        }
        Ok(tx.commit().await.map_err(Error::from)?)
    }

    /// Links an account to the caller, whom the provider has named in an ID token. One that is linked has its tokens renewed,
    /// whatever its address is by now.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn link_identity_of(
        &self,
        caller: &Caller,
        identity: &Identity,
        tokens: &Tokens,
    ) -> Result<(), LinkError> {
        let (mut tx, known, user) = self.begin_link(caller, identity).await?;
        match known {
            Some(account) if account.user_id != user.id => return Err(LinkError::OtherUser),
            Some(account) => self.keep_tokens_within(&mut tx, &account.id, tokens, None).await?,
            None => {
                self.may_link(&user, identity)?;
                self.insert_link(&mut tx, &user, identity, tokens).await?;
            }
        }
        Ok(tx.commit().await.map_err(Error::from)?)
    }

    /// The account as it is known, and the caller as the database has them now: whoever regained the user meanwhile has no
    /// other's way in linked to it.
    async fn begin_link(
        &self,
        caller: &Caller,
        identity: &Identity,
    ) -> Result<(Tx, Option<Account>, Arc<User>), LinkError> {
        let mut tx = self.db.write().await.map_err(Error::from)?;
        let known = self.account_of(&mut tx, identity).await?;
        self.hold_user(&mut tx, &caller.user.id).await?;
        if !self.lock_session(&mut tx, &caller.session.id).await? {
            return Err(LinkError::Unable);
        }
        let caller = self.stored_caller(&mut tx, &caller.session.id).await?.ok_or(LinkError::Unable)?;
        Ok((tx, known, caller.user))
    }

    fn may_link(&self, user: &User, identity: &Identity) -> Result<(), LinkError> {
        rules::may_link(identity, &user.email, &self.config.account.account_linking).map_err(|why| match why {
            Unlinkable::Untrusted => LinkError::Unable,
            Unlinkable::OtherEmail => LinkError::OtherEmail,
        })
    }

    async fn insert_link(
        &self,
        tx: &mut Tx,
        user: &User,
        identity: &Identity,
        tokens: &Tokens,
    ) -> Result<(), LinkError> {
        self.insert_linked(tx, &user.id, identity, tokens).await.map_err(|error| match error {
            Error::Database(error) => LinkError::NotStored(error),
            error => error.into(),
        })
    }

    /// The account of somebody a provider has named. Until `tx` ends nobody else links, unlinks or looks for the same.
    pub(crate) async fn account_of(&self, tx: &mut Tx, identity: &Identity) -> Result<Option<Account>, Error> {
        tx.lock_key(&format!("account:{}:{}", identity.provider, identity.account_id)).await?;
        let Some(seen) = rows::by_key(tx, &identity.provider, &identity.account_id).await? else { return Ok(None) };
        self.hold_user(tx, &seen.user_id).await?;
        // Its user may have let go of it before.
        let Some(account) = rows::by_key(tx, &identity.provider, &identity.account_id).await? else { return Ok(None) };
        Ok((rows::lock_account(tx, &account.id).await? > 0).then_some(account))
    }

    /// One of a user's accounts by its id, with its tokens.
    ///
    /// # Errors
    /// [`Error::Database`]; also where tokens were sealed under a secret that is not configured.
    pub async fn linked_account(&self, user_id: &str, id: &str) -> Result<Option<Linked>, Error> {
        // No id holds a NUL, and PostgreSQL takes none in a text.
        if id.contains('\0') {
            return Ok(None);
        }
        let Some(stored) = rows::linked(&mut self.db.read().await?, user_id, id).await? else { return Ok(None) };
        let scopes = rules::merged_scope(stored.account.scope.as_deref(), &[]).unwrap_or_default();
        let tokens = Tokens {
            access_token: self.opened(stored.tokens.access_token)?,
            access_token_expires_at: stored.tokens.access_token_expires_at,
            refresh_token: self.opened(stored.tokens.refresh_token)?,
            refresh_token_expires_at: stored.tokens.refresh_token_expires_at,
            id_token: stored.tokens.id_token,
            scopes: Some(scopes.split(',').filter(|scope| !scope.is_empty()).map(str::to_owned).collect()),
        };
        Ok(Some(Linked { account: stored.account, tokens }))
    }

    /// Keeps what a provider handed out for an account. What it did not hand out anew stays.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn keep_tokens(&self, account_id: &str, tokens: &Tokens) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        self.keep_tokens_within(&mut tx, account_id, tokens, None).await?;
        Ok(tx.commit().await?)
    }

    /// The same within `tx`, and the scopes where they are others.
    pub(crate) async fn keep_tokens_within(
        &self,
        tx: &mut Tx,
        account_id: &str,
        tokens: &Tokens,
        scope: Option<String>,
    ) -> Result<(), Error> {
        let stored = self.stored(tokens);
        rows::update_tokens(tx, account_id, stored, scope, self.clock.now()).await?;
        Ok(())
    }

    /// Stores an account at a provider that [`Engine::account_of`] did not find within `tx`.
    pub(crate) async fn insert_linked(
        &self,
        tx: &mut Tx,
        user_id: &str,
        identity: &Identity,
        tokens: &Tokens,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let new = NewLinked {
            id: self.new_id(now),
            provider_id: &identity.provider,
            account_id: &identity.account_id,
            user_id,
            tokens: self.stored(tokens),
            scope: tokens.scopes.as_ref().map(|scopes| scopes.join(",")),
            now,
        };
        rows::insert_linked(tx, new).await?;
        self.record(tx, Event::AccountLinked { user: user_id, provider: &identity.provider }).await
    }

    fn stored(&self, tokens: &Tokens) -> StoredTokens {
        StoredTokens {
            access_token: self.kept(tokens.access_token.as_deref()),
            access_token_expires_at: tokens.access_token_expires_at,
            refresh_token: self.kept(tokens.refresh_token.as_deref()),
            refresh_token_expires_at: tokens.refresh_token_expires_at,
            id_token: tokens.id_token.clone(),
        }
    }

    /// A token as it lies in the database.
    fn kept(&self, token: Option<&str>) -> Option<String> {
        let token = token?;
        if !self.config.account.encrypt_oauth_tokens {
            return Some(token.to_owned());
        }
        sealed::seal(token, Purpose::Stored, self.secrets(), chance::bytes(&*self.chance))
    }

    /// The token that lies in the database; one that was stored before they were sealed is itself.
    fn opened(&self, token: Option<String>) -> Result<Option<String>, Error> {
        let Some(token) = token else { return Ok(None) };
        let is_hex = token.len().is_multiple_of(2) && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_sealed = token.starts_with("$ba$") || (is_hex && token.len() >= sealed::SHORTEST);
        if !self.config.account.encrypt_oauth_tokens || !is_sealed {
            return Ok(Some(token));
        }
        let opened = sealed::open(&token, Purpose::Stored, self.secrets());
        let sealed = || db::Error::Column {
            column: "account.accessToken".to_owned(),
            problem: "was sealed under a secret that is not configured",
        };
        Ok(Some(opened.ok_or_else(sealed)?.to_string()))
    }
}
