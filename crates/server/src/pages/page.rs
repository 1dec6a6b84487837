//! What every page has in common: whose it is, its headers, and who looks at it.

use std::ops::Deref;
use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use countersign_contract::{Endpoint, Never, SignedIn, session};
use countersign_engine::Caller;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request};

use super::look::Look;
use super::trouble::Trouble;
use crate::app::App;
use crate::http::answer::Extras;
use crate::http::cookie::{SetCookies, escape};
use crate::http::endpoint::Admits;
use crate::http::origin::is_safe_path;
use crate::http::problem::{Failure, Problem};
use crate::http::rate_limit;
use crate::http::visit::Visit;
use crate::messages::{Language, Messages};

/// Whose pages these are, in the language of who looks at them. What it says is read off it: `site.sign_in.title()`.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) look: Arc<Look>,
    pub(crate) language: Arc<Language>,
}

impl Deref for Site {
    type Target = Messages;

    fn deref(&self) -> &Messages {
        &self.language.messages
    }
}

impl FromRequestParts<App> for Site {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, app: &App) -> Result<Self, Problem> {
        Self::of(app, &parts.headers)
    }
}

impl Site {
    /// The site for whoever sends these headers. Fails where the files that the settings name cannot be used.
    fn of(app: &App, headers: &HeaderMap) -> Result<Self, Problem> {
        let look = app.look.as_ref().map_err(|why| Problem::internal(why))?;
        Ok(Self { app: app.clone(), look: Arc::clone(look), language: look.language(headers) })
    }

    /// The site in a language, where it is spoken.
    pub(super) fn speaking(app: &App, language: &str) -> Result<Self, String> {
        let look = app.look.as_ref().map_err(Clone::clone)?;
        Ok(Self { app: app.clone(), look: Arc::clone(look), language: look.languages.wanted(Some(language)) })
    }

    pub(super) fn name(&self) -> &str {
        &self.app.config.engine.app_name
    }

    pub(super) fn origin(&self) -> &str {
        self.app.config.engine.base_url.origin()
    }

    /// Where the endpoints answer: the whole address.
    pub(super) fn api(&self) -> String {
        self.app.config.endpoints()
    }

    /// The same without the origin.
    pub(super) fn path(&self) -> &str {
        self.app.config.path()
    }

    pub(super) fn takes_passwords(&self) -> bool {
        self.app.config.engine.email_and_password.enabled
    }

    /// Whether people sign up with a password.
    pub(super) fn takes_sign_ups(&self) -> bool {
        self.takes_passwords() && !self.app.config.engine.email_and_password.disable_sign_up
    }

    /// Whether there is any way to sign in.
    pub(super) fn is_open(&self) -> bool {
        self.takes_passwords() || self.app.providers.all().next().is_some()
    }

    /// Whether there is any way to become a user.
    pub(super) fn is_open_to_new(&self) -> bool {
        self.takes_sign_ups() || self.app.providers.all().any(|provider| !provider.disable_sign_up)
    }

    pub(super) fn resets_passwords(&self) -> bool {
        self.takes_passwords() && self.app.config.engine.resets_passwords()
    }

    pub(super) fn verifies_emails(&self) -> bool {
        self.app.config.engine.verifies_emails()
    }

    pub(super) fn shows_developers(&self) -> bool {
        self.app.config.shows_developers()
    }

    pub(super) fn logo_has_name(&self) -> bool {
        self.look.logo.is_some() && self.app.config.pages.logo_has_name
    }
}

/// The headers of every answer that belongs to the pages, and a page in the place of an error that is none, for browsers.
pub(crate) async fn seal(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    let failed = response.status().is_client_error() || response.status().is_server_error();
    if failed && wants_page(&headers) && !is_page(&response) {
        response = dressed(&app, &headers, response);
    }
    sealed(&app, response)
}

/// Forms are told from forged ones by where they come from (security O2). Without a referrer a browser hides that and
/// vouches with `Sec-Fetch-Site` instead, which it sends to https and to this machine alone; elsewhere our own pages see it.
fn sealed(app: &App, mut response: Response) -> Response {
    let base_url = &app.config.engine.base_url;
    let referrer = if base_url.is_https() || base_url.is_local() { "no-referrer" } else { "same-origin" };
    let nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    let fixed: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_SECURITY_POLICY, app.look.as_ref().map_or(nothing, |look| look.policy.clone())),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static(referrer)),
    ];
    let headers = response.headers_mut();
    headers.extend(fixed);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether a program that sends these headers shows pages.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// An error as a page. What the answer says besides its status stays: when to come back, which methods are taken.
