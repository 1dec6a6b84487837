//! The deployment a command works on: settings, secrets, database, engine.

use std::future::Future;
use std::path::PathBuf;

use countersign_engine::db::{Db, Options};
use countersign_engine::{Engine, OpenError, SystemChance, World};

use super::console::{Failure, note};
use crate::config::{Config, Found, Origin, Sources};

/// Where the settings are. Nothing is read before a command asks.
pub(super) struct Deployment {
    file: Option<PathBuf>,
}

impl Deployment {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file }
    }

    /// The settings of the file and the environment.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        let sources = Sources::new(self.file.clone(), std::env::vars_os())?;
        Ok(Config::load(&sources)?)
    }
}

/// The secrets; on the first run new ones, which is said.
pub(super) fn secrets_or_first(config: &Config) -> Result<Found, Failure> {
    let found = config.secrets_or_first(&SystemChance)?;
    if let Origin::Made(file) = &found.origin {
        note(format_args!(
            "made a secret and keep it in {}; whoever has it can sign in as anyone, so guard it, and back it up with the \
             database",
            file.display()
        ));
    }
    Ok(found)
}

/// The database, which must be there. A missing SQLite file is created.
pub(super) async fn database(config: &Config) -> Result<Db, Failure> {
    Db::connect(config.database.url.expose(), Options::default()).await.map_err(Failure::misuse)
}

/// The engine on a database whose schema is up to date.
pub(super) async fn engine(config: &Config) -> Result<Engine, Failure> {
    let found = secrets_or_first(config)?;
    let db = database(config).await?;
    if let Some(missing) = db.schema_report().await.map_err(Failure::misuse)?.first() {
        return Err(Failure::Misuse(format!("{missing} in the database; run `countersign migrate` first")));
    }
    open(db, found, config).await
}

/// The engine on this database.
pub(super) async fn open(db: Db, found: Found, config: &Config) -> Result<Engine, Failure> {
    Engine::open(db, found.secrets, config.engine.clone(), World::default()).await.map_err(|error| match error {
        OpenError::Database(error) => Failure::refused(error),
        wrong => Failure::misuse(wrong),
    })
}

/// Runs the part of a command that waits for the database or the network.
pub(super) fn wait_for<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
