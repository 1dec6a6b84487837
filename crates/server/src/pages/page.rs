//! What every page has in common: its head, its headers, and who looks at it.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use base64_simd::STANDARD;
use countersign_contract::{Endpoint, SignedIn, session, transport};
use countersign_engine::Caller;
use http::{HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::trouble::Trouble;
use crate::app::App;
use crate::http::answer::Extras;
use crate::http::cookie::SetCookies;
use crate::http::endpoint::Admits;
use crate::http::origin::is_safe_path;
use crate::http::problem::Problem;
use crate::http::visit::Visit;

/// The one stylesheet. It stands inside every page, and the policy names its hash.
pub(crate) const STYLE: &str = include_str!("../../templates/style.css");

/// Nothing runs and nothing is loaded, but for the stylesheet and pictures of our own (security O6).
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode_to_string(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src 'self' data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The headers of every answer that belongs to the pages. The referrer stays among our own pages, because forms are
/// told from forged ones by where they come from (security O2).
pub(crate) async fn seal(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let fixed: [(HeaderName, HeaderValue); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    response.headers_mut().extend(fixed);
    response
}

/// Whose pages these are.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) origin: String,
    pub(crate) api: String,
    pub(crate) path: String,
    pub(crate) takes_passwords: bool,
    pub(crate) takes_sign_ups: bool,
}

impl Site {
    pub(crate) fn of(app: &App) -> Self {
        let engine = &app.config.engine;
        let passwords = &engine.email_and_password;
        Self {
            name: engine.app_name.clone(),
            origin: engine.base_url.origin().to_owned(),
            api: app.config.endpoints(),
            path: app.config.path().to_owned(),
            takes_passwords: passwords.enabled,
            takes_sign_ups: passwords.enabled && !passwords.disable_sign_up,
        }
    }
}

/// A page.
pub(crate) fn show(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => Problem::internal(&error.to_string()).into_response(),
    }
}

/// Sends the browser to a page of ours with `GET` (RFC 9110 section 15.4.4), and cookies with it.
pub(crate) fn see_other(path: &str, cookies: SetCookies) -> Response {
    // What is no header value is no path of ours either.
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    with_cookies((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(), cookies)
}

pub(crate) fn with_cookies(mut response: Response, cookies: SetCookies) -> Response {
    cookies.apply(response.headers_mut());
    response
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    site: Site,
    trouble: Trouble,
}

/// A page that says what went wrong where there is no form to say it beside.
pub(crate) fn problem(app: &App, problem: &Problem) -> Response {
    let page = ProblemPage { site: Site::of(app), trouble: Trouble::of(app, problem) };
    page.trouble.mark(show(page.trouble.status, &page))
}

/// Who looks at the page, if it is someone. Counted like the endpoint that answers the same question.
pub(crate) async fn caller(app: &App, visit: &Visit) -> Result<(Option<Caller>, SetCookies), Problem> {
    app.limiter
        .count(visit.address, session::Get::PATH, app.engine.clock().now())
        .map_err(|seconds| Problem::retry_after(transport::Error::RateLimited, seconds))?;
    let mut extras = Extras::default();
    match SignedIn::admit(app, visit, &mut extras).await {
        Ok(caller) => Ok((Some(caller), extras.cookies)),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Ok((None, extras.cookies)),
        Err(problem) => Err(problem),
    }
}

/// Where a signed-in user goes who was not on the way anywhere.
pub(crate) const ACCOUNT: &str = "/account";

/// Where to go after signing in: a path of our own, whatever else may be configured as trusted. The text that is
/// checked is the text that is sent (security O1).
pub(crate) fn own_path(next: &str) -> Option<&str> {
    (is_safe_path(next) && next.bytes().all(|byte| byte.is_ascii_graphic())).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_paths_of_our_own_are_gone_to() {
        for good in ["/", "/account", "/a?b=c#d", "/a?u=https://x.example"] {
            assert_eq!(own_path(good), Some(good));
        }
        for bad in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nx: y",
            "/%2fevil",
            "/ä",
            "/\t/evil",
        ] {
            assert_eq!(own_path(bad), None, "{bad}");
        }
    }
}
