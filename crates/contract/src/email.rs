//! Addresses: showing that one is its user's, and taking another.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Address, Answers, Endpoint, Input, Issues, Method, PerhapsSignedIn, Request, SignedIn, error::errors,
    request::request, session::StatusReply, user::User,
};

/// `POST /send-verification-email`.
#[derive(Debug)]
pub struct SendVerification;

impl Endpoint for SendVerification {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/send-verification-email";
    const SUMMARY: &'static str =
        "Mail a link that shows an address to be its user's, if there is such a user and it is not known.";
    type Auth = PerhapsSignedIn;
    type Request = SendVerificationRequest;
    type Reply = StatusReply;
    type Error = SendVerificationError;
}

request! {
    /// What `POST /send-verification-email` takes.
    pub struct SendVerificationRequest { body;
        /// The e-mail address.
        "email" => email: Address,
        /// Where the link leads in the end.
        "callbackURL" => callback_url: Option<String>,
    }
}

errors! {
    /// Why no link is mailed. All but the first are told to the user alone whose session it is.
    pub enum SendVerificationError {
        Disabled = 400 "VERIFICATION_EMAIL_NOT_ENABLED" "Verification email isn't enabled",
        Mismatch = 400 "EMAIL_MISMATCH" "Email mismatch",
        AlreadyVerified = 400 "EMAIL_ALREADY_VERIFIED" "Email is already verified",
    }
}

/// `GET /verify-email`: the link in the mail.
#[derive(Debug)]
pub struct Verify;

impl Endpoint for Verify {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/verify-email";
    const SUMMARY: &'static str = "The link of a mail: does what it was mailed for, and sends on to callbackURL, with error in its query where it fails.";
    const LEADS_ELSEWHERE: bool = true;
    const ANSWERS: Answers = Answers::ReplyOrRedirect;
    type Auth = PerhapsSignedIn;
    type Request = LinkRequest;
    type Reply = VerifyReply;
    type Error = VerifyError;
}

/// What a link of a mail holds.
pub struct LinkRequest {
    /// The token.
    pub token: String,
    /// Where it leads in the end.
    pub callback_url: Option<String>,
}

impl Request for LinkRequest {
    fn decode(input: Input<'_>) -> Result<Self, Issues> {
        let mut issues = Issues::default();
        let token = input.query.required_text("token", &mut issues);
        let callback_url = input.query.text("callbackURL", &mut issues).map(str::to_owned);
        issues.or(Self { token, callback_url })
    }
    fn body_schema() -> Option<Value> {
        None
    }
    fn query_names() -> &'static [&'static str] {
        &["token", "callbackURL"]
    }
    fn required_query_names() -> &'static [&'static str] {
        &["token"]
    }
}

/// What following the link answers where it leads nowhere else.
#[derive(Clone, Serialize, JsonSchema)]
pub struct VerifyReply {
    /// Always true; a failure is an error.
    pub status: bool,
    /// The user whose address changed; null where one was shown to be theirs, absent where the old one agreed to be changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Option<User>>,
}

errors! {
    /// Why the link comes to nothing. Those of 401 stand in the query where the link leads elsewhere.
    pub enum VerifyError {
        TokenExpired = 401 "TOKEN_EXPIRED" "Token expired",
        InvalidToken = 401 "INVALID_TOKEN" "Invalid token",
        UserNotFound = 401 "USER_NOT_FOUND" "User not found",
        InvalidUser = 401 "INVALID_USER" "Invalid user",
        BannedUser = 403 "BANNED_USER" "You have been banned from this application. Please contact support if you believe this is an error.",
        FailedToCreateSession = 500 "FAILED_TO_CREATE_SESSION" "Failed to create session",
    }
}

/// `POST /change-email`.
#[derive(Debug)]
pub struct Change;

impl Endpoint for Change {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/change-email";
    const SUMMARY: &'static str =
        "Ask for another address, which is the caller's once a link was followed that is mailed to it.";
    type Auth = SignedIn;
    type Request = ChangeRequest;
    type Reply = StatusReply;
    type Error = ChangeError;
}

request! {
    /// What `POST /change-email` takes.
    pub struct ChangeRequest { body;
        /// The other address.
        "newEmail" => new_email: Address,
        /// Where the links lead in the end.
        "callbackURL" => callback_url: Option<String>,
    }
}

errors! {
    /// Why another address is not asked for. That it is taken is no reason that is told.
    pub enum ChangeError {
        Disabled = 400 "CHANGE_EMAIL_DISABLED" "Change email is disabled",
        Same = 400 none "Email is the same",
        NoMail = 400 none "Verification email isn't enabled",
    }
}
