//! What any endpoint may refuse before its own work begins.

use crate::error::errors;

errors! {
    /// Refusals made by the door, in the order of docs/wire.md 1.2.
    pub enum Error {
        RateLimited = 429 none "Too many requests. Please try again later.",
        InvalidJson = 400 "BAD_REQUEST" "Invalid JSON in request body",
        UnsupportedMediaType = 415 "UNSUPPORTED_MEDIA_TYPE" "Content-Type is not allowed",
        BodyTooLarge = 413 "PAYLOAD_TOO_LARGE" "Request body is too large",
        MissingOrNullOrigin = 403 "MISSING_OR_NULL_ORIGIN" "Missing or null Origin",
        InvalidOrigin = 403 "INVALID_ORIGIN" "Invalid origin",
        CrossSiteNavigation = 403 "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED" "Cross-site navigation login blocked. This request appears to be a CSRF attack.",
        InvalidCallbackUrl = 403 "INVALID_CALLBACK_URL" "Invalid callbackURL",
        InvalidRedirectUrl = 403 "INVALID_REDIRECT_URL" "Invalid redirectURL",
        InvalidErrorCallbackUrl = 403 "INVALID_ERROR_CALLBACK_URL" "Invalid errorCallbackURL",
        InvalidNewUserCallbackUrl = 403 "INVALID_NEW_USER_CALLBACK_URL" "Invalid newUserCallbackURL",
        UrlNotAString = 400 none "Invalid callbackURL: expected a string",
        Validation = 400 "VALIDATION_ERROR" "Validation Error",
        Unauthorized = 401 "UNAUTHORIZED" "Unauthorized",
        SessionNotFresh = 403 "SESSION_NOT_FRESH" "Session is not fresh",
        Overloaded = 503 "SERVICE_UNAVAILABLE" "The server is busy. Please try again shortly.",
        Internal = 500 "INTERNAL_SERVER_ERROR" "Internal Server Error",
    }
}
