//! What the server counts, as a page for Prometheus on a listener of its own (docs/operations.md).
//!
//! Requests are counted here. What the engine knows of itself, it counts itself, in plain numbers that are read when the page
//! is asked for (`docs/decisions/0009-metrics.md`).

use std::borrow::Cow;
use std::fmt;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use countersign_engine::Engine;
use http::{Method, StatusCode, header};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;
use crate::clock::Stopwatch;

/// The only page of the listener.
pub(crate) const PATH: &str = "/metrics";

/// What is counted here. Every label has few values: nothing a caller makes up becomes one.
pub(crate) struct Metrics {
    requests: Family<Labels<3>, Counter>,
    durations: Family<Labels<2>, Histogram, fn() -> Histogram>,
    /// Calls that were denied for being one too many, by path.
    pub(crate) denied: Family<Labels<1>, Counter>,
    /// Calls that should have been counted in the database and were counted in memory.
    pub(crate) counted_alone: Counter,
    /// Bearer tokens that guards in this process refused, by reason.
    pub(crate) refusals: Family<Labels<1>, Counter>,
    registry: Registry,
}

type Labels<const N: usize> = [(&'static str, Cow<'static, str>); N];

impl Metrics {
    pub(crate) fn new(engine: &Engine) -> Self {
        let mut registry = Registry::with_prefix("countersign");
        let requests = Family::default();
        let durations = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let (denied, refusals) = (Family::default(), Family::default());
        let counted_alone = Counter::default();
        registry.register("http_requests", "Requests answered, by route, method and status", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time until the head of the answer was ready, by route and method",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register("rate_limit_denials", "Calls denied for being one too many, by path", denied.clone());
        registry.register(
            "rate_limit_fallbacks",
            "Calls counted in memory because the database did not answer",
            counted_alone.clone(),
        );
        registry.register(
            "guard_refusals",
            "Bearer tokens refused by guards in this process, by reason",
            refusals.clone(),
        );
        registry.register_collector(Box::new(Numbers(engine.clone())));
        Self { requests, durations, denied, counted_alone, refusals, registry }
    }

    /// Adds one to the number of a family with one label.
    pub(crate) fn add(family: &Family<Labels<1>, Counter>, label: &'static str, value: &'static str) {
        family.get_or_create(&[(label, Cow::Borrowed(value))]).inc();
    }

    fn page(&self) -> Result<String, fmt::Error> {
        let mut page = String::new();
        text::encode(&mut page, &self.registry)?;
        Ok(page)
    }
}

/// Bounds of the histogram: from an answer out of memory to a client that has long given up.
const SECONDS: [f64; 13] = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

impl App {
    /// The page of numbers, as a router to serve where only your monitoring comes. Requests are counted where
    /// `metrics.listen` is set.
    pub fn metrics(&self) -> Router {
        Router::new().route(PATH, axum::routing::get(page)).with_state(self.clone())
    }
}

async fn page(State(app): State<App>) -> Response {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match app.metrics.page() {
        Ok(page) => ([(header::CONTENT_TYPE, content_type)], page).into_response(),
        Err(fmt::Error) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Counts a request once it is answered, if anyone may ask for the numbers. A route is named by its pattern; requests for what is not there share one name.
pub(crate) async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.config.metrics.listen.is_none() {
        return next.run(request).await;
    }
    let route = request.extensions().get::<MatchedPath>().map(|path| Cow::Owned(path.as_str().to_owned()));
    let (route, method) = (("route", route.unwrap_or(Cow::Borrowed("none"))), ("method", method(request.method())));
    let stopwatch = Stopwatch::start();
    let response = next.run(request).await;
    let seconds = stopwatch.elapsed().as_secs_f64();
    let status = ("status", Cow::Owned(response.status().as_u16().to_string()));
    app.metrics.durations.get_or_create(&[route.clone(), method.clone()]).observe(seconds);
    app.metrics.requests.get_or_create(&[route, method, status]).inc();
    response
}

fn method(method: &Method) -> Cow<'static, str> {
    let known = [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS, Method::PUT, Method::PATCH, Method::DELETE];
    let names = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"];
    let name = known.iter().zip(names).find_map(|(known, name)| (known == method).then_some(name));
    Cow::Borrowed(name.unwrap_or("other"))
}

/// The numbers of the engine, read anew for each page.
#[derive(Debug)]
struct Numbers(Engine);

impl Collector for Numbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self(engine) = self;
        let tally = engine.tally();
        let to = &mut encoder;
        counts(to, "sign_ins", "Sign-ins with a password, by outcome", "outcome", tally.sign_ins.iter())?;
        counts(to, "refusals", "Access tokens refused by endpoints, by reason", "reason", tally.refusals.iter())?;
        let access_tokens = ("access_token", engine.verifier().old_key_uses());
        let others = engine.secrets().old_uses().map(|(what, number)| (what.name(), number));
        let help = "What was accepted under a key or secret other than the newest, by kind";
        counts(to, "old_key_uses", help, "kind", std::iter::once(access_tokens).chain(others))?;
        let hashing = engine.hashing();
        let refused = [("queue_full", hashing.turned_away), ("timed_out", hashing.timed_out)];
        counts(to, "password_hash_refusals", "Passwords not hashed, by reason", "reason", refused.into_iter())?;
        gauge(to, "password_hashes_running", "Passwords being hashed", hashing.running)?;
        gauge(to, "password_hashes_waiting", "Passwords waiting to be hashed", hashing.waiting)?;
        counts(to, "feed", "What came of the feed, by event", "event", tally.feed.iter())?;
        gauge(to, "feed_refusals", "Refusals held", engine.feed().known().refusals.len())?;
        gauge(to, "feed_followers", "Followers connected to the stream of refusals", engine.feed().followers())?;
        match engine.feed_age() {
            Some(age) => age_of_feed(to, age),
            None => Ok(()),
        }
    }
}

fn counts(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &'static str,
    numbers: impl Iterator<Item = (&'static str, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (value, number) in numbers {
        metric.encode_family(&[(label, value)])?.encode_counter::<NoLabelSet, _, u64>(&number, None)?;
    }
    Ok(())
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, number: usize) -> fmt::Result {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&number)
}

fn age_of_feed(encoder: &mut DescriptorEncoder<'_>, millis: i64) -> fmt::Result {
    let help = "Seconds since the database last answered for the feed";
    let seconds = millis as f64 / 1000.0;
    encoder.encode_descriptor("feed_age", help, Some(&Unit::Seconds), MetricType::Gauge)?.encode_gauge(&seconds)
}
