//! Every endpoint of Countersign as a type: method, path, who may call it, request, reply and errors.
//!
//! This crate is the only description of the wire. The server mounts its endpoints from it, requests are
//! decoded by it, and [`openapi::document`] is written from it, so that none of the three can drift apart.
//! The words on the wire (members, codes, sentences) are Better Auth's.

mod error;
mod request;

pub mod all;
pub mod jwks;
pub mod ok;
pub mod openapi;
pub mod password;
pub mod refresh;
pub mod session;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod token;
pub mod transport;
pub mod user;

pub use error::{Coded, ErrorRow, Never};
pub use request::{Address, Field, Input, Issues, NonEmpty, Query, Request, Rest, Text, is_address};

/// One endpoint: everything a caller needs to know about it.
pub trait Endpoint: 'static {
    /// The methods it answers.
    const METHOD: Method;
    /// Its path below the base path.
    const PATH: &'static str;
    /// What it does, in one sentence.
    const SUMMARY: &'static str;
    /// Whether it also takes `application/x-www-form-urlencoded` bodies.
    const TAKES_FORMS: bool = false;
    /// Whether it makes or ends a sign-in from a plain form post, and so also looks at Fetch Metadata.
    const FORM_CSRF: bool = false;
    /// Whether it looks at a body at all.
    const READS_BODY: bool = true;
    /// Who may call it.
    type Auth: Auth;
    /// What it takes.
    type Request: Request;
    /// What it answers with status 200.
    type Reply: serde::Serialize + schemars::JsonSchema;
    /// Why it may refuse, beyond the refusals of [`transport::Error`].
    type Error: Coded;
}

/// The methods an endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET` alone.
    Get,
    /// `POST` alone.
    Post,
    /// `GET` and `POST` on one path.
    GetAndPost,
}

/// Who may call an endpoint. A kind of caller is a type, so that a handler which needs one cannot be mounted without it.
pub trait Auth: 'static {
    /// What the API description says of it.
    const DESCRIPTION: Option<&'static str>;
}

/// Anyone may call.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;
/// A session is demanded, by cookie or by bearer token.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn;
/// A session younger than `session.fresh_age` is demanded.
#[derive(Clone, Copy, Debug)]
pub struct FreshlySignedIn;

impl Auth for Anyone {
    const DESCRIPTION: Option<&'static str> = None;
}
impl Auth for SignedIn {
    const DESCRIPTION: Option<&'static str> = Some("A session, by cookie or by bearer token.");
}
impl Auth for FreshlySignedIn {
    const DESCRIPTION: Option<&'static str> =
        Some("A session younger than `session.fresh_age`, by cookie or by bearer token.");
}
