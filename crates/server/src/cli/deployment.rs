//! The deployment a command works on: settings, secrets, database, engine.

use std::future::Future;
use std::path::PathBuf;

use countersign_engine::db::{Applied, Db, Options, Survey};
use countersign_engine::{Clock, Engine, OpenError, SystemChance, SystemClock, World};

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

    /// The same for the database at this URL, where one is given.
    pub(super) fn config_for(&self, database: Option<String>) -> Result<Config, Failure> {
        let mut config = self.config()?;
        if let Some(url) = database {
            config.database.url = url.into();
        }
        Ok(config)
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
    Db::connect(config.database.url.expose(), options(config)?).await.map_err(Failure::misuse)
}

/// How the database is opened.
pub(super) fn options(config: &Config) -> Result<Options, Failure> {
    Ok(Options { names: config.names().map_err(Failure::misuse)?, ..Options::default() })
}

/// Brings the schema up to date. Where another program made the database, only if that was said and all of it fits.
pub(super) async fn migrate(db: &Db, config: &Config) -> Result<Vec<Applied>, Failure> {
    let survey = db.survey().await.map_err(Failure::misuse)?;
    if survey.made_elsewhere {
        may_join(&survey, config).map_err(Failure::Misuse)?;
    }
    db.migrate(SystemClock.now()).await.map_err(Failure::misuse)
}

/// Whether our tables may be added to a database that Better Auth made, and why not.
fn may_join(survey: &Survey, config: &Config) -> Result<(), String> {
    const DOCTOR: &str = "`countersign doctor` says more";
    if let [(key, value), rest @ ..] = survey.settings.as_slice() {
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        return Err(format!(
            "Better Auth made this database under other names: set `{key}` to {value}{more}; `countersign doctor` prints \
             the settings"
        ));
    }
    if let Some((table, misfit)) = survey.tables.iter().find_map(|table| Some((table, table.misfits.first()?))) {
        return Err(format!(
            "Better Auth made this database, and table {} does not fit: {misfit}; {DOCTOR}",
            table.real
        ));
    }
    if !config.database.shared {
        return Err(
            "Better Auth made this database: set `database.shared` to true, and `token.secret` or an asymmetric \
             `token.algorithm`, so that access tokens have a key of their own; once no TypeScript server uses the database \
             any more, take `database.shared` out again"
                .to_owned(),
        );
    }
    Ok(())
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
