//! The one mint: only here does a proof become a session and an access token.

use std::sync::Arc;

use countersign_db::Tx;

use super::gates::{self, Closed};
use crate::audit::Event;
use crate::session::rows::Ended;
use crate::session::rules;
use crate::user::rules::suspension_has_elapsed;
use crate::{Caller, Engine, Error, Session, User, chance};

/// The proof that someone is a user. Nothing outside the methods of this folder can make one.
#[derive(Debug)]
pub struct FirstFactor {
    user: User,
    method: &'static str,
}

impl FirstFactor {
    /// The right password was given.
    pub(crate) fn password(user: User) -> Self {
        Self { user, method: "password" }
    }

    /// The user was created in this very transaction.
    pub(super) fn sign_up(user: User) -> Self {
        Self { user, method: "sign_up" }
    }

    /// A signed-in user gave the current password again.
    pub(crate) fn current_password(user: User) -> Self {
        Self { user, method: "change_password" }
    }
}

/// Where a session is used.
#[derive(Clone, Debug, Default)]
pub struct Device {
    /// The address of the client; empty if unknown.
    pub address: String,
    /// What the client calls itself; empty if it does not say.
    pub agent: String,
    /// Whether the session ends with the browser's.
    pub dont_remember: bool,
}

/// A new session, its user and an access token.
pub struct SignedIn {
    /// The session and its user.
    pub caller: Caller,
    /// The access token.
    pub access_token: String,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("session", &self.caller.session.id).finish_non_exhaustive()
    }
}

/// Why a proof does not lead to a session.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// A gate is closed.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The database took no row.
    #[error("the session was not stored")]
    NotStored,
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// Walks the gates, stores the session within `tx`, commits it and mints the access token. `replaced` are sessions
    /// that end within `tx` too.
    pub(crate) async fn finish(
        &self,
        mut tx: Tx,
        proof: FirstFactor,
        device: Device,
        replaced: Vec<Ended>,
    ) -> Result<SignedIn, FinishError> {
        let FirstFactor { user, method } = proof;
        let now = self.clock.now();
        gates::walk(&user, &self.config, now)?;
        let elapsed = suspension_has_elapsed(&user, now);
        if elapsed {
            self.lift_suspension(&mut tx, &user.id).await?;
        }
        let session = self.draft_session(&user, device);
        if !self.insert_session(&mut tx, &session).await? {
            return Err(FinishError::NotStored);
        }
        self.record(&mut tx, Event::SignedIn { user: &user, session: &session, method }).await?;
        let caller = Caller { session: Arc::new(session), user: Arc::new(user) };
        let access_token = self.access_token(&caller).map_err(Error::from)?;
        let read = Arc::clone(&caller.user);
        let tell = move |engine: &Self| {
            // Who signs in was read just now; what is kept may be of before, when a suspension still held.
            if elapsed || engine.cache.user(&read.id).is_some_and(|kept| kept != read) {
                engine.cache.forget_user(&read.id);
            }
            engine.end_sessions(&replaced);
        };
        self.commit(tx, tell).await?;
        Ok(SignedIn { caller, access_token })
    }

    fn draft_session(&self, user: &User, device: Device) -> Session {
        let now = self.clock.now();
        Session {
            id: chance::id(&*self.chance, now),
            expires_at: rules::expires_at(now, device.dont_remember, &self.config.session),
            token: chance::session_token(&*self.chance),
            created_at: now,
            updated_at: now,
            ip_address: Some(device.address),
            user_agent: Some(device.agent),
            user_id: user.id.clone(),
            impersonated_by: None,
            dont_remember: device.dont_remember,
        }
    }
}
