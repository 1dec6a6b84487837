//! Who is calling.

use std::{fmt, sync::Arc};

use countersign_token::{Admitted, Claims};
use http::Extensions;

use crate::{NotFound, Permissions, Rejection};

/// Who is calling: proof that a token was verified and that its subject is active. Only a [`Guard`](crate::Guard) makes
/// one; cloning it copies a pointer.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    admitted: Admitted<Claims>,
    permissions: Arc<Permissions>,
}

impl Identity {
    pub(crate) fn new(admitted: Admitted<Claims>, permissions: Arc<Permissions>) -> Self {
        Self(Arc::new(Inner { admitted, permissions }))
    }

    /// The user's id. The only thing to decide on: an address may change hands.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.admitted.sub
    }

    /// The address when the token was issued. To show, not to decide on.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.0.admitted.email.as_deref()
    }

    /// The session the token belongs to.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.0.admitted.sid.as_deref()
    }

    /// The roles the directory gives; never those of a claim.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.0
            .admitted
            .role()
            .into_iter()
            .flat_map(|roles| roles.split(','))
            .map(str::trim)
            .filter(|role| !role.is_empty())
    }

    /// All claims of the token.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.0.admitted
    }

    /// Whether the directory gives this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|own| own == role)
    }

    /// Whether one of the roles holds this permission, written `resource:action`.
    #[must_use]
    pub fn has_permission(&self, permission: &str) -> bool {
        self.roles().any(|role| self.0.permissions.allow(role, permission))
    }

    /// Demands a role.
    ///
    /// # Errors
    /// [`Rejection::Forbidden`].
    pub fn require_role(&self, role: &str) -> Result<(), Rejection> {
        if self.has_role(role) { Ok(()) } else { Err(Rejection::Forbidden) }
    }

    /// Demands a permission, written `resource:action`; see [`Guard::permissions`](crate::Guard::permissions).
    ///
    /// # Errors
    /// [`Rejection::Forbidden`].
    pub fn require_permission(&self, permission: &str) -> Result<(), Rejection> {
        if self.has_permission(permission) { Ok(()) } else { Err(Rejection::Forbidden) }
    }

    /// Whether something with this owner belongs to the caller.
    #[must_use]
    pub fn owns(&self, owner: &str) -> bool {
        self.id() == owner
    }

    /// Gives a row to its owner.
    ///
    /// # Errors
    /// [`NotFound`] when there is none **or it is another's**, so that nobody learns that it exists.
    pub fn own<Row>(&self, row: Option<Row>, owner: impl FnOnce(&Row) -> &str) -> Result<Row, NotFound> {
        row.filter(|row| self.owns(owner(row))).ok_or(NotFound)
    }

    /// The identity of a request that a guard admitted, for code that sees no extractor. `None` where none was.
    #[must_use]
    pub fn from_extensions(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Judgement>()?.0.as_ref().ok()
    }
}

/// The user's id alone: claims may hold more than a log should.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// What the layer found, left in the request for the extractors.
#[derive(Clone)]
pub(crate) struct Judgement(pub(crate) Result<Identity, Rejection>);
