//! Writing the audit log.

use countersign_db::Tx;

use super::{Event, rows};
use crate::{Engine, Error};

impl Engine {
    /// Keeps an event in the transaction that makes it true, tells the webhook, and says it in the log.
    pub(crate) async fn record(&self, tx: &mut Tx, event: Event<'_>) -> Result<(), Error> {
        let now = self.clock.now();
        rows::insert(tx, self.new_id(now), now, &event).await?;
        self.announce(tx, &event).await?;
        tracing::info!(
            event = event.name(),
            user = event.user_id(),
            session = event.session_id(),
            detail = event.detail(),
            "audit"
        );
        Ok(())
    }
}
