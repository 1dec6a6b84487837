//! The whole application: state, and every layer in order.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use countersign_engine::Engine;
use http::{HeaderValue, StatusCode, header};

use crate::config::Config;
use crate::http::cookie::CookieNames;
use crate::http::cors;
use crate::http::origin::Origins;
use crate::http::paths;
use crate::http::problem::Problem;
use crate::http::rate_limit::Limiter;
use crate::metrics::{self, Metrics};
use crate::pages::{self, Look};
use crate::routes;
use crate::social::{Providers, Renewals};
use tower::Layer;
use tower::util::MapRequestLayer;
use tower_http::catch_panic::CatchPanicLayer;

/// What every handler works with. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    pub(crate) engine: Engine,
    pub(crate) config: Config,
    pub(crate) cookies: CookieNames,
    pub(crate) origins: Origins,
    pub(crate) limiter: Limiter,
    pub(crate) providers: Providers,
    pub(crate) renewals: Renewals,
    pub(crate) metrics: Metrics,
    /// How the pages look, or why they cannot be shown.
    pub(crate) look: Result<Arc<Look>, String>,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("engine", &self.engine).finish_non_exhaustive()
    }
}

impl App {
    /// An application over an engine. The engine must have been opened with the same settings.
    pub fn new(engine: Engine, config: Config) -> Self {
        let (cookies, origins) = (CookieNames::new(&config), Origins::new(&config));
        let limiter = Limiter::new(&config.rate_limit, engine.database().kind());
        let (metrics, providers) = (Metrics::new(&engine), Providers::of(&config));
        let look = Look::of(&config).map(Arc::new);
        let renewals = Renewals::default();
        Self(Arc::new(Parts { engine, config, cookies, origins, limiter, providers, renewals, metrics, look }))
    }

    /// The engine it works with.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Everything this application answers, as a router to serve or to mount in another. Layers run from the last to
    /// the first.
    pub fn router(&self) -> Router {
        let endpoints = routes::endpoints(self)
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(from_fn(no_store))
            .layer(from_fn_with_state(self.clone(), cors::layer));
        let router = Router::new()
            .nest(self.config.path(), endpoints)
            .merge(pages::routes(self))
            .route("/healthz", axum::routing::get(healthz))
            .route("/readyz", axum::routing::get(readyz))
            .fallback(pages::not_found)
            .layer(from_fn_with_state(self.clone(), paths::disabled))
            .layer(from_fn(nosniff))
            .layer(from_fn(bounded_uri))
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn_with_state(self.clone(), metrics::count))
            .with_state(self.clone());
        if !self.config.advanced.skip_trailing_slashes {
            return router;
        }
        // A router looks at the path before its layers do, so this goes around it.
        let app = self.clone();
        let trim = MapRequestLayer::new(move |mut request: Request| {
            if let Some(uri) = paths::without_slash(app.config.path(), request.uri()) {
                *request.uri_mut() = uri;
            }
            request
        });
        Router::new().fallback_service(trim.layer(router))
    }
}

/// Answers hold tokens and sessions: nobody stores them (RFC 6749 section 5.1, which asks for both headers).
async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// Nobody guesses another type than the one that is said (security O6).
async fn nosniff(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The longest address of a request, in bytes.
const URI_MAX: usize = 16 * 1024;

async fn bounded_uri(request: Request, next: Next) -> Response {
    let length = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    if length > URI_MAX { StatusCode::URI_TOO_LONG.into_response() } else { next.run(request).await }
}

/// A panic ends the request it happened in and nothing else (security H8). What it said is in the log by then.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::internal("a handler panicked").into_response()
}

/// The process answers.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The database answers too, its news has been read lately, and its clock agrees with ours.
async fn readyz(State(app): State<App>) -> Response {
    let not_ready = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    if let Err(error) = app.engine.database().ping().await {
        tracing::warn!(%error, "not ready");
        return not_ready("the database does not answer\n");
    }
    if app.engine.clock_is_apart() {
        return not_ready("the clocks of this node and of the database are apart\n");
    }
    match app.engine.feed_is_stale() {
        Some(false) => "ok\n".into_response(),
        Some(true) => {
            tracing::warn!(age_ms = app.engine.feed_age(), "not ready: the feed is not read");
            not_ready("the feed is not read\n")
        }
        None => not_ready("the feed has not been read yet\n"),
    }
}
