//! Accounts: the ways a user can prove to be one. The credential account holds the password hash.

pub(crate) mod actions;
mod linked;
mod reset;
pub(crate) mod rows;
pub(crate) mod rules;

use countersign_db::Timestamp;

pub use actions::{ChangePasswordError, CreateUserError, Existing, PasswordChanged, SetPasswordError};
pub use linked::UnlinkError;
pub use reset::{RequestResetError, ResetPasswordError, VerifyPasswordError};

/// An account, as the row says it; without tokens and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The id.
    pub id: String,
    /// What the provider calls the user; in a credential account the user's own id.
    pub account_id: String,
    /// Who vouches: `credential` for a password.
    pub provider_id: String,
    /// Whose it is.
    pub user_id: String,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What the user let us do at the provider, joined by commas.
    pub scope: Option<String>,
}
