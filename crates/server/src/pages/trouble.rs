//! What went wrong, in words for people.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

use super::page::Site;
use crate::http::problem::Problem;

/// A refusal as a page shows it; by default there is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) status: StatusCode,
    pub(crate) faults: Vec<Fault>,
    retry_after: Option<u64>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) words: String,
    /// The fields of the form it is about; none where it is about all of it.
    pub(crate) fields: &'static [&'static str],
}

impl Trouble {
    pub(crate) fn of(site: &Site, problem: &Problem) -> Self {
        Self { status: problem.status(), faults: faults(site, problem), retry_after: problem.wait() }
    }

    /// Something a page found by itself.
    pub(crate) fn new(status: StatusCode, words: String) -> Self {
        Self::about(&[], status, words)
    }

    /// The same about one field of the form.
    pub(crate) fn about(field: &'static [&'static str], status: StatusCode, words: String) -> Self {
        Self { status, faults: vec![Fault { words, fields: field }], retry_after: None }
    }

    /// What an address says went wrong, by the code in its query; nothing where there is none. Only words of our own are
    /// shown, so that no link puts its words into our pages.
    pub(crate) fn named(site: &Site, code: &str) -> Self {
        if code.is_empty() {
            return Self::default();
        }
        let words = coded(site, code).map_or_else(|| site.trouble.unknown().to_owned(), |fault| fault.words);
        Self::new(StatusCode::OK, words)
    }

    pub(crate) fn exists(&self) -> bool {
        !self.faults.is_empty()
    }

    /// The place of the fault that is about this field, counted from one as the page does.
    pub(crate) fn on(&self, field: &str) -> Option<usize> {
        self.faults.iter().position(|fault| fault.fields.contains(&field)).map(|at| at + 1)
    }

    /// Says in the answer's head what the page says in words.
    pub(crate) fn mark(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What is wrong, and with which fields.
fn faults(site: &Site, problem: &Problem) -> Vec<Fault> {
    let fault = |words: String| vec![Fault { words, fields: &[] }];
    match problem.code() {
        Some("VALIDATION_ERROR") => invalid(site, problem.message()),
        Some("SERVICE_UNAVAILABLE") => fault(later(site, site.trouble.busy(), problem.wait())),
        None if problem.status() == StatusCode::TOO_MANY_REQUESTS => {
            fault(later(site, site.trouble.too_often(), problem.wait()))
        }
        code => code
            .and_then(|code| coded(site, code))
            .map_or_else(|| fault(problem.message().to_owned()), |fault| vec![fault]),
    }
}

/// The words for the code of an error; none for those no page meets.
fn coded(site: &Site, code: &str) -> Option<Fault> {
    let config = &site.app.config.engine;
    let limits = &config.email_and_password;
    let say = &site.trouble;
    let (fields, words): (&[&str], String) = match code {
        "INVALID_EMAIL_OR_PASSWORD" => (&["email", "password"], say.wrong_credentials().to_owned()),
        "INVALID_PASSWORD" => (&["current"], say.wrong_password().to_owned()),
        "INVALID_EMAIL" => (&["email"], say.no_address().to_owned()),
        "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL" => (&["email"], say.address_taken().to_owned()),
        "PASSWORD_TOO_SHORT" => (&["password"], say.password_short(limits.min_password_length)),
        "PASSWORD_TOO_LONG" => (&["password"], say.password_long(limits.max_password_length)),
        "PASSWORD_COMPROMISED" => (&["password"], say.password_common().to_owned()),
        "CREDENTIAL_ACCOUNT_NOT_FOUND" => (&[], say.no_password().to_owned()),
        "BANNED_USER" => (&[], say.suspended(&config.app_name)),
        "INVALID_TOKEN" | "TOKEN_EXPIRED" => (&[], say.link_spent().to_owned()),
        "SESSION_EXPIRED" | "SESSION_NOT_FRESH" => (&[], say.not_fresh().to_owned()),
        "USER_NOT_FOUND" => (&[], say.user_gone().to_owned()),
        "INVALID_USER" => (&[], say.other_user().to_owned()),
        "EMAIL_MISMATCH" => (&["email"], say.not_your_address().to_owned()),
        "EMAIL_ALREADY_VERIFIED" => (&[], say.already_confirmed().to_owned()),
        "VERIFICATION_EMAIL_NOT_ENABLED" => (&[], site.confirm_email.closed().to_owned()),
        "EMAIL_NOT_VERIFIED" => (&[], say.not_verified().to_owned()),
        "access_denied" => (&[], say.provider_denied().to_owned()),
        "signup_disabled" => (&[], say.provider_stranger().to_owned()),
        "email_not_found" => (&[], say.provider_no_email().to_owned()),
        "email_not_verified" => (&[], say.not_verified().to_owned()),
        "account_not_linked" => (&[], say.provider_email_taken().to_owned()),
        "email_does_not_match" => (&[], say.provider_other_email().to_owned()),
        "account_already_linked_to_different_user" => (&[], say.provider_other_user().to_owned()),
        "state_mismatch" | "state_not_found" => (&[], say.provider_cut_off().to_owned()),
        "FAILED_TO_UNLINK_LAST_ACCOUNT" => (&[], say.last_way().to_owned()),
        "EMAIL_PASSWORD_SIGN_UP_DISABLED" => (&[], site.sign_up.closed().to_owned()),
        "EMAIL_PASSWORD_DISABLED" => (&[], site.sign_in.closed().to_owned()),
        "RESET_PASSWORD_DISABLED" => (&[], site.forgot_password.closed().to_owned()),
        "INVALID_ORIGIN" | "MISSING_OR_NULL_ORIGIN" | "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED" => {
            (&[], say.elsewhere(config.base_url.origin()))
        }
        "UNSUPPORTED_MEDIA_TYPE" | "BAD_REQUEST" => (&[], say.unreadable().to_owned()),
        "PAYLOAD_TOO_LARGE" => (&[], say.too_large().to_owned()),
        "INTERNAL_SERVER_ERROR" => (&[], say.internal().to_owned()),
        _ => return None,
    };
    Some(Fault { words, fields })
}

/// Every issue of a request that does not decode: `[body.email] ...; [body.password] ...`.
fn invalid(site: &Site, issues: &str) -> Vec<Fault> {
    let say = &site.trouble;
    let mut faults: Vec<Fault> = Vec::new();
    for issue in issues.split("; [") {
        let (fields, words): (&[&str], &str) = match issue.trim_start_matches('[').split(']').next() {
            Some("body.email" | "body.newEmail") => (&["email"], say.no_address()),
            Some("body.password") => (&["password"], say.password_missing()),
            Some("body.name") => (&["name"], say.bad_name()),
            _ => (&[], say.invalid()),
        };
        if faults.iter().all(|fault| fault.fields != fields) {
            faults.push(Fault { words: words.to_owned(), fields });
        }
    }
    faults
}

fn later(site: &Site, what: &str, seconds: Option<u64>) -> String {
    let again = match seconds {
        Some(1) => site.trouble.again_in_one_second().to_owned(),
        Some(seconds) => site.trouble.again_in(seconds),
        None => site.trouble.again_soon().to_owned(),
    };
    format!("{what} {again}")
}
