//! The session: finding it, renewing it, listing and ending it.

pub(crate) mod actions;
mod remembered;
pub(crate) mod rows;
pub mod rules;

use countersign_db::{Additional, Timestamp};

pub use actions::{Found, Presented, Renewal, SessionError, UpdateSessionError};
pub use remembered::Remembered;

/// A session, as the row says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id, which access tokens carry as `sid`.
    pub id: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// What the session cookie carries.
    pub token: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last renewed.
    pub updated_at: Timestamp,
    /// The address it was made from.
    pub ip_address: Option<String>,
    /// The agent it was made by.
    pub user_agent: Option<String>,
    /// Whose it is.
    pub user_id: String,
    /// The administrator who acts as this user.
    pub impersonated_by: Option<String>,
    /// Whether it ends with the browser's and is never renewed.
    pub dont_remember: bool,
    /// The additional fields.
    pub additional: Additional,
}
