//! What is done to users.

use std::sync::Arc;

use countersign_db::{Additional, Changes, Timestamp, Tx};
use countersign_token::{Claims, Standing};
use serde_json::{Map, Value};

use super::rows::Ban;
use super::{rows, rules};
use crate::audit::Event;
use crate::{Caller, Engine, Error, User};

/// How an operator names a user.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// By id.
    Id(&'a str),
    /// By e-mail address, in any case.
    Email(&'a str),
}

impl<'a> Who<'a> {
    /// A text with an `@` is an address, any other an id.
    pub fn parse(text: &'a str) -> Self {
        if text.contains('@') { Self::Email(text) } else { Self::Id(text) }
    }
}

/// What a new user is made of.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// The display name.
    pub name: String,
    /// A valid e-mail address, in any case.
    pub email: String,
    /// The address of a picture.
    pub image: Option<String>,
    /// The roles, joined by commas; `user` if not said.
    pub role: Option<String>,
    /// What is given for the additional fields, among members that may be none of them.
    pub members: Map<String, Value>,
}

/// What users may change about themselves; `None` leaves a column as it is.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The display name.
    pub name: Option<String>,
    /// The address of a picture; `Some(None)` removes it.
    pub image: Option<Option<String>>,
    /// Additional fields.
    pub additional: Changes,
}

