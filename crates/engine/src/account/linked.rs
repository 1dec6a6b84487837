//! The accounts a user has, and taking one away.

use super::{Account, rows, rules};
use crate::audit::Event;
use crate::{Caller, Engine, Error};

/// Why an account is not unlinked.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkError {
    /// Without it nobody could sign in as this user any more.
    #[error("it is the user's last account")]
    Last,
    /// The user has no such account.
    #[error("the user has no such account")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// The accounts of a user, at most 100 (docs/wire.md 6.4).
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn accounts(&self, user_id: &str) -> Result<Vec<Account>, Error> {
        Ok(rows::of_user(&mut self.db.read().await?, user_id).await?)
    }

    /// Takes an account of the caller away by its id. The last one stays, unless
    /// `account.account_linking.allow_unlinking_all`; of two requests at once the second sees what the first left.
    ///
    /// # Errors
    /// [`UnlinkError`].
    pub async fn unlink_account(&self, caller: &Caller, id: &str) -> Result<(), UnlinkError> {
        let user = &caller.user.id;
        let mut tx = self.write_about(user).await?;
        let accounts = rows::of_user(&mut tx, user).await.map_err(Error::from)?;
        let account = rules::may_unlink(&accounts, id, &self.config.account)?;
        rows::delete(&mut tx, &account.id).await.map_err(Error::from)?;
        self.record(&mut tx, Event::AccountUnlinked { user, provider: &account.provider_id }).await?;
        Ok(tx.commit().await.map_err(Error::from)?)
    }
}
