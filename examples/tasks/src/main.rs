//! `cargo run -p countersign-tasks`: sign-in and to-do lists in one process.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use countersign_engine::db::{Db, Options};
use countersign_engine::{Clock, Engine, SystemChance, SystemClock, World};
use countersign_server::App;
use countersign_server::config::{Config, Origin, Sources};
use countersign_tasks::{Store, page, router};
use tokio::net::TcpListener;

/// Where the tasks are kept; users and sessions are where `DATABASE_URL` says.
const TASKS: &str = "tasks.db";

/// Where `npm run build` puts the frontend.
const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/dist");

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let config = Config::load(&Sources::new(None, std::env::vars_os())?)?;
    let engine = engine(&config).await?;
    engine.catch_up().await?;
    tokio::spawn({
        let engine = engine.clone();
        async move { engine.follow_feed().await }
    });
    let app = App::new(engine, config.clone());
    let store = Store::open(Path::new(TASKS)).await?;
    let listener = TcpListener::bind((config.server.host.as_str(), config.server.port)).await?;
    let origin = config.engine.base_url.origin();
    tracing::info!("open {origin}/app; tasks are at {origin}/tasks, accounts at {}", config.endpoints());
    let everything = router(&app, store).merge(page(Path::new(WEB)));
    Ok(countersign_server::serve(listener, everything, &config.server, stopped()).await?)
}

/// The engine on the configured database, whose schema is brought up to date. On the first run a secret is made and kept
/// beside the database.
async fn engine(config: &Config) -> Result<Engine, Box<dyn Error>> {
    let found = config.secrets_or_first(&SystemChance)?;
    if let Origin::Made(file) = &found.origin {
        tracing::info!("made a secret and keep it in {}", file.display());
    }
    let db = Db::connect(config.database.url.expose(), Options::default()).await?;
    db.migrate(SystemClock.now()).await?;
    Ok(Engine::open(db, found.secrets, config.engine.clone(), World::default()).await?)
}

/// Resolves at Ctrl-C.
async fn stopped() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C is not heard");
    }
}
