//! The user: who may exist, who is suspended, what one may change about oneself.

pub(crate) mod actions;
pub(crate) mod rows;
pub mod rules;

use countersign_db::Timestamp;

pub use actions::{NewUser, UpdateError, Who};

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
}
