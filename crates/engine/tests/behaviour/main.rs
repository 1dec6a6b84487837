//! The engine by its behaviour, on SQLite and on PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test says what must be there")]

mod cache;
mod hashes;
mod hooks;
mod keys;
mod meanwhile;
mod outbox;
mod passwords;
mod pool;
mod rate_limit;
mod refresh;
mod secrets;
mod sessions;
mod shape;
mod sign_in;
mod sign_up;
mod tokens;
mod users;
mod webhooks;
