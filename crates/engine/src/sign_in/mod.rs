//! Every way in. Each method ends in a [`FirstFactor`], and `finish` alone turns one into a session.
//!
//! ```text
//! password ──┐
//! sign-up  ──┼──> FirstFactor ──> gates ──> session, audit ──> access token
//! (others) ──┘        a proof      all        one transaction
//! ```

mod finish;
pub mod gates;
mod password;
mod sign_up;

pub use finish::{Device, FinishError, FirstFactor, SignedIn};
pub use password::SignInError;
pub use sign_up::{SignUpError, SignedUp};
