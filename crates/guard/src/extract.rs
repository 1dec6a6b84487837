//! Extractors: a handler says in its arguments whom it serves.

use std::{marker::PhantomData, ops::Deref};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::{Identity, Rejection, identity::Judgement};

/// Refuses the anonymous and every invalid token.
impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        judgement(parts)
    }
}

/// Lets the anonymous in as `None`. Whoever presents a token must present a valid one.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        match judgement(parts) {
            Ok(identity) => Ok(Some(identity)),
            Err(Rejection::NoCredentials) => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}

/// The name of a role, as a type.
pub trait Role {
    /// As the directory writes it.
    const NAME: &'static str;
}

/// The caller, who has the role `R`.
///
/// ```
/// use countersign_guard::{HasRole, Role};
///
/// struct Admin;
/// impl Role for Admin {
///     const NAME: &'static str = "admin";
/// }
///
/// async fn everything(admin: HasRole<Admin>) -> String {
///     format!("yours to see, {}", admin.id())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct HasRole<R> {
    identity: Identity,
    role: PhantomData<R>,
}

impl<R> Deref for HasRole<R> {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl<R: Role, S: Send + Sync> FromRequestParts<S> for HasRole<R> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let identity = judgement(parts)?;
        identity.require_role(R::NAME)?;
        Ok(Self { identity, role: PhantomData })
    }
}

/// The name of a permission, as a type.
pub trait Permission {
    /// Written `resource:action`.
    const NAME: &'static str;
}

/// The caller, who has the permission `P`; see [`Guard::permissions`](crate::Guard::permissions).
#[derive(Clone, Debug)]
pub struct HasPermission<P> {
    identity: Identity,
    permission: PhantomData<P>,
}

impl<P> Deref for HasPermission<P> {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl<P: Permission, S: Send + Sync> FromRequestParts<S> for HasPermission<P> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let identity = judgement(parts)?;
        identity.require_permission(P::NAME)?;
        Ok(Self { identity, permission: PhantomData })
    }
}

fn judgement(parts: &Parts) -> Result<Identity, Rejection> {
    match parts.extensions.get::<Judgement>() {
        Some(Judgement(judged)) => judged.clone(),
        None => {
            tracing::error!("an extractor of countersign-guard is used on a route that no Guard layer covers");
            Err(Rejection::NoGuard)
        }
    }
}
