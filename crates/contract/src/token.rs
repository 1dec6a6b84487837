//! Asking for an access token.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Endpoint, Method, SignedIn, error::Never};

/// `GET /token`.
#[derive(Debug)]
pub struct Get;

impl Endpoint for Get {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/token";
    const SUMMARY: &'static str = "A new access token for the caller's session.";
    type Auth = SignedIn;
    type Request = ();
    type Reply = Reply;
    type Error = Never;
}

/// What `GET /token` answers.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Reply {
    /// The access token.
    pub token: String,
}
