//! Changing one's password, confirming it, and choosing another when it is forgotten.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Address, Answers, Anyone, Endpoint, Field, Input, Issues, Method, Never, Request, SignedIn, error::errors,
    request::Body, request::object, request::request, session::StatusReply, user::User,
};

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
        PasswordCompromised = 400 "PASSWORD_COMPROMISED" "The password you entered has been compromised. Please choose a different password.",
        CredentialAccountNotFound = 400 "CREDENTIAL_ACCOUNT_NOT_FOUND" "Credential account not found",
        InvalidPassword = 400 "INVALID_PASSWORD" "Invalid password",
        BannedUser = 403 "BANNED_USER" "You have been banned from this application. Please contact support if you believe this is an error.",
        FailedToCreateSession = 500 "FAILED_TO_GET_SESSION" "Failed to get session",
    }
}

/// `POST /verify-password`.
#[derive(Debug)]
pub struct Verify;

impl Endpoint for Verify {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/verify-password";
    const SUMMARY: &'static str = "Whether the caller knows the password, before something that matters.";
    type Auth = SignedIn;
    type Request = VerifyRequest;
    type Reply = StatusReply;
    type Error = VerifyError;
}

request! {
    /// What `POST /verify-password` takes.
    pub struct VerifyRequest { body;
        /// The password.
        "password" => password: String,
    }
}

errors! {
    /// Why a password is not confirmed.
    pub enum VerifyError {
        PasswordTooLong = 400 "PASSWORD_TOO_LONG" "Password too long",
        InvalidPassword = 400 "INVALID_PASSWORD" "Invalid password",
    }
}

/// `POST /request-password-reset`.
#[derive(Debug)]
pub struct RequestReset;

impl Endpoint for RequestReset {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/request-password-reset";
    const SUMMARY: &'static str = "Mail a link to choose another password, if there is a user with this address.";
    type Auth = Anyone;
    type Request = RequestResetRequest;
    type Reply = RequestResetReply;
    type Error = RequestResetError;
}

request! {
    /// What `POST /request-password-reset` takes.
    pub struct RequestResetRequest { body;
        /// The e-mail address.
        "email" => email: Address,
        /// Where the link leads, with `token` or `error` in its query.
        "redirectTo" => redirect_to: Option<String>,
    }
}

/// What asking for a link answers, whether or not there is such a user.
#[derive(Clone, Serialize, JsonSchema)]
pub struct RequestResetReply {
    /// Always true.
    pub status: bool,
    /// A sentence for people.
    pub message: &'static str,
}

errors! {
    /// Why no link is sent.
    pub enum RequestResetError {
        Disabled = 400 "RESET_PASSWORD_DISABLED" "Reset password isn't enabled",
    }
}

/// `GET /reset-password/{token}`: the link in the mail.
#[derive(Debug)]
pub struct ResetLink;

impl Endpoint for ResetLink {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/reset-password/{token}";
    const SUMMARY: &'static str = "The link of a mail: sends on to callbackURL, with token or error in its query.";
    const LEADS_ELSEWHERE: bool = true;
    const ANSWERS: Answers = Answers::Redirect;
    type Auth = Anyone;
    type Request = ResetLinkRequest;
    type Reply = ();
    type Error = Never;
}

/// What the link holds.
pub struct ResetLinkRequest {
    /// The secret.
    pub token: String,
    /// Where it leads.
    pub callback_url: String,
}

impl Request for ResetLinkRequest {
    fn decode(input: Input<'_>) -> Result<Self, Issues> {
        let mut issues = Issues::default();
        let callback_url = input.query.required_text("callbackURL", &mut issues);
        issues.or(Self { token: input.path.to_owned(), callback_url })
    }
    fn body_schema() -> Option<Value> {
        None
    }
    fn query_names() -> &'static [&'static str] {
        &["callbackURL"]
    }
    fn required_query_names() -> &'static [&'static str] {
        Self::query_names()
    }
}

/// `POST /reset-password`.
#[derive(Debug)]
pub struct Reset;

impl Endpoint for Reset {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/reset-password";
    const SUMMARY: &'static str = "Choose another password with the token of a link.";
    type Auth = Anyone;
    type Request = ResetRequest;
    type Reply = StatusReply;
    type Error = ResetError;
}

/// What `POST /reset-password` takes.
pub struct ResetRequest {
    /// The password to have.
    pub new_password: String,
    /// The secret of the link; in the body, or else in the query.
    pub token: Option<String>,
}

impl Request for ResetRequest {
    fn decode(input: Input<'_>) -> Result<Self, Issues> {
        let mut issues = Issues::default();
        let Some(members) = object(input.body, Body::Object, &mut issues) else { return Err(issues) };
        let member = |name: &str| members.and_then(|members| members.get(name));
        let new_password = String::decode(member("newPassword"), "body.newPassword", &mut issues);
        let in_body = Option::<String>::decode(member("token"), "body.token", &mut issues);
        let in_query = input.query.text("token", &mut issues).map(str::to_owned);
        let in_body = in_body.flatten().filter(|token| !token.is_empty());
        issues.or(Self { new_password: new_password.unwrap_or_default(), token: in_body.or(in_query) })
    }
    fn body_schema() -> Option<Value> {
        let text = json!({ "type": "string" });
        Some(json!({
            "type": "object",
            "properties": { "newPassword": text, "token": text },
            "required": ["newPassword"],
        }))
    }
    fn query_names() -> &'static [&'static str] {
        &["token"]
    }
}

errors! {
    /// Why a password is not reset.
    pub enum ResetError {
        InvalidToken = 400 "INVALID_TOKEN" "Invalid token",
        PasswordTooShort = 400 "PASSWORD_TOO_SHORT" "Password too short",
        PasswordTooLong = 400 "PASSWORD_TOO_LONG" "Password too long",
        PasswordCompromised = 400 "PASSWORD_COMPROMISED" "The password you entered has been compromised. Please choose a different password.",
        UserNotFound = 400 "USER_NOT_FOUND" "User not found",
    }
}
