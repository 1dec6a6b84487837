//! What stands between a proven identity and a session. Walked at every sign-in and again at every renewal.

use countersign_db::Timestamp;

use crate::User;
use crate::config::Config;
use crate::user::rules::is_suspended;

/// A gate that is closed to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// The configuration demands a proven address and this one is not.
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// The user is suspended. Told only to who has proven to be the user (security S6).
    #[error("the user is suspended")]
    Suspended,
}

/// Walks every gate, in the order in which Better Auth reports them.
///
/// # Errors
/// The first gate that is closed.
pub fn walk(user: &User, config: &Config, now: Timestamp) -> Result<(), Closed> {
    if must_prove_address(user, config) {
        return Err(Closed::EmailNotVerified);
    }
    if is_suspended(user, now) {
        return Err(Closed::Suspended);
    }
    Ok(())
}

/// Whether the first gate is closed: it opens when the user follows a link that is mailed.
pub(super) fn must_prove_address(user: &User, config: &Config) -> bool {
    config.email_and_password.require_email_verification && !user.email_verified
}
