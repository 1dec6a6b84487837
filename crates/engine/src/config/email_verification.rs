//! Showing that an address is its user's.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, Problems, Transport};

/// Showing that an address is its user's.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EmailVerification {
    /// Whether users may have a link mailed that shows their address to be theirs; not where `email.transport` is off.
    pub send_verification_email: bool,
    /// Whether signing up mails such a link. Without it: where `email_and_password.require_email_verification` is true.
    pub send_on_sign_up: Option<bool>,
    /// Whether a sign-in that `email_and_password.require_email_verification` refuses mails such a link.
    pub send_on_sign_in: bool,
    /// Whether following such a link signs in.
    pub auto_sign_in_after_verification: bool,
    /// Seconds such a link is good for, and one that changes an address.
    pub expires_in: u32,
}

impl EmailVerification {
    pub(super) fn check(&self, problems: &mut Problems) {
        problems
            .unless(self.expires_in > 0, "email_verification.expires_in", || "must be at least 1 second".to_owned());
    }
}

impl Config {
    /// Whether links are mailed that show an address to be its user's.
    #[must_use]
    pub fn verifies_emails(&self) -> bool {
        self.email_verification.send_verification_email && self.transport() != Transport::Off
    }

    /// Whether signing up mails such a link.
    #[must_use]
    pub fn verifies_on_sign_up(&self) -> bool {
        let required = self.email_and_password.require_email_verification;
        self.verifies_emails() && self.email_verification.send_on_sign_up.unwrap_or(required)
    }

    /// Whether a sign-in mails such a link that is refused for the want of it.
    #[must_use]
    pub fn verifies_on_sign_in(&self) -> bool {
        let required = self.email_and_password.require_email_verification;
        required && self.verifies_emails() && self.email_verification.send_on_sign_in
    }
}

impl Default for EmailVerification {
    fn default() -> Self {
        Self {
            send_verification_email: true,
            send_on_sign_up: None,
            send_on_sign_in: false,
            auto_sign_in_after_verification: false,
            expires_in: 3_600,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_up_mails_a_link_where_one_is_needed_unless_told_otherwise() {
        let mut config = Config::default();
        assert!(config.verifies_emails() && !config.verifies_on_sign_up());
        config.email_verification.send_on_sign_up = Some(true);
        assert!(config.verifies_on_sign_up());
        config.email_verification.send_on_sign_up = None;
        config.email_and_password.require_email_verification = true;
        assert!(config.verifies_on_sign_up() && !config.verifies_on_sign_in());
        config.email_verification.send_on_sign_in = true;
        assert!(config.verifies_on_sign_in());
        config.email.transport = Transport::Off;
        assert!(!config.verifies_emails() && !config.verifies_on_sign_up() && !config.verifies_on_sign_in());
    }
}
