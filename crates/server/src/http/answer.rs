//! What a handler answers with: a reply, cookies, and the headers that hand out tokens.

use axum::response::{IntoResponse, Response};
use countersign_engine::Caller;
use http::{HeaderName, HeaderValue, header};

use super::cookie::SetCookies;
use super::problem::Failure;
use super::visit::Visit;
use crate::app::App;

const SET_AUTH_TOKEN: HeaderName = HeaderName::from_static("set-auth-token");
const SET_AUTH_JWT: HeaderName = HeaderName::from_static("set-auth-jwt");

/// A reply of status 200 and what goes with it.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    pub(crate) reply: T,
    pub(crate) extras: Extras,
}

/// What goes with a reply, or with a refusal.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    pub(crate) cookies: SetCookies,
    headers: Vec<(HeaderName, HeaderValue)>,
    tokens: Vec<(HeaderName, String)>,
}

impl<T> Answer<T> {
    pub(crate) fn new(reply: T) -> Self {
        Self { reply, extras: Extras::default() }
    }
}

impl Extras {
    /// Hands the session to the client: its cookies, and the access token as `set-auth-token`.
    pub(crate) fn session(
        &mut self,
        (app, visit): (&App, &Visit),
        caller: &Caller,
        access_token: &str,
        dont_remember: bool,
    ) {
        let of = (&app.cookies, &app.engine);
        self.cookies.session(of, &caller.session, dont_remember, visit.dont_remember(app));
        self.access_token(access_token);
    }

    /// The same for a session that was renewed or whose user changed.
    pub(crate) fn again<E>(&mut self, (app, visit): (&App, &Visit), caller: &Caller) -> Result<(), Failure<E>> {
        let access_token = app.engine.access_token(caller).map_err(|error| Failure::internal(&error))?;
        let dont_remember = caller.session.dont_remember || visit.dont_remember(app);
        self.session((app, visit), caller, &access_token, dont_remember);
        Ok(())
    }

    /// Takes the session from the client.
    pub(crate) fn clear(&mut self, (app, visit): (&App, &Visit)) {
        self.cookies.clear(&app.cookies, &visit.cookies);
    }

    /// The access token as `set-auth-token`, to a client that keeps no cookies.
    pub(crate) fn access_token(&mut self, access_token: &str) {
        self.token(SET_AUTH_TOKEN, access_token);
    }

    pub(crate) fn header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.push((name, value));
    }

    /// The access token as `set-auth-jwt`, as Better Auth's `jwt` plugin hands it out.
    pub(crate) fn jwt(&mut self, access_token: &str) {
        self.token(SET_AUTH_JWT, access_token);
    }

    fn token(&mut self, name: HeaderName, token: &str) {
        self.tokens.retain(|(known, _)| *known != name);
        self.tokens.push((name, token.to_owned()));
    }

    /// Puts what comes later over what is there.
    pub(crate) fn merge(&mut self, later: Self) {
        self.cookies.merge(later.cookies);
        self.headers.extend(later.headers);
        for (name, token) in later.tokens {
            self.token(name, &token);
        }
    }

    pub(crate) fn apply(self, response: &mut Response) {
        let headers = response.headers_mut();
        self.cookies.apply(headers);
        let mut exposed: Vec<&str> = Vec::new();
        for (name, token) in &self.tokens {
            if let Ok(mut value) = HeaderValue::from_str(token) {
                value.set_sensitive(true);
                headers.insert(name, value);
                exposed.push(name.as_str());
            }
        }
        exposed.sort_unstable();
        if let Ok(value) = HeaderValue::from_str(&exposed.join(", "))
            && !exposed.is_empty()
        {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, value);
        }
        headers.extend(self.headers);
    }
}

impl<T: serde::Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.reply).into_response();
        self.extras.apply(&mut response);
        response
    }
}
