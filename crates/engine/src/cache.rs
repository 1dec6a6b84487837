//! Rows kept in memory: users and sessions.
//!
//! A fill takes a [`Ticket`] before it reads and is dropped if anything was forgotten since, so that a row read before
//! a change is never kept after it. Hits take no lock. Unknown users and sessions are not kept.

use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Cache as Sizes;
use crate::{Caller, Session, User};

pub(crate) struct Cache {
    users: moka::sync::Cache<String, Arc<User>>,
    sessions: moka::sync::Cache<String, Arc<Session>>,
    ids_by_token: moka::sync::Cache<String, String>,
    changes: Mutex<Changes>,
}

/// How often something was forgotten: by this it is decided which rows may be kept that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Changes(u64);

/// Taken before a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

impl Changes {
    /// A read begins.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.0)
    }

    /// Something is forgotten.
    pub fn forgot(&mut self) {
        self.0 = self.0.wrapping_add(1);
    }

    /// Whether what was read since `ticket` may be kept: nothing was forgotten meanwhile.
    pub fn admit(&self, ticket: Ticket) -> bool {
        self.0 == ticket.0
    }
}

impl Cache {
    pub(crate) fn new(sizes: &Sizes) -> Self {
        Self {
            users: moka::sync::Cache::new(sizes.users.into()),
            sessions: moka::sync::Cache::new(sizes.sessions.into()),
            ids_by_token: moka::sync::Cache::new(sizes.sessions.into()),
            changes: Mutex::default(),
        }
    }

    pub(crate) fn user(&self, id: &str) -> Option<Arc<User>> {
        self.users.get(id)
    }

    pub(crate) fn caller(&self, session_id: &str) -> Option<Caller> {
        let session = self.sessions.get(session_id)?;
        let user = self.users.get(&session.user_id)?;
        Some(Caller { session, user })
    }

    pub(crate) fn caller_by_token(&self, token: &str) -> Option<Caller> {
        self.caller(&self.ids_by_token.get(token)?)
    }

    pub(crate) fn ticket(&self) -> Ticket {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).ticket()
    }

    pub(crate) fn keep_user(&self, ticket: Ticket, user: &Arc<User>) {
        self.if_unchanged(ticket, || self.users.insert(user.id.clone(), Arc::clone(user)));
    }

    pub(crate) fn keep_session(&self, ticket: Ticket, session: &Arc<Session>) {
        self.if_unchanged(ticket, || {
            self.ids_by_token.insert(session.token.clone(), session.id.clone());
            self.sessions.insert(session.id.clone(), Arc::clone(session));
        });
    }

    pub(crate) fn forget_user(&self, id: &str) {
        self.change(|| self.users.invalidate(id));
    }

    pub(crate) fn forget_session(&self, id: &str) {
        self.change(|| self.sessions.invalidate(id));
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.change(|| {
            self.users.invalidate_all();
            self.sessions.invalidate_all();
            self.ids_by_token.invalidate_all();
        });
    }

    fn if_unchanged(&self, ticket: Ticket, keep: impl FnOnce()) {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.admit(ticket) {
            keep();
        }
    }

    fn change(&self, forget: impl FnOnce()) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.forgot();
        forget();
    }
}
