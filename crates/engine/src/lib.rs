//! The rules of authentication, without HTTP.
//!
//! An [`Engine`] registers and signs in users, finds and ends their sessions and mints access tokens, on any database
//! of [`countersign_db`]. It can be used as a library; `countersign-server` puts HTTP around it.

mod account;
mod audit;
mod cache;
pub mod chance;
pub mod clock;
mod commit;
pub mod config;
mod error;
pub mod feed;
mod hasher;
mod key;
pub mod keys;
pub mod refresh;
mod sealed;
pub mod session;
pub mod sign_in;
pub mod user;

use std::sync::Arc;

use countersign_db::Db;
use countersign_token::{Algorithm, Secret, Secrets, WeakSecret};

pub use account::{ChangePasswordError, CreateUserError, PasswordChanged, rules::Unacceptable};
pub use chance::{Chance, SystemChance};
pub use clock::{Clock, SystemClock};
pub use config::Config;
pub use countersign_db as db;
pub use error::Error;
pub use hasher::Overloaded;
pub use refresh::{RefreshError, Refreshable, Renewed};
pub use session::{Found, Presented, Renewal, Session, SessionError};
pub use sign_in::{Device, FinishError, SignInError, SignUpError, SignedIn, SignedUp};
pub use user::{NewUser, UpdateError, User, Who};

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
pub struct Engine(Arc<Inner>);

/// What an engine is made of.
pub struct Inner {
    db: Db,
    keys: keys::Keys,
    hasher: hasher::Hasher,
    cache: cache::Cache,
    feed: feed::Feed,
    config: Config,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
}

impl std::ops::Deref for Engine {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("database", &self.db.kind()).finish_non_exhaustive()
    }
}

/// Where an engine takes the time and randomness from.
#[derive(Clone)]
pub struct World {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub chance: Arc<dyn Chance>,
}

impl Default for World {
    /// The machine's clock and the operating system's generator.
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), chance: Arc::new(SystemChance) }
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
        let World { clock, chance } = world;
        let algorithm = match config.token.algorithm {
            config::Algorithm::HS256 => Algorithm::Hs256,
            config::Algorithm::EdDSA => Algorithm::EdDsa,
            config::Algorithm::ES256 => Algorithm::Es256,
        };
        let keys = if algorithm == Algorithm::Hs256 {
            let own = config.token.secret.as_ref().map(|secret| Secret::parse(secret.expose())).transpose()?;
            keys::Keys::symmetric(secrets, own.as_ref(), &config)
        } else {
            key::actions::load(&db, secrets, algorithm, &config, (&*clock, &*chance)).await?
        };
        Ok(Self(Arc::new(Inner {
            db,
            keys,
            hasher: hasher::Hasher::new(&config.password_hash),
            cache: cache::Cache::new(&config.cache),
            feed: feed::Feed::default(),
            config,
            clock,
            chance,
        })))
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
