//! What users may do with their own account.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, Problems, Transport};

/// Taking another address.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeEmail {
    /// Whether users may take another address.
    pub enabled: bool,
    /// Whether the old address must agree first, by a link that is mailed to it, if it is known to be the user's. Better Auth's
    /// default is false; then whoever gets hold of a session for a moment can take the account with it for good.
    pub send_change_email_confirmation: bool,
    /// Whether a user whose address is not known to be theirs has the new one at once. It is not known to be theirs either.
    pub update_email_without_verification: bool,
}

impl Default for ChangeEmail {
    fn default() -> Self {
        Self { enabled: false, send_change_email_confirmation: true, update_email_without_verification: false }
    }
}

/// Deleting oneself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeleteUser {
    /// Whether users may delete themselves.
    pub enabled: bool,
    /// Whether they must follow a link that is mailed to them; not where `email.transport` is off. Better Auth's default is
    /// false; then whoever gets hold of a young session for a moment can delete the account.
    pub send_delete_account_verification: bool,
    /// Seconds such a link is good for.
    pub delete_token_expires_in: u32,
}

impl DeleteUser {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems.unless(self.delete_token_expires_in > 0, "user.delete_user.delete_token_expires_in", || {
            "must be at least 1 second".to_owned()
        });
    }
}

impl Default for DeleteUser {
    fn default() -> Self {
        Self { enabled: false, send_delete_account_verification: true, delete_token_expires_in: 86_400 }
    }
}

impl Config {
    /// Whether users who delete themselves must follow a link.
    #[must_use]
    pub fn confirms_deletions(&self) -> bool {
        self.user.delete_user.send_delete_account_verification && self.transport() != Transport::Off
    }
}