/// Why a change to one's own profile is refused.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// Nothing to change was named.
    #[error("no fields to update")]
    Nothing,
    /// The database failed.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// What the directory says of the bearer of these claims, for the verdict on an access token. A user known to this
    /// process costs no statement, and the session table is never read: ended sessions are among the refusals.
    ///
    /// # Errors
    /// [`Error::Database`] when the user is not known yet and the database does not answer.
    pub async fn standing_of(&self, claims: &Claims) -> Result<Standing, Error> {
        match self.standing(&claims.sub, claims.sid.as_deref()).await? {
            Standing::Active { .. } if self.feed.known().refusals.refuses_token(claims, self.clock.now().seconds()) => {
                Ok(Standing::SessionEnded)
            }
            standing => Ok(standing),
        }
    }

    /// The same of a subject and a session alone.
    ///
    /// # Errors
    /// [`Error::Database`] when the user is not known yet and the database does not answer.
    pub async fn standing(&self, subject: &str, session: Option<&str>) -> Result<Standing, Error> {
        let now = self.clock.now();
        let Some(user) = self.user_by_id(subject).await? else { return Ok(Standing::Unknown) };
        if rules::is_suspended(&user, now) {
            return Ok(Standing::Suspended);
        }
        if session.is_some_and(|id| self.feed.known().refusals.has_ended(id, now.seconds())) {
            return Ok(Standing::SessionEnded);
        }
        Ok(Standing::Active { role: user.role.clone() })
    }

    /// The user with this id, from the cache if it is there.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn user_by_id(&self, id: &str) -> Result<Option<Arc<User>>, Error> {
        if let Some(user) = self.cache.user(id) {
            return Ok(Some(user));
        }
        let ticket = self.cache.ticket();
        let user = rows::by_id(&mut self.db.read().await?, id).await?.map(Arc::new);
        if let Some(user) = &user {
            self.cache.keep_user(ticket, user);
        }
        Ok(user)
    }

    /// The user an operator names, read from the database.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn user(&self, who: Who<'_>) -> Result<Option<User>, Error> {
        let mut read = self.db.read().await?;
        Ok(match who {
            Who::Id(id) => rows::by_id(&mut read, id).await?,
            Who::Email(email) => rows::by_email(&mut read, &rules::normalised_email(email)).await?,
        })
    }

    /// A transaction in which nobody else decides whether this user may be in: see [`Engine::hold_user`].
    pub(crate) async fn write_about(&self, id: &str) -> Result<Tx, Error> {
        let mut tx = self.db.write().await?;
        self.hold_user(&mut tx, id).await?;
        Ok(tx)
    }

    /// Until `tx` ends nobody else signs this user in, changes the ways in, ends all sessions, suspends or deletes them, on
    /// whichever node. Taken before any row of theirs, so that two never wait for each other (`docs/decisions/0011-one-decision-at-a-time.md`).
    pub(crate) async fn hold_user(&self, tx: &mut Tx, id: &str) -> Result<(), Error> {
        Ok(tx.lock_key(&format!("user:{id}")).await?)
    }

    /// The user with this id, as the database has it within `tx`.
    pub(crate) async fn user_within(&self, tx: &mut Tx, id: &str) -> Result<Option<User>, Error> {
        Ok(rows::by_id(tx, id).await?)
    }

    /// The user with this address, in its one spelling, as the database has it within `tx`.
    pub(crate) async fn user_by_email_within(&self, tx: &mut Tx, email: &str) -> Result<Option<User>, Error> {
        Ok(rows::by_email(tx, email).await?)
    }

    /// Up to `limit` users after the one with id `after` (empty: from the first), in the order of their ids.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn users(&self, after: &str, limit: u32) -> Result<Vec<User>, Error> {
        let after = (!after.is_empty()).then_some(after);
        Ok(rows::page(&mut self.db.read().await?, after, limit.into()).await?)
    }

    /// Changes the caller's name, picture or additional fields.
    ///
    /// # Errors
    /// [`UpdateError`]; [`Error::NotFound`] if the user is gone.
    pub async fn update_profile(&self, caller: &Caller, profile: Profile) -> Result<(), UpdateError> {
        if profile.name.is_none() && profile.image.is_none() && profile.additional.is_empty() {
            return Err(UpdateError::Nothing);
        }
        let now = self.clock.now();
        let mut tx = self.db.write().await.map_err(Error::from)?;
        let changed = rows::update_profile(&mut tx, &caller.user.id, &profile, now).await.map_err(Error::from)?;
        if changed == 0 {
            return Err(Error::NotFound.into());
        }
        self.record(&mut tx, Event::UserUpdated { user: &caller.user.id }).await?;
        let id = caller.user.id.clone();
        Ok(self.commit(tx, move |engine| engine.cache.forget_user(&id)).await?)
    }

    /// Suspends a user until `until` (none: for good) and ends all their sessions, as Better Auth's `ban-user` does.
    /// True if there is such a user.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn suspend(&self, id: &str, reason: Option<String>, until: Option<Timestamp>) -> Result<bool, Error> {
        let reason = reason.or_else(|| Some("No reason".to_owned()));
        let mut tx = self.write_about(id).await?;
        let ban = Ban { banned: true, reason, expires: until };
        if rows::set_ban(&mut tx, id, &ban, self.clock.now()).await? == 0 {
            return Ok(false);
        }
        let ended = self.end_all_sessions(&mut tx, id).await?;
        self.record(&mut tx, Event::UserSuspended { user: id }).await?;
        let id = id.to_owned();
        let tell = move |engine: &Self| {
            engine.cache.forget_user(&id);
            engine.end_sessions(&ended);
        };
        self.commit(tx, tell).await?;
        Ok(true)
    }

    /// Lifts a suspension. True if there is such a user.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn restore(&self, id: &str) -> Result<bool, Error> {
        let mut tx = self.db.write().await?;
        let found = self.lift_suspension(&mut tx, id).await?;
        if found {
            self.record(&mut tx, Event::UserRestored { user: id }).await?;
        }
        let id = id.to_owned();
        self.commit(tx, move |engine| engine.cache.forget_user(&id)).await?;
        Ok(found)
    }

    /// Clears the columns of a suspension. The caller forgets the user after its commit.
    pub(crate) async fn lift_suspension(&self, tx: &mut Tx, id: &str) -> Result<bool, Error> {
        let ban = Ban { banned: false, reason: None, expires: None };
        Ok(rows::set_ban(tx, id, &ban, self.clock.now()).await? > 0)
    }

    /// Gives a user other roles, joined by commas. True if there is such a user.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn set_role(&self, id: &str, role: &str) -> Result<bool, Error> {
        let mut tx = self.db.write().await?;
        let found = rows::set_role(&mut tx, id, role, self.clock.now()).await? > 0;
        if found {
            self.record(&mut tx, Event::RoleSet { user: id, role }).await?;
        }
        let id = id.to_owned();
        self.commit(tx, move |engine| engine.cache.forget_user(&id)).await?;
        Ok(found)
    }

    /// A user as it would be stored now, with a new id.
    pub(crate) fn draft(&self, new: NewUser, additional: Additional) -> User {
        let now = self.clock.now();
        User {
            id: self.new_id(now),
            name: new.name,
            email: rules::normalised_email(&new.email),
            email_verified: false,
            image: new.image,
            created_at: now,
            updated_at: now,
            role: Some(new.role.unwrap_or_else(|| rules::DEFAULT_ROLE.to_owned())),
            banned: Some(false),
            ban_reason: None,
            ban_expires: None,
            additional,
        }
    }

    /// Stores a user. False if the database took no row.
    pub(crate) async fn insert_user(&self, tx: &mut Tx, user: &User) -> Result<bool, countersign_db::Error> {
        Ok(rows::insert(tx, user).await? > 0)
    }

    /// Stores a user unless the id or the address is there already. True if it was stored.
    pub(crate) async fn insert_user_if_new(&self, tx: &mut Tx, user: &User) -> Result<bool, countersign_db::Error> {
        Ok(rows::insert_if_new(tx, user).await? > 0)
    }
}
