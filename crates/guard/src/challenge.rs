//! What a caller hears who is not let in: RFC 6750 challenges and RFC 9457 problem documents.

use axum::response::{IntoResponse, Response};
use countersign_token::Refused;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};

/// Why a request is not served. As a response it carries status, challenge and a problem document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// No bearer token: 401 with a bare challenge and no error code (RFC 6750 section 3).
    NoCredentials,
    /// Two `Authorization` headers, or not exactly one token: 400 `invalid_request`.
    InvalidRequest,
    /// The token, or the person it names, is refused: 401 `invalid_token`; 503 when the directory cannot answer.
    Refused(Refused),
    /// A role or permission is missing: 403 `insufficient_scope`.
    Forbidden,
    /// There is no such thing, or it belongs to somebody else: 404.
    NotFound,
    /// An extractor was used on a route that no [`Guard`](crate::Guard) covers: 500, and an error in the log.
    NoGuard,
}

/// There is no such thing, or it belongs to somebody else: the caller cannot tell which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotFound;

impl From<Refused> for Rejection {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<NotFound> for Rejection {
    fn from(_: NotFound) -> Self {
        Self::NotFound
    }
}

impl Rejection {
    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoCredentials => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Refused(Refused::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NoGuard => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The `code` of the problem document.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCredentials => "no_credentials",
            Self::InvalidRequest => "invalid_request",
            Self::Refused(refused) => refused.code(),
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::NoGuard => "internal",
        }
    }

    /// The sentence of the problem document.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::NoCredentials => "a bearer token is needed".to_owned(),
            Self::InvalidRequest => "the request must carry exactly one bearer token".to_owned(),
            Self::Refused(refused) => refused.to_string(),
            Self::Forbidden => "a role or permission is missing".to_owned(),
            Self::NotFound => "there is no such thing".to_owned(),
            Self::NoGuard => "the request cannot be answered".to_owned(),
        }
    }

    /// The value of `WWW-Authenticate`, where there is one (RFC 6750 section 3).
    fn challenge(&self) -> Option<HeaderValue> {
        let error = match self {
            Self::NoCredentials => return Some(HeaderValue::from_static("Bearer")),
            Self::InvalidRequest => "invalid_request",
            Self::Refused(refused) => refused.bearer_error()?,
            Self::Forbidden => "insufficient_scope",
            Self::NotFound | Self::NoGuard => return None,
        };
        // Our own sentences hold neither quotes nor characters that a quoted string may not.
        HeaderValue::try_from(format!("Bearer error=\"{error}\", error_description=\"{}\"", self.detail())).ok()
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = self.status();
        let problem = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.detail(),
            "code": self.code(),
        });
        let mut response = (status, problem.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl IntoResponse for NotFound {
    fn into_response(self) -> Response {
        Rejection::from(self).into_response()
    }
}
