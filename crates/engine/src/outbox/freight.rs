//! What waits in the outbox.

use std::borrow::Cow;

use countersign_db::{Error, Row, Timestamp};

use super::rows::Written;
use super::{Kind, Letter};
use crate::webhook::Message;

/// A [`Letter`], or a [`Message`] for a webhook.
pub trait Freight: Sized + Send + Sync + 'static {
    /// Whether it is for the webhook.
    const FOR_WEBHOOK: bool;
    /// What it is called in the log.
    const CALLED: &'static str;
    /// Why it is worth nothing when its time has passed.
    const EXPIRED: &'static str;

    /// Reads a row of the outbox with its content. None if this program cannot read it.
    ///
    /// # Errors
    /// [`Error::Column`] when a column is not what it must be.
    fn from_content(row: &Row<'_>, content: &str) -> Result<Option<Self>, Error>;

    /// Its id, its kind, and when its time has passed.
    fn about(&self) -> (&str, &str, Timestamp);
}

impl Freight for Letter {
    const FOR_WEBHOOK: bool = false;
    const CALLED: &'static str = "letter";
    const EXPIRED: &'static str = "its link has expired";

    fn from_content(row: &Row<'_>, content: &str) -> Result<Option<Self>, Error> {
        let (kind, written) = (Kind::named(&row.text("kind")?), serde_json::from_str::<Written<'_>>(content));
        let (Some(kind), Ok(written)) = (kind, written) else { return Ok(None) };
        Ok(Some(Self {
            id: row.text("id")?,
            kind,
            to: row.text("recipient")?,
            content: written.content,
            language: written.language.map(Cow::into_owned),
            created_at: Timestamp::from_millis(row.int("createdAt")?),
            expires_at: Timestamp::from_millis(row.int("expiresAt")?),
        }))
    }

    fn about(&self) -> (&str, &str, Timestamp) {
        (&self.id, self.kind.name(), self.expires_at)
    }
}

impl Freight for Message {
    const FOR_WEBHOOK: bool = true;
    const CALLED: &'static str = "message";
    const EXPIRED: &'static str = "it was not taken for too long";

    fn from_content(row: &Row<'_>, content: &str) -> Result<Option<Self>, Error> {
        Ok(Some(Self {
            id: row.text("id")?,
            kind: row.text("recipient")?,
            payload: content.to_owned(),
            expires_at: Timestamp::from_millis(row.int("expiresAt")?),
        }))
    }

    fn about(&self) -> (&str, &str, Timestamp) {
        (&self.id, &self.kind, self.expires_at)
    }
}
