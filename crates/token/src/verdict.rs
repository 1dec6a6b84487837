//! The one decision on a request with a token: what the token proves, joined with what the directory knows.

use std::ops::Deref;

use crate::{Refused, Verified};

/// What a directory knows about the user a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The user exists and may act.
    Active {
        /// The role as the directory holds it; several are separated by commas, as in Better Auth. The token's own
        /// `role` claim is never used.
        role: Option<String>,
    },
    /// The user exists and may not act.
    Suspended,
    /// The user exists; the session the token names has ended.
    SessionEnded,
    /// There is no such user.
    Unknown,
}

/// The directory cannot answer now. The caller hears 503, never 401: nothing is known against them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("the directory cannot answer now")]
pub struct Unavailable;

impl From<Unavailable> for Refused {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Proof that a token was verified **and** that its subject is active. Only [`verdict`] makes one.
#[derive(Clone, Debug)]
pub struct Admitted<T> {
    claims: T,
    role: Option<String>,
}

impl<T> Admitted<T> {
    /// The role as the directory holds it.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// The claims and the role, as values.
    #[must_use]
    pub fn into_parts(self) -> (T, Option<String>) {
        (self.claims, self.role)
    }
}

impl<T> Deref for Admitted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.claims
    }
}

/// Admits or refuses.
///
/// # Errors
/// [`Refused::UnknownSubject`], [`Refused::Suspended`] or [`Refused::SessionEnded`], as the directory says.
pub fn verdict<T>(token: Verified<T>, standing: Standing) -> Result<Admitted<T>, Refused> {
    match standing {
        Standing::Active { role } => Ok(Admitted { claims: token.into_inner(), role }),
        Standing::Suspended => Err(Refused::Suspended),
        Standing::SessionEnded => Err(Refused::SessionEnded),
        Standing::Unknown => Err(Refused::UnknownSubject),
    }
}
