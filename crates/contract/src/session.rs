//! The session: reading one's own, listing and ending them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Anyone, Endpoint, FreshlySignedIn, Input, Issues, Method, Request, SignedIn, SignedInOrCached,
    error::Never,
    error::errors,
    request::{Additional, Record, request},
    user::User,
};

/// A session, as every reply shows one. Members are in Better Auth's order (docs/wire.md 7.1).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// When it ends: ISO 8601, UTC, milliseconds.
    pub expires_at: String,
    /// The session's token, which names it among the caller's own sessions. It is not a credential on its own.
    pub token: String,
    /// When it began.
    pub created_at: String,
    /// When it was last renewed.
    pub updated_at: String,
    /// The address it was made from; empty if unknown.
    pub ip_address: Option<String>,
    /// The agent it was made by; empty if it did not say.
    pub user_agent: Option<String>,
    /// Whose it is.
    pub user_id: String,
    /// The administrator who acts as this user, if one does.
    pub impersonated_by: Option<String>,
    /// The additional fields.
    #[serde(flatten)]
    pub additional: Additional,
    /// The session's id.
    pub id: String,
}

/// A session and its user.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionAndUser {
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
    /// Whether a `POST` should renew it; only where renewal is deferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_refresh: Option<bool>,
}

/// `{"status":true}`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StatusReply {
    /// Always true; a failure is an error.
    pub status: bool,
}

/// `GET` and `POST /get-session`.
#[derive(Debug)]
pub struct Get;

impl Endpoint for Get {
    const METHOD: Method = Method::GetAndPost;
    const PATH: &'static str = "/get-session";
    const SUMMARY: &'static str = "The caller's session and user, or null.";
    const READS_BODY: bool = false;
    type Auth = Anyone;
    type Request = GetRequest;
    type Reply = Option<SessionAndUser>;
    type Error = GetError;
}

/// What `/get-session` takes: nothing but what every endpoint that asks for a session reads in its query (docs/wire.md 6.2).
#[derive(Clone, Copy, Debug)]
pub struct GetRequest;

impl Request for GetRequest {
    fn decode(_: Input<'_>) -> Result<Self, Issues> {
        Ok(Self)
    }
    fn body_schema() -> Option<Value> {
        None
    }
    fn query_names() -> &'static [&'static str] {
        &["disableCookieCache", "disableRefresh"]
    }
}

errors! {
    /// Why `/get-session` refuses. To have no session is no error.
    pub enum GetError {
        DeferralRequired = 405 "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED" "POST method requires deferSessionRefresh to be enabled in session config",
        Vanished = 401 "FAILED_TO_GET_SESSION" "Failed to get session",
        Failed = 500 "FAILED_TO_GET_SESSION" "Failed to get session",
    }
}

/// `GET /list-sessions`.
#[derive(Debug)]
pub struct List;

impl Endpoint for List {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/list-sessions";
    const SUMMARY: &'static str = "The caller's live sessions.";
    type Auth = FreshlySignedIn;
    type Request = ();
    type Reply = Vec<Session>;
    type Error = Never;
}

/// `POST /update-session`.
#[derive(Debug)]
pub struct Update;

impl Endpoint for Update {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/update-session";
    const SUMMARY: &'static str = "Change additional fields of the caller's session.";
    type Auth = SignedInOrCached;
    type Request = Record;
    type Reply = UpdateReply;
    type Error = UpdateError;
}

/// What `POST /update-session` answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UpdateReply {
    /// The session as it is now.
    pub session: Session,
}

errors! {
    /// Why a session is not changed.
    pub enum UpdateError {
        FieldNotAllowed = 400 "FIELD_NOT_ALLOWED" "Field not allowed to be set",
        NoFields = 400 none "No fields to update",
        Invalid = 400 "VALIDATION_ERROR" "Validation Error",
        Vanished = 401 "FAILED_TO_GET_SESSION" "Failed to get session",
    }
}

/// `POST /revoke-session`.
#[derive(Debug)]
pub struct Revoke;

impl Endpoint for Revoke {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/revoke-session";
    const SUMMARY: &'static str = "End one of the caller's sessions.";
    type Auth = SignedIn;
    type Request = RevokeRequest;
    type Reply = StatusReply;
    type Error = Never;
}

request! {
    /// What `POST /revoke-session` takes.
    pub struct RevokeRequest { body;
        /// The token of the session to end, as the list shows it.
        "token" => token: String,
    }
}

/// `POST /revoke-sessions`.
#[derive(Debug)]
pub struct RevokeAll;

impl Endpoint for RevokeAll {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/revoke-sessions";
    const SUMMARY: &'static str = "End every session of the caller.";
    type Auth = SignedIn;
    type Request = ();
    type Reply = StatusReply;
    type Error = Never;
}

/// `POST /revoke-other-sessions`.
#[derive(Debug)]
pub struct RevokeOthers;

impl Endpoint for RevokeOthers {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/revoke-other-sessions";
    const SUMMARY: &'static str = "End every session of the caller but this one.";
    type Auth = SignedIn;
    type Request = ();
    type Reply = StatusReply;
    type Error = Never;
}