fn dressed(app: &App, headers: &HeaderMap, response: Response) -> Response {
    let Ok(site) = Site::of(app, headers) else { return response };
    let status = response.status();
    let say = &site.trouble;
    let (title, words) = match status {
        StatusCode::NOT_FOUND => (say.not_found_title(), say.not_found()),
        StatusCode::METHOD_NOT_ALLOWED => (say.title(), say.unreadable()),
        status if status.is_server_error() => (say.title(), say.internal()),
        _ => (say.title(), say.invalid()),
    };
    let (mut parts, _) = response.into_parts();
    let page = show(status, &ProblemPage { site: &site, title, trouble: Trouble::new(status, words.to_owned()) });
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING] {
        parts.headers.remove(name);
    }
    let (page, body) = page.into_parts();
    parts.headers.extend(page.headers);
    Response::from_parts(parts, body)
}

/// Nothing is there: a page for browsers, an empty answer for programs.
pub(crate) async fn not_found(State(app): State<App>, request: Request) -> Response {
    let response = StatusCode::NOT_FOUND.into_response();
    if wants_page(request.headers()) { sealed(&app, dressed(&app, request.headers(), response)) } else { response }
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
struct ProblemPage<'a> {
    site: &'a Site,
    title: &'a str,
    trouble: Trouble,
}

/// A page that says what went wrong where there is no form to say it beside, and cookies with it.
pub(crate) fn problem(site: &Site, problem: &Problem, cookies: SetCookies) -> Response {
    let page = ProblemPage { site, title: site.trouble.title(), trouble: Trouble::of(site, problem) };
    with_cookies(page.trouble.mark(show(page.trouble.status, &page)), cookies)
}

/// A failure of ours, for the log.
pub(super) fn internal(error: &dyn std::error::Error) -> Problem {
    Failure::<Never>::internal(error).into()
}

/// Who looks at the page, if it is someone. Counted like the endpoint that answers the same question.
pub(crate) async fn caller(app: &App, visit: &Visit) -> Result<(Option<Caller>, SetCookies), Problem> {
    rate_limit::count(app, visit, session::Get::PATH).await?;
    let mut extras = Extras::default();
    match SignedIn::admit(app, visit, &mut extras).await {
        Ok(caller) => Ok((Some(caller), extras.cookies)),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Ok((None, extras.cookies)),
        Err(problem) => Err(problem),
    }
}

/// Who looks at a page of their own, with the cookies that follow from it; who is nobody signs in first and comes back.
pub(super) async fn someone(site: &Site, visit: &Visit, back: &str) -> Result<(Caller, SetCookies), Response> {
    match caller(&site.app, visit).await {
        Ok((Some(caller), cookies)) => Ok((caller, cookies)),
        Ok((None, cookies)) => Err(see_other(&onward("/sign-in", back), cookies)),
        Err(found) => Err(problem(site, &found, SetCookies::default())),
    }
}

/// Where a signed-in user goes who was not on the way anywhere.
pub(crate) const ACCOUNT: &str = "/account";

/// The account, which says an error in words.
pub(super) fn account(error: &str) -> String {
    if error.is_empty() { ACCOUNT.to_owned() } else { format!("{ACCOUNT}?error={}", escape(error)) }
}

/// Where to go after signing in: a path of our own, whatever else may be configured as trusted. The text that is
/// checked is the text that is sent (security O1).
pub(crate) fn own_path(next: &str) -> Option<&str> {
    (is_safe_path(next) && next.bytes().all(|byte| byte.is_ascii_graphic())).then_some(next)
}

/// Another page on the same way.
pub(super) fn onward(page: &str, next: &str) -> String {
    let mark = if page.contains('?') { '&' } else { '?' };
    own_path(next).map_or_else(|| page.to_owned(), |next| format!("{page}{mark}next={}", escape(next)))
}

/// The way, for a form to carry.
pub(super) fn hidden_next(next: &str) -> Vec<(&'static str, String)> {
    own_path(next).map(|next| ("next", next.to_owned())).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{onward, own_path};

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

    #[test]
    fn the_way_stands_behind_what_the_query_of_a_page_says_and_leads_nowhere_else() {
        assert_eq!(onward("/sign-in", "/a?b=c"), "/sign-in?next=%2Fa%3Fb%3Dc");
        assert_eq!(onward("/confirm-email?done=sent", "/a"), "/confirm-email?done=sent&next=%2Fa");
        assert_eq!(onward("/confirm-email?done=sent", "//evil.example"), "/confirm-email?done=sent");
    }
}
