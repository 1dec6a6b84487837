//! The refresh token: renewing a session without its cookie, so that lost replies and races sign nobody out and a copy of a
//! spent token ends the session.
//!
//! ```text
//! presented generation     is judged                                 leads to
//! = current                Advance                                   current + 1, and its token
//! = current - 1            SameSuccessor, within the grace           the token of current, once more
//! > current                Adopt: the database is an older backup    presented + 1, and its token
//! otherwise                Reuse                                     the end of this session, and of no other
//! ```
//!
//! What holds of it, and what it asks of clients, is said in `docs/renewal.md`.

pub(crate) mod actions;
pub(crate) mod rows;
pub mod rules;

pub use actions::{RefreshError, Refreshable, Renewed};
