//! Signing in.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Anyone, Endpoint, Method, error::errors, request::request, user::User};

/// `POST /sign-in/email`.
#[derive(Debug)]
pub struct Email;

impl Endpoint for Email {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/sign-in/email";
    const SUMMARY: &'static str = "Sign in with an e-mail address and a password.";
    const TAKES_FORMS: bool = true;
    const FORM_CSRF: bool = true;
    type Auth = Anyone;
    type Request = EmailRequest;
    type Reply = Reply;
    type Error = EmailError;
}

request! {
    /// What `POST /sign-in/email` takes.
    pub struct EmailRequest { body;
        /// The e-mail address.
        "email" => email: String,
        /// The password.
        "password" => password: String,
        /// Where the client goes afterwards.
        "callbackURL" => callback_url: Option<String>,
        /// Whether the session outlives the browser's; true if not said.
        "rememberMe" => remember_me: Option<bool>,
    }
}

/// What signing in answers.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Reply {
    /// Whether the client should go to `url`.
    pub redirect: bool,
    /// An access token.
    pub token: String,
    /// The `callbackURL` of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The user.
    pub user: User,
}

errors! {
    /// Why a sign-in is refused.
    pub enum EmailError {
        Disabled = 400 "EMAIL_PASSWORD_DISABLED" "Email and password is not enabled",
        InvalidEmail = 400 "INVALID_EMAIL" "Invalid email",
        PasswordTooLong = 400 "PASSWORD_TOO_LONG" "Password too long",
        InvalidEmailOrPassword = 401 "INVALID_EMAIL_OR_PASSWORD" "Invalid email or password",
        EmailNotVerified = 403 "EMAIL_NOT_VERIFIED" "Email not verified",
        BannedUser = 403 "BANNED_USER" "You have been banned from this application. Please contact support if you believe this is an error.",
        FailedToCreateSession = 401 "FAILED_TO_CREATE_SESSION" "Failed to create session",
    }
}
