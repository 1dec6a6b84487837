//! Rows kept in memory: users, sessions, and the sessions ended here.
//!
//! A fill takes a [`Ticket`] before it reads and is dropped if anything was forgotten since, so that a row read before
//! a change is never kept after it. Hits take no lock. Unknown users and sessions are not kept.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::config::{Cache as Sizes, Token};
use crate::session::rows::Ended;
use crate::{Caller, Session, User};

pub(crate) struct Cache {
    users: moka::sync::Cache<String, Arc<User>>,
    sessions: moka::sync::Cache<String, Arc<Session>>,
    ids_by_token: moka::sync::Cache<String, String>,
    /// Access tokens of these sessions are refused for as long as any could live.
    ended: moka::sync::Cache<String, ()>,
    /// How often something was forgotten.
    changes: Mutex<u64>,
}

/// The state of the cache when a read began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl Cache {
    pub(crate) fn new(sizes: &Sizes, token: &Token) -> Self {
        let life = Duration::from_secs(token.longest_lifetime().into());
        Self {
            users: moka::sync::Cache::new(sizes.users.into()),
            sessions: moka::sync::Cache::new(sizes.sessions.into()),
            ids_by_token: moka::sync::Cache::new(sizes.sessions.into()),
            ended: moka::sync::Cache::builder().time_to_live(life).build(),
            changes: Mutex::new(0),
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

    pub(crate) fn has_ended(&self, session_id: &str) -> bool {
        self.ended.contains_key(session_id)
    }

    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(*self.changes.lock().unwrap_or_else(PoisonError::into_inner))
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

    /// Forgets sessions and refuses their access tokens from now on.
    pub(crate) fn end_sessions(&self, ended: &[Ended]) {
        self.change(|| {
            for Ended(id) in ended {
                self.sessions.invalidate(id);
                self.ended.insert(id.clone(), ());
            }
        });
    }

    fn if_unchanged(&self, ticket: Ticket, keep: impl FnOnce()) {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if Ticket(*changes) == ticket {
            keep();
        }
    }

    fn change(&self, forget: impl FnOnce()) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        *changes = changes.wrapping_add(1);
        forget();
    }
}
