//! `cargo run -p countersign-remote`: an API in a process of its own, behind the guard.

use std::env::{VarError, var};
use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Router, routing::get};
use countersign_guard::{FollowedRevocations, Guard, Identity, Options};
use countersign_token::{FeedCredential, KeySet, Policy, Secret, Secrets, Verifier};
use tokio::net::TcpListener;

fn api(verifier: Verifier, refusals: FollowedRevocations) -> Router {
    Router::new()
        .route("/me", get(me))
        .layer(Guard::new(verifier, refusals.clone()))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .with_state(refusals)
}

async fn me(identity: Identity) -> String {
    format!("hello {}\n", identity.id())
}

/// While nobody can say who is refused, every token is answered 503; so whoever shares out requests asks another process.
async fn readyz(State(refusals): State<FollowedRevocations>) -> (StatusCode, &'static str) {
    if refusals.state().is_stale {
        return (StatusCode::SERVICE_UNAVAILABLE, "it is not known who is refused\n");
    }
    (StatusCode::OK, "ok\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::parse(&setting("BETTER_AUTH_SECRET")?)?;
    let refusals =
        FollowedRevocations::start(&setting("COUNTERSIGN_FEED")?, FeedCredential::of(&secret), Options::default())?;
    let verifier = Verifier::new(KeySet::hs256(&Secrets::single(secret)), Policy::default());
    let port: u16 = var("PORT").unwrap_or_else(|_| "3001".to_owned()).parse()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(listener, api(verifier, refusals)).await?)
}

fn setting(name: &str) -> Result<String, String> {
    var(name).map_err(|why| match why {
        VarError::NotPresent => format!("set {name}; see examples/remote/README.md"),
        VarError::NotUnicode(_) => format!("{name} is not text"),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::http::Request;
    use countersign_guard::FollowState;
    use tokio::net::TcpStream;
    use tokio::time::timeout;
    use tower::ServiceExt as _;

    use super::*;

    /// How long the test waits for what must come.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn is_ready_only_while_it_knows_who_is_refused_and_healthy_all_along() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/auth/revocations", server.local_addr().unwrap());
        let secret = Secret::parse("kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X").unwrap();
        let refusals = FollowedRevocations::start(&url, FeedCredential::of(&secret), Options::default()).unwrap();
        let verifier = Verifier::new(KeySet::hs256(&Secrets::single(secret)), Policy::default());
        let api = api(verifier, refusals.clone());
        assert_eq!(health_and_readiness(&api).await, (200, 503), "before the first word");

        let (stream, _) = timeout(PATIENCE, server.accept()).await.unwrap().unwrap();
        answer(&stream).await;
        say(&stream, "snapshot", r#"{"changes":[],"more":false}"#).await;
        say(&stream, "heartbeat", r#"{"age_ms":0}"#).await;
        until(&refusals, |state| !state.is_stale).await;
        assert_eq!(health_and_readiness(&api).await, (200, 200));

        // A server without its database goes on saying how long ago it heard from it.
        say(&stream, "heartbeat", r#"{"age_ms":31000}"#).await;
        until(&refusals, |state| state.is_stale).await;
        assert_eq!(health_and_readiness(&api).await, (200, 503), "the word is too old");

        say(&stream, "heartbeat", r#"{"age_ms":0}"#).await;
        until(&refusals, |state| !state.is_stale).await;
        assert_eq!(health_and_readiness(&api).await, (200, 200), "the word is new again");
    }

    async fn health_and_readiness(api: &Router) -> (u16, u16) {
        let [health, readiness] = ["/healthz", "/readyz"].map(|path| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            api.clone().oneshot(request)
        });
        (health.await.unwrap().status().as_u16(), readiness.await.unwrap().status().as_u16())
    }

    async fn until(refusals: &FollowedRevocations, condition: impl FnMut(&FollowState) -> bool) {
        timeout(PATIENCE, refusals.until(condition)).await.unwrap();
    }

    /// Hears the follower's request out and begins a stream of events.
    async fn answer(stream: &TcpStream) {
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            timeout(PATIENCE, stream.readable()).await.unwrap().unwrap();
            let mut bytes = [0; 4096];
            // It may be readable no more.
            if let Ok(count) = stream.try_read(&mut bytes) {
                assert_ne!(count, 0, "the follower went away");
                heard.extend_from_slice(&bytes[..count]);
            }
        }
        write(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").await;
    }

    async fn say(stream: &TcpStream, event: &str, data: &str) {
        write(stream, &format!("id: 5f0c2e9a41d7b863-1-1790000123456\nevent: {event}\ndata: {data}\n\n")).await;
    }

    async fn write(stream: &TcpStream, text: &str) {
        timeout(PATIENCE, stream.writable()).await.unwrap().unwrap();
        assert_eq!(stream.try_write(text.as_bytes()).unwrap(), text.len());
    }
}
