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
use countersign_token::{Change, Notice};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::channel::{Channel, Sender};
use tokio::sync::broadcast::error::TryRecvError;
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
    let now = app.engine.clock().now().seconds();
    let credential = bearer_token(&headers).ok().flatten();
    let Some(until) = credential.and_then(|credential| app.engine.keys().admits_follower(credential, now)) else {
        let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
        return (challenge, Problem::new(Error::Unauthorized)).into_response();
    };
    if app.engine.feed().known().position.is_none() {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response();
    }
    let last = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse::<Position>().ok());
    let (sender, body) = Channel::<Bytes>::new(AHEAD);
    let stream = Stream { engine: app.engine.clone(), sender, until };
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

/// Nobody reads any more, or may.
struct Gone;

/// What one follower is sent.
struct Stream {
    engine: Engine,
    sender: Sender<Bytes>,
    /// When the credential expires, in seconds.
    until: i64,
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
                told = news.recv() => self.relay(told.ok(), &mut place).await?,
                _ = ticks.tick() => {
                    if self.until <= self.engine.clock().now().seconds() {
                        return Err(Gone);
                    }
                    // The age comes first: what was read by then is in the news.
                    let age_ms = self.age_ms();
                    loop {
                        match news.try_recv() {
                            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                            told => self.relay(told.ok(), &mut place).await?,
                        }
                    }
                    self.send(&Notice::Heartbeat { age_ms }, Some(&place)).await?;
                }
            }
        }
    }

    /// Hands on what the node took in; a snapshot where all was read again, or where this follower is too slow to be told each
    /// change.
    async fn relay(&mut self, news: Option<Arc<News>>, place: &mut Position) -> Result<(), Gone> {
        match news.as_deref().and_then(|news| news.after(place)) {
            Some((changes, leads_to)) => {
                self.changes(changes).await?;
                *place = leads_to;
            }
            None => *place = self.snapshot().await?,
        }
        Ok(())
    }

    /// What came after the place where the follower stands, if that can be told. A follower who may know more than this
    /// node does is better off with another, or with none.
    async fn resume(&mut self, from: Position) -> Result<Position, Gone> {
        match self.engine.changes_since(&from).await {
            Ok(Some(changes)) => {
                self.changes(&changes).await?;
                Ok(changes.into_iter().last().map_or(from, |(place, _)| place))
            }
            Ok(None) => self.snapshot().await,
            Err(error) => {
                tracing::warn!(%error, "what a follower of the feed has missed cannot be read");
                let known = self.engine.feed().known().position.clone();
                let is_ahead = known.is_some_and(|known| known.epoch == from.epoch && from.seq < known.seq);
                if is_ahead { self.snapshot().await } else { Err(Gone) }
            }
        }
    }

    /// All refusals in parts, and how old they are. Only the last part has an id: whoever misses it asks from where it stood
    /// before.
    async fn snapshot(&mut self) -> Result<Position, Gone> {
        let age_ms = self.age_ms();
        let known = Arc::clone(&*self.engine.feed().known());
        let Some(position) = known.position.clone() else { return Err(Gone) };
        let mut held = known.refusals.changes().peekable();
        loop {
            let changes = held.by_ref().take(PART).collect();
            let more = held.peek().is_some();
            self.send(&Notice::Snapshot { changes, more }, (!more).then_some(&position)).await?;
            if !more {
                break;
            }
        }
        self.send(&Notice::Heartbeat { age_ms }, Some(&position)).await?;
        Ok(position)
    }

    async fn changes(&mut self, changes: &[(Position, Change)]) -> Result<(), Gone> {
        for (place, change) in changes {
            self.send(&Notice::Change(change.clone()), Some(place)).await?;
        }
        Ok(())
    }

    /// How old what the node knows is.
    fn age_ms(&self) -> u64 {
        self.engine.feed_age().and_then(|age| u64::try_from(age).ok()).unwrap_or(u64::MAX)
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
