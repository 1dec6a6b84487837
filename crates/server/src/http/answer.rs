//! What a handler answers with: a reply, cookies, and the headers that hand out tokens.

use axum::response::{IntoResponse, Response};
use countersign_engine::Caller;
use countersign_engine::config::Bearer;
use countersign_token::{CannotSign, SignedCookie};
use http::{HeaderName, HeaderValue, header};

use super::cookie::SetCookies;
use super::session_data;
use super::visit::Visit;
use crate::app::App;

const SET_AUTH_TOKEN: HeaderName = HeaderName::from_static("set-auth-token");
const SET_AUTH_JWT: HeaderName = HeaderName::from_static("set-auth-jwt");

/// A reply of status 200 and what goes with it; or, with a location, a redirect in its place.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    pub(crate) reply: T,
    pub(crate) location: Option<String>,
    pub(crate) extras: Extras,
}

/// What goes with a reply, or with a refusal.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    pub(crate) cookies: SetCookies,
    headers: Vec<(HeaderName, HeaderValue)>,
    tokens: Vec<(HeaderName, String)>,
}

impl App {
    /// What a client without cookies presents as this caller: an access token, or by setting Better Auth's signed session token,
    /// which a TypeScript server beside ours takes too (docs/wire.md 11.2).
    pub(crate) fn bearer(&self, caller: &Caller, access_token: &str) -> String {
        match self.engine.config().token.bearer {
            Bearer::Access => access_token.to_owned(),
            Bearer::Session => SignedCookie::sign(&caller.session.token, self.engine.secrets().current()),
        }
    }
}

impl<T> Answer<T> {
    pub(crate) fn new(reply: T) -> Self {
        Self { reply, location: None, extras: Extras::default() }
    }

    /// A redirect in place of the reply, where there is somewhere to go.
    pub(crate) fn leading_to(self, location: Option<String>) -> Self {
        Self { location, ..self }
    }
}

impl Answer<()> {
    /// Nothing but a redirect.
    pub(crate) fn redirect(location: String) -> Self {
        Self::new(()).leading_to(Some(location))
    }
}

impl Extras {
    /// Hands the session to the client: its cookies, and a bearer as `set-auth-token`.
    pub(crate) fn session(
        &mut self,
        (app, visit): (&App, &Visit),
        caller: &Caller,
        access_token: &str,
        dont_remember: bool,
    ) {
        let of = (&app.cookies, &app.engine);
        self.cookies.session(of, &caller.session, dont_remember, visit.dont_remember(app));
        self.remember((app, visit), caller, dont_remember);
        self.bearer(&app.bearer(caller, access_token));
    }

    /// Lets the client remember the session in a cache cookie, where that is set.
    pub(crate) fn remember(&mut self, (app, visit): (&App, &Visit), caller: &Caller, dont_remember: bool) {
        let cache = &app.config.engine.session.cookie_cache;
        if !cache.enabled {
            return;
        }
        match session_data::of(app, caller, dont_remember) {
            Ok(value) => {
                let max_age = (!dont_remember).then_some(cache.max_age);
                self.cookies.session_data(&app.cookies, &visit.cookies, &value, max_age);
            }
            Err(error) => tracing::error!(%error, "a cache cookie was not written"),
        }
    }

    /// The same for a session that was renewed or whose user changed.
    pub(crate) fn again(&mut self, (app, visit): (&App, &Visit), caller: &Caller) -> Result<(), CannotSign> {
        let access_token = app.engine.access_token(caller)?;
        let dont_remember = visit.forgets(app, caller);
        self.session((app, visit), caller, &access_token, dont_remember);
        Ok(())
    }

    /// Takes the session from the client.
    pub(crate) fn clear(&mut self, (app, visit): (&App, &Visit)) {
        self.cookies.clear(&app.cookies, &visit.cookies);
    }

    /// A bearer as `set-auth-token`, to a client that keeps no cookies.
    pub(crate) fn bearer(&mut self, bearer: &str) {
        self.token(SET_AUTH_TOKEN, bearer);
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
