//! The links of mails. They are built from the configured address alone, never from what a request says of itself
//! (security O5).

use countersign_engine::outbox::{Kind, Letter};

use crate::config::Config;
use crate::http::cookie::escape;

/// The page a reset link leads to where the caller named none.
pub(crate) const RESET_PAGE: &str = "/new-password";

/// The page that says what became of any other link, where a page asked for the mail.
pub(crate) const LINK_PAGE: &str = "/confirm-email";

/// What it says where an address was shown to be its user's.
pub(crate) const CONFIRMED_PAGE: &str = "/confirm-email?done=confirmed";

/// What it says where the old address agreed to another, which is then written to.
pub(crate) const AGREED_PAGE: &str = "/confirm-email?done=agreed";

/// What it says where the user has the other address.
pub(crate) const CHANGED_PAGE: &str = "/confirm-email?done=changed";

/// The page on which somebody who is to be deleted says so once more. If a page asked for the mail, its link leads here and not
/// to the endpoint: looking at it deletes nobody, and who is not signed in there can do so first.
pub(crate) const DELETION_PAGE: &str = "/account/delete";

/// Where who has an account already goes on.
const SIGN_IN_PAGE: &str = "/sign-in";

/// Where any other link leads where the caller named nothing, as at Better Auth.
const HOME: &str = "/";

/// The address in a mail.
pub(super) fn url(letter: &Letter, config: &Config) -> String {
    let (base, token) = (config.endpoints(), escape(&letter.content.token));
    let callback = letter.content.callback_url.as_deref().filter(|url| !url.is_empty());
    match letter.kind {
        Kind::ResetPassword => {
            format!("{base}/reset-password/{token}?callbackURL={}", escape(callback.unwrap_or(RESET_PAGE)))
        }
        Kind::VerifyEmail | Kind::ChangeEmailConfirmation | Kind::ChangeEmailVerification => {
            format!("{base}/verify-email?token={token}&callbackURL={}", escape(callback.unwrap_or(HOME)))
        }
        Kind::DeleteAccount if callback == Some(DELETION_PAGE) => {
            format!("{}{DELETION_PAGE}?token={token}", config.engine.base_url.origin())
        }
        Kind::SignUpAttempt => format!("{}{SIGN_IN_PAGE}", config.engine.base_url.origin()),
        Kind::DeleteAccount => {
            format!("{base}/delete-user/callback?token={token}&callbackURL={}", escape(callback.unwrap_or(HOME)))
        }
    }
}
