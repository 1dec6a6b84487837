//! What is done with verifications.

use countersign_db::{Read, Timestamp, Tx};

use super::rows::{self, New, Stored};
use crate::{Engine, Error};

/// Which secrets of the table are meant: the first part of the identifier, as Better Auth writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    ResetPassword,
    DeleteAccount,
    AuthState,
}

impl Purpose {
    fn identifier(self, secret: &str) -> String {
        match self {
            Self::ResetPassword => format!("reset-password:{secret}"),
            Self::DeleteAccount => format!("delete-account-{secret}"),
            Self::AuthState => format!("auth-state:{secret}"),
        }
    }
}

impl Engine {
    /// Keeps `value` under a secret for `lifetime` seconds; says until when.
    pub(crate) async fn keep_verification(
        &self,
        tx: &mut Tx,
        (purpose, secret): (Purpose, &str),
        value: &str,
        lifetime: u32,
    ) -> Result<Timestamp, Error> {
        let now = self.clock.now();
        let expires_at = now.plus_seconds(lifetime.into());
        let id = self.new_id(now);
        let identifier = purpose.identifier(secret);
        rows::insert(tx, New { id, identifier: &identifier, value, expires_at, now }).await?;
        Ok(expires_at)
    }

    /// What is kept under a secret, if its time has not passed.
    pub(crate) async fn look_up_verification(
        &self,
        read: &mut Read,
        purpose: Purpose,
        secret: &str,
    ) -> Result<Option<String>, Error> {
        // No secret holds a NUL, and PostgreSQL takes none in a text.
        if secret.contains('\0') {
            return Ok(None);
        }
        let stored = rows::newest(read, &purpose.identifier(secret)).await?;
        Ok(stored.and_then(|stored| self.unless_expired(stored)))
    }

    /// Takes out what is kept under a secret, if its time has not passed. Of two who bring the same secret one gets it.
    pub(crate) async fn take_verification(
        &self,
        tx: &mut Tx,
        purpose: Purpose,
        secret: &str,
    ) -> Result<Option<String>, Error> {
        if secret.contains('\0') {
            return Ok(None);
        }
        let taken = rows::take(tx, &purpose.identifier(secret)).await?;
        let newest = taken.into_iter().max_by_key(|stored| stored.expires_at);
        Ok(newest.and_then(|stored| self.unless_expired(stored)))
    }

    /// Makes every link worthless that was mailed to a user and waits to be followed.
    pub(crate) async fn forget_links(&self, tx: &mut Tx, user_id: &str) -> Result<(), Error> {
        rows::delete_links(tx, user_id).await?;
        Ok(())
    }

    /// Deletes what nobody can use any more.
    pub(crate) async fn sweep_verifications(&self) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        rows::delete_expired(&mut tx, self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    fn unless_expired(&self, stored: Stored) -> Option<String> {
        (self.clock.now() < stored.expires_at).then_some(stored.value)
    }
}
