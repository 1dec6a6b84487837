//! `countersign serve`.

mod log;

use std::sync::Arc;

use countersign_engine::SystemClock;
use countersign_engine::config::BaseUrl;
use tokio::net::TcpListener;

use super::console::{Failure, answer};
use super::deployment::{self, Deployment};
use crate::App;
use crate::config::{Config, Found, Server};
use crate::mail::Carriers;
use crate::metrics;
use crate::pages::Look;
use crate::webhook::Webhook;

pub(super) fn run(deployment: &Deployment) -> Result<(), Failure> {
    let config = deployment.config()?;
    Look::of(&config).map_err(Failure::Misuse)?;
    let found = deployment::secrets_or_first(&config)?;
    log::start(&config.log);
    deployment::wait_for(serve(config, found))
}

async fn serve(mut config: Config, found: Found) -> Result<(), Failure> {
    let db = deployment::database(&config).await?;
    for step in deployment::migrate(&db, &config).await? {
        tracing::info!(%step, "migrated");
    }
    let listener = listen(&config).await?;
    let metrics = listen_for_metrics(&config).await?;
    if config.engine.base_url == BaseUrl::local(0) {
        // Whoever asked for a free port learns here which it is.
        config.engine.base_url = BaseUrl::local(listener.local_addr()?.port());
    }
    let carriers = Carriers::of(&config).map_err(Failure::misuse)?;
    let webhook = Webhook::of(&config, Arc::new(SystemClock)).map_err(Failure::misuse)?;
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
    if let Some(listener) = metrics {
        answer(format_args!("Metrics are at http://{}{}", listener.local_addr()?, metrics::PATH))?;
        tokio::spawn(show_metrics(listener, app.clone(), config.server.clone()));
    }
    let carrier = tokio::spawn({
        let engine = engine.clone();
        async move { carriers.carry_letters(&engine).await }
    });
    let sender = tokio::spawn({
        let engine = engine.clone();
        async move {
            if let Some(webhook) = webhook {
                webhook.send_messages(&engine).await;
            }
        }
    });
    crate::serve(listener, app.router(), &config.server, stopped()).await?;
    follower.abort();
    carrier.abort();
    sender.abort();
    engine.database().close().await;
    Ok(())
}

async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    let (host, port) = (config.server.host.as_str(), config.server.port);
    TcpListener::bind((host, port)).await.map_err(|error| {
        Failure::Misuse(format!("cannot listen on {host} port {port}: {error}; set PORT or `server.host` to another"))
    })
}

async fn listen_for_metrics(config: &Config) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = config.metrics.listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::Misuse(format!("cannot listen on {address}: {error}; set `metrics.listen` to another"))
    })?;
    Ok(Some(listener))
}

/// For as long as it is polled.
async fn show_metrics(listener: TcpListener, app: App, config: Server) {
    if let Err(error) = crate::serve(listener, app.metrics(), &config, std::future::pending()).await {
        tracing::error!(%error, "metrics are not shown any more");
    }
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
