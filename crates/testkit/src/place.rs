//! A fresh database for one test, gone when the test is over, passed or not.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use countersign_db::{Db, Kind, Options, Timestamp, scratch};

/// The instant at which every test begins: 2026-01-01T00:00:00.000Z.
pub const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// The variable that names a PostgreSQL maintenance database.
const POSTGRES: &str = "COUNTERSIGN_TEST_POSTGRES";

/// Where one test keeps its database.
pub struct Place {
    kind: Kind,
    url: String,
    remains: Remains,
}

/// What is to be removed in the end.
enum Remains {
    Directory(PathBuf),
    Database { maintenance_url: String, name: String },
}

impl Place {
    /// A place for a SQLite file, in a directory of its own.
    ///
    /// # Panics
    /// When the directory cannot be made.
    #[must_use]
    pub fn sqlite() -> Self {
        let directory = std::env::temp_dir().join(unique_name());
        std::fs::create_dir_all(&directory).expect("a temporary directory");
        let url = format!("sqlite:{}", directory.join("test.db").display());
        Self { kind: Kind::Sqlite, url, remains: Remains::Directory(directory) }
    }

    /// An empty PostgreSQL database.
    ///
    /// # Panics
    /// When `COUNTERSIGN_TEST_POSTGRES` names no server that can be reached.
    pub async fn postgres() -> Self {
        let Ok(maintenance_url) = std::env::var(POSTGRES) else {
            panic!(
                "{POSTGRES} is not set: run `cargo xtask test`, or this one command with a PostgreSQL beside it: \
                 `cargo xtask postgres -- cargo test -p <crate>`"
            );
        };
        let name = unique_name();
        let url = scratch::create_database(&maintenance_url, &name).await.expect("a new database");
        Self { kind: Kind::Postgres, url, remains: Remains::Database { maintenance_url, name } }
    }

    /// Which database is here.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens it as it is: empty, at first.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self) -> Db {
        self.open_with(Options::default()).await
    }

    /// Opens it with options of one's own.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open_with(&self, options: Options) -> Db {
        Db::connect(&self.url, options).await.expect("the database opens")
    }

    /// Opens it and brings its schema up to date.
    ///
    /// # Panics
    /// When it cannot be opened or migrated.
    pub async fn migrated(&self) -> Db {
        self.migrated_with(Options::default()).await
    }

    /// Opens it with options of one's own and brings its schema up to date.
    ///
    /// # Panics
    /// When it cannot be opened or migrated.
    pub async fn migrated_with(&self, options: Options) -> Db {
        let db = self.open_with(options).await;
        db.migrate(NOW).await.expect("the schema is brought up to date");
        db
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match &self.remains {
            Remains::Directory(directory) => drop(std::fs::remove_dir_all(directory)),
            Remains::Database { maintenance_url, name } => {
                // A runtime cannot be entered from within another, so the farewell has a thread of its own.
                let (url, name) = (maintenance_url.clone(), name.clone());
                let farewell =
                    std::thread::spawn(move || drop(runtime().block_on(scratch::drop_database(&url, &name))));
                drop(farewell.join());
            }
        }
    }
}

/// Runs the body of one test on a runtime of its own.
pub fn run(body: impl Future<Output = ()>) {
    runtime().block_on(body);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("an async runtime")
}

fn unique_name() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    format!("countersign_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// Makes of each test body two tests, `name::sqlite` and `name::postgres`, each with a fresh [`Place`].
#[macro_export]
macro_rules! both_databases {
    ($($(#[$attribute:meta])* async fn $name:ident($place:ident: &Place) $body:block)*) => { $(
        $(#[$attribute])*
        mod $name {
            use super::*;

            async fn body($place: &$crate::Place) $body

            #[test]
            fn sqlite() {
                $crate::run(async { body(&$crate::Place::sqlite()).await });
            }

            #[test]
            fn postgres() {
                $crate::run(async { body(&$crate::Place::postgres().await).await });
            }
        }
    )* };
}
