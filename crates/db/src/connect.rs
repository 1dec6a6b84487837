//! Opening a database, and the handle to it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::catalog::Catalog;
use crate::statement::Source;
use crate::{Error, Listener, Names, Read, Timestamp, Tx, listen};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SQLite, in a file.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// The real names of tables and columns.
    pub names: Names,
    /// Connections at most: all of them on PostgreSQL, the readers on SQLite (which has one writer beside them).
    pub connections: u32,
    /// How long a caller waits for a connection, a write lock or a first answer before it is told that there is none.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { names: Names::default(), connections: 10, patience: Duration::from_secs(5) }
    }
}

/// An open database. Clones share its connections.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
    pools: Pools,
}

#[derive(Clone)]
enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// What a handle and everything made from it have in common.
pub(crate) struct Shared {
    pub(crate) names: Names,
    pub(crate) statements: AtomicU64,
    pub(crate) catalog: OnceLock<Catalog>,
    rendered: RwLock<HashMap<&'static str, Arc<str>>>,
}

impl Shared {
    /// The template under this database's names, rendered the first time it is seen.
    pub(crate) fn sql(&self, template: &'static str) -> Result<Arc<str>, Error> {
        if let Some(sql) = self.rendered.read().unwrap_or_else(PoisonError::into_inner).get(template) {
            return Ok(Arc::clone(sql));
        }
        let sql: Arc<str> = self.names.render(template)?.into();
        self.rendered.write().unwrap_or_else(PoisonError::into_inner).insert(template, Arc::clone(&sql));
        Ok(sql)
    }
}

impl Db {
    /// Opens `sqlite:path`, `sqlite://path`, `postgres://...` or `postgresql://...`. A missing SQLite file is created,
    /// readable by its owner alone.
    ///
    /// # Errors
    /// [`Error::Url`] when the URL is none of these, [`Error::Unreachable`] when the database is not there; neither repeats
    /// the password.
    pub async fn connect(url: &str, options: Options) -> Result<Self, Error> {
        let pools = if url.starts_with("sqlite:") {
            open_sqlite(&sqlite_path(url)?, &options).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(url, &options).await?
        } else {
            let scheme = url.split_once(':').map_or("(no scheme)", |(scheme, _)| scheme);
            return Err(Error::Url(format!(
                "a database URL begins with `sqlite:` or `postgres://`, not with `{scheme}`"
            )));
        };
        Ok(Self::of(pools, options))
    }

    /// Opens a database that is there, to look at it: nothing in it is changed, not even how SQLite keeps its journal.
    ///
    /// # Errors
    /// As [`Db::connect`].
    pub async fn look(url: &str, options: Options) -> Result<Self, Error> {
        if !url.starts_with("sqlite:") {
            return Self::connect(url, options).await;
        }
        let readers = look_at_sqlite(&sqlite_path(url)?, &options).await?;
        Ok(Self::of(Pools::Sqlite { writer: readers.clone(), readers }, options))
    }

    fn of(pools: Pools, options: Options) -> Self {
        let names = options.names;
        let (statements, catalog, rendered) = (AtomicU64::new(0), OnceLock::new(), RwLock::default());
        Self { shared: Arc::new(Shared { names, statements, catalog, rendered }), pools }
    }

    /// Which database this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.pools {
            Pools::Sqlite { .. } => Kind::Sqlite,
            Pools::Postgres(_) => Kind::Postgres,
        }
    }

    /// A connection to look with. Statements on it see what is committed when each of them begins.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Unreachable`] when there is none in time.
    pub async fn read(&self) -> Result<Read, Error> {
        let source = match &self.pools {
            Pools::Sqlite { readers, .. } => Source::Sqlite(readers.acquire().await?),
            Pools::Postgres(pool) => Source::Postgres(pool.acquire().await?),
        };
        Ok(Read::new(Arc::clone(&self.shared), source))
    }

    /// A transaction to change with; on SQLite it waits for the write lock.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Unreachable`] when there is none in time.
    pub async fn write(&self) -> Result<Tx, Error> {
        let source = match &self.pools {
            Pools::Sqlite { writer, .. } => Source::SqliteTx(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => Source::PostgresTx(pool.begin().await?),
        };
        Ok(Tx::new(Arc::clone(&self.shared), source))
    }

    /// Listens on a channel, over a connection beside the others. `None` on SQLite, where nothing is said.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Unreachable`] when there is no connection in time.
    pub async fn listen(&self, channel: &'static str) -> Result<Option<Listener>, Error> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(None),
            Pools::Postgres(pool) => listen::on(pool, channel).await.map(Some),
        }
    }

    /// Does the database answer?
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Unreachable`] when it does not.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read().await?.one::<i64>("SELECT 1", Vec::new()).await.map(drop)
    }

    /// What the database's own clock says. A node whose clock differs judges sessions differently than the database.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Unreachable`] when it does not answer.
    pub async fn clock(&self) -> Result<Timestamp, Error> {
        self.read().await?.clock().await
    }

    /// The file a URL names, where it is a SQLite URL that [`Db::connect`] takes.
    #[must_use]
    pub fn sqlite_file(url: &str) -> Option<PathBuf> {
        url.starts_with("sqlite:").then(|| sqlite_path(url).ok())?
    }

    /// How many statements were run through this handle and its clones.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.shared.statements.load(Ordering::Relaxed)
    }

    /// The names in use.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.shared.names
    }

    /// Ends all connections, after the work on them.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

