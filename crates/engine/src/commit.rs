//! A commit and what this process learns of it: both or neither.

use countersign_db::Tx;

use crate::{Engine, Error, db};

impl Engine {
    /// Commits `tx`, then lets `tell` forget what it changed. A request may be given up at any moment, also while the
    /// database commits; then the caches would go on saying what was true before. So both are done in a task of their
    /// own, which comes to its end whoever waits for it.
    ///
    /// # Errors
    /// [`Error::Database`] when nothing was committed.
    pub(crate) async fn commit(&self, tx: Tx, tell: impl FnOnce(&Self) + Send + 'static) -> Result<(), Error> {
        let engine = self.clone();
        let both = tokio::spawn(async move {
            tx.commit().await?;
            engine.tell_sender();
            tell(&engine);
            Ok(())
        });
        both.await.map_err(|_| db::Error::Unreachable("the runtime ended before the commit".to_owned()))?
    }
}
