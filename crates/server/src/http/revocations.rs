//! The refusals as server-sent events, for verifiers in other services. The format is said in `docs/revocations.md`.
//!
//! ```text
//! connected ──> a snapshot in parts, or what came after Last-Event-ID ──┬──> one event per change
//!                   ▲                                                   ├──> a heartbeat each second
//!                   └───── fell behind, or all was read again ──────────┘
//! ```

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use countersign_contract::transport::Error;
use countersign_engine::Engine;
use countersign_engine::feed::{News, Position};
use countersign_guard::bearer_token;
use countersign_token::Notice;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::channel::{Channel, Sender};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::problem::Problem;
use crate::app::App;
use crate::serve::Stopping;

/// Below the base path.
pub(crate) const PATH: &str = "/revocations";

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Keeps a proxy from holding events back.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const HEARTBEAT: Duration = Duration::from_secs(1);
/// Changes in one part of a snapshot.
const PART: usize = 1_000;
/// Writes that may wait for a follower to read, and for how long.
const AHEAD: usize = 8;
const PATIENCE: Duration = Duration::from_secs(30);

/// Streams the refusals to whoever shows the feed's credential.
pub(crate) async fn follow(
    State(app): State<App>,
    stopping: Option<Extension<Stopping>>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET {
        return StatusCode::NOT_FOUND.into_response();
    }
    let admitted = matches!(bearer_token(&headers), Ok(Some(token)) if app.engine.keys().admits_follower(token));
    if !admitted {
        let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
        return (challenge, Problem::new(Error::Unauthorized)).into_response();
    }
    if app.engine.feed().known().position.is_none() {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response();
    }
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse::<Position>().ok());
    let (sender, body) = Channel::<Bytes>::new(AHEAD);
    let stream = Stream { engine: app.engine.clone(), sender };
    tokio::spawn(async move {
        let stopped = async {
            match stopping {
                Some(Extension(stopping)) => stopping.wait().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Err(Gone) = stream.run(last) => tracing::debug!("a follower of the feed is gone"),
            () = stopped => {}
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (BUFFERING, HeaderValue::from_static("no")),
    ];
    (headers, Body::new(body)).into_response()
}

/// Nobody reads any more.
struct Gone;

/// What one follower is sent.
struct Stream {
    engine: Engine,
    sender: Sender<Bytes>,
}

impl Stream {
    /// Sends until nobody reads.
    async fn run(mut self, last: Option<Position>) -> Result<std::convert::Infallible, Gone> {
        // Subscribed before anything is read, so that nothing falls between.
        let mut news = self.engine.feed().subscribe();
        let mut place = match last {
            Some(last) => self.resume(last).await?,
            None => self.snapshot().await?,
        };
        let mut ticks = interval(HEARTBEAT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                news = news.recv() => match news.as_deref() {
                    Ok(News::Changes { changes, position }) if position.epoch == place.epoch => {
                        self.changes(changes, &mut place).await?;
                        place.seq = place.seq.max(position.seq);
                    }
                    // All was read again, or this follower is too slow to be told each change.
                    _ => place = self.snapshot().await?,
                },
                _ = ticks.tick() => self.heartbeat(&place).await?,
            }
        }
    }

    /// What came after the place where the follower stands, if that can be told.
    async fn resume(&mut self, mut place: Position) -> Result<Position, Gone> {
        match self.engine.changes_since(&place).await {
            Ok(Some(changes)) => {
                self.changes(&changes, &mut place).await?;
                Ok(place)
            }
            Ok(None) => self.snapshot().await,
            Err(error) => {
                tracing::warn!(%error, "a follower of the feed is sent a snapshot");
                self.snapshot().await
            }
        }
    }

    /// All refusals in parts. Only the last has an id: whoever misses it asks from where it stood before.
    async fn snapshot(&mut self) -> Result<Position, Gone> {
        let known = Arc::clone(&*self.engine.feed().known());
        let Some(position) = known.position.clone() else { return Err(Gone) };
        let mut held = known.refusals.changes().peekable();
        loop {
            let changes = held.by_ref().take(PART).collect();
            let more = held.peek().is_some();
            self.send(&Notice::Snapshot { changes, more }, (!more).then_some(&position)).await?;
            if !more {
                return Ok(position);
            }
        }
    }

    async fn changes(
        &mut self,
        changes: &[(i64, countersign_token::Change)],
        place: &mut Position,
    ) -> Result<(), Gone> {
        for (seq, change) in changes {
            if *seq > place.seq {
                place.seq = *seq;
                self.send(&Notice::Change(change.clone()), Some(place)).await?;
            }
        }
        Ok(())
    }

    async fn heartbeat(&mut self, place: &Position) -> Result<(), Gone> {
        let age_ms = self.engine.feed_age().and_then(|age| u64::try_from(age).ok()).unwrap_or(u64::MAX);
        self.send(&Notice::Heartbeat { age_ms }, Some(place)).await
    }

    async fn send(&mut self, notice: &Notice, place: Option<&Position>) -> Result<(), Gone> {
        let id = place.map(|place| format!("id: {place}\n")).unwrap_or_default();
        let event = format!("{id}event: {}\ndata: {}\n\n", notice.name(), notice.data());
        match timeout(PATIENCE, self.sender.send_data(event.into())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}
