//! The server by its behaviour: every endpoint over HTTP, without a socket.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says what must be there")]

mod account;
mod bearer;
mod bodies;
mod change_email;
mod cookie_cache;
mod cookies;
mod cors;
mod delete_user;
mod failure;
mod fields;
mod guesses;
mod hooks;
mod jwks;
mod matrix;
mod metrics;
mod origin;
mod outbox;
mod password;
mod paths;
mod properties;
mod provider;
mod rate_limit;
mod refresh;
mod refusals;
mod reset;
mod session;
mod sign_in;
mod sign_out;
mod sign_up;
mod social;
mod token;
mod user;
mod verification;
