//! Paths that are switched off, and paths with a slash at their end.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::uri::PathAndQuery;
use http::{StatusCode, Uri, header};

use crate::app::App;

/// Answers what `disabled_paths` lists as if it were not there, before anything is counted (docs/wire.md 1.1).
pub(crate) async fn disabled(State(app): State<App>, request: Request, next: Next) -> Response {
    let below = request.uri().path().trim_end_matches('/').strip_prefix(app.config.path());
    match below {
        Some(path) if app.config.disabled_paths.iter().any(|disabled| disabled == path) => {
            (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain;charset=UTF-8")], "Not Found").into_response()
        }
        _ => next.run(request).await,
    }
}

/// The address without the one slash at its end, where it lies below `base`.
pub(crate) fn without_slash(base: &str, uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| path.starts_with(base) && !path.ends_with('/'))?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{path}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}
