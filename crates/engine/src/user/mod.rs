//! The user: who may exist, who is suspended, what one may change about oneself.

pub(crate) mod actions;
mod delete;
pub(crate) mod rows;
pub mod rules;

use countersign_db::{Additional, Timestamp, Value as Stored};
use countersign_token::REGISTERED;
use serde_json::{Map, Value, json};

pub use actions::{NewUser, Profile, UpdateError, Who};
pub use delete::{DeleteUserError, Deletion, DeletionProof, FollowDeletionError};

/// The longest address of a picture that goes into a token, in bytes: pictures may lie in the address itself, and a token of
/// more than 8 KiB is taken by nobody (security T16).
const IMAGE_CLAIM: usize = 1024;

/// A user, as the row says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id: a UUIDv7 for users we make, any text in a database we found.
    pub id: String,
    /// The display name.
    pub name: String,
    /// The e-mail address, in lower case.
    pub email: String,
    /// Whether the address was proven.
    pub email_verified: bool,
    /// The address of a picture.
    pub image: Option<String>,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
    /// The roles, joined by commas.
    pub role: Option<String>,
    /// Whether the user is suspended.
    pub banned: Option<bool>,
    /// Why.
    pub ban_reason: Option<String>,
    /// Until when; none means for good.
    pub ban_expires: Option<Timestamp>,
    /// The additional fields.
    pub additional: Additional,
}

impl User {
    /// The public user as claims beside `sub` and `email`, with Better Auth's names (docs/wire.md 11.1).
    pub(crate) fn as_claims(&self) -> Map<String, Value> {
        let time = |instant: Option<Timestamp>| instant.map(Timestamp::to_iso);
        let claims = [
            ("name", json!(self.name)),
            ("emailVerified", json!(self.email_verified)),
            ("image", json!(self.image.as_ref().filter(|image| image.len() <= IMAGE_CLAIM))),
            ("createdAt", json!(time(Some(self.created_at)))),
            ("updatedAt", json!(time(Some(self.updated_at)))),
            ("role", json!(self.role)),
            ("banned", json!(self.banned)),
            ("banReason", json!(self.ban_reason)),
            ("banExpires", json!(time(self.ban_expires))),
            ("id", json!(self.id)),
        ];
        let claims = claims.into_iter().map(|(name, value)| (name.to_owned(), value));
        let additional = self.additional.shown().filter(|(name, _)| !REGISTERED.contains(name));
        claims.chain(additional.map(|(name, value)| (name.to_owned(), Stored::to_json(value)))).collect()
    }
}
