//! Carrying requests to the engine and answers back: one file per feature, and what they share.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod cookie;
pub(crate) mod cors;
pub(crate) mod endpoint;
pub(crate) mod jwks;
pub(crate) mod ok;
pub(crate) mod origin;
pub(crate) mod password;
pub(crate) mod problem;
pub(crate) mod rate_limit;
pub(crate) mod refresh;
pub(crate) mod revocations;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod sign_up;
pub(crate) mod token;
pub(crate) mod user;
pub(crate) mod visit;
