//! The one mint: only here does a proof become a session and an access token.

use std::sync::Arc;

use countersign_db::Tx;

use super::gates::{self, Closed};
use crate::audit::Event;
use crate::session::rows::Ended;
use crate::session::rules;
use crate::user::rules::suspension_has_elapsed;
use crate::{Caller, Engine, Error, Refusal, Session, User, chance};

/// The proof that someone is a user. Nothing outside the methods of this folder can make one.
#[derive(Debug)]
pub struct FirstFactor {
    user: User,
    method: &'static str,
    /// Whether the user is as new as the session will be.
    is_new: bool,
    /// Whether the row of the user was changed in the transaction that stores the session.
    is_changed: bool,
}

impl FirstFactor {
    /// The right password was given.
    pub(crate) fn password(user: User) -> Self {
        Self { user, method: "password", is_new: false, is_changed: false }
    }

    /// The user was created in this very transaction.
    pub(super) fn sign_up(user: User) -> Self {
        Self { user, method: "sign_up", is_new: true, is_changed: false }
    }

    /// A signed-in user gave the current password again.
    pub(crate) fn current_password(user: User) -> Self {
        Self { user, method: "change_password", is_new: false, is_changed: false }
    }

    /// The link was followed that was mailed to the user's address.
    pub(crate) fn mailed_link(user: User) -> Self {
        Self { user, method: "verify_email", is_new: false, is_changed: false }
    }

    /// An identity provider said who it is, of a user who may have been created for that in this very transaction.
    pub(super) fn identity(user: User, is_new: bool, is_changed: bool) -> Self {
        Self { user, method: "social", is_new, is_changed }
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
    /// The embedding program refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database took no row.
    #[error("the session was not stored")]
    NotStored,
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// Walks the gates, stores the session within `tx`, commits it and mints the access token. `replaced` are the
    /// sessions the user had, which end within `tx` too.
    pub(crate) async fn finish(
        &self,
        mut tx: Tx,
        proof: FirstFactor,
        device: Device,
        replaced: Vec<Ended>,
    ) -> Result<SignedIn, FinishError> {
        let FirstFactor { user, method, is_new, is_changed } = proof;
        // Who was read before a password was hashed may have been suspended meanwhile.
        self.hold_user(&mut tx, &user.id).await?;
        let user = self.user_within(&mut tx, &user.id).await?.ok_or(FinishError::NotStored)?;
        let now = self.clock.now();
        gates::walk(&user, &self.config, now)?;
        self.hooks.before_session(&user)?;
        let elapsed = suspension_has_elapsed(&user, now);
        if elapsed {
            self.lift_suspension(&mut tx, &user.id).await?;
        }
        let session = self.draft_session(&user, device);
        if !self.insert_session(&mut tx, &session).await? {
            return Err(FinishError::NotStored);
        }
        self.record(&mut tx, Event::SignedIn { user: &user, session: &session, method }).await?;
        if !replaced.is_empty() {
            self.refuse_tokens_of(&mut tx, &user.id).await?;
        }
        let caller = Caller { session: Arc::new(session), user: Arc::new(user) };
        let access_token = self.access_token(&caller).map_err(Error::from)?;
        let read = caller.clone();
        let tell = move |engine: &Self| {
            // Who signs in was read just now; what is kept may be of before, when a suspension still held.
            if elapsed || is_changed || engine.cache.user(&read.user.id).is_some_and(|kept| kept != read.user) {
                engine.cache.forget_user(&read.user.id);
            }
            engine.end_sessions(&replaced);
            if is_new {
                engine.hooks.user_created(&read.user);
            }
            engine.hooks.session_created(&read);
        };
        self.commit(tx, tell).await?;
        Ok(SignedIn { caller, access_token })
    }

    fn draft_session(&self, user: &User, device: Device) -> Session {
        let now = self.clock.now();
        Session {
            id: self.new_id(now),
            expires_at: rules::expires_at(now, device.dont_remember, &self.config.session),
            token: chance::session_token(&*self.chance),
            created_at: now,
            updated_at: now,
            ip_address: Some(device.address),
            user_agent: Some(device.agent),
            user_id: user.id.clone(),
            impersonated_by: None,
            dont_remember: device.dont_remember,
            additional: self.fields_of_new_session(),
        }
    }
}