fn sqlite_path(url: &str) -> Result<PathBuf, Error> {
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or_default();
    if path.is_empty() || path.starts_with(':') || path.contains(['?', '#']) {
        return Err(Error::Url("a SQLite URL names a file and nothing else: `sqlite:countersign.db`".to_owned()));
    }
    Ok(PathBuf::from(path))
}

/// One connection writes and the others only read, so that no two of our own tasks ever meet in `SQLITE_BUSY`.
///
/// `synchronous = FULL`, because a sign-out or a new password that was confirmed must not be undone by a power cut, as
/// `NORMAL` allows in WAL mode; the price is one fsync per change, small beside a password hash.
async fn open_sqlite(path: &Path, options: &Options) -> Result<Pools, Error> {
    create_private(path)?;
    let writing = sqlite(path, options).journal_mode(SqliteJournalMode::Wal);
    let writer = sqlite_pool(options).max_connections(1).connect_with(writing).await.map_err(cannot_open(path))?;
    Ok(Pools::Sqlite { writer, readers: look_at_sqlite(path, options).await? })
}

async fn look_at_sqlite(path: &Path, options: &Options) -> Result<SqlitePool, Error> {
    let readers = sqlite_pool(options).max_connections(options.connections.max(1));
    readers.connect_with(sqlite(path, options).read_only(true)).await.map_err(cannot_open(path))
}

fn sqlite(path: &Path, options: &Options) -> SqliteConnectOptions {
    let common = SqliteConnectOptions::new().filename(path).foreign_keys(true);
    common.busy_timeout(options.patience).synchronous(SqliteSynchronous::Full)
}

fn sqlite_pool(options: &Options) -> SqlitePoolOptions {
    let pool = SqlitePoolOptions::new().acquire_timeout(options.patience);
    pool.idle_timeout(None).max_lifetime(None).min_connections(1)
}

fn cannot_open(path: &Path) -> impl Fn(sqlx::Error) -> Error {
    move |error| Error::Unreachable(format!("cannot open the SQLite database {}: {}", path.display(), reason(error)))
}

/// Creates the file with mode 0600 unless it is there: it holds password hashes, and SQLite gives its companions the same mode.
fn create_private(path: &Path) -> Result<(), Error> {
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Error::Unreachable(format!("cannot create the SQLite database {}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// A first connection is made by hand: the pool would try again and again and end in a timeout that hides the reason.
async fn open_postgres(url: &str, options: &Options) -> Result<Pools, Error> {
    let connect = PgConnectOptions::from_str(url).map_err(|_| {
        Error::Url(
            "the PostgreSQL URL cannot be read; it looks like `postgres://user:password@host:5432/database`".to_owned(),
        )
    })?;
    let connect = connect.application_name("countersign");
    let unreachable = |why: String| Error::Unreachable(format!("cannot reach {}: {why}", place(&connect)));
    match tokio::time::timeout(options.patience, connect.connect()).await {
        Ok(Ok(first)) => first.close().await?,
        Ok(Err(error)) => return Err(unreachable(reason(error))),
        Err(_elapsed) => {
            return Err(unreachable(format!("no answer within {} s", options.patience.as_secs_f32())));
        }
    }
    let pool = PgPoolOptions::new().acquire_timeout(options.patience).max_connections(options.connections.max(1));
    Ok(Pools::Postgres(pool.connect_lazy_with(connect)))
}

/// Where a PostgreSQL server is looked for, without the password.
fn place(connect: &PgConnectOptions) -> String {
    let host =
        connect.get_socket().map_or_else(|| connect.get_host().to_owned(), |socket| socket.display().to_string());
    let database = connect.get_database().unwrap_or_else(|| connect.get_username());
    format!("PostgreSQL at {host}:{}, database `{database}`, as `{}`", connect.get_port(), connect.get_username())
}

fn reason(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Database(error) => error.message().to_owned(),
        error => Error::from(error).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_sqlite_file_and_nothing_else() {
        assert_eq!(sqlite_path("sqlite:a.db").unwrap(), Path::new("a.db"));
        assert_eq!(sqlite_path("sqlite:///var/a.db").unwrap(), Path::new("/var/a.db"));
        for url in ["sqlite:", "sqlite://", "sqlite::memory:", "sqlite:a.db?mode=ro"] {
            assert!(matches!(sqlite_path(url), Err(Error::Url(_))), "{url}");
        }
    }
}
