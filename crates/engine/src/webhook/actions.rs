//! Writing messages.

use countersign_db::Tx;
use serde_json::Value;

use super::{Kind, rules};
use crate::audit::Event;
use crate::outbox::rows::{self, New};
use crate::session::rows::Ended;
use crate::{Engine, Error};

impl Engine {
    /// Writes what an event means for the receiver, in the transaction that makes it true. What other programs do to the
    /// database is not told.
    pub(crate) async fn announce(&self, tx: &mut Tx, event: &Event<'_>) -> Result<(), Error> {
        let kind = match event {
            Event::UserCreated { .. } | Event::UserImported { .. } => Kind::UserCreated,
            Event::UserUpdated { .. }
            | Event::RoleSet { .. }
            | Event::EmailVerified { .. }
            | Event::EmailChanged { .. } => Kind::UserUpdated,
            Event::UserDeleted { .. } => Kind::UserDeleted,
            Event::UserSuspended { .. } => Kind::UserSuspended,
            Event::UserRestored { .. } => Kind::UserRestored,
            Event::SignedIn { .. } => Kind::SessionCreated,
            _ => return Ok(()),
        };
        if !self.config.webhooks.tell(kind) {
            return Ok(());
        }
        let data = match event {
            Event::SignedIn { session, .. } => rules::session(session),
            Event::UserDeleted { user, .. } => rules::former_user(user),
            _ => match self.user_within(tx, event.user_id()).await? {
                Some(user) => rules::user(&user),
                None => return Ok(()),
            },
        };
        self.write_message(tx, kind, data).await
    }

    /// The same of sessions that ended, whatever ended them.
    pub(crate) async fn announce_ended(&self, tx: &mut Tx, user_id: &str, ended: &[Ended]) -> Result<(), Error> {
        if ended.is_empty() || !self.config.webhooks.tell(Kind::SessionRevoked) {
            return Ok(());
        }
        let ids: Vec<&str> = ended.iter().map(|Ended(id)| id.as_str()).collect();
        self.write_message(tx, Kind::SessionRevoked, rules::ended(user_id, &ids)).await
    }

    async fn write_message(&self, tx: &mut Tx, kind: Kind, data: Value) -> Result<(), Error> {
        let now = self.clock.now();
        let expires_at = now.plus_seconds(self.config.webhooks.give_up_after.into());
        let (id, content) = (self.new_id(now), rules::payload(kind, &now.to_iso(), data));
        rows::insert(tx, New { id, kind: rows::WEBHOOK, to: kind.name(), content, now, expires_at }).await?;
        Ok(())
    }
}
