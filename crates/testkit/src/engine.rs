//! An engine on a fresh database, under a fake clock.

use std::cell::Cell;
use std::sync::Arc;

use countersign_db::{Db, FromRow, Names, Options, Value};
use countersign_engine::config::Config;
use countersign_engine::{Device, Engine, NewUser, OpenError, SignedIn, SignedUp, User, World};
use countersign_token::{Secret, Secrets};

use crate::{FakeClock, Place, SeededChance};

/// The secret of every app that names no other.
pub const SECRET: &str = "Zk3Nf8Qw1Lx6Vr9Tb4Ys7Jm2Hc5Dg0Pu";
/// The password of everyone who is signed up here.
pub const PASSWORD: &str = "correct horse battery";

/// An engine, and the clock it goes by.
pub struct TestEngine {
    engine: Engine,
    /// The clock.
    pub clock: Arc<FakeClock>,
}

impl std::ops::Deref for TestEngine {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl TestEngine {
    /// Brings the schema up to date and opens an engine with default settings.
    ///
    /// # Panics
    /// When it does not open.
    pub async fn open(place: &Place) -> Self {
        Self::open_with(place, |_| {}).await
    }

    /// The same with settings of one's own.
    ///
    /// # Panics
    /// When it does not open.
    pub async fn open_with(place: &Place, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        configure(&mut config);
        let db = place.migrated_with(options(&config)).await;
        Self::try_open(db, secrets(), |it| *it = config).await.expect("the engine opens")
    }

    /// The same with options of one's own for the database.
    ///
    /// # Panics
    /// When it does not open.
    pub async fn open_on(place: &Place, options: Options, configure: impl FnOnce(&mut Config)) -> Self {
        let db = place.migrated_with(options).await;
        Self::try_open(db, secrets(), configure).await.expect("the engine opens")
    }

    /// Opens an engine on a database that is up to date.
    ///
    /// # Errors
    /// Why it does not open.
    pub async fn try_open(db: Db, secrets: Secrets, configure: impl FnOnce(&mut Config)) -> Result<Self, OpenError> {
        let mut config = Config::default();
        configure(&mut config);
        let clock = Arc::new(FakeClock::default());
        // Two engines on one database must not draw the same ids.
        let chance = Arc::new(SeededChance::seeded(unlike_any_other()));
        let world = World { clock: clock.clone(), chance, ..World::default() };
        Ok(Self { engine: Engine::open(db, secrets, config, world).await?, clock })
    }

    /// The engine itself.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Signs up `name@example.com` with [`PASSWORD`].
    ///
    /// # Panics
    /// When that fails or leads to no session.
    pub async fn signed_up(&self, name: &str) -> SignedIn {
        match self.sign_up(new_user(name), PASSWORD, device()).await.expect("a sign-up") {
            SignedUp::SignedIn(signed_in) => *signed_in,
            SignedUp::Registered(_) => panic!("signing up does not sign in here"),
        }
    }

    /// Signs in `name@example.com` with [`PASSWORD`].
    ///
    /// # Panics
    /// When that fails.
    pub async fn signed_in(&self, name: &str) -> SignedIn {
        self.sign_in(&address(name), PASSWORD, device()).await.expect("a sign-in")
    }

    /// Makes `name@example.com` without a password, which costs no hash.
    ///
    /// # Panics
    /// When that fails.
    pub async fn user_without_password(&self, name: &str) -> User {
        self.create_user(new_user(name), None).await.expect("a new user")
    }

    /// Runs a statement of the test's own and commits it.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn run(&self, template: &'static str, args: Vec<Value>) -> u64 {
        let mut tx = self.database().write().await.expect("a transaction");
        let touched = tx.run(template, args).await.expect("the statement runs");
        tx.commit().await.expect("the commit");
        touched
    }

    /// What a query of the test's own yields.
    ///
    /// # Panics
    /// When the database refuses it, or it yields nothing.
    pub async fn ask<T: FromRow>(&self, template: &'static str, args: Vec<Value>) -> T {
        self.database().read().await.expect("a connection").one(template, args).await.expect("a row")
    }
}

/// How a database is opened under these settings.
fn options(config: &Config) -> Options {
    let names = config.rename(Names::default()).expect("names that can be names");
    Options { names, ..Options::default() }
}

/// The address of `name`.
#[must_use]
pub fn address(name: &str) -> String {
    format!("{name}@example.com")
}

/// A device that says nothing of itself.
#[must_use]
pub fn device() -> Device {
    Device::default()
}

fn new_user(name: &str) -> NewUser {
    NewUser { name: name.to_owned(), email: address(name), ..NewUser::default() }
}

fn secrets() -> Secrets {
    Secrets::single(Secret::parse(SECRET).expect("a strong secret"))
}

/// Of the engines of one test, which has a thread of its own: tests beside it change nothing.
fn unlike_any_other() -> u64 {
    thread_local!(static NEXT: Cell<u64> = const { Cell::new(0) });
    NEXT.replace(NEXT.get() + (1 << 32))
}
