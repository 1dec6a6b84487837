//! Counting calls in the database.

use countersign_db::Tx;

use super::rows;
use super::rules::{Rule, TooMany};
use crate::{Engine, Error};

impl Engine {
    /// Counts a call under `key` for all nodes on this database, by the database's clock. Says how many calls that makes.
    ///
    /// # Errors
    /// [`Error::Database`]; then nothing was counted.
    pub async fn count_call(&self, key: &str, rule: Rule) -> Result<Result<u32, TooMany>, Error> {
        let mut tx = self.db.write().await?;
        let now = tx.clock().await?;
        let verdict = match rows::count(&mut tx, key, rule, now).await? {
            Some(count) => Ok(u32::try_from(count).unwrap_or(u32::MAX)),
            None => {
                let until = rows::until(&mut tx, key).await?.unwrap_or_default();
                Err(TooMany { wait_ms: until.saturating_sub(now.millis()) })
            }
        };
        tx.commit().await?;
        Ok(verdict)
    }

    /// Counts something within `tx`. False where it is one too many.
    pub(crate) async fn count_within(&self, tx: &mut Tx, key: &str, rule: Rule) -> Result<bool, Error> {
        let now = tx.clock().await?;
        Ok(rows::count(tx, key, rule, now).await?.is_some())
    }

    /// Forgets the calls that were counted under `key`.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn forget_calls(&self, key: &str) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        rows::delete(&mut tx, key).await?;
        Ok(tx.commit().await?)
    }

    /// Clears out counters that count nothing any more.
    pub(crate) async fn prune_counters(&self) -> Result<(), Error> {
        let mut tx = self.db.write().await?;
        let now = tx.clock().await?;
        rows::prune(&mut tx, now).await?;
        Ok(tx.commit().await?)
    }
}
