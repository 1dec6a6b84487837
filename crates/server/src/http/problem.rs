//! The one way in which an error leaves: a row's status, code and sentence. Causes go to the log, never to the caller
//! (security H10).

use axum::response::{IntoResponse, Response};
use countersign_contract::{Coded, ErrorRow, transport};
use countersign_engine::sign_in::gates::Closed;
use countersign_engine::{FinishError, Refusal};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

use super::answer::Extras;

/// Seconds after which a client may try again when too many passwords wait.
const RETRY_AFTER: u64 = 2;

/// Why a handler does not answer.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// A row of the endpoint's own table.
    Row(E),
    /// The same, with a sentence of its own.
    Worded(E, String),
    /// The same, with cookies to clear.
    With(E, Extras),
    /// What the door refuses for any endpoint.
    Door(Problem),
    /// The embedding program refuses.
    Refused(Refusal),
    /// The server is busy.
    Busy,
    /// Something else failed; the text is for the log.
    Internal(String),
}

impl<E> Failure<E> {
    /// Moves the cookies that go with the failure into the answer's.
    pub(crate) fn hand_over(self, extras: &mut Extras) -> Self {
        match self {
            Self::With(error, later) => {
                extras.merge(later);
                Self::Row(error)
            }
            other => other,
        }
    }
}

impl<E> From<E> for Failure<E> {
    fn from(row: E) -> Self {
        Self::Row(row)
    }
}

impl<E> Failure<E> {
    /// The caller is signed in no more.
    pub(crate) fn unauthorized() -> Self {
        Self::Door(Problem::new(transport::Error::Unauthorized))
    }

    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            text = format!("{text}: {next}");
            cause = next.source();
        }
        Self::Internal(text)
    }
}

/// An error on its way out.
#[derive(Debug)]
pub(crate) struct Problem {
    row: ErrorRow,
    message: Option<String>,
    retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(error: transport::Error) -> Self {
        Self { row: *error.row(), message: None, retry_after: None }
    }

    pub(crate) fn worded(error: transport::Error, message: String) -> Self {
        Self { message: Some(message), ..Self::new(error) }
    }

    /// A refusal that passes by waiting, in seconds.
    pub(crate) fn retry_after(error: transport::Error, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(error) }
    }

    /// The status it is answered with.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Its code, for programs.
    pub(crate) fn code(&self) -> Option<&'static str> {
        self.row.code
    }

    /// Its sentence.
    pub(crate) fn message(&self) -> &str {
        self.message.as_deref().unwrap_or(self.row.message)
    }

    /// Seconds after which it may have passed.
    pub(crate) fn wait(&self) -> Option<u64> {
        self.retry_after
    }

    /// A failure of ours: the cause goes to the log.
    pub(crate) fn internal(cause: &str) -> Self {
        tracing::error!(cause, "a request failed");
        Self::new(transport::Error::Internal)
    }
}

impl<E: Coded> From<Failure<E>> for Problem {
    fn from(failure: Failure<E>) -> Self {
        match failure {
            Failure::Row(error) | Failure::With(error, _) => {
                Self { row: *error.row(), message: None, retry_after: None }
            }
            Failure::Worded(error, message) => Self { row: *error.row(), message: Some(message), retry_after: None },
            Failure::Door(problem) => problem,
            Failure::Refused(Refusal { code, message }) => {
                Self { row: ErrorRow { status: 403, code: Some(code), message }, message: None, retry_after: None }
            }
            Failure::Busy => Self::retry_after(transport::Error::Overloaded, RETRY_AFTER),
            Failure::Internal(cause) => Self::internal(&cause),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // A few errors of Better Auth say nothing.
        if self.code().is_none() && self.message().is_empty() {
            return (self.status(), [(header::CONTENT_TYPE, "application/json")]).into_response();
        }
        let mut body = Map::from_iter([("message".to_owned(), Value::from(self.message()))]);
        if let Some(code) = self.code() {
            body.insert("code".to_owned(), code.into());
        }
        let mut response = (self.status(), axum::Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            // The official client reads the one with the X, everyone else the other.
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response.headers_mut().insert("x-retry-after", HeaderValue::from(seconds));
        }
        response
    }
}

/// What every caller of `finish` does with its failures that have no row of their own.
pub(crate) fn finish<E>(error: &FinishError, not_stored: E, closed: impl FnOnce(Closed) -> E) -> Failure<E> {
    match error {
        FinishError::Closed(gate) => Failure::Row(closed(*gate)),
        FinishError::Refused(refusal) => Failure::Refused(*refusal),
        FinishError::NotStored => Failure::Row(not_stored),
        FinishError::Engine(error) => Failure::internal(error),
    }
}
