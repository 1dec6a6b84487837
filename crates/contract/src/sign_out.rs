//! Signing out.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Anyone, Endpoint, Method, error::Never, request::request};

/// `POST /sign-out`.
#[derive(Debug)]
pub struct SignOut;

impl Endpoint for SignOut {
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/sign-out";
    const SUMMARY: &'static str = "End the caller's session, if there is one.";
    type Auth = Anyone;
    type Request = SignOutRequest;
    type Reply = Reply;
    type Error = Never;
}

request! {
    /// What `POST /sign-out` takes; all of it concerns providers that sign out by redirect.
    pub struct SignOutRequest { body optional;
        /// Where the provider leads afterwards.
        "callbackURL" => callback_url: Option<String>,
        /// Whether the client stays where it is.
        "disableRedirect" => disable_redirect: Option<bool>,
        /// A value handed through the provider.
        "state" => state: Option<String>,
    }
}

/// `{"success":true}`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reply {
    /// Always true; a failure is an error.
    pub success: bool,
}
