//! Where a program that embeds the engine has its say.

use crate::{Caller, NewUser, User};

/// What an embedding program is asked and told. Every method has a default that admits everything and does nothing.
///
/// The `before_` methods decide: they are called where the engine decides, some within a transaction, so they answer from what
/// they are given and what they hold in memory, and call nobody. The others are told after the commit, once, by the process
/// that did it; what takes time they hand to a task of their own. None may panic.
///
/// ```
/// use std::sync::Arc;
///
/// use countersign_engine::{Hooks, NewUser, Refusal, World};
///
/// struct Staff;
///
/// impl Hooks for Staff {
///     fn before_sign_up(&self, new: &NewUser) -> Result<(), Refusal> {
///         if new.email.to_lowercase().ends_with("@example.com") {
///             return Ok(());
///         }
///         Err(Refusal { code: "STAFF_ONLY", message: "Only addresses of example.com can sign up" })
///     }
/// }
///
/// let world = World { hooks: Arc::new(Staff), ..World::default() };
/// ```
pub trait Hooks: Send + Sync + 'static {
    /// Whether somebody may sign up. Operators who create or import users are not asked about.
    ///
    /// # Errors
    /// Why not.
    fn before_sign_up(&self, new: &NewUser) -> Result<(), Refusal> {
        let _ = new;
        Ok(())
    }

    /// Whether a user who has proven to be one may have a session: asked after every gate, at every way in, and again when a
    /// refresh token renews.
    ///
    /// # Errors
    /// Why not.
    fn before_session(&self, user: &User) -> Result<(), Refusal> {
        let _ = user;
        Ok(())
    }

    /// Whether a user may delete themselves. Operators who delete users are not asked about.
    ///
    /// # Errors
    /// Why not.
    fn before_user_deleted(&self, user: &User) -> Result<(), Refusal> {
        let _ = user;
        Ok(())
    }

    /// There is a new user: signed up, created by an operator or imported.
    fn user_created(&self, user: &User) {
        let _ = user;
    }

    /// The user with this id is gone: deleted by themselves or by an operator.
    fn user_deleted(&self, id: &str) {
        let _ = id;
    }

    /// There is a new session.
    fn session_created(&self, caller: &Caller) {
        let _ = caller;
    }
}

/// No hooks.
impl Hooks for () {}

/// Why an embedding program refuses. On the wire it is a 403 with this code and sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// A code for programs, as in `STAFF_ONLY`.
    pub code: &'static str,
    /// A sentence a person may read.
    pub message: &'static str,
}
