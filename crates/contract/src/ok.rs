//! Whether the server answers.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Anyone, Endpoint, Method, error::Never};

/// `GET /ok`.
#[derive(Debug)]
pub struct Get;

impl Endpoint for Get {
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/ok";
    const SUMMARY: &'static str = "Whether the server answers.";
    type Auth = Anyone;
    type Request = ();
    type Reply = Reply;
    type Error = Never;
}

/// `{"ok":true}`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reply {
    /// Always true.
    pub ok: bool,
}
