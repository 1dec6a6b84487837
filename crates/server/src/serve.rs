//! Serving an application on a socket, with bounds on what one connection may take (security H5, H6).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt;

use crate::config::Server;

/// Connections open at the same time; further ones wait to be accepted.
const CONNECTIONS: usize = 10_000;
/// The largest head of a request, in bytes.
const HEAD_MAX: usize = 64 * 1024;
/// The most headers of a request; one more is answered 431.
const HEADERS_MAX: usize = 100;
/// How long open requests may finish when the server stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// Serves `router` until `stop` resolves; then no connection is accepted, and open requests may finish.
///
/// # Errors
/// If the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    config: &Server,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.header_timeout.into()))
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_MAX);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let farewell = GracefulShutdown::new();
    let (open, stopping) = watch::channel(());
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let (router, stopping) = (router.clone(), Stopping(stopping.clone()));
        let service = service_fn(move |request| call(router.clone(), request, peer, stopping.clone()));
        let connection = farewell.watch(builder.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    drop(open);
    tokio::select! {
        () = farewell.shutdown() => {}
        () = tokio::time::sleep(FAREWELL) => tracing::warn!("requests were still open when the server stopped"),
    }
    Ok(())
}

/// Lets an answer that never ends by itself know when the server stops. Goes with each request.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(watch::Receiver<()>);

impl Stopping {
    /// Resolves when the server stops.
    pub(crate) async fn wait(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}

type Place = tokio::sync::OwnedSemaphorePermit;

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, Place)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no TCP_NODELAY");
            }
            Some((stream, peer, place))
        }
        Err(error) => {
            // Out of descriptors, most likely: let others end before trying again.
            tracing::warn!(%error, "a connection was not accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn call(
    router: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    stopping: Stopping,
) -> Result<http::Response<Body>, std::convert::Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(stopping);
    router.oneshot(request.map(Body::new)).await
}
