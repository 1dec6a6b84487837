//! The public keys that verify access tokens.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{Anyone, Endpoint, Method, error::Never};

/// `GET /jwks`, where access tokens are signed with an asymmetric key.
#[derive(Debug)]
pub struct Get;

impl Endpoint for Get {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/jwks";
    const SUMMARY: &'static str = "The public keys that verify access tokens, as a JWK set (RFC 7517 section 5).";
    type Auth = Anyone;
    type Request = ();
    type Reply = Reply;
    type Error = Never;
}

/// A JWK set.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reply {
    /// The keys.
    pub keys: Vec<Value>,
}
