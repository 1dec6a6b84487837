//! From an [`Endpoint`] of the contract to a route: the order of docs/wire.md 1.2, once for all endpoints.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawPathParams, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use countersign_contract::transport::Error;
use countersign_contract::{
    Anyone, Auth, Endpoint, FreshlySignedIn, Input, Method, PerhapsSignedIn, Request as _, SignedIn, SignedInOrCached,
};
use countersign_engine::{Caller, SessionError};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use super::answer::{Answer, Extras};
use super::caller::{self, Search};
use super::problem::{Failure, Problem};
use super::rate_limit;
use super::target;
use super::visit::Visit;
use crate::app::App;

/// A decoded call, with a caller of the kind the endpoint demands.
pub(crate) struct Call<E: Endpoint>
where
    E::Auth: Admits,
{
    pub(crate) app: App,
    pub(crate) visit: Visit,
    pub(crate) caller: <E::Auth as Admits>::Caller,
    pub(crate) method: http::Method,
    pub(crate) request: E::Request,
}

/// What a handler comes to.
pub(crate) type Outcome<E> = Result<Answer<<E as Endpoint>::Reply>, Failure<<E as Endpoint>::Error>>;

/// Mounts endpoints on a router.
pub(crate) trait Mount {
    /// Mounts `E`. A handler for another endpoint, or one that ignores a demanded caller, does not compile.
    fn endpoint<E>(self, handler: impl AsyncHandler<E>) -> Self
    where
        E: Endpoint<Auth: Admits>;
}

/// An async function from a call to its outcome.
pub(crate) trait AsyncHandler<E: Endpoint<Auth: Admits>>: Clone + Send + Sync + 'static {
    fn call(&self, call: Call<E>) -> impl Future<Output = Outcome<E>> + Send;
}

impl<E, F, Fut> AsyncHandler<E> for F
where
    E: Endpoint<Auth: Admits>,
    F: Fn(Call<E>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Outcome<E>> + Send,
{
    fn call(&self, call: Call<E>) -> impl Future<Output = Outcome<E>> + Send {
        self(call)
    }
}

impl Mount for Router<App> {
    fn endpoint<E>(self, handler: impl AsyncHandler<E>) -> Self
    where
        E: Endpoint<Auth: Admits>,
    {
        self.route(
            E::PATH,
            any(move |State(app): State<App>, path: RawPathParams, request: Request| async move {
                let mut extras = Extras::default();
                let path = path.iter().next().map_or("", |(_, value)| value);
                let mut response = match serve::<E>(app, &handler, (request, path), &mut extras).await {
                    Ok(answer) => {
                        extras.merge(answer.extras);
                        answer.location.map_or_else(|| axum::Json(answer.reply).into_response(), |to| found(&to))
                    }
                    Err(Refusal::NotFound) => return StatusCode::NOT_FOUND.into_response(),
                    Err(Refusal::Problem(problem)) => problem.into_response(),
                };
                extras.apply(&mut response);
                response
            }),
        )
    }
}

/// Sends the browser on, as Better Auth does it: 302, with the content type of all its answers and an empty body.
fn found(location: &str) -> Response {
    let headers = [(header::LOCATION, target::header(location)), (header::CONTENT_TYPE, APPLICATION_JSON)];
    (StatusCode::FOUND, headers).into_response()
}

const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");

enum Refusal {
    NotFound,
    Problem(Problem),
}

impl<P: Into<Problem>> From<P> for Refusal {
    fn from(problem: P) -> Self {
        Self::Problem(problem.into())
    }
}

async fn serve<E>(
    app: App,
    handler: &impl AsyncHandler<E>,
    (request, path): (Request, &str),
    extras: &mut Extras,
) -> Result<Answer<E::Reply>, Refusal>
where
    E: Endpoint<Auth: Admits>,
{
    let (parts, body) = request.into_parts();
    let visit = Visit::of(&parts, &app);
    rate_limit::count(&app, &visit, E::PATH).await?;
    let matches = match E::METHOD {
        Method::Get => parts.method == http::Method::GET,
        Method::Post => parts.method == http::Method::POST,
        Method::GetAndPost => parts.method == http::Method::GET || parts.method == http::Method::POST,
    };
    if !matches {
        return Err(Refusal::NotFound);
    }
    let posts = parts.method != http::Method::GET;
    let body = if posts && E::READS_BODY { decode_body::<E>(&app, &parts.headers, body).await? } else { None };
    if posts {
        app.origins.check(&parts.headers)?;
        app.origins.check_targets(body.as_ref(), visit.query.first("callbackURL"))?;
    }
    let request = E::Request::decode(Input { body: body.as_ref(), query: &visit.query, path })
        .map_err(|issues| Problem::worded(Error::Validation, issues.sentence()))?;
    if E::LEADS_ELSEWHERE {
        app.origins.check_query(&visit.query)?;
    }
    if E::FORM_CSRF {
        app.origins.check_form(&parts.headers)?;
    }
    let caller = E::Auth::admit(&app, &visit, extras).await?;
    let outcome = handler.call(Call { app, visit, caller, method: parts.method, request }).await;
    Ok(outcome.map_err(|failure| failure.hand_over(extras))?)
}

/// Reads and parses a body: JSON everywhere, forms where the endpoint takes them (docs/wire.md 1.3).
async fn decode_body<E: Endpoint>(
    app: &App,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Option<Value>, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    let essence = content_type.and_then(|text| text.split(';').next()).map(|text| text.trim().to_ascii_lowercase());
    let is_form = match essence.as_deref() {
        None => return Ok(None),
        Some("application/json") => false,
        Some("application/x-www-form-urlencoded") if E::TAKES_FORMS => true,
        Some(_) => {
            let allowed =
                if E::TAKES_FORMS { "application/x-www-form-urlencoded, application/json" } else { "application/json" };
            let given = content_type.unwrap_or_default();
            let message = format!("Content-Type \"{given}\" is not allowed. Allowed types: {allowed}");
            return Err(Problem::worded(Error::UnsupportedMediaType, message));
        }
    };
    let bytes = read_body(app, body).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if is_form {
        let pairs = form_pairs(&String::from_utf8_lossy(&bytes));
        return Ok(Some(Value::Object(pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect())));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|_| Problem::new(Error::InvalidJson))
}

/// Reads a body that is neither too large nor too slow (security H5, H6).
pub(crate) async fn read_body(app: &App, body: axum::body::Body) -> Result<Bytes, Problem> {
    let limit = usize::try_from(app.config.server.max_body).unwrap_or(usize::MAX);
    let patience = Duration::from_secs(app.config.server.request_timeout.into());
    match tokio::time::timeout(patience, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::new(Error::BodyTooLarge)),
        Ok(Err(_)) | Err(_) => Err(Problem::new(Error::InvalidJson)),
    }
}

