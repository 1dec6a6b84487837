//! Which events are kept, and how they are named.

use crate::{Caller, Session, User};

/// Something worth remembering. Events carry ids and never a secret (security H11).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'a> {
    UserCreated {
        user: &'a str,
    },
    UserSuspended {
        user: &'a str,
    },
    UserRestored {
        user: &'a str,
    },
    UserDeleted {
        user: &'a str,
    },
    RoleSet {
        user: &'a str,
        role: &'a str,
    },
    SignedIn {
        user: &'a User,
        session: &'a Session,
        method: &'static str,
    },
    SignedOut {
        caller: &'a Caller,
    },
    SessionsRevoked {
        caller: &'a Caller,
        count: usize,
    },
    SessionEnded {
        user: &'a str,
        session: &'a str,
    },
    PasswordChanged {
        user: &'a str,
    },
    RefreshStarted {
        caller: &'a Caller,
    },
    /// A spent token came back; the generation it named and the one stored.
    RefreshReused {
        caller: &'a Caller,
        presented: u32,
        stored: u32,
    },
    /// A token came that is ahead of the database.
    RefreshAdopted {
        caller: &'a Caller,
        presented: u32,
        stored: u32,
    },
}

impl Event<'_> {
    /// The event's name in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::UserCreated { .. } => "user_created",
            Self::UserSuspended { .. } => "user_suspended",
            Self::UserRestored { .. } => "user_restored",
            Self::UserDeleted { .. } => "user_deleted",
            Self::RoleSet { .. } => "role_set",
            Self::SignedIn { .. } => "signed_in",
            Self::SignedOut { .. } => "signed_out",
            Self::SessionsRevoked { .. } => "sessions_revoked",
            Self::SessionEnded { .. } => "session_ended",
            Self::PasswordChanged { .. } => "password_changed",
            Self::RefreshStarted { .. } => "refresh_started",
            Self::RefreshReused { .. } => "refresh_reused",
            Self::RefreshAdopted { .. } => "refresh_adopted",
        }
    }

    /// Whom it concerns.
    pub(crate) fn user_id(&self) -> &str {
        match self {
            Self::UserCreated { user }
            | Self::UserSuspended { user }
            | Self::UserRestored { user }
            | Self::UserDeleted { user }
            | Self::RoleSet { user, .. }
            | Self::SessionEnded { user, .. }
            | Self::PasswordChanged { user } => user,
            Self::SignedIn { user, .. } => &user.id,
            Self::SignedOut { caller }
            | Self::SessionsRevoked { caller, .. }
            | Self::RefreshStarted { caller }
            | Self::RefreshReused { caller, .. }
            | Self::RefreshAdopted { caller, .. } => &caller.user.id,
        }
    }

    /// The session it concerns, or was done in.
    pub(crate) fn session_id(&self) -> Option<&str> {
        match self {
            Self::SignedIn { session, .. } => Some(&session.id),
            Self::SessionEnded { session, .. } => Some(session),
            Self::SignedOut { caller }
            | Self::SessionsRevoked { caller, .. }
            | Self::RefreshStarted { caller }
            | Self::RefreshReused { caller, .. }
            | Self::RefreshAdopted { caller, .. } => Some(&caller.session.id),
            _ => None,
        }
    }

    /// What else is worth knowing.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::RoleSet { role, .. } => Some((*role).to_owned()),
            Self::SignedIn { method, .. } => Some((*method).to_owned()),
            Self::SessionsRevoked { count, .. } => Some(count.to_string()),
            Self::RefreshReused { presented, stored, .. } | Self::RefreshAdopted { presented, stored, .. } => {
                Some(format!("generation {presented}, stored {stored}"))
            }
            _ => None,
        }
    }
}
