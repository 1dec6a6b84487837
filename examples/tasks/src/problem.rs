//! Why a request is not served, as a problem document (RFC 9457), in the shape of the guard's own refusals.

use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_guard::NotFound;
use serde_json::json;

/// Why a handler does not answer.
#[derive(Debug)]
pub(crate) enum Problem {
    /// There is no such thing, or it is another's: 404, in the guard's words.
    NotFound,
    /// The body is not what is asked for: 400, 413, 415 or 422, with the reason.
    Body(JsonRejection),
    /// Something of ours failed: 500. The text is for the log alone.
    Internal(String),
}

impl From<NotFound> for Problem {
    fn from(_: NotFound) -> Self {
        Self::NotFound
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::Body(rejection)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<countersign_engine::Error> for Problem {
    fn from(error: countersign_engine::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => NotFound.into_response(),
            Self::Body(rejection) => document(rejection.status(), "invalid_body", &rejection.body_text()),
            Self::Internal(cause) => {
                tracing::error!(cause, "a request failed");
                document(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the request cannot be answered")
            }
        }
    }
}

fn document(status: StatusCode, code: &str, detail: &str) -> Response {
    let problem = json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
}
