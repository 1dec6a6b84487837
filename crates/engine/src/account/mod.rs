//! Accounts: the ways a user can prove to be one. Here the credential account, which holds the password hash.

pub(crate) mod actions;
pub(crate) mod rows;
pub(crate) mod rules;

pub use actions::{ChangePasswordError, CreateUserError, PasswordChanged};