/// The fields of a form, or of a query (URL standard, `application/x-www-form-urlencoded`).
pub(crate) fn form_pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// How a kind of caller is admitted.
pub(crate) trait Admits: Auth {
    /// What the handler is given.
    type Caller: Send;
    /// Admits the caller of this visit; cookies that follow from it go into `extras`, also where it refuses.
    fn admit(
        app: &App,
        visit: &Visit,
        extras: &mut Extras,
    ) -> impl Future<Output = Result<Self::Caller, Problem>> + Send;
}

impl Admits for Anyone {
    type Caller = ();
    async fn admit(_: &App, _: &Visit, _: &mut Extras) -> Result<(), Problem> {
        Ok(())
    }
}

impl Admits for PerhapsSignedIn {
    type Caller = Option<Caller>;
    async fn admit(app: &App, visit: &Visit, extras: &mut Extras) -> Result<Option<Caller>, Problem> {
        perhaps_signed_in(app, visit, Search::elsewhere(app, visit, false), extras).await
    }
}

impl Admits for SignedIn {
    type Caller = Caller;
    async fn admit(app: &App, visit: &Visit, extras: &mut Extras) -> Result<Caller, Problem> {
        signed_in(app, visit, Search::elsewhere(app, visit, false), extras).await
    }
}

impl Admits for SignedInOrCached {
    type Caller = Caller;
    async fn admit(app: &App, visit: &Visit, extras: &mut Extras) -> Result<Caller, Problem> {
        signed_in(app, visit, Search::elsewhere(app, visit, true), extras).await
    }
}

impl Admits for FreshlySignedIn {
    type Caller = Caller;
    async fn admit(app: &App, visit: &Visit, extras: &mut Extras) -> Result<Caller, Problem> {
        let caller = SignedIn::admit(app, visit, extras).await?;
        if app.engine.is_fresh(&caller) { Ok(caller) } else { Err(Problem::new(Error::SessionNotFresh)) }
    }
}

async fn signed_in(app: &App, visit: &Visit, search: Search, extras: &mut Extras) -> Result<Caller, Problem> {
    let caller = perhaps_signed_in(app, visit, search, extras).await?;
    if caller.is_none() {
        extras.header(header::WWW_AUTHENTICATE, HeaderValue::from_static(visit.challenge()));
    }
    caller.ok_or_else(|| Problem::new(Error::Unauthorized))
}

async fn perhaps_signed_in(
    app: &App,
    visit: &Visit,
    search: Search,
    extras: &mut Extras,
) -> Result<Option<Caller>, Problem> {
    match caller::find(app, visit, search, extras).await {
        Ok(live) => Ok(live.map(|live| live.caller)),
        Err(SessionError::Vanished) => Ok(None),
        Err(SessionError::Engine(error)) => Err(Problem::internal(&error.to_string())),
    }
}
