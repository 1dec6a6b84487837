//! Addresses: showing that one is its user's, and taking another.
//!
//! ```text
//! verify ──> a letter to the address ──> its link: the address is the user's
//!
//! change ─┬─ the address is known, and the old one is to agree ──> a letter to the old one ──> its link ─┐
//!         └─ otherwise ─────────────────────────────────────────> a letter to the new one <──────────────┘
//!                                                                            └──> its link: the user has the new one
//! ```
//!
//! Nothing is stored of a link that was mailed: it carries an [`EmailToken`](countersign_token::EmailToken), as Better Auth's
//! links do.

mod change;
mod link;
mod rows;
pub(crate) mod rules;
mod verify;

pub use change::{ChangeEmailError, EmailChange};
pub use link::{Followed, Follower, VerifyEmailError};
pub use rules::EmailWay;
pub use verify::SendVerificationError;
