//! What went wrong, in words for people.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use crate::app::App;
use crate::http::problem::Problem;

/// A refusal as a page shows it.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) status: StatusCode,
    pub(crate) words: String,
    /// The field of the form it is about; empty where it is about none.
    pub(crate) field: &'static str,
    retry_after: Option<u64>,
}

impl Trouble {
    pub(crate) fn of(app: &App, problem: &Problem) -> Self {
        let (field, words) = words(app, problem);
        Self { status: problem.status(), words, field, retry_after: problem.wait() }
    }

    /// Something a page found by itself.
    pub(crate) fn new(status: StatusCode, words: &str) -> Self {
        Self { status, words: words.to_owned(), field: "", retry_after: None }
    }

    /// Says in the answer's head what the page says in words.
    pub(crate) fn mark(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The field at fault, and the sentence.
fn words(app: &App, problem: &Problem) -> (&'static str, String) {
    let config = &app.config.engine;
    let limits = &config.email_and_password;
    let (field, words) = match problem.code() {
        Some("INVALID_EMAIL_OR_PASSWORD") => ("both", "The e-mail address or the password is wrong."),
        Some("INVALID_EMAIL") => ("email", NO_ADDRESS),
        Some("USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL") => {
            ("email", "There is already an account with this e-mail address. You can sign in instead.")
        }
        Some("PASSWORD_TOO_SHORT") => {
            return ("password", format!("The password needs at least {} characters.", limits.min_password_length));
        }
        Some("PASSWORD_TOO_LONG") => {
            return ("password", format!("The password may have at most {} characters.", limits.max_password_length));
        }
        Some("BANNED_USER") => {
            return (
                "",
                format!(
                    "This account is suspended. If you think that is a mistake, please ask whoever runs {}.",
                    config.app_name
                ),
            );
        }
        Some("EMAIL_NOT_VERIFIED") => ("", "This e-mail address has not been confirmed yet."),
        Some("EMAIL_PASSWORD_SIGN_UP_DISABLED") => ("", "Signing up is switched off here."),
        Some("EMAIL_PASSWORD_DISABLED") => ("", "Signing in with a password is switched off here."),
        Some("INVALID_ORIGIN" | "MISSING_OR_NULL_ORIGIN" | "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED") => {
            return (
                "",
                format!(
                    "This form was not sent from {}. Open that address in your browser and try again.",
                    config.base_url.origin()
                ),
            );
        }
        Some("VALIDATION_ERROR") => invalid(problem.message()),
        Some("UNSUPPORTED_MEDIA_TYPE" | "BAD_REQUEST") => ("", "The form could not be read. Please try again."),
        Some("PAYLOAD_TOO_LARGE") => ("", "That was too much to send at once."),
        Some("INTERNAL_SERVER_ERROR") => ("", "Something went wrong on our side. Please try again in a moment."),
        Some("SERVICE_UNAVAILABLE") => return ("", later("The server is busy right now.", problem.wait())),
        None if problem.status() == StatusCode::TOO_MANY_REQUESTS => {
            return ("", later("That was too often in a short time.", problem.wait()));
        }
        _ => return ("", problem.message().to_owned()),
    };
    (field, words.to_owned())
}

const NO_ADDRESS: &str = "That does not look like an e-mail address.";

/// The first issue of a request that does not decode.
fn invalid(issues: &str) -> (&'static str, &'static str) {
    match issues.split(']').next() {
        Some("[body.email") => ("email", NO_ADDRESS),
        Some("[body.password") => ("password", "Please choose a password."),
        Some("[body.name") => ("name", "That name is too long, or holds a character that cannot be stored."),
        _ => ("", "Something in the form is missing or not as it should be."),
    }
}

fn later(what: &str, seconds: Option<u64>) -> String {
    match seconds {
        Some(1) => format!("{what} Please try again in a second."),
        Some(seconds) => format!("{what} Please try again in {seconds} seconds."),
        None => format!("{what} Please try again shortly."),
    }
}
