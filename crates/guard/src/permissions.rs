//! What each role may do.

use std::collections::{BTreeMap, BTreeSet};

/// What each role may do: permissions written `resource:action`, as in Better Auth's access control. What is not listed
/// is not allowed; there are no wildcards.
///
/// ```
/// use countersign_guard::Permissions;
///
/// let permissions = Permissions::new()
///     .role("user", ["task:create"])
///     .role("admin", ["task:create", "task:delete"]);
/// assert!(permissions.allow("admin", "task:delete"));
/// assert!(!permissions.allow("user", "task:delete"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    roles: BTreeMap<String, BTreeSet<String>>,
}

impl Permissions {
    /// Nobody may do anything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to what a role may do.
    #[must_use]
    pub fn role<P: Into<String>>(mut self, role: impl Into<String>, permissions: impl IntoIterator<Item = P>) -> Self {
        self.roles.entry(role.into()).or_default().extend(permissions.into_iter().map(Into::into));
        self
    }

    /// Whether a role may do this.
    #[must_use]
    pub fn allow(&self, role: &str, permission: &str) -> bool {
        self.roles.get(role).is_some_and(|permissions| permissions.contains(permission))
    }
}
