//! The server by its behaviour: every endpoint over HTTP, without a socket.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says what must be there")]

mod bearer;
mod bodies;
mod cookies;
mod cors;
mod failure;
mod jwks;
mod matrix;
mod origin;
mod password;
mod paths;
mod properties;
mod rate_limit;
mod refresh;
mod refusals;
mod session;
mod sign_in;
mod sign_out;
mod sign_up;
mod token;
mod user;
