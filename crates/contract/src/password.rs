//! Changing one's password.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Endpoint, Method, SignedIn, error::errors, request::request, user::User};

/// `POST /change-password`.
#[derive(Debug)]
pub struct Change;

impl Endpoint for Change {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/change-password";
    const SUMMARY: &'static str = "Change the caller's password; end the other sessions if asked.";
    type Auth = SignedIn;
    type Request = ChangeRequest;
    type Reply = ChangeReply;
    type Error = ChangeError;
}

request! {
    /// What `POST /change-password` takes.
    pub struct ChangeRequest { body;
        /// The password to have.
        "newPassword" => new_password: String,
        /// The password that is.
        "currentPassword" => current_password: String,
        /// Whether every session ends and a new one begins here.
        "revokeOtherSessions" => revoke_other_sessions: Option<bool>,
    }
}

/// What changing a password answers.
#[derive(Clone, Serialize, JsonSchema)]
pub struct ChangeReply {
    /// An access token of the new session, where the others were ended.
    pub token: Option<String>,
    /// The user.
    pub user: User,
}

errors! {
    /// Why a change of password is refused.
    pub enum ChangeError {
        PasswordTooShort = 400 "PASSWORD_TOO_SHORT" "Password too short",
        PasswordTooLong = 400 "PASSWORD_TOO_LONG" "Password too long",
        CredentialAccountNotFound = 400 "CREDENTIAL_ACCOUNT_NOT_FOUND" "Credential account not found",
        InvalidPassword = 400 "INVALID_PASSWORD" "Invalid password",
        BannedUser = 403 "BANNED_USER" "You have been banned from this application. Please contact support if you believe this is an error.",
        FailedToCreateSession = 500 "FAILED_TO_GET_SESSION" "Failed to get session",
    }
}
