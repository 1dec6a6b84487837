//! Renewing a session with a refresh token.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Anyone, Endpoint, FreshlySignedIn, Method, error::errors, request::request, session::Session, user::User};

/// `POST /refresh/start`.
#[derive(Debug)]
pub struct Start;

impl Endpoint for Start {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/refresh/start";
    const SUMMARY: &'static str = "The refresh token of the caller's session.";
    type Auth = FreshlySignedIn;
    type Request = ();
    type Reply = StartReply;
    type Error = StartError;
}

/// What `POST /refresh/start` answers.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartReply {
    /// The refresh token: to be kept as a password is, and used once.
    pub refresh_token: String,
    /// When it ends unless it is used: ISO 8601, UTC, milliseconds.
    pub expires_at: String,
}

errors! {
    /// Why no refresh token is handed out.
    pub enum StartError {
        Vanished = 401 "UNAUTHORIZED" "Unauthorized",
    }
}

/// `POST /refresh`.
#[derive(Debug)]
pub struct Refresh;

impl Endpoint for Refresh {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/refresh";
    const SUMMARY: &'static str = "Renew a session with its refresh token.";
    type Auth = Anyone;
    type Request = RefreshRequest;
    type Reply = RefreshReply;
    type Error = RefreshError;
}

request! {
    /// What `POST /refresh` takes.
    pub struct RefreshRequest { body;
        /// The refresh token last handed out.
        "refreshToken" => refresh_token: String,
    }
}

/// What `POST /refresh` answers.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshReply {
    /// An access token.
    pub token: String,
    /// When the access token ends: ISO 8601, UTC, milliseconds.
    pub token_expires_at: String,
    /// The server's clock, for clients whose own is wrong: ISO 8601, UTC, milliseconds.
    pub server_time: String,
    /// The refresh token to use the next time; the one that was sent is spent.
    pub refresh_token: String,
    /// When the refresh token, and the session, ends unless it is used: ISO 8601, UTC, milliseconds.
    pub expires_at: String,
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
}

errors! {
    /// Why a refresh token renews nothing. The first answer is one for all: a token that was never ours, was spent, or whose
    /// session is over.
    pub enum RefreshError {
        Invalid = 401 "INVALID_REFRESH_TOKEN" "Invalid refresh token",
        EmailNotVerified = 403 "EMAIL_NOT_VERIFIED" "Email not verified",
        BannedUser = 403 "BANNED_USER" "You have been banned from this application. Please contact support if you believe this is an error.",
    }
}
