//! The rules of authentication, without HTTP.
//!
//! An [`Engine`] registers and signs in users, finds and ends their sessions and mints access tokens, on any database
//! of [`countersign_db`]. It can be used as a library; `countersign-server` puts HTTP around it.

mod account;
mod audit;
pub mod cache;
pub mod chance;
pub mod clock;
mod commit;
pub mod config;
mod email;
mod error;
pub mod feed;
mod fields;
mod hasher;
mod hooks;
mod import;
mod key;
pub mod keys;
pub mod outbox;
pub mod rate_limit;
pub mod refresh;
pub mod scheme;
mod sealed;
pub mod session;
pub mod sign_in;
pub mod social;
mod tally;
pub mod user;
mod verification;
pub mod webhook;

use std::sync::Arc;

use countersign_db::Db;
use countersign_token::{Secret, Secrets, WeakSecret};

pub use account::{
    Account, ChangePasswordError, CreateUserError, Existing, PasswordChanged, RequestResetError, ResetPasswordError,
    SetPasswordError, UnlinkError, VerifyPasswordError, rules::Unacceptable,
};
pub use chance::{Chance, SystemChance};
pub use clock::{Clock, SystemClock};
pub use config::Config;
pub use countersign_db as db;
pub use email::{ChangeEmailError, EmailChange, EmailWay, Followed, Follower, SendVerificationError, VerifyEmailError};
pub use error::Error;
pub use fields::{FieldError, is_truthy};
pub use hasher::{Hashing, Overloaded};
pub use hooks::{Hooks, Refusal};
pub use import::{Ban, Imported, Newcomer};
pub use refresh::{RefreshError, Refreshable, Renewed};
pub use session::{Found, Presented, Remembered, Renewal, Session, SessionError, UpdateSessionError};
pub use sign_in::{Device, FinishError, SignInError, SignUpError, SignedIn, SignedUp};
pub use tally::{Counts, Tally};
pub use user::{
    DeleteUserError, Deletion, DeletionProof, FollowDeletionError, NewUser, Profile, UpdateError, User, Who,
};

/// A live session and its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The session.
    pub session: Arc<Session>,
    /// The user.
    pub user: Arc<User>,
}

/// The engine. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    /// What [`Engine::speaking`] says.
    language: Option<Arc<str>>,
}

/// What an engine is made of.
pub struct Inner {
    db: Db,
    keys: keys::Keys,
    hasher: hasher::Hasher,
    cache: cache::Cache,
    feed: feed::Feed,
    tally: Tally,
    outbox: outbox::Outbox,
    config: Config,
    clock: Arc<dyn Clock>,
    apart: clock::Apart,
    chance: Arc<dyn Chance>,
    ids: chance::Ids,
    hooks: Arc<dyn Hooks>,
}

impl std::ops::Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("database", &self.db.kind()).finish_non_exhaustive()
    }
}

/// What an engine has from outside: time, randomness, and whom it asks and tells.
#[derive(Clone)]
pub struct World {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub chance: Arc<dyn Chance>,
    /// What the embedding program has to say.
    pub hooks: Arc<dyn Hooks>,
}

impl Default for World {
    /// The machine's clock, the operating system's generator, and no hooks.
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), chance: Arc::new(SystemChance), hooks: Arc::new(()) }
    }
}

/// Why an engine does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// `token.secret` is weak.
    #[error("token.secret: {0}")]
    WeakTokenSecret(#[from] WeakSecret),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// The database was opened without the additional fields, or with others.
    #[error("the database was not opened with the names of this configuration; `Config::rename` gives them")]
    Names,
    /// A stored signing key cannot be opened under the configured secrets.
    #[error("the signing key in the table `jwks` was sealed under another secret; configure that secret as well")]
    Sealed,
    /// A signing key cannot be made or read.
    #[error("the signing key in the table `jwks` cannot be read or made")]
    Key,
}

impl Engine {
    /// Opens an engine on a migrated database.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(db: Db, secrets: Secrets, config: Config, world: World) -> Result<Self, OpenError> {
        let World { clock, chance, hooks } = world;
        let configured = config.rename(db::Names::default()).map_err(|_| OpenError::Names)?;
        for table in ["user", "session"] {
            if db.names().fields(table)? != configured.fields(table)? {
                return Err(OpenError::Names);
            }
        }
        let keys = match config.token.algorithm.asymmetric() {
            None => {
                let own = config.token.secret.as_ref().map(|secret| Secret::parse(secret.expose())).transpose()?;
                keys::Keys::symmetric(secrets, own.as_ref(), &config)
            }
            Some(algorithm) => {
                let (clock, chance) = (&*clock, &*chance);
                let store = key::actions::Store { db: &db, secrets: &secrets, config: &config, clock, chance };
                let found = store.load(algorithm).await?;
                keys::Keys::asymmetric(secrets, found, &config)
            }
        };
        let inner = Inner {
            db,
            keys,
            hasher: hasher::Hasher::new(&config.password_hash),
            cache: cache::Cache::new(&config.cache),
            feed: feed::Feed::default(),
            tally: Tally::default(),
            outbox: outbox::Outbox::default(),
            config,
            clock,
            apart: clock::Apart::default(),
            chance,
            ids: chance::Ids::default(),
            hooks,
        };
        Ok(Self { inner: Arc::new(inner), language: None })
    }

    /// The same engine on behalf of somebody who reads this language: letters it writes say so. A language tag (RFC 5646).
    #[must_use]
    pub fn speaking(&self, language: &str) -> Self {
        Self { inner: Arc::clone(&self.inner), language: Some(language.into()) }
    }

    /// The settings it was opened with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The database it works on.
    pub fn database(&self) -> &Db {
        &self.db
    }

    /// The keys it signs and verifies with.
    pub fn keys(&self) -> &keys::Keys {
        &self.keys
    }

    /// The clock it goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }
}
