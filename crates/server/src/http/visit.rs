//! What a request says about who sends it, read once from its head.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use countersign_contract::Query;
use countersign_engine::{Caller, Device, Engine, Found, Presented, Renewal, SessionError};
use countersign_token::SignedCookie;
use http::{HeaderMap, header, request};

use super::cookie::{Cookies, unescape};
use super::{address, endpoint::form_pairs};
use crate::app::App;

/// The longest user agent that is stored, in bytes.
const AGENT_MAX: usize = 1024;

/// The head of a request.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) headers: HeaderMap,
    pub(crate) query: Query,
    pub(crate) cookies: Cookies,
    pub(crate) address: Option<IpAddr>,
}

impl Visit {
    pub(crate) fn of(parts: &request::Parts, app: &App) -> Self {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let address = address::client(peer, &parts.headers, &app.config.advanced.ip_address);
        let query = Query(form_pairs(parts.uri.query().unwrap_or_default()));
        Self { headers: parts.headers.clone(), query, cookies: Cookies::of(&parts.headers), address }
    }

    /// The device a session of this visit would belong to.
    pub(crate) fn device(&self, dont_remember: bool) -> Device {
        let agent = self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Device {
            address: self.address.map(|address| address.to_string()).unwrap_or_default(),
            agent: agent.chars().take(AGENT_MAX).collect(),
            dont_remember,
        }
    }

    /// The engine on behalf of whoever sends this request, so that letters it writes are in their language.
    pub(crate) fn engine(&self, app: &App) -> Engine {
        match &app.look {
            Ok(look) => app.engine.speaking(&look.language(&self.headers).tag),
            Err(_) => app.engine.clone(),
        }
    }

    /// Whether a genuine `dont_remember` cookie came along.
    pub(crate) fn dont_remember(&self, app: &App) -> bool {
        self.cookies.dont_remember(&app.cookies, &app.engine)
    }

    /// Whether the session is not to be remembered beyond the browser's, by its row or by the cookie.
    pub(crate) fn forgets(&self, app: &App, caller: &Caller) -> bool {
        caller.session.dont_remember || self.dont_remember(app)
    }

    /// Whether the query asks to leave the session as it is (docs/wire.md 6.2).
    pub(crate) fn disables_refresh(&self) -> bool {
        self.query.flag("disableRefresh")
    }

    /// Whether the query asks not to believe a cache cookie.
    pub(crate) fn disables_cookie_cache(&self) -> bool {
        self.query.flag("disableCookieCache")
    }

    /// The session token the request shows, if it shows one and no access token.
    pub(crate) fn session_token(&self, app: &App) -> Option<String> {
        match self.credential(app)? {
            Credential::Session { token, .. } => Some(token),
            Credential::Access(_) => None,
        }
    }

    /// Does `act` with the credential the request shows: a bearer token before a cookie. A bearer may be an access
    /// token, or the signed session token that Better Auth's `bearer` plugin hands out.
    pub(crate) async fn find_session(&self, app: &App, renewal: Renewal) -> Result<Found, SessionError> {
        match self.credential(app) {
            Some(credential) => {
                let found = app.engine.find_session(credential.presented(), renewal).await?;
                match (found, self.cookie(app)) {
                    // An invalid bearer counts as none, as in Better Auth.
                    (Found::Nobody, Some(cookie)) => app.engine.find_session(cookie.presented(), renewal).await,
                    (found, _) => Ok(found),
                }
            }
            None => Ok(Found::Nobody),
        }
    }

    /// Ends the session the request shows: the cookie's where the bearer opens none, so that no live one is left behind.
    pub(crate) async fn sign_out(&self, app: &App) -> Result<(), countersign_engine::Error> {
        for credential in [self.bearer(app), self.cookie(app)].into_iter().flatten() {
            if app.engine.sign_out(credential.presented()).await? {
                break;
            }
        }
        Ok(())
    }

    fn credential(&self, app: &App) -> Option<Credential> {
        self.bearer(app).or_else(|| self.cookie(app))
    }

    fn cookie(&self, app: &App) -> Option<Credential> {
        let token = self.cookies.session_token(&app.cookies, &app.engine)?.to_owned();
        Some(Credential::Session { token, dont_remember: self.dont_remember(app) })
    }

    /// What nobody is told with the refusal (RFC 6750 section 3): whether they came with a bearer that is worth nothing, so
    /// that another may help.
    pub(crate) fn challenge(&self) -> &'static str {
        let values = self.headers.get_all(header::AUTHORIZATION).into_iter().filter_map(|value| value.to_str().ok());
        let mut schemes = values.filter_map(|value| value.split(' ').next());
        let came = schemes.any(|scheme| scheme.eq_ignore_ascii_case("bearer"));
        if came { r#"Bearer error="invalid_token""# } else { "Bearer" }
    }

    fn bearer(&self, app: &App) -> Option<Credential> {
        let mut values = self.headers.get_all(header::AUTHORIZATION).into_iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let token = token.trim_start();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return None;
        }
        if token.matches('.').count() == 2 {
            return Some(Credential::Access(token.to_owned()));
        }
        let raw = unescape(token);
        let token = match SignedCookie::verify(&raw, app.engine.secrets()) {
            Some(token) => token.to_owned(),
            None if !app.config.bearer.require_signature && !raw.contains('.') => raw,
            None => return None,
        };
        Some(Credential::Session { token, dont_remember: false })
    }
}

/// What the request shows. Only its signature, where it has one of the cookie's kind, has been checked.
enum Credential {
    Session { token: String, dont_remember: bool },
    Access(String),
}

impl Credential {
    fn presented(&self) -> Presented<'_> {
        match self {
            Self::Session { token, dont_remember } => Presented::Cookie { token, dont_remember: *dont_remember },
            Self::Access(token) => Presented::AccessToken(token),
        }
    }
}
