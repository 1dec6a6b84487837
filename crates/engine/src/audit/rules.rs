//! Which events are kept, and how they are named.

use crate::{Caller, Session, User};

/// Something worth remembering. Events carry ids and never a secret (security H11).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'a> {
    UserCreated {
        user: &'a str,
    },
    UserImported {
        user: &'a str,
    },
    UserUpdated {
        user: &'a str,
    },
    UserSuspended {
        user: &'a str,
    },
    UserRestored {
        user: &'a str,
    },
    UserDeletionRequested {
        caller: &'a Caller,
    },
    /// By themselves, in a session, or by an operator.
    UserDeleted {
        user: &'a str,
        session: Option<&'a str>,
    },
    EmailVerified {
        user: &'a str,
    },
    EmailChangeRequested {
        caller: &'a Caller,
    },
    EmailChanged {
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
        user: &'a str,
        session: &'a str,
    },
    SessionsRevoked {
        caller: &'a Caller,
        count: usize,
    },
    SessionEnded {
        user: &'a str,
        session: &'a str,
    },
    TokenRevoked {
        user: &'a str,
        jti: &'a str,
    },
    PasswordChanged {
        user: &'a str,
    },
    PasswordReset {
        user: &'a str,
    },
    PasswordSet {
        user: &'a str,
    },
    AccountLinked {
        user: &'a str,
        provider: &'a str,
    },
    AccountUnlinked {
        user: &'a str,
        provider: &'a str,
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
            Self::UserImported { .. } => "user_imported",
            Self::UserUpdated { .. } => "user_updated",
            Self::UserSuspended { .. } => "user_suspended",
            Self::UserRestored { .. } => "user_restored",
            Self::UserDeletionRequested { .. } => "user_deletion_requested",
            Self::UserDeleted { .. } => "user_deleted",
            Self::EmailVerified { .. } => "email_verified",
            Self::EmailChangeRequested { .. } => "email_change_requested",
            Self::EmailChanged { .. } => "email_changed",
            Self::RoleSet { .. } => "role_set",
            Self::SignedIn { .. } => "signed_in",
            Self::SignedOut { .. } => "signed_out",
            Self::SessionsRevoked { .. } => "sessions_revoked",
            Self::SessionEnded { .. } => "session_ended",
            Self::TokenRevoked { .. } => "token_revoked",
            Self::PasswordChanged { .. } => "password_changed",
            Self::PasswordReset { .. } => "password_reset",
            Self::PasswordSet { .. } => "password_set",
            Self::AccountLinked { .. } => "account_linked",
            Self::AccountUnlinked { .. } => "account_unlinked",
            Self::RefreshStarted { .. } => "refresh_started",
            Self::RefreshReused { .. } => "refresh_reused",
            Self::RefreshAdopted { .. } => "refresh_adopted",
        }
    }

    /// Whom it concerns.
    pub(crate) fn user_id(&self) -> &str {
        match self {
            Self::UserCreated { user }
            | Self::UserImported { user }
            | Self::UserUpdated { user }
            | Self::UserSuspended { user }
            | Self::UserRestored { user }
            | Self::UserDeleted { user, .. }
            | Self::EmailVerified { user }
            | Self::EmailChanged { user }
            | Self::RoleSet { user, .. }
            | Self::SignedOut { user, .. }
            | Self::SessionEnded { user, .. }
            | Self::TokenRevoked { user, .. }
            | Self::PasswordChanged { user }
            | Self::PasswordReset { user }
            | Self::PasswordSet { user }
            | Self::AccountLinked { user, .. }
            | Self::AccountUnlinked { user, .. } => user,
            Self::SignedIn { user, .. } => &user.id,
            Self::UserDeletionRequested { caller }
            | Self::EmailChangeRequested { caller }
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
            Self::SignedOut { session, .. } | Self::SessionEnded { session, .. } => Some(session),
            Self::UserDeleted { session, .. } => *session,
            Self::UserDeletionRequested { caller }
            | Self::EmailChangeRequested { caller }
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
            Self::AccountLinked { provider, .. } | Self::AccountUnlinked { provider, .. } => {
                Some((*provider).to_owned())
            }
            Self::TokenRevoked { jti, .. } => Some((*jti).to_owned()),
            Self::SignedIn { method, .. } => Some((*method).to_owned()),
            Self::SessionsRevoked { count, .. } => Some(count.to_string()),
            Self::RefreshReused { presented, stored, .. } | Self::RefreshAdopted { presented, stored, .. } => {
                Some(format!("generation {presented}, stored {stored}"))
            }
            _ => None,
        }
    }
}
