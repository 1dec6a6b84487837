//! Every way in. Each method ends in a [`FirstFactor`], and `finish` alone turns one into a session.
//!
//! ```text
//! password    ──┐
//! sign-up     ──┼──> FirstFactor ──> gates ──> session, audit ──> access token
//! mailed link ──┤        a proof      all        one transaction
//! provider    ──┘
//! ```

mod finish;
pub mod gates;
mod identity;
mod password;
mod sign_up;

pub use finish::{Device, FinishError, FirstFactor, SignedIn};
pub use identity::{Arrival, Arrived, IdentityError};
pub use password::SignInError;
pub use sign_up::{SignUpError, SignedUp};
