//! Asking for an access token.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Endpoint, Method, SignedInOrCached, error::Never};

/// `GET /token`.
#[derive(Debug)]
pub struct Get;

impl Endpoint for Get {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/token";
    const SUMMARY: &'static str = "A new access token for the caller's session.";
    type Auth = SignedInOrCached;
    type Request = ();
    type Reply = Reply;
    type Error = Never;
}

/// What `GET /token` answers.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// The access token.
    pub token: String,
    /// When it ends: ISO 8601, UTC, milliseconds.
    pub expires_at: String,
    /// The server's clock, for clients whose own is wrong: ISO 8601, UTC, milliseconds.
    pub server_time: String,
    /// The id of the session it is of.
    pub sid: String,
}
