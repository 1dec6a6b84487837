//! Webhooks: telling a program of ours elsewhere what happened, through the outbox, in the transaction in which it happened.

mod actions;
mod rules;

use countersign_db::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Kind {
    /// Somebody signed up, was created by an operator, or was imported.
    #[serde(rename = "user.created")]
    UserCreated,
    /// A user has another name, picture or role, an address that is shown to be theirs, or another field of one's own.
    #[serde(rename = "user.updated")]
    UserUpdated,
    /// A user is no more.
    #[serde(rename = "user.deleted")]
    UserDeleted,
    /// A user is suspended.
    #[serde(rename = "user.suspended")]
    UserSuspended,
    /// A suspension was lifted.
    #[serde(rename = "user.restored")]
    UserRestored,
    /// Somebody signed in.
    #[serde(rename = "session.created")]
    SessionCreated,
    /// Sessions of a user ended before their time.
    #[serde(rename = "session.revoked")]
    SessionRevoked,
}

/// A message that waits to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The id; the same each time it is sent.
    pub id: String,
    /// What happened: `user.created`.
    pub kind: String,
    /// What it says: JSON, to be sent as it is.
    pub payload: String,
    /// When it is not tried again any more.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Message {
    /// Without what it says of people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::UserCreated,
        Self::UserUpdated,
        Self::UserDeleted,
        Self::UserSuspended,
        Self::UserRestored,
        Self::SessionCreated,
        Self::SessionRevoked,
    ];

    /// Its name in a message.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserCreated => "user.created",
            Self::UserUpdated => "user.updated",
            Self::UserDeleted => "user.deleted",
            Self::UserSuspended => "user.suspended",
            Self::UserRestored => "user.restored",
            Self::SessionCreated => "session.created",
            Self::SessionRevoked => "session.revoked",
        }
    }
}
