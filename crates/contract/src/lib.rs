//! Every endpoint of Countersign as a type: method, path, who may call it, request, reply and errors.
//!
//! This crate is the only description of the wire. The server mounts its endpoints from it, requests are
//! decoded by it, and [`openapi::document`] is written from it, so that none of the three can drift apart.
//! The words on the wire (members, codes, sentences) are Better Auth's.

mod error;
mod request;

pub mod account;
pub mod all;
pub mod email;
pub mod jwks;
pub mod ok;
pub mod openapi;
pub mod password;
pub mod refresh;
pub mod session;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod social;
pub mod token;
pub mod transport;
pub mod user;

pub use error::{Coded, ErrorRow, Never};
pub use request::{
    Additional, Address, Field, Input, Issues, NonEmpty, Query, Record, Request, Rest, Text, is_address,
};

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
    /// Whether it follows the targets named in the query of a `GET`, and so checks them (docs/wire.md 2.4).
    const LEADS_ELSEWHERE: bool = false;
    /// What it answers where it does not refuse.
    const ANSWERS: Answers = Answers::Reply;
    /// Who may call it.
    type Auth: Auth;
    /// What it takes.
    type Request: Request;
    /// What it answers with status 200, if it does.
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

/// What an endpoint answers where it does not refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Status 200 with its reply.
    Reply,
    /// The same, or status 302 to where the caller asked to be sent.
    ReplyOrRedirect,
    /// Status 302.
    Redirect,
}

/// Who may call an endpoint. A kind of caller is a type, so that a handler which needs one cannot be mounted without it.
pub trait Auth: 'static {
    /// What the API description says of it.
    const DESCRIPTION: Option<&'static str>;
}

/// Anyone may call.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;
/// Anyone may call; whoever shows a session is known by it.
#[derive(Clone, Copy, Debug)]
pub struct PerhapsSignedIn;
/// A session is demanded, by cookie or by bearer token, and looked up where sessions are kept.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn;
/// The same, and a cache cookie that remembers the session will do (docs/wire.md 6.6).
#[derive(Clone, Copy, Debug)]
pub struct SignedInOrCached;
/// A session younger than `session.fresh_age` is demanded.
#[derive(Clone, Copy, Debug)]
pub struct FreshlySignedIn;

impl Auth for Anyone {
    const DESCRIPTION: Option<&'static str> = None;
}
impl Auth for PerhapsSignedIn {
    const DESCRIPTION: Option<&'static str> = None;
}
impl Auth for SignedIn {
    const DESCRIPTION: Option<&'static str> = Some("A session, by cookie or by bearer token.");
}
impl Auth for SignedInOrCached {
    const DESCRIPTION: Option<&'static str> = SignedIn::DESCRIPTION;
}
impl Auth for FreshlySignedIn {
    const DESCRIPTION: Option<&'static str> =
        Some("A session younger than `session.fresh_age`, by cookie or by bearer token.");
}
