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
    let bounds = Bounds { connections: CONNECTIONS, head: Duration::from_secs(config.header_timeout.into()) };
    serve_within(bounds, listener, router, stop).await;
    Ok(())
}

/// The bounds that tests make small.
struct Bounds {
    connections: usize,
    /// How long a head may take to arrive, counted from the end of what came before it.
    head: Duration,
}

async fn serve_within(bounds: Bounds, listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.head).max_headers(HEADERS_MAX).max_buf_size(HEAD_MAX);
    let places = Arc::new(Semaphore::new(bounds.connections));
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::routing::get;
    use countersign_testkit::run;

    use super::*;

    /// How long a test waits for what must come.
    const PATIENCE: Duration = Duration::from_secs(20);
    const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    fn connect(listener: &TcpListener, said: &str) -> net::TcpStream {
        let mut stream = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream
    }

    #[test]
    fn who_does_not_end_a_head_in_time_is_cut_off_and_gives_the_place_to_the_next() {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            // All of them wait for the one place before the first is accepted, in this order.
            let silent = connect(&listener, "");
            let halfway = connect(&listener, "GET / HTTP/1.1\r\nHost: loc");
            let (idle, next) = (connect(&listener, REQUEST), connect(&listener, REQUEST));
            let bounds = Bounds { connections: 1, head: Duration::from_millis(50) };
            let router = Router::new().route("/", get(|| async { "here" }));
            tokio::spawn(serve_within(bounds, listener, router, std::future::pending()));
            let all_of = |mut stream: net::TcpStream| {
                let mut said = String::new();
                stream.read_to_string(&mut said).unwrap();
                said
            };
            assert_eq!((all_of(silent), all_of(halfway)), (String::new(), String::new()));
            for kept_open in [idle, next] {
                let said = all_of(kept_open);
                assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("\r\n\r\nhere"), "{said}");
            }
        });
    }

    #[test]
    fn one_connection_too_many_waits_until_another_ends() {
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let (mut first, mut second) = (connect(&listener, REQUEST), connect(&listener, ""));
            let (mut third, ended) = (connect(&listener, REQUEST), Arc::new(AtomicBool::new(false)));
            let router = Router::new().route("/", {
                let ended = Arc::clone(&ended);
                get(|| async move { if ended.load(Ordering::SeqCst) { "after" } else { "until" } })
            });
            let bounds = Bounds { connections: 2, head: PATIENCE };
            tokio::spawn(serve_within(bounds, listener, router, std::future::pending()));
            let word = |stream: &mut net::TcpStream| {
                let mut said = Vec::new();
                while !said.ends_with(b"until") && !said.ends_with(b"after") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    said.push(byte[0]);
                }
                said.split_off(said.len() - 5)
            };
            assert_eq!(word(&mut first), b"until");
            // Time enough for a server that would take the third as well.
            for _ in 0..100 {
                second.write_all(REQUEST.as_bytes()).unwrap();
                assert_eq!(word(&mut second), b"until");
            }
            ended.store(true, Ordering::SeqCst);
            drop(first);
            assert_eq!(word(&mut third), b"after");
        });
    }
}
