//! `countersign serve`.

mod log;

use countersign_engine::config::BaseUrl;
use countersign_engine::{Clock, SystemClock};
use tokio::net::TcpListener;

use super::console::{Failure, answer};
use super::deployment::{self, Deployment};
use crate::App;
use crate::config::{Config, Found};

pub(super) fn run(deployment: &Deployment) -> Result<(), Failure> {
    let config = deployment.config()?;
    let found = deployment::secrets_or_first(&config)?;
    log::start(&config.log);
    deployment::wait_for(serve(config, found))
}

async fn serve(mut config: Config, found: Found) -> Result<(), Failure> {
    let db = deployment::database(&config).await?;
    for step in db.migrate(SystemClock.now()).await.map_err(Failure::misuse)? {
        tracing::info!(%step, "migrated");
    }
    let listener = listen(&config).await?;
    if config.engine.base_url == BaseUrl::local(0) {
        // Whoever asked for a free port learns here which it is.
        config.engine.base_url = BaseUrl::local(listener.local_addr()?.port());
    }
    let engine = deployment::open(db, found, &config).await?;
    // What was refused before the restart is refused from the first request on.
    engine.catch_up().await.map_err(Failure::refused)?;
    let (page, kind) = (config.engine.base_url.origin(), engine.database().kind());
    answer(format_args!("Countersign is ready on {kind}: open {page} (the API is at {})", config.endpoints()))?;
    let app = App::new(engine.clone(), config.clone());
    let follower = tokio::spawn({
        let engine = engine.clone();
        async move { engine.follow_feed().await }
    });
    crate::serve(listener, app.router(), &config.server, stopped()).await?;
    follower.abort();
    engine.database().close().await;
    Ok(())
}

async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    let (host, port) = (config.server.host.as_str(), config.server.port);
    TcpListener::bind((host, port)).await.map_err(|error| {
        Failure::Misuse(format!("cannot listen on {host} port {port}: {error}; set PORT or `server.host` to another"))
    })
}

/// Resolves when somebody asks the process to end.
async fn stopped() {
    let interrupted = async { tokio::signal::ctrl_c().await.is_ok() };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    interrupted.await;
}
