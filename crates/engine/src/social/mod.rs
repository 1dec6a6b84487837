//! Identity providers: somebody goes to one with a state and comes back with a code (RFC 6749 section 4.1), for which the
//! provider says who they are; or a frontend brings what the provider has signed. What is said over HTTP is the server's business;
//! here is what follows from it.
//!
//! ```text
//! begin ──> Visit, kept under its state ──> the provider ──> resume ──> Identity ──┬──> sign_in/identity.rs
//!                              a frontend, with an ID token ───────────────┘       └──> link_identity
//! ```

mod actions;
pub(crate) mod rules;
mod visit;

use countersign_db::Timestamp;

pub use actions::{LinkError, Linked};
pub use visit::{Begun, Destination, Link, ResumeError, Resumed};

/// Somebody, as a provider knows them. Whoever makes one has asked it just now, or verified what it signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider's name in the configuration.
    pub provider: String,
    /// What the provider calls them, for ever: never an address.
    pub account_id: String,
    /// The e-mail address, if it is one that could sign up here.
    pub email: Option<String>,
    /// Whether the provider has seen that the address is theirs.
    pub email_verified: bool,
    /// The name, or nothing.
    pub name: String,
    /// The address of a picture.
    pub image: Option<String>,
}

/// What a provider handed out. None where it did not.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// What opens the provider's API.
    pub access_token: Option<String>,
    /// Until when.
    pub access_token_expires_at: Option<Timestamp>,
    /// What another access token is had for.
    pub refresh_token: Option<String>,
    /// Until when.
    pub refresh_token_expires_at: Option<Timestamp>,
    /// What the provider says of the user, signed.
    pub id_token: Option<String>,
    /// What the user let us do there.
    pub scopes: Option<Vec<String>>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("scopes", &self.scopes).finish_non_exhaustive()
    }
}
