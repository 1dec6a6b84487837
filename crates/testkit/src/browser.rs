//! Who calls an app, and what comes back.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use countersign_contract::{Endpoint, Method};
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use serde_json::Value;

use crate::TestApp;

/// Someone who calls an app and keeps the cookies it sets.
#[derive(Clone)]
pub struct Browser<'a> {
    app: &'a TestApp,
    jar: Vec<(String, String)>,
    headers: HeaderMap,
    peer: Option<IpAddr>,
}

/// What a call brings: the method if it is not the endpoint's own, a query, a body.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    method: Option<http::Method>,
    query: Option<String>,
    content_type: Option<String>,
    body: Vec<u8>,
}

/// What an app answers.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        let peer = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        Self { app, jar: Vec::new(), headers: HeaderMap::new(), peer }
    }

    /// Sends a header with every call, instead of any of the same name.
    ///
    /// # Panics
    /// When it cannot be sent.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::try_from(name).expect("a header's name");
        self.headers.insert(name, HeaderValue::try_from(value).expect("a header's value"));
        self
    }

    /// Sends a header with every call, also where there is one of the same name; any bytes a header may hold.
    ///
    /// # Panics
    /// When it cannot be sent.
    #[must_use]
    pub fn header_too(mut self, name: &str, value: &[u8]) -> Self {
        let name = HeaderName::try_from(name).expect("a header's name");
        self.headers.append(name, HeaderValue::from_bytes(value).expect("a header's value"));
        self
    }

    /// Sends a header no more.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Sends an access token, or whatever is to be taken for one.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Calls from an address.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn from_address(mut self, address: &str) -> Self {
        self.peer = Some(address.parse().expect("an IP address"));
        self
    }

    /// Holds a cookie, its value as it stands in the header.
    #[must_use]
    pub fn with_cookie(mut self, name: &str, value: &str) -> Self {
        self.jar.retain(|(known, _)| known != name);
        self.jar.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Forgets every cookie.
    #[must_use]
    pub fn without_cookies(mut self) -> Self {
        self.jar.clear();
        self
    }

    /// The value of a cookie it holds, as it stands in the header.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.jar.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Calls an endpoint, by its own method unless another is sent.
    pub async fn call<E: Endpoint>(&mut self, sent: impl Into<Sent>) -> Answer {
        self.call_path(E::METHOD, E::PATH, sent).await
    }

    /// Calls an endpoint that is known as a value.
    pub async fn call_path(&mut self, method: Method, path: &str, sent: impl Into<Sent>) -> Answer {
        let sent = sent.into();
        let usual = if method == Method::Post { http::Method::POST } else { http::Method::GET };
        let path = format!("{}{path}", self.app.path());
        let uri = sent.query.as_ref().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
        self.send(sent.method.clone().unwrap_or(usual), &uri, sent).await
    }

    /// Calls any path of the server.
    ///
    /// # Panics
    /// When there can be no such request.
    pub async fn send(&mut self, method: http::Method, uri: &str, sent: impl Into<Sent>) -> Answer {
        let sent = sent.into();
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
            let cookies = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            if !cookies.is_empty() {
                headers.append(header::COOKIE, HeaderValue::try_from(cookies).expect("cookies that can be sent"));
            }
            if let Some(content_type) = &sent.content_type {
                headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(content_type).expect("a content type"));
            }
        }
        let mut request = request.body(Body::from(sent.body)).expect("a request");
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer, 4711)));
        }
        let answer = self.app.answer(request).await;
        self.keep_cookies(&answer);
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for line in answer.set_cookies() {
            let pair = line.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            self.jar.retain(|(known, _)| known != name);
            if !line.contains("Max-Age=0") {
                self.jar.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}

impl Sent {
    /// A body of any type.
    #[must_use]
    pub fn raw(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { content_type: Some(content_type.to_owned()), body: body.into(), ..Self::default() }
    }

    /// With another method.
    #[must_use]
    pub fn by(self, method: http::Method) -> Self {
        Self { method: Some(method), ..self }
    }

    /// With a query.
    #[must_use]
    pub fn query(self, query: &str) -> Self {
        Self { query: Some(query.to_owned()), ..self }
    }
}

impl From<()> for Sent {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<Value> for Sent {
    fn from(value: Value) -> Self {
        Self::raw("application/json", value.to_string())
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The error's code, if the body says one.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        Some(body.get("code")?.as_str()?.to_owned())
    }

    /// Status and code, to be compared at once.
    #[must_use]
    pub fn refusal(&self) -> (u16, Option<String>) {
        (self.status, self.code())
    }

    /// A header, if it is there once and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// The lines of `Set-Cookie`.
    #[must_use]
    pub fn set_cookies(&self) -> Vec<String> {
        let lines = self.headers.get_all(header::SET_COOKIE).into_iter();
        lines.filter_map(|line| line.to_str().ok()).map(str::to_owned).collect()
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, self.text())
    }
}
